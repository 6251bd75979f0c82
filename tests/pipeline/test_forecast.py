"""A running job's time left is told about once a second, and judged once the job has ended."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from viralclip.channel.port import BEGINNING
from viralclip.events import JobTick
from viralclip.job_work import Line
from viralclip.live import TickFrame
from viralclip.pipeline.forecast import Forecast, Pace
from viralclip.pipeline.reporter import JobReport, Reporter
from viralclip.telemetry.instruments import install

pytestmark = pytest.mark.timeout(60)
NOW = datetime(2026, 6, 1, 14, tzinfo=UTC)


async def line() -> Line:
    return Line(2, 2, "here")


async def ticks_of(shop, job, count: int) -> list[JobTick]:
    found: list[JobTick] = []
    async for frame in shop.channel.watch(job.job_id, BEGINNING):
        if isinstance(frame, TickFrame) and isinstance(frame.tick, JobTick):
            found.append(frame.tick)
        if len(found) == count:
            break
    return found


async def test_a_waiting_job_is_told_when_it_will_be_done_and_that_stays(shop, source):
    job = await shop.job(source("small"), (0, 300), (0, 300))
    forecast = Forecast(job, shop.tools, shop.channel, shop.report(job), line)
    running = asyncio.create_task(forecast.run())
    first, second = await ticks_of(shop, job, 2)
    running.cancel()

    assert first.eta_at
    assert first.eta_low_at
    assert first.eta_high_at
    assert first.eta_low_at < first.eta_at < first.eta_high_at
    assert second.eta_at == first.eta_at
    progress = await shop.reporter.progress(job.job_id)
    assert progress.left
    assert progress.left.done == (second.eta_at, second.eta_low_at, second.eta_high_at)


async def test_a_forecast_that_fails_is_worth_nothing_and_the_next_one_comes(shop, source):
    job = await shop.job(source("small"))
    failures = iter([OSError("the database is away")])

    async def shaky() -> Line:
        for failure in failures:
            raise failure
        return await line()

    forecast = Forecast(job, shop.tools, shop.channel, shop.report(job), shaky)
    running = asyncio.create_task(forecast.run())
    (tick,) = await ticks_of(shop, job, 1)
    running.cancel()

    assert tick.eta_sec is not None


async def test_what_was_shown_at_a_quarter_is_judged_at_the_end(shop, source):
    observed = []

    class Observer:
        def add(self, metric, labels, amount) -> None: ...

        def set(self, metric, labels, value) -> None: ...

        def clear(self, metric) -> None: ...

        def observe(self, metric, labels, value) -> None:
            observed.append((metric.name, labels, value))

    job = await shop.job(source("small"))
    times = iter([NOW + timedelta(seconds=100)])
    reporter = Reporter(shop.channel, now=lambda: next(times))
    report = JobReport(reporter, job.job_id, job.run, job.trace_id)
    forecast = Forecast(job, shop.tools, shop.channel, report, line)
    forecast.remember(0.1, NOW, NOW + timedelta(seconds=10))
    forecast.remember(0.3, NOW, NOW + timedelta(seconds=80))
    forecast.remember(0.4, NOW + timedelta(seconds=5), NOW + timedelta(seconds=500))
    forecast.remember(0.8, NOW + timedelta(seconds=60), NOW + timedelta(seconds=120))
    install(Observer())
    forecast.judge()
    install(None)

    name = "viralclip_time_left_error_ratio"
    assert observed == [
        (name, ("quarter",), pytest.approx(0.2)),
        (name, ("three_quarters",), pytest.approx(0.5)),
    ]


async def test_forecasts_of_many_jobs_are_made_one_after_another():
    pace, going_on, most = Pace(), 0, 0

    async def forecast() -> None:
        nonlocal going_on, most
        going_on += 1
        most = max(most, going_on)
        await asyncio.sleep(0)
        going_on -= 1

    await asyncio.gather(*(pace.take(forecast) for _ in range(20)))

    assert most == 1
