"""Finds FFmpeg and runs it: progress, watchdogs, and an end that is certain."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from viralclip.errors import (
    RenderFailedError,
    RenderStalledError,
    RenderTimedOutError,
    ToolMissingError,
)
from viralclip.media.leash import leash
from viralclip.media.meter import Meter, Progress

_OLDEST = 6
_GRACE_S = 0.5
_TAIL_BYTES = 8192


@dataclass(frozen=True)
class Watchdogs:
    """How many seconds FFmpeg may take to a first sign of life, stand still, and take in all."""

    start_s: float = 60.0
    stall_s: float = 120.0
    total_s: float = 6 * 3600.0


def find_ffmpeg(override: str | None = None) -> Path:
    """The FFmpeg to use: `override`, the one on PATH if new enough, or the one that pip brought."""
    if override:
        found = shutil.which(override)
        if found is None or _version(Path(found)) is None:
            raise ToolMissingError(tool="FFmpeg", detail=f"VIRALCLIP_FFMPEG={override}")
        return Path(found).absolute()
    on_path = shutil.which("ffmpeg")
    if on_path and (_version(Path(on_path)) or 0) >= _OLDEST:
        return Path(on_path).absolute()
    return _bundled()


def has_filters(ffmpeg: Path, *names: str) -> bool:
    """Whether this FFmpeg was built with all of these filters."""
    return set(names) <= _filters(ffmpeg)


async def run_ffmpeg(
    command: list[str],
    *,
    duration: float,
    on_progress: Callable[[Progress], None],
    limits: Watchdogs,
    on_start: Callable[[int], None] | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Runs `command` to its end; whatever happens, the process is gone when this returns.

    `duration` is that of the output. RenderFailedError carries `returncode` as a fact and FFmpeg's
    last words as detail; RenderStalledError and RenderTimedOutError come from `limits`.
    """
    leashed = leash(command)
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
        tail = await _attend(process, Meter(duration), on_progress, limits)
    finally:
        await _end(process)
    if process.returncode:
        raise RenderFailedError(returncode=process.returncode, detail=tail)
    on_progress(Progress(1.0, eta_sec=0.0))


async def _attend(
    process: asyncio.subprocess.Process,
    meter: Meter,
    on_progress: Callable[[Progress], None],
    limits: Watchdogs,
) -> str:
    """Reads all FFmpeg says until it ends, within the limits; returns the tail of its stderr."""
    total, pulse = asyncio.timeout(limits.total_s), asyncio.timeout(limits.start_s)
    try:
        async with total, pulse, asyncio.TaskGroup() as group:
            last_words = group.create_task(_tail(process))
            await _follow(process, meter, on_progress, pulse, limits.stall_s)
            await process.wait()
    except TimeoutError as error:
        if total.expired():
            raise RenderTimedOutError(seconds=limits.total_s) from error
        waited = limits.stall_s if meter.started else limits.start_s
        raise RenderStalledError(seconds=waited) from error
    return last_words.result()


async def _follow(
    process: asyncio.subprocess.Process,
    meter: Meter,
    on_progress: Callable[[Progress], None],
    pulse: asyncio.Timeout,
    stall_s: float,
) -> None:
    now = asyncio.get_running_loop().time
    assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
    async for line in process.stdout:
        first = not meter.started
        progress = meter.read(line.decode(errors="replace"), at=now())
        if progress is None:
            continue
        if first or meter.moved:
            pulse.reschedule(now() + stall_s)
        on_progress(progress)


async def _tail(process: asyncio.subprocess.Process) -> str:
    """Drains stderr, so that a full pipe never blocks FFmpeg."""
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


def _bundled() -> Path:
    try:
        import imageio_ffmpeg  # noqa: PLC0415 - slow, and needed only without a system FFmpeg

        return Path(imageio_ffmpeg.get_ffmpeg_exe()).absolute()
    except (ImportError, RuntimeError) as error:
        raise ToolMissingError(tool="FFmpeg", detail=repr(error)) from error


@cache
def _version(ffmpeg: Path) -> int | None:
    """The major version; builds from the development branch count as newer than any release."""
    try:
        said = _ask(ffmpeg, "-version")
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.match(r"ffmpeg version n?(\d+)\.", said)
    if match:
        return int(match[1])
    return 99 if said.startswith("ffmpeg version") else None


@cache
def _filters(ffmpeg: Path) -> frozenset[str]:
    lines = [line.split() for line in _ask(ffmpeg, "-filters").splitlines()]
    return frozenset(words[1] for words in lines if len(words) > 2)  # noqa: PLR2004 - flags, name, pads


def _ask(ffmpeg: Path, *question: str) -> str:
    asked = subprocess.run(  # a build that hangs on its own version is no use
        [ffmpeg, "-hide_banner", *question],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=20,
        check=True,
    )
    return asked.stdout
