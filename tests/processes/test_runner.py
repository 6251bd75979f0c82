"""A process is watched and ended: also when it hangs, and when we are killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from viralclip.processes.activity import Activity, activity_of
from viralclip.processes.ffmpeg_progress import FfmpegProgress, ProgressParser
from viralclip.processes.parent_death import die_with_parent
from viralclip.processes.runner import (
    ProcessFailedError,
    ProcessStalledError,
    ProcessTimedOutError,
    Watchdogs,
    run_process,
)

IsRunning = Callable[[int], bool]


async def test_a_stopped_ffmpeg_is_noticed_and_ended(ffmpeg: Path, is_running: IsRunning):
    stopped: list[int] = []

    def stop(progress: FfmpegProgress) -> None:
        if progress.fraction and not stopped:
            stopped.append(_ffmpeg_of_this_process())
            os.kill(stopped[0], signal.SIGSTOP)

    limits = Watchdogs(start_s=20, stall_s=1, total_s=60)
    async with asyncio.timeout(15):
        with pytest.raises(ProcessStalledError, match="1 s"):
            await run_process(_endless(ffmpeg), duration=9999, on_progress=stop, limits=limits)
    assert not is_running(stopped[0])


async def test_silence_at_the_start_is_a_stall(is_running: IsRunning):
    pids: list[int] = []
    limits = Watchdogs(start_s=0.3, stall_s=60, total_s=60)

    with pytest.raises(ProcessStalledError):
        await run_process(
            ["/bin/sleep", "60"],
            duration=1,
            on_progress=_ignore,
            limits=limits,
            on_start=pids.append,
        )
    assert not is_running(pids[0])


BURNS = """
import time
while time.process_time() < {seconds}:
    pass
print("out_time_us=1000000", "progress=end", sep="\\n", flush=True)
"""
READS = """
import os, time
file, begun = os.open("/dev/zero", os.O_RDONLY), time.monotonic()
while time.monotonic() - begun < 2:
    os.read(file, 65536)
    time.sleep(0.01)
print("out_time_us=1000000", "progress=end", sep="\\n", flush=True)
"""
STOPS = """
import os, signal
{before}
os.kill(os.getpid(), signal.SIGSTOP)
"""


@pytest.mark.parametrize("way", [BURNS.format(seconds=2), READS], ids=["computes", "reads"])
async def test_an_ffmpeg_that_is_at_work_is_not_silent(way: str):
    told: list[float] = []
    limits = Watchdogs(start_s=1, stall_s=1, total_s=60)
    await run_process(
        [sys.executable, "-c", way],
        duration=1,
        on_progress=lambda progress: told.append(progress.fraction),
        limits=limits,
    )

    assert told[-1] == 1.0


async def test_the_work_of_a_wrappers_child_counts():
    wrapper = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURNS!r}])"
    limits = Watchdogs(start_s=1, total_s=60)
    await run_process(
        [sys.executable, "-c", wrapper.replace("{seconds}", "2")],
        duration=1,
        on_progress=_ignore,
        limits=limits,
    )


@pytest.mark.parametrize(
    "before", ["", "print('progress=continue', flush=True)"], ids=["at once", "in its work"]
)
async def test_an_ffmpeg_that_does_nothing_is_ended_in_time(before: str, is_running: IsRunning):
    pids: list[int] = []
    limits = Watchdogs(start_s=0.5, stall_s=0.5, total_s=60)
    async with asyncio.timeout(10):
        with pytest.raises(ProcessStalledError, match=r"0\.5 s"):
            await run_process(
                [sys.executable, "-c", STOPS.format(before=before)],
                duration=1,
                on_progress=_ignore,
                limits=limits,
                on_start=pids.append,
            )

    assert not is_running(pids[0])


async def test_work_that_leads_nowhere_is_ended():
    limits = Watchdogs(start_s=1, busy_s=1.5, total_s=60)
    with pytest.raises(ProcessTimedOutError, match=r"1\.5 s"):
        await run_process(
            [sys.executable, "-c", BURNS.format(seconds=50)],
            duration=1,
            on_progress=_ignore,
            limits=limits,
        )


async def test_the_way_to_a_far_scene_may_take_longer():
    limits = Watchdogs(start_s=1, busy_s=0.2, total_s=60)
    await run_process(
        [sys.executable, "-c", BURNS.format(seconds=0.6)],
        duration=1,
        on_progress=_ignore,
        limits=limits,
        lead_s=6,
    )


def test_a_process_that_is_gone_does_nothing():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()

    assert activity_of(process.pid) == Activity()


async def test_a_render_has_a_time_limit(ffmpeg: Path):
    limits = Watchdogs(total_s=1)

    with pytest.raises(ProcessTimedOutError):
        await run_process(_endless(ffmpeg), duration=9999, on_progress=_ignore, limits=limits)


async def test_a_flood_of_complaints_neither_blocks_nor_fills_the_memory():
    flood = "import sys; sys.stderr.write('x' * 3_000_000 + 'the end'); sys.exit(3)"

    with pytest.raises(ProcessFailedError) as failed:
        await run_process(
            [sys.executable, "-c", flood], duration=1, on_progress=_ignore, limits=Watchdogs()
        )
    assert failed.value.tail.endswith("the end")
    assert len(failed.value.tail) <= 8192
    assert failed.value.returncode == 3


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_a_killed_parent_takes_its_ffmpeg_along(
    platform: str, ffmpeg: Path, tmp_path: Path, is_running: IsRunning
):
    if platform == "linux" != sys.platform:
        pytest.skip("the kernel of Linux does this")
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, platform, *_endless(ffmpeg)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    with parent, parent.stdout:
        assert parent.stdout.readline() == "moving\n"
        children = psutil.Process(parent.pid).children(recursive=True)
        assert any(child.name().startswith("ffmpeg") for child in children)
        parent.kill()
        parent.wait()

        _, alive = psutil.wait_procs(children, timeout=1)
        assert [child for child in alive if is_running(child.pid)] == []


_PARENT = """
import asyncio, sys
from viralclip.processes import parent_death, runner
platform, *command = sys.argv[1:]
runner.die_with_parent = lambda wanted: parent_death.die_with_parent(
    wanted, platform=platform
)
def say(progress):
    if progress.fraction:
        print("moving", flush=True)
