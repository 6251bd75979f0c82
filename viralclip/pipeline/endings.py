"""Where a clip's ending is recorded, and counted once, whoever records it and however often."""

from collections.abc import Collection, Sequence

from viralclip.catalog.records import ClipPlace, ClipRecord
from viralclip.pipeline.tools import Tools
from viralclip.telemetry.metrics import CLIPS, ClipOutcome


async def record_end(record: ClipRecord, tools: Tools, *, kept: bool = False) -> ClipRecord:
    """Record how the clip ended; the ending that stands, which may be an earlier one."""
    ended = await tools.catalog.clip_runs.end(record)
    if ended.is_first:
        _count(ended.record, kept=kept)
    return ended.record


async def record_ends(
    records: Sequence[ClipRecord], tools: Tools, *, kept: Collection[ClipPlace] = ()
) -> list[ClipRecord]:
    """The same for many clips at once."""
    ended = await tools.catalog.clip_runs.end_all(records)
    for record, is_first in ended:
        if is_first:
            _count(record, kept=(record.scene_id, record.style) in kept)
    return [record for record, _ in ended]


def _count(record: ClipRecord, *, kept: bool) -> None:
    outcome: ClipOutcome = "kept" if kept else record.ending or "failed"
    code = record.failure.code if record.failure is not None else ""
    CLIPS.count(style=record.style, outcome=outcome, code=code)
