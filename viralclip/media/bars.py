"""Finds the black bars that are part of a video's pictures, by looking at a few of them."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from viralclip.geometry import Rect
from viralclip.media.limits import open_source
from viralclip.media.packets import seek_to
from viralclip.media.probe import Probed, probe
from viralclip.media.upright import Upright

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

# Pictures to look at: the first after so many seeks, and where these find too few, every so many
# of those at the beginning, decoded one after another until so many pixels were decoded.
_SEEKS = 12
_FEWEST = 6
_IN_A_ROW, _PIXELS = 24, 80_000_000
# Levels of grey, 0 to 255. Noise in a bar stays below the first; a picture with so much above the
# second can tell a bar from a dark picture.
_BLACK, _BRIGHT, _BRIGHT_SHARE = 20, 56, 0.03
# A line is black if no more than this share of it is not: coding leaves specks.
_SPECKS = 0.01
# What lies beside a bar is a picture's edge: most of a line is lit there, in most bright pictures.
# Rows that a scaler or a codec has mixed with the bar are less lit than those behind them.
_EDGE, _PICTURES, _MIXED = 0.5, 0.6, 4
_THIN, _THIN_SHARE = 4, 0.004
# What is left of a picture that is not just a logo.
_LEAST = 0.1

_Grey = NDArray[np.uint8]
_Shares = NDArray[np.float64]


def probe_whole(path: Path) -> Probed:
    """As `probe`, and with the `active_area` of the video, if there are bars around it."""
    probed = probe(path)
    video = probed.video.model_copy(update={"active_area": find_bars(probed)})
    return replace(probed, video=video)


def find_bars(source: Probed) -> Rect | None:
    """The part of the display picture inside black bars, on even pixels; None without bars.

    No picture has anything in them, and most of the bright ones show where they end.
    """
    whole = Rect(0, 0, source.video.width, source.video.height)
    views: list[_View] = []
    with suppress(av.error.FFmpegError):  # what was seen before counts
        views += map(_View.of, _pictures(source, whole))
    bright = [view for view in views if view.is_bright]
    if not bright:
        return None
    down, across = _Axis.of([view.rows for view in views]), _Axis.of([v.columns for v in views])
    # A line across bars on two sides is lit between them at the most.
    rows = [view.rows / across.lit_share for view in bright]
    columns = [view.columns / down.lit_share for view in bright]
    (top, bottom), (left, right) = down.inside_bars(rows), across.inside_bars(columns)
    area = Rect(left, top, right - left, bottom - top)
    is_much = area.width * area.height >= _LEAST * whole.width * whole.height
    return area if area != whole and is_much else None


@dataclass(frozen=True)
class _View:
    """Of one picture: the share of each row and of each column that is lit."""

    rows: _Shares
    columns: _Shares
    is_bright: bool

    @classmethod
    def of(cls, grey: _Grey) -> "_View":
        lit, (height, width) = grey > _BLACK, grey.shape
        bright = np.count_nonzero(grey > _BRIGHT) >= _BRIGHT_SHARE * grey.size
        rows, columns = np.count_nonzero(lit, axis=1), np.count_nonzero(lit, axis=0)
        return cls(rows / width, columns / height, bool(bright))


@dataclass(frozen=True)
class _Axis:
    """The rows or the columns: the first lit in any picture, the one after the last, how many."""

    first: int
    last: int
    full: int

    @classmethod
    def of(cls, pictures: Sequence[_Shares]) -> "_Axis":
        lit = np.flatnonzero(np.max(pictures, axis=0) > _SPECKS)
        return cls(int(lit[0]), int(lit[-1]) + 1, len(pictures[0]))

    @property
    def lit_share(self) -> float:
        return (self.last - self.first) / self.full

    def inside_bars(self, bright: Sequence[_Shares]) -> tuple[int, int]:
        """The span without what is no bar: too thin, or not bounded by a picture's edge."""
        first = _bar(self.first, [picture[self.first :] for picture in bright], self.full)
        backwards = [picture[: self.last][::-1] for picture in bright]
        last = self.full - _bar(self.full - self.last, backwards, self.full)
        return first, last if last == self.full else last - last % 2


def _bar(thick: int, behind: Sequence[_Shares], full: int) -> int:
    """How many lines to cut of a bar so thick, an even number; `behind` are the lines after it."""
    edge = np.array([picture[:_MIXED].max() >= _EDGE for picture in behind])
    if thick < max(_THIN, full * _THIN_SHARE) or edge.mean() < _PICTURES:
        return 0
    usual = np.mean([picture[: _MIXED + 1] for picture in behind], axis=0)
    cut = thick + int(np.argmax(usual >= usual[-1] / 2))
    return cut + cut % 2


def _pictures(source: Probed, whole: Rect) -> Iterator[_Grey]:
    """A few pictures from all over the video; fewer where it is damaged."""
    upright = Upright(source.picture, whole, math.inf)
    seen: set[float] = set()
    with _opened(source, "SLICE") as (container, stream):
        for place in range(_SEEKS):
            seek_to(container, source.video.duration * (place + 0.5) / _SEEKS)
            with suppress(av.error.FFmpegError):
                frame = next(container.decode(stream), None)
                if frame is not None and frame.time is not None and frame.time not in seen:
                    seen.add(frame.time)
                    yield upright.image(frame, pixels="gray")
    if len(seen) < _FEWEST:
        yield from _in_a_row(source, upright)


def _in_a_row(source: Probed, upright: Upright) -> Iterator[_Grey]:
    stored = source.picture.stored
    most = max(1, _PIXELS // (stored.width * stored.height))
    every = max(1, min(most, round(source.video.duration * source.fps)) // _IN_A_ROW)
    with _opened(source, "AUTO") as (container, stream), suppress(av.error.FFmpegError):
        for place, frame in enumerate(islice(container.decode(stream), most)):
            if place % every == 0:
                yield upright.image(frame, pixels="gray")


@contextmanager
def _opened(
    source: Probed, threads: Literal["SLICE", "AUTO"]
) -> Iterator[tuple["InputContainer", "VideoStream"]]:
    with open_source(source.path) as container:
        stream = container.streams[source.picture.stream]
        assert isinstance(stream, av.VideoStream)  # noqa: S101 - for the type checker
        stream.thread_type = threads
        # Edges between blocks are not what is looked for.
        stream.codec_context.options = {"skip_loop_filter": "all"}
        yield container, stream
