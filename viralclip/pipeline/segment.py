"""The first stage: the video, checked to be the one that was planned with."""

import asyncio
from pathlib import Path

from pydantic import BaseModel

from viralclip.errors import SourceChangedError, SourceMissingError, SourceNotVideoError
from viralclip.media.probe import Probed, identity, probe
from viralclip.pipeline.tools import ClipTask, Tools


class Segment(BaseModel, frozen=True):
    """A source that was just found unchanged."""

    identity: str


async def open_segment(task: ClipTask, tools: Tools) -> Segment:
    """SourceChangedError if the file is not the one planned with, or not there any more."""
    video = task.job.plan.video
    try:
        async with tools.storing.source(video) as path:
            now = await asyncio.to_thread(identity, path)
    except SourceMissingError as error:
        raise SourceChangedError(detail=error.message) from error
    if now != video.identity:
        raise SourceChangedError(detail=f"identity {now}")
    return Segment(identity=now)


async def probe_source(path: Path) -> Probed:
    """What the file is; to a running job a missing or broken source has changed."""
    try:
        return await asyncio.to_thread(probe, path)
    except (SourceMissingError, SourceNotVideoError) as error:
        raise SourceChangedError(detail=error.message) from error
