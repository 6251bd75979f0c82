"""One crop that fills the clip and moves with who or what matters."""

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from viralclip.events import Algorithm
from viralclip.filter_graph import Graph, line
from viralclip.geometry import Size, output_size
from viralclip.styles.filters import SQUARE_PIXELS
from viralclip.styles.framing import Framing, Raster
from viralclip.styles.pinned_crop import PinnedCrop
from viralclip.styles.style import View

if TYPE_CHECKING:
    from viralclip.reframe.footage import Footage

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

    @property
    def options(self) -> type[PinnedCrop]:
        return PinnedCrop

    def fits(self, source: Size, aspect: Fraction) -> bool:  # noqa: ARG002 - part of the port
        return min(source.width, source.height) >= _SMALLEST

    def target_size(self, source: Size, aspect: Fraction) -> Size:  # noqa: ARG002 - part of the port
        return output_size(aspect)

    def frame(self, footage: "Footage", view: View, raster: Raster) -> Framing:
        # What plans and moves stands on NumPy: who makes other clips does not wait for its import.
        from viralclip.styles.planning import plan_whole  # noqa: PLC0415

        return plan_whole(footage, view, raster, self.algorithm)

    def graph(self, view: View) -> Graph:
        from viralclip.styles.moving import centred, moving  # noqa: PLC0415

        framing = view.framing or centred(view.source, view.target)
        whole = moving(framing.panels[0], framing.fps, view.source, view.target, name="whole")
        return line(*whole, SQUARE_PIXELS)


INTELLIGENT = Intelligent("intelligent", "the crop follows the main face", "basic")
INTELLIGENT_MOTION = Intelligent("intelligent_motion", "the crop follows what moves", "motion")
INTELLIGENT_SPEAKER = Intelligent(
    "intelligent_speaker", "the crop follows whoever speaks", "speaker_aware"
)
