"""Videos that were uploaded: which they are, who still needs them, and how they go."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from viralclip.catalog.port import Catalog
from viralclip.errors import InvalidRequestError
from viralclip.plan import Video
from viralclip.storage.objects import Storage

# The key of an upload in an object store begins so; in a folder of its own it needs no more.
IN_STORE = "uploads"
# Beside the videos of an owner lie those that arrive.
_ARRIVING = "arriving"


class VideoInUseError(InvalidRequestError):
    """A job that has not ended uses the video {name}; wait for its end or cancel it first."""

    code = "video_in_use"


class NotUploadedError(InvalidRequestError):
    """The video {name} was not uploaded; it stays where it is."""

    code = "not_uploaded"


@dataclass(frozen=True)
class Upload:
    """A stored upload: where it lies, as a video's path says it, its bytes, and since when."""

    path: str
    size: int
    at: datetime


class Uploads:
    """The uploads under a folder, and in the storage where that is an object store."""

    def __init__(
        self, folder: Path | None, storage_url: str, open_storage: Callable[[str], Storage]
    ) -> None:
        self._folder = folder
        self._storage_url = storage_url
        self._open = open_storage

    def holds(self, video: Video) -> bool:
        """Whether the video was uploaded, and so is ours to delete."""
        return self._place_of(video.path) is not None

    async def all(self) -> AsyncIterator[Upload]:
        """Every upload of every owner that has arrived."""
        for storage, prefix in self._homes():
            for found in await storage.list(prefix):
                parts = found.key.removeprefix(prefix).strip("/").split("/")
                if len(parts) > 1 and parts[1] != _ARRIVING:
                    yield Upload(storage.url(found.key), found.size, found.at)

    async def delete(self, owner: str, video: Video, catalog: Catalog) -> None:
        """Forget the owner's video and remove its file; VideoInUseError if a job needs it yet,
        NotUploadedError if it is not ours.

        The record goes first and nobody can submit it any more; a job that was quicker brings the
        record back.
        """
        if not self.holds(video):
            raise NotUploadedError(name=video.name)
        if video.path in await catalog.videos.paths_in_use():
            raise VideoInUseError(name=video.name)
        await catalog.videos.forget(owner, video.identity)
        if video.path in await catalog.videos.paths_in_use():
            await catalog.videos.add(owner, video)
            raise VideoInUseError(name=video.name)
        await self.remove(video.path)

    async def remove(self, path: str) -> None:
        """Remove the file, and the folder that it was alone in."""
        place = self._place_of(path)
        if place is None:
            return
        storage, key = place
        await storage.delete(key)
        if (local := storage.local_path(key)) is not None:
            with suppress(OSError):
                await asyncio.to_thread(local.parent.rmdir)

    def _homes(self) -> list[tuple[Storage, str]]:
        storage = self._open(self._storage_url)
        here: list[tuple[Storage, str]] = []
        if self._folder is not None and self._folder.is_dir():
            here = [(self._open(self._folder.as_uri()), "")]
        return here if storage.local_path("") is not None else [*here, (storage, f"{IN_STORE}/")]

    def _place_of(self, path: str) -> tuple[Storage, str] | None:
        for storage, prefix in self._homes():
            home = storage.url(prefix).rstrip("/") + "/"
            if path.startswith(home) and ".." not in path.split("/"):
                return storage, prefix + path.removeprefix(home)
        return None
