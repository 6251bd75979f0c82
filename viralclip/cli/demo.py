"""`viralclip demo`: the first minute with viralclip, on a video that it makes itself."""

import asyncio
from pathlib import Path

from viralclip.app.request import Request
from viralclip.cli.display.port import Display
from viralclip.cli.render import render
from viralclip.cli.sample import CENTRED, make_sample
from viralclip.media.ffmpeg import find_ffmpeg
from viralclip.plan import Options
from viralclip.settings import Settings

STYLES = ("original", "center_focus", "streamer")
SCENES = """[
  {"title": "Hello", "start": 1, "end": 9},
  {"title": "On the move", "start": 12, "end": 20}
]
"""


async def demonstrate(out: Path, settings: Settings, display: Display) -> int:
    """Make the sample video and its scene list in `out`, and six clips of it."""
    ffmpeg = await asyncio.to_thread(find_ffmpeg, settings.rendering.ffmpeg)
    video, scenes = await asyncio.to_thread(_prepare, ffmpeg, out)
    request = Request(
        source=video, scenes=scenes, styles=STYLES, out=str(out), options=Options(preset="fast")
    )
    return await render(request, settings, display, None)


def _prepare(ffmpeg: Path, out: Path) -> tuple[Path, Path]:
    out.mkdir(parents=True, exist_ok=True)
    video, scenes = out / "sample.mp4", out / "scenes.json"
    if not video.exists():
        make_sample(ffmpeg, video, talk=CENTRED)
    scenes.write_text(SCENES, encoding="utf-8")
    return video, scenes
