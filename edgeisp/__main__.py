"""``python -m edgeisp``: the command line without its installed script."""

from __future__ import annotations

import sys

from edgeisp.cli.main import main

sys.exit(main())
