"""Waiting for workflows: told at once about those of this process, asking about the rest."""

import asyncio
from collections.abc import Sequence

from viralclip.worker.completions import Completions


class Answering:
    """An engine that knows what has ended, and remembers what it was asked."""

    def __init__(self, *ended: str) -> None:
        self.done = set(ended)
        self.asked: list[list[str]] = []

    async def ended(self, workflow_ids: Sequence[str]) -> set[str]:
        self.asked.append(list(workflow_ids))
        return self.done & set(workflow_ids)


async def waiting(completions: Completions, *workflow_ids: str) -> asyncio.Task[None]:
    task = asyncio.create_task(completions.wait(workflow_ids))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


async def test_who_waits_is_told_when_all_have_ended():
    completions = Completions(Answering().ended, {"a", "b"}, ask_s=0)
    task = await waiting(completions, "a", "b")
    completions.notify("a")
    await asyncio.sleep(0)
    assert not task.done()
    completions.notify("b")
    await task


async def test_what_ended_elsewhere_is_asked_for():
    async with asyncio.timeout(5):
        await Completions(Answering("a", "b").ended, (), ask_s=0).wait(["a", "b"])


async def test_what_ends_elsewhere_later_is_seen_then():
    engine = Answering("a")
    task = await waiting(Completions(engine.ended, (), ask_s=0), "a", "b")
    engine.done.add("b")
    async with asyncio.timeout(5):
        await task


async def test_what_runs_here_has_not_ended_before_it_says_so():
    engine = Answering("a", "b")
    here = {"a"}
    completions = Completions(engine.ended, here, ask_s=0)
    task = await waiting(completions, "a", "b")
    for _ in range(10):
        await asyncio.sleep(0)

    assert not task.done()
    assert all("a" not in asked for asked in engine.asked)
    here.remove("a")
    async with asyncio.timeout(5):
        await task


async def test_many_who_wait_for_one_are_all_told():
    completions = Completions(Answering().ended, {"a"}, ask_s=0)
    tasks = [await waiting(completions, "a") for _ in range(3)]
    completions.notify("a")
    async with asyncio.timeout(5):
        await asyncio.gather(*tasks)


async def test_there_is_one_question_however_many_wait():
    engine = Answering()
    completions = Completions(engine.ended, (), ask_s=3600)
    tasks = [await waiting(completions, f"w{place}") for place in range(5)]

    assert len(engine.asked) == 1
    for place in range(5):
        completions.notify(f"w{place}")
    await asyncio.gather(*tasks)


async def test_a_waiter_that_gave_up_disturbs_nobody():
    completions = Completions(Answering().ended, {"a"}, ask_s=0)
    gone, patient = await waiting(completions, "a"), await waiting(completions, "a")
    gone.cancel()
    await asyncio.wait({gone})
    completions.notify("a")
    async with asyncio.timeout(5):
        await patient


async def test_nothing_to_wait_for_is_over_at_once():
    async with asyncio.timeout(5):
        await Completions(Answering().ended, (), ask_s=0).wait([])


async def test_who_waits_is_told_although_the_engine_did_not_answer_once():
    class Stumbling(Answering):
        async def ended(self, workflow_ids: Sequence[str]) -> set[str]:
            if not self.asked:
                self.asked.append([])
                raise OSError("disk I/O error")
            return await super().ended(workflow_ids)

    async with asyncio.timeout(5):
        await Completions(Stumbling("a").ended, (), ask_s=0).wait(["a"])
