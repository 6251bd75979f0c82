"""Alerts of a process that no Prometheus looks after, sent where VIRALCLIP_ALERTS says."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import structlog

from viralclip.app.places import places
from viralclip.engine.port import QueueOverview
from viralclip.server.pools import Pool
from viralclip.settings import Settings
from viralclip.telemetry import instruments
from viralclip.telemetry.alerts import Figures, Watch
from viralclip.telemetry.metrics import Place
from viralclip.telemetry.notifications import Notifier, open_address
from viralclip.telemetry.tally import Tally

_EVERY_S = 15.0
# What is not known by then is not known at this look.
_LOOK_S = 5.0
_ME = "alerts"

T = TypeVar("T")

log = structlog.get_logger(__name__)


@asynccontextmanager
async def alerting(
    settings: Settings, engine: QueueOverview, *, renders: bool
) -> AsyncIterator[None]:
    """Look at this process for as long as the context is open, and send what is wrong.

    Enter it before a worker begins, or what that says first is not counted. `renders` says that
    one will. NotInstalledError, AlertAddressError.
    """
    notifiers = [Notifier(open_address(url)) for url in settings.telemetry.alerts]
    tally = Tally(instruments.installed())
    instruments.install(tally)
    lookout = Lookout(tally, engine, places(settings), renders=renders)
    tasks = [asyncio.create_task(notifier.run(), name=_ME) for notifier in notifiers]
    tasks.append(asyncio.create_task(lookout.run(notifiers), name=_ME))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


class Lookout:
    """Looks at the queue, the disks and what was recorded, one look after the other."""

    def __init__(
        self,
        tally: Tally,
        engine: QueueOverview,
        folders: Mapping[Place, Path],
        *,
        renders: bool,
        every_s: float = _EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tally = tally
        self._engine = engine
        self._folders = folders
        self._renders = renders
        self._every_s = every_s
        self._clock = clock
        self._looking = Pool(_ME, threads=2, each=1, within_s=_LOOK_S)

    async def run(self, notifiers: Sequence[Notifier]) -> None:
        watch = Watch()
        while True:
            changes = watch.evaluate(await self.collect_figures())
            for change in changes:
                message = "Alert" if change.fires else "Alert over"
                log.warning(
                    message, alert=change.alert, severity=change.severity, so_far=change.so_far
                )
            for notifier in notifiers:
                notifier.put(changes)
            await asyncio.sleep(self._every_s)

    async def collect_figures(self) -> Figures:
        """What is known now."""
        recorded = self._tally.figures(self._clock())
        depth, free = await asyncio.gather(
            self._ask("queue", self._engine.depth),
            self._ask("disks", self._free_bytes),
        )
        return replace(
            recorded,
            accepting=recorded.accepting if self._renders else None,
            clips_waiting=depth.waiting if depth else None,
            clips_running=depth.running if depth else None,
            oldest_waiting_s=depth.oldest_s if depth else None,
            disk_free_bytes=free,
        )

    async def _ask(self, what: str, ask: Callable[[], T]) -> T | None:
        try:
            return await self._looking.run(what, ask)
        except Exception as error:  # noqa: BLE001 - what does not answer is not known this time
            log.warning("Unknown to alerts", what=what, error=repr(error))
            return None

    def _free_bytes(self) -> dict[str, int]:
        return {name: shutil.disk_usage(folder).free for name, folder in self._folders.items()}
