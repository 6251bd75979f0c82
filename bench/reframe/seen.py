"""Footage as a detector could have seen it: the truth of a scenario with errors, and no picture."""

from dataclasses import dataclass

import numpy as np

from bench.reframe.scenario import Floats, Person, Scenario, Shot
from viralclip.reframe.footage import Face, Footage, Loudness, Patch
from viralclip.reframe.mouths import PATCH_SHAPE

_LOUDNESS_RATE = 100.0
_NOISE_LEVEL = 0.004
_SPEECH_LEVEL = 0.2
# Landmarks in shares of the face's box: eyes, nose, corners of the mouth.
_LANDMARKS = np.array([[0.24, 0.34], [0.77, 0.35], [0.47, 0.55], [0.23, 0.71], [0.69, 0.71]])


@dataclass(frozen=True)
class Errors:
    """What a detector does wrong: noise in shares of the face, faces missed, faces made up."""

    noise: float = 0.02
    missed: float = 0.03
    made_up: float = 0.02
    seed: int = 0


def footage_of(scenario: Scenario, errors: Errors | None = None, *, fps: float = 10.0) -> Footage:
    errors = errors or Errors()
    random = np.random.default_rng(errors.seed)
    times = np.arange(0, scenario.duration - 1e-9, 1 / fps)
    times = np.ceil(times * scenario.fps - 1e-6) / scenario.fps
    times = times[times < scenario.duration]
    return Footage(
        size=scenario.size,
        duration=scenario.duration,
        times=times,
        faces=tuple(_faces(scenario, float(time), errors, random) for time in times),
        motion=_motion(scenario, times),
        cuts=scenario.cuts,
        loudness=loudness_of(scenario),
    )


def loudness_of(scenario: Scenario) -> Loudness:
    seconds = np.arange(int(scenario.duration * _LOUDNESS_RATE)) / _LOUDNESS_RATE
    random = np.random.default_rng(5)
    levels = _SPEECH_LEVEL * scenario.voice(seconds) * random.uniform(0.8, 1.2, len(seconds))
    return Loudness(levels + _NOISE_LEVEL * random.uniform(0.7, 1.3, len(seconds)), _LOUDNESS_RATE)


def _faces(
    scenario: Scenario, time: float, errors: Errors, random: np.random.Generator
) -> tuple[Face, ...]:
    shot = scenario.shot_at(time)
    seen = [_face(person, time, errors, random) for person in shot.people]
    faces = [
        face for face in seen if _is_seen(face, shot, scenario) and random.random() > errors.missed
    ]
    if random.random() < errors.made_up:
        x, y = random.uniform(0, (scenario.size.width - 60, scenario.size.height - 80))
        faces.append(_drawn(np.array([x, y, 60, 80]), 0.0, 0.65, random))
    return tuple(faces)


def _face(person: Person, time: float, errors: Errors, random: np.random.Generator) -> Face:
    box = person.boxes(np.array([time]))[0]
    box = box + random.normal(0, errors.noise, 4) * box[2]
    return _drawn(box, float(person.mouth(np.array([time]))[0]), 0.9, random)


def _drawn(box: Floats, openness: float, score: float, random: np.random.Generator) -> Face:
    x, y, width, height = (float(value) for value in box)
    landmarks = box[:2] + _LANDMARKS * box[2:]
    return Face(x, y, width, height, score, landmarks, _patch(openness, random))


def _is_seen(face: Face, shot: Shot, scenario: Scenario) -> bool:
    """Whether more than half of the face is in the frame and not behind the pillar."""
    left, right = max(face.x, 0.0), min(face.x + face.width, float(scenario.size.width))
    shown = max(right - left, 0.0)
    if shot.pillar:
        hidden = min(right, shot.pillar.x + shot.pillar.width) - max(left, shot.pillar.x)
        shown -= max(hidden, 0.0)
    return shown > 0.55 * face.width


def _patch(openness: float, random: np.random.Generator) -> Patch:
    """Skin with a mouth that is a dark ellipse, not quite where it should be, and noise."""
    rows, columns = PATCH_SHAPE
    y, x = np.mgrid[0:rows, 0:columns]
    across, down = columns / 2 + random.normal(0, 0.15), rows * 0.4 + random.normal(0, 0.15)
    high = 0.8 + 4.0 * openness
    mouth = ((x - across) / (columns * 0.28)) ** 2 + ((y - down - high / 2) / high) ** 2 < 1
    levels = 150 + 1.5 * (y - rows / 2) - 80 * mouth + random.normal(0, 2, PATCH_SHAPE)
    return np.clip(np.round(levels), 0, 255).astype(np.uint8)


def _motion(scenario: Scenario, times: Floats) -> Floats:
    """As people move; nothing else does."""
    centre = np.array([scenario.size.width / 2, scenario.size.height / 2, 0.0])
    motion = np.tile(centre, (len(times), 1))
    for shot, rows in scenario.in_shots(times):
        for row in rows[1:].tolist() if shot.people else []:
            boxes = shot.people[shot.main].boxes(times[[row - 1, row]])
            speed = float(np.abs(np.diff(boxes[:, 0]))[0])
            middle = boxes[1, :2] + boxes[1, 2:] / 2
            motion[row] = [*middle, min(1.0, speed / 100)]
    return motion
