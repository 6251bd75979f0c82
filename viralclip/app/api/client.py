"""Jobs that a server makes: submitted, followed and fetched with the verbs of jobs made here."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from viralclip.app.api.background import background
from viralclip.app.api.connection import Connection, ServerRefusedError
from viralclip.app.api.jobs import AsyncJob, Job
from viralclip.app.api.local import Captions, Scenes, listed
from viralclip.app.api.tracked import Followed, Tracked
from viralclip.app.caption_folder import subtitle_texts
from viralclip.app.captions import CaptionFolder, CaptionSource, caption_source, read_bytes
from viralclip.app.request import read_list_text
from viralclip.catalog.records import CAPTION_FORMATS
from viralclip.errors import SourceMissingError
from viralclip.progress import Progress
from viralclip.scenes import Scene
from viralclip.words.reading import transcript_text
from viralclip.words.writing import write_transcript


class ServerOptions(TypedDict, total=False):
    """What applies to every clip of a job on a server, which has an encoder of its own."""

    aspect: str
    preset: str
    priority: Literal["urgent", "normal", "low"]
    loudness: bool
    bars: Literal["cut", "keep"]
    audio_track: str
    caption_style: str
    caption_area: Literal["feed", "ads", "full"]
    burn_captions: bool
    language: str


# Which of them go into the captions of a request, and under which name.
_OF_CAPTIONS = {
    "caption_style": "style",
    "caption_area": "area",
    "burn_captions": "burn",
    "language": "language",
}


class Client:
    """A server at `url`, and a `token` where it asks for one; holds no connection open itself."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._url = url.rstrip("/")
        self._token = token

    def render(
        self,
        source: str | PathLike[str],
        *,
        scenes: Scenes,
        styles: Iterable[str] = ("all",),
        captions: Captions = None,
        **options: Unpack[ServerOptions],
    ) -> Job:
        """Upload the video and submit a job of it; returns when the server has accepted it.

        `scenes` are `Scene`s or the path of a list, and `captions` as in `viralclip.render`.
        InvalidRequestError in the server's words if it refuses; ServerUnreachableError if it does
        not answer.
        """
        words = caption_source(captions)
        asked = partial(
            self._submitted, Path(source), listed(scenes), tuple(styles), words, options
        )
        return Job(background().run(_begun(asked)), base=self._url)

    async def arender(
        self,
        source: str | PathLike[str],
        *,
        scenes: Scenes,
        styles: Iterable[str] = ("all",),
        captions: Captions = None,
        **options: Unpack[ServerOptions],
    ) -> AsyncJob:
        """`render` for code in an event loop."""
        words = caption_source(captions)
        asked = partial(
            self._submitted, Path(source), listed(scenes), tuple(styles), words, options
        )
        return AsyncJob(await background().arun(_begun(asked)), base=self._url)

    def job(self, job_id: str) -> Job:
        """A job that is on the server already; ServerRefusedError if there is none."""
        return Job(background().run(_begun(partial(self._found, job_id))), base=self._url)

    async def ajob(self, job_id: str) -> AsyncJob:
        """`job` for code in an event loop."""
        found = await background().arun(_begun(partial(self._found, job_id)))
        return AsyncJob(found, base=self._url)

    def edit_captions(self, job: Job, folder: str | PathLike[str]) -> Job:
        """Give back the `.srt` files of the job's clips, corrected, from the folder that they were
        downloaded to: clips that show what changed are made again in another run.

        The job must have ended. InvalidTranscriptError names what is wrong, with its file and line;
        ServerRefusedError where nothing is new.
        """
        asked = partial(self._edited, job.job_id, Path(folder))
        return Job(background().run(_begun(asked)), base=self._url)

    async def aedit_captions(self, job: AsyncJob, folder: str | PathLike[str]) -> AsyncJob:
        """`edit_captions` for code in an event loop."""
        asked = partial(self._edited, job.job_id, Path(folder))
        return AsyncJob(await background().arun(_begun(asked)), base=self._url)

    def download(self, job: Job, folder: str | PathLike[str]) -> list[Path]:
        """Bring the finished clips of the job to the folder; where they are now."""
        return background().run(self._download(job.job_id, Path(folder)))

    async def adownload(self, job: AsyncJob, folder: str | PathLike[str]) -> list[Path]:
        """`download` for code in an event loop."""
        return await background().arun(self._download(job.job_id, Path(folder)))

    @asynccontextmanager
    async def _submitted(
        self,
        source: Path,
        scenes: Path | tuple[Scene, ...] | None,
        styles: tuple[str, ...],
        captions: CaptionSource,
        options: ServerOptions,
    ) -> AsyncIterator["ServerRun"]:
        rows = await asyncio.to_thread(_rows, scenes)
        words = await asyncio.to_thread(_captions, captions, scenes, options)
        if not await asyncio.to_thread(source.is_file):
            raise SourceMissingError(name=source.name)
        async with Connection(self._url, self._token) as server:
            video_id = await server.upload(source)
            what = {"scenes": rows, "styles": styles, "captions": words}
            other = {name: value for name, value in options.items() if name not in _OF_CAPTIONS}
            asked = {"source": {"video_id": video_id}, **what, **other}
            made = (await server.ask("POST", "/api/jobs", json=asked)).json()
            yield ServerRun(server, made["job_id"], tuple(made["notes"]))

    @asynccontextmanager
    async def _found(self, job_id: str) -> AsyncIterator["ServerRun"]:
        async with Connection(self._url, self._token) as server:
            state = (await server.ask("GET", f"/api/jobs/{job_id}")).json()
            yield ServerRun(server, state["job"]["job_id"], ())

    @asynccontextmanager
    async def _edited(self, job_id: str, folder: Path) -> AsyncIterator["ServerRun"]:
        async with Connection(self._url, self._token) as server:
            clips = (await server.ask("GET", f"/api/jobs/{job_id}/clips")).json()
            names = {Path(clip["filename"]).with_suffix(".srt").name for clip in clips}
            files = await asyncio.to_thread(subtitle_texts, folder, names)
            await server.ask("POST", f"/api/jobs/{job_id}/captions", json={"files": files})
            yield ServerRun(server, job_id, ())

    async def _download(self, job_id: str, folder: Path) -> list[Path]:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        brought: list[Path] = []
        async with Connection(self._url, self._token) as server:
            for clip in (await server.ask("GET", f"/api/jobs/{job_id}/clips")).json():
                if clip["file"] is not None:
                    # A name from a server is a name, not a path.
                    target = folder / Path(clip["filename"]).name
                    await server.download(clip["file"], target)
                    brought.append(target)
                    for kind in CAPTION_FORMATS:
                        # Servers of an earlier version say nothing of them.
                        if clip.get(kind) is not None:
                            await server.download(clip[kind], target.with_suffix(f".{kind}"))
        return brought


