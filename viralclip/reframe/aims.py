"""What a window must show and should show of the face it follows, and of motion without faces."""

import numpy as np

from viralclip.geometry import Size
from viralclip.reframe.camera import STEP_S, Aim
from viralclip.reframe.footage import Flags, Floats, Footage

# Shares of the face that must be seen beyond it: what the detector may err by, and hair.
_BESIDE, _ABOVE, _BELOW = 0.08, 0.35, 0.15
# How far from the middle of the window a face may be before the camera moves, in shares of it.
_LOOSE_X, _LOOSE_Y = 0.2, 0.06
# Where the middle of a face lies best: this share of the window's height from the top.
_EYE_LINE = 0.4
# Motion is averaged over so many seconds; less of it than this share of the picture is none.
_MOTION_S = 1.6
_LEAST_MOTION = 0.002
_LOOSE_MOTION = 0.12
_SHORTEST_S = 0.001


def grid(start: float, end: float) -> Floats:
    """Points from `start` to `end`, evenly and `STEP_S` apart at most; two at least."""
    end = max(end, start + _SHORTEST_S)
    return np.linspace(start, end, max(2, int(np.ceil((end - start) / STEP_S - 1e-6)) + 1))


def face_aims(
    boxes: Floats, present: Flags, still: Flags, *, size: Size, frame: Size
) -> tuple[Aim, Aim]:
    """The aims across and down for the face in `boxes` (n, 4) where it is `present` (n,)."""
    x, y, width, height = boxes.T
    beside = _BESIDE * width
    across = _aim(
        (x - beside, x + width + beside), x + width / 2, _LOOSE_X, present, still, size.width
    )
    middle = y + height / 2 + (0.5 - _EYE_LINE) * size.height
    down = _aim(
        (y - _ABOVE * height, y + height + _BELOW * height),
        middle,
        _LOOSE_Y,
        present,
        still,
        size.height,
    )
    return _placed(across, frame.width), _placed(down, frame.height)


def motion_aims(footage: Footage, times: Floats, *, size: Size) -> tuple[Aim, Aim]:
    """The aims for what moves; where nothing does, no place is better than another."""
    rows = footage.samples_in(times[0], times[-1])
    seen, (x, y, amount) = footage.times[rows], footage.motion[rows].T
    near = np.abs(times[:, None] - seen[None, :]) <= _MOTION_S / 2
    weight = near * np.where(amount > _LEAST_MOTION, amount, 0)
    total = weight.sum(axis=1)
    moving = total > 0
    divisor = np.where(moving, total, 1)
    sides = (
        (weight @ x / divisor, footage.size.width, size.width),
        (weight @ y / divisor, footage.size.height, size.height),
    )
    still = np.zeros(len(times), dtype=np.bool_)
    across, down = (
        _placed(_aim((middle, middle), middle, _LOOSE_MOTION, moving, still, length), frame)
        for middle, frame, length in sides
    )
    return across, down


def free_aims(
    count: int, *, centre: tuple[float, float], size: Size, frame: Size
) -> tuple[Aim, Aim]:
    """Nothing to follow: one place for all points."""
    present, still = np.ones(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
    sides = zip(centre, (size.width, size.height), (frame.width, frame.height), strict=True)
    across, down = (
        _placed(_aim((where, where), where, 0.0, present, still, length), room)
        for where, length, room in (
            (np.full(count, place), length, room) for place, length, room in sides
        )
    )
    return across, down


def _aim(
    shown: tuple[Floats, Floats],
    middle: Floats,
    loose: float,
    present: Flags,
    still: Flags,
    length: float,
) -> Aim:
    low, high = shown[1] - length / 2, shown[0] + length / 2
    fits = low <= high
    low, high = (np.where(fits, end, (low + high) / 2) for end in (low, high))
    needed = np.stack([low, high], axis=1)
    wanted = np.stack([middle - loose * length, middle + loose * length], axis=1)
    needed[~present] = wanted[~present] = -np.inf, np.inf
    return Aim(needed, wanted, still, (0, 0), length)


def _placed(aim: Aim, frame: float) -> Aim:
    """The aim with the room that a frame leaves."""
    room = (aim.length / 2, max(aim.length / 2, frame - aim.length / 2))
    return Aim(aim.needed, aim.wanted, aim.still, room, aim.length)
