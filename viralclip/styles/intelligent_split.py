"""Two people in a panel each, the left one on top; one person alone when no two are together."""

from dataclasses import dataclass, replace

from viralclip.reframe.footage import Footage
from viralclip.reframe.inspection import describe
from viralclip.reframe.pair import plan_pair
from viralclip.reframe.path import Doubt, PairPath
from viralclip.reframe.windows import pair_windows
from viralclip.styles.framing import Framing, Raster
from viralclip.styles.graph import Graph
from viralclip.styles.intelligent import Intelligent
from viralclip.styles.moving import moving
from viralclip.styles.panels import divide, stack
from viralclip.styles.style import View


@dataclass(frozen=True)
class IntelligentSplit(Intelligent):
    def frame(self, footage: Footage, view: View, raster: Raster) -> Framing:
        panel, _ = divide(view.target, share=0.5)
        pair = plan_pair(footage, panel.aspect, speaker=self.algorithm == "speaker_aware")
        if pair is None:
            alone = super().frame(footage, view, raster)
            return replace(alone, doubts=tuple(dict.fromkeys((Doubt.NO_PAIR, *alone.doubts))))
        return _framing(pair, raster)

    def graph(self, view: View) -> Graph:
        framing = view.framing
        if framing is None or len(framing.panels) == 1:
            return super().graph(view)
        (above, below), sizes = framing.panels, divide(view.target, share=0.5)
        return stack(
            moving(above, framing.fps, view.source, sizes[0], name="first"),
            moving(below, framing.fps, view.source, sizes[1], name="second"),
            target=view.target,
        )


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


INTELLIGENT_SPLIT = IntelligentSplit(
    "intelligent_split", "two people in a panel each, the left one on top", "basic"
)
INTELLIGENT_SPLIT_SPEAKER = IntelligentSplit(
    "intelligent_split_speaker", "the two who speak, in a panel each", "speaker_aware"
)
