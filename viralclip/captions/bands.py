"""Where captions stand: a band that no face is in, kept for as long as that is so."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from viralclip.captions.chunks import Chunk
from viralclip.geometry import Rect

# Hair and chin are outside of what a detector calls a face; shares of its height.
_ABOVE, _BELOW = 0.15, 0.15
# A band is left for another that has so much less, in shares of the chunk's frames.
_BETTER = 0.02


@dataclass(frozen=True)
class Faces:
    """The faces in each frame of a clip, in pixels of the clip, and its cuts in seconds."""

    fps: Fraction
    frames: Sequence[tuple[Rect, ...]]
    cuts: tuple[float, ...] = ()


@dataclass(frozen=True)
class Band:
    """A place for captions: the middle of their block, in pixels from the top."""

    name: str
    middle: float


def bands_in(area: Rect, highest: float, *, seam: float | None = None) -> tuple[Band, ...]:
    """The bands for blocks up to so many pixels high, the preferred one first.

    `seam` is where a split style's panels meet, in pixels from the top.
    """
    half = highest / 2
    lowest, uppermost = area.y + area.height - half, area.y + half
    lower = Band("lower", max(lowest, uppermost))
    upper = Band("upper", uppermost)
    between = Band("middle", (lower.middle + upper.middle) / 2)
    if seam is None or not uppermost <= seam <= lowest:
        return (lower, upper, between)
    return (Band("seam", seam), lower, upper)


def choose_bands(
    chunks: Sequence[Chunk], bands: Sequence[Band], area: Rect, faces: Faces | None
) -> list[Band]:
    """The band of each chunk: the first one, or where fewest frames have a face behind the text.

    It changes between chunks only, and not for little; behind a cut the first one is tried again.
    """
    chosen: list[Band] = []
    for at, chunk in enumerate(chunks):
        before = chosen[-1] if chosen else bands[0]
        if faces is None:
            chosen.append(bands[0])
            continue
        stays = at > 0 and not _cut_between(chunks[at - 1], chunk, faces)
        order = [before, *bands] if stays else list(bands)
        hidden = [_hidden(chunk, band, area, faces) for band in order]
        least = min(hidden)
        chosen.append(
            next(s for s, share in zip(order, hidden, strict=True) if share <= least + _BETTER)
        )
    return chosen


def block_rect(chunk: Chunk, band: Band, area: Rect) -> Rect:
    """What the chunk's text covers in a band."""
    block = chunk.block
    left = area.x + (area.width - block.width) / 2
    top = band.middle - block.height / 2
    return Rect(round(left), round(top), round(block.width), round(block.height))


def _cut_between(before: Chunk, chunk: Chunk, faces: Faces) -> bool:
    return any(before.start < cut <= chunk.start + 1e-6 for cut in faces.cuts)


def _hidden(chunk: Chunk, band: Band, area: Rect, faces: Faces) -> float:
    """The share of the chunk's frames in which its text covers a part of a face."""
    text = block_rect(chunk, band, area)
    first = round(chunk.start * faces.fps)
    frames = faces.frames[first : max(round(chunk.end * faces.fps), first + 1)]
    covered = sum(any(overlaps(text, _head(face)) for face in frame) for frame in frames)
    return covered / max(len(frames), 1)


def _head(face: Rect) -> Rect:
    above, below = round(face.height * _ABOVE), round(face.height * _BELOW)
    return Rect(face.x, face.y - above, face.width, face.height + above + below)


def overlaps(one: Rect, other: Rect) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )
