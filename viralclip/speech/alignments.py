"""Words with the times of lines only, brought to where they are heard: once for all who ask."""

import asyncio
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from viralclip.processes.eviction import evict
from viralclip.processes.ffmpeg_progress import FfmpegProgress
from viralclip.processes.runner import Watchdogs, run_process
from viralclip.processes.shared import OnProgress, SharedByKey
from viralclip.speech.aligner import AlignTask, command
from viralclip.speech.listener import environment
from viralclip.speech.transcripts import LIMIT_BYTES, SpokenSource
from viralclip.timecode import TimeRange
from viralclip.words.transcript import Transcript, Word

# Raised when the same words would be heard elsewhere.
_RECIPE = 1


class Alignments:
    """Aligns the words of scenes with their sound, for all clips of a worker; kept on disk.

    One scene is decoded at a time: its sound is held as a whole.
    """

    def __init__(
        self,
        folder: Path,
        *,
        limits: Watchdogs | None = None,
        on_start: Callable[[int], None] | None = None,
        limit_bytes: int = LIMIT_BYTES,
    ) -> None:
        self._folder = folder
        self._limits = limits or Watchdogs()
        self._on_start = on_start
        self._limit_bytes = limit_bytes
        self._shared = SharedByKey[tuple[Word, ...]]()
        self._turn = asyncio.Lock()

    async def aligned(
        self, source: SpokenSource, stretch: TimeRange, words: Sequence[Word]
    ) -> tuple[Word, ...]:
        """The words of the stretch, those with spread times where they are heard.

        ProcessError or OSError if the sound cannot be listened to here.
        """
        key = await asyncio.to_thread(_key_of, source, stretch, words)
        kept = self._folder / f"aligned-{key}" / "words.json"
        if (known := await asyncio.to_thread(_read, kept)) is not None:
            return known

        async def align(_: OnProgress) -> tuple[Word, ...]:
            async with self._turn:
                return await self._align(source, stretch, words, kept)

        return await self._shared.wait(key, align, _ignore)

    async def _align(
        self, source: SpokenSource, stretch: TimeRange, words: Sequence[Word], kept: Path
    ) -> tuple[Word, ...]:
        folder = await asyncio.to_thread(self._prepare, kept.parent)
        try:
            made, task = folder / kept.name, folder / "task.json"
            written = AlignTask(
                source=str(source.path),
                streams=source.streams,
                start=stretch.start,
                end=stretch.end,
                words=tuple(words),
                target=str(made),
            ).model_dump_json()
            await asyncio.to_thread(task.write_text, written, "utf-8")
            await run_process(
                command(task),
                duration=stretch.duration,
                on_progress=_ignore,
                limits=self._limits,
                lead_s=stretch.start,
                on_start=self._on_start,
                env=environment(1),
            )
            aligned = await asyncio.to_thread(_read, made)
            if aligned is None:
                raise OSError(f"{made.name} cannot be read back")
            made.replace(kept)
            return aligned
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _prepare(self, kept: Path) -> Path:
        """A folder to work in, with room; nobody else works there."""
        evict(self._folder, limit=self._limit_bytes)
        kept.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=kept))


def _read(kept: Path) -> tuple[Word, ...] | None:
    """The words that are kept there, which counts as a use; None where they cannot be read."""
    with suppress(OSError, ValidationError):
        words = Transcript.model_validate_json(kept.read_bytes()).words
        os.utime(kept.parent)
        return words
    return None


def _ignore(_: FfmpegProgress) -> None:
    """It takes a moment: nobody is told how far it is."""


def _key_of(source: SpokenSource, stretch: TimeRange, words: Sequence[Word]) -> str:
    parts = (str(_RECIPE), source.identity, str(source.streams), str(stretch))
    said = (word.model_dump_json() for word in words)
    return hashlib.sha256("\0".join((*parts, *said)).encode()).hexdigest()[:32]
