"""A folder with the subtitles that were written beside clips, and corrected: `--captions DIR`."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath

from viralclip.app.captions import CaptionFolder, caption_mode, read_bytes, source_words
from viralclip.caption_files import MAX_FILES, CaptionFile, of_no_scene, scene_of, with_files
from viralclip.captioning import Captioned, give_captions, with_words
from viralclip.catalog.port import Catalog
from viralclip.catalog.records import JobRecord
from viralclip.errors import Fault, InvalidTranscriptError, NoSpeechTrackError
from viralclip.media.fonts import load_fonts
from viralclip.media.probe import Probed
from viralclip.plan import CaptionMode, CaptionOptions
from viralclip.scenes import Scene
from viralclip.text import counted
from viralclip.words.reading import transcript_text

_SHOWN = 3


@dataclass(frozen=True)
class EarlierClip:
    """A clip with captions beside it, and what it was made of."""

    subtitles: str
    scene: Scene
    job: JobRecord

    @property
    def is_heard(self) -> bool:
        return self.job.plan.is_transcribed(self.scene)


async def earlier_clips(
    folder: CaptionFolder, out: str, catalog: Catalog
) -> tuple[EarlierClip, ...]:
    """The clips of earlier jobs in the folder, and where clips are to go now, the latest first."""
    jobs: dict[str, JobRecord | None] = {}
    found: list[EarlierClip] = []
    for url in await asyncio.to_thread(_places, folder, out):
        for record in await catalog.clips.stored(url):
            if record.job_id not in jobs:
                jobs[record.job_id] = await catalog.jobs.find(record.job_id)
            job, name = jobs[record.job_id], PurePosixPath(record.key or "").stem
            scenes = job.plan.scenes if job else ()
            scene = next((each for each in scenes if each.id == record.scene_id), None)
            if job is not None and scene is not None:
                found.append(EarlierClip(f"{name}.srt", scene, job))
    return tuple(found)


def _places(folder: CaptionFolder, out: str) -> Sequence[str]:
    there = out if "://" in out else Path(out).expanduser().resolve().as_uri()
    return tuple(dict.fromkeys((folder.path.expanduser().resolve().as_uri(), there)))


@dataclass(frozen=True)
class FolderCaptions:
    """Scenes of a video, a folder with their corrected subtitles, and what was made of them."""

    folder: CaptionFolder
    scenes: Sequence[Scene]
    probed: Probed
    earlier: Sequence[EarlierClip] = ()

    def give(self, options: CaptionOptions, fonts: Path | None) -> Captioned:
        """The scenes with the words of their files; those without a file keep what their clips
        showed, or show what the folder's other source gives them.

        InvalidTranscriptError names every fault with its file and line.
        """
        files, strangers = self._files()
        scenes, mode, notes = self._others()
        heard = mode == "auto"
        language = options.language or self._language()
        corrected = with_files(scenes, files, heard=heard, fps=float(self.probed.fps))
        shown = give_captions(
            corrected.scenes,
            options.model_copy(update={"mode": "auto" if heard else "given", "language": language}),
            fonts=load_fonts(fonts) if options.burn else (),
        )
        said = (*notes, *corrected.notes, *_said_of(strangers), *shown.notes)
        return Captioned(shown.scenes, shown.options, said)

    def _files(self) -> tuple[Mapping[int, Sequence[CaptionFile]], list[str]]:
        """The files of each scene, and the names of those that no scene of the video has."""
        mine = defaultdict[int, list[CaptionFile]](list)
        made = {clip.subtitles: clip for clip in reversed(self.earlier)}
        strangers: list[str] = []
        for path in _subtitles(self.folder.path):
            clip = made.get(path.name)
            if clip is not None and not clip.job.plan.video.is_same_as(self.probed.video):
                continue
            scene, began = self._place(path.name, clip)
            if scene is None:
                strangers.append(path.name)
                continue
            timed = path.with_suffix(".vtt")
            file = CaptionFile(
                name=path.name,
                data=read_bytes(path),
                timed=read_bytes(timed) if timed.is_file() else None,
                start=self.probed.on_frame(began),
                shown=clip.scene.words if clip else None,
                heard=clip is not None and clip.is_heard,
            )
            mine[scene.id].append(file)
        if not mine:
            raise InvalidTranscriptError(_none_of(self.folder.path, strangers))
        return mine, strangers

    def _place(self, name: str, clip: EarlierClip | None) -> tuple[Scene | None, float]:
        """The scene that a file belongs to, and where in the video its clip begins."""
        scene = scene_of(name, self.scenes, self.probed.video.name)
        if clip is None:
            return scene, scene.start if scene else 0.0
        same = next((each for each in self.scenes if each.range == clip.scene.range), None)
        return same or scene, clip.scene.start

    def _others(self) -> tuple[tuple[Scene, ...], CaptionMode, tuple[str, ...]]:
        """What the scenes show without the folder: its other source, or what their clips show; and
        notes on how that was read."""
        video, source = self.probed.video, self.folder.others
        if source is not None:
            if source == "auto" and not video.has_audio:
                raise NoSpeechTrackError(name=video.name)
            mode, reading = caption_mode(source, self.scenes), source_words(source, video)
            scenes = with_words(self.scenes, reading.transcript) if mode == "given" else self.scenes
            return tuple(scenes), mode, reading.notes
        words = {clip.scene.range: clip.scene.words for clip in reversed(self._mine)}
        scenes = tuple(
            scene.model_copy(update={"words": words[scene.range]})
            if scene.words is None and scene.range in words
            else scene
            for scene in self.scenes
        )
        mode = self._mine[0].job.plan.options.captions.mode if self._mine else "given"
        return scenes, mode, ()

    def _language(self) -> str:
        """That which the scenes' clips were listened to in; they are not heard anew."""
        if self.folder.others is not None or not self._mine:
            return ""
        return self._mine[0].job.plan.options.captions.language

    @cached_property
    def _mine(self) -> Sequence[EarlierClip]:
        """The earlier clips that are of this video, the latest first."""
        video = self.probed.video
        return [clip for clip in self.earlier if clip.job.plan.video.is_same_as(video)]


