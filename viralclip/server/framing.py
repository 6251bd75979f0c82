"""What a clip would show, before it is made: asked for and answered."""

from typing import Annotated

from pydantic import BaseModel, Field

from viralclip.events import Algorithm
from viralclip.plan import Bars

Box = tuple[float, float, float, float]


class Ask(BaseModel, frozen=True):
    """A stretch of a video in seconds, and how a clip of it would be made."""

    start: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    end: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    style: Annotated[str, Field(max_length=100)]
    aspect: Annotated[str, Field(max_length=10)] = "9:16"
    bars: Bars = "cut"


class FaceOut(BaseModel):
    """A face that was followed: where it was at each time, in seconds of the video."""

    times: list[float]
    boxes: list[Box]


class FramingOut(BaseModel):
    """Where a clip looks: for each panel, x, y, width and height in every frame.

    Places are pixels of the upright video. Frame k is shown `k / fps` seconds after `start`, a time
    of the video. `warnings` say why it is less than what the style promises.
    """

    algorithm: Algorithm
    detector: str
    warnings: list[str]
    start: float
    fps: float
    panels: list[list[Box]]
    faces: list[FaceOut]
