"""What every catalog promises, whatever database it is in."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from viralclip.catalog.opening import open_catalog
from viralclip.catalog.port import Catalog
from viralclip.catalog.records import ClipRecord, Ending, Endings, JobRecord
from viralclip.durations import Timings
from viralclip.events import FailedDetails, Outcome
from viralclip.plan import Options, StyleChoice, Video, make_plan
from viralclip.scenes import Scene
from viralclip.steps import ANALYSED_ROUTE, Step
from viralclip.workload import Observation, Workload

pytestmark = pytest.mark.timeout(120)

_AT = datetime(2025, 1, 1, 12, tzinfo=UTC)
_OPENER = """
import asyncio, sys
from viralclip.catalog.opening import open_catalog
from viralclip.workload import Observation, Workload

work = Workload(stage="render", style="split", seconds=1, output_rate=62, source_rate=62)

async def main():
    sys.stdin.readline()
    async with open_catalog(sys.argv[1]) as catalog:
        seen = Observation(workload=work, machine="here", busy=1, seconds=2)
        await catalog.learned_times.learn(seen)

asyncio.run(main())
"""


@pytest.fixture
async def catalog(url: str) -> AsyncIterator[Catalog]:
    async with open_catalog(url) as opened:
        yield opened


def _job(job_id: str = "job", *, at: datetime = _AT, owner: str = "ann", title: str = "t"):
    video = Video(
        name="talk.mp4",
        path="/media/talk.mp4",
        width=1280,
        height=720,
        duration=60.0,
        fps="25",
        has_audio=True,
        identity="video-1",
    )
    scenes = [Scene(id=i, title=title, start=i * 10.0, end=i * 10.0 + 5) for i in (1, 2)]
    styles = [StyleChoice(name="split"), StyleChoice(name="intelligent", route=ANALYSED_ROUTE)]
    return JobRecord(
        job_id=job_id,
        owner=owner,
        plan=make_plan(video, scenes, styles, Options()),
        storage_url="file:///clips",
        engine_url="sqlite:///engine.db",
        trace_id="trace",
        created_at=at,
    )


_FAILURE = FailedDetails(
    step=Step.RENDERING, code="render_failed", message="It broke.", retryable=False
)


def _seen(seconds: float, *, style: str = "split") -> Observation:
    work = Workload(stage="render", style=style, seconds=1, output_rate=62, source_rate=62)
    return Observation(workload=work, machine="here", busy=1, seconds=seconds)


def _ended(
    job: JobRecord, ending: Ending, *, scene_id: int = 1, style: str = "split", run: int = 1
) -> ClipRecord:
    clip = job.plan.clip(scene_id, style)
    stored = {"key": clip.filename, "size": 9, "tag": "v1"} if ending == "complete" else {}
    return ClipRecord.model_validate(
        {
            "job_id": job.job_id,
            "scene_id": scene_id,
            "style": style,
            "digest": clip.digest,
            "run": run,
            "ending": ending,
            "failure": _FAILURE if ending == "failed" else None,
            **stored,
        }
    )


async def _clip(catalog: Catalog, scene_id: int = 1, style: str = "split") -> ClipRecord:
    clips = await catalog.clips.of("job")
    return next(clip for clip in clips if (clip.scene_id, clip.style) == (scene_id, style))


async def _crash(catalog: Catalog, scene_id: int, style: str) -> int:
    """A worker begins the clip and dies of it."""
    await catalog.clip_runs.begin("job", scene_id, style, worker="w1")
    return await catalog.clip_runs.count_crash("job", scene_id, style, worker="w1")


async def test_a_job_comes_back_as_it_was_added(catalog: Catalog):
    await catalog.jobs.add(_job())

    assert await catalog.jobs.find("job") == _job()
    assert await catalog.jobs.find("other") is None


async def test_a_job_has_a_record_for_every_clip_of_its_plan(catalog: Catalog):
    await catalog.jobs.add(_job())
    clips = await catalog.clips.of("job")

    assert [(clip.scene_id, clip.style) for clip in clips] == [
        (1, "intelligent"),
        (1, "split"),
        (2, "intelligent"),
        (2, "split"),
    ]
    assert {(clip.run, clip.ending, clip.crashes) for clip in clips} == {(1, None, 0)}


async def test_a_job_added_twice_is_the_first_one(catalog: Catalog):
    await catalog.jobs.add(_job())
    await catalog.clip_runs.end(_ended(_job(), "complete"))
    await catalog.jobs.add(_job(title="another"))

    assert await catalog.jobs.find("job") == _job()
    assert (await _clip(catalog)).ending == "complete"
    assert len(await catalog.clips.of("job")) == 4


async def test_times_of_any_zone_come_back_as_the_same_moment(catalog: Catalog):
    zone = timezone(timedelta(hours=5, minutes=30))
    await catalog.jobs.add(_job(at=_AT.astimezone(zone)))
    await catalog.runs.finish("job", 1, "failed", _AT.astimezone(zone) + timedelta(hours=1))
    job = await catalog.jobs.find("job")

    assert job
    assert job.created_at == _AT
    assert job.finished_at == _AT + timedelta(hours=1)


async def test_jobs_are_listed_latest_first_a_page_at_a_time_and_by_owner(catalog: Catalog):
    zone = timezone(timedelta(hours=-8))
    for hour in range(6):
        at = (_AT + timedelta(hours=hour)).astimezone(zone if hour % 2 else UTC)
        await catalog.jobs.add(_job(f"job{hour}", at=at, owner="ann" if hour < 4 else "ben"))
    first = await catalog.jobs.latest(owner="ann", limit=2)
    second = await catalog.jobs.latest(owner="ann", before=first[-1].created_at.astimezone(zone))

    assert [job.job_id for job in first] == ["job3", "job2"]
    assert [job.job_id for job in second] == ["job1", "job0"]
    assert [job.job_id for job in await catalog.jobs.latest()] == [
        f"job{i}" for i in (5, 4, 3, 2, 1, 0)
    ]


async def test_equal_work_that_has_not_ended_is_found(catalog: Catalog):
    job = _job()
    await catalog.jobs.add(job)
    found = await catalog.jobs.find_unfinished(job.plan.digest, job.storage_url)
    elsewhere = await catalog.jobs.find_unfinished(job.plan.digest, "file:///other")
    await catalog.runs.finish("job", 1, "succeeded", _AT)

    assert found == job
    assert elsewhere is None
    assert await catalog.jobs.find_unfinished(job.plan.digest, job.storage_url) is None


@pytest.mark.parametrize("ending", ["complete", "failed", "cancelled"])
async def test_an_ending_comes_back_as_it_was_recorded(catalog: Catalog, ending: Ending):
    await catalog.jobs.add(_job())
    record = _ended(_job(), ending)

    assert await catalog.clip_runs.end(record) == (record, True)
    assert await _clip(catalog) == record


async def test_the_first_ending_of_a_clip_stands(catalog: Catalog):
    await catalog.jobs.add(_job())
    await catalog.clip_runs.end(_ended(_job(), "complete"))
    answer = await catalog.clip_runs.end(_ended(_job(), "cancelled"))

    assert answer == (_ended(_job(), "complete"), False)
    assert await _clip(catalog) == answer.record


async def test_of_two_endings_at_once_one_stands_and_both_hear_which(url: str):
    async with open_catalog(url) as one, open_catalog(url) as two:
        await one.jobs.add(_job())
        answers = await asyncio.gather(
            one.clip_runs.end(_ended(_job(), "complete")),
            two.clip_runs.end(_ended(_job(), "failed")),
        )

        assert answers[0].record == answers[1].record == await _clip(one)
        assert {answer.is_first for answer in answers} == {True, False}


async def test_many_clips_end_at_once_and_an_earlier_ending_of_one_stands(catalog: Catalog):
    job = _job()
    await catalog.jobs.add(job)
    first = _ended(job, "complete")
    await catalog.clip_runs.end(first)
    second = _ended(job, "failed", scene_id=2)
    answers = await catalog.clip_runs.end_all([second, _ended(job, "cancelled")])

    assert answers == [(second, True), (first, False)]
    assert await catalog.clip_runs.end_all([]) == []
    assert await _clip(catalog) == first


async def test_an_ending_of_an_earlier_run_does_not_end_the_clip_of_this_run(catalog: Catalog):
    await catalog.jobs.add(_job())
    await catalog.clip_runs.end(_ended(_job(), "failed"))
    await catalog.runs.begin("job", 2)
    late = _ended(_job(), "cancelled", run=1)

    assert await catalog.clip_runs.end(late) == (late, False)
    assert (await _clip(catalog)).ending is None
    assert (await _clip(catalog)).run == 2


async def test_an_ending_survives_the_crashes_before_it(catalog: Catalog):
    await catalog.jobs.add(_job())
    await _crash(catalog, 1, "split")
    answer = await catalog.clip_runs.end(_ended(_job(), "complete"))

    assert (answer.record.ending, answer.record.crashes) == ("complete", 1)


async def test_another_run_keeps_what_is_complete_and_opens_the_rest(catalog: Catalog):
    job = _job()
    await catalog.jobs.add(job)
    await catalog.runs.begin_attempt("job", 1)
    await catalog.clip_runs.end(_ended(job, "complete"))
    await catalog.clip_runs.end(_ended(job, "failed", scene_id=2))
    await _crash(catalog, 2, "intelligent")
    await catalog.runs.stop("job", by="ann", failed=True)
    await catalog.runs.finish("job", 1, "failed", _AT)
    await catalog.runs.begin("job", 2)
    again = await catalog.jobs.find("job")

    assert again == job.model_copy(update={"run": 2})
    assert await _clip(catalog) == _ended(job, "complete")
    for place in ((1, "intelligent"), (2, "split"), (2, "intelligent")):
        clip = await _clip(catalog, *place)
        assert (clip.run, clip.ending, clip.failure, clip.crashes) == (2, None, None, 0)


async def test_a_new_plan_opens_the_clips_that_it_changes_and_no_others(url: str):
    job = _job()
    async with open_catalog(url) as one, open_catalog(url) as other:
        await one.jobs.add(job)
        for clip in job.plan.clips():
            await one.clip_runs.end(
                _ended(job, "complete", scene_id=clip.scene.id, style=clip.style)
            )
        assert await other.jobs.find("job") == job
        first, *rest = job.plan.scenes
        longer = first.model_copy(update={"end": first.end + 1})
        plan = job.plan.model_copy(update={"scenes": (longer, *rest)})
        await one.runs.begin("job", 2, plan)
        await one.runs.begin("job", 2, plan)

        assert await one.jobs.find("job") == await other.jobs.find("job")
        assert await other.jobs.find("job") == job.model_copy(update={"run": 2, "plan": plan})
        opened = [clip for clip in await other.clips.of("job") if clip.ending is None]
        assert {(clip.scene_id, clip.run) for clip in opened} == {(first.id, 2)}
        assert len(opened) == len(job.plan.styles)
        assert await other.jobs.find_unfinished(plan.digest, job.storage_url) is not None


async def test_a_run_begun_twice_is_begun_once(catalog: Catalog):
    await catalog.jobs.add(_job())
    await catalog.runs.begin("job", 2)
    await catalog.runs.begin_attempt("job", 2)
    await catalog.clip_runs.end(_ended(_job(), "failed", run=2))
    await catalog.runs.begin("job", 2)
    job = await catalog.jobs.find("job")

    assert job
    assert job.attempt == 1
    assert (await _clip(catalog)).ending == "failed"


async def test_attempts_are_counted_for_the_run_that_goes_on(catalog: Catalog):
    await catalog.jobs.add(_job())
    counted = [await catalog.runs.begin_attempt("job", 1) for _ in range(2)]
    await catalog.runs.begin("job", 2)

    assert counted == [1, 2]
    assert await catalog.runs.begin_attempt("job", 1) == 0
    assert await catalog.runs.begin_attempt("job", 2) == 1


@pytest.mark.parametrize("outcome", ["succeeded", "partial", "failed", "cancelled"])
async def test_a_finished_job_says_how_and_when(catalog: Catalog, outcome: Outcome):
    await catalog.jobs.add(_job())
    await catalog.runs.finish("job", 1, outcome, _AT)
    job = await catalog.jobs.find("job")

    assert job
    assert (job.outcome, job.finished_at) == (outcome, _AT)


async def test_the_first_end_of_a_job_stands(catalog: Catalog):
    await catalog.jobs.add(_job())
    first = await catalog.runs.finish("job", 1, "partial", _AT)
    second = await catalog.runs.finish("job", 1, "failed", _AT + timedelta(seconds=1))
    job = await catalog.jobs.find("job")

    assert (first, second) == (True, False)
    assert job
    assert (job.outcome, job.finished_at) == ("partial", _AT)


async def test_the_end_of_an_earlier_run_does_not_end_this_one(catalog: Catalog):
    await catalog.jobs.add(_job())
    await catalog.runs.begin("job", 2)
    await catalog.runs.finish("job", 1, "failed", _AT)
    job = await catalog.jobs.find("job")

    assert job
    assert job.outcome is None


async def test_the_first_to_stop_a_job_is_remembered(catalog: Catalog):
    await catalog.jobs.add(_job())
    await catalog.runs.stop("job", by="ann", failed=False)
    await catalog.runs.stop("job", by="storage_full", failed=True)
    job = await catalog.jobs.find("job")

    assert job
    assert (job.stop_by, job.stop_failed) == ("ann", False)


async def test_crashes_are_counted_clip_by_clip(catalog: Catalog):
    await catalog.jobs.add(_job())
    counted = [await _crash(catalog, 1, "split") for _ in range(3)]

    assert counted == [1, 2, 3]
    assert await _crash(catalog, 2, "split") == 1
    assert await _crash(catalog, 9, "nobody") == 0


async def test_a_crash_counts_once_and_only_against_what_the_worker_was_making(catalog: Catalog):
    await catalog.jobs.add(_job())
    await catalog.clip_runs.begin("job", 1, "split", worker="w1")
    await catalog.clip_runs.begin("job", 1, "intelligent", worker="w2")
    for _ in range(2):
        for style in ("split", "intelligent"):
            await catalog.clip_runs.count_crash("job", 1, style, worker="w1")

    assert (await _clip(catalog, 1, "split")).crashes == 1
    assert (await _clip(catalog, 1, "intelligent")).crashes == 0


async def test_who_made_a_clip_is_remembered(catalog: Catalog):
    await catalog.jobs.add(_job())
    await catalog.clip_runs.begin("job", 1, "split", worker="w1")
    await catalog.clip_runs.end(_ended(_job(), "complete"))
    await catalog.clip_runs.begin("job", 1, "split", worker="late")

    assert (await _clip(catalog)).worker == "w1"


async def test_a_crash_counted_by_two_side_by_side_is_counted_once(url: str):
    async with open_catalog(url) as one, open_catalog(url) as two:
        await one.jobs.add(_job())
        for style in ("split", "intelligent"):
            await one.clip_runs.begin("job", 1, style, worker="w1")
        await asyncio.gather(
            *(
                catalog.clip_runs.count_crash("job", 1, style, worker="w1")
                for catalog in (one, two)
                for style in ("split", "intelligent")
            )
        )

        assert [(await _clip(one, 1, style)).crashes for style in ("split", "intelligent")] == [
            1,
            1,
        ]


async def test_a_deleted_job_is_gone_with_its_clips_and_alone(catalog: Catalog):
    await catalog.jobs.add(_job())
    await catalog.jobs.add(_job("other"))
    await catalog.jobs.delete("job")
    await catalog.jobs.delete("job")

    assert await catalog.jobs.find("job") is None
    assert await catalog.clips.of("job") == []
    assert len(await catalog.clips.of("other")) == 4


async def test_stored_clips_are_found_by_their_work_whatever_job_made_them(catalog: Catalog):
    old, new = _job(), _job("new", at=_AT + timedelta(days=1))
    await catalog.jobs.add(old)
    await catalog.jobs.add(new)
    await catalog.clip_runs.end(_ended(old, "complete"))
    clip = new.plan.clip(1, "split")
    first = await catalog.clips.stored(new.storage_url, digest=clip.digest)
    await catalog.clip_runs.end(_ended(new, "complete"))

    assert first == [_ended(old, "complete")]
    assert await catalog.clips.stored(new.storage_url, digest=clip.digest) == [
        _ended(new, "complete"),
        _ended(old, "complete"),
    ]
    assert await catalog.clips.stored(new.storage_url, key=clip.filename) == [
        _ended(new, "complete"),
        _ended(old, "complete"),
    ]


async def test_nothing_is_stored_of_other_work_elsewhere_or_of_a_clip_that_has_no_file(
    catalog: Catalog,
):
    job = _job()
    await catalog.jobs.add(job)
    await catalog.clip_runs.end(_ended(job, "complete"))
    await catalog.clip_runs.end(_ended(job, "failed", scene_id=2))
    lost = job.plan.clip(2, "split")

    assert len(await catalog.clips.stored(job.storage_url)) == 1
    assert await catalog.clips.stored(job.storage_url, digest="other") == []
    assert await catalog.clips.stored(job.storage_url, key="other.mp4") == []
    assert await catalog.clips.stored("file:///other") == []
    assert await catalog.clips.stored(job.storage_url, digest=lost.digest) == []


@pytest.mark.parametrize("ending", [None, "failed", "cancelled"])
async def test_a_reserved_key_is_the_clips_however_it_ends(catalog: Catalog, ending: Ending | None):
    job = _job()
    await catalog.jobs.add(job)
    await catalog.clip_runs.reserve_key(job.job_id, 1, "split", key="a.mp4", size=7)
    if ending:
        await catalog.clip_runs.end(_ended(job, ending))
    (record,) = await catalog.clips.stored(job.storage_url, key="a.mp4")

    assert (record.size, record.tag, record.ending) == (7, None, ending)


async def test_an_ended_clip_reserves_nothing_more(catalog: Catalog):
    job = _job()
    await catalog.jobs.add(job)
    await catalog.clip_runs.end(_ended(job, "complete"))
    await catalog.clip_runs.reserve_key(job.job_id, 1, "split", key="a.mp4", size=7)

    assert await catalog.clips.stored(job.storage_url, key="a.mp4") == []


async def test_what_was_learned_outlives_the_catalog_that_learned_it(url: str):
    async with open_catalog(url) as catalog:
        assert await catalog.learned_times.read() == Timings()
        for seconds in (1.0, 2.0, 3.0):
            await catalog.learned_times.learn(_seen(seconds))
    async with open_catalog(url) as catalog:
        learned = await catalog.learned_times.read()

    expected = Timings()
    for seconds in (1.0, 2.0, 3.0):
        expected = expected.observe(_seen(seconds))
    assert learned == expected


async def test_clips_that_end_side_by_side_are_all_learned_from(url: str):
    async with open_catalog(url) as one, open_catalog(url) as two:
        await asyncio.gather(
            *(catalog.learned_times.learn(_seen(2.0)) for catalog in (one, two) for _ in range(10))
        )
        timings = await one.learned_times.read()

    assert timings.model("render").count == 20


async def test_a_catalog_opened_by_many_processes_at_once_is_made_once(url: str):
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _OPENER, url), stdin=asyncio.subprocess.PIPE
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write(b"\n")
    ends = [await process.wait() for process in processes]
    async with open_catalog(url) as catalog:
        timings = await catalog.learned_times.read()

    assert ends == [0] * 4
    assert timings.model("render").count == 4


async def test_a_job_of_more_clips_than_one_write_can_hold_is_there_whole(catalog: Catalog):
    job = _job()
    scenes = [Scene(id=i, title="t", start=i, end=i + 1) for i in range(1, 261)]
    job = job.model_copy(update={"plan": job.plan.model_copy(update={"scenes": tuple(scenes)})})
    await catalog.jobs.add(job)
    await catalog.clip_runs.end(_ended(job, "complete", scene_id=260))
    await catalog.runs.begin("job", 2)
    clips = await catalog.clips.of("job")
    await catalog.jobs.delete("job")

    assert [(clip.scene_id, clip.style) for clip in clips] == [
        (scene.id, style) for scene in scenes for style in ("intelligent", "split")
    ]
    assert [clip.run for clip in clips] == [2] * 519 + [1]
    assert await catalog.clips.of("job") == []


async def test_the_clips_of_one_scene_are_told_from_those_of_another(catalog: Catalog):
    await catalog.jobs.add(_job())

    assert {clip.scene_id for clip in await catalog.clips.of("job", 2)} == {2}
    assert await catalog.clips.of("job", 12) == []


async def test_how_many_jobs_of_an_owner_have_not_ended_is_known(catalog: Catalog):
    for number in range(3):
        await catalog.jobs.add(_job(f"job{number}"))
    await catalog.jobs.add(_job("other", owner="ben"))
    await catalog.runs.finish("job0", 1, "failed", _AT)
    await catalog.runs.finish("job1", 1, "failed", _AT)
    await catalog.runs.begin("job1", 2)

    assert await catalog.jobs.count_running("ann") == 2
    assert await catalog.jobs.count_running("nobody") == 0


async def test_the_first_to_stop_a_clip_is_remembered_until_another_run(catalog: Catalog):
    await catalog.jobs.add(_job())
    await catalog.clip_runs.stop("job", 1, "split", by="ann")
    await catalog.clip_runs.stop("job", 1, "split", by="ben")
    first = await _clip(catalog)
    await catalog.runs.begin("job", 2)

    assert first.stop_by == "ann"
    assert (await _clip(catalog)).stop_by is None


async def test_a_priority_can_be_changed(catalog: Catalog):
    await catalog.jobs.add(_job())
    await catalog.jobs.set_priority("job", "urgent")
    await catalog.jobs.set_priority("none", "urgent")
    job = await catalog.jobs.find("job")

    assert job
    assert job.priority == "urgent"


async def test_of_two_claims_on_a_key_the_first_stands(url: str):
    async with open_catalog(url) as one, open_catalog(url) as two:
        claims = await asyncio.gather(
            one.idempotency_keys.claim("ann", "a/b", "d1", "job1"),
            two.idempotency_keys.claim("ann", "a/b", "d2", "job2"),
        )
        mine = await one.idempotency_keys.claim("ben", "a/b", "d3", "job3")

        assert claims[0] == claims[1] == await one.idempotency_keys.find("ann", "a/b")
        assert mine.job_id == "job3"
        assert await one.idempotency_keys.find("ann", "other") is None


async def test_an_owners_videos_are_listed_latest_first_each_at_its_latest_place(catalog: Catalog):
    video = _job().plan.video
    for name in ("one", "two"):
        await catalog.videos.add("ann", video.model_copy(update={"identity": name, "name": name}))
    moved = video.model_copy(update={"identity": "one", "name": "one", "path": "/elsewhere"})
    await catalog.videos.add("ann", moved)

    assert [each.identity for each in await catalog.videos.of("ann")] == ["two", "one"]
    assert await catalog.videos.find("ann", "one") == moved
    assert await catalog.videos.find("ben", "one") is None
    assert await catalog.videos.of("ben") == []


async def test_a_job_brings_its_video_to_its_owner(catalog: Catalog):
    await catalog.jobs.add(_job())

    assert await catalog.videos.of("ann") == [_job().plan.video]


async def test_styles_may_be_named_with_any_sign(catalog: Catalog):
    job = _job()
    names = ("a/b.c", "ü ..", "__x__")
    styles = tuple(StyleChoice(name=name) for name in names)
    job = job.model_copy(update={"plan": job.plan.model_copy(update={"styles": styles})})
    await catalog.jobs.add(job)
    for name in names:
        await catalog.clip_runs.end(_ended(job, "complete", style=name))
        await catalog.learned_times.learn(_seen(1.0, style=name))

    assert {clip.style for clip in await catalog.clips.of("job", 1)} == set(names)
    known = (await catalog.learned_times.read()).model("render").names
    assert {f"style:{name}" for name in names} <= set(known)


async def test_one_clip_is_found_by_its_place(catalog: Catalog):
    await catalog.jobs.add(_job())
    await catalog.clip_runs.end(_ended(_job(), "failed", scene_id=2))

    found = await catalog.clips.find("job", 2, "split")
    assert found == await _clip(catalog, 2)
    assert found is not None
    assert found.ending == "failed"
    assert await catalog.clips.find("job", 3, "split") is None
    assert await catalog.clips.find("job", 2, "other") is None
    assert await catalog.clips.find("other", 2, "split") is None


async def test_clips_are_listed_a_page_at_a_time(catalog: Catalog):
    await catalog.jobs.add(_job())
    whole = await catalog.clips.of("job")

    first = await catalog.clips.of("job", limit=3)
    last = (first[-1].scene_id, first[-1].style)
    second = await catalog.clips.of("job", after=last, limit=3)
    assert [len(first), len(second)] == [3, 1]
    assert first + second == whole
    assert await catalog.clips.of("job", 1, after=last) == []


async def test_endings_are_counted_job_by_job(catalog: Catalog):
    for job_id in ("job", "job2"):
        await catalog.jobs.add(_job(job_id))
    await catalog.clip_runs.end(_ended(_job(), "complete", scene_id=1))
    await catalog.clip_runs.end(_ended(_job(), "failed", scene_id=2))
    await catalog.clip_runs.end(_ended(_job("job2"), "cancelled"))

    counted = await catalog.clips.count_endings(["job", "job2", "none"])
    assert counted == {
        "job": Endings(complete=1, failed=1, open=2),
        "job2": Endings(cancelled=1, open=3),
        "none": Endings(),
    }
    assert counted["job"].total == 4
    assert await catalog.clips.count_endings([]) == {}


async def test_the_clips_that_an_owner_waits_for_are_counted(catalog: Catalog):
    for number, owner in enumerate(("ann", "ann", "bob", "ann", "ann")):
        at = _AT + timedelta(minutes=number)
        await catalog.jobs.add(_job(f"job{number}", owner=owner, at=at))
    await catalog.runs.finish("job0", 1, "failed", _AT)
    await catalog.jobs.set_priority("job3", "low")

    later = _AT + timedelta(hours=1)
    assert await catalog.clips.count_waiting("ann", "normal", later) == 8
    assert await catalog.clips.count_waiting("ann", "low", later) == 4
    assert await catalog.clips.count_waiting("ann", "normal", _AT + timedelta(minutes=4)) == 4


async def test_a_listed_job_says_what_it_is_and_not_what_it_is_made_of(catalog: Catalog):
    await catalog.jobs.add(_job())
    await catalog.runs.finish("job", 1, "partial", _AT)

    job = await catalog.jobs.find("job")
    assert job is not None
    assert await catalog.jobs.latest() == [job.summary]
    assert job.summary.video_name == "talk.mp4"
    assert not hasattr(job.summary, "plan")


async def test_a_forgotten_video_is_gone_for_its_owner_alone(catalog: Catalog):
    video = _job().plan.video
    for owner in ("ann", "bob"):
        await catalog.videos.add(owner, video)
    await catalog.videos.forget("ann", video.identity)

    assert await catalog.videos.find("ann", video.identity) is None
    assert await catalog.videos.of("bob") == [video]


async def test_videos_are_forgotten_by_where_they_lie(catalog: Catalog):
    video = _job().plan.video
    other = video.model_copy(update={"identity": "video-2", "path": "/media/other.mp4"})
    await catalog.videos.add("ann", video)
    await catalog.videos.add("ann", other)
    await catalog.videos.forget_at([video.path, "/nowhere"])

    assert await catalog.videos.of("ann") == [other]


async def test_where_the_videos_of_jobs_lie_that_go_on_is_known(catalog: Catalog):
    for name in ("open", "late", "early"):
        job = _job(name)
        video = job.plan.video.model_copy(update={"path": f"/media/{name}.mp4", "identity": name})
        plan = job.plan.model_copy(update={"video": video})
        await catalog.jobs.add(job.model_copy(update={"plan": plan}))
    hour = timedelta(hours=1)
    await catalog.runs.finish("early", 1, "failed", _AT)
    await catalog.runs.finish("late", 1, "succeeded", _AT + 2 * hour)

    assert await catalog.videos.paths_in_use() == {"/media/open.mp4"}
    assert await catalog.videos.paths_in_use(_AT + hour) == {"/media/open.mp4", "/media/late.mp4"}
    assert [job.job_id for job in await catalog.jobs.ended_before(_AT + hour)] == ["early"]
    assert [job.job_id for job in await catalog.jobs.ended_before(_AT + 3 * hour)] == [
        "early",
        "late",
    ]


async def test_a_job_that_is_retried_has_not_ended_any_more(catalog: Catalog):
    await catalog.jobs.add(_job())
    await catalog.runs.finish("job", 1, "failed", _AT)
    await catalog.runs.begin("job", 2)

    assert await catalog.jobs.ended_before(_AT + timedelta(hours=1)) == []
    assert await catalog.videos.paths_in_use() == {"/media/talk.mp4"}


async def test_keys_of_a_forgotten_job_stand_for_nothing(catalog: Catalog):
    await catalog.idempotency_keys.claim("ann", "k1", "d", "job")
    await catalog.idempotency_keys.claim("ann", "k2", "d", "job2")
    await catalog.idempotency_keys.forget("job")

    assert await catalog.idempotency_keys.find("ann", "k1") is None
    assert await catalog.idempotency_keys.find("ann", "k2") is not None


async def test_the_clips_of_a_job_that_have_not_ended_are_found_in_order(catalog: Catalog):
    await catalog.jobs.add(_job())
    await catalog.jobs.add(_job("other"))
    await catalog.clip_runs.end(_ended(_job(), "failed"))

    found = await catalog.clips.unfinished("job")
    assert [(clip.scene_id, clip.style) for clip in found] == [
        (1, "intelligent"),
        (2, "intelligent"),
        (2, "split"),
    ]
    assert await catalog.clips.unfinished("none") == []


async def test_a_run_is_found_with_the_clips_of_its_job_or_of_one_scene(catalog: Catalog):
    await catalog.jobs.add(_job())

    assert await catalog.runs.find("job") == (_job(), await catalog.clips.of("job"))
    assert await catalog.runs.find("job", 2) == (_job(), await catalog.clips.of("job", 2))
    assert await catalog.runs.find("none") is None


async def test_whoever_begins_a_clip_hears_of_its_scene(catalog: Catalog):
    await catalog.jobs.add(_job())

    found = await catalog.clip_runs.begin("job", 1, "split", worker="w1")
    assert found == await catalog.clips.of("job", 1)
    assert [clip.worker for clip in found] == [None, "w1"]
