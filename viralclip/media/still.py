"""One frame of a clip as JPEG, through the graph that would make the clip."""

import asyncio
from pathlib import Path

from viralclip.media.command import still_command
from viralclip.media.ffmpeg import run_ffmpeg
from viralclip.media.render import clip_command
from viralclip.media.render_spec import RenderSpec
from viralclip.processes.runner import Watchdogs


async def render_still(ffmpeg: Path, spec: RenderSpec, *, limits: Watchdogs) -> bytes:
    """The JPEG of the first frame of `spec`; its target is gone when this returns."""
    command = await asyncio.to_thread(clip_command, ffmpeg, spec, still_command)
    try:
        await run_ffmpeg(
            command,
            duration=spec.output_duration,
            frames=1,
            on_progress=lambda _: None,
            limits=limits,
            lead_s=spec.start,
        )
        return await asyncio.to_thread(spec.target.read_bytes)
    finally:
        spec.target.unlink(missing_ok=True)
