"""What is on this machine: viralclip itself, FFmpeg, encoders, styles, and room to work."""

import asyncio
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from viralclip import __version__
from viralclip.analysis.models import find_model
from viralclip.app.disk_use import disk_use
from viralclip.app.openers import model_place, speech_choice
from viralclip.app.tracing import EXTRA, can_trace
from viralclip.cli.doctor.finding import Finding
from viralclip.cli.figures import describe_disk_use
from viralclip.errors import ViralclipError
from viralclip.media.encoders import HARDWARE, works
from viralclip.media.ffmpeg import abilities, find_ffmpeg
from viralclip.settings import Settings
from viralclip.speech.recogniser import find_recogniser
from viralclip.speech.registry import broken_transcribers
from viralclip.styles import all_styles, broken_styles
from viralclip.telemetry.logs import log_file

_LOW_SPACE_BYTES = 2 * 1024**3


async def check(settings: Settings) -> list[Finding]:
    checks: tuple[Callable[[Settings], list[Finding]], ...]
    checks = (_python, _ffmpeg, _state, _log, _traces, _styles, _faces, _speech)
    findings = [f for check in checks for f in await asyncio.to_thread(check, settings)]
    return findings + await _encoders(settings)


def _python(settings: Settings) -> list[Finding]:
    libraries = ("dbos", "av", "obstore", "pydantic", "sqlalchemy")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in libraries)
    cores = os.cpu_count() or 1
    return [
        Finding("viralclip", "ok", f"{__version__} on Python {platform.python_version()}"),
        Finding("libraries", "ok", versions),
        Finding("slots", "ok", f"{settings.rendering.slots} FFmpegs at once on {cores} cores"),
    ]


def _ffmpeg(settings: Settings) -> list[Finding]:
    try:
        path = find_ffmpeg(settings.rendering.ffmpeg)
    except ViralclipError as error:
        advice = "install FFmpeg 6 or later, or `pip install imageio-ffmpeg`"
        return [Finding("ffmpeg", "missing", error.message, advice)]
    version = subprocess.run([path, "-version"], capture_output=True, text=True, check=True)
    found = Finding("ffmpeg", "ok", f"{version.stdout.split(' Copyright')[0]} ({path})")
    return [found, *_lacking(path)]


def _lacking(ffmpeg: Path) -> list[Finding]:
    """What this FFmpeg cannot do for some sources."""
    can = abilities(ffmpeg)
    lacks = {
        "HDR comes out too bright: it lacks the filters zscale and tonemap": can.tone_maps,
        "it fails on a scene whose sound changes its rate or channels": can.chains,
    }
    advice = (
        "unset VIRALCLIP_FFMPEG to use the one that imageio-ffmpeg brings, "
        "or name an FFmpeg 8 or later with zscale"
    )
    return [Finding("ffmpeg", "note", what, advice) for what, there in lacks.items() if not there]


def _state(settings: Settings) -> list[Finding]:
    folder = settings.state.folder
    if not os.access(folder, os.W_OK):
        advice = "make it writable or set VIRALCLIP_STATE_DIR"
        return [Finding("state", "missing", f"{folder} is not writable", advice)]
    free = shutil.disk_usage(folder).free
    room = f"{folder}, {free / 1024**3:.1f} GiB free"
    advice = "clips are made here before they are stored" if free < _LOW_SPACE_BYTES else ""
    return [Finding("state", "note" if advice else "ok", room, advice), _use(settings)]


def _use(settings: Settings) -> Finding:
    advice = "`viralclip prune --older 30d --dry-run` says what of it is old"
    return Finding("disk use", "ok", describe_disk_use(disk_use(settings)), advice)


def _log(settings: Settings) -> list[Finding]:
    path = log_file() or settings.state.logs
    return [Finding("log", "ok", f"{path}, level {settings.telemetry.log_level}")]


def _traces(settings: Settings) -> list[Finding]:
    if not settings.telemetry.traced:
        return []
    if not can_trace():
        return [Finding("traces", "note", "are asked for and cannot be sent", EXTRA)]
    return [Finding("traces", "ok", "are sent over OTLP as the variables OTEL_* say")]


def _styles(settings: Settings) -> list[Finding]:  # noqa: ARG001 - one shape for all checks
    findings = [Finding("styles", "ok", ", ".join(all_styles()))]
    for broken in broken_styles():
        found = f"{broken.name} of {broken.package}: {broken.problem}"
        findings.append(Finding("style", "note", found, "update or remove the package"))
    return findings


def _faces(settings: Settings) -> list[Finding]:
    """Without the model clips are made all the same, but they follow the motion."""
    place = model_place(settings)
    if model := find_model(place):
        return [Finding("faces", "ok", f"are found by YuNet ({model})")]
    if place.named is not None:
        advice = "name the model's file with VIRALCLIP_YUNET_MODEL, or leave it out"
        return [Finding("faces", "note", f"{place.named} is not a file", advice)]
    advice = "it is downloaded when it is first needed; `viralclip models fetch` does it now"
    return [Finding("faces", "note", "the face model is not here", advice)]


def _speech(settings: Settings) -> list[Finding]:
    """Without it captions come from a file, and all else works."""
    try:
        recogniser = find_recogniser(speech_choice(settings))
        found = f"is transcribed by {recogniser.origin} ({recogniser.model})"
        findings = [Finding("speech", "ok", found)]
    except ViralclipError as error:
        advice = "captions from a file work without it"
        findings = [Finding("speech", "note", error.message.removesuffix("."), advice)]
    for broken in broken_transcribers():
        found = f"{broken.name} of {broken.package}: {broken.problem}"
        findings.append(Finding("speech", "note", found, "update or remove the package"))
    return findings


async def _encoders(settings: Settings) -> list[Finding]:
    try:
        ffmpeg = await asyncio.to_thread(find_ffmpeg, settings.rendering.ffmpeg)
    except ViralclipError:
        return []
    working = [
        encoder.name
        for encoder in HARDWARE
        if sys.platform in encoder.platforms and await works(ffmpeg, encoder)
    ]
    found = ", ".join(["x264", *working])
    chosen = f"{found}; {settings.rendering.encoder} is used unless --encoder says otherwise"
    return [Finding("encoders", "ok", chosen)]
