"""A clip in the making: its stages announced, checkpointed, and tried again when that may help."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypedDict

import structlog
from structlog.contextvars import bind_contextvars

from viralclip.errors import ViralclipError, known_error
from viralclip.events import ClipProgressed, Retrying, RetryingDetails
from viralclip.pipeline.render import RenditionLostError
from viralclip.pipeline.reporter import ClipReport
from viralclip.pipeline.stopwatch import timed
from viralclip.pipeline.store import StoredClip
from viralclip.pipeline.timing import ClipTiming
from viralclip.pipeline.tools import Checkpoint, ClipTask, R, Tools
from viralclip.telemetry import traces
from viralclip.telemetry.metrics import RETRIES

log = structlog.get_logger(__name__)


class Place(TypedDict):
    scene_id: int
    style: str


@dataclass
class Making:
    """What the stages of one clip work with, and what the last of them leaves: the stored clip."""

    task: ClipTask
    tools: Tools
    report: ClipReport
    checkpoint: Checkpoint
    timing: ClipTiming
    stored: StoredClip | None = None

    @property
    def place(self) -> Place:
        return place_of(self.report)

    async def run(
        self, announcement: ClipProgressed, stage: Callable[[], Awaitable[R]], result: type[R]
    ) -> R:
        """Say that the stage begins, and do it; tried again, and said, when that may help."""
        failures = 0
        stage = timed(stage, step=announcement.step, style=self.report.style)
        while True:
            self.report.emit(announcement)
            bind_contextvars(step=announcement.step, attempt=self.report.attempt)
            try:
                with traces.step(announcement.step, _facts(announcement, self.report)):
                    return await self.checkpoint(announcement.step, stage, result)
            except RenditionLostError:
                raise
            except Exception as raised:
                failures += 1
                error = known_error(raised)
                if not error.retryable or failures >= self.tools.retries.tries:
                    raise
                await self._wait(error, failures)

    async def _wait(self, error: ViralclipError, failures: int) -> None:
        retries, report = self.tools.retries, self.report
        delay = retries.delay(failures)
        RETRIES.count(code=error.code)
        log.warning("Clip stage will be tried again", code=error.code, error=error.detail)
        step = report.step
        traces.current().fail(error.code, error.message)
        details = RetryingDetails(
            attempt=report.attempt + 1, delay_sec=round(delay, 3), code=error.code
        )
        report.emit(Retrying(**self.place, details=details))
        report.step = step
        await retries.sleep(delay)
        report.attempt += 1
        report.spans.go_on(report.attempt)


def place_of(report: ClipReport) -> Place:
    return {"scene_id": report.scene_id, "style": report.style}


def _facts(announcement: ClipProgressed, report: ClipReport) -> dict[str, traces.Attribute]:
    """What its span says of a step; a file's name is told by the scene's."""
    details = announcement.details.model_dump(exclude={"filename"})
    facts: dict[str, traces.Attribute] = {"step": announcement.step.value, **details}
    return {f"viralclip.{name}": value for name, value in facts.items()} | {
        "viralclip.attempt": report.attempt
    }
