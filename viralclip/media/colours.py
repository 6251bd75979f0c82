"""The filters that make any picture 8-bit 4:2:0 BT.709, before and after a style's graph."""

from viralclip.geometry import Size
from viralclip.media.encoders import Encoder
from viralclip.media.probe import Picture

_BT709 = "range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
_TONE_MAP = (
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,"
    "zscale=t=bt709:m=bt709:r=tv"
)


def colour_filters(picture: Picture, size: Size, *, tone_map: bool) -> list[str]:
    square = picture.sar == 1
    if picture.plain and square:
        return []
    matrix = "smpte170m" if picture.untagged_sd else "auto"
    scale = (
        f"scale={size.width}:{size.height}:flags=bicubic+accurate_rnd+full_chroma_int"
        f":in_color_matrix={matrix}:out_color_matrix=bt709:out_range=tv"
    )
    mapped = [_TONE_MAP] if picture.hdr and tone_map else []
    return [*mapped, scale, "format=yuv420p", f"setparams={_BT709}"]


def encoder_input(encoder: Encoder) -> str:
    return f"setsar=1,setparams={_BT709},{encoder.upload}"
