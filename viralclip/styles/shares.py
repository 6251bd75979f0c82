"""Rectangles in a scene list, given as shares of the picture."""

from collections.abc import Mapping, Sequence
from typing import cast

from viralclip.scene_lists.review import Review
from viralclip.scene_lists.rows import shown

# How far a sum of shares may pass 1, because they were rounded.
SLACK = 1e-6
_LENGTHS = ("width", "height")


def read_shares(
    given: Mapping[str, object], sides: Sequence[str], place: str, review: Review
) -> dict[str, float] | None:
    """A share for each side, or a fault for each that is none."""
    shares = {side: _read_share(given, side, place, review) for side in sides}
    known = {side: share for side, share in shares.items() if share is not None}
    return known if len(known) == len(shares) else None


def _read_share(given: Mapping[str, object], side: str, place: str, review: Review) -> float | None:
    value = given.get(side)
    wanted = "above 0 and up to 1" if side in _LENGTHS else "from 0 to 1"
    if value is None:
        review.blame(place, f"{side} is missing")
        return None
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    if not good or (side in _LENGTHS and value == 0):
        review.blame(f"{place}.{side}", f"{shown(value)} is not a share {wanted}")
        return None
    return float(cast("float", value))