limits = runner.Watchdogs()
asyncio.run(runner.run_process(command, duration=9999, on_progress=say, limits=limits))
"""


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_a_leash_hands_on_how_the_command_ended(platform: str):
    leashed = die_with_parent([sys.executable, "-c", "raise SystemExit(7)"], platform=platform)
    with subprocess.Popen(leashed.command, stdin=leashed.stdin) as process:
        assert process.wait(10) == 7


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_a_command_on_a_leash_gives_way_to_its_parent(platform: str):
    leashed = die_with_parent(
        [sys.executable, "-c", "import os; print(os.nice(0))"], platform=platform
    )
    with subprocess.Popen(
        leashed.command, stdin=leashed.stdin, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert int(process.stdout.read()) == min(19, os.nice(0) + 5)


def test_a_meter_reads_blocks_and_never_goes_back():
    meter = ProgressParser(duration=10)
    told = [
        meter.read(line, at=at)
        for at, us in enumerate(["N/A", "-20000", "2000000", "1000000", "99000000"])
        for line in (f"fps={at}.5", f"out_time_us={us}", "speed=N/A", "progress=continue")
    ]
    progress = [each for each in told if each]

    assert [each.fraction for each in progress] == [0, 0, 0.2, 0.2, 1.0]
    assert [each.fps for each in progress] == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert progress[2].speed == 2.0
    assert progress[2].eta_sec == 4.0
    assert progress[4].eta_sec == 0


def test_sound_that_is_ahead_of_the_picture_is_no_progress():
    meter = ProgressParser(duration=2, frames=50)

    def fraction(frame: int, out_time_us: str) -> float:
        meter.read(f"frame={frame}", at=0)
        meter.read(f"out_time_us={out_time_us}", at=0)
        progress = meter.read("progress=continue", at=0)
        assert progress
        return progress.fraction

    assert fraction(0, "2000000") == 0.0
    assert fraction(25, "N/A") == 0.5
    assert fraction(51, "2000000") == 1.0


def test_a_meter_is_not_fooled_by_blocks_that_arrive_in_a_burst():
    meter = ProgressParser(duration=100)
    times = [(0.0, 0), (1.0, 1), (2.0, 2), (2.001, 3), (2.002, 4), (5.0, 5), (6.0, 6)]
    speeds: list[float | None] = []
    for at, seconds in times:
        meter.read(f"out_time_us={seconds * 1_000_000}", at=at)
        progress = meter.read("progress=continue", at=at)
        assert progress is not None
        speeds.append(progress.speed)

    assert speeds[0] is None
    assert all(0.5 <= speed <= 2.0 for speed in speeds[1:] if speed is not None)
    assert speeds[-1] == pytest.approx(1.0)


def _endless(ffmpeg: Path) -> list[str]:
    picture = ("-re", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25")
    watched = ("-stats_period", "0.1", "-progress", "pipe:1")
    return [str(ffmpeg), "-nostdin", "-v", "error", *watched, *picture, "-f", "null", "-"]


def _ffmpeg_of_this_process() -> int:
    children = psutil.Process().children(recursive=True)
    return next(child.pid for child in children if child.name().startswith("ffmpeg"))


def _ignore(_: FfmpegProgress) -> None:
    pass
