"""`viralclip video list` and `video delete`: what users have uploaded to `serve`."""

import sys

from viralclip.app.openers import storage_opener
from viralclip.app.records import open_records
from viralclip.engine.uploads import Uploads
from viralclip.errors import InvalidRequestError
from viralclip.settings import Settings


class UnknownVideoError(InvalidRequestError):
    """The user {user} has no video {video_id}; see `viralclip video list --user {user}`."""

    code = "unknown_video"


async def show(user: str, settings: Settings) -> int:
    """List the user's uploads, the latest first."""
    async with open_records(settings) as records:
        uploads = _uploads(settings)
        found = [it for it in await records.catalog.videos.of(user) if uploads.holds(it)]
    lines = [f"{video.identity}  {video.name}\n" for video in found]
    sys.stdout.writelines(lines or [f"{user} has uploaded nothing.\n"])
    return 0


async def delete(video_id: str, user: str, settings: Settings) -> int:
    """Delete an upload that no unfinished job uses."""
    async with open_records(settings) as records:
        video = await records.catalog.videos.find(user, video_id)
        if video is None:
            raise UnknownVideoError(user=user, video_id=video_id)
        await _uploads(settings).delete(user, video, records.catalog)
    sys.stdout.write(f"The video {video.name} is deleted.\n")
    return 0


def _uploads(settings: Settings) -> Uploads:
    return Uploads(settings.state.uploads, settings.storage.url, storage_opener(settings))
