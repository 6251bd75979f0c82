"""What it costs to look at a scene before drawing it, and how much of that a second style pays."""

import asyncio
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from bench.figures import Figure, spread
from bench.memory import Watch
from bench.reframe.film import write_film
from bench.reframe.scenarios import SCENARIOS
from bench.rig import MODEL, BenchError, Job, ffmpeg, sample, timed_render
from viralclip.analysis.analyses import Analyses, AnalysisInput, FramingRequest
from viralclip.analysis.analyst import AnalysisTask, FrameTask, FramingTask, command, environment
from viralclip.cli.sample import make_sample
from viralclip.geometry import Size
from viralclip.media.probe import probe
from viralclip.processes.ffmpeg_progress import FfmpegProgress
from viralclip.processes.runner import Watchdogs
from viralclip.scenes import Scene
from viralclip.styles import Raster, View

AT_MOST = {720: 0.10, 1080: 0.15}
SECOND_STYLE_AT_MOST = 0.01
GROWTH_AT_MOST = 1.10
JOB_AT_MOST = 1.15
_SCENE_S = 20.0
_ROUNDS = 3
_MOVING = ("intelligent", "intelligent_motion", "intelligent_speaker")
_STILL = ("left_focus", "center_focus", "right_focus")


def measure(folder: Path, *, short: bool) -> list[Figure]:
    if not os.environ.get(MODEL):
        print(f"{MODEL} names no face model", flush=True)
        return []
    rounds = 1 if short else _ROUNDS
    return [
        *(_share_of_real_time(folder, height, rounds) for height in AT_MOST),
        *asyncio.run(_second_style(sample(folder), folder)),
        *_memory(folder, long_s=60 if short else 600),
        *_whole_jobs(folder, rounds, short=short),
    ]


@dataclass(frozen=True)
class Spent:
    """CPU seconds and peak resident megabytes of a process."""

    cpu_s: float
    peak_mb: float


def _share_of_real_time(folder: Path, height: int, rounds: int) -> Figure:
    """The whole process on one thread: start, look, plan; CPU time, which one core would take."""
    video = _talk(folder, height)
    size = probe(video).video.size
    tasks = [_look(video, folder, _SCENE_S, plan=size) for _ in range(rounds)]
    times = [_spent(task).cpu_s for task in tasks]
    raw = f"{spread(times, 's')} of {_SCENE_S:g} s"
    what = f"analysis / real time, {height}p, one core"
    return Figure(what, statistics.median(times) / _SCENE_S, "x", raw, AT_MOST[height])


async def _second_style(video: Path, folder: Path) -> list[Figure]:
    """Wall time for a clip's look and plan, the first in a scene and the second."""
    analyses = Analyses(folder / "analyses", threads=1, limits=Watchdogs())
    scene_input = AnalysisInput(probe(video).video, 0.0, _SCENE_S, Path(os.environ[MODEL]))
    requests = [_wish(style, probe(video).video.size) for style in _MOVING[::2]]
    seconds: list[float] = []
    for request in requests:
        began = time.perf_counter()
        await analyses.detect(scene_input, _ignore)
        await analyses.frame(scene_input, request, requests, _ignore)
        seconds.append(time.perf_counter() - began)
    raw = f"{seconds[1] * 1000:.1f} ms / {seconds[0]:.2f} s"
    ratio = seconds[1] / seconds[0]
    return [Figure("second style / first, analysis", ratio, "", raw, SECOND_STYLE_AT_MOST)]


