"""Makes videos of uploads that have arrived whole: they are looked into and stored, in the
background, so that no request has to last as long as that takes."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import structlog

from viralclip.catalog.port import Catalog
from viralclip.engine.uploads import IN_STORE
from viralclip.errors import SourceNotVideoError, ViralclipError
from viralclip.server.partial_upload import PartialUpload, UploadInfo
from viralclip.server.partial_uploads import PartialUploads
from viralclip.server.parts import Files, Probing
from viralclip.server.problems import Problem, problem_of
from viralclip.server.request_context import begin_trace
from viralclip.server.shares import Shares

UploadState = Literal["arriving", "checking", "storing", "ready", "refused"]

# Uploads that are looked into and stored at once, and of one user.
_AT_ONCE, _OF_ONE = 4, 2
# A store that does not answer is asked again after so long, and then ever later.
_FIRST_WAIT_S, _LONGEST_WAIT_S = 5.0, 60.0

log = structlog.get_logger(__name__)


@dataclass
class Finish:
    """How far an upload is; `problem` is why the last attempt failed, while another is to come.

    `attempted` is set after the first attempt; setting `hurry` ends the pause before the next.
    """

    state: UploadState = "checking"
    fraction: float | None = None
    problem: Problem | None = None
    attempted: asyncio.Event = field(default_factory=asyncio.Event)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)


class Finishing:
    """Each upload is finished once at a time, by whoever comes first: the request that brought the
    last byte, one that asks for it, or the start of the server."""

    def __init__(
        self, uploads: PartialUploads, catalog: Catalog, files: Files, probing: Probing
    ) -> None:
        self._uploads = uploads
        self._catalog = catalog
        self._files = files
        self._probing = probing
        self._shares = Shares(_AT_ONCE, _OF_ONE)
        self._under_way: dict[Path, tuple[Finish, asyncio.Task[None]]] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Go on with what an earlier server left; what is not finished at the end is left again."""
        for upload in await asyncio.to_thread(self._uploads.complete):
            info = upload.info()
            if info is not None and info.owner is not None:
                self.begin(upload, info.owner)
        try:
            yield
        finally:
            tasks = [task for _, task in self._under_way.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def begin(self, upload: PartialUpload, owner: str) -> Finish:
        """Finish the upload, unless that is under way."""
        if upload.data not in self._under_way:
            finish = Finish()
            task = asyncio.create_task(self._finish(upload, owner, finish), name="finish upload")
            self._under_way[upload.data] = finish, task
            task.add_done_callback(lambda _: self._under_way.pop(upload.data, None))
        return self._under_way[upload.data][0]

    def of(self, upload: PartialUpload) -> Finish | None:
        finish, _ = self._under_way.get(upload.data, (None, None))
        return finish

    async def abandon(self, upload: PartialUpload) -> None:
        """Stop finishing the upload."""
        _, task = self._under_way.get(upload.data, (None, None))
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _finish(self, upload: PartialUpload, owner: str, finish: Finish) -> None:
        begin_trace()
        wait_s = _FIRST_WAIT_S
        try:
            while not await self._is_settled(upload, owner, finish):
                finish.attempted.set()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await finish.hurry.wait()
                finish.hurry.clear()
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        finally:
            finish.attempted.set()

    async def _is_settled(self, upload: PartialUpload, owner: str, finish: Finish) -> bool:
        """Try to make a video of the upload; whether nothing is left to be done."""
        info = await asyncio.to_thread(upload.info)
        if info is None or info.is_settled:
            return True
        try:
            async with self._shares.turn(owner):
                await self._finalize(upload, owner, info, finish)
        except SourceNotVideoError as error:
            await _refuse(upload, info, error)
        except Exception as error:
            known = error if isinstance(error, ViralclipError) else ViralclipError()
            log.warning("Upload not finished yet", code=known.code, exc_info=error)
            finish.problem, finish.fraction = problem_of(known), None
            return False
        return True

    async def _finalize(
        self, upload: PartialUpload, owner: str, info: UploadInfo, finish: Finish
    ) -> None:
        finish.state, finish.fraction = "checking", None
        video = await self._probing.probe(upload.data)
        finish.state, finish.problem = "storing", None
        path = await self._store(upload, self._uploads.place(owner, upload, info), finish)
        video = video.model_copy(update={"name": info.name, "path": path})
        await self._catalog.videos.add(owner, video)
        settled = info.model_copy(update={"video_id": video.identity})
        await asyncio.to_thread(upload.settle, settled)

    async def _store(self, upload: PartialUpload, target: Path, finish: Finish) -> str:
        """Where the file is from now on: a folder here, or the store that every worker reads."""

        def progress(fraction: float) -> None:
            finish.fraction = fraction

        storage = self._files.open_storage(self._files.storage_url)
        if storage.local_path("") is None:
            key = f"{IN_STORE}/{target.parent.parent.name}/{target.parent.name}/{target.name}"
            await storage.put(upload.data, key, on_progress=progress)
            return storage.url(key)
        await asyncio.to_thread(_link, upload.data, target)
        return str(target)


async def _refuse(upload: PartialUpload, info: UploadInfo, error: SourceNotVideoError) -> None:
    named = type(error)(**{**error.facts, "name": info.name}, detail=error.detail)
    refusal = problem_of(named)
    await asyncio.to_thread(upload.settle, info.model_copy(update={"refusal": refusal}))
    log.info("Upload refused", code=named.code, error=error.detail)


def _link(path: Path, target: Path) -> None:
    """The file under its own name, too: a server that dies now finds it where it was."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.link(path, target)
