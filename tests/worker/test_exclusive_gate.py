"""Clips are made side by side, and a suspect one alone."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viralclip.worker.exclusive_gate import ExclusiveGate


class Clips:
    """Clips that join one company, each until it is told to leave."""

    def __init__(self) -> None:
        self.company = ExclusiveGate()
        self.inside: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, name: str, *, alone: bool = False) -> None:
        self._ends[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._be(name, alone=alone))
        await _settle()

    async def leave(self, name: str) -> None:
        self._ends[name].set()
        await self._tasks[name]
        await _settle()

    async def cancel(self, name: str) -> None:
        self._tasks[name].cancel()
        with pytest.raises(asyncio.CancelledError):
            await self._tasks[name]
        await _settle()

    async def _be(self, name: str, *, alone: bool) -> None:
        async with self.company.join(alone=alone):
            self.inside.append(name)
            try:
                await self._ends[name].wait()
            finally:
                self.inside.remove(name)


async def _settle() -> None:
    """Let everybody take the steps that they can take."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_ordinary_clips_are_inside_together():
    clips = Clips()
    await clips.come("a")
    await clips.come("b")

    assert clips.inside == ["a", "b"]


async def test_a_suspect_waits_until_it_is_alone_and_is_then_left_alone():
    clips = Clips()
    await clips.come("a")
    await clips.come("suspect", alone=True)
    await clips.come("b")
    assert clips.inside == ["a"]

    await clips.leave("a")
    assert clips.inside == ["suspect"]

    await clips.leave("suspect")
    assert clips.inside == ["b"]


async def test_two_suspects_take_turns():
    clips = Clips()
    await clips.come("one", alone=True)
    await clips.come("two", alone=True)
    assert clips.inside == ["one"]

    await clips.leave("one")
    assert clips.inside == ["two"]


@pytest.mark.parametrize("alone", [True, False])
async def test_who_is_cancelled_at_the_door_or_inside_stands_in_nobodys_way(*, alone: bool):
    clips = Clips()
    await clips.come("inside", alone=True)
    await clips.come("waiting", alone=alone)
    await clips.cancel("waiting")
    await clips.cancel("inside")
    await clips.come("a", alone=alone)

    assert clips.inside == ["a"]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.booleans(), min_size=1, max_size=12), st.randoms())
async def test_everybody_gets_in_once_and_no_suspect_has_company(suspects: list[bool], chance):
    clips = Clips()
    served: Counter[str] = Counter()
    for number, alone in enumerate(suspects):
        await clips.come(f"{'suspect' if alone else 'clip'} {number}", alone=alone)
    while clips.inside:
        assert len(clips.inside) == 1 or not any(name.startswith("s") for name in clips.inside)
        name = chance.choice(clips.inside)
        served[name] += 1
        await clips.leave(name)

    assert sorted(served.values()) == [1] * len(suspects)
