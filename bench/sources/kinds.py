"""The kinds of sources that people have, each by how it is made of the film."""

from collections.abc import Callable
from fractions import Fraction

from bench.sources.codecs import (
    AAC,
    HEVC,
    LONG,
    MP2,
    MPEG2,
    NO_SOUND,
    OPUS,
    PLAIN,
    TEN_BIT,
    VP8,
    VP9,
    X264,
    x264,
)
from bench.sources.derived import (
    clap,
    cut_off,
    display_matrix,
    joined,
    microphone_apart,
    piped,
    single_picture,
    sound_late,
    webm_joined,
    with_cover,
    without_rate,
)
from bench.sources.kind import Kind

_BT709 = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
_TO_709 = f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{_BT709}"


def _held(*, calm_s: float, step: int, rate: int = 30) -> Callable[[float], int]:
    """A recording whose first seconds have one frame in `step`."""

    def shown(time: float) -> int:
        number = int(time * rate + 1e-6)
        return number if time >= calm_s - 1e-6 else number // step * step

    return shown


def _sparse(calm_s: float, step: int) -> str:
    return f"settb=1/1000,select='gte(t,{calm_s})+not(mod(n,{step}))'"


def _until(still_from: float, still_to: float) -> Callable[[float], int]:
    """A recorder that writes nothing while nothing changes."""

    def shown(time: float) -> int:
        held = still_from <= time < still_to - 1e-6
        return int((still_from if held else time) * 25 + 1e-6)

    return shown


def _stored(degrees: int, *, mirrored: bool) -> str:
    """How the picture must be stored so that the matrix makes it upright again."""
    turn = {0: "null", 90: "transpose=clock", 180: "hflip,vflip", 270: "transpose=cclock"}[degrees]
    return f"hflip,{turn}" if mirrored else turn


def _rotations() -> list[Kind]:
    return [
        Kind(
            f"display matrix {degrees}{' mirrored' if mirrored else ''}",
            ".mp4",
            picture=_stored(degrees, mirrored=mirrored),
            derive=display_matrix(degrees, mirrored=mirrored),
        )
        for mirrored in (False, True)
        for degrees in (0, 90, 180, 270)
        if mirrored or degrees
    ]


def _hdr(transfer: str) -> str:
    tags = f"setparams=range=tv:color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc"
    to_hdr = f"zscale=pin=bt709:tin=bt709:p=bt2020:t={transfer}:m=2020_ncl:r=tv:npl=100"
    return f"format=gbrp,{to_hdr},format=yuv420p10le,{tags}"


