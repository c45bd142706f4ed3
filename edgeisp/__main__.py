"""The command ``edgeisp``, also ``python -m edgeisp``: one line on Ctrl-C or SIGTERM, from the first moment on."""

from __future__ import annotations

import signal
import sys
from typing import Any, NoReturn

from edgeisp.errors import Terminated


def run() -> int:
    """Run the command line of `sys.argv`; the exit code, 128 and the signal's number if one ended it."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        from edgeisp.cli.main import main

        return main()
    except KeyboardInterrupt:
        return _ended("interrupted", signal.SIGINT)
    except Terminated:
        return _ended("terminated", signal.SIGTERM)


def _ended(how: str, number: signal.Signals) -> int:
    """Say that a signal came while the command line was being loaded; of all later ones `main` tells."""
    print(f"error: {how}; no file was left half written", file=sys.stderr)  # noqa: T201
    return 128 + number


def _terminated(*_: Any) -> NoReturn:
    """Unwind, so that temporary files and child processes go as well."""
    raise Terminated


if __name__ == "__main__":
    sys.exit(run())
