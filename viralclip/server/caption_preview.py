"""A frame of a clip with its captions, before it is made: what is asked for."""

from typing import Annotated

from pydantic import Field

from viralclip.captions.areas import AreaName
from viralclip.scenes import MAX_PINS, Pin, Region
from viralclip.server.framing import Ask
from viralclip.words.transcript import Word

# Ten minutes of the fastest speaker there is.
MAX_SCENE_WORDS = 6000


class CaptionAsk(Ask, frozen=True):
    """A clip as in `Ask`, the words that it would show, and the moment to look at.

    Words and `at` are seconds of the video.
    """

    at: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    words: Annotated[tuple[Word, ...], Field(max_length=MAX_SCENE_WORDS)]
    caption_style: Annotated[str, Field(max_length=100)] = "phrase"
    area: AreaName = "feed"
    crop: Annotated[tuple[Pin, ...], Field(max_length=MAX_PINS)] = ()
    webcam: Region | None = None