CONTAINERS = [
    Kind("mp4", ".mp4"),
    Kind("mov", ".mov"),
    Kind("mkv", ".mkv"),
    Kind("mkv written to a pipe", ".mkv", derive=piped("matroska")),
    Kind("mp4 in fragments", ".mp4", extra=("-movflags", "frag_keyframe+empty_moov")),
    Kind("mp4 with an edit list", ".mp4", video=(*x264("bframes=3"),)),
    Kind("ts", ".ts"),
    Kind("m2ts", ".m2ts"),
    Kind("ts with a keyframe a second", ".ts", video=(*X264, "-g", "25")),
    Kind("ts, HEVC", ".ts", video=(*HEVC, "log-level=error:keyint=100:min-keyint=100")),
    Kind("ts, open GOP", ".ts", video=x264("open-gop=1:bframes=3")),
    Kind("ts, intra refresh", ".ts", video=x264("intra-refresh=1")),
    Kind("mkv, open GOP", ".mkv", video=x264("open-gop=1:bframes=3")),
    Kind("mpg, MPEG-2", ".mpg", video=MPEG2, sound=MP2),
    Kind("vob, MPEG-2", ".vob", video=MPEG2, sound=("-c:a", "ac3")),
    Kind("mxf, MPEG-2", ".mxf", video=MPEG2, sound=("-c:a", "pcm_s16le")),
    Kind("avi, MPEG-4", ".avi", video=("-c:v", "mpeg4", "-q:v", "3", "-g", "100"), sound=MP2),
    Kind("avi, MJPEG", ".avi", video=("-c:v", "mjpeg", "-q:v", "3"), sound=("-c:a", "pcm_s16le")),
    Kind("flv", ".flv"),
    Kind("webm, VP8", ".webm", video=VP8, sound=OPUS),
    Kind("webm, VP9", ".webm", video=VP9, sound=OPUS),
    Kind("webm written to a pipe", ".webm", video=VP8, sound=OPUS, derive=piped("webm")),
    Kind("mp4, AV1", ".mp4", video=("-c:v", "libsvtav1", "-preset", "12", "-g", "100"), sound=OPUS),
    Kind("mp4, HEVC", ".mp4", video=(*HEVC, "log-level=error:keyint=100")),
    Kind(
        "mov, ProRes",
        ".mov",
        video=("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le"),
        sound=("-c:a", "pcm_s24le"),
    ),
    Kind("wmv", ".wmv", video=("-c:v", "wmv2", "-q:v", "3", "-g", "100"), sound=("-c:a", "wmav2")),
    Kind("ogv", ".ogv", video=("-c:v", "libtheora", "-q:v", "8"), sound=("-c:a", "libvorbis")),
    Kind("nut, FFV1", ".nut", video=("-c:v", "ffv1"), sound=("-c:a", "flac")),
    Kind("3gp", ".3gp", video=LONG, sound=(*AAC, "-ac", "1")),
    Kind("raw H.264", ".h264", sound=NO_SOUND, may_refuse=True),
    Kind(
        "gif",
        ".gif",
        video=("-c:v", "gif"),
        sound=NO_SOUND,
        rate=Fraction(10),
        picture="split[a][b];[a]palettegen=stats_mode=full[p];[b][p]paletteuse=dither=none",
        colours="",
    ),
]

RATES = [
    *(
        Kind(f"{name} fps", ".mp4", rate=Fraction(rate))
        for name, rate in (
            ("23.976", "24000/1001"),
            ("29.97", "30000/1001"),
            ("50", "50"),
            ("60", "60"),
            ("12", "12"),
            ("1", "1"),
        )
    ),
    Kind("120 fps", ".mp4", rate=Fraction(120)),
    *(
        Kind(
            name,
            suffix,
            video=video,
            sound=OPUS,
            rate=Fraction(30),
            picture=_sparse(calm, step),
            extra=("-fps_mode", "passthrough", "-enc_time_base", "1/1000"),
            shown=_held(calm_s=calm, step=step),
            derive=without_rate,
            least_rate=29,
        )
        for name, suffix, video, calm, step in (
            ("webm without a rate, 5 fps then 30", ".webm", VP8, 6, 6),
            ("webm without a rate, 1 fps then 30", ".webm", VP8, 6, 30),
            ("mkv without a rate, 15 fps then 30", ".mkv", (*X264, "-bf", "0"), 6, 2),
        )
    ),
    *(
        Kind(
            f"{suffix[1:]}, still from 1 to 5 s",
            suffix,
            video=(*X264, "-bf", "0"),
            picture="select='lte(t,1)+gte(t,5)'",
            extra=("-fps_mode", "passthrough"),
            shown=_until(1.0, 5.0),
        )
        for suffix in (".mkv", ".mp4")
    ),
    Kind("podcast with one picture", ".mp4", derive=single_picture, shown=lambda _: 0),
]

CHANGES = [
    Kind(
        "ts, size changes",
        ".ts",
        derive=joined(PLAIN, ("-vf", "scale=480:270", *PLAIN)),
    ),
    Kind(
        "ts, sample rate changes",
        ".ts",
        derive=joined(PLAIN, (*PLAIN, "-ar", "44100")),
    ),
    Kind(
        "ts, channels change",
        ".ts",
        derive=joined((*PLAIN, "-af", "pan=stereo|c0=c0|c1=c0"), PLAIN),
    ),
    Kind("webm, size changes", ".webm", video=VP8, sound=OPUS, derive=webm_joined),
    Kind(
        "ts, clock leaps ahead by 100 s",
        ".ts",
        derive=joined(PLAIN, PLAIN, leap=100),
        may_refuse=True,
    ),
    Kind(
        "ts, clock leaps back by 15 s",
        ".ts",
        derive=joined(PLAIN, PLAIN, leap=-15),
        may_refuse=True,
    ),
    Kind("ts, clock wraps", ".ts", extra=("-output_ts_offset", "95437"), may_refuse=True),
    Kind("mkv that begins at 5 s", ".mkv", extra=("-output_ts_offset", "5")),
]

