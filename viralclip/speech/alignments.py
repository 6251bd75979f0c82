"""Words with the times of lines only, brought to where they are heard: once for all who ask."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from viralclip.processes.eviction import evict
from viralclip.processes.ffmpeg_progress import FfmpegProgress
from viralclip.processes.runner import Watchdogs, run_process
from viralclip.processes.shared import SharedByKey
from viralclip.speech.aligner import AlignTask, command
from viralclip.speech.listener import environment
from viralclip.speech.transcripts import LIMIT_BYTES, SpokenSource
from viralclip.timecode import TimeRange
from viralclip.words.transcript import Transcript, Word

# Raised when the same words would be heard elsewhere.
_RECIPE = 1


class Alignments:
    """Aligns the words of scenes with their sound, for all clips of a worker; kept on disk."""

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

    async def aligned(
        self, source: SpokenSource, stretch: TimeRange, words: Sequence[Word]
    ) -> tuple[Word, ...]:
        """The words of the stretch, those with spread times where they are heard.

        ProcessError or OSError if the sound cannot be listened to here.
        """
        key = _key_of(source, stretch, words)
        kept = self._folder / f"aligned-{key}" / "words.json"
        if (known := _read(kept)) is not None:
            with suppress(OSError):
                os.utime(kept.parent)
            return known
        task = AlignTask(
            source=str(source.path),
            streams=source.streams,
            start=stretch.start,
            end=stretch.end,
            words=tuple(words),
            target=str(kept),
        )
        return await self._shared.wait(key, lambda _: self._align(task), _unheard)

    async def _align(self, task: AlignTask) -> tuple[Word, ...]:
        target = Path(task.target)
        evict(self._folder, limit=self._limit_bytes)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            made = Path(folder) / target.name
            written = Path(folder) / "task.json"
            written.write_text(
                task.model_copy(update={"target": str(made)}).model_dump_json(), encoding="utf-8"
            )
            await run_process(
                command(written),
                duration=task.stretch.duration,
                on_progress=_unheard,
                limits=self._limits,
                lead_s=task.start,
                on_start=self._on_start,
                env=environment(1),
            )
            words = Transcript.model_validate_json(made.read_bytes()).words
            made.replace(target)
        return words


def _read(kept: Path) -> tuple[Word, ...] | None:
    with suppress(OSError, ValidationError):
        return Transcript.model_validate_json(kept.read_bytes()).words
    return None


def _unheard(_: FfmpegProgress) -> None:
    """It takes a moment: nobody is told how far it is."""


def _key_of(source: SpokenSource, stretch: TimeRange, words: Sequence[Word]) -> str:
    parts = (str(_RECIPE), source.identity, str(source.streams), str(stretch))
    said = (word.model_dump_json() for word in words)
    return hashlib.sha256("\0".join((*parts, *said)).encode()).hexdigest()[:32]
