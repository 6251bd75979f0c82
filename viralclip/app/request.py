"""From what was typed to a plan: every fault of the input is found before anything starts."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypedDict, Unpack

from viralclip.app.caption_folder import EarlierClip, FolderCaptions
from viralclip.app.captions import CaptionFolder, CaptionSource, caption_scenes
from viralclip.app.destination import demand_text, destination_url
from viralclip.audio_tracks import VOICE
from viralclip.captioning import Captioned
from viralclip.captions.areas import area_named
from viralclip.errors import (
    Fault,
    InvalidRequestError,
    InvalidScenesError,
)
from viralclip.geometry import Rect, parse_aspect
from viralclip.media.bars import probe_whole
from viralclip.media.probe import Probed
from viralclip.plan import (
    PRESETS,
    Bars,
    CaptionOptions,
    Options,
    Plan,
    Video,
    choose,
    make_plan,
)
from viralclip.scenes import (
    MAX_BYTES,
    Scene,
    SceneReading,
    list_text,
    parse_scenes,
    scenes_from_chapters,
)
from viralclip.settings import Settings
from viralclip.storage.objects import Storage
from viralclip.styles import ALL, Style, resolve
from viralclip.styles.registry import scene_options
from viralclip.words.languages import spoken_language


@dataclass(frozen=True)
class Request:
    """A render as it was asked for; without scenes the chapters of the video are meant.

    `captions` say where their words come from; see `caption_source`.
    """

    source: Path
    scenes: Path | tuple[Scene, ...] | None
    styles: tuple[str, ...]
    out: str
    options: Options
    captions: CaptionSource = None


@dataclass(frozen=True)
class Accepted:
    """A request without faults, and what its sender should know about it."""

    plan: Plan
    storage_url: str
    notes: tuple[str, ...]


class NoStyleError(InvalidRequestError):
    """No style was chosen; name some with --styles, or leave that out for all that fit."""

    code = "no_style"


class UnknownPresetError(InvalidRequestError):
    """There is no preset named {name}; choose from {known}."""

    code = "unknown_preset"


class OptionValues(TypedDict, total=False):
    """What applies to every clip of a job; `encoder` and `language` are the settings' where left
    out."""

    aspect: str
    preset: str
    encoder: str | None
    loudness: bool
    bars: Bars
    audio_track: str | int
    require_detector: bool
    caption_style: str
    caption_area: str
    burn_captions: bool
    language: str | None


def options_for(settings: Settings, **values: Unpack[OptionValues]) -> Options:
    """The options with these values; UnknownPresetError."""
    preset = values.get("preset", "balanced")
    if preset not in PRESETS:
        raise UnknownPresetError(name=preset, known=", ".join(PRESETS))
    return Options(
        aspect=values.get("aspect", "9:16"),
        preset=preset,
        encoder=values.get("encoder") or settings.rendering.encoder,
        loudness=values.get("loudness", False),
        bars=values.get("bars", "cut"),
        audio_track=str(values.get("audio_track", VOICE)).strip().lower(),
        require_detector=values.get("require_detector", False),
        captions=CaptionOptions(
            style=values.get("caption_style", "phrase"),
            area=area_named(values.get("caption_area", "feed")),
            burn=values.get("burn_captions", True),
            language=spoken_language(values.get("language") or settings.speech.language),
        ),
    )


async def accept(
    request: Request,
    open_storage: Callable[[str], Storage],
    *,
    fonts: Path | None = None,
    earlier: Sequence[EarlierClip] = (),
) -> Accepted:
    """The plan for the request; InvalidRequestError names what is wrong with it.

    `fonts` is a folder of the user's with more of them for captions. `earlier` are the clips that a
    folder of corrected captions may belong to.
    """
    aspect = parse_aspect(request.options.aspect)
    if not request.styles:
        raise NoStyleError
    demand_text("the video", request.source)
    probed = await asyncio.to_thread(probe_whole, request.source)
    reading = await asyncio.to_thread(_scenes, request, probed)
    shown = await asyncio.to_thread(_captioned, request, reading.scenes, probed, fonts, earlier)
    active = probed.video.active_area if request.options.bars == "cut" else None
    styles = resolve(request.styles, source=probed.video.size, aspect=aspect, active=active)
    storage_url = await destination_url(request.out, open_storage)
    choices = [choose(style, captioned=shown.options.are_burnt) for style in styles]
    options = request.options.model_copy(update={"captions": shown.options})
    plan = make_plan(probed.video, shown.scenes, choices, options)
    left_out = _left_out(request.styles, styles, probed, active)
    read = (*probed.video.notes, *reading.notes, *shown.notes)
    notes = (*left_out, *read, *plan.audio.notes(), *plan.bars_notes)
    return Accepted(plan, storage_url, notes)


def _captioned(
    request: Request,
    scenes: Sequence[Scene],
    probed: Probed,
    fonts: Path | None,
    earlier: Sequence[EarlierClip],
) -> Captioned:
    options = request.options.captions
    match request.captions:
        case CaptionFolder() as folder:
            return FolderCaptions(folder, scenes, probed, earlier).give(options, fonts)
        case source:
            return caption_scenes(source, scenes, options, probed.video, fonts)


def _scenes(request: Request, probed: Probed) -> SceneReading:
    match request.scenes:
        case None:
            return chapters_of(probed)
        case Path() as path:
            return read_scene_list(path, probed.video)
        case scenes:
            return read_given(scenes, probed.video)


def read_given(scenes: Sequence[Scene], video: Video) -> SceneReading:
    """The scenes as a list of them would be read: numbered and named where they are not."""
    rows = [scene.model_dump(mode="json", exclude_unset=True) for scene in scenes]
    return _parsed(json.dumps(rows), "scenes.json", video)


def read_scene_list(path: Path, video: Video) -> SceneReading:
    """The scenes of a list on disk; InvalidScenesError says what is wrong with it."""
    return _parsed(_read(path), path.name, video)


def read_list_text(path: Path) -> str:
    """The text of a list on disk, whatever its encoding; InvalidScenesError if it is none."""
    text, _ = list_text(_read(path))
    return text


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        raise InvalidScenesError([Fault(path.name or str(path), problem)]) from error


def _parsed(data: str | bytes, name: str, video: Video) -> SceneReading:
    fps = float(Fraction(video.fps))
    return parse_scenes(
        data,
        name=name,
        duration=video.duration,
        fps=fps,
        timecode=video.timecode,
        options=scene_options(),
    )


def chapters_of(probed: Probed) -> SceneReading:
    """The chapters inside the video as scenes; InvalidScenesError if there are none."""
    if not probed.chapters:
        problem = "no chapters in the video; give a scene list with --scenes"
        raise InvalidScenesError([Fault("", problem)])
    return scenes_from_chapters(
        [(chapter.title, chapter.start, chapter.end) for chapter in probed.chapters],
        duration=probed.video.duration,
        fps=float(probed.fps),
    )


def _left_out(
    asked: Sequence[str], styles: Sequence[Style], probed: Probed, active: Rect | None
) -> list[str]:
    fitting = {style.name for style in styles}
    size = active.size if active else probed.video.size
    return [
        f"{name} does not fit a {size.width}x{size.height} video and is left out."
        for name in asked
        if name != ALL and name not in fitting
    ]