def _memory(folder: Path, *, long_s: int) -> list[Figure]:
    """Peak memory of looking and planning, and of planning anew, for ten seconds and for many."""
    video = folder / "long.mp4"
    loops = ("-stream_loop", str(long_s // 24), "-i", str(sample(folder)), "-c", "copy")
    subprocess.run([ffmpeg(), "-v", "error", *loops, str(video)], check=True)
    size = probe(video).video.size
    figures: list[Figure] = []
    brief, long = (
        (_spent(_look(video, folder, seconds, plan=size)), _spent(_plan(folder, seconds, size)))
        for seconds in (10.0, float(long_s))
    )
    for name, one, other in zip(
        ("looking and planning", "planning anew"), brief, long, strict=True
    ):
        raw = f"{other.peak_mb:.0f} MB / {one.peak_mb:.0f} MB"
        what = f"peak memory of {name}, {long_s} s / 10 s"
        figures.append(Figure(what, other.peak_mb / one.peak_mb, "", raw, GROWTH_AT_MOST))
    return figures


def _whole_jobs(folder: Path, rounds: int, *, short: bool) -> list[Figure]:
    """Three who sit and talk, and one who walks all the time, which by itself costs x264 more.

    Left, centre and right of the three each show a person, as all of our crops do.
    """
    count, seconds = (1, 6.0) if short else (2, 8.0)
    talk = SCENARIOS["three_speakers"]
    sitting, walking = folder / "sitting.mp4", sample(folder)
    write_film(ffmpeg(), sitting, talk)
    jobs = {
        "three who sit": (sitting, Job(count, seconds, _MOVING, source_s=talk.duration)),
        "one who walks": (walking, Job(count, seconds, _MOVING)),
    }
    return [
        _whole_job(folder / what.replace(" ", "-"), what, source, job, rounds)
        for what, (source, job) in jobs.items()
    ]


def _whole_job(folder: Path, what: str, source: Path, job: Job, rounds: int) -> Figure:
    folder.mkdir()
    moving: list[float] = []
    still: list[float] = []
    for turn in range(rounds):
        for styles, times in ((_MOVING, moving), (_STILL, still)):
            out = folder / f"{styles[0]}-{turn}"
            times.append(timed_render(replace(job, styles=styles), source, folder, out))
    ratio = statistics.median(moving) / statistics.median(still)
    raw = (
        f"{spread(moving, 's')} / {spread(still, 's')}, {job.count} scenes x {len(_MOVING)} styles"
    )
    return Figure(f"intelligent job / static job, {what}", ratio, "", raw, JOB_AT_MOST)


def _talk(folder: Path, height: int) -> Path:
    if height == Size(1280, 720).height:
        return sample(folder)
    video = folder / f"talk-{height}.mp4"
    size = Size(height * 16 // 9, height)
    return video if video.exists() else make_sample(ffmpeg(), video, seconds=_SCENE_S, size=size)


def _look(video: Path, folder: Path, seconds: float, *, plan: Size | None = None) -> AnalysisTask:
    """The look at a video, and the plan of one style where its size is given."""
    return AnalysisTask(
        source=str(video),
        start=0.0,
        duration=seconds,
        model=os.environ[MODEL],
        threads=1,
        footage=str(folder / "footage.npz"),
        framings=(_framing(folder, seconds, plan),) if plan else (),
    )


def _plan(folder: Path, seconds: float, size: Size) -> FrameTask:
    framing = _framing(folder, seconds, size)
    return FrameTask(footage=str(folder / "footage.npz"), framings=(framing,))


def _framing(folder: Path, seconds: float, size: Size) -> FramingTask:
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        framing = str(Path(fresh) / "framing.npz")
    request = _wish(_MOVING[0], size)
    return FramingTask(
        style=request.style,
        scene=request.view.scene,
        source=(size.width, size.height),
        target=(request.view.target.width, request.view.target.height),
        frames=round(seconds * 25),
        fps="25",
        framing=framing,
    )


def _wish(style: str, size: Size) -> FramingRequest:
    view = View(source=size, target=Size(1080, 1920), scene=Scene(id=1, title="", start=0, end=1))
    return FramingRequest(style, view, Raster(round(_SCENE_S * 25), Fraction(25)))


def _spent(task: AnalysisTask | FrameTask) -> Spent:
    process = subprocess.Popen(command(task), stdout=subprocess.DEVNULL, env=environment())
    # Not what the kernel says at the end: its peak begins with the memory of this very process.
    watch = Watch(process.pid)
    watch.start()
    _, status, usage = os.wait4(process.pid, 0)
    watch.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchError(f"the analyst ended with {process.returncode}")
    return Spent(usage.ru_utime + usage.ru_stime, watch.peak_kb / 1000)


def _ignore(_: FfmpegProgress) -> None:
    """Nobody watches."""
