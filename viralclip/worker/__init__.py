"""A process that renders: serves one engine's queues, and takes over the work of dead workers."""

import asyncio
import os
import secrets
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from dbos import DBOS, DBOSConfig

from viralclip.channel import ProgressChannel
from viralclip.engine import APP_NAME, APP_VERSION, Engine
from viralclip.pipeline import Tools
from viralclip.pipeline.reporter import Reporter
from viralclip.worker.liveness import FileLock
from viralclip.worker.takeover import take_over, watch_over
from viralclip.worker.workflows import Workflows


def new_worker_id() -> str:
    """Unique among all workers there ever were: host, process, and a random part."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


class Worker:
    """Serves the queues of the engine at `engine_url` while it is open; `slots` clips at once."""

    def __init__(
        self,
        *,
        engine_url: str,
        engine: Engine,
        tools: Tools,
        channel: ProgressChannel,
        locks: Path,
        slots: int,
        grace_s: float = 0.0,
    ) -> None:
        self._engine_url = engine_url
        self._engine = engine
        self._tools = tools
        self._channel = channel
        self._locks = locks
        self._slots = slots
        self._grace = grace_s
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.enter_context(FileLock(self._locks, self._tools.worker))
            reporter = await stack.enter_async_context(Reporter(self._channel))
            await self._engine.set_slots(self._slots)
            self._workflows = Workflows(
                tools=self._tools,
                engine=self._engine,
                channel=self._channel,
                reporter=reporter,
                slots=self._slots,
            )
            self._launch()
            stack.callback(_shut_down)
            await self._watch_over(stack, reporter)
            stack.push_async_callback(self._leave)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    def _launch(self) -> None:
        config: DBOSConfig = {
            "name": APP_NAME,
            "system_database_url": self._engine_url,
            "executor_id": self._tools.worker,
            "application_version": APP_VERSION,
            "log_level": "CRITICAL",
            # They serve every asyncio.to_thread of the loop; without a bound there were sixty.
            "max_executor_threads": 16,
            # Nothing here waits for its notifications; a long poll would only delay shutting down.
            "notification_listener_polling_interval_sec": 0.1,
        }
        DBOS(config=config)
        self._workflows.register()
        DBOS.launch()

    async def _watch_over(self, stack: AsyncExitStack, reporter: Reporter) -> None:
        about = {
            "me": self._tools.worker,
            "locks": self._locks,
            "engine": self._engine,
            "catalog": self._tools.catalog,
            "reporter": reporter,
        }
        await take_over(**about)
        watching = asyncio.create_task(watch_over(**about), name="takeover")

        async def stop() -> None:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

        stack.push_async_callback(stop)

    async def _leave(self) -> None:
        await self._workflows.drain(self._grace)


def _shut_down() -> None:
    """End the engine's runtime. It had made its own threads the loop's, and takes them with it."""
    DBOS.destroy(destroy_registry=True)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
