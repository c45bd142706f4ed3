"""The command ``edgeisp``, also ``python -m edgeisp``: one line on Ctrl-C or SIGTERM, from the first moment on."""

from __future__ import annotations

import signal
import sys
from typing import Any, NoReturn


def run() -> int:
    """Run the command line of `sys.argv`; the exit code, 128 and the signal's number if one ended it."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        from edgeisp.cli.main import main

        return main()
    except KeyboardInterrupt:
        print("error: interrupted; no file was left half written", file=sys.stderr)  # noqa: T201
        return 128 + signal.SIGINT


def _terminated(*_: Any) -> NoReturn:
    """Unwind, so that temporary files and child processes go as well."""
    print("error: terminated; no file was left half written", file=sys.stderr)  # noqa: T201
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(run())
