"""Runs a process that reports its progress: watchdogs, and an end that is certain."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from viralclip.processes.activity import activity_of
from viralclip.processes.ffmpeg_progress import FfmpegProgress, ProgressParser
from viralclip.processes.parent_death import die_with_parent

_GRACE_S = 0.5
_TAIL_BYTES = 8192
# Seconds of work per second of video, for a heavy codec on a crowded machine.
_SLOWEST_DECODE = 10.0
# How often it is looked for signs of work, as a share of the time that may pass without any.
_LOOKS = 8


class ProcessError(Exception):
    """A process did not end well; whoever started it knows what that means."""


class ProcessFailedError(ProcessError):
    """The process ended with `returncode`; `tail` is the end of what it wrote on stderr."""

    def __init__(self, returncode: int, tail: str) -> None:
        super().__init__(f"The process ended with {returncode}: {tail}")
        self.returncode = returncode
        self.tail = tail


class ProcessStalledError(ProcessError):
    """The process did nothing for `seconds` and was ended."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The process did nothing for {seconds:g} s")
        self.seconds = seconds


class ProcessTimedOutError(ProcessError):
    """The process worked for `seconds` without an end in sight and was ended."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The process was not done after {seconds:g} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Watchdogs:
    """How many seconds a process may do nothing, work without getting further, and take in all.

    It does nothing when its progress stands still and it neither computes nor reads: for `start_s`
    until it first shows progress, for `stall_s` afterwards. To work for `busy_s` without getting
    further is allowed; before the first frame there is more to do for every second of the video
    that has to be decoded to get there.
    """

    start_s: float = 60.0
    stall_s: float = 120.0
    busy_s: float = 1800.0
    total_s: float = 6 * 3600.0

    def lead_allowance(self, lead_s: float) -> float:
        """How long it may work towards a first frame that is `lead_s` into the video."""
        return self.busy_s + lead_s * _SLOWEST_DECODE


async def run_process(
    command: list[str],
    *,
    duration: float,
    on_progress: Callable[[FfmpegProgress], None],
    limits: Watchdogs,
    frames: int | None = None,
    lead_s: float = 0.0,
    on_start: Callable[[int], None] | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Runs `command`, which reports its progress as FFmpeg does; it is gone when this returns.

    `duration` is that of the output, `frames` how many its picture has, `lead_s` how much of the
    input may have to be decoded before the output begins. ProcessFailedError has the process's last
    words; ProcessStalledError (it did nothing) and ProcessTimedOutError (it did too much) come from
    `limits`.
    """
    leashed = die_with_parent(command)
    process = await asyncio.create_subprocess_exec(
        *leashed.command,
        stdin=leashed.stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=env,
    )
    try:
        if on_start:
            on_start(process.pid)
        tail = await _attend(
            process, ProgressParser(duration, frames=frames), on_progress, limits, lead_s
        )
    finally:
        await _end(process)
    if process.returncode:
        raise ProcessFailedError(process.returncode, tail)
    on_progress(FfmpegProgress(1.0, eta_sec=0.0))


async def _attend(
    process: asyncio.subprocess.Process,
    meter: ProgressParser,
    on_progress: Callable[[FfmpegProgress], None],
    limits: Watchdogs,
    lead_s: float,
) -> str:
    """Reads all it says until it ends, within the limits; returns the tail of its stderr."""
    watch = _Watch(process.pid, limits, lead_s)
    total = asyncio.timeout(limits.total_s)
    try:
        async with total, watch.limit, asyncio.TaskGroup() as group:
            last_words = group.create_task(_tail(process))
            looking = group.create_task(watch.look())
            await _follow(process, meter, on_progress, watch)
            await process.wait()
            looking.cancel()
    except TimeoutError as error:
        if total.expired():
            raise ProcessTimedOutError(limits.total_s) from error
        raise watch.verdict() from error
    return last_words.result()


async def _follow(
    process: asyncio.subprocess.Process,
    meter: ProgressParser,
    on_progress: Callable[[FfmpegProgress], None],
    watch: "_Watch",
) -> None:
    now = asyncio.get_running_loop().time
    assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
    async for line in process.stdout:
        first = not meter.started
        progress = meter.read(line.decode(errors="replace"), at=now())
        if progress is None:
            continue
        if meter.moved:
            watch.moved()
        elif first:
            watch.began()
        on_progress(progress)


class _Watch:
    """A time limit that signs of work put off, though not for ever if they lead nowhere."""

    def __init__(self, pid: int, limits: Watchdogs, lead_s: float) -> None:
        self._pid = pid
        self._limits = limits
        self._now = asyncio.get_running_loop().time
        self._silence_s = limits.start_s
        self._busy_s = limits.lead_allowance(lead_s)
        self._worked_at = self._moved_at = self._now()
        self.limit = asyncio.timeout_at(self._ends_at)

    def began(self) -> None:
        """The process reports for the first time."""
        self._silence_s = self._limits.stall_s
        self._put_off()

    def moved(self) -> None:
        """The output has grown."""
        self._silence_s, self._busy_s = self._limits.stall_s, self._limits.busy_s
        self._moved_at = self._now()
        self._put_off()

    async def look(self) -> None:
        """For ever: put the limit off as long as the process computes or reads."""
        before = await asyncio.to_thread(activity_of, self._pid)
        while True:
            await asyncio.sleep(self._silence_s / _LOOKS)
            now = await asyncio.to_thread(activity_of, self._pid)
            if now.is_work_since(before, within_s=self._silence_s):
                before = now
                self._put_off()

    def verdict(self) -> ProcessError:
        """What to say of a process that was not put off any more."""
        if self._now() < self._moved_at + self._busy_s:
            return ProcessStalledError(self._silence_s)
        return ProcessTimedOutError(self._busy_s)

    @property
    def _ends_at(self) -> float:
        return min(self._worked_at + self._silence_s, self._moved_at + self._busy_s)

    def _put_off(self) -> None:
        self._worked_at = self._now()
        if not self.limit.expired():
            self.limit.reschedule(self._ends_at)


async def _tail(process: asyncio.subprocess.Process) -> str:
    """Drains stderr, so that a full pipe never blocks the process."""
    assert process.stderr is not None  # noqa: S101 - it was asked for as a pipe
    kept = b""
    while chunk := await process.stderr.read(_TAIL_BYTES):
        kept = (kept + chunk)[-_TAIL_BYTES:]
    return kept.decode(errors="replace").strip()


async def _end(process: asyncio.subprocess.Process) -> None:
    """TERM, half a second, KILL, and a wait: also if this task is cancelled a second time.

    What it wrote is thrown away, so it need not finish: on a busy machine that took 5 s.
    """
    if process.returncode is not None:
        return
    try:
        _signal(process, signal.SIGTERM)
        # A stopped process acts on SIGTERM only once it goes on.
        _signal(process, signal.SIGCONT)
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_S):
                await process.wait()
    finally:
        _signal(process, signal.SIGKILL)
        await process.wait()


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
