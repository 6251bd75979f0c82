"""The kinds of sources that people have, and how each is made of the film."""

import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from bench.sources.film import SECONDS, write_film, write_sound

_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
_GOP = ("-g", "100", "-keyint_min", "100", "-sc_threshold", "0")
_LONG = (*_X264, *_GOP)
_AAC = ("-c:a", "aac", "-b:a", "128k")
_PLAIN = (*_LONG, *_AAC)
# Where two parts are joined: in the first scene, apart from clicks.
_FIRST_S = 5.2
_BT709 = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
_TO_709 = f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{_BT709}"
_TEN_BIT = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le")


@dataclass(frozen=True)
class Tools:
    """The FFmpeg that makes sources, and the folder they are made in."""

    ffmpeg: Path
    folder: Path

    def run(self, *arguments: object) -> None:
        command = [self.ffmpeg, "-v", "error", "-nostdin", "-y", *map(str, arguments)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)


Derive = Callable[[Tools, Path, Path], None]


@dataclass(frozen=True)
class Kind:
    """A kind of source: how it is made, and what is right for it.

    `rate` is the film's; `shown` tells which of its numbers is on screen at a time, all of them
    where nothing is said. `sound` is None without any; `level` is in dB beside the film's tone.
    `colours` is "film", "reference" for what an independent conversion gives, or "" for none.
    `offset` is by how many seconds its clicks come late. `words` asks for a note or a warning.
    """

    name: str
    suffix: str
    video: tuple[str, ...] = _LONG
    sound: tuple[str, ...] | None = _AAC
    rate: Fraction = Fraction(25)
    picture: str = "null"
    extra: tuple[str, ...] = ()
    shown: Callable[[float], int] | None = None
    derive: Derive | None = None
    size: tuple[int, int] = (320, 180)
    upright: tuple[int, int] = (320, 180)
    colours: str = "film"
    level: float | None = 0.0
    offset: float = 0.0
    may_refuse: bool = False
    words: bool = False
    least_rate: float = 24.0

    def number_at(self, time: float) -> int:
        last = int(SECONDS * self.rate) - 1
        number = int(time * float(self.rate) + 1e-6)
        return self.shown(time) if self.shown else min(max(number, 0), last)

    def make(self, tools: Tools) -> Path:
        """The file, made in the folder of its own name."""
        folder = tools.folder / self.name.replace(" ", "-").replace("/", "-")
        folder.mkdir(parents=True, exist_ok=True)
        film = write_film(tools.folder, self.rate, size=self.size)
        inputs = ["-i", film]
        maps = ["-map", "0:v"]
        if self.sound is not None:
            inputs += ["-i", write_sound(tools.folder)]
            maps += ["-map", "1:a"]
        target = folder / f"source{self.suffix}"
        plain = folder / f"plain{self.suffix}" if self.derive else target
        tools.run(
            *(*inputs, *maps, "-vf", self.picture, *self.video, *(self.sound or ())),
            *(*self.extra, "-t", SECONDS, plain),
        )
        if self.derive:
            self.derive(tools, plain, target)
        return target


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


def _without_rate(tools: Tools, plain: Path, target: Path) -> None:
    """Overwrites Matroska's default duration of a frame, as many recorders never write it."""
    del tools
    content = plain.read_bytes()
    at = content.find(b"\x23\xe3\x83\x84")
    if at >= 0:
        content = content[:at] + b"\xec\x86" + bytes(6) + content[at + 8 :]
    target.write_bytes(content)


def _piped(form: str) -> Derive:
    """Written to a pipe: nothing that needs seeking back is there, no index, no duration."""

    def derive(tools: Tools, plain: Path, target: Path) -> None:
        with target.open("wb") as file:
            subprocess.run(
                [tools.ffmpeg, "-v", "error", "-i", plain, "-c", "copy", "-f", form, "-"],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=file,
            )

    return derive


def _copied(*arguments: str, before: tuple[str, ...] = ()) -> Derive:
    def derive(tools: Tools, plain: Path, target: Path) -> None:
        tools.run(*before, "-i", plain, "-map", "0", "-c", "copy", *arguments, target)

    return derive


def _display_matrix(degrees: int, *, mirrored: bool) -> Derive:
    flips = ("-display_hflip",) if mirrored else ()
    return _copied(before=("-display_rotation", str(degrees), *flips))


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
            derive=_display_matrix(degrees, mirrored=mirrored),
        )
        for mirrored in (False, True)
        for degrees in (0, 90, 180, 270)
        if mirrored or degrees
    ]


