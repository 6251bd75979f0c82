"""Resumable uploads by the tus protocol; a file that is not a video is refused on arrival."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

from fastapi import APIRouter, Depends, Response
from tuspyserver import create_tus_router

from viralclip.errors import ViralclipError
from viralclip.server.identity import Owner
from viralclip.server.services import Services

PREFIX = "/api/uploads"
# The header of the last answer that names the video an upload has become.
VIDEO_HEADER = "Video-Id"
_NAME_CHARS = 120

OnComplete = Callable[[str, dict[str, Any]], Awaitable[None]]


def routes(services: Services, folder: Path) -> APIRouter:
    async def per_owner(owner: Owner) -> Callable[[dict[str, Any]], dict[str, str]]:
        arriving = folder / _folder_name(owner) / "arriving"
        return lambda _metadata: {"files_dir": str(arriving)}

    async def on_complete(owner: Owner, response: Response) -> OnComplete:
        async def complete(path: str, metadata: dict[str, Any]) -> None:
            name = _safe_name(metadata.get("filename") or metadata.get("name") or "video")
            video_id = await _take_in(Path(path), name, owner, services, folder)
            response.headers[VIDEO_HEADER] = video_id

        return complete

    tus = create_tus_router(
        prefix=PREFIX,
        files_dir=str(folder / "arriving"),
        max_size=services.limits.upload_bytes,
        # The library's annotations say less than it takes: both are FastAPI dependencies.
        file_dep=cast("Any", per_owner),
        upload_complete_dep=cast("Any", on_complete),
        strict_offset_validation=True,
        tags=["uploads"],
    )
    router = APIRouter(dependencies=[Depends(_known)])
    router.include_router(tus, include_in_schema=False)
    return router


async def _known(_: Owner) -> None:
    """Before any byte is written: the library itself would look at the body first."""


async def _take_in(path: Path, name: str, owner: str, services: Services, folder: Path) -> str:
    """The uploaded file as a video of the owner's; refused files are removed at once."""
    home = folder / _folder_name(owner) / path.name
    target = home / name
    await asyncio.to_thread(_move, path, target)
    try:
        video = await services.probe(target)
    except ViralclipError:
        await asyncio.to_thread(_remove, target)
        raise
    await services.catalog.add_video(owner, video)
    return video.identity


def _move(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
    path.with_name(f"{path.name}.info").unlink(missing_ok=True)


def _remove(target: Path) -> None:
    target.unlink(missing_ok=True)
    target.parent.rmdir()


def _folder_name(owner: str) -> str:
    """Users choose their names, not our paths."""
    return hashlib.sha256(owner.encode()).hexdigest()[:16]


def _safe_name(name: str) -> str:
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(ch for ch in last if ch.isprintable()).strip(". ")
    return kept[-_NAME_CHARS:] or "video"