def subtitle_texts(folder: Path, names: Collection[str] | None = None) -> dict[str, str]:
    """The text of each .srt in the folder, or of those with the names, by its name.

    InvalidTranscriptError where there is none, or one that cannot be read.
    """
    paths = [path for path in _subtitles(folder) if names is None or path.name in names]
    if not paths:
        raise InvalidTranscriptError(_none_of(folder, ()))
    return {path.name: transcript_text(read_bytes(path))[0] for path in paths}


def _subtitles(folder: Path) -> list[Path]:
    """Every .srt in the folder; InvalidTranscriptError where it cannot be read or has too many."""
    try:
        found = sorted(islice(_all_subtitles(folder), MAX_FILES + 1))
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        raise InvalidTranscriptError([Fault(folder.name or str(folder), problem)]) from error
    if len(found) > MAX_FILES:
        problem = f"it has more than {MAX_FILES:,} files of subtitles"
        raise InvalidTranscriptError([Fault(folder.name or str(folder), problem)])
    return found


def _all_subtitles(folder: Path) -> Iterator[Path]:
    hidden = (path for path in folder.expanduser().iterdir() if not path.name.startswith("."))
    return (path for path in hidden if path.suffix.lower() == ".srt")


def _none_of(folder: Path, strangers: Sequence[str]) -> list[Fault]:
    problem = "it has no .srt file that was written beside a clip of these scenes"
    return [Fault(folder.name or str(folder), problem), *of_no_scene(strangers)]


def _said_of(strangers: Sequence[str]) -> list[str]:
    if not strangers:
        return []
    belong, are = ("belongs", "is") if len(strangers) == 1 else ("belong", "are")
    shown = ", ".join(strangers[:_SHOWN]) + (", ..." if len(strangers) > _SHOWN else "")
    count = counted(len(strangers), "file")
    return [f"{count} of subtitles {belong} to none of these scenes, and {are} not used: {shown}"]
