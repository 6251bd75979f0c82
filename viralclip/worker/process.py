"""A process that renders: serves one engine's queues, and takes over the work of dead workers."""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, suppress
from dataclasses import replace
from importlib import import_module
from types import TracebackType
from typing import Any, Self

from viralclip.channel.port import ProgressChannel
from viralclip.engine.port import Engine, Runtime
from viralclip.pipeline.reporter import Reporter
from viralclip.pipeline.tools import Tools
from viralclip.worker.cleanup import remove_finished_work
from viralclip.worker.intake import CHECK_S, Intake, Reason
from viralclip.worker.liveness import Roster
from viralclip.worker.takeover import Strays, Takeover
from viralclip.worker.workflows import Workflows

# For how long a worker that has just begun looks for work eagerly.
_EAGER_S = 1.5


def new_worker_id() -> str:
    """Unique among all workers there ever were: host, process, and a random part."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


class Worker:
    """Serves the queues of an engine while it is open; `slots` clips at once.

    `again` says that this process was this worker before, and ended its work when it lost its
    place among the living: what it left undone it did not die of. `advertised` gives what others
    may know of it while it lives, from why it takes no clips. It takes none for the `reasons`.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        runtime: Runtime,
        tools: Tools,
        channel: ProgressChannel,
        roster: Roster,
        slots: int,
        grace_s: float = 0.0,
        again: bool = False,
        advertised: Callable[[str], str] = lambda _: "",
        reasons: Sequence[Reason] = (),
        check_s: float = CHECK_S,
    ) -> None:
        self._engine = engine
        self._runtime = runtime
        self._tools = tools
        self._channel = channel
        self._roster = roster
        self._slots = slots
        self._grace = grace_s
        self._again = again
        self._advertised = advertised
        self._reasons = reasons
        self._check_s = check_s
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            me = self._tools.worker
            self._lease = await stack.enter_async_context(
                self._roster.hold(me.name, advertised=self._advertised(""))
            )
            intake = self._intake()
            await intake.check()
            owner = replace(me, confirm_ownership=self._lease.confirm_ownership)
            reporter = await stack.enter_async_context(Reporter(self._channel))
            self._workflows = Workflows(
                tools=replace(self._tools, worker=owner),
                engine=self._engine,
                runtime=self._runtime,
                channel=self._channel,
                reporter=reporter,
                slots=self._slots,
            )
            succession = self._succession(reporter)
            crashed = self._lease.crashed_before and not self._again
            await succession.requeue_work_of(me.name, crashed=crashed)
            stack.enter_context(self._launched())
            await succession.take_over()
            await _in_background(stack, succession.watch_over(), name="takeover")
            await _in_background(stack, self._settle(), name="settling")
            clearing = remove_finished_work(self._tools.storing.work, self._tools.catalog)
            await _in_background(stack, clearing, name="leftovers")
            stack.push_async_callback(self._leave)
            stack.callback(intake.end)
            await _in_background(stack, intake.watch(), name="intake")
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _settle(self) -> None:
        """Once the first clip is begun, or none seems to come: be ready for the ends of clips, and
        look for work at an even pace, for to go on as eagerly would cost much of a core."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_EAGER_S):
                await self._workflows.begun.wait()
        self._runtime.poll_evenly()
        await asyncio.to_thread(import_module, "viralclip.media.thumbnail")

    def _launched(self) -> AbstractContextManager[None]:
        return self._runtime.launch(
            self._workflows.by_kind,
            worker=self._tools.worker.name,
            slots=self._slots,
            # A worker of a single machine mostly begins because there is work.
            eager=not self._engine.is_shared,
        )

    @property
    def lost(self) -> asyncio.Event:
        """Set when this worker has lost its place among the living, and must be closed."""
        return self._lease.lost

    def _intake(self) -> Intake:
        def advertise(why: str) -> None:
            self._lease.advertise(self._advertised(why))

        return Intake(self._runtime, self._reasons, advertise, check_s=self._check_s)

    def _succession(self, reporter: Reporter) -> Takeover:
        return Takeover(
            me=self._tools.worker.name,
            roster=self._roster,
            engine=self._engine,
            catalog=self._tools.catalog,
            reporter=reporter,
            strays=Strays(self._workflows.running),
        )

    async def _leave(self) -> None:
        await self._workflows.drain(0.0 if self.lost.is_set() else self._grace)


async def _in_background(
    stack: AsyncExitStack, work: Coroutine[Any, Any, None], *, name: str
) -> None:
    """Do the work beside everything else until the stack is closed."""
    task = asyncio.create_task(work, name=name)

    async def stop() -> None:
        task.cancel()
        await asyncio.wait({task})

    stack.push_async_callback(stop)