def _clap(tools: Tools, plain: Path, target: Path) -> None:
    """Writes a clean aperture of 320x180 into the sample description."""
    del tools
    content = bytearray(plain.read_bytes())
    start, end, parents = 0, len(content), list[int]()
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"):
        start, size = _box(content, start, end, name)
        parents.append(start)
        start, end = start + 8, start + size
    entry = start + 8
    parents.append(entry)
    at = entry + struct.unpack(">I", content[entry : entry + 4])[0]
    content[at:at] = struct.pack(">I4s8I", 40, b"clap", 320, 1, 180, 1, 0, 1, 0, 1)
    for parent in parents:
        size = struct.unpack(">I", content[parent : parent + 4])[0]
        content[parent : parent + 4] = struct.pack(">I", size + 40)
    target.write_bytes(content)


def _box(content: bytearray, start: int, end: int, name: bytes) -> tuple[int, int]:
    while start + 8 <= end:
        size, kind = struct.unpack(">I4s", content[start : start + 8])
        if kind == name:
            return start, size
        start += size
    raise ValueError(f"no {name!r} box")


def _pixel_crop(tools: Tools, plain: Path, target: Path) -> None:
    """FFmpeg writes Matroska's PixelCrop elements from an MP4's clean aperture."""
    cropped = plain.with_name("clap.mp4")
    _clap(tools, plain, cropped)
    tools.run("-i", cropped, "-c", "copy", target)


def _joined(*parts: tuple[str, ...], leap: float = 0.0) -> Derive:
    """Two parts, each encoded in its own way, joined as bytes; the clock leaps by so many seconds
    between them. The sound of the second begins where that of the first has ended."""

    def derive(tools: Tools, plain: Path, target: Path) -> None:
        del plain
        film, sound = write_film(tools.folder, Fraction(25)), write_sound(tools.folder)
        files: list[bytes] = []
        for place, encode in enumerate(parts):
            start, late = place * _FIRST_S, place * 2 * 1024 / 48_000
            length = SECONDS - start if place else _FIRST_S
            picture = ("-ss", start, "-t", length, "-i", film)
            heard = ("-ss", start + late, "-t", length - late, "-itsoffset", late, "-i", sound)
            # Times below 0 would be shifted, and those of one part only.
            clock = ("-muxdelay", 0, "-output_ts_offset", 20 + start + place * leap)
            part = target.with_name(f"part{place}.ts")
            tools.run(*picture, *heard, *encode, *clock, part)
            files.append(part.read_bytes())
        target.write_bytes(b"".join(files))

    return derive


def _webm_joined(tools: Tools, plain: Path, target: Path) -> None:
    listed = target.with_name("list.txt")
    vp8 = ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "1M", "-c:a", "libopus")
    for place, scale in enumerate(("null", "scale=480:270")):
        half = target.with_name(f"half{place}.webm")
        tools.run("-ss", 6 * place, "-t", 6, "-i", plain, "-vf", scale, *vp8, half)
    listed.write_text("file 'half0.webm'\nfile 'half1.webm'\n")
    tools.run("-f", "concat", "-i", listed, "-c", "copy", target)


def _single_picture(tools: Tools, plain: Path, target: Path) -> None:
    """A podcast: one picture, and sound for twelve seconds."""
    picture = target.with_name("picture.png")
    tools.run("-i", plain, "-frames:v", 1, picture)
    tools.run("-i", picture, "-i", write_sound(tools.folder), *_X264, *_AAC, target)


def _microphone_apart(tools: Tools, plain: Path, target: Path) -> None:
    silence = ("-f", "lavfi", "-t", str(SECONDS), "-i", "anullsrc=r=48000:cl=stereo")
    maps = ("-map", "0:v", "-map", "1:a", "-map", "0:a")
    default = ("-disposition:a:0", "default", "-disposition:a:1", "default")
    tools.run("-i", plain, *silence, *maps, "-c:v", "copy", *_AAC, *default, target)


def _with_cover(tools: Tools, plain: Path, target: Path) -> None:
    cover = ("-f", "lavfi", "-i", "color=red:s=600x600:d=0.04:r=25")
    maps = ("-map", "0:v", "-map", "1", "-c", "copy", "-c:v:0", "mjpeg")
    tools.run(*cover, "-i", plain, *maps, "-disposition:v:0", "attached_pic", target)


