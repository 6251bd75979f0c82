"""Transcripts of sources: made in a process of their own, once for all who ask, kept on disk."""

import asyncio
import hashlib
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from viralclip.errors import TranscriptionFailedError, TranscriptionStalledError
from viralclip.processes.eviction import evict
from viralclip.processes.ffmpeg_progress import FfmpegProgress
from viralclip.processes.runner import (
    ProcessFailedError,
    ProcessStalledError,
    ProcessTimedOutError,
    Watchdogs,
    run_process,
)
from viralclip.processes.shared import OnProgress, SharedByKey
from viralclip.speech.listener import ListenTask, command, environment
from viralclip.speech.pieces import (
    PIECE_S,
    Piece,
    PieceFiles,
    language_of,
    numbers_of,
    words_in,
)
from viralclip.speech.recogniser import Recogniser
from viralclip.timecode import TimeRange
from viralclip.words.transcript import Transcript

LIMIT_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class SpokenSource:
    """A source that is listened to: its file, its content's name, and the streams with speech."""

    path: Path
    identity: str
    duration: float
    streams: tuple[int, ...]


class Transcripts:
    """Transcribes stretches of sources, for all clips of a worker, piece by piece.

    Whoever asks for what is being made waits for it with the others; it is killed when the last of
    them is gone. One source is listened to at a time: an engine uses every core that it is given.
    """

    def __init__(
        self,
        folder: Path,
        *,
        threads: int = 0,
        limits: Watchdogs | None = None,
        on_start: Callable[[int], None] | None = None,
        limit_bytes: int = LIMIT_BYTES,
    ) -> None:
        self._folder = folder
        self._threads = threads
        self._limits = limits or Watchdogs()
        self._on_start = on_start
        self._limit_bytes = limit_bytes
        self._shared = SharedByKey[None]()
        self._turn = asyncio.Lock()

    async def transcript(
        self,
        source: SpokenSource,
        stretch: TimeRange,
        recogniser: Recogniser,
        *,
        language: str = "",
        on_progress: OnProgress = lambda _: None,
        on_begin: Callable[[], None] = lambda: None,
    ) -> Transcript:
        """The words of the stretch; ClipError if that cannot be done.

        `language` is a tag, or empty to have it told from the sound. `on_progress` is given the
        share of the sound that was listened to; `on_begin` is called if it is this call that has
        any listened to.
        """
        key = await asyncio.to_thread(_key_of, source, recogniser, language)
        files = PieceFiles(self._folder / key)
        with suppress(OSError):
            os.utime(self._folder / key)
        numbers = numbers_of(_within(stretch, source.duration), source.duration)
        if await asyncio.to_thread(files.missing, numbers):

            def listen(on_tick: OnProgress) -> Coroutine[Any, Any, None]:
                on_begin()
                return self._listen(source, recogniser, language, numbers, key, on_tick)

            await self._shared.wait(f"{key} {numbers}", listen, on_progress)
        pieces = await asyncio.to_thread(lambda: [*_read(files, numbers)])
        if len(pieces) < len(numbers):
            raise TranscriptionFailedError(detail="what was transcribed cannot be read back")
        whole = Transcript(
            words=words_in(pieces),
            language=language or language_of(pieces),
            origin=recogniser.origin,
        )
        return whole.within(_within(stretch, source.duration))

    async def _listen(
        self,
        source: SpokenSource,
        recogniser: Recogniser,
        language: str,
        numbers: range,
        key: str,
        on_progress: OnProgress,
    ) -> None:
        async with self._turn:
            files = PieceFiles(self._folder / key)
            # While this waited for its turn, another stretch may have made some of them.
            missing = await asyncio.to_thread(files.missing, numbers)
            if not missing:
                return
            await asyncio.to_thread(evict, self._folder, limit=self._limit_bytes)
            known = len(numbers) - len(missing)
            task = ListenTask(
                source=str(source.path),
                duration=source.duration,
                streams=source.streams,
                engine=recogniser.engine,
                model=str(recogniser.model),
                language=language or await asyncio.to_thread(_language_so_far, files, numbers),
                threads=self._threads,
                pieces=missing,
                folder=str(self._folder / key),
            )
            await self._run(task, _beyond(known / len(numbers), on_progress))

    async def _run(self, task: ListenTask, on_progress: OnProgress) -> None:
        try:
            await run_process(
                command(task),
                duration=_seconds_of(task),
                on_progress=on_progress,
                limits=self._limits,
                lead_s=task.pieces[0] * PIECE_S,
                on_start=self._on_start,
                env=environment(self._threads),
            )
        except ProcessFailedError as error:
            raise TranscriptionFailedError(detail=error.tail) from error
        except ProcessTimedOutError as error:
            raise TranscriptionFailedError(detail=str(error)) from error
        except ProcessStalledError as error:
            raise TranscriptionStalledError(seconds=error.seconds) from error


def _within(stretch: TimeRange, duration: float) -> TimeRange:
    start = min(max(stretch.start, 0.0), duration)
    return TimeRange(start, min(max(stretch.end, start), duration))


def _read(files: PieceFiles, numbers: range) -> Iterator[Piece]:
    for number in numbers:
        if (piece := files.read(number)) is not None:
            yield piece


def _language_so_far(files: PieceFiles, numbers: range) -> str:
    """What pieces nearby were found to be in: a source does not change its language in between."""
    return language_of([*_read(files, numbers)])


def _seconds_of(task: ListenTask) -> float:
    """How much sound the pieces have, but for where exactly their pauses are."""
    last = max(task.duration - max(task.pieces) * PIECE_S, 1.0)
    return (len(task.pieces) - 1) * PIECE_S + min(last, PIECE_S)


def _beyond(done: float, on_progress: OnProgress) -> OnProgress:
    """Tells how far the whole is, of which a share was done before."""

    def on_tick(progress: FfmpegProgress) -> None:
        on_progress(replace(progress, fraction=done + (1 - done) * progress.fraction))

    return on_tick


def _key_of(source: SpokenSource, recogniser: Recogniser, language: str) -> str:
    parts = (source.identity, str(source.streams), recogniser.identity, language)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
