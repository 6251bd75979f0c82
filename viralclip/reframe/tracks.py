"""Faces of samples put together to people: a track is one face through one shot."""

from dataclasses import dataclass

from viralclip.reframe.footage import Floats, Footage


@dataclass(frozen=True)
class Track:
    """One face through one shot: at `times` (n,) its `boxes` (n, 4): x, y, width, height.

    Times are those of samples, without a gap: where the face was not found for a moment, `seen`
    (n,) is False and the box lies between its neighbours. `mouth` (n,) is how much the mouth moved
    since the sample before, in the person's own measure.
    """

    shot: int
    times: Floats
    boxes: Floats
    seen: Floats
    mouth: Floats


def find_tracks(footage: Footage) -> tuple[Track, ...]:
    """The tracks of all shots, by their start."""
    del footage
    return ()
