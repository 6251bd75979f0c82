"""Looks into files in a process of its own, which may take little; each content once.

Run as a module it is that process: it looks into one file and says what it is as JSON.
"""

import asyncio
import contextlib
import errno
import resource
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import BaseModel

from viralclip.errors import (
    InvalidRequestError,
    SourceMissingError,
    SourceNotVideoError,
    SourceStillError,
    SourceTooHeavyError,
    SourceTooLargeError,
)
from viralclip.media.bars import probe_whole
from viralclip.media.probe import identity
from viralclip.plan import Video
from viralclip.processes.parent_death import die_with_parent

_REFUSALS: dict[str, type[InvalidRequestError]] = {
    kind.code: kind
    for kind in (
        SourceMissingError,
        SourceNotVideoError,
        SourceStillError,
        SourceTooLargeError,
        SourceTooHeavyError,
    )
}
_NO_MEMORY = f"[Errno {errno.ENOMEM}]"
_OPEN_FILES = 64
_REMEMBERED = 1024

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ProbeLimits:
    """What looking into one file may take."""

    memory_bytes: int = 1024**3
    cpu_seconds: int = 60
    wall_seconds: int = 120


class Found(BaseModel, frozen=True):
    """What a file is: a video, or why it is none."""

    video: Video | None = None
    code: str = ""
    facts: dict[str, str] = {}
    detail: str = ""


class Prober:
    """Looks into a few files at a time; what was found stays known for as long as the process lives
    and the file's content is the same."""

    def __init__(self, *, at_once: int = 2, limits: ProbeLimits | None = None) -> None:
        self._gate = asyncio.Semaphore(at_once)
        self._limits = limits or ProbeLimits()
        self._known: OrderedDict[str, Found] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def __call__(self, path: Path) -> Video:
        """The video in the file; SourceMissingError or a SourceNotVideoError if there is none."""
        content = await asyncio.to_thread(_content_of, path)
        try:
            async with self._locks.setdefault(content, asyncio.Lock()):
                found = self._known.get(content) or await self._probe(path)
                self._remember(content, found)
        except TimeoutError as error:
            # The machine may just have been busy.
            limit = f"{self._limits.wall_seconds} s"
            raise SourceTooHeavyError(name=path.name, limit=limit) from error
        finally:
            self._locks.pop(content, None)
        return _opened(found, path)

    def _remember(self, content: str, found: Found) -> None:
        self._known[content] = found
        self._known.move_to_end(content)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    async def _probe(self, path: Path) -> Found:
        leashed = die_with_parent(_command(path, self._limits))
        async with self._gate:
            process = await asyncio.create_subprocess_exec(
                *leashed.command, stdin=leashed.stdin, stdout=PIPE, stderr=DEVNULL
            )
            try:
                async with asyncio.timeout(self._limits.wall_seconds):
                    answer, _ = await process.communicate()
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return _read(answer, process.returncode, self._limits)


def _content_of(path: Path) -> str:
    if not path.exists():
        raise SourceMissingError(name=path.name)
    if not path.is_file():
        raise SourceNotVideoError(name=path.name, detail="not a regular file")
    return identity(path)


def _command(path: Path, limits: ProbeLimits) -> list[str]:
    figures = (str(limits.memory_bytes), str(limits.cpu_seconds))
    # -P: a folder that people are in may hold any module.
    return [sys.executable, "-P", "-m", __name__, str(path), *figures]


def _read(answer: bytes, status: int | None, limits: ProbeLimits) -> Found:
    """What the process said; one that was ended by a limit says nothing."""
    try:
        found = Found.model_validate_json(answer)
    except ValueError:
        log.warning("Probe ended without an answer", status=status)
        return _too_heavy(f"{limits.cpu_seconds} s of work or {_memory(limits)}")
    if _NO_MEMORY in found.detail or "MemoryError" in found.detail:
        return _too_heavy(_memory(limits))
    return found


def _memory(limits: ProbeLimits) -> str:
    return f"{limits.memory_bytes / 1024**3:g} GiB of memory"


def _too_heavy(limit: str) -> Found:
    return Found(code=SourceTooHeavyError.code, facts={"limit": limit})


def _opened(found: Found, path: Path) -> Video:
    """The video under the path that it was asked for by: the same content may lie elsewhere."""
    if found.video is not None:
        return found.video.model_copy(update={"name": path.name, "path": str(path.absolute())})
    raise _REFUSALS[found.code](**{**found.facts, "name": path.name}, detail=found.detail)


def _main(path: str, memory_bytes: str, seconds: str) -> None:
    _limit(int(memory_bytes), int(seconds))
    try:
        found = Found(video=probe_whole(Path(path)).video)
    except InvalidRequestError as error:
        facts = {name: str(value) for name, value in error.facts.items()}
        found = Found(code=error.code, facts=facts, detail=error.detail)
    except Exception as error:  # noqa: BLE001 - whatever the library stumbles over is no video
        found = Found(code=SourceNotVideoError.code, detail=repr(error))
    sys.stdout.write(found.model_dump_json())


def _limit(memory_bytes: int, seconds: int) -> None:
    for kind, most in (
        (resource.RLIMIT_DATA, memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        with contextlib.suppress(ValueError, OSError):  # lower already, or not on this system
            resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    _main(*sys.argv[1:])
