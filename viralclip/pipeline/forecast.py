"""A running job's time left, published once a second from what was learned and what goes on."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from viralclip.catalog.records import JobRecord
from viralclip.channel.port import ProgressChannel
from viralclip.eta import TimeLeft, time_left
from viralclip.events import JobTick
from viralclip.job_work import ClipKey, ClipWorkload, Line
from viralclip.pipeline.reporter import JobReport
from viralclip.pipeline.tools import Tools
from viralclip.pipeline.workload import workloads
from viralclip.progress import Progress
from viralclip.steady import DoneAt, steady
from viralclip.telemetry.metrics import TIME_LEFT_ERROR_RATIO, Share

EVERY_S = 1.0
# All forecasts of a process together take no more than this share of its time.
_SHARE = 0.05
# When what is shown is remembered, to be judged once the job has ended.
_SHARES: dict[Share, float] = {"quarter": 0.25, "half": 0.5, "three_quarters": 0.75}

log = structlog.get_logger(__name__)


@dataclass
class Pace:
    """Lets one forecast be made at a time, with a rest after each: however many jobs there are,
    forecasts take a small share of the process."""

    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self, forecast: Callable[[], Awaitable[None]]) -> None:
        now = asyncio.get_running_loop().time
        async with self._turn:
            began = now()
            await forecast()
            await asyncio.sleep((now() - began) * (1 / _SHARE - 1))


@dataclass
class Forecast:
    """Tells a job's time left; `line` says which slots serve it and who is served before it."""

    job: JobRecord
    tools: Tools
    channel: ProgressChannel
    report: JobReport
    line: Callable[[], Awaitable[Line]]
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        self._clips: Mapping[ClipKey, ClipWorkload] | None = None
        self._forecasts: dict[Share, tuple[datetime, datetime]] = {}

    async def run(self) -> None:
        """Tick for as long as the job runs; the caller cancels it."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.pace.take(self._try)

    def judge(self) -> None:
        """The job is done now: record how far off the ends were that were shown before."""
        now = self.report.reporter.now()
        for share, (shown_at, expected) in self._forecasts.items():
            left = max((now - shown_at).total_seconds(), 1e-3)
            TIME_LEFT_ERROR_RATIO.observe(abs((expected - now).total_seconds()) / left, at=share)

    async def _try(self) -> None:
        try:
            await self._tick()
        except Exception as error:  # noqa: BLE001 - a forecast is not worth a job
            log.debug("Time left not known", error=repr(error))

    async def _tick(self) -> None:
        if self._clips is None:
            self._clips = workloads(self.job.plan, self.tools.means)
        progress, _ = await self.channel.progress(self.job.job_id)
        timings, line = await self.tools.catalog.learned_times.read(), await self.line()
        now = self.report.reporter.now()
        left = time_left(progress, self._clips, timings, line, now=now)
        tick = JobTick(job_id=self.job.job_id, at=now, fraction=progress.fraction)
        if left is not None:
            done = steady(_shown(progress), left, now)
            tick = _with_time_left(tick, left, done)
            self.remember(progress.fraction, now, done.expected)
        self.report.tick(tick)

    def remember(self, fraction: float, now: datetime, expected: datetime) -> None:
        """Keep what is shown at a quarter, half and three quarters of the job."""
        reached: list[Share] = [share for share, least in _SHARES.items() if fraction >= least]
        if reached:
            self._forecasts.setdefault(reached[-1], (now, expected))


def _shown(progress: Progress) -> DoneAt | None:
    """What viewers see now: also of a worker that died since."""
    if progress.eta_at is None or progress.eta_low_at is None or progress.eta_high_at is None:
        return None
    return DoneAt(progress.eta_at, progress.eta_low_at, progress.eta_high_at)


def _with_time_left(tick: JobTick, left: TimeLeft, done: DoneAt) -> JobTick:
    return tick.model_copy(
        update={
            "eta_sec": left.expected,
            "eta_low_sec": left.low,
            "eta_high_sec": left.high,
            "eta_at": done.expected,
            "eta_low_at": done.low,
            "eta_high_at": done.high,
        }
    )
