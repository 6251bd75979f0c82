"""Finds FFmpeg, knows what it can, and runs it for clips."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import structlog

from viralclip.errors import (
    RenderFailedError,
    RenderStalledError,
    RenderTimedOutError,
    ToolMissingError,
)
from viralclip.processes.ffmpeg_progress import FfmpegProgress
from viralclip.processes.runner import (
    ProcessFailedError,
    ProcessStalledError,
    ProcessTimedOutError,
    Watchdogs,
    run_process,
)

_OLDEST = 6
# 7.1 does, too, but only major versions are told apart.
_CHAINS = 8

log = structlog.get_logger(__name__)


def find_ffmpeg(override: str | None = None) -> Path:
    """The FFmpeg to use: `override`, the one on PATH if new enough, or the one that pip brought.

    One on PATH that cannot tone-map HDR is used only if the other cannot either.
    """
    if override:
        found = shutil.which(override)
        if found is None or _version(Path(found)) is None:
            raise ToolMissingError(tool="FFmpeg", detail=f"VIRALCLIP_FFMPEG={override}")
        return Path(found).absolute()
    on_path = shutil.which("ffmpeg")
    if on_path and (_version(Path(on_path)) or 0) >= _OLDEST:
        return _tone_mapping(Path(on_path).absolute())
    return _bundled()


def _tone_mapping(on_path: Path) -> Path:
    if abilities(on_path).tone_maps:
        return on_path
    with suppress(ToolMissingError):
        bundled = _bundled()
        return bundled if abilities(bundled).tone_maps else on_path
    return on_path


def has_filters(ffmpeg: Path, *names: str) -> bool:
    """Whether this FFmpeg was built with all of these filters."""
    return set(names) <= _filters(ffmpeg)


@dataclass(frozen=True)
class Abilities:
    """What one FFmpeg can and another cannot.

    It `crops` as containers say, unless told not to, `chains` one filter graph to another, and
    `draws_text` with libass.
    """

    zscale: bool = False
    tone_maps: bool = False
    crops: bool = False
    chains: bool = False
    draws_text: bool = False


NO_ABILITIES = Abilities()


@cache
def abilities(ffmpeg: Path) -> Abilities:
    """Of one that cannot say what it can, nothing is asked."""
    try:
        zscale = has_filters(ffmpeg, "zscale")
        tone_maps = zscale and has_filters(ffmpeg, "tonemap")
        chains = (_version(ffmpeg) or 0) >= _CHAINS
        crops = "\n-apply_cropping" in _ask(ffmpeg, "-h", "long")
        draws_text = has_filters(ffmpeg, "ass")
    except (OSError, subprocess.SubprocessError):
        return NO_ABILITIES
    return Abilities(zscale, tone_maps, crops, chains, draws_text)


async def run_ffmpeg(
    command: list[str],
    *,
    duration: float,
    on_progress: Callable[[FfmpegProgress], None],
    limits: Watchdogs,
    frames: int | None = None,
    lead_s: float = 0.0,
    on_start: Callable[[int], None] | None = None,
) -> None:
    """Runs FFmpeg for a clip as `run_process` does, and ends as a clip's errors do.

    RenderFailedError carries `returncode` as a fact and FFmpeg's last words as detail;
    RenderStalledError (it did nothing) and RenderTimedOutError (it did too much) come from
    `limits`.
    """

    def started(pid: int) -> None:
        if structlog.is_configured():  # otherwise it would be printed on stdout
            log.debug("FFmpeg started", pid=pid, command=shlex.join(command))
        if on_start:
            on_start(pid)

    try:
        await run_process(
            command,
            duration=duration,
            on_progress=on_progress,
            limits=limits,
            frames=frames,
            lead_s=lead_s,
            on_start=started,
        )
    except ProcessFailedError as error:
        raise RenderFailedError(returncode=error.returncode, detail=error.tail) from error
    except ProcessStalledError as error:
        raise RenderStalledError(seconds=error.seconds) from error
    except ProcessTimedOutError as error:
        raise RenderTimedOutError(seconds=error.seconds) from error


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
