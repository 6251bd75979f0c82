"""The stages of a clip as durable steps: done once, whichever worker goes on with the clip."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog

from viralclip.engine.port import Runtime, StepOfAnotherVersionError
from viralclip.pipeline.tools import R
from viralclip.worker.outage import is_outage

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class DurableCheckpoint:
    """A stage as a step of the runtime's that a cancelled workflow stops at once; kept as plain
    JSON.

    Where the engine cannot record it, the stage is done all the same: a crash may repeat it then.
    Nor can it where a worker of another version began the clip and went through other stages.
    """

    runtime: Runtime

    async def __call__(self, name: str, stage: Callable[[], Awaitable[R]], result: type[R], /) -> R:
        done: list[R] = []
        failed: list[Exception] = []

        async def step() -> dict[str, Any]:
            try:
                done.append(await stage())
            except Exception as error:
                failed.append(error)
                raise
            return done[0].model_dump(mode="json")

        try:
            return result.model_validate(await self.runtime.run_step(name, step))
        except Exception as error:
            if failed:
                raise failed[0] from None
            of_another = isinstance(error, StepOfAnotherVersionError)
            if not done and not is_outage(error) and not of_another:
                raise
            log.warning("Step not recorded", step=name, error=repr(error))
        return done[0] if done else await stage()
