"""Events in the memory of this process, for one process that makes and shows; gone when it ends."""

import asyncio
import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import takewhile
from typing import ClassVar

from viralclip.channel.history import View
from viralclip.channel.wakers import Wakers
from viralclip.events import ClipTick, JobTick, NewEvent


@dataclass
class _Job:
    epoch: str = field(default_factory=lambda: secrets.token_hex(6))
    bodies: list[str] = field(default_factory=list[str])
    seqs: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class _Tick:
    rev: int
    seq: int
    body: str


class MemoryStore:
    """Keeps every event of every job that is not forgotten, as text, as all stores do."""

    outages: ClassVar[tuple[type[Exception], ...]] = ()

    def __init__(self) -> None:
        self._jobs: dict[str, _Job] = {}
        self._ticks: dict[str, dict[str, _Tick]] = {}
        self._wakers = Wakers()

    async def append(self, drafts: list[NewEvent]) -> list[int]:
        seqs = [self._append(draft) for draft in drafts]
        self._wakers.wake({draft.job_id for draft in drafts})
        return seqs

    def _append(self, draft: NewEvent) -> int:
        job = self._jobs.setdefault(draft.job_id, _Job())
        if draft.key not in job.seqs:
            seq = len(job.bodies) + 1
            job.bodies.append(draft.json_numbered(seq))
            job.seqs[draft.key] = seq
        return job.seqs[draft.key]

    async def replace(self, ticks: list[ClipTick | JobTick]) -> None:
        for tick in ticks:
            job, last = self._jobs.get(tick.job_id), self._ticks.setdefault(tick.job_id, {})
            rev = _rev(last) + 1
            # The latest stands last, so that they are in the order of their revisions.
            last.pop(tick.tick_key, None)
            seq = len(job.bodies) if job else 0
            last[tick.tick_key] = _Tick(rev, seq, tick.model_dump_json())
        self._wakers.wake({tick.job_id for tick in ticks})

    async def read(self, job_id: str, after: int, rev: int, limit: int) -> View:
        job, ticks = self._jobs.get(job_id), self._ticks.get(job_id, {})
        newest_first = takewhile(
            lambda tick: tick.rev > rev and tick.seq >= after, reversed(ticks.values())
        )
        later = tuple((tick.seq, tick.body) for tick in newest_first)[::-1]
        if job is None:
            return View(rev=_rev(ticks), ticks=later)
        events = job.bodies[after : after + limit]
        return View(job.epoch, len(job.bodies), _rev(ticks), events=events, ticks=later)

    async def delete(self, job_id: str) -> None:
        self._jobs.pop(job_id, None)
        self._ticks.pop(job_id, None)
        self._wakers.wake({job_id})

    def waker(self, job_id: str) -> AbstractContextManager[asyncio.Event]:
        return self._wakers.of(job_id)


def _rev(ticks: dict[str, _Tick]) -> int:
    """The latest revision."""
    return next((tick.rev for tick in reversed(ticks.values())), 0)
