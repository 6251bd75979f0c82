"""Captions: how rarely they cover a face, in each kind of style, and what they cost in time."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from bench import rig
from bench.figures import Figure, spread
from bench.reframe.scenario import Scenario
from bench.reframe.scenarios import SCENARIOS
from bench.reframe.seen import Errors, footage_of
from viralclip.captions.areas import area_of
from viralclip.captions.bands import Faces, bands_in, block_rect, overlaps
from viralclip.captions.composing import Canvas, Captions, compose
from viralclip.captions.registry import caption_style
from viralclip.geometry import Rect
from viralclip.media.fonts import load_fonts
from viralclip.reframe.footage import Floats, Footage
from viralclip.reframe.projection import Panel, faces_in_frames
from viralclip.scenes import Scene
from viralclip.styles import AnalysedStyle, Framing, Raster, View, all_styles, target_size
from viralclip.styles.placements import Arrangement, arrangement_of
from viralclip.words.transcript import Word

_KINDS = {
    "moving": ("intelligent", "intelligent_speaker"),
    "split": ("split", "intelligent_split"),
    "static": ("original", "center_focus", "streamer"),
}
_ASPECT = Fraction(9, 16)
_SENTENCE = "So this is what people say when they talk to each other, and then they laugh."
_TEXT = _SENTENCE.split()
_WORD_S = 0.32
# What is there, and not what a detector makes of it.
_NONE = Errors(noise=0, missed=0, made_up=0)


@dataclass(frozen=True)
class _Covered:
    """Frames of captions with a band free of faces for as long as they last, and how many of these
    have a face behind the text."""

    free: int
    covered: int


def measure(folder: Path, *, short: bool = False) -> list[Figure]:
    scenarios = tuple(SCENARIOS.values())[: 2 if short else None]
    return [*_overlaps(scenarios), _wall(folder, short=short)]


def _overlaps(scenarios: tuple[Scenario, ...]) -> Iterator[Figure]:
    for kind, styles in _KINDS.items():
        counts = [_covered(scenario, style) for scenario in scenarios for style in styles]
        free, covered = sum(c.free for c in counts), sum(c.covered for c in counts)
        yield Figure(
            f"frames of {kind} styles whose captions cover no face, where a band is free",
            100 * (1 - covered / free),
            "%",
            f"{covered:,} of {free:,} frames, {len(scenarios)} scenarios, {', '.join(styles)}",
            at_least=98,
        )


def _covered(scenario: Scenario, name: str) -> _Covered:
    """Captions placed by what a detector with its errors saw, judged by where the faces are."""
    style = all_styles()[name]
    seen, true = footage_of(scenario), footage_of(scenario, _NONE, fps=scenario.fps)
    target = target_size(style, scenario.size, _ASPECT)
    scene = Scene(start=0, end=scenario.duration)
    raster = Raster(len(scenario.times), Fraction(scenario.fps).limit_denominator(1001))
    view = View(source=scenario.size, target=target, scene=scene)
    framing = style.frame(seen, view, raster) if isinstance(style, AnalysedStyle) else None
    graph = style.graph(View(scenario.size, target, scene, framing))
    arrangement = arrangement_of(graph, scenario.size)
    if arrangement is None:
        raise rig.BenchError(f"it is not known what {name} shows")
    panels = _panels(arrangement, framing, raster.frames)
    known = _faces(seen, raster, panels)
    canvas = Canvas(target, raster.fps, scenario.duration, arrangement.seam, known)
    look = caption_style("phrase")
    captions = compose(
        _words(scenario.duration), canvas, style=look, area="feed", fonts=load_fonts()
    )
    return _judged(captions, canvas, _faces(true, raster, panels))


def _panels(arrangement: Arrangement, framing: Framing | None, frames: int) -> list[Panel]:
    panels: list[Panel] = []
    for at, placement in enumerate(arrangement.placements):
        window, shown = placement.window, placement.shown
        held: Floats = np.tile([window.x, window.y, window.width, window.height], (frames, 1))
        windows = held if framing is None else framing.panels[at]
        panels.append(Panel(windows, np.array([shown.x, shown.y, shown.width, shown.height])))
    return panels


def _faces(footage: Footage, raster: Raster, panels: list[Panel]) -> Faces:
    cuts = tuple(map(float, footage.cuts))
    return Faces(raster.fps, faces_in_frames(footage, raster.times, panels), cuts)


def _words(seconds: float) -> list[Word]:
    return [
        Word(text=_TEXT[at % len(_TEXT)], start=at * _WORD_S, end=(at + 1) * _WORD_S)
        for at in range(int(seconds / _WORD_S))
    ]


def _judged(captions: Captions, canvas: Canvas, faces: Faces) -> _Covered:
    area = area_of("feed", canvas.size)
    highest = max(chunk.block.height for chunk in captions.chunks)
    bands = bands_in(area, highest, seam=canvas.seam)
    free = covered = 0
    for chunk, chosen in zip(captions.chunks, captions.bands, strict=True):
        frames = faces.frames[round(chunk.start * faces.fps) : round(chunk.end * faces.fps)]
        rects = [block_rect(chunk, band, area) for band in bands]
        if not any(_is_clear(rect, frames) for rect in rects):
            continue
        text = block_rect(chunk, chosen, area)
        free += len(frames)
        covered += sum(any(overlaps(text, face) for face in frame) for frame in frames)
    return _Covered(free, covered)


def _is_clear(rect: Rect, frames: Sequence[tuple[Rect, ...]]) -> bool:
    return not any(overlaps(rect, face) for frame in frames for face in frame)


def _wall(folder: Path, *, short: bool) -> Figure:
    """The same job with captions and without, one after the other, several times."""
    job = rig.Job(count=1, seconds=4 if short else 16, styles=("center_focus", "intelligent"))
    source = rig.sample(folder)
    transcript = folder / "talk.srt"
    transcript.write_text(_srt(rig.SAMPLE_S), encoding="utf-8")
    ratios: list[float] = []
    for turn in range(1 if short else 3):
        plain = _timed(job, source, folder, folder / f"plain-{turn}")
        with_words = _timed(job, source, folder, folder / f"words-{turn}", transcript)
        ratios.append(with_words / plain)
    middle = sorted(ratios)[len(ratios) // 2]
    what = "wall time of a job with captions, by that of the same job without"
    return Figure(what, middle, "x", spread(ratios, "x"), at_most=1.10)


def _timed(
    job: rig.Job, source: Path, folder: Path, out: Path, transcript: Path | None = None
) -> float:
    scenes = job.write_scenes(folder)
    began = time.perf_counter()
    rig.finish(
        rig.viralclip(
            *("render", source, "--scenes", scenes, "--styles", ",".join(job.styles)),
            *("--out", out, "--captions", transcript or "none"),
            state=out.with_name(f"{out.name}-state"),
        )
    )
    return time.perf_counter() - began


def _srt(seconds: float) -> str:
    cues: list[str] = []
    for at in range(int(seconds / 2)):
        cues.append(f"{at + 1}\n00:00:{at * 2:02},000 --> 00:00:{at * 2 + 1:02},900\n")
        cues.append(" ".join(_TEXT[at % 8 : at % 8 + 6]) + "\n\n")
    return "".join(cues)
