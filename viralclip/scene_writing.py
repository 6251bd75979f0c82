"""Scenes to the formats that other tools read, and that we read back."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from viralclip.scenes import Scene
from viralclip.timecode import format_clock, format_frames, format_time

Scenes = Sequence[Scene]


@dataclass(frozen=True)
class Footage:
    """The video that a list is about, as tools name it."""

    name: str
    uri: str
    duration: float
    fps: Fraction


def write_json(scenes: Scenes, _footage: Footage) -> str:
    rows = [json.dumps(_row(scene), ensure_ascii=False) for scene in scenes]
    return "[\n  " + ",\n  ".join(rows) + "\n]\n"


def _row(scene: Scene) -> dict[str, object]:
    words = scene.model_dump(include={"words"}, exclude_defaults=True)
    return {"title": scene.title, **_times(scene), **scene.options, **words}


def _times(scene: Scene) -> dict[str, str]:
    return {"start": format_time(scene.start), "end": format_time(scene.end)}


def write_csv(scenes: Scenes, _footage: Footage) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["start", "end", "title"])
    table.writerows([*_times(scene).values(), scene.title] for scene in scenes)
    return out.getvalue()


def write_lines(scenes: Scenes, _footage: Footage) -> str:
    return "".join(
        f"{format_time(scene.start)} - {format_time(scene.end)} {scene.title}\n" for scene in scenes
    )


def write_vtt(scenes: Scenes, _footage: Footage) -> str:
    cues = [
        f"{format_clock(scene.start)} --> {format_clock(scene.end)}\n{_escaped(scene.title)}\n"
        for scene in scenes
    ]
    return "WEBVTT\n\n" + "\n".join(cues)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def write_project(scenes: Scenes, footage: Footage) -> str:
    """A project of LosslessCut; JSON is JSON5, which it reads."""
    segments = [
        {"start": round(scene.start, 6), "end": round(scene.end, 6), "name": scene.title}
        for scene in scenes
    ]
    project = {"version": 1, "mediaFileName": footage.name, "cutSegments": segments}
    return json.dumps(project, ensure_ascii=False, indent=2) + "\n"


def write_edl(scenes: Scenes, footage: Footage) -> str:
    """CMX3600 with the scenes one after another on the record side, on whole frames."""
    fps = float(footage.fps)
    lines = [f"TITLE: {footage.name}", "FCM: NON-DROP FRAME", ""]
    reached = 0.0
    for number, scene in enumerate(scenes, 1):
        start, end, record, until = (
            format_frames(seconds, fps=fps)
            for seconds in (scene.start, scene.end, reached, reached + scene.duration)
        )
        reached += scene.duration
        lines.append(f"{number:03}  AX       V     C        {start} {end} {record} {until}")
        lines += [f"* FROM CLIP NAME: {scene.title}", ""]
    return "\n".join(lines)


def write_otio(scenes: Scenes, footage: Footage) -> str:
    """OpenTimelineIO: a timeline with the scenes as clips of the video."""
    track = {
        "OTIO_SCHEMA": "Track.1",
        "name": "scenes",
        "kind": "Video",
        "children": [_clip(scene, footage) for scene in scenes],
    }
    stack = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [track]}
    timeline = {"OTIO_SCHEMA": "Timeline.1", "name": footage.name, "tracks": stack}
    return json.dumps(timeline, ensure_ascii=False, indent=2) + "\n"


def _clip(scene: Scene, footage: Footage) -> dict[str, object]:
    reference = {
        "OTIO_SCHEMA": "ExternalReference.1",
        "target_url": footage.uri,
        "available_range": _range(0.0, footage.duration, footage.fps),
    }
    return {
        "OTIO_SCHEMA": "Clip.1",
        "name": scene.title,
        "source_range": _range(scene.start, scene.duration, footage.fps),
        "media_reference": reference,
    }


def _range(start: float, duration: float, fps: Fraction) -> dict[str, object]:
    """Values are frames, which need not be whole ones."""
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "start_time": _rational(start, fps),
        "duration": _rational(duration, fps),
    }


def _rational(seconds: float, fps: Fraction) -> dict[str, object]:
    return {"OTIO_SCHEMA": "RationalTime.1", "value": seconds * float(fps), "rate": float(fps)}


Writer = Callable[[Scenes, Footage], str]
WRITERS: dict[str, Writer] = {
    "json": write_json,
    "csv": write_csv,
    "txt": write_lines,
    "vtt": write_vtt,
    "llc": write_project,
    "edl": write_edl,
    "otio": write_otio,
}
