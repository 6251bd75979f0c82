"""A job as it is asked for."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from viralclip.audio_tracks import ALL, VOICE
from viralclip.catalog.records import Priority
from viralclip.plan import Bars, Preset

MAX_STYLES = 50
# What no file name, database or log can hold.
_TEXT = r"^[^\x00]*$"


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class VideoSource(_In):
    """A video that was uploaded or used before."""

    video_id: str = Field(max_length=100, pattern=_TEXT)


class PathSource(_In):
    """A file on the server, inside one of its media roots."""

    path: str = Field(max_length=4096)


class NewJob(_In):
    """What to make. `scenes` is a list of objects, or the text of any scene list format.

    `audio_track` is the number of the audio track that is heard, `all`, or `voice`: all that belong
    together, without other languages, copies and extras.
    """

    source: VideoSource | PathSource
    scenes: list[dict[str, Any]] | str
    styles: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=MAX_STYLES)
    aspect: str = Field(default="9:16", max_length=8)
    preset: Preset = "balanced"
    priority: Priority = "normal"
    loudness: bool = False
    bars: Bars = "cut"
    audio_track: str = Field(default=VOICE, pattern=rf"^({VOICE}|{ALL}|[1-9][0-9]?)$")
