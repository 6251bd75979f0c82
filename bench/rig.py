"""One job, made in two ways: by the `viralclip` command, and by the same FFmpeg commands bare."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from viralclip.app.request import Accepted, Request, accept
from viralclip.cli.sample import make_sample
from viralclip.geometry import parse_aspect
from viralclip.media.encoders import X264, threads_for
from viralclip.media.ffmpeg import find_ffmpeg
from viralclip.media.probe import Probed, probe
from viralclip.media.render import clip_command
from viralclip.media.render_spec import EncoderSettings, RenderSpec, VideoGraph
from viralclip.plan import Clip, Options, Preset
from viralclip.settings import read_settings
from viralclip.storage.opening import open_storage
from viralclip.styles import View, all_styles, target_size

SAMPLE_S = 24.0
MODEL = "VIRALCLIP_YUNET_MODEL"


class BenchError(Exception):
    """What was measured is not what was meant to be measured."""


@dataclass(frozen=True)
class Job:
    """What to render: `count` scenes of `seconds` each, spread over a source, in `styles`."""

    count: int
    seconds: float
    styles: tuple[str, ...]
    preset: Preset = "balanced"
    source_s: float = SAMPLE_S

    def write_scenes(self, folder: Path) -> Path:
        room = self.source_s - self.seconds
        starts = [room * place / max(self.count - 1, 1) for place in range(self.count)]
        scenes = [
            {"title": f"Scene {place}", "start": start, "end": start + self.seconds}
            for place, start in enumerate(starts, 1)
        ]
        file = folder / f"scenes-{self.count}-{self.seconds:g}.json"
        file.write_text(json.dumps(scenes), encoding="utf-8")
        return file

    def request(self, source: Path, folder: Path, out: Path) -> Request:
        return Request(
            source=source,
            scenes=self.write_scenes(folder),
            styles=self.styles,
            out=str(out),
            options=Options(preset=self.preset),
        )


def ffmpeg() -> Path:
    return find_ffmpeg(os.environ.get("VIRALCLIP_FFMPEG"))


def slots() -> int:
    """As many as `viralclip render` uses when nothing is said."""
    return read_settings(_settings(Path())).rendering.slots


def threads() -> int:
    return threads_for(slots(), os.cpu_count() or 1)


def sample(folder: Path) -> Path:
    """The sample video beside a bench's folder, made once for all benches of a run."""
    video = folder.parent / "sample.mp4"
    return video if video.exists() else make_sample(ffmpeg(), video, seconds=SAMPLE_S)


def viralclip(
    *arguments: str | Path, state: Path, settings: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """The command as a user runs it, with a state folder of its own and otherwise default settings
    but for those that are given."""
    return subprocess.Popen(
        [sys.executable, "-m", "viralclip", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **_settings(state), **(settings or {})},
    )


def render(job: Job, source: Path, folder: Path, out: Path) -> subprocess.Popen[str]:
    """`viralclip render` of the job, with a fresh state folder beside the clips."""
    scenes = job.write_scenes(folder)
    return viralclip(
        *("render", source, "--scenes", scenes, "--styles", ",".join(job.styles)),
        *("--out", out, "--preset", job.preset),
        state=out.with_name(f"{out.name}-state"),
    )


def finish(process: subprocess.Popen[str]) -> None:
    """Wait for the command to end; BenchError unless it ended well."""
    said, _ = process.communicate()
    if process.returncode:
        raise BenchError(f"viralclip ended with {process.returncode}:\n{said}")


def timed_render(job: Job, source: Path, folder: Path, out: Path) -> float:
    """Wall seconds of the whole `viralclip render` process."""
    began = time.perf_counter()
    finish(render(job, source, folder, out))
    return time.perf_counter() - began


def timed_bare(job: Job, source: Path, folder: Path, out: Path) -> float:
    """Wall seconds of the same FFmpeg commands, as many at once, with nothing around them."""
    commands = bare_commands(job, source, folder, out)
    began = time.perf_counter()
    asyncio.run(_run_all(commands))
    return time.perf_counter() - began


def bare_commands(job: Job, source: Path, folder: Path, out: Path) -> list[list[str]]:
    accepted = asyncio.run(accept(job.request(source, folder, out), open_storage))
    probed = probe(source)
    program = ffmpeg()
    return [
        clip_command(program, _spec(clip, accepted, probed, out)) for clip in accepted.plan.clips()
    ]


def check_same(ours: Path, bare: Path) -> int:
    """How many clips both made; BenchError unless each pair is equal to the last byte."""
    names = sorted(path.name for path in bare.glob("*.mp4"))
    if names != sorted(path.name for path in ours.glob("*.mp4")):
        raise BenchError(f"other clips were made: {names}")
    for name in names:
        if (ours / name).read_bytes() != (bare / name).read_bytes():
            raise BenchError(f"{name} differs: the FFmpeg commands are not the same")
    return len(names)


def _settings(state: Path) -> dict[str, str]:
    """Nothing the user has set changes what is measured, but for the FFmpeg and the face model."""
    empty = {name: "" for name in os.environ if name.startswith("VIRALCLIP_")}
    chosen = {name: os.environ.get(name, "") for name in ("VIRALCLIP_FFMPEG", MODEL)}
    return {**empty, **chosen, "VIRALCLIP_STATE_DIR": str(state)}


def _spec(clip: Clip, accepted: Accepted, probed: Probed, out: Path) -> RenderSpec:
    options = accepted.plan.options
    style = all_styles()[clip.style]
    source = probed.video.size
    size = target_size(style, source, parse_aspect(options.aspect))
    view = View(source=source, target=size, scene=clip.scene)
    return RenderSpec(
        source=probed,
        start=probed.on_frame(clip.scene.start),
        duration=clip.scene.duration,
        video=VideoGraph(style.graph(view), size),
        target=out / clip.filename,
        encoding=EncoderSettings(X264, options.preset, threads()),
    )


async def _run_all(commands: Sequence[list[str]]) -> None:
    gate = asyncio.Semaphore(slots())

    async def run(command: list[str]) -> None:
        async with gate:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            _, said = await process.communicate()
        if process.returncode:
            raise BenchError(f"FFmpeg ended with {process.returncode}: {said.decode()}")

    async with asyncio.TaskGroup() as group:
        for command in commands:
            group.create_task(run(command))
