"""A frame of a clip with its captions, before it is made: what is asked for."""

from typing import Annotated

from pydantic import BaseModel, Field

from viralclip.captions.areas import AreaName
from viralclip.plan import Bars
from viralclip.server.scene_input import SceneObject


class FrameLook(BaseModel, frozen=True):
    """How a clip would be made, and the moment to look at: a time of the video in seconds."""

    style: Annotated[str, Field(max_length=100)]
    aspect: Annotated[str, Field(max_length=10)] = "9:16"
    bars: Bars = "cut"
    caption_style: Annotated[str, Field(max_length=100)] = "phrase"
    area: AreaName = "feed"
    at: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class CaptionAsk(FrameLook, frozen=True):
    """A frame of a clip of a scene; this is an object with its `words`, as a new job takes it."""

    scene: SceneObject
