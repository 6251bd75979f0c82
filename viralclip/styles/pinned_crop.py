"""`crop`: where the styles that follow people look, set by hand in the scene."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Self, cast

from pydantic import BaseModel

from viralclip.geometry import Rect, Size
from viralclip.scene_lists.review import ROUNDING_S, Review, read_time
from viralclip.scene_lists.rows import Row, shown
from viralclip.style_options import StyleOptions
from viralclip.styles.shares import SLACK, read_shares
from viralclip.timecode import TimeRange, format_time

MAX_PINS = 200


class Pin(BaseModel, frozen=True):
    """A crop set by hand: its left and width as shares of the picture's width, its top as a share
    of the height, from this time of the video on or, between two pins, on the way to the next.
    """

    time: float
    x: float
    y: float
    width: float

    def within(self, area: Rect, source: Size) -> "Pin":
        """The same crop; who draws it keeps it inside."""
        return Pin(
            time=self.time,
            x=(self.x * source.width - area.x) / area.width,
            y=(self.y * source.height - area.y) / area.height,
            width=self.width * source.width / area.width,
        )


class PinnedCrop(StyleOptions, frozen=True):
    """Where to look: one crop for the whole scene, or several in the order of their times."""

    crop: tuple[Pin, ...] = ()

    @classmethod
    def read(cls, row: Row, span: TimeRange | None, review: Review) -> Self:
        return cls(crop=_read_pins(row, span, review))

    def within(self, area: Rect, source: Size) -> Self:
        pins = tuple(pin.within(area, source) for pin in self.crop)
        return self.model_copy(update={"crop": pins})


def _read_pins(row: Row, span: TimeRange | None, review: Review) -> tuple[Pin, ...]:
    value, place = row.fields["crop"], row.at("crop")
    if not isinstance(value, list):
        return tuple(filter(None, [_read_pin(value, place, span, review, timed=False)]))
    listed = cast("list[object]", value)
    if len(listed) > MAX_PINS:
        review.blame(place, f"the list has {len(listed)} crops; at most {MAX_PINS} are allowed")
        return ()
    places = [f"{place}[{number}]" for number in range(len(listed))]
    found = [
        _read_pin(pin, at, span, review, timed=True) for pin, at in zip(listed, places, strict=True)
    ]
    for at, (one, other) in zip(places[1:], pairwise(found), strict=True):
        if one is not None and other is not None and other.time <= one.time:
            review.blame(f"{at}.time", f"{format_time(other.time)} is not after the one before")
    return tuple(filter(None, found))


def _read_pin(
    value: object, place: str, span: TimeRange | None, review: Review, *, timed: bool
) -> Pin | None:
    if not isinstance(value, dict):
        wanted = "{time, x, y, width}" if timed else "{x, y, width}"
        review.blame(place, f"{shown(value)} is not a crop like {wanted}")
        return None
    fields = cast("dict[str, object]", value)
    time = _read_pin_time(fields, place, span, review) if timed else (span.start if span else 0.0)
    shares = read_shares(fields, ("x", "y", "width"), place, review)
    if time is None or shares is None:
        return None
    if shares["x"] + shares["width"] > 1 + SLACK:
        review.blame(place, "the crop reaches beyond the right edge of the picture")
        return None
    return Pin(time=time, **shares)


def _read_pin_time(
    fields: Mapping[str, object], place: str, span: TimeRange | None, review: Review
) -> float | None:
    time = read_time(Row(place, fields, keyed=True), "time", review)
    if time is None or span is None:
        return time
    if not span.start - ROUNDING_S <= time <= span.end + ROUNDING_S:
        within = f"{format_time(span.start)} to {format_time(span.end)}"
        review.blame(f"{place}.time", f"{format_time(time)} is outside the scene ({within})")
        return None
    return time