@dataclass(frozen=True)
class ServerRun:
    """A job on a server, followed by WebSocket."""

    server: Connection
    job_id: str
    notes: tuple[str, ...]

    def updates(self) -> AsyncGenerator[Progress, None]:
        return self.server.watch(self.job_id)

    async def cancel(self) -> None:
        try:
            await self.server.ask("POST", f"/api/jobs/{self.job_id}/cancel")
        except ServerRefusedError as error:
            # A job that has ended meanwhile needs no cancelling.
            if error.detail != "conflict":
                raise


async def _begun(opened: Callable[[], AbstractAsyncContextManager[Followed]]) -> Tracked:
    tracked = Tracked(opened)
    await tracked.begin()
    return tracked


def _rows(scenes: Path | tuple[Scene, ...] | None) -> list[dict[str, Any]] | str:
    """The scenes as the API takes them: objects, or the text of a list in any format."""
    match scenes:
        case Path() as path:
            return read_list_text(path)
        case _:
            return [it.model_dump(mode="json", exclude_unset=True) for it in scenes or ()]


def _captions(
    source: CaptionSource, scenes: Path | tuple[Scene, ...] | None, options: ServerOptions
) -> dict[str, Any] | None:
    """The captions as the API takes them: the text of a transcript, corrected files of clips, or
    the scenes' own words."""
    how = {_OF_CAPTIONS[name]: value for name, value in options.items() if name in _OF_CAPTIONS}
    match source:
        case CaptionFolder(path, others):
            given = _captions(others, scenes, options) or {"mode": "given", **how}
            return {**given, "files": subtitle_texts(path)}
        case "none":
            return None
        case "auto":
            return {"mode": "auto", **how}
        case None:
            own = isinstance(scenes, tuple) and any(scene.words for scene in scenes)
            return {"mode": "given", **how} if own else None
        case Path() as path:
            text, _ = transcript_text(read_bytes(path))
        case transcript:
            text = write_transcript(transcript, "json")
    return {"mode": "given", "transcript": text, **how}
