"""Structured logs: JSON lines with the job, scene and style from context, one file a day."""

import os
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import structlog
from structlog.typing import Processor, WrappedLogger

LogFormat = Literal["json", "console"]
KEEP_DAYS = 14


def log_to(folder: Path, *, stderr: LogFormat | None = None) -> None:
    """Append JSON lines to today's file in the folder, and say them on stderr where asked to.

    Files older than two weeks are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    today = datetime.now(UTC).date()
    _remove_old(folder, f"viralclip-{today - timedelta(days=KEEP_DAYS)}")
    path = folder / f"viralclip-{today}.jsonl"
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            _Copy(file),
            _ending(stderr),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


class _Copy:
    """Writes what passes through to a file, as one JSON line."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._render = structlog.processors.JSONRenderer()

    def __call__(
        self, logger: WrappedLogger, name: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        line = self._render(logger, name, dict(event))
        with suppress(OSError):  # a full disk may cost log lines, never clips
            os.write(self._file, f"{line}\n".encode())
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


def _remove_old(folder: Path, before: str) -> None:
    for path in folder.glob("viralclip-*.jsonl"):
        if path.stem < before:
            path.unlink(missing_ok=True)
