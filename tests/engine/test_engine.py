"""The engine's queues as a client sees them: places, order, repetition, cancellation."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from viralclip.engine.client import (
    Engine,
    QueueDepth,
    _depth_query,
    _workflows,
    clip_numbers,
    priority_number,
)
from viralclip.workflow_ref import WorkflowRef, parse_work

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MOMENTS = st.datetimes(
    min_value=datetime(2025, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone itself
    max_value=datetime(2090, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
PRIORITIES = st.sampled_from(["urgent", "normal", "low"])
NAMES = st.from_regex(r"[a-z][a-z0-9_.]{0,20}", fullmatch=True)


@pytest.fixture
async def engine(tmp_path):
    async with Engine(f"sqlite:///{tmp_path / 'engine.db'}") as opened:
        yield opened


@given(MOMENTS)
def test_of_jobs_submitted_together_the_urgent_goes_first_and_the_low_last(moment):
    numbers = [priority_number(name, moment) for name in ("urgent", "normal", "low")]

    assert numbers == sorted(set(numbers))


@given(MOMENTS, PRIORITIES, st.integers(0, 10**5), st.integers(1, 1000))
def test_clips_of_a_job_are_numbered_in_order_and_not_beyond_the_next_class(
    moment, priority, behind, count
):
    numbers = list(islice(clip_numbers(priority, moment, behind=behind), count))

    assert numbers == sorted(numbers)
    assert numbers[0] >= priority_number(priority, moment)
    if priority != "low":
        assert numbers[-1] < priority_number("normal" if priority == "urgent" else "low", moment)


@given(MOMENTS, PRIORITIES, PRIORITIES, st.integers(0, 10**5))
def test_a_clip_is_overtaken_only_by_what_is_submitted_within_five_hours(
    moment, priority, other, behind
):
    number = next(clip_numbers(priority, moment, behind=behind))
    later = moment + timedelta(hours=5, seconds=1)

    assert next(clip_numbers(other, later, behind=0)) > number


@given(MOMENTS, PRIORITIES, st.integers(1, 10**6))
def test_of_equal_jobs_the_older_goes_first(moment, priority, seconds):
    later = moment + timedelta(seconds=seconds)

    assert priority_number(priority, moment) < priority_number(priority, later)


@given(MOMENTS, PRIORITIES)
def test_nothing_starves_under_a_stream_of_urgent_work(moment, priority):
    """Four hours' wait beats any urgent job that is submitted then."""
    much_later = moment + timedelta(hours=4, seconds=1)

    assert priority_number(priority, moment) < priority_number("urgent", much_later)


@given(MOMENTS, PRIORITIES)
def test_every_number_fits_the_queue(moment, priority):
    assert 1 <= priority_number(priority, moment) < 2**31


@given(
    st.from_regex(r"[0-9a-f]{12}", fullmatch=True),
    st.integers(1, 99),
    st.one_of(st.none(), st.tuples(st.integers(1, 999_999), st.one_of(st.none(), NAMES))),
)
def test_a_workflow_id_names_its_place(job_id, run, inside):
    scene_id, style = inside or (None, None)
    work = WorkflowRef(job_id, run, scene_id, style)

    assert parse_work(work.workflow_id) == work
    assert WorkflowRef(*work.arguments) == work


def test_the_kind_of_work_follows_from_its_place():
    assert WorkflowRef("j", 1).kind == "job"
    assert WorkflowRef("j", 1, 2).kind == "scene"
    assert WorkflowRef("j", 1, 2, "split").kind == "clip"


async def test_work_that_is_queued_twice_is_there_once(engine):
    works = [
        WorkflowRef("j", 1, 1, "split"),
        WorkflowRef("j", 1, 1, "split"),
        WorkflowRef("j", 1, 2, "split"),
    ]
    await engine.enqueue(works, priority=5)
    await engine.enqueue(works, priority=9)
    await engine.cancel_clips("j", 1)

    assert await engine.ended([work.workflow_id for work in works]) == {
        "j.1.1.split",
        "j.1.2.split",
    }


