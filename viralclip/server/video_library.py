"""The videos that may be used here: uploads, files of the media roots, and stored ones."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from viralclip.catalog.port import Catalog
from viralclip.engine.uploads import Uploads
from viralclip.errors import ViralclipError
from viralclip.plan import Video
from viralclip.server.parts import Files, Probing
from viralclip.server.problems import NotFoundError
from viralclip.storage.inside import open_inside
from viralclip.storage.sources import in_store

_VIDEO_ENDINGS = """
    mp4 m4v mov f4v 3gp 3g2 mkv webm ogv ogm avi divx wmv asf flv ts mts m2ts m2t mpg mpeg m2v
    mod tod vob dv mxf gxf insv 264 265 h264 h265 hevc gif
"""
VIDEO_SUFFIXES = frozenset(f".{ending}" for ending in _VIDEO_ENDINGS.split())


@dataclass(frozen=True)
class VideoLibrary:
    """Finds videos by their ids and paths; what may not be read any more is not there."""

    catalog: Catalog
    files: Files
    probing: Probing

    @property
    def uploads(self) -> Uploads:
        return Uploads(self.files.uploads, self.files.storage_url, self.files.open_storage)

    async def find(self, video_id: str, owner: str) -> Video:
        """The owner's video, unless the folder that it lies in may not be used any more."""
        # Not every database can be asked for every text.
        video = await self.catalog.videos.find(owner, video_id) if video_id.isprintable() else None
        if video is None or not self.may_be_read(video):
            raise NotFoundError
        return video

    async def probe_path(self, path: str) -> Video:
        """The video at a path inside a media root; outside of them there is nothing."""
        resolved = await asyncio.to_thread(inside, path, self.files.media_roots)
        if resolved is None:
            raise NotFoundError
        video = await self.probing.probe(resolved)
        # It may have been swapped for a link meanwhile: then this is not what was looked into.
        if not await asyncio.to_thread(self.is_still, video):
            raise NotFoundError
        return video

    def may_be_read(self, video: Video) -> bool:
        """Whether the video lies in the object store, or in a folder that is open to the page."""
        return in_store(video) or self._root_of(video) is not None

    def open(self, video: Video) -> BinaryIO:
        """FileNotFoundError if it is not there, or somebody has put a link in its place."""
        home = self._root_of(video)
        if home is None:
            raise FileNotFoundError(video.path)
        return open_inside(home, PurePosixPath(video.path).relative_to(home))

    def is_still(self, video: Video) -> bool:
        """Whether the file that may be read is the one that was looked into."""
        try:
            with self.open(video) as file:
                return self.probing.identify(Path(f"/dev/fd/{file.fileno()}")) == video.identity
        except (OSError, ViralclipError):
            return False

    def _root_of(self, video: Video) -> Path | None:
        """The media root, or the folder of uploads, that the video's path lies in."""
        path = Path(video.path)
        if ".." in path.parts:
            return None
        homes = (*self.files.media_roots, self.files.uploads)
        return next((home for home in homes if path.is_relative_to(home)), None)


def inside(path: str, roots: tuple[Path, ...]) -> Path | None:
    """The real file that a path names, links followed, if it lies in one of the roots."""
    for root in roots:
        with suppress(OSError, ValueError, RuntimeError):
            real = (root / path).resolve(strict=True)
            if real.is_relative_to(root.resolve()) and real.is_file():
                return real
    return None
