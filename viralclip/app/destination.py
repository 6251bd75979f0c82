"""Where clips are put: a folder or an object store that could be written to a moment ago."""

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from viralclip.errors import (
    InvalidRequestError,
    OutputNotWritableError,
    StorageRejectedError,
    StorageUnavailableError,
)
from viralclip.settings import STORAGES
from viralclip.storage.objects import Storage
from viralclip.text import is_text


class DestinationError(InvalidRequestError):
    """Clips cannot be stored in {name}, it {why}; {advice}."""

    code = "destination_refused"
    usual = MappingProxyType({"advice": "`viralclip doctor` says what to check"})


class NotTextError(InvalidRequestError):
    """The name of {what} {name}, or of a folder it is in, is not UTF-8; rename it and try again."""

    code = "name_not_text"


async def destination_url(out: str, open_storage: Callable[[str], Storage]) -> str:
    """The URL of where the clips go, once something could be written there."""
    scheme, address, _ = out.partition("://")
    if not address:
        return (await asyncio.to_thread(_writable, out, open_storage)).as_uri()
    shown = f"{scheme}://{urlsplit(out).hostname or ''}"
    if scheme not in STORAGES:
        known = ", ".join(f"{name}://" for name in sorted(STORAGES))
        raise DestinationError(
            name=shown, why="is no place to store in", advice=f"give a folder or {known}"
        )
    try:
        await open_storage(out).prove()
    except StorageUnavailableError as error:
        raise DestinationError(name=shown, why="did not answer", detail=error.detail) from error
    except StorageRejectedError as error:
        raise DestinationError(name=shown, why="refused", detail=error.detail) from error
    return out


def _writable(out: str, open_storage: Callable[[str], Storage]) -> Path:
    """The output folder, made if need be and tried by writing to it."""
    if not out:
        raise OutputNotWritableError(name="a folder without a name", why="give one with --out")
    try:
        folder = Path(out).expanduser().resolve()
    except RuntimeError as error:
        why = "there is no such user's folder, or links lead round in a circle"
        raise OutputNotWritableError(name=out, why=why, detail=str(error)) from error
    demand_text("the output folder", folder)
    trial = folder / f".viralclip-{os.getpid()}"
    try:
        open_storage(folder.as_uri())
        trial.touch()
        trial.unlink()
    except (OSError, StorageRejectedError) as error:
        facts = {"name": out, **_why_not_writable(folder, error)}
        raise OutputNotWritableError(detail=str(error), **facts) from error
    return folder


def _why_not_writable(folder: Path, error: OSError | StorageRejectedError) -> dict[str, str]:
    """The reason in words, where there is one that names what to change."""
    # Unlike `Path.exists`, this takes names that are too long for names of nothing.
    exists = next(path for path in (folder, *folder.parents) if os.path.exists(path))  # noqa: PTH110
    if not exists.is_dir():
        return {"why": f"{exists.name} is a file; give a folder"}
    reasons = {
        errno.EROFS: "the disk can only be read; give a folder on another",
        errno.ENOSPC: "the disk is full; free some space",
        errno.EDQUOT: "your share of the disk is used up; free some space",
        errno.ENAMETOOLONG: "the name is too long; give a shorter one",
        errno.ENOENT: f"no folders can be made in {exists}; give another",
    }
    # The storage says that it cannot be, and what the system said is the cause of that.
    refused = error if isinstance(error, OSError) else error.__cause__
    number = refused.errno if isinstance(refused, OSError) else None
    return {"why": reasons[number]} if number in reasons else {}


def demand_text(what: str, path: Path) -> None:
    """What is recorded, and told to whoever watches, is text."""
    if not is_text(str(path.absolute())):
        raise NotTextError(what=what, name=path.name or path)
