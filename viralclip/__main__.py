"""`python -m viralclip` and the `viralclip` command."""

import gc
import os
import sys
from contextlib import suppress


def main() -> None:
    # What is imported stays until the end: to look for garbage meanwhile only delays the start.
    gc.disable()
    from viralclip.cli.app import app  # noqa: PLC0415

    try:
        app()
    except SystemExit as end:
        _leave(end.code)


def _leave(code: object) -> None:
    """End at once: all that was opened is closed, and to take every module apart takes as long as
    `--help`. A code that is no number is left to the interpreter, which says it."""
    if code is not None and not isinstance(code, int):
        raise SystemExit(code)
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    main()
