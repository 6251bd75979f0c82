"""Scenes as a request for a job holds them: typed for its clients, read like other scene lists."""

from typing import Annotated, Any, cast

from pydantic import BaseModel, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import definitions_schema

from viralclip.styles.streamer_split import Region
from viralclip.words.transcript import Word

_Time = Annotated[
    float | str, Field(description="Seconds, or text like `1:02.5` or `00:01:02:12`.")
]


class CropIn(BaseModel):
    """A crop set by hand: its left and width as shares of the picture's width, its top as a share
    of the height."""

    x: float
    y: float
    width: float


class PinIn(CropIn):
    """The crop from a time of the video on or, between two of them, on the way to the next."""

    time: _Time


class SceneIn(BaseModel):
    """A stretch of the video worth a clip: from `start` to `end`, or for a `duration`.

    Without an `id` or a `title` it is given one. `crop` is one for the whole scene, or several with
    their times. Other spellings of these names are read as in scene lists; so are options of styles
    that came as packages. Unknown fields are ignored.
    """

    start: _Time
    end: _Time | None = None
    duration: _Time | None = None
    id: int | str | None = None
    title: str | None = None
    webcam: Region | None = None
    crop: CropIn | list[PinIn] | None = None
    words: list[Word] | None = None


class DescribedAs:
    """How a value that is checked later stands in OpenAPI."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        # With a name of its own it is a component, which clients get a type for.
        name = f"{self._model.__module__}.{self._model.__qualname__}:{id(self._model)}"
        described = {**self._model.__pydantic_core_schema__, "ref": name}
        return handler(definitions_schema(cast("CoreSchema", described), []))


# The reader of scene lists knows more spellings than a model, and names every fault with its place.
SceneObject = Annotated[dict[str, Any], DescribedAs(SceneIn)]
