"""A clip that takes far too long is told while it runs; forecasts learn from what goes well."""

import asyncio
import os
import signal
import time

import pytest

from viralclip.channel.port import BEGINNING
from viralclip.events import AnomalyFound
from viralclip.live import EventFrame
from viralclip.pipeline.load import Load
from viralclip.pipeline.workload import workload_of
from viralclip.telemetry.instruments import install
from viralclip.workload import Observation

pytestmark = pytest.mark.timeout(60)


class Counts:
    """A recorder that keeps what is counted."""

    def __init__(self) -> None:
        self.counted: list[tuple[str, tuple[str, ...]]] = []

    def add(self, metric, labels, amount) -> None:  # noqa: ARG002 - how many does not matter
        self.counted.append((metric.name, labels))

    def set(self, metric, labels, value) -> None: ...

    def observe(self, metric, labels, value) -> None: ...

    def clear(self, metric) -> None: ...


@pytest.fixture
def counted():
    recorder = Counts()
    install(recorder)
    yield recorder.counted
    install(None)


async def teach(shop, job, seconds: float, count: int = 12) -> None:
    """Let clips like the job's first have taken so long here."""
    clip = job.plan.clips()[0]
    work = workload_of(job.plan, clip.scene, clip.style, shop.tools.means)
    for at in range(count):
        took = seconds * (1.1 if at % 2 else 0.9)
        seen = Observation(
            workload=work.render, machine=shop.tools.worker.machine, busy=1.0, seconds=took
        )
        await shop.tools.catalog.learned_times.learn(seen)


async def anomaly(shop, job) -> AnomalyFound:
    async for frame in shop.channel.watch(job.job_id, BEGINNING):
        if isinstance(frame, EventFrame) and isinstance(frame.envelope.event, AnomalyFound):
            return frame.envelope.event
    raise AssertionError("the channel has ended")


async def test_a_clip_whose_ffmpeg_is_stopped_is_told_while_it_stands_still(shop, source, counted):
    job = await shop.job(source("small"))
    await teach(shop, job, 0.8)
    shop.use(on_ffmpeg=lambda pid: (shop.ffmpegs.append(pid), os.killpg(pid, signal.SIGSTOP)))

    making = asyncio.create_task(shop.make_first(job))
    told = await anomaly(shop, job)
    progress = await shop.reporter.progress(job.job_id)
    os.killpg(shop.ffmpegs[0], signal.SIGCONT)
    end = await making
    after = await shop.reporter.progress(job.job_id)

    assert (told.scene_id, told.style, told.step) == (1, "original", "rendering")
    assert told.score > 4
    assert told.times
    assert told.times > 2
    assert progress.scenes[0].clips[0].slow_times == told.times
    assert end.ending == "complete"
    assert after.scenes[0].clips[0].slow_times is None
    said = [e for e in await shop.history(job) if e.event.type == "anomaly"]
    assert len(said) == 1
    assert ("viralclip_anomalies_total", ("rendering",)) in counted


async def test_a_machine_that_became_slow_is_told_once(shop, source):
    spans = [(0.1 * at, 0.1 * at + 0.2) for at in range(8)]
    job = await shop.job(source("small"), *spans)
    await teach(shop, job, 0.5, count=30)
    # However fast the machine is: to this clock each clip takes some seconds.
    shop.use(load=Load(clock=lambda: 20 * time.monotonic()))
    for scene in range(1, 9):
        await shop.make((await shop.tasks(job, scene))[0])
    said = [e.event for e in await shop.history(job) if e.event.type == "warning"]

    assert [event.code for event in said] == ["machine_slower"]
