"""Structured logs: JSON lines with the job, scene and style from context, one file a day."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

KEEP_DAYS = 14


def log_to_folder(folder: Path) -> None:
    """Append JSON lines to today's file in the folder; files older than two weeks are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    today = datetime.now(UTC).date()
    for path in folder.glob("viralclip-*.jsonl"):
        if path.stem < f"viralclip-{today - timedelta(days=KEEP_DAYS)}":
            path.unlink(missing_ok=True)
    file = (folder / f"viralclip-{today}.jsonl").open("a", encoding="utf-8", buffering=1)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file),
        cache_logger_on_first_use=False,
    )