async def test_cancelling_clips_leaves_scenes_other_runs_and_other_jobs(engine):
    job = [WorkflowRef("j", 1), WorkflowRef("j", 1, 1), WorkflowRef("j", 1, 1, "split")]
    others = [
        WorkflowRef("j", 11, 1, "split"),
        WorkflowRef("j", 2, 1, "split"),
        WorkflowRef("jj", 1, 1, "split"),
    ]
    await engine.enqueue([*job, *others], priority=1)
    await engine.cancel_clips("j", 1)
    ended = await engine.ended([work.workflow_id for work in (*job, *others)])

    assert ended == {"j.1.1.split"}


async def test_more_work_than_fits_one_question_is_asked_about(engine):
    works = [WorkflowRef("j", 1, scene, "split") for scene in range(1, 451)]
    await engine.enqueue(works, priority=1)
    await engine.cancel_clips("j", 1)

    assert len(await engine.ended([work.workflow_id for work in works])) == len(works)


async def test_waiting_work_has_no_owner(engine):
    await engine.enqueue([WorkflowRef("j", 1)], priority=1)

    assert await engine.begun() == []


async def test_what_is_queued_survives_its_client(tmp_path):
    url = f"sqlite:///{tmp_path / 'engine.db'}"
    async with Engine(url) as engine:
        await engine.enqueue([WorkflowRef("j", 1, 1, "split")], priority=1)
    async with Engine(url) as engine:
        await engine.cancel_clips("j", 1)

        assert await engine.ended(["j.1.1.split"]) == {"j.1.1.split"}


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_job_knows_how_many_clips_go_before_its_first(
    kind: str, tmp_path, request: pytest.FixtureRequest
):
    sqlite = f"sqlite:///{tmp_path / 'queue.db'}"
    url = sqlite if kind == "sqlite" else request.getfixturevalue("postgres_url")
    async with Engine(url) as engine:
        await engine.enqueue(
            [WorkflowRef("first", 1, 1, "split"), WorkflowRef("first", 1)], priority=3
        )
        await engine.enqueue([WorkflowRef("other", 1, 1, "split")], priority=5)
        await engine.enqueue([WorkflowRef("other", 1, 2, "split")], priority=9)
        await engine.enqueue([WorkflowRef("late", 1, 1, "split")], priority=6)
        ahead = {job: await engine.ahead(job) for job in ("first", "other", "late", "none")}
        await engine.set_priority("late", 1)

        assert ahead == {"first": 0, "other": 1, "late": 2, "none": None}
        assert await engine.ahead("late") == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_the_depth_of_the_queue_counts_clips_alone_and_reads_no_finished_work(
    kind, request, tmp_path
):
    sqlite = f"sqlite:///{tmp_path / 'engine.db'}"
    url = sqlite if kind == "sqlite" else request.getfixturevalue("postgres_url")
    async with Engine(url) as engine:
        empty = engine.depth()
        works = [
            WorkflowRef("a", 1),
            WorkflowRef("a", 1, 1),
            *(WorkflowRef("a", 1, 1, name) for name in "xyz"),
        ]
        await engine.enqueue(works, priority=1)
        with _workflows(url) as (db, status):
            begun = sa.update(status).where(status.c.workflow_uuid == "a.1.1.x")
            db.execute(begun.values(status="PENDING"))
            done = sa.update(status).where(status.c.workflow_uuid == "a.1.1.y")
            db.execute(done.values(status="SUCCESS"))
            waits = sa.update(status).where(status.c.workflow_uuid == "a.1.1.z")
            db.execute(waits.values(created_at=status.c.created_at - 60_000))
        depth = engine.depth()

    assert empty == QueueDepth(waiting=0, running=0, oldest_s=0.0)
    assert (depth.waiting, depth.running) == (1, 1)
    assert 60 <= depth.oldest_s < 120


async def test_the_depth_of_the_queue_is_read_from_an_index_of_what_is_in_flight(engine):
    with _workflows(engine._url) as (db, status):
        plan = db.execute(sa.text(f"explain query plan {_depth_query(status)}")).all()

    assert len(plan) == 1
    assert "USING COVERING INDEX idx_workflow_status_in_flight" in plan[0].detail