def _sound_late(tools: Tools, plain: Path, target: Path) -> None:
    late = ("-itsoffset", "0.4", "-i", plain)
    tools.run("-i", plain, *late, "-map", "0:v", "-map", "1:a", "-c", "copy", target)


def _cut_off(tools: Tools, plain: Path, target: Path) -> None:
    """Three quarters of a file whose index stands at its beginning."""
    whole = plain.with_name(f"whole{plain.suffix}")
    tools.run("-i", plain, "-c", "copy", "-movflags", "+faststart", whole)
    content = whole.read_bytes()
    target.write_bytes(content[: len(content) * 7 // 8])


def _hdr(transfer: str) -> str:
    tags = f"setparams=range=tv:color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc"
    to_hdr = f"zscale=pin=bt709:tin=bt709:p=bt2020:t={transfer}:m=2020_ncl:r=tv:npl=100"
    return f"format=gbrp,{to_hdr},format=yuv420p10le,{tags}"


_OPUS = ("-c:a", "libopus")
_VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "1M", "-g", "100")
_VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "100")
_HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params")
_MPEG2 = ("-c:v", "mpeg2video", "-q:v", "3", "-g", "100", "-sc_threshold", "1000000000")
_MP2 = ("-c:a", "mp2", "-b:a", "192k")
_NO_SOUND: None = None


def _x264(parameters: str) -> tuple[str, ...]:
    long = f"keyint=100:min-keyint=100:scenecut=0:{parameters}"
    return (*_X264, "-x264-params", long)


CONTAINERS = [
    Kind("mp4", ".mp4"),
    Kind("mov", ".mov"),
    Kind("mkv", ".mkv"),
    Kind("mkv written to a pipe", ".mkv", derive=_piped("matroska")),
    Kind("mp4 in fragments", ".mp4", extra=("-movflags", "frag_keyframe+empty_moov")),
    Kind("mp4 with an edit list", ".mp4", video=(*_x264("bframes=3"),)),
    Kind("ts", ".ts"),
    Kind("m2ts", ".m2ts"),
    Kind("ts with a keyframe a second", ".ts", video=(*_X264, "-g", "25")),
    Kind("ts, HEVC", ".ts", video=(*_HEVC, "log-level=error:keyint=100:min-keyint=100")),
    Kind("ts, open GOP", ".ts", video=_x264("open-gop=1:bframes=3")),
    Kind("ts, intra refresh", ".ts", video=_x264("intra-refresh=1")),
    Kind("mkv, open GOP", ".mkv", video=_x264("open-gop=1:bframes=3")),
    Kind("mpg, MPEG-2", ".mpg", video=_MPEG2, sound=_MP2),
    Kind("vob, MPEG-2", ".vob", video=_MPEG2, sound=("-c:a", "ac3")),
    Kind("mxf, MPEG-2", ".mxf", video=_MPEG2, sound=("-c:a", "pcm_s16le")),
    Kind("avi, MPEG-4", ".avi", video=("-c:v", "mpeg4", "-q:v", "3", "-g", "100"), sound=_MP2),
    Kind("avi, MJPEG", ".avi", video=("-c:v", "mjpeg", "-q:v", "3"), sound=("-c:a", "pcm_s16le")),
    Kind("flv", ".flv"),
    Kind("webm, VP8", ".webm", video=_VP8, sound=_OPUS),
    Kind("webm, VP9", ".webm", video=_VP9, sound=_OPUS),
    Kind("webm written to a pipe", ".webm", video=_VP8, sound=_OPUS, derive=_piped("webm")),
    Kind(
        "mp4, AV1", ".mp4", video=("-c:v", "libsvtav1", "-preset", "12", "-g", "100"), sound=_OPUS
    ),
    Kind("mp4, HEVC", ".mp4", video=(*_HEVC, "log-level=error:keyint=100")),
    Kind(
        "mov, ProRes",
        ".mov",
        video=("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le"),
        sound=("-c:a", "pcm_s24le"),
    ),
    Kind("wmv", ".wmv", video=("-c:v", "wmv2", "-q:v", "3", "-g", "100"), sound=("-c:a", "wmav2")),
    Kind("ogv", ".ogv", video=("-c:v", "libtheora", "-q:v", "8"), sound=("-c:a", "libvorbis")),
    Kind("nut, FFV1", ".nut", video=("-c:v", "ffv1"), sound=("-c:a", "flac")),
    Kind("3gp", ".3gp", video=_LONG, sound=(*_AAC, "-ac", "1")),
    Kind("raw H.264", ".h264", sound=_NO_SOUND, may_refuse=True),
    Kind(
        "gif",
        ".gif",
        video=("-c:v", "gif"),
        sound=_NO_SOUND,
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
            sound=_OPUS,
            rate=Fraction(30),
            picture=_sparse(calm, step),
            extra=("-fps_mode", "passthrough", "-enc_time_base", "1/1000"),
            shown=_held(calm_s=calm, step=step),
            derive=_without_rate,
            least_rate=29,
        )
        for name, suffix, video, calm, step in (
            ("webm without a rate, 5 fps then 30", ".webm", _VP8, 6, 6),
            ("webm without a rate, 1 fps then 30", ".webm", _VP8, 6, 30),
            ("mkv without a rate, 15 fps then 30", ".mkv", (*_X264, "-bf", "0"), 6, 2),
        )
    ),
    *(
        Kind(
            f"{suffix[1:]}, still from 1 to 5 s",
            suffix,
            video=(*_X264, "-bf", "0"),
            picture="select='lte(t,1)+gte(t,5)'",
            extra=("-fps_mode", "passthrough"),
            shown=_until(1.0, 5.0),
        )
        for suffix in (".mkv", ".mp4")
    ),
    Kind("podcast with one picture", ".mp4", derive=_single_picture, shown=lambda _: 0),
]

