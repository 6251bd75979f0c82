"""How far an upload is, from its first byte to the video that it has become."""

import asyncio
from contextlib import suppress

from pydantic import BaseModel

from viralclip.server.finishing import Finish, Finishing, UploadState
from viralclip.server.partial_upload import PartialUpload, UploadInfo
from viralclip.server.problems import NotFoundError, Problem


class UploadOut(BaseModel):
    """An upload, from its first byte to the video that it has become.

    `fraction` says how much is stored, where that is known. `problem` is why the file was refused,
    or why storing it failed and is tried again.
    """

    upload_id: str
    name: str
    bytes: int
    offset: int
    state: UploadState
    fraction: float | None
    video_id: str | None
    problem: Problem | None


async def state_of(upload: PartialUpload, owner: str, finishing: Finishing) -> UploadOut:
    """The upload now; one that is whole and that nobody finishes is finished from now on."""
    if await asyncio.to_thread(upload.is_complete):
        finishing.begin(upload, owner)
    info, finish = await asyncio.to_thread(upload.info), finishing.of(upload)
    if info is None:
        raise NotFoundError
    return UploadOut(
        upload_id=upload.upload_id,
        name=info.name,
        bytes=info.length,
        offset=await asyncio.to_thread(upload.offset),
        state=_state(info, finish),
        fraction=finish.fraction if finish is not None else None,
        video_id=info.video_id,
        problem=info.refusal or (finish.problem if finish is not None else None),
    )


def _state(info: UploadInfo, finish: Finish | None) -> UploadState:
    if info.refusal is not None:
        return "refused"
    if info.video_id is not None:
        return "ready"
    return "arriving" if finish is None else finish.state


async def resumed(upload: PartialUpload, owner: str, finishing: Finishing) -> UploadOut:
    """The upload for who wants to go on with it; a pause between two attempts ends."""
    out = await state_of(upload, owner, finishing)
    if out.state == "refused":
        raise NotFoundError
    if (finish := finishing.of(upload)) is not None:
        finish.hurry.set()
    return out


async def finished(
    upload: PartialUpload, owner: str, finishing: Finishing, within_s: float
) -> UploadOut:
    """What the upload has come to in that time, which is less than proxies wait."""
    if await asyncio.to_thread(upload.is_complete):
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await finishing.begin(upload, owner).attempted.wait()
    out = await state_of(upload, owner, finishing)
    if out.state == "refused":
        # Who is told needs no info of it.
        await asyncio.to_thread(upload.remove)
    return out
