"""What is made of an encoded film: joined, cut off, rotated or patched, as people's files are."""

import struct
import subprocess
from fractions import Fraction
from pathlib import Path

from bench.sources.codecs import AAC, X264
from bench.sources.film import SECONDS, write_film, write_sound
from bench.sources.kind import Derive, Tools

# Where two parts are joined: in the first scene, apart from clicks.
_FIRST_S = 5.2


def without_rate(tools: Tools, plain: Path, target: Path) -> None:
    """Overwrites Matroska's default duration of a frame, as many recorders never write it."""
    del tools
    content = plain.read_bytes()
    at = content.find(b"\x23\xe3\x83\x84")
    if at >= 0:
        content = content[:at] + b"\xec\x86" + bytes(6) + content[at + 8 :]
    target.write_bytes(content)


def piped(form: str) -> Derive:
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


def copied(*arguments: str, before: tuple[str, ...] = ()) -> Derive:
    def derive(tools: Tools, plain: Path, target: Path) -> None:
        tools.run(*before, "-i", plain, "-map", "0", "-c", "copy", *arguments, target)

    return derive


def display_matrix(degrees: int, *, mirrored: bool) -> Derive:
    flips = ("-display_hflip",) if mirrored else ()
    return copied(before=("-display_rotation", str(degrees), *flips))


def clap(tools: Tools, plain: Path, target: Path) -> None:
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


def joined(*parts: tuple[str, ...], leap: float = 0.0) -> Derive:
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


def webm_joined(tools: Tools, plain: Path, target: Path) -> None:
    listed = target.with_name("list.txt")
    vp8 = ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "1M", "-c:a", "libopus")
    for place, scale in enumerate(("null", "scale=480:270")):
        half = target.with_name(f"half{place}.webm")
        tools.run("-ss", 6 * place, "-t", 6, "-i", plain, "-vf", scale, *vp8, half)
    listed.write_text("file 'half0.webm'\nfile 'half1.webm'\n")
    tools.run("-f", "concat", "-i", listed, "-c", "copy", target)


def single_picture(tools: Tools, plain: Path, target: Path) -> None:
    """A podcast: one picture, and sound for twelve seconds."""
    picture = target.with_name("picture.png")
    tools.run("-i", plain, "-frames:v", 1, picture)
    tools.run("-i", picture, "-i", write_sound(tools.folder), *X264, *AAC, target)


def microphone_apart(tools: Tools, plain: Path, target: Path) -> None:
    silence = ("-f", "lavfi", "-t", str(SECONDS), "-i", "anullsrc=r=48000:cl=stereo")
    maps = ("-map", "0:v", "-map", "1:a", "-map", "0:a")
    default = ("-disposition:a:0", "default", "-disposition:a:1", "default")
    tools.run("-i", plain, *silence, *maps, "-c:v", "copy", *AAC, *default, target)


def with_cover(tools: Tools, plain: Path, target: Path) -> None:
    cover = ("-f", "lavfi", "-i", "color=red:s=600x600:d=0.04:r=25")
    maps = ("-map", "0:v", "-map", "1", "-c", "copy", "-c:v:0", "mjpeg")
    tools.run(*cover, "-i", plain, *maps, "-disposition:v:0", "attached_pic", target)


def sound_late(tools: Tools, plain: Path, target: Path) -> None:
    late = ("-itsoffset", "0.4", "-i", plain)
    tools.run("-i", plain, *late, "-map", "0:v", "-map", "1:a", "-c", "copy", target)


def cut_off(tools: Tools, plain: Path, target: Path) -> None:
    """Three quarters of a file whose index stands at its beginning."""
    whole = plain.with_name(f"whole{plain.suffix}")
    tools.run("-i", plain, "-c", "copy", "-movflags", "+faststart", whole)
    content = whole.read_bytes()
    target.write_bytes(content[: len(content) * 7 // 8])
