"""Files of captions that come back corrected over HTTP: the words that they give scenes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from viralclip.caption_files import CaptionFile, files_of_scenes, of_no_scene, with_files
from viralclip.catalog.records import ClipRecord, JobRecord
from viralclip.errors import InvalidTranscriptError
from viralclip.plan import Video
from viralclip.scenes import Scene
from viralclip.storage.objects import Storage
from viralclip.words.transcript import Word

ScenesFiles = Mapping[int, Sequence[CaptionFile]]


def named_files(texts: Mapping[str, str], scenes: Sequence[Scene], video: Video) -> ScenesFiles:
    """The files of each scene, by their names; InvalidTranscriptError for those of none."""
    files = [CaptionFile(name, text) for name, text in sorted(texts.items())]
    found, strangers = files_of_scenes(files, scenes, video.name)
    if strangers:
        raise InvalidTranscriptError(of_no_scene(strangers))
    return found


async def with_times(
    files: ScenesFiles, job: JobRecord, clips: Sequence[ClipRecord], storage: Storage
) -> ScenesFiles:
    """The files of scenes that were listened to, with the times of the words that were heard."""
    heard = {scene.id for scene in job.plan.scenes if job.plan.is_transcribed(scene)}
    timed: dict[int, Sequence[CaptionFile]] = {}
    for scene_id, found in files.items():
        of_scene = [clip for clip in clips if clip.scene_id == scene_id]
        text = await heard_text(of_scene, storage) if scene_id in heard else None
        timed[scene_id] = [replace(file, timed=text, heard=text is not None) for file in found]
    return timed


async def heard_text(clips: Sequence[ClipRecord], storage: Storage) -> bytes | None:
    """The WebVTT beside a finished one of the clips, which are all of one scene."""
    keys = (key for clip in clips if clip.ending == "complete" for key in clip.caption_keys)
    key = next((key for key in keys if key.endswith(".vtt")), None)
    if key is None:
        return None
    return b"".join([chunk async for chunk in storage.read(key)])


def changed_words(job: JobRecord, files: ScenesFiles) -> dict[int, tuple[Word, ...]]:
    """The words of scenes whose files say something new; InvalidTranscriptError with each fault."""
    heard = job.plan.options.captions.mode == "auto"
    fps = float(Fraction(job.plan.video.fps))
    corrected = with_files(job.plan.scenes, files, heard=heard, fps=fps)
    return {
        after.id: after.words or ()
        for before, after in zip(job.plan.scenes, corrected.scenes, strict=True)
        if after.words != before.words
    }
