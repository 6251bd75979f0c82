"""How a clip is framed: built-in styles, those other packages bring, and the choice among them."""

from viralclip.filter_graph import IN, OUT, Chain, Filter, Graph, Script, Value, join, line
from viralclip.style_options import StyleOptions
from viralclip.styles.area import WholeFrameStyle, scene_within, seen_area
from viralclip.styles.extensions import BrokenStyle
from viralclip.styles.framing import Framing, Raster
from viralclip.styles.registry import ALL, STYLES, all_styles, broken_styles, resolve, target_size
from viralclip.styles.style import AnalysedStyle, OptionedStyle, StaticStyle, Style, View

__all__ = [
    "ALL",
    "IN",
    "OUT",
    "STYLES",
    "AnalysedStyle",
    "BrokenStyle",
    "Chain",
    "Filter",
    "Framing",
    "Graph",
    "OptionedStyle",
    "Raster",
    "Script",
    "StaticStyle",
    "Style",
    "StyleOptions",
    "Value",
    "View",
    "WholeFrameStyle",
    "all_styles",
    "broken_styles",
    "join",
    "line",
    "resolve",
    "scene_within",
    "seen_area",
    "target_size",
]
