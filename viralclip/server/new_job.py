"""A job as it is asked for."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from viralclip.audio_tracks import ALL, VOICE
from viralclip.caption_files import MAX_FILES
from viralclip.captions.areas import AreaName
from viralclip.catalog.records import Priority
from viralclip.plan import Bars, Preset
from viralclip.server.scene_input import SceneObject

MAX_STYLES = 50
# A long talk's in the wordiest format; the request as a whole has a limit of its own.
MAX_TRANSCRIPT_CHARS = 1_500_000
_Name = Annotated[str, Field(max_length=255)]
_Text = Annotated[str, Field(max_length=MAX_TRANSCRIPT_CHARS)]
# The texts of subtitles by their names.
CaptionTexts = Annotated[dict[_Name, _Text], Field(max_length=MAX_FILES)]
# What no file name, database or log can hold.
_PATTERN = r"^[^\x00]*$"


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class VideoSource(_In):
    """A video that was uploaded or used before."""

    video_id: str = Field(max_length=100, pattern=_PATTERN)


class PathSource(_In):
    """A file on the server, inside one of its media roots."""

    path: str = Field(max_length=4096)


class NewCaptions(_In):
    """Captions for every clip.

    `given` words are those of the scenes and, where a scene has none of its own, those of the
    `transcript`: the text of a file in any format that is known. `auto` is what is heard. `files`
    are the texts of `.srt` files that were written beside clips of the same scenes and corrected,
    by their names: they go before both. Without `burn` captions stand in files beside the clips
    only. `language` is the tag of what is spoken, such as `en` or `de`; left out, it is told from
    the sound.
    """

    mode: Literal["given", "auto"] = "given"
    transcript: str | None = Field(default=None, max_length=MAX_TRANSCRIPT_CHARS)
    files: CaptionTexts | None = None
    style: str = Field(default="phrase", max_length=40)
    area: AreaName = "feed"
    burn: bool = True
    language: str | None = Field(default=None, max_length=40)


class NewJob(_In):
    """What to make. `scenes` is a list of objects, or the text of any scene list format.

    `audio_track` is the number of the audio track that is heard, `all`, or `voice`: all that belong
    together, without other languages, copies and extras.
    """

    source: VideoSource | PathSource
    scenes: list[SceneObject] | str
    styles: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=MAX_STYLES)
    aspect: str = Field(default="9:16", max_length=8)
    preset: Preset = "balanced"
    priority: Priority = "normal"
    loudness: bool = False
    bars: Bars = "cut"
    captions: NewCaptions | None = None
    audio_track: str = Field(default=VOICE, pattern=rf"^({VOICE}|{ALL}|[1-9][0-9]?)$")
