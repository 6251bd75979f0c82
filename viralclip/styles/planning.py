"""The framings of the analysed styles: the algorithms of reframing, applied to a clip's frames."""

from dataclasses import replace

from viralclip.events import Algorithm
from viralclip.geometry import Size
from viralclip.reframe.algorithms import plan_camera
from viralclip.reframe.footage import Footage
from viralclip.reframe.inspection import describe
from viralclip.reframe.pair import plan_pair
from viralclip.reframe.path import Doubt, PairPath, Pin
from viralclip.reframe.windows import crop_windows, pair_windows
from viralclip.scenes import Scene
from viralclip.styles.framing import Framing, Raster
from viralclip.styles.panels import divide
from viralclip.styles.pinned_crop import PinnedCrop
from viralclip.styles.style import View


def plan_whole(footage: Footage, view: View, raster: Raster, algorithm: Algorithm) -> Framing:
    """One window that fills the clip, or the crop that is pinned in the scene."""
    pins = pixel_pins(view.scene, view.source)
    path = plan_camera(footage, view.target.aspect, algorithm, pins=pins)
    return Framing(
        panels=(crop_windows(path, raster.times, early=raster.early),),
        fps=raster.fps,
        algorithm=path.algorithm,
        keyframes=path.keyframes,
        shots=path.shots,
        speaker_switches=path.speaker_switches,
        doubts=tuple(map(str, path.doubts)),
        inspection=(describe(path),),
    )


def plan_split(footage: Footage, view: View, raster: Raster, algorithm: Algorithm) -> Framing:
    """A window for each of two people, or one for all where no two are together."""
    panel, _ = divide(view.target, share=0.5)
    pair = plan_pair(footage, panel.aspect, speaker=algorithm == "speaker_aware")
    if pair is None:
        alone = plan_whole(footage, view, raster, algorithm)
        return replace(alone, doubts=tuple(dict.fromkeys((Doubt.NO_PAIR, *alone.doubts))))
    return _framing(pair, raster)


def pixel_pins(scene: Scene, source: Size) -> list[Pin]:
    """The crop that was pinned in the scene, in pixels and in seconds from the scene's start."""
    return [
        Pin(
            time=pin.time - scene.start,
            x=pin.x * source.width,
            y=pin.y * source.height,
            width=pin.width * source.width,
        )
        for pin in PinnedCrop.of(scene).crop
    ]


def _framing(pair: PairPath, raster: Raster) -> Framing:
    return Framing(
        panels=pair_windows(pair, raster.times, early=raster.early),
        fps=raster.fps,
        algorithm=pair.top.algorithm,
        keyframes=pair.top.keyframes + pair.bottom.keyframes,
        shots=pair.top.shots,
        speaker_switches=pair.top.speaker_switches,
        doubts=tuple(map(str, pair.top.doubts)),
        inspection=(describe(pair.top), describe(pair.bottom)),
    )
