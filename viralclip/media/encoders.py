"""The H.264 encoders, and the options that each preset means for them."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from viralclip.errors import UnknownEncoderError
from viralclip.plan import Preset
from viralclip.processes.parent_death import die_with_parent

_TRIAL_S = 15.0


@dataclass(frozen=True)
class Encoder:
    """An encoder by the name users give it, FFmpeg's name for it, and its arguments per preset.

    `device` goes before the inputs; `upload` ends the filter graph in what the encoder takes.
    """

    name: str
    codec: str
    presets: Mapping[Preset, tuple[str, ...]]
    device: tuple[str, ...] = ()
    upload: str = "format=yuv420p"
    platforms: tuple[str, ...] = ("linux", "win32")

    @property
    def is_hardware(self) -> bool:
        return self.name != "x264"


@dataclass(frozen=True)
class Choice:
    """The encoder to use; `fell_back_from` names the wanted one if it does not work here."""

    encoder: Encoder
    fell_back_from: str | None = None


def _x264(preset: str, crf: int) -> tuple[str, ...]:
    return ("-preset", preset, "-crf", str(crf))


def _nvenc(preset: str, cq: int) -> tuple[str, ...]:
    return ("-preset", preset, "-rc", "vbr", "-cq", str(cq), "-b:v", "0")


def _videotoolbox(quality: int) -> tuple[str, ...]:
    return ("-q:v", str(quality), "-allow_sw", "0")


def _qsv(preset: str, quality: int) -> tuple[str, ...]:
    return ("-preset", preset, "-global_quality", str(quality))


def _vaapi(qp: int) -> tuple[str, ...]:
    return ("-rc_mode", "CQP", "-qp", str(qp))


def _amf(quality: str, qp: int) -> tuple[str, ...]:
    return ("-quality", quality, "-rc", "cqp", "-qp_i", str(qp), "-qp_p", str(qp + 2))


X264 = Encoder(
    "x264",
    "libx264",
    {
        "fast": _x264("superfast", 23),
        "balanced": _x264("veryfast", 21),
        "quality": _x264("medium", 19),
    },
    platforms=("linux", "win32", "darwin"),
)
# In the order in which "auto" tries them.
HARDWARE = (
    Encoder(
        "h264_nvenc",
        "h264_nvenc",
        {"fast": _nvenc("p2", 25), "balanced": _nvenc("p4", 23), "quality": _nvenc("p6", 20)},
    ),
    Encoder(
        "h264_videotoolbox",
        "h264_videotoolbox",
        {"fast": _videotoolbox(50), "balanced": _videotoolbox(60), "quality": _videotoolbox(70)},
        platforms=("darwin",),
    ),
    Encoder(
        "h264_qsv",
        "h264_qsv",
        {"fast": _qsv("veryfast", 25), "balanced": _qsv("medium", 23), "quality": _qsv("slow", 20)},
        upload="format=nv12",
    ),
    Encoder(
        "h264_vaapi",
        "h264_vaapi",
        {"fast": _vaapi(25), "balanced": _vaapi(23), "quality": _vaapi(20)},
        device=("-vaapi_device", "/dev/dri/renderD128"),
        upload="format=nv12,hwupload",
        platforms=("linux",),
    ),
    Encoder(
        "h264_amf",
        "h264_amf",
        {
            "fast": _amf("speed", 25),
            "balanced": _amf("balanced", 23),
            "quality": _amf("quality", 20),
        },
        upload="format=nv12",
    ),
)
ENCODERS = {encoder.name: encoder for encoder in (X264, *HARDWARE)}

_works: dict[tuple[Path, str], bool] = {}


async def choose_encoder(ffmpeg: Path, wanted: str, *, platform: str = sys.platform) -> Choice:
    """`wanted` is "auto" or a name in ENCODERS; hardware is believed only after a real encode."""
    if wanted == "auto":
        for encoder in HARDWARE:
            if platform in encoder.platforms and await works(ffmpeg, encoder):
                return Choice(encoder)
        return Choice(X264)
    encoder = ENCODERS.get(wanted)
    if encoder is None:
        raise UnknownEncoderError(name=wanted, known=", ".join(("auto", *ENCODERS)))
    if encoder is X264 or await works(ffmpeg, encoder):
        return Choice(encoder)
    return Choice(X264, fell_back_from=wanted)


async def works(ffmpeg: Path, encoder: Encoder) -> bool:
    """Whether this machine can encode with it now; asked once per process."""
    key = (ffmpeg, encoder.name)
    if key not in _works:
        _works[key] = await _try(ffmpeg, encoder)
    return _works[key]


def threads_for(slots: int, cores: int) -> int:
    """Threads for each of `slots` FFmpegs at once on `cores` cores; 0 lets FFmpeg decide."""
    return 0 if slots <= 1 else max(1, -(-cores // slots))


async def _try(ffmpeg: Path, encoder: Encoder) -> bool:
    leashed = die_with_parent(_trial(ffmpeg, encoder))
    process = await asyncio.create_subprocess_exec(
        *leashed.command,
        stdin=leashed.stdin,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_TRIAL_S):
            return await process.wait() == 0
    except TimeoutError:
        return False
    finally:
        # A driver may hang; nothing of a trial is worth ending gently.
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _trial(ffmpeg: Path, encoder: Encoder) -> list[str]:
    """Smaller pictures than 256x256 are refused by some hardware that works."""
    return [
        *(str(ffmpeg), "-nostdin", "-v", "error", *encoder.device),
        *("-f", "lavfi", "-i", "testsrc2=size=256x256:rate=25:duration=0.2"),
        *("-vf", encoder.upload, "-c:v", encoder.codec, *encoder.presets["balanced"]),
        *("-f", "null", "-"),
    ]
