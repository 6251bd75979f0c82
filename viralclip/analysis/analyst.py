"""Run as a module: looks at a scene, or plans where styles look in it, and ends.

It is a process of its own, so that it can be killed at any moment and blocks nobody. It writes its
progress in FFmpeg's format, so that the same code runs and watches both.
"""

import os
import sys
import time
import traceback
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter

from viralclip.errors import SourceMissingError, SourceNotVideoError, SourceUnreadableError
from viralclip.geometry import Rect, Size
from viralclip.scenes import Scene
from viralclip.styles import AnalysedStyle, Raster, View, all_styles

if TYPE_CHECKING:
    from viralclip.reframe.footage import Footage

# FFmpeg's own exit code for a source of which nothing could be decoded.
UNREADABLE = 69
_SAY_EVERY_S = 0.1
# How much of looking and planning together is looking.
_LOOKING = 0.9


class FramingTask(BaseModel, frozen=True):
    """A clip to plan: the style, its view and its frames, and the file for the framing."""

    style: str
    scene: Scene
    source: tuple[int, int]
    target: tuple[int, int]
    frames: int
    fps: str
    framing: str


class AnalysisTask(BaseModel, frozen=True):
    """Look at a stretch of a source, write its footage, and plan the clips it is looked at for."""

    kind: Literal["look"] = "look"
    source: str
    start: float
    duration: float
    model: str | None
    threads: int
    area: Rect | None = None
    footage: str
    framings: tuple[FramingTask, ...] = ()


class FrameTask(BaseModel, frozen=True):
    """Plan clips of one scene from its footage; those whose file is there are left as they are."""

    kind: Literal["frame"] = "frame"
    footage: str
    framings: tuple[FramingTask, ...]


AnalystTask = Annotated[AnalysisTask | FrameTask, Field(discriminator="kind")]
_TASK: TypeAdapter[AnalysisTask | FrameTask] = TypeAdapter(AnalystTask)


def command(task: AnalysisTask | FrameTask) -> list[str]:
    """The command line that does the task; -P: a folder people are in may hold any module."""
    return [sys.executable, "-P", "-m", __name__, task.model_dump_json()]


def environment() -> dict[str, str]:
    """The environment of the process: no word but ours, and no thread that nobody asked for."""
    return {**os.environ, "OPENCV_LOG_LEVEL": "ERROR", "OPENBLAS_NUM_THREADS": "1"}


def main(written: str) -> int:
    match _TASK.validate_json(written):
        case AnalysisTask() as task:
            return _analyze(task, _ProgressWriter(task.duration))
        case FrameTask() as task:
            return _frame_again(task, _ProgressWriter(float(len(task.framings))))


class _ProgressWriter:
    """Says on stdout how far the work is, not oftener than anybody looks."""

    def __init__(self, duration: float) -> None:
        self._duration = duration
        self._began = time.monotonic()
        self._next = 0.0

    def write(self, fraction: float, frames: int = 0) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _SAY_EVERY_S
        rate = frames / (now - self._began) if now > self._began else 0.0
        lines = f"fps={rate:.1f}\nout_time_us={int(fraction * self._duration * 1e6)}"
        sys.stdout.write(f"{lines}\nprogress=continue\n")
        sys.stdout.flush()


def _analyze(task: AnalysisTask, writer: _ProgressWriter) -> int:
    # OpenCV and PyAV are for looking alone, and planning is to begin quickly.
    from viralclip.analysis.footage_file import write_footage  # noqa: PLC0415
    from viralclip.analysis.scene_analyzer import analyze_scene  # noqa: PLC0415
    from viralclip.media.probe import probe  # noqa: PLC0415
    from viralclip.media.stretch import Stretch  # noqa: PLC0415

    try:
        stretch = Stretch(probe(Path(task.source)), task.start, task.duration)
        model = Path(task.model) if task.model else None
        footage = analyze_scene(
            stretch,
            model=model,
            threads=task.threads,
            area=task.area,
            on_progress=lambda fraction, frames: writer.write(_LOOKING * fraction, frames),
        )
    except (SourceUnreadableError, SourceMissingError, SourceNotVideoError) as error:
        sys.stderr.write(f"{error.detail or error.message}\n")
        return UNREADABLE
    write_footage(footage, Path(task.footage))
    # A process more costs more than to plan. What fails here says so where it is asked for.
    _frame_all(task.framings, footage, lambda done: writer.write(_LOOKING + (1 - _LOOKING) * done))
    return 0


def _frame_again(task: FrameTask, writer: _ProgressWriter) -> int:
    from viralclip.analysis.footage_file import read_footage  # noqa: PLC0415

    footage = read_footage(Path(task.footage))
    if footage is None:
        sys.stderr.write("the footage cannot be read\n")
        return 1
    return _frame_all(task.framings, footage, writer.write)


def _frame_all(
    framings: tuple[FramingTask, ...],
    footage: "Footage",
    on_progress: Callable[[float], None] = lambda _: None,
) -> int:
    """Plan every clip that can be planned; one that fails is no reason to leave out the others."""
    failures = 0
    for place, framing in enumerate(framings):
        on_progress(place / len(framings))
        try:
            _frame(framing, footage)
        except Exception:  # noqa: BLE001 - a style may be someone else's code
            traceback.print_exc()
            failures += 1
    return min(failures, 1)


def _frame(task: FramingTask, footage: "Footage") -> None:
    from viralclip.analysis.footage_file import write_framing  # noqa: PLC0415

    target = Path(task.framing)
    if target.exists():
        return
    style = all_styles()[task.style]
    if not isinstance(style, AnalysedStyle):
        raise TypeError(f"the style {task.style} plans no framing")
    view = View(source=Size(*task.source), target=Size(*task.target), scene=task.scene)
    write_framing(style.frame(footage, view, Raster(task.frames, Fraction(task.fps))), target)


if __name__ == "__main__":
    returncode = main(sys.argv[1])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(returncode)  # all is written; to take the libraries apart would only take time
