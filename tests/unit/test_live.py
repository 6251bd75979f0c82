"""The frames that a watcher receives, as JSON."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter

from viralclip.events import ClipTick, Envelope, JobTick, Logged
from viralclip.live import EventFrame, Frame, Reset, Snapshot, TickFrame
from viralclip.progress import Progress
from viralclip.steps import Step

_FRAMES: TypeAdapter[Frame] = TypeAdapter(Frame)
_ENVELOPE = Envelope(
    job_id="job",
    seq=1,
    at=datetime(2025, 1, 1, tzinfo=UTC),
    trace_id="t",
    event=Logged(level="info", message="m"),
)
_CLIP_TICK = ClipTick(
    job_id="job", scene_id=1, style="left", attempt=1, step=Step.RENDERING, fraction=0.5
)


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (Snapshot(cursor="a-0", progress=Progress(job_id="job")), "snapshot"),
        (Reset(cursor="a-0", progress=Progress(job_id="job")), "reset"),
        (EventFrame(cursor="a-1", envelope=_ENVELOPE), "event"),
        (TickFrame(cursor="a-1", tick=_CLIP_TICK), "tick"),
        (TickFrame(cursor="a-1", tick=JobTick(job_id="job", fraction=0.5)), "tick"),
    ],
)
def test_a_frame_survives_the_wire_under_its_kind(frame: Frame, kind: str):
    wire = _FRAMES.dump_json(frame)

    assert _FRAMES.dump_python(frame)["kind"] == kind
    assert _FRAMES.validate_json(wire) == frame