CHANGES = [
    Kind(
        "ts, size changes",
        ".ts",
        derive=_joined(_PLAIN, ("-vf", "scale=480:270", *_PLAIN)),
    ),
    Kind(
        "ts, sample rate changes",
        ".ts",
        derive=_joined(_PLAIN, (*_PLAIN, "-ar", "44100")),
    ),
    Kind(
        "ts, channels change",
        ".ts",
        derive=_joined((*_PLAIN, "-af", "pan=stereo|c0=c0|c1=c0"), _PLAIN),
    ),
    Kind("webm, size changes", ".webm", video=_VP8, sound=_OPUS, derive=_webm_joined),
    Kind(
        "ts, clock leaps ahead by 100 s",
        ".ts",
        derive=_joined(_PLAIN, _PLAIN, leap=100),
        may_refuse=True,
    ),
    Kind(
        "ts, clock leaps back by 15 s",
        ".ts",
        derive=_joined(_PLAIN, _PLAIN, leap=-15),
        may_refuse=True,
    ),
    Kind("ts, clock wraps", ".ts", extra=("-output_ts_offset", "95437"), may_refuse=True),
    Kind("mkv that begins at 5 s", ".mkv", extra=("-output_ts_offset", "5")),
]

GEOMETRY = [
    *_rotations(),
    Kind("clean aperture", ".mp4", picture="pad=320:240:0:30:white", derive=_clap),
    Kind(
        "anamorphic",
        ".mp4",
        picture="scale=240:180:flags=area,setsar=4/3",
    ),
    Kind("odd size", ".mkv", size=(321, 181), video=(*_X264, "-pix_fmt", "yuv444p")),
    Kind("4:2:2, 10 bits", ".mp4", video=(*_X264, "-pix_fmt", "yuv422p10le")),
    Kind("interlaced", ".mpg", video=(*_MPEG2, "-flags", "+ilme+ildct"), sound=_MP2),
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
        video=_TEN_BIT,
    ),
    Kind("HLG", ".mp4", picture=_hdr("arib-std-b67"), video=_TEN_BIT, colours="reference"),
    Kind("PQ", ".mp4", picture=_hdr("smpte2084"), video=_TEN_BIT, colours="reference"),
    Kind(
        "PQ without primaries",
        ".mp4",
        picture=f"{_hdr('smpte2084')},setparams=color_primaries=unknown",
        video=_TEN_BIT,
        colours="",
    ),
]

SOUNDS = [
    Kind("no sound", ".mp4", sound=_NO_SOUND),
    Kind("sound 0.4 s late", ".mkv", derive=_sound_late, offset=0.4),
    Kind("mono, 22 kHz", ".mp4", sound=(*_AAC, "-ar", "22050", "-ac", "1")),
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
    Kind("microphone on a second track", ".mkv", derive=_microphone_apart, words=True),
    Kind("cover art first", ".mp4", derive=_with_cover),
    Kind("cut off at the end", ".mp4", derive=_cut_off, words=True),
]

KINDS = [*CONTAINERS, *RATES, *CHANGES, *GEOMETRY, *COLOURS, *SOUNDS]
