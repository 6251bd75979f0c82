"""Structured logs: JSON lines with the job, scene and style from context, one file a day."""

import os
import sys
from collections.abc import Callable, Iterable, MutableMapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import structlog
from structlog.typing import Processor, WrappedLogger

from viralclip.telemetry.redaction import Redaction

LogFormat = Literal["json", "console"]
LogLevel = Literal["debug", "info", "warning", "error"]
KEEP_DAYS = 14


def _utc_today() -> date:
    return datetime.now(UTC).date()


class LogFiles:
    """The files of a folder, one for each day (UTC); a line goes to that of the day it is written.

    The file is opened for every line: a process that runs for months never holds one that is due
    to be removed, and a file that somebody else removed or moved away is made anew.
    """

    def __init__(self, folder: Path, *, today: Callable[[], date] = _utc_today) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._today = today
        self._day = today()
        self._remove_old()
        os.close(self._open())  # whoever cannot write here learns it now

    @property
    def path(self) -> Path:
        """The file that a line would be written to now."""
        return self._folder / f"viralclip-{self._today()}.jsonl"

    def append(self, line: str) -> None:
        """Write the line; OSError where there is no room for it."""
        if self._today() != self._day:
            self._day = self._today()
            self._remove_old()
        file = self._open()
        try:
            os.write(file, f"{line}\n".encode())
        finally:
            os.close(file)

    def _open(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _remove_old(self) -> None:
        """Remove files of more than two weeks ago, unless an earlier version still writes to one:
        it kept the file of the day it began."""
        oldest = self._day - timedelta(days=KEEP_DAYS)
        for path in self._folder.glob("viralclip-*.jsonl"):
            with suppress(OSError):  # another process removes them, too
                written = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
                if path.stem < f"viralclip-{oldest}" and written < oldest:
                    path.unlink()


def log_to(
    folder: Path,
    *,
    stderr: LogFormat | None = None,
    level: LogLevel = "info",
    secrets: Iterable[str] = (),
    today: Callable[[], date] = _utc_today,
) -> None:
    """Append JSON lines to the day's file in the folder, and print them on stderr where asked to.

    None of the `secrets` is in any line. Files older than two weeks are removed, at once and
    whenever a day begins.
    """
    global _files  # noqa: PLW0603 - as structlog's configuration is the process's
    _files = LogFiles(folder, today=today)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            Redaction(secrets),
            _Copy(_files),
            _ending(stderr),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


_files: LogFiles | None = None


def log_file() -> Path | None:
    """Where this process logs now; None before `log_to`."""
    return _files.path if _files else None


class _Copy:
    """Writes what passes through to a file, as one JSON line."""

    def __init__(self, files: LogFiles) -> None:
        self._files = files
        self._render = structlog.processors.JSONRenderer()

    def __call__(
        self, logger: WrappedLogger, name: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        line = self._render(logger, name, dict(event))
        with suppress(OSError):  # a full disk may cost log lines, never clips
            self._files.append(str(line))
        return event


def _ending(stderr: LogFormat | None) -> Processor:
    match stderr:
        case "json":
            return structlog.processors.JSONRenderer()
        case "console":
            return structlog.dev.ConsoleRenderer(event_key="message")
        case None:
            return _drop


def _drop(_: WrappedLogger, __: str, ___: MutableMapping[str, Any]) -> str:
    raise structlog.DropEvent
