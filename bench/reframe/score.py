"""How well windows follow: one row of figures for a clip, against the truth of its scenario."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bench.reframe.scenario import Flags, Floats, Person, Scenario

# A step of the window by more than this share of its width is a jump, not a movement.
_JUMP = 0.15
# Slower than so many pixels a frame is still; a reversal is between two movements faster than that.
_STILL, _MOVING = 0.25, 0.5
# A face may touch the window's edge by so many pixels: what reading a window back can err.
_TOLERANCE = 1.0
# Faster than this share of the width a frame, near a cut but not at it, is a pan across it.
_PAN, _NEAR_FRAMES = 0.03, 6


@dataclass(frozen=True)
class Score:
    """Shares are of frames, lengths in source pixels, and nan where there is nothing to judge."""

    face_in: float
    offset_p95: float
    padded: float
    velocity: float
    acceleration: float
    jerk: float
    still: float
    reversals: float
    late: float
    pans: float
    jumps: float
    on_speaker: float
    latency: float
    false_switches: float


def score(scenario: Scenario, windows: Floats, *, tolerance: float = _TOLERANCE) -> Score:
    """Judges windows (frames, 4), x, y, width, height in source pixels, one for each frame."""
    inside = [_holds(windows, boxes, tolerance) for boxes in _wanted(scenario)]
    visible = np.any([_visible(scenario, boxes) for boxes in _wanted(scenario)], axis=0)
    face_in = np.any(inside, axis=0)
    across = windows[:, 0] + windows[:, 2] / 2
    velocity, acceleration, jerk = _dynamics(scenario, across, windows[:, 2])
    on_speaker, latency, false_switches = _speaking(scenario, windows, tolerance)
    return Score(
        face_in=float(face_in[visible].mean()) if visible.any() else np.nan,
        offset_p95=_offset(scenario, windows, visible),
        padded=float(np.mean(_padded(scenario, windows, tolerance))),
        velocity=_rms(velocity),
        acceleration=_rms(acceleration),
        jerk=_rms(jerk),
        still=float(np.mean(np.abs(velocity) < _STILL)),
        reversals=_reversals(velocity) / scenario.duration,
        late=_late(scenario, face_in, visible),
        pans=_pans(scenario, across, windows[:, 2]),
        jumps=_needless_jumps(scenario, across, windows[:, 2]),
        on_speaker=on_speaker,
        latency=latency,
        false_switches=false_switches,
    )


def _wanted(scenario: Scenario) -> list[Floats]:
    """The faces of which one is to be seen in each frame, (frames, 4); nan where there is none.

    Where people talk, it is who has the word; between two turns either of both will do.
    """
    times = scenario.times
    if turns := scenario.turns():
        rows = np.searchsorted([start for start, _, _ in turns], times, side="right")
        last = _faces(scenario, [turns[max(row - 1, 0)][2] for row in rows.tolist()])
        over = times >= np.array([end for _, end, _ in turns])[np.maximum(rows - 1, 0)]
        following = [turns[min(row, len(turns) - 1)][2] for row in rows.tolist()]
        return [last, np.where(over[:, None], _faces(scenario, following), last)]
    main = np.full((len(times), 4), np.nan)
    for shot, rows in scenario.in_shots(times):
        if shot.people:
            main[rows] = shot.people[shot.main].boxes(times[rows])
    return [main]


def _faces(scenario: Scenario, people: list[Person]) -> Floats:
    """The face of a person for each frame; nan where that person is not in the shot."""
    faces = np.full((len(people), 4), np.nan)
    for shot, rows in scenario.in_shots(scenario.times):
        for person in shot.people:
            own = rows[[people[row] is person for row in rows.tolist()]]
            faces[own] = person.boxes(scenario.times[own])
    return faces


def _visible(scenario: Scenario, boxes: Floats) -> Flags:
    """Where the whole face is in the source itself."""
    frame = np.array([[0.0, 0.0, scenario.size.width, scenario.size.height]])
    return _holds(np.repeat(frame, len(boxes), axis=0), boxes, 0.0)


def _holds(windows: Floats, boxes: Floats, tolerance: float) -> Flags:
    low = boxes[:, :2] >= windows[:, :2] - tolerance
    high = (boxes + 0)[:, :2] + boxes[:, 2:] <= windows[:, :2] + windows[:, 2:] + tolerance
    return np.all(low & high, axis=1)


def _padded(scenario: Scenario, windows: Floats, tolerance: float) -> Flags:
    size = np.array([scenario.size.width, scenario.size.height])
    beyond = windows[:, :2] + windows[:, 2:] > size + tolerance + 1
    return np.any((windows[:, :2] < -tolerance - 1) | beyond, axis=1)


def _offset(scenario: Scenario, windows: Floats, visible: Flags) -> float:
    """The middle of the face to the middle of the best window inside the frame, 95th percentile."""
    if not visible.any():
        return np.nan
    width = windows[:, 2]
    across = windows[:, 0] + width / 2
    each = []
    for boxes in _wanted(scenario):
        middle = boxes[:, 0] + boxes[:, 2] / 2
        best = np.clip(middle, width / 2, scenario.size.width - width / 2)
        each.append(np.abs(across - best) / width)
    return float(np.percentile(np.nanmin(np.stack(each)[:, visible], axis=0), 95))


def _segments(scenario: Scenario, across: Floats, width: Floats) -> list[Floats]:
    """The path between cuts and jumps."""
    jumps = np.abs(np.diff(across)) > _JUMP * width[1:]
    at_cut = np.isin(np.arange(1, len(across)), _cut_frames(scenario))
    return np.split(across, np.flatnonzero(jumps | at_cut) + 1)


def _cut_frames(scenario: Scenario) -> list[int]:
    return [round(cut * scenario.fps) for cut in scenario.cuts.tolist()]


def _dynamics(scenario: Scenario, across: Floats, width: Floats) -> tuple[Floats, Floats, Floats]:
    segments = _segments(scenario, across, width)
    return tuple(
        np.concatenate([np.diff(part, n=order) for part in segments]) for order in (1, 2, 3)
    )  # pyright: ignore[reportReturnType]


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2))) if len(values) else 0.0


def _reversals(velocity: Floats) -> int:
    signs = np.sign(velocity[np.abs(velocity) > _MOVING])
    return int(np.count_nonzero(np.diff(signs)))


def _late(scenario: Scenario, face_in: Flags, visible: Flags) -> float:
    """The most frames after a cut until the face is in the window."""
    starts = [*_cut_frames(scenario), len(face_in)]
    late = [0]
    for start, end in pairwise(starts):
        right = np.flatnonzero(face_in[start:end] | ~visible[start:end])
        late.append(int(right[0]) if len(right) else end - start)
    return float(max(late))


def _pans(scenario: Scenario, across: Floats, width: Floats) -> float:
    """Cuts around which the window moves quickly, before or after them."""
    quick = np.abs(np.diff(across)) > _PAN * width[1:]
    count = 0
    for cut in _cut_frames(scenario):
        near = [
            step
            for step in range(cut - 1 - _NEAR_FRAMES, cut + _NEAR_FRAMES)
            if step != cut - 1 and 0 <= step < len(quick)
        ]
        count += bool(quick[near].any())
    return float(count)


def _needless_jumps(scenario: Scenario, across: Floats, width: Floats) -> float:
    """Jumps that are neither at a cut nor, within half a second, where the word passes on."""
    jumps = np.flatnonzero(np.abs(np.diff(across)) > _JUMP * width[1:]) + 1
    passes = [start for start, _, _ in scenario.turns()]
    allowed = _cut_frames(scenario)
    return float(
        sum(
            jump not in allowed
            and not any(abs(jump / scenario.fps - start) < 0.5 for start in passes)
            for jump in jumps.tolist()
        )
    )


def _speaking(scenario: Scenario, windows: Floats, tolerance: float) -> tuple[float, float, float]:
    """The share of speech that shows who speaks, the longest delay, and how often it turns away."""
    turns = scenario.turns()
    if not turns:
        return np.nan, np.nan, np.nan
    seen, delays, left = [], [], 0
    for start, end, person in turns:
        rows = np.flatnonzero((scenario.times >= start - 1e-6) & (scenario.times < end - 1e-6))
        shown = _holds(windows[rows], person.boxes(scenario.times[rows]), tolerance)
        seen.append(shown)
        first = int(np.argmax(shown)) if shown.any() else len(shown)
        delays.append(first / scenario.fps)
        left += int(np.count_nonzero(np.diff(shown[first:].astype(int)) < 0))
    return float(np.concatenate(seen).mean()), max(delays), float(left)
