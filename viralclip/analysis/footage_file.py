"""Footage and framings as files: arrays and numbers, nothing that could be run when read."""

import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from viralclip.geometry import Size
from viralclip.reframe.faces import Faces, packed
from viralclip.reframe.footage import Footage, Loudness
from viralclip.styles import Framing

_MISTAKES = 2
# What reading a file can raise that another version wrote, or a full disk cut short.
_UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


@dataclass(frozen=True)
class DetectionSummary:
    """What a look found: how many faces at one time at most, in how many samples, how surely."""

    faces: int
    frames: int
    mean_confidence: float


def write_footage(footage: Footage, target: Path) -> None:
    """Writes `target` whole or not at all."""
    faces = packed(footage.faces)
    loudness = footage.loudness
    _write(
        target,
        size=np.array([footage.size.width, footage.size.height]),
        duration=np.array(footage.duration),
        times=footage.times,
        ends=faces.ends,
        boxes=faces.boxes,
        landmarks=faces.landmarks,
        mouths=faces.mouths,
        motion=footage.motion,
        cuts=footage.cuts,
        levels=np.array([]) if loudness is None else loudness.levels,
        rate=np.array(0.0 if loudness is None else loudness.rate),
        sighting=np.array(
            [_most_at_once(faces), faces.boxes[:, 4].mean() if faces.boxes.size else 0]
        ),
    )


def read_sighting(source: Path) -> DetectionSummary | None:
    """What the footage in a file comes to, without reading all of it; None if there is none."""
    try:
        with source.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            faces, confidence = map(float, arrays["sighting"])
            return DetectionSummary(int(faces), len(arrays["ends"]), confidence)
    except _UNREADABLE:
        return None


def read_footage(source: Path) -> Footage | None:
    """The footage in a file; None if there is none that can be read."""
    try:
        with source.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return _footage(arrays)
    except _UNREADABLE:
        return None


def write_framing(framing: Framing, target: Path) -> None:
    """Writes `target` whole or not at all."""
    facts = {
        "fps": str(framing.fps),
        "algorithm": framing.algorithm,
        "keyframes": framing.keyframes,
        "shots": framing.shots,
        "speaker_switches": framing.speaker_switches,
        "doubts": framing.doubts,
    }
    panels = {f"panel{place}": panel for place, panel in enumerate(framing.panels)}
    _write(
        target,
        facts=_json(facts),
        inspection=_json(framing.inspection),
        **panels,
    )


def read_framing(source: Path) -> Framing | None:
    """The framing in a file, without its inspection; None if there is none that can be read."""
    try:
        with source.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            facts = json.loads(arrays["facts"].tobytes())
            panels = tuple(arrays[name] for name in sorted(arrays) if name.startswith("panel"))
            doubts = tuple(facts.pop("doubts"))
            return Framing(panels, Fraction(facts.pop("fps")), doubts=doubts, **facts)
    except _UNREADABLE:
        return None


def read_inspection(source: Path) -> tuple[Mapping[str, Any], ...]:
    """How the framing in a file came about; nothing if it cannot be read."""
    try:
        with source.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return tuple(json.loads(arrays["inspection"].tobytes()))
    except _UNREADABLE:
        return ()


def _json(values: Any) -> NDArray[np.uint8]:
    """Plain values as the bytes of a text; NumPy's own kind of text takes four times the room."""
    return np.frombuffer(to_json(values), np.uint8)


def _most_at_once(faces: Faces) -> int:
    """The most faces at one time; once or twice may be a mistake."""
    counts = sorted(np.diff(faces.ends, prepend=0).tolist(), reverse=True)
    return counts[min(_MISTAKES, len(counts) - 1)] if counts else 0


def _footage(arrays: Mapping[str, NDArray[Any]]) -> Footage:
    width, height = map(int, arrays["size"])
    rate = float(arrays["rate"])
    return Footage(
        size=Size(width, height),
        duration=float(arrays["duration"]),
        times=arrays["times"],
        faces=Faces(arrays["ends"], arrays["boxes"], arrays["landmarks"], arrays["mouths"]),
        motion=arrays["motion"],
        cuts=arrays["cuts"],
        loudness=Loudness(arrays["levels"], rate) if rate else None,
    )


def _write(target: Path, **arrays: NDArray[Any]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        Path(partial).replace(target)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
