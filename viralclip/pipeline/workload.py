"""What decides how long the clips of a job take: its plan, and what they are made with here."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import structlog

from viralclip.geometry import Size, parse_aspect
from viralclip.job_work import ClipKey, ClipWorkload
from viralclip.plan import Plan
from viralclip.scenes import Scene
from viralclip.speech.pieces import PIECE_S, numbers_of
from viralclip.styles import Graph, Style, View, all_styles, scene_within, seen_area, target_size
from viralclip.workload import FramingKind, Workload

_BLURS = frozenset({"gblur", "boxblur", "avgblur", "smartblur", "dblur"})
_MILLION = 1e6

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Means:
    """What clips are made with on a machine; `listener` is the engine and model of speech."""

    encoder: str
    threads: int
    cores: int
    listener: str = ""


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def workloads(plan: Plan, means: Means) -> Mapping[ClipKey, ClipWorkload]:
    """Those of all the job's clips."""
    styles = {choice.name: choice.name for choice in plan.styles}
    return {
        (scene.id, style): workload_of(plan, scene, style, means)
        for scene in plan.scenes
        for style in styles
    }


def workload_of(plan: Plan, scene: Scene, style: str, means: Means) -> ClipWorkload:
    video, options = plan.video, plan.options
    made = all_styles()[style]
    fps = float(Fraction(video.fps))
    area = seen_area(made, video.size, plan.active_area)
    target = target_size(made, area.size, parse_aspect(options.aspect))
    pixels = video.width * video.height * fps
    render = Workload(
        stage="render",
        source=video.identity,
        style=style,
        seconds=max(scene.duration, 1 / fps),
        output_rate=target.width * target.height * fps / _MILLION,
        source_rate=pixels / _MILLION,
        bits=video.bit_rate / pixels if video.bit_rate else None,
        codec=video.codec,
        framing=framing_kind(style, area.size, target, scene_within(scene, made, area, video.size)),
        loudness=options.loudness,
        captions=options.captions.burn and options.captions.look(scene) is not None,
        preset=options.preset,
        encoder=means.encoder,
        threads=means.threads,
        cores=means.cores,
    )
    listening = _listening(plan, scene, render, means.listener)
    if not made.analysed and not render.captions:
        return ClipWorkload(render, transcription=listening)
    # The preset and the encoder have no part in it, nor what else the render does.
    looking = {"stage": "analysis", "preset": "", "encoder": "", "style": "", "output_rate": 1.0}
    plain = {"framing": "static", "loudness": False, "captions": False}
    analysis = render.model_copy(update=looking | plain)
    return ClipWorkload(render, analysis, listening)


def _listening(plan: Plan, scene: Scene, render: Workload, listener: str) -> Workload | None:
    """Sound is listened to in whole pieces, whatever the picture is and becomes."""
    if not plan.is_transcribed(scene):
        return None
    return Workload(
        stage="transcription",
        source=render.source,
        style="",
        seconds=len(numbers_of(scene.range, plan.video.duration)) * PIECE_S,
        output_rate=1.0,
        source_rate=1.0,
        preset="",
        encoder="",
        listener=listener,
        threads=render.threads,
        cores=render.cores,
    )


def framing_kind(style: str, source: Size, target: Size, scene: Scene) -> FramingKind:
    """What kind of work the style's filters are: told by the graph, also for styles of others.

    A style that cannot draw one fails its own clips, and no forecast of the others.
    """
    made = all_styles()[style]
    try:
        return "moving" if made.analysed else _drawn_kind(made, source, target, scene)
    except Exception as error:  # noqa: BLE001 - see above
        log.debug("Style without a graph", style=style, error=repr(error))
        return "static"


@lru_cache(maxsize=256)
def _drawn_kind(style: Style, source: Size, target: Size, scene: Scene) -> FramingKind:
    return _kind_of(style.graph(View(source=source, target=target, scene=scene)))


def _kind_of(graph: Graph) -> FramingKind:
    names = {part.name.partition("@")[0] for chain in graph.chains for part in chain.filters}
    if names & _BLURS:
        return "blurred"
    if graph.scripts:
        return "moving"
    return "split" if len(graph.chains) > 1 else "static"
