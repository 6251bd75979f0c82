"""How a picture's numbers stand for colours, and the filters that make them 8-bit 4:2:0 BT.709.

Codes of primaries, transfer and matrix are those of ITU-T H.273. A wide picture, HDR or not, is
converted late: once a style has cropped and scaled it, there is less of it.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from viralclip.filter_graph import Filter
from viralclip.geometry import Size
from viralclip.media.encoders import Encoder
from viralclip.media.ffmpeg import Abilities

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

HDR_NOT_TONE_MAPPED = "hdr_not_tone_mapped"
COLOURS_APPROXIMATE = "colours_approximate"

_BT709, _SMPTE170M, _BT2020 = 1, 6, 9
_GBR, _BT2020_CL = 0, 10
_HDR = frozenset({16, 18})
_LIMITED, _FULL = 1, 2
# Unspecified, and reserved.
_NOTHING_SAID = frozenset({2, 3})
# BT.2020 and the two P3s; the others differ from BT.709 by less than is seen.
_WIDE = frozenset({_BT2020, 11, 12})
# The matrices that FFmpeg's own scaler reads, and those that only zscale does.
_SCALED = frozenset({_GBR, _BT709, 4, 5, _SMPTE170M, 7, _BT2020})
_ZSCALED = frozenset({8, 12, 13, 14})

BT709_TAGS = Filter.of(
    "setparams", range="tv", color_primaries="bt709", color_trc="bt709", colorspace="bt709"
)
_CAREFUL = "flags=bicubic+accurate_rnd+full_chroma_int"
_TO_8_BIT = (Filter.of("format", "yuv420p"), BT709_TAGS)


@dataclass(frozen=True)
class Colours:
    """What is said of a stream's colours, None where nothing is, and what it is taken for.

    `small` pictures of which nothing is said are taken for BT.601, as players do.
    """

    pixels: str
    rgb: bool
    small: bool
    said_range: int | None
    said_primaries: int | None
    said_transfer: int | None
    said_matrix: int | None

    @classmethod
    def of(cls, frame: "VideoFrame") -> "Colours":
        rgb = frame.format.is_rgb
        matrix = _said(frame.colorspace)
        return cls(
            pixels=frame.format.name,
            rgb=rgb,
            small=frame.width < 1280 and frame.height <= 576,  # noqa: PLR2004
            said_range=frame.color_range or None,
            said_primaries=_said(frame.color_primaries) or None,
            said_transfer=_said(frame.color_trc) or None,
            said_matrix=None if matrix == _GBR and not rgb else matrix,
        )

    @property
    def hdr(self) -> bool:
        return self.said_transfer in _HDR

    @property
    def wide(self) -> bool:
        """Whether there are colours in it that BT.709 has not."""
        return self.hdr or self.primaries in _WIDE

    @property
    def range(self) -> int:
        return self.said_range or (_FULL if self.rgb else _LIMITED)

    @property
    def primaries(self) -> int:
        from_matrix = _BT2020 if self.said_matrix in {_BT2020, _BT2020_CL} else _BT709
        return self.said_primaries or (_BT2020 if self.hdr else from_matrix)

    @property
    def transfer(self) -> int:
        return self.said_transfer or _BT709

    @property
    def matrix(self) -> int:
        if self.said_matrix is not None:
            return self.said_matrix
        if self.rgb:
            return _GBR
        if self.hdr or self.said_primaries == _BT2020:
            return _BT2020
        return _SMPTE170M if self.small else _BT709

    @property
    def plain(self) -> bool:
        kind = (self.pixels, self.range, self.matrix)
        return kind == ("yuv420p", _LIMITED, _BT709) and not self.wide


def make_readable(frame: "VideoFrame") -> None:
    """Calls a matrix that the scaler refuses one that it reads: near enough to look for faces."""
    if frame.colorspace not in _SCALED | _NOTHING_SAID:
        frame.colorspace = _BT2020


def colour_doubts(colours: Colours, abilities: Abilities) -> tuple[str, ...]:
    """Codes of warnings: why a clip's colours are not those of the source."""
    flat = colours.hdr and not abilities.tone_maps
    guessed = colours.matrix not in _SCALED and not _is_zscaled(colours, abilities)
    doubts = ((HDR_NOT_TONE_MAPPED, flat), (COLOURS_APPROXIMATE, guessed))
    return tuple(code for code, holds in doubts if holds)


