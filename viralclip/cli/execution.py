"""Runs a command to its exit code, and turns errors into one clear sentence."""

import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import structlog

from viralclip.app.privacy import keep_private
from viralclip.app.starting import start_logs
from viralclip.errors import FaultyInputError, InvalidRequestError, ViralclipError
from viralclip.settings import Settings, read_settings
from viralclip.telemetry.logs import log_file
from viralclip.text import printable

BAD_INPUT = 2
FAILED = 1
INTERRUPTED = 130
TERMINATED = 143

log = structlog.get_logger(__name__)


def command_settings(
    slots: int | None = None, log_level: str | None = None, *, serving: bool = False
) -> Settings:
    """The settings, with logs on their way; a service says them on stderr, too."""
    settings = read_settings(slots=slots, log_level=log_level)
    start_logs(settings, stderr=settings.telemetry.log_format if serving else None)
    return settings


@contextmanager
def errors_reported() -> Iterator[None]:
    """Errors end as one sentence on stderr and an exit code, never as a traceback."""
    try:
        yield
    except FaultyInputError as error:
        _print_error(*map(str, error.faults), error.message)
        sys.exit(BAD_INPUT)
    except InvalidRequestError as error:
        _print_error(error.message)
        sys.exit(BAD_INPUT)
    except ViralclipError as error:
        _print_error(error.message)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except asyncio.CancelledError:
        _print_error("Stopped. Run the same command again to go on.")
        sys.exit(TERMINATED)
    except Exception:
        log.exception("Command failed")
        _print_error(
            ViralclipError().message, *([f"The log is {path}"] if (path := log_file()) else [])
        )
        sys.exit(FAILED)


def execute(work: Coroutine[Any, Any, int]) -> NoReturn:
    """Do the work until it ends, or SIGTERM ends it, and leave with its exit code."""
    sys.exit(_run(_terminable(work)))


def run_service(work: Coroutine[Any, Any, int]) -> NoReturn:
    """The same for what has a way of its own to leave when it is told to stop."""
    sys.exit(_run(work))


def _run(work: Coroutine[Any, Any, int]) -> int:
    # The files that the user asked for by name are open by now.
    keep_private()
    gc.freeze()
    gc.enable()
    return asyncio.run(work)


def print_at_once(line: str) -> None:
    """For whoever waits for the line in a pipe."""
    print(line, flush=True)


async def _terminable(work: Coroutine[Any, Any, int]) -> int:
    """SIGTERM cancels the command, at whatever it is: what it has opened is closed in order."""
    if me := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    return await work


def _print_error(*lines: str) -> None:
    for line in lines:
        print(f"viralclip: {printable(line)}", file=sys.stderr)
