"""A style from outside that looks at the scene first: the crop rests where most faces are."""

from dataclasses import dataclass

import numpy as np

from viralclip.reframe.footage import Footage
from viralclip.styles import Framing, Raster, View
from viralclip.styles.filters import cover_window, whole
from viralclip.styles.intelligent import Intelligent


@dataclass(frozen=True)
class Rest(Intelligent):
    def frame(self, footage: Footage, view: View, raster: Raster) -> Framing:
        middles = [face.x + face.width / 2 for seen in footage.faces for face in seen]
        centre = float(np.median(middles)) / view.source.width if middles else 0.5
        window = cover_window(whole(view.source), view.target.aspect, centre_x=centre)
        held = np.array([window.x, window.y, window.width, window.height], np.float64)
        return Framing(
            panels=(np.tile(held, (raster.frames, 1)),),
            fps=raster.fps,
            algorithm=self.algorithm,
            keyframes=1,
            shots=len(footage.cuts) + 1,
            speaker_switches=0,
        )


REST = Rest("rest", "the crop rests where most faces are", "basic")
