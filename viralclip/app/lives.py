"""Who is alive among the workers: of a job, for whoever shows it, and of the engine, for whoever
accepts jobs for them."""

import asyncio
import math
import socket
import time
from collections import OrderedDict
from collections.abc import Sequence

from viralclip.abilities import Abilities, abilities_of
from viralclip.app.records import Records, engine_of
from viralclip.app.workers import abilities, open_roster
from viralclip.catalog.port import Catalog
from viralclip.catalog.records import JobRecord
from viralclip.channel.attended import AttendedChannel
from viralclip.channel.port import ProgressChannel
from viralclip.settings import Settings
from viralclip.worker.liveness import FileRoster

_NEWS_S = 1.0
_KNOWN = 256


def attended(settings: Settings, records: Records) -> ProgressChannel:
    """The channel for whoever shows jobs: with it comes whether a worker is at them."""
    return AttendedChannel(records.channel, Lives(settings, records.catalog).is_alive)


class Lives:
    """Who is alive among the workers of any engine, asked at most once a second each."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        self._settings = settings
        self._catalog = catalog
        self._jobs: OrderedDict[str, JobRecord] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], tuple[float, bool]] = OrderedDict()

    async def is_alive(self, job_id: str, worker: str) -> bool:
        """Whether the worker lives; a worker of another machine's own engine is taken to."""
        job = await self._job(job_id)
        if job is None:
            return True
        shared = job.engine_url == self._settings.databases.service_engine_name
        if not shared and not worker.startswith(f"{socket.gethostname()}-"):
            return True
        asked_at, alive = self._known.get((job.engine_url, worker), (-math.inf, True))
        if time.monotonic() - asked_at > _NEWS_S:
            roster = open_roster(self._settings, engine_of(self._settings, job))
            alive = await roster.life_of(worker) == "alive"
            self._known[job.engine_url, worker] = (time.monotonic(), alive)
            while len(self._known) > _KNOWN:
                self._known.popitem(last=False)
        return alive

    async def _job(self, job_id: str) -> JobRecord | None:
        """The job as it was once: what is asked of it never changes."""
        if job_id not in self._jobs:
            job = await self._catalog.jobs.find(job_id)
            if job is None:
                return None
            self._jobs[job_id] = job
            while len(self._jobs) > _KNOWN:
                self._jobs.popitem(last=False)
        return self._jobs[job_id]


class LivingWorkers:
    """What the workers of the shared engine can do, asked at most once a second."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._roster = open_roster(settings, settings.databases.service_engine_url)
        self._asked_at = -math.inf
        self._answer: asyncio.Future[Sequence[Abilities]] | None = None

    async def ask(self) -> Sequence[Abilities]:
        """Those of this machine alone can do what is found here now, for a model that has just been
        fetched is theirs, too. ConnectionError where nobody can be asked, at once for all that wait
        for the same answer."""
        is_old = time.monotonic() - self._asked_at > _NEWS_S
        if self._answer is None or (is_old and self._answer.done()):
            self._asked_at = time.monotonic()
            self._answer = asyncio.ensure_future(self._ask())
        return await asyncio.shield(self._answer)

    async def _ask(self) -> Sequence[Abilities]:
        advertised = await self._roster.advertised()
        if advertised and isinstance(self._roster, FileRoster):
            return [await asyncio.to_thread(abilities, self._settings)]
        return abilities_of(advertised.values())
