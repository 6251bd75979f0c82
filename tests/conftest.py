"""What all tests share: an FFmpeg, and small source videos of every awkward kind, made once."""

import functools
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from hypothesis import settings
from scraped import Exposition
from stand_in_engine import install_stand_in, python_path

from viralclip.cli.sample import make_sample
from viralclip.geometry import Size
from viralclip.media.ffmpeg import find_ffmpeg
from viralclip.speech.registry import _extensions
from viralclip.telemetry import instruments
from viralclip.telemetry.recorder import PrometheusRecorder

pytest_plugins = ("services", "peers.s3", "peers.firestore")

# Else each of the hundreds of commands that tests start compiles the whole package again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# HTTPX asks for it several times in each request; where it is not installed, the whole path is
# searched each time.
sys.modules.setdefault("sniffio", None)  # pyright: ignore[reportArgumentType]

# A busy machine is no fault.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# A shell's background job ignores Ctrl-C, and so would every command that a test starts in it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

Source = Callable[[str], Path]

# Each second begins with a tenth of a second of white picture and of tone, to measure sync.
_FLASH = "drawbox=enable='lt(mod(t,1),0.1)':color=white:thickness=fill"
_TONE = "aevalsrc='if(lt(mod(t,1),0.1),0.5*sin(2*PI*1000*t),0)':s=48000"
_STEREO = f"{_TONE},aformat=channel_layouts=stereo"


TALK_S = 6.0
TALK_SIZE = Size(640, 360)


@dataclass(frozen=True)
class _Kind:
    size: str = "1280x720"
    fps: str = "30000/1001"
    seconds: float = 3
    shape: str = "null"
    audio: str = _STEREO
    audio_late: float = 0
    audio_seconds: float = 3
    encode: tuple[str, ...] = ("-pix_fmt", "yuv420p")
    suffix: str = ".mp4"


_HDR = "setparams=range=tv:color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"


def _tagged(matrix: int) -> tuple[str, ...]:
    """HDR10 by a matrix that most filters do not know, so that none is to see it."""
    codes = f"colour_primaries=9:transfer_characteristics=16:matrix_coefficients={matrix}"
    return ("-pix_fmt", "yuv420p10le", "-bsf:v", f"h264_metadata={codes}")


_KINDS = {
    "landscape": _Kind(),
    "wide": _Kind(size="1920x800", fps="24000/1001"),
    "classic": _Kind(size="1440x1080", fps="25"),
    "portrait": _Kind(size="1080x1920", fps="30"),
    "small": _Kind(size="640x480", fps="25"),
    "matroska": _Kind(suffix=".mkv"),
    "vfr": _Kind(
        fps="30", shape="settb=1/90000,setpts='if(lt(N,37),N/30,37/30+(N-37)/17.3)/TB',trim=end=3"
    ),
    "held": _Kind(fps="30", shape="select='not(between(t,1.31,2.61))'"),
    "mono": _Kind(audio=_TONE),
    "surround": _Kind(audio=f"{_TONE},pan=5.1|FC=c0"),
    "no_audio": _Kind(audio=""),
    "silent": _Kind(audio="anullsrc=r=44100:cl=stereo"),
    "late_audio": _Kind(audio_late=0.7),
    "short_audio": _Kind(audio_seconds=1.6),
    "ten_bit": _Kind(encode=("-pix_fmt", "yuv420p10le")),
    "four_two_two": _Kind(encode=("-pix_fmt", "yuv422p")),
    "full_range": _Kind(encode=("-pix_fmt", "yuvj420p")),
    "hdr": _Kind(shape=f"format=yuv420p10le,{_HDR}", encode=("-pix_fmt", "yuv420p10le")),
    "constant_luminance": _Kind(shape="format=yuv420p10le", encode=_tagged(10)),
    "ictcp": _Kind(shape="format=yuv420p10le", encode=_tagged(14)),
    "interlaced": _Kind(
        size="720x576",
        fps="50",
        shape="interlace",
        encode=("-pix_fmt", "yuv420p", "-flags", "+ilme+ildct"),
    ),
    "odd": _Kind(fps="25", shape="format=yuv444p,scale=641:361", encode=("-pix_fmt", "yuv444p")),
    "anamorphic": _Kind(size="1440x1080", fps="25", shape="setsar=4/3"),
    "fps60": _Kind(fps="60"),
    "fps120": _Kind(size="640x360", fps="120"),
}


@pytest.fixture(scope="session")
def yunet() -> Path | None:
    """The face model, where this machine has been given one."""
    named = os.environ.get("VIRALCLIP_YUNET_MODEL")
    return Path(named) if named else None


