"""Jobs that are made in this process, as `viralclip render` makes them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Unpack

import structlog

from viralclip.app.api.background import background
from viralclip.app.api.jobs import AsyncJob, Job
from viralclip.app.api.tracked import Tracked
from viralclip.app.captions import Named, caption_source
from viralclip.app.rendering import Run, check, open_render
from viralclip.app.request import OptionValues, Request, options_for
from viralclip.app.starting import make_private, start_logs
from viralclip.progress import Progress
from viralclip.scenes import Scene
from viralclip.settings import Settings, read_settings

Scenes = Iterable[Scene] | str | PathLike[str] | None
# A transcript or the path of one, `auto`, `none`, the path of a folder with corrected subtitles, or
# such a folder and one of the others; None: the scenes' own words, if they have any.
Captions = Named | Iterable[Named] | None


def render(
    source: str | PathLike[str],
    *,
    scenes: Scenes = None,
    styles: Iterable[str] = ("all",),
    out: str | PathLike[str] = "clips",
    slots: int | None = None,
    captions: Captions = None,
    **options: Unpack[OptionValues],
) -> Job:
    """Begin to make clips of a video's scenes, each in every one of the styles.

    `scenes` are `Scene`s, or the path of a list in any format that `viralclip render --scenes`
    takes; without any, the chapters inside the video. `out` is a folder or `s3://BUCKET/PREFIX`.
    `captions` is the path of a transcript, a `Transcript`, `"auto"` or `"none"`, the path of a
    folder with corrected `.srt` files of clips, or a list of that and one of the others; without
    any, the words that the scenes bring. `slots` is how many FFmpegs run at once. Settings come
    from the environment as for the command; the state folder is the same, so that `viralclip jobs`
    lists the job, finished clips are kept, and a job that was cut short is gone on with.

    Returns when the job has begun. A process makes one job at a time: while another job of its own
    is under way this waits for that to end. InvalidRequestError, or another ViralclipError, says
    why the job cannot begin; nothing is left of it then.
    """
    return Job(background().run(_begun(source, scenes, styles, out, slots, captions, options)))


async def arender(
    source: str | PathLike[str],
    *,
    scenes: Scenes = None,
    styles: Iterable[str] = ("all",),
    out: str | PathLike[str] = "clips",
    slots: int | None = None,
    captions: Captions = None,
    **options: Unpack[OptionValues],
) -> AsyncJob:
    """`render` for code in an event loop: the loop goes on while the job begins and is made."""
    return AsyncJob(
        await background().arun(_begun(source, scenes, styles, out, slots, captions, options))
    )


async def _begun(
    source: str | PathLike[str],
    scenes: Scenes,
    styles: Iterable[str],
    out: str | PathLike[str],
    slots: int | None,
    captions: Captions,
    options: OptionValues,
) -> Tracked:
    settings = read_settings(slots=slots)
    # A program that has logs of its own keeps them as they are.
    start = make_private if structlog.is_configured() else start_logs
    await asyncio.to_thread(start, settings)
    request = Request(
        source=Path(source),
        scenes=listed(scenes),
        styles=tuple(styles),
        out=str(out),
        options=options_for(settings, **options),
        captions=caption_source(captions),
    )
    tracked = Tracked(partial(_opened, request, settings))
    await tracked.begin()
    return tracked


def listed(scenes: Scenes) -> Path | tuple[Scene, ...] | None:
    """The scenes, or the path of their list."""
    match scenes:
        case None:
            return None
        case str() | PathLike():
            return Path(scenes)
        case _:
            return tuple(scenes)


@dataclass(frozen=True)
class LocalRun:
    """A run in this process, or one that another is at already."""

    run: Run
    notes: tuple[str, ...]

    @property
    def job_id(self) -> str:
        return self.run.job.job_id

    async def updates(self) -> AsyncGenerator[Progress, None]:
        async with aclosing(self.run.follow()) as updates:
            async for _, progress in updates:
                yield progress

    async def cancel(self) -> None:
        await self.run.cancel()


@asynccontextmanager
async def _opened(request: Request, settings: Settings) -> AsyncIterator[LocalRun]:
    notes: list[str] = []
    accepted = await check(request, settings)
    async with background().turn, open_render(accepted, settings, notes.append) as run:
        yield LocalRun(run, tuple(notes))
