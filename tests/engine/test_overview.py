"""A line of a list says what the job's own page says, whatever became of it."""

from dataclasses import asdict

import pytest
from two_scenes import NOW, SCENES, VIDEO

from viralclip.catalog.opening import open_catalog
from viralclip.catalog.records import JobRecord
from viralclip.channel.opening import open_channel
from viralclip.engine.jobs import Jobs
from viralclip.engine.opening import open_engine
from viralclip.engine.overview import overviews
from viralclip.events import (
    Cancelled,
    CancelledDetails,
    Complete,
    CompleteDetails,
    Event,
    Failed,
    FailedDetails,
    JobFinished,
    JobStarted,
    NewEvent,
    Outcome,
    Rendering,
    RenderingDetails,
)
from viralclip.plan import Options, StyleChoice, make_plan
from viralclip.steps import Step

PLAN = make_plan(VIDEO, SCENES, [StyleChoice(name="split")], Options())
WHY = FailedDetails(step=Step.RENDERING, code="lost", message="Lost.", retryable=False)
ENDINGS: dict[Outcome, tuple[str, str]] = {
    "succeeded": ("complete", "complete"),
    "partial": ("complete", "failed"),
    "failed": ("failed", "failed"),
    "cancelled": ("complete", "cancelled"),
}


def ended(scene_id: int, ending: str) -> Event:
    here = {"scene_id": scene_id, "style": "split"}
    if ending == "complete":
        return Complete(**here, details=CompleteDetails(clip_id="c", url="/c"))
    if ending == "failed":
        return Failed(**here, details=WHY)
    return Cancelled(**here, details=CancelledDetails(by="user"))


@pytest.mark.parametrize("outcome", ENDINGS)
async def test_an_ended_job_is_as_far_in_a_list_as_on_its_own_page(tmp_path, outcome: Outcome):
    async with (
        open_catalog(f"sqlite:///{tmp_path / 'catalog.db'}") as catalog,
        open_channel("memory://") as channel,
        open_engine(f"sqlite:///{tmp_path / 'engine.db'}") as engine,
    ):
        job = JobRecord(
            job_id="a1",
            owner="local",
            plan=PLAN,
            storage_url="file:///clips",
            engine_url="",
            trace_id="t",
            created_at=NOW,
        )
        await Jobs(catalog=catalog, channel=channel, engine=engine).submit(job)
        endings = ENDINGS[outcome]
        made = endings.count("complete")
        lost, stopped = endings.count("failed"), endings.count("cancelled")
        details = RenderingDetails(style="split", encoder="x264")
        events: list[Event] = [
            JobStarted(worker="w1", attempt=1),
            *(Rendering(scene_id=scene, style="split", details=details) for scene in (1, 2)),
            *(ended(scene, ending) for scene, ending in enumerate(endings, 1)),
            JobFinished(
                outcome=outcome,
                clips_completed=made,
                clips_failed=lost,
                clips_cancelled=stopped,
            ),
        ]
        await channel.publish(
            [NewEvent(job_id="a1", run=1, at=NOW, trace_id="t", event=event) for event in events]
        )
        for record, ending in zip(await catalog.clips.of("a1"), endings, strict=True):
            await catalog.clip_runs.end(record.model_copy(update={"ending": ending}))
        await catalog.runs.finish("a1", 1, outcome, NOW)
        page, _ = await channel.progress("a1")
        (line,) = await overviews(await catalog.jobs.latest(), catalog, channel)

    shown = asdict(line)
    names = [name for name in shown if name not in ("has_worker", "moved_at")]
    assert {name: shown[name] for name in names} == {name: getattr(page, name) for name in names}
    assert (line.fraction < 1) == (outcome in ("failed", "cancelled"))