@pytest.fixture(scope="session")
def face_model(yunet: Path | None) -> Path:
    """The face model; without one the tests that need it are left out, but where all is checked."""
    if yunet is None:
        why = "VIRALCLIP_YUNET_MODEL names no face model (`viralclip models fetch` has one)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    return yunet


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Has the stand-in engine installed, here and in processes; the file it writes down in."""
    folder = install_stand_in(tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", python_path(folder))
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("STAND_IN_LOG", str(tmp_path / "listened"))
    monkeypatch.delitem(sys.modules, "stand_in_engine_of_tests", raising=False)
    _extensions.cache_clear()
    yield tmp_path / "listened"
    _extensions.cache_clear()


@pytest.fixture(scope="session")
def ffmpeg() -> Path:
    return find_ffmpeg(os.environ.get("VIRALCLIP_FFMPEG"))


@pytest.fixture(scope="session")
def maker() -> Path:
    """The FFmpeg that makes films for the tests, whichever renders them: older ones lack much."""
    return find_ffmpeg()


@pytest.fixture(scope="session")
def ffmpegs(ffmpeg: Path) -> list[Path]:
    """Ours, and whatever other one is on PATH."""
    other = shutil.which("ffmpeg")
    return list(dict.fromkeys([ffmpeg, *([Path(other).absolute()] if other else [])]))


@pytest.fixture
def flat_ffmpeg(ffmpeg: Path, tmp_path: Path) -> Path:
    """An FFmpeg without zscale, as some are built."""
    script, real = tmp_path / "flat-ffmpeg", shlex.quote(str(ffmpeg))
    script.write_text(
        f'#!/bin/sh\ncase "$*" in *-filters*) {real} "$@" | grep -v " zscale "; exit;; esac\n'
        f'exec {real} "$@"\n'
    )
    script.chmod(0o755)
    return script


@pytest.fixture(scope="session")
def source(maker: Path, tmp_path_factory: pytest.TempPathFactory) -> Source:
    """`source(kind)` is the path of a source video of that kind; most are three seconds long."""
    folder = tmp_path_factory.mktemp("sources")

    @functools.cache
    def make(kind: str) -> Path:
        if kind in _DERIVED:
            original, derive = _DERIVED[kind]
            return derive(maker, make(original), folder / f"{kind}{make(original).suffix}")
        return _generate(maker, _KINDS[kind], folder / f"{kind}{_KINDS[kind].suffix}")

    return make


@pytest.fixture(scope="session")
def talk(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face that moves through three shots, with sound; `sample.face_at` has the truth."""
    target = tmp_path_factory.mktemp("talk") / "talk.mp4"
    return make_sample(ffmpeg, target, seconds=TALK_S, size=TALK_SIZE)


@pytest.fixture
def is_running() -> Callable[[int], bool]:
    def ask(pid: int) -> bool:
        return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE

    return ask


@pytest.fixture
def counted() -> Iterator[Callable[..., float]]:
    """`counted("viralclip_clips_total", style="split")` is what was recorded in this test so far,
    summed over the labels that are not named."""
    recorder = PrometheusRecorder(("server", "worker"))
    instruments.install(recorder)

    def count(name: str, **labels: str) -> float:
        return Exposition(recorder.exposition("")[0].decode())(name, **labels)

    yield count
    instruments.install(None)


def _generate(ffmpeg: Path, kind: _Kind, target: Path) -> Path:
    video = f"testsrc2=s={kind.size}:r={kind.fps}:d={kind.seconds},{kind.shape},{_FLASH}"
    late = ("-itsoffset", str(kind.audio_late), "-t", str(kind.audio_seconds))
    audio = (*late, "-f", "lavfi", "-i", kind.audio) if kind.audio else ()
    encode = ("-c:v", "libx264", "-preset", "ultrafast", *kind.encode, "-fps_mode", "passthrough")
    return _run(ffmpeg, "-f", "lavfi", "-i", video, *audio, *encode, target=target)


def _rotated(ffmpeg: Path, original: Path, target: Path) -> Path:
    turned = ("-display_rotation", "90", "-i", str(original))
    return _run(ffmpeg, *turned, "-c", "copy", target=target)


def _repeated(ffmpeg: Path, original: Path, target: Path) -> Path:
    return _run(ffmpeg, "-stream_loop", "99", "-i", str(original), "-c", "copy", target=target)


def _with_cover(ffmpeg: Path, original: Path, target: Path) -> Path:
    """The cover comes first, as some shops write it."""
    cover = ("-f", "lavfi", "-i", "color=red:s=600x600:d=0.04:r=25")
    maps = ("-map", "0:v", "-map", "1", "-c", "copy", "-c:v:0", "mjpeg")
    title = ("-disposition:v:0", "attached_pic", "-metadata", "title=secret")
    return _run(ffmpeg, *cover, "-i", str(original), *maps, *title, target=target)


def _with_chapters(ffmpeg: Path, original: Path, target: Path) -> Path:
    listed = target.with_suffix(".txt")
    listed.write_text(
        ";FFMETADATA1\ntitle=secret\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1200\ntitle=Opening\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1200\nEND=3000\ntitle=The rest\n"
    )
    inputs = ("-i", str(original), "-f", "ffmetadata", "-i", str(listed))
    return _run(ffmpeg, *inputs, "-map_metadata", "1", "-c", "copy", target=target)


def _truncated(ffmpeg: Path, original: Path, target: Path) -> Path:
    """Its index still stands, its second half is gone."""
    whole = target.with_stem("whole")
    _run(ffmpeg, "-i", str(original), "-c", "copy", "-movflags", "+faststart", target=whole)
    content = whole.read_bytes()
    target.write_bytes(content[: len(content) // 2])
    return target


_DERIVED = {
    "rotated": ("landscape", _rotated),
    "five_minutes": ("landscape", _repeated),
    "cover": ("landscape", _with_cover),
    "chapters": ("landscape", _with_chapters),
    "truncated": ("landscape", _truncated),
    "truncated_matroska": ("matroska", _truncated),
}


def _run(ffmpeg: Path, *arguments: str, target: Path) -> Path:
    subprocess.run([ffmpeg, "-v", "error", "-nostdin", *arguments, target], check=True)
    return target


@pytest.fixture
def small_disk() -> Iterator[Callable[[Path, int], None]]:
    """`small_disk(folder, kilobytes)` gives the folder a disk of its own, of that size."""
    mounted: list[Path] = []

    def mount(folder: Path, kilobytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
        made = subprocess.run(command, check=False, capture_output=True, text=True)
        if made.returncode:
            pytest.skip(f"mounting a small disk needs root: {made.stderr.strip()}")
        mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
