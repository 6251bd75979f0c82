"""How many events and ticks the embedded channel takes, and how soon it replays a history."""

import asyncio
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Figure, spread
from viralclip.channel.opening import open_channel
from viralclip.channel.port import BEGINNING, ProgressChannel
from viralclip.events import ClipTick, Logged, NewEvent
from viralclip.live import EventFrame
from viralclip.steps import Step

_REPLAYED = 2000
_BATCH = 50
_ROUNDS = 5


def measure(folder: Path, *, short: bool) -> list[Figure]:
    return asyncio.run(_measure(folder, rounds=1 if short else _ROUNDS))


async def _measure(folder: Path, *, rounds: int) -> list[Figure]:
    async with open_channel(f"sqlite:///{folder}/bench-events.db") as channel:
        single = [await _publish(channel, f"single-{n}", batch=1) for n in range(rounds)]
        batch = [await _publish(channel, f"batch-{n}", batch=_BATCH) for n in range(rounds)]
        ticks = [await _tick(channel, f"ticks-{n}") for n in range(rounds)]
        replay = [await _replay(channel, f"single-{n}") for n in range(rounds)]
    return [
        _rate("events, one by one", single),
        _rate(f"events, {_BATCH} at a time", batch),
        _rate("ticks, one by one", ticks),
        Figure(
            f"replay of {_REPLAYED} events",
            statistics.median(replay) * 1000,
            "ms",
            spread([seconds * 1000 for seconds in replay], "ms"),
        ),
    ]


def _rate(what: str, seconds: list[float]) -> Figure:
    raw = f"{_REPLAYED} in {spread(seconds, 's', digits=3)}"
    return Figure(what, _REPLAYED / statistics.median(seconds), "per s", raw)


async def _publish(channel: ProgressChannel, job_id: str, *, batch: int) -> float:
    drafts = [_draft(job_id, number) for number in range(_REPLAYED)]
    began = time.perf_counter()
    for place in range(0, _REPLAYED, batch):
        await channel.publish(drafts[place : place + batch])
    return time.perf_counter() - began


async def _tick(channel: ProgressChannel, job_id: str) -> float:
    ticks = [_clip_tick(job_id, number) for number in range(_REPLAYED)]
    began = time.perf_counter()
    for tick in ticks:
        await channel.tick([tick])
    return time.perf_counter() - began


async def _replay(channel: ProgressChannel, job_id: str) -> float:
    """From asking for a job's history to holding its last event, validated."""
    began = time.perf_counter()
    told = 0
    async for frame in channel.watch(job_id, after=BEGINNING):
        told += isinstance(frame, EventFrame)
        if told == _REPLAYED:
            break
    return time.perf_counter() - began


def _draft(job_id: str, number: int) -> NewEvent:
    event = Logged(level="info", message=f"Something happened for the {number}th time")
    return NewEvent(job_id=job_id, run=1, at=datetime.now(UTC), trace_id="0" * 32, event=event)


def _clip_tick(job_id: str, number: int) -> ClipTick:
    return ClipTick(
        job_id=job_id,
        scene_id=number % 4,
        style="center_focus",
        attempt=1,
        step=Step.RENDERING,
        fraction=number / _REPLAYED,
        fps=60.0,
        speed=2.4,
        eta_sec=10.0,
    )