GEOMETRY = [
    *_rotations(),
    Kind("clean aperture", ".mp4", picture="pad=320:240:0:30:white", derive=clap),
    Kind(
        "anamorphic",
        ".mp4",
        picture="scale=240:180:flags=area,setsar=4/3",
    ),
    Kind("odd size", ".mkv", size=(321, 181), video=(*X264, "-pix_fmt", "yuv444p")),
    Kind("4:2:2, 10 bits", ".mp4", video=(*X264, "-pix_fmt", "yuv422p10le")),
    Kind("interlaced", ".mpg", video=(*MPEG2, "-flags", "+ilme+ildct"), sound=MP2),
]

COLOURS = [
    Kind("BT.709, tagged", ".mp4", picture=_TO_709),
    Kind(
        "full range",
        ".mp4",
        picture="scale=out_range=pc,format=yuvj420p",
        video=("-c:v", "libx264", "-preset", "ultrafast", "-color_range", "pc"),
    ),
    Kind("RGB", ".mkv", video=("-c:v", "libx264rgb", "-preset", "ultrafast")),
    Kind(
        "BT.2020, SDR",
        ".mp4",
        picture=(
            "format=gbrp,zscale=pin=bt709:tin=bt709:p=bt2020:t=2020_10:m=2020_ncl:r=tv,"
            "format=yuv420p10le,setparams=range=tv:color_primaries=bt2020:"
            "color_trc=bt2020-10:colorspace=bt2020nc"
        ),
        video=TEN_BIT,
    ),
    Kind("HLG", ".mp4", picture=_hdr("arib-std-b67"), video=TEN_BIT, colours="reference"),
    Kind("PQ", ".mp4", picture=_hdr("smpte2084"), video=TEN_BIT, colours="reference"),
    Kind(
        "PQ without primaries",
        ".mp4",
        picture=f"{_hdr('smpte2084')},setparams=color_primaries=unknown",
        video=TEN_BIT,
        colours="",
    ),
]

SOUNDS = [
    Kind("no sound", ".mp4", sound=NO_SOUND),
    Kind("sound 0.4 s late", ".mkv", derive=sound_late, offset=0.4),
    Kind("mono, 22 kHz", ".mp4", sound=(*AAC, "-ar", "22050", "-ac", "1")),
    Kind("MP3 in mkv", ".mkv", sound=("-c:a", "libmp3lame")),
    Kind("FLAC in mkv", ".mkv", sound=("-c:a", "flac")),
    Kind("AC-3 5.1, all alike", ".mkv", sound=("-af", "pan=5.1|FC=c0", "-c:a", "ac3"), level=None),
    Kind(
        "AAC 5.1, centre",
        ".mp4",
        sound=("-af", "pan=5.1|FC=c0", "-c:a", "aac", "-b:a", "384k"),
        level=-3.0,
    ),
    Kind(
        "PCM 5.1, centre",
        ".mov",
        sound=("-af", "pan=5.1|FC=c0", "-c:a", "pcm_s16le"),
        level=-3.0,
    ),
    Kind("8 kHz u-law in mov", ".mov", sound=("-c:a", "pcm_mulaw", "-ar", "8000", "-ac", "1")),
    Kind("microphone on a second track", ".mkv", derive=microphone_apart, words=True),
    Kind("cover art first", ".mp4", derive=with_cover),
    Kind("cut off at the end", ".mp4", derive=cut_off, words=True),
]

KINDS = [*CONTAINERS, *RATES, *CHANGES, *GEOMETRY, *COLOURS, *SOUNDS]
