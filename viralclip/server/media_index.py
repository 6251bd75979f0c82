"""What videos lie under the media roots: walked in the background, kept, and searched in memory."""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

# An answer waits so long for a fresh look; in a large root it is what the last look found.
_FRESH_S = 0.3


@dataclass(frozen=True)
class Found:
    """A video's path inside its root, its name in lower case, and its size in bytes."""

    path: str
    key: str
    bytes: int


class MediaIndex:
    """Every request has the roots looked through anew, one look at a time, and waits for it only
    shortly: a root of 60,000 files takes seconds."""

    def __init__(
        self, roots: tuple[Path, ...], suffixes: frozenset[str], *, fresh_s: float = _FRESH_S
    ) -> None:
        self._roots = roots
        self._suffixes = suffixes
        self._fresh_s = fresh_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="media-index")
        self._found: tuple[Found, ...] = ()
        self._scan: asyncio.Future[tuple[Found, ...]] | None = None

    async def search(self, contains: str, *, most: int) -> list[Found]:
        """Videos whose names contain the text, in the order of their roots and paths.

        Only the first search ever of large roots can miss some.
        """
        look = self._begin()
        await asyncio.wait({look}, timeout=self._fresh_s)
        key = contains.lower()
        hits: list[Found] = []
        for found in self._found:
            if key in found.key:
                hits.append(found)
                if len(hits) == most:
                    break
        return hits

    def _begin(self) -> asyncio.Future[tuple[Found, ...]]:
        if self._scan is None or self._scan.done():
            loop = asyncio.get_running_loop()
            self._scan = loop.run_in_executor(self._thread, self._walk)
            self._scan.add_done_callback(self._keep)
        return self._scan

    def _keep(self, look: asyncio.Future[tuple[Found, ...]]) -> None:
        if not look.cancelled() and look.exception() is None:
            self._found = look.result()

    def _walk(self) -> tuple[Found, ...]:
        return tuple(found for root in self._roots for found in sorted_in(root, self._suffixes))


def sorted_in(root: Path, suffixes: frozenset[str]) -> list[Found]:
    """The videos of a root by path; what vanishes meanwhile, or cannot be read, is not there."""
    real = os.path.realpath(root)
    return sorted(_in_folder(root, "", real, suffixes), key=lambda found: found.path)


def _in_folder(folder: Path, prefix: str, real: str, suffixes: frozenset[str]) -> Iterator[Found]:
    try:
        with os.scandir(folder) as entries:
            listed = list(entries)
    except OSError:
        return
    for entry in listed:
        path = prefix + entry.name
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _in_folder(folder / entry.name, f"{path}/", real, suffixes)
            elif os.path.splitext(entry.name)[1].lower() in suffixes and _is_inside(entry, real):  # noqa: PTH122 - of thousands
                yield Found(path, entry.name.lower(), entry.stat().st_size)
        except (OSError, UnicodeEncodeError):
            continue


def _is_inside(entry: os.DirEntry[str], real: str) -> bool:
    """Whether it is a file, and a link does not lead out of the root."""
    # A name that is not text cannot be asked for either.
    entry.name.encode()
    if not entry.is_file():
        return False
    return not entry.is_symlink() or Path(os.path.realpath(entry.path)).is_relative_to(real)
