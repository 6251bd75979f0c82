"""A job's plan: the validated list of clips that a video, its scenes and the chosen styles make."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol

from pydantic import BaseModel

from viralclip.audio_tracks import VOICE, AudioTrack, Choice, choose_tracks
from viralclip.captions.areas import AreaName
from viralclip.errors import Fault, InvalidScenesError
from viralclip.geometry import Rect, Size
from viralclip.names import slug
from viralclip.routes import Routed
from viralclip.scenes import Scene
from viralclip.steps import Route, route_of, transcribed
from viralclip.timecode import format_time

Preset = Literal["fast", "balanced", "quality"]
PRESETS: tuple[Preset, ...] = ("fast", "balanced", "quality")
Bars = Literal["cut", "keep"]
CaptionMode = Literal["none", "given", "auto"]
# Raised when the same plan would give other bytes, so that kept clips are made again. What analyses
# a scene is not meant: a clip's worker adds the fingerprint of that to the digest.
RECIPE = 3
# Raised when the same words would be drawn in another way.
CAPTION_RECIPE = 2
# A list's last time may be rounded up.
_ROUNDING_S = 0.1


class _Value(BaseModel, frozen=True):
    pass


class Jump(_Value, frozen=True):
    """Where a source's own clock jumps: what it shows before and after, in seconds."""

    before: float
    after: float

    @property
    def problem(self) -> str:
        """What is wrong with a scene that it touches."""
        if self.after < self.before:
            return (
                f"the video's clock jumps back from {format_time(self.before)} to"
                f" {format_time(self.after)}, so that the times between are in it twice;"
                " cut or convert the video there first"
            )
        return (
            f"the video's clock jumps from {format_time(self.before)} to"
            f" {format_time(self.after)}; end the scene before or begin it after that"
        )

    def touches(self, scene: Scene) -> bool:
        early, late = sorted((self.before, self.after))
        return scene.start < late and scene.end > early + _ROUNDING_S


class Video(_Value, frozen=True):
    """What is known of a source: upright size in square pixels, seconds, frames per second.

    `identity` names the file as it is now, `content` whatever bytes it holds, wherever they lie.
    `timecode` is that of its first frame, or empty. `notes` are sentences that whoever submits a
    job should read before it starts. `audio_tracks` are all there are; a video that was probed
    before they were recorded has none here. `jumps` are those of its clock. `active_area` is what
    baked-in black bars leave of the picture, None without bars. `codec` is the picture's and
    `bit_rate` its bits per second on average, 0 where it is not known.
    """

    name: str
    path: str
    width: int
    height: int
    duration: float
    fps: str
    has_audio: bool
    identity: str
    timecode: str = ""
    notes: tuple[str, ...] = ()
    audio_tracks: tuple[AudioTrack, ...] = ()
    content: str = ""
    jumps: tuple[Jump, ...] = ()
    active_area: Rect | None = None
    codec: str = ""
    bit_rate: float = 0.0

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)

    def is_same_as(self, other: "Video") -> bool:
        """Whether both are the same recording; a copy under another name is."""
        if self.content and other.content:
            return self.content == other.content
        return self.identity == other.identity


class CaptionOptions(_Value, frozen=True):
    """Which words the clips show, and how: those `given` in the scenes, or what is heard (`auto`).

    `language` is the tag of what is spoken, empty to have it told from the sound. Captions that are
    not burnt in stand in files beside the clip only.
    """

    mode: CaptionMode = "none"
    style: str = "phrase"
    area: AreaName = "feed"
    burn: bool = True
    language: str = ""

    @property
    def are_burnt(self) -> bool:
        return self.mode != "none" and self.burn

    def look(self, scene: Scene) -> str | None:
        """All that captions change in a clip of the scene; None for a clip that has none."""
        to_be_heard = self.mode == "auto" and scene.words is None
        if self.mode == "none" or not (scene.words or to_be_heard):
            return None
        words = [word.shown for word in scene.words or ()]
        how = (self.style, self.area) if self.burn else ()
        known = "" if scene.words is not None else f"{self.mode} {self.language}".strip()
        return _digest(str(CAPTION_RECIPE), known, str(how), *words)


class Options(_Value, frozen=True):
    """What applies to every clip of a job; `audio_track` is a wish for `choose_tracks`."""

    aspect: str = "9:16"
    preset: Preset = "balanced"
    encoder: str = "x264"
    loudness: bool = False
    audio_track: str = VOICE
    bars: Bars = "cut"
    require_detector: bool = False
    captions: CaptionOptions = CaptionOptions()


class StyleChoice(Routed, frozen=True):
    """A style to make each scene in, and the steps that its clips go through."""

    name: str


