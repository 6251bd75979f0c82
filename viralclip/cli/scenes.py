"""`viralclip scenes`: a scene list to begin with, from chapters or changes of the picture."""

import asyncio
import json
import sys
from pathlib import Path

from viralclip.media.probe import probe
from viralclip.media.scene_finding import find_scenes
from viralclip.scenes import Scene, scenes_from_chapters
from viralclip.timecode import format_time


async def print_scenes(source: Path, *, shortest: float, longest: float) -> int:
    """Print JSON that `render --scenes` takes, after a person has looked at it."""
    probed = await asyncio.to_thread(probe, source)
    if probed.chapters:
        found = scenes_from_chapters([(c.title, c.start, c.end) for c in probed.chapters])
    else:
        found = await asyncio.to_thread(
            find_scenes, source, shortest=shortest, longest=longest, on_progress=_ignore
        )
    rows = [json.dumps(_row(scene), ensure_ascii=False) for scene in found]
    sys.stdout.write("[\n  " + ",\n  ".join(rows) + "\n]\n")
    return 0


def _row(scene: Scene) -> dict[str, str]:
    return {
        "title": scene.title,
        "start": format_time(scene.start),
        "end": format_time(scene.end),
    }


def _ignore(_fraction: float) -> None:
    return
