"""Every fact is published once, and how a job ends costs a handful of questions to its records."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import pytest

from viralclip.catalog.port import Catalog
from viralclip.events import FailedDetails
from viralclip.pipeline.job import process_job
from viralclip.pipeline.published import Published, published_by_now
from viralclip.pipeline.reporter import JobReport, Reporter
from viralclip.pipeline.scene import process_scene
from viralclip.pipeline.settling import announce, settle
from viralclip.scenes import Scene
from viralclip.steps import Step

PLAIN = [
    *("queued", "extracting_segment", "rendering", "render_complete"),
    *("uploading", "upload_complete", "complete"),
]


class Counted:
    """A table of the catalog that counts the calls of its methods."""

    def __init__(self, real: object, calls: Counter[str]) -> None:
        self._real = real
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._real, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self._calls[name] += 1
            return method(*arguments, **named)

        return call


def _counting(catalog: Catalog) -> tuple[Catalog, Counter[str]]:
    """The catalog, and how often each method of its tables is called."""
    calls = Counter[str]()
    tables: dict[str, Any] = {
        field.name: Counted(getattr(catalog, field.name), calls) for field in fields(catalog)
    }
    return Catalog(**tables), calls


@pytest.fixture
def published(shop, replaced) -> tuple[list[Any], Callable[[], Reporter]]:
    """All events that are handed to the channel, and a reporter that hands them."""
    events: list[Any] = []

    async def publish(drafts):
        events.extend(draft.event for draft in drafts)
        return await shop.channel.publish(drafts)

    return events, lambda: Reporter(replaced(shop.channel, publish=publish))


async def test_a_plain_clip_publishes_each_of_its_seven_facts_once(shop, source, published):
    events, open_reporter = published
    job = await shop.job(source("small"))
    async with open_reporter() as shop.reporter:
        await shop.run(job)

    assert [event.step for event in events if event.type == "clip_progress"] == PLAIN


async def test_a_job_publishes_no_event_twice(shop, source, published):
    events, open_reporter = published
    styles = ("original", "center_focus")
    job = await shop.job(source("small"), (0, 0.4), (0.5, 0.9), styles=styles)
    async with open_reporter() as shop.reporter:
        await shop.run(job)

    assert len(events) == len(await shop.history(job)) - 1  # job_queued is published before


async def test_a_job_of_200_scenes_ends_with_a_handful_of_calls(shop, source):
    job = await _long_job(shop, source)
    report = shop.report(job)

    async def run_scenes(scenes: Sequence[Scene]) -> None:
        for scene in scenes:
            await process_scene(scene, tasks[scene.id], shop.tools, report, _end_all(shop))
        calls.clear()

    tasks = {scene.id: await shop.tasks(job, scene.id) for scene in job.plan.scenes}
    counted, calls = _counting(shop.tools.catalog)
    shop.use(catalog=counted)
    outcome = await process_job(await shop.found(job), 1, shop.tools, report, run_scenes)

    assert outcome == "succeeded"
    assert calls.total() <= 5


async def test_200_scenes_that_nobody_made_end_with_a_handful_of_calls(shop, source):
    job = await _long_job(shop, source)

    async def run_scenes(_scenes: Sequence[Scene]) -> None:
        calls.clear()

    counted, calls = _counting(shop.tools.catalog)
    shop.use(catalog=counted)
    outcome = await process_job(await shop.found(job), 1, shop.tools, shop.report(job), run_scenes)
    kinds = Counter(envelope.event.type for envelope in await shop.history(job))

    assert outcome == "failed"
    assert calls.total() <= 5
    assert kinds["scene_started"] == kinds["scene_completed"] == 200


async def test_settling_again_publishes_nothing(shop, source, published):
    events, open_reporter = published
    job = await shop.job(source("small"))
    async with open_reporter() as shop.reporter:
        await _settle(shop, job)
        await _settle(shop, job)

    assert [event.type for event in events] == ["scene_started", "clip_progress", "scene_completed"]


async def test_what_was_recorded_but_not_published_is_published(shop, source):
    job = await shop.job(source("small"))
    (task,) = await shop.tasks(job)
    why = FailedDetails(step=Step.RENDERING, code="disk_full", message="Full.", retryable=False)
    await shop.tools.catalog.clip_runs.end(task.record("failed", failure=why))
    await _settle(shop, job)

    assert (await shop.history(job))[-2].event.details == why


async def test_a_job_publishes_what_the_workers_of_its_scenes_took_to_the_grave(
    shop, source, replaced
):
    """They recorded every ending, and died with all they had to say of it."""
    job = await shop.job(source("small"), (0, 0.4), (0.5, 0.9))

    async def publish(_drafts: object) -> list[int]:
        raise ConnectionError

    async def run_scenes(scenes: Sequence[Scene]) -> None:
        deaf = Reporter(replaced(shop.channel, publish=publish), patience_s=0.01)
        async with deaf as reporter:
            lost = JobReport(reporter, job.job_id, job.run, job.trace_id)
            for scene in scenes:
                tasks = await shop.tasks(job, scene.id)
                await process_scene(scene, tasks, shop.tools, lost, _end_all(shop))

    outcome = await process_job(await shop.found(job), 1, shop.tools, shop.report(job), run_scenes)
    kinds = [envelope.event.type for envelope in await shop.history(job)]

    assert outcome == "succeeded"
    assert kinds == [
        *("job_queued", "job_started"),
        *("scene_started", "clip_progress") * 2,
        *("clip_progress", "scene_completed") * 2,
        "job_finished",
    ]


async def test_everything_is_published_where_the_channel_cannot_say_what_is(
    shop, source, replaced, published
):
    events, open_reporter = published

    async def progress(_job_id: str) -> object:
        raise ConnectionError

    job = await shop.job(source("small"))
    await _settle(shop, job)
    before = await shop.history(job)
    channel = open_reporter()._channel
    async with Reporter(replaced(channel, progress=progress)) as shop.reporter:
        await _settle(shop, job)

    assert [event.type for event in events] == ["scene_started", "clip_progress", "scene_completed"]
    assert await shop.history(job) == before


async def test_only_what_was_not_announced_before_is_announced(shop, source, published):
    events, open_reporter = published
    job = await shop.job(source("small"), (0, 0.4), (0.5, 0.9))
    first, second = [(await shop.tasks(job, scene_id))[0] for scene_id in (1, 2)]
    announce([first], Published(), shop.report(job))
    async with open_reporter() as reporter:
        report = JobReport(reporter, job.job_id, job.run, job.trace_id)
        await shop.reporter.flush()
        announce([first, second], await published_by_now(report), report)

    assert {event.scene_id for event in events} == {2}


async def test_of_another_run_nothing_is_published(shop, source):
    job = await shop.job(source("small"))
    await shop.run(job)
    again = job.model_copy(update={"run": 2})

    assert (await published_by_now(shop.report(job))).has_completed(1)
    assert not (await published_by_now(shop.report(again))).has_completed(1)


async def _settle(shop: Any, job: Any) -> None:
    clips = await shop.tools.catalog.clips.of(job.job_id)
    await settle(await shop.tasks(job), clips, shop.tools, shop.report(job))


def _end_all(shop: Any) -> Callable[[Any], Any]:
    """Records that every clip is complete, and publishes nothing."""

    async def end_all(tasks: Any) -> None:
        await shop.tools.catalog.clip_runs.end_all([task.record("complete") for task in tasks])

    return end_all


async def _long_job(shop: Any, source: Any) -> Any:
    return await shop.job(source("small"), *[(0.0, 0.4)] * 200)
