"""What every engine promises: its queues as clients see them, and what a runtime makes of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from viralclip.engine.opening import open_engine, runtime_of
from viralclip.engine.port import StepOfAnotherVersionError
from viralclip.workflow_ref import WorkflowRef

CLIP = WorkflowRef("j", 1, 1, "split")


@pytest.fixture
async def engine(url):
    async with open_engine(url) as opened:
        yield opened


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


async def test_what_is_queued_survives_its_client(url):
    async with open_engine(url) as engine:
        await engine.enqueue([WorkflowRef("j", 1, 1, "split")], priority=1)
    async with open_engine(url) as engine:
        await engine.cancel_clips("j", 1)

        assert await engine.ended(["j.1.1.split"]) == {"j.1.1.split"}


async def test_a_job_knows_how_many_clips_go_before_its_first(engine):
    await engine.enqueue([WorkflowRef("first", 1, 1, "split"), WorkflowRef("first", 1)], priority=3)
    await engine.enqueue([WorkflowRef("other", 1, 1, "split")], priority=5)
    await engine.enqueue([WorkflowRef("other", 1, 2, "split")], priority=9)
    await engine.enqueue([WorkflowRef("late", 1, 1, "split")], priority=6)
    ahead = {job: await engine.ahead(job) for job in ("first", "other", "late", "none")}
    await engine.set_priority("late", 1)

    assert ahead == {"first": 0, "other": 1, "late": 2, "none": None}
    assert await engine.ahead("late") == 0


class Process:
    """A process that runs work: what it ran, in order, and what it is in the middle of."""

    def __init__(self, url: str) -> None:
        self.runtime = runtime_of(url)
        self.ran: list[tuple[Any, ...]] = []
        self.at_once = self.most_at_once = 0
        self.left_with: list[BaseException] = []
        self._tasks: list[asyncio.Task[Any]] = []

    def launch(self, work: Callable[[], Awaitable[None]], *, worker: str = "w1", slots: int = 1):
        async def workflow(*arguments: Any) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.append(task)
            self.ran.append(arguments)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            try:
                await work()
            except BaseException as error:
                self.left_with.append(error)
                raise
            finally:
                self.at_once -= 1

        workflows = dict.fromkeys(("job", "scene", "clip"), workflow)
        return self.runtime.launch(workflows, worker=worker, slots=slots, eager=True)

    async def leave(self) -> None:
        """Leave the work that goes on to others."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 - another thread's work, or a row's
            await asyncio.sleep(0.02)


def all_ended(engine, *works: WorkflowRef) -> Callable[[], Awaitable[bool]]:
    ids = [work.workflow_id for work in works]

    async def ended() -> bool:
        return await engine.ended(ids) == set(ids)

    return ended


def has_any(things: list[Any]) -> Callable[[], Awaitable[bool]]:
    async def has() -> bool:
        return bool(things)

    return has


async def nothing() -> None:
    pass


async def for_ever() -> None:
    await asyncio.get_running_loop().create_future()


async def test_queued_work_is_run_once_with_its_place_as_arguments(url, engine):
    works = [WorkflowRef("j", 1), WorkflowRef("j", 1, 1), CLIP]
    process = Process(url)
    await engine.enqueue(works, priority=1)
    with process.launch(nothing):
        await until(all_ended(engine, *works))
        await engine.enqueue(works, priority=1)

    assert sorted(process.ran, key=len) == [work.arguments for work in works]


async def test_no_more_clips_run_at_once_than_there_are_slots(url, engine):
    works = [WorkflowRef("j", 1, scene, "split") for scene in range(6)]
    process = Process(url)
    await engine.enqueue(works, priority=1)
    with process.launch(lambda: asyncio.sleep(0.05), slots=2):
        process.runtime.poll_evenly()
        await until(all_ended(engine, *works))

    assert process.most_at_once == 2


