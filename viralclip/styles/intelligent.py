"""One crop that fills the clip and moves with who or what matters."""

from dataclasses import dataclass
from fractions import Fraction

from viralclip.events import Algorithm
from viralclip.geometry import Size, output_size
from viralclip.reframe.algorithms import plan_camera
from viralclip.reframe.footage import Footage
from viralclip.reframe.inspection import describe
from viralclip.reframe.path import Pin
from viralclip.reframe.windows import crop_windows
from viralclip.scenes import Scene
from viralclip.styles.filters import SQUARE_PIXELS
from viralclip.styles.framing import Framing, Raster
from viralclip.styles.graph import Graph, line
from viralclip.styles.moving import centred, moving
from viralclip.styles.style import View

_SMALLEST = 8


@dataclass(frozen=True)
class Intelligent:
    """A crop that is planned by an algorithm, or pinned by hand in the scene."""

    name: str
    summary: str
    algorithm: Algorithm

    @property
    def analysed(self) -> bool:
        return True

    def fits(self, source: Size, aspect: Fraction) -> bool:  # noqa: ARG002 - part of the port
        return min(source.width, source.height) >= _SMALLEST

    def target_size(self, source: Size, aspect: Fraction) -> Size:  # noqa: ARG002 - part of the port
        return output_size(aspect)

    def frame(self, footage: Footage, view: View, raster: Raster) -> Framing:
        pins = pixel_pins(view.scene, view.source)
        path = plan_camera(footage, view.target.aspect, self.algorithm, pins=pins)
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

    def graph(self, view: View) -> Graph:
        framing = view.framing or centred(view.source, view.target)
        whole = moving(framing.panels[0], framing.fps, view.source, view.target, name="whole")
        return line(*whole, SQUARE_PIXELS)


def pixel_pins(scene: Scene, source: Size) -> list[Pin]:
    """The crop that was pinned in the scene, in pixels and in seconds from the scene's start."""
    return [
        Pin(
            time=pin.time - scene.start,
            x=pin.x * source.width,
            y=pin.y * source.height,
            width=pin.width * source.width,
        )
        for pin in scene.crop
    ]


INTELLIGENT = Intelligent("intelligent", "the crop follows the main face", "basic")
INTELLIGENT_MOTION = Intelligent("intelligent_motion", "the crop follows what moves", "motion")
INTELLIGENT_SPEAKER = Intelligent(
    "intelligent_speaker", "the crop follows whoever speaks", "speaker_aware"
)
