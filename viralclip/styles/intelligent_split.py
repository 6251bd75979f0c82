"""Two people in a panel each, the left one on top; one person alone when no two are together."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from viralclip.filter_graph import Graph
from viralclip.styles.framing import Framing, Raster
from viralclip.styles.intelligent import Intelligent
from viralclip.styles.panels import divide, stack
from viralclip.styles.style import View

if TYPE_CHECKING:
    from viralclip.reframe.footage import Footage


@dataclass(frozen=True)
class IntelligentSplit(Intelligent):
    def frame(self, footage: "Footage", view: View, raster: Raster) -> Framing:
        from viralclip.styles.planning import plan_split  # noqa: PLC0415 - see `Intelligent`

        return plan_split(footage, view, raster, self.algorithm)

    def graph(self, view: View) -> Graph:
        from viralclip.styles.moving import moving  # noqa: PLC0415 - see `Intelligent`

        framing = view.framing
        if framing is None or len(framing.panels) == 1:
            return super().graph(view)
        (above, below), sizes = framing.panels, divide(view.target, share=0.5)
        return stack(
            moving(above, framing.fps, view.source, sizes[0], name="first"),
            moving(below, framing.fps, view.source, sizes[1], name="second"),
            target=view.target,
        )


INTELLIGENT_SPLIT = IntelligentSplit(
    "intelligent_split", "two people in a panel each, the left one on top", "basic"
)
INTELLIGENT_SPLIT_SPEAKER = IntelligentSplit(
    "intelligent_split_speaker", "the two who speak, in a panel each", "speaker_aware"
)