async def test_a_lower_number_goes_first_even_if_it_was_given_later(url, engine):
    works = [WorkflowRef(job_id, 1, 1, "split") for job_id in ("a", "b", "c")]
    for number, work in enumerate(works):
        await engine.enqueue([work], priority=5 + number)
    await engine.set_priority("c", 1)
    process = Process(url)
    with process.launch(nothing):
        await until(all_ended(engine, *works))

    assert [job_id for job_id, *_ in process.ran] == ["c", "a", "b"]


async def test_work_that_runs_has_an_owner_and_that_which_waits_is_in_the_queue(url, engine):
    waits = WorkflowRef("j", 1, 2, "split")
    process = Process(url)
    await engine.enqueue([CLIP, waits], priority=1)
    with process.launch(for_ever, worker="w7"):
        await until(lambda: _has_begun(engine))
        (owned,) = await engine.begun()
        queue, depth = await engine.clip_queue(limit=9), engine.depth()
        await process.leave()

    assert (owned.work, owned.worker) == (CLIP, "w7")
    assert (queue.running, queue.waiting) == ((CLIP,), (waits,))
    assert (depth.running, depth.waiting) == (1, 1)


async def test_a_cancelled_step_stops_at_once_and_its_workflow_has_ended(url, engine):
    process = Process(url)

    rendering: list[bool] = []

    async def work() -> None:
        await process.runtime.run_step("render", render)

    async def render() -> dict[str, Any]:
        rendering.append(True)
        await for_ever()
        return {}

    await engine.enqueue([CLIP], priority=1)
    with process.launch(work):
        await until(has_any(rendering))
        await engine.cancel([CLIP.workflow_id])
        await until(all_ended(engine, CLIP))
        await until(has_any(process.left_with))

    (error,) = process.left_with
    assert process.runtime.is_cancellation(error)
    assert not process.runtime.is_cancellation(ValueError())


async def test_a_step_that_was_done_is_not_done_again_by_whoever_goes_on(url, engine):
    done: list[str] = []
    second = Process(url)

    async def render() -> dict[str, Any]:
        done.append("render")
        return {"bytes": 7}

    async def begin() -> None:
        await first.runtime.run_step("render", render)
        await for_ever()

    async def go_on() -> None:
        done.append(str(await second.runtime.run_step("render", render)))

    first = Process(url)
    await engine.enqueue([CLIP], priority=1)
    with first.launch(begin, worker="w1"):
        await until(has_any(done))
        await first.leave()
    await engine.resume([CLIP])
    with second.launch(go_on, worker="w2"):
        await until(all_ended(engine, CLIP))

    assert done == ["render", "{'bytes': 7}"]


async def test_a_step_in_the_place_of_another_is_of_another_version(url, engine):
    begun: list[str] = []

    async def step() -> dict[str, Any]:
        begun.append("step")
        return {}

    async def begin() -> None:
        await first.runtime.run_step("of_old", step)
        await for_ever()

    async def go_on() -> None:
        await second.runtime.run_step("of_new", step)

    first, second = Process(url), Process(url)
    await engine.enqueue([CLIP], priority=1)
    with first.launch(begin, worker="w1"):
        await until(has_any(begun))
        await first.leave()
    await engine.resume([CLIP])
    with second.launch(go_on, worker="w2"):
        await until(all_ended(engine, CLIP))

    (error,) = second.left_with
    assert isinstance(error, StepOfAnotherVersionError)


async def test_work_that_failed_has_ended(url, engine):
    async def fail() -> None:
        raise ValueError("a bug")

    process = Process(url)
    await engine.enqueue([CLIP], priority=1)
    with process.launch(fail):
        await until(all_ended(engine, CLIP))

    assert await engine.begun() == []


async def test_records_of_a_job_are_known_until_they_are_forgotten(engine):
    await engine.enqueue([WorkflowRef("j", 1), CLIP], priority=1)
    later = datetime.now(UTC) + timedelta(minutes=1)
    queued_at = await engine.queued_at(CLIP)
    known = await engine.job_ids(later)
    await engine.forget("j")

    assert queued_at is not None
    assert abs(queued_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert known == {"j"}
    assert await engine.job_ids(later) == set()
    assert await engine.queued_at(CLIP) is None


async def _has_begun(engine) -> bool:
    return bool(await engine.begun())