def readable_colours(colours: Colours, abilities: Abilities) -> list[str]:
    """What comes before anything that scales: what is not said of the colours, and a matrix that
    FFmpeg's scaler reads.
    """
    return [] if colours.plain else [*_complete(colours), *_readable_matrix(colours, abilities)]


def early_colours(
    colours: Colours, *, sar: Fraction, size: Size, abilities: Abilities
) -> list[str]:
    """What stands before a style's graph: square pixels of the display `size`, 4:2:0.

    Behind `readable_colours`. They are 8-bit BT.709 unless there are `late_colours`; then they are
    10-bit, in the source's own colours.
    """
    if colours.plain and sar == 1:
        return []
    if late_colours(colours, abilities):
        matrix, pixels, tags = "bt2020" if colours.rgb else "", "yuv420p10le", _own_tags(colours)
    else:
        matrix, pixels, tags = "bt709", "yuv420p", BT709_TAGS.render()
    to_matrix = f":out_color_matrix={matrix}" if matrix else ""
    scale = f"scale={size.width}:{size.height}:{_CAREFUL}:out_range=tv{to_matrix}"
    return [scale, f"format={pixels}", tags]


def _own_tags(colours: Colours) -> str:
    """What there is before the late conversion; curves that are for SDR are not converted."""
    kept = colours.matrix in _SCALED and not colours.rgb
    transfer = colours.transfer if colours.hdr else _BT709
    matrix = colours.matrix if kept else _BT2020
    codes = f"color_primaries={colours.primaries}:color_trc={transfer}:colorspace={matrix}"
    return f"setparams=range=tv:{codes}"


def late_colours(colours: Colours, abilities: Abilities) -> tuple[Filter, ...]:
    """What makes BT.709 of `early_colours`, as soon as anything but moves and scales a picture."""
    if colours.hdr:
        return (*_TONE_MAP, *_TO_8_BIT) if abilities.tone_maps else ()
    if not colours.wide:
        return ()
    if abilities.zscale:
        return (Filter.of("zscale", p="bt709", t="bt709", m="bt709", r="tv"), *_TO_8_BIT)
    return (Filter.of("colorspace", all="bt709", format="yuv420p"), *_TO_8_BIT)


_TONE_MAP = (
    Filter.of("zscale", t="linear", npl=100),
    Filter.of("format", "gbrpf32le"),
    Filter.of("zscale", p="bt709"),
    Filter.of("tonemap", "hable", desat=0),
    Filter.of("zscale", t="bt709", m="bt709", r="tv"),
)


def encoder_input(encoder: Encoder) -> str:
    return f"setsar=1,{BT709_TAGS.render()},{encoder.upload}"


def _said(code: int) -> int | None:
    return None if code in _NOTHING_SAID else code


def _complete(colours: Colours) -> list[str]:
    """Says what is not said: a filter that is to convert colours refuses to guess."""
    tags = (
        ("range", colours.said_range, colours.range),
        ("color_primaries", colours.said_primaries, colours.primaries),
        ("color_trc", colours.said_transfer, colours.transfer),
        ("colorspace", colours.said_matrix, colours.matrix),
    )
    missing = [f"{name}={taken}" for name, said, taken in tags if said is None]
    return [f"setparams={':'.join(missing)}"] if missing else []


def _readable_matrix(colours: Colours, abilities: Abilities) -> list[str]:
    """Makes a matrix that FFmpeg's scaler refuses one that it reads, or at least calls it one."""
    if colours.matrix in _SCALED:
        return []
    if _is_zscaled(colours, abilities):
        return [f"zscale=m={'2020_ncl' if colours.wide else '709'}"]
    return [f"setparams=colorspace={_BT2020 if colours.wide else _BT709}"]


def _is_zscaled(colours: Colours, abilities: Abilities) -> bool:
    """zscale knows constant luminance by BT.2020's own transfer alone."""
    known = colours.matrix in _ZSCALED or (colours.matrix == _BT2020_CL and not colours.hdr)
    return known and abilities.zscale
