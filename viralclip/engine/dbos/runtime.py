"""The runtime on DBOS: runs queued work in this process, and records its steps."""

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from dbos import DBOS, DBOSConfig, StepOptions
from dbos import error as dbos_error

from viralclip.engine.dbos.client import APP_NAME, APP_VERSION
from viralclip.engine.dbos.queues import Queues
from viralclip.engine.port import Step, StepOfAnotherVersionError, Workflow
from viralclip.workflow_ref import Kind


class DbosRuntime:
    """Serves the queues in the database at `url`; DBOS has one runtime in a process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._takes_clips = True
        self._queues: Queues | None = None

    @contextmanager
    def launch(
        self, workflows: Mapping[Kind, Workflow], *, worker: str, slots: int, eager: bool
    ) -> Iterator[None]:
        config: DBOSConfig = {
            "name": APP_NAME,
            "system_database_url": self._url,
            "executor_id": worker,
            "application_version": APP_VERSION,
            "log_level": "CRITICAL",
            # They serve every asyncio.to_thread of the loop; without a bound there were sixty.
            "max_executor_threads": 16,
            # Nothing here waits for its notifications; a long poll would only delay shutting down.
            "notification_listener_polling_interval_sec": 0.1,
        }
        self._queues = queues = Queues(DBOS(config=config), slots=slots)
        queues.take_clips(self._takes_clips)
        if eager:
            queues.look_eagerly()
        for kind, workflow in workflows.items():
            DBOS.workflow(name=kind)(workflow)
        DBOS.launch()
        try:
            yield
        finally:
            self._queues = None
            _shut_down()

    def poll_evenly(self) -> None:
        if self._queues is not None:
            self._queues.look_evenly()

    def take_clips(self, takes: bool) -> None:  # noqa: FBT001 - what a switch is given
        self._takes_clips = takes
        if self._queues is not None:
            self._queues.take_clips(takes)

    async def run_step(self, name: str, step: Step) -> dict[str, Any]:
        options: StepOptions = {"name": name, "preemptible": True}
        try:
            return await DBOS.run_step_async(options, step)
        except dbos_error.DBOSUnexpectedStepError as error:
            raise StepOfAnotherVersionError(str(error)) from error

    def is_cancellation(self, error: BaseException) -> bool:
        return isinstance(error, dbos_error.DBOSWorkflowCancelledError)


def _shut_down() -> None:
    """End the runtime. It had made its own threads the loop's, and takes them with it."""
    DBOS.destroy(destroy_registry=True)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
