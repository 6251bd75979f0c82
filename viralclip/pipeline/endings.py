"""Where a clip's ending is recorded, and counted once, whoever records it and however often."""

from viralclip.catalog.records import ClipRecord
from viralclip.pipeline.tools import Tools
from viralclip.telemetry.metrics import CLIPS, ClipOutcome


async def record_end(record: ClipRecord, tools: Tools, *, kept: bool = False) -> ClipRecord:
    """Record how the clip ended; the ending that stands, which may be an earlier one."""
    ended = await tools.catalog.clip_runs.end(record)
    if ended.is_first:
        _count(ended.record, kept=kept)
    return ended.record


def _count(record: ClipRecord, *, kept: bool) -> None:
    outcome: ClipOutcome = "kept" if kept else record.ending or "failed"
    code = record.failure.code if record.failure is not None else ""
    CLIPS.count(style=record.style, outcome=outcome, code=code)
