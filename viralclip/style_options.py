"""What a scene tells a style beyond its times: options that live with the style that reads them."""

from collections.abc import Mapping
from typing import Any, Protocol, Self

from pydantic import BaseModel, ValidationError

from viralclip.geometry import Rect, Size
from viralclip.scene_lists.columns import plain
from viralclip.scene_lists.review import Review
from viralclip.scene_lists.rows import Row, shown
from viralclip.timecode import TimeRange


class _Scene(Protocol):
    @property
    def options(self) -> Mapping[str, Any]: ...


class StyleOptions(BaseModel, frozen=True):
    """Options of a style: each field is one of a scene in a scene list, and has a default.

    Several styles may share a class. What a list says is validated as the fields are annotated.
    """

    @classmethod
    def of(cls, scene: _Scene) -> Self:
        """What the scene tells the style."""
        return cls.model_validate(scene.options)

    @classmethod
    def read(cls, row: Row, span: TimeRange | None, review: Review) -> Self | None:  # noqa: ARG003 - part of the port
        """What a row of a list says; `review` is told each fault. `span` is None if it is faulty.

        To be overridden where a fault needs words of its own.
        """
        given = {name: row.fields[plain(name)] for name in cls.named_in(row)}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                review.blame(_place(row, fault["loc"]), _problem(fault))
            return None

    @classmethod
    def named_in(cls, row: Row) -> list[str]:
        """The fields that the row has a value for."""
        return [name for name in cls.model_fields if row.fields.get(plain(name)) is not None]

    def written(self) -> dict[str, Any]:
        """What differs from the defaults, as JSON."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def within(self, area: Rect, source: Size) -> Self:  # noqa: ARG002 - part of the port
        """The same in shares of `area`, where black bars are cut away from the `source` picture.

        To be overridden by options that are shares of the picture.
        """
        return self


def _place(row: Row, path: tuple[int | str, ...]) -> str:
    inner = "".join(f"[{at}]" if isinstance(at, int) else f".{at}" for at in path[1:])
    return row.at(str(path[0])) + inner


def _problem(fault: Any) -> str:
    """Pydantic's words, about the value that was given."""
    message = str(fault["msg"])
    for start in ("Value error, ", "Assertion failed, "):
        message = message.removeprefix(start)
    return message.replace("Input", shown(fault["input"]), 1)
