"""Files under a folder, opened so that no link leads out of it, whoever may write there."""

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import BinaryIO, TypeVar

_F = TypeVar("_F", bound=BinaryIO | None)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# A pipe in the place of a file must not keep the one who opens it waiting.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def open_inside(folder: Path, relative: str | PurePosixPath) -> BinaryIO:
    """The regular file at a relative path; FileNotFoundError if there is none, or only by a link.

    The folder itself may be a link. Each part of the path is opened from the one before, so what is
    swapped for a link meanwhile is not followed either.
    """
    *parents, name = _parts(relative)
    try:
        at = os.open(folder, _FOLDER)
        try:
            for part in parents:
                below = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=at)
                os.close(at)
                at = below
            file = os.open(name, _FILE, dir_fd=at)
        finally:
            os.close(at)
    except OSError as error:
        raise FileNotFoundError(str(error)) from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise FileNotFoundError(f"{relative} is not a regular file")
    return os.fdopen(file, "rb")


async def opened(opens: Callable[..., _F], *args: object) -> _F:
    """What a thread opens; closed again if whoever wanted it has gone meanwhile."""
    opening = asyncio.ensure_future(asyncio.to_thread(opens, *args))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close)
        raise


def _close(opening: "asyncio.Future[BinaryIO | None]") -> None:
    file = None if opening.cancelled() or opening.exception() else opening.result()
    if file is not None:
        file.close()


def _parts(relative: str | PurePosixPath) -> tuple[str, ...]:
    path = PurePosixPath(relative)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in str(path):
        raise FileNotFoundError(f"{relative} is not inside")
    return path.parts
