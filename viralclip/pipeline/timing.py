"""Times the stages of a clip: says when one takes far too long, and lets forecasts learn."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import structlog

from viralclip.anomalies import Anomaly, judge
from viralclip.events import AnomalyFound
from viralclip.pipeline.load import Stretch
from viralclip.pipeline.reporter import ClipReport
from viralclip.pipeline.tools import ClipTask, Tools
from viralclip.pipeline.workload import workload_of
from viralclip.telemetry.metrics import ANOMALIES
from viralclip.workload import Observation, Stage, Workload

EVERY_S = 1.0
_DRIFT_WORDS = (
    "This machine has become slower: clips take longer here than clips like them did. Times left"
    " are learned anew."
)

log = structlog.get_logger(__name__)


class ClipTiming:
    """How long the stages of one clip take, each in the company of how many others."""

    def __init__(self, task: ClipTask, tools: Tools, report: ClipReport) -> None:
        self._task = task
        self._tools = tools
        self._report = report
        self._is_first = report.attempt == 1
        self._done: dict[Stage, Stretch] = {}

    @asynccontextmanager
    async def stage(self, stage: Stage) -> AsyncIterator[Stretch]:
        """Time a stage, and watch it; one that is done again counts as it was done last."""
        load = self._tools.analysing.load
        # Several clips wait for one analysis or transcription: whoever begins it counts it.
        with load.work() if stage == "render" else load.wait() as stretch:
            watching = asyncio.create_task(self._watch(stage, stretch), name="watch a stage")
            try:
                yield stretch
            finally:
                watching.cancel()
                await asyncio.wait({watching})
        self._done[stage] = stretch

    async def learn(self) -> None:
        """Remember how long the clip took; that a forecast gets worse is not worth a clip.

        A time that includes retries teaches nothing, nor one of an attempt that goes on with what
        another had done.
        """
        if not self._is_first or self._report.is_retried:
            return
        try:
            for seen in self._observations():
                await self._learn(seen)
        except Exception as error:  # noqa: BLE001 - see above
            log.warning("Timing not saved", error=repr(error))

    async def _learn(self, seen: Observation) -> None:
        machine = await self._tools.catalog.learned_times.learn(seen)
        if machine.drifting != 1:
            return
        is_slower = machine.residuals[-1] > 0
        log.warning("Machine drifts", machine=seen.machine, is_slower=is_slower)
        if is_slower:
            self._report.warn("machine_slower", _DRIFT_WORDS)

    def _observations(self) -> Iterator[Observation]:
        for stage, stretch in self._done.items():
            workload = self._workload(stage)
            if workload is not None and stretch.is_own:
                yield Observation(
                    workload=workload,
                    machine=self._tools.worker.machine,
                    busy=stretch.busy,
                    seconds=stretch.seconds,
                )

    def _workload(self, stage: Stage) -> Workload | None:
        plan, clip = self._task.job.plan, self._task.clip
        work = workload_of(plan, clip.scene, clip.style, self._tools.means)
        match stage:
            case "transcription":
                return work.transcription
            case "analysis":
                return work.analysis
            case "render":
                return work.render

    async def _watch(self, stage: Stage, stretch: Stretch) -> None:
        """Once a second: whether the stage takes far too long; that is said once."""
        try:
            workload = self._workload(stage)
            if workload is None or not self._is_first:
                return
            # Nothing is judged before: a stage that is over by then asks the catalog nothing.
            await asyncio.sleep(EVERY_S)
            model = (await self._tools.catalog.learned_times.read()).model(stage)
            deviation, machine = model.robust_deviation, self._tools.worker.machine
            while not self._report.is_retried:
                expected = model.predict(workload, machine=machine, busy=stretch.busy)
                left = self._report.eta_sec
                found = judge(stretch.seconds, expected, deviation=deviation, left=left)
                if found and stretch.is_own:
                    self._report_slow(found, expected.seconds)
                    return
                await asyncio.sleep(EVERY_S)
        except Exception as error:  # noqa: BLE001 - that nobody watches is not worth a clip
            log.debug("Clip not watched", error=repr(error))

    def _report_slow(self, found: Anomaly, expected: float) -> None:
        report = self._report
        log.warning(
            "Clip takes unusually long",
            step=report.step,
            times=round(found.times, 1),
            score=round(found.score, 1),
            expected_sec=round(expected, 1),
        )
        ANOMALIES.count(step=report.step)
        report.emit(
            AnomalyFound(
                scene_id=report.scene_id,
                style=report.style,
                step=report.step,
                score=round(found.score, 2),
                times=round(found.times, 2),
            )
        )