class _Style(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def analysed(self) -> bool: ...


def choose(style: _Style, *, captioned: bool = False) -> StyleChoice:
    """The style as a job's plan holds it; `captioned` clips have captions burnt in."""
    route = route_of(analysed=style.analysed, captioned=captioned)
    return StyleChoice(name=style.name, route=route)


class Clip(_Value, frozen=True):
    """One scene in one style, and the file it becomes."""

    scene: Scene
    style: str
    route: Route
    filename: str
    digest: str

    @property
    def clip_id(self) -> str:
        return f"{self.scene.id}-{self.style}"


class Plan(_Value, frozen=True):
    """Everything needed to make a job's clips, and nothing that changes while they are made."""

    video: Video
    scenes: tuple[Scene, ...]
    styles: tuple[StyleChoice, ...]
    options: Options

    @property
    def digest(self) -> str:
        """One name for equal work: same source, scenes, styles and options."""
        # What a track sounds like decides only which of them are heard.
        unheard = {"timecode", "notes", "content", "audio_tracks", "jumps", "codec", "bit_rate"}
        route = {"__all__": {"route", "analysed"}}
        described = self.model_dump_json(
            exclude={
                "video": unheard,
                "styles": route,
                "scenes": {"__all__": {"words"}},
                "options": {"captions"},
            }
        )
        looks = [self.options.captions.look(scene) for scene in self.scenes]
        shown = [str(looks)] if any(looks) else []
        return _digest(str(RECIPE), described, str(self.audio.numbers), *shown)

    @property
    def audio(self) -> Choice:
        """The audio tracks of every clip; none where the video's are not known."""
        return choose_tracks(self.video.audio_tracks, self.options.audio_track)

    @property
    def active_area(self) -> Rect | None:
        """What is to be seen of the picture by styles that show no black bars, if not all."""
        return self.video.active_area if self.options.bars == "cut" else None

    @property
    def bars_notes(self) -> tuple[str, ...]:
        area, size = self.active_area, self.video.size
        if area is None:
            return ()
        left = f"{area.width}x{area.height} of {size.width}x{size.height}"
        return (f"The video has black bars, which are cut away: {left} is picture.",)

    def is_transcribed(self, scene: Scene) -> bool:
        """Whether the scene's words are taken from its sound, because nobody gave any."""
        return self.options.captions.mode == "auto" and scene.words is None

    def route(self, scene: Scene, style: StyleChoice) -> Route:
        """The steps of the scene's clip in a style."""
        return transcribed(style.route) if self.is_transcribed(scene) else style.route

    def clips(self) -> tuple[Clip, ...]:
        return tuple(clip for scene in self.scenes for clip in self.clips_of(scene.id))

    def clips_of(self, scene_id: int) -> tuple[Clip, ...]:
        scene = next(scene for scene in self.scenes if scene.id == scene_id)
        return tuple(self._clip(scene, style) for style in self.styles)

    def clip(self, scene_id: int, style: str) -> Clip:
        scene = next(scene for scene in self.scenes if scene.id == scene_id)
        return self._clip(scene, next(each for each in self.styles if each.name == style))

    def filenames_of(self, scene_ids: Collection[int]) -> Mapping[tuple[int, str], str]:
        """What the files of these scenes' clips are called, by the scene's id and the style."""
        return {
            (scene.id, style.name): _filename(scene, style)
            for scene in self.scenes
            if scene.id in scene_ids
            for style in self.styles
        }

    def _clip(self, scene: Scene, style: StyleChoice) -> Clip:
        look = scene.model_dump_json(exclude={"id", "title", "words"})
        # What is required changes whether there is a clip, not how it looks.
        apart = {"require_detector", "audio_track", "captions"}
        options = self.options.model_dump_json(exclude=apart)
        heard, seen = str(self.audio.numbers), str(self.active_area)
        known = (str(RECIPE), self.video.identity, look, style.name, options, heard, seen)
        captions = self.options.captions.look(scene)
        if captions is not None:
            known += (captions,)
        return Clip(
            scene=scene,
            style=style.name,
            route=self.route(scene, style),
            filename=_filename(scene, style),
            digest=_digest(*known),
        )


def _filename(scene: Scene, style: StyleChoice) -> str:
    return f"{scene.id:02}_{slug(scene.title)}_{style.name}.mp4"


def make_plan(
    video: Video, scenes: Sequence[Scene], styles: Sequence[StyleChoice], options: Options
) -> Plan:
    """The plan; UnknownAudioTrackError if the video has not the track that `options` name.

    InvalidScenesError names the scenes that a jump of the video's clock lies in.
    """
    faults = [
        Fault(f"scene {scene.id}", jump.problem)
        for scene in scenes
        for jump in video.jumps
        if jump.touches(scene)
    ]
    if faults:
        raise InvalidScenesError(faults)
    choose_tracks(video.audio_tracks, options.audio_track)
    return Plan(video=video, scenes=tuple(scenes), styles=tuple(styles), options=options)


def changed_clips(before: Plan, after: Plan) -> frozenset[tuple[int, str]]:
    """The scene's id and the style of each clip that is other work in the plan that follows."""
    were = {(clip.scene.id, clip.style): clip.digest for clip in before.clips()}
    return frozenset(
        place
        for clip in after.clips()
        if were.get(place := (clip.scene.id, clip.style)) != clip.digest
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
