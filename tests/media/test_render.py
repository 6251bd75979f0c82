"""Every kind of source becomes a clip that any player and platform takes, in sync and complete."""

import asyncio
import errno
import os
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from viralclip.errors import (
    DiskFullError,
    EncoderBusyError,
    RenderFailedError,
    RenderIncompleteError,
    SourceChangedError,
    SourceUnreadableError,
)
from viralclip.filter_graph import Filter, line
from viralclip.geometry import Size
from viralclip.media.encoders import ENCODERS, X264
from viralclip.media.render import render, verify_output
from viralclip.media.render_spec import EncoderSettings, RenderSpec
from viralclip.processes.ffmpeg_progress import FfmpegProgress
from viralclip.processes.runner import Watchdogs

Render = Callable[..., Awaitable[tuple[RenderSpec, Any, Any]]]
Specs = Callable[..., RenderSpec]
Clips = Callable[[str], tuple[RenderSpec, Any, Any]]

KINDS = (
    "landscape", "wide", "classic", "portrait", "small", "matroska", "vfr", "held", "mono",
    "surround", "no_audio", "silent", "late_audio", "short_audio", "ten_bit", "four_two_two",
    "full_range", "hdr", "interlaced", "odd", "anamorphic", "fps60", "fps120", "rotated", "cover",
    "chapters", "constant_luminance", "ictcp",
)  # fmt: skip
SOUNDLESS = ("no_audio", "silent")
# What reads the source back in the tests cannot read these.
ILLEGIBLE = ("constant_luminance", "ictcp")
STEREO_48K = (48_000, "stereo")


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_of_any_kind_becomes_a_complete_plain_clip(kind: str, clip_of: Clips):
    spec, made, clip = clip_of(kind)
    frames = round(2.0 * spec.fps)

    assert len(clip.times) == frames
    assert clip.times == pytest.approx([float(n / spec.fps) for n in range(frames)], abs=1e-3)
    assert clip.rate == spec.fps
    assert clip.duration == pytest.approx(float(frames / spec.fps), abs=0.002)
    assert made.duration == pytest.approx(2.0, abs=float(1 / spec.fps))
    assert (clip.formats, clip.sizes, clip.sar) == ({"yuv420p"}, {Size(180, 320)}, 1)
    assert clip.colours == {(1, 1, 1, 1)}
    assert clip.rotations == {0}
    assert clip.chapters == 0
    assert clip.tags.keys() <= {"major_brand", "minor_version", "compatible_brands"}
    if kind == "no_audio":
        assert clip.audio_rate is None
    else:
        assert (clip.audio_rate, clip.audio_layout) == STEREO_48K


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in SOUNDLESS + ILLEGIBLE])
def test_sound_and_picture_stay_together(
    kind: str, clip_of: Clips, source: Callable[[str], Path], measure: Callable[[Path], Any]
):
    spec, _, clip = clip_of(kind)
    original = measure(source(kind))

    # Some sources are themselves off by part of a frame; what counts is what the render added.
    for found, known in ((clip.flashes, original.flashes), (clip.beeps, original.beeps)):
        wanted = [time - spec.start for time in known if 0 <= time - spec.start < 2]
        assert found == pytest.approx(wanted, abs=0.018)
    offset = _offset(clip) - _offset(original, since=spec.start)
    assert abs(offset) < 0.020


def _offset(measured: Any, *, since: float = 0.0) -> float:
    """How much later the first beep is than the first flash, from `since` on."""
    flash = next(time for time in measured.flashes if time >= since)
    beep = next(time for time in measured.beeps if time >= since)
    return beep - flash


async def test_mono_sounds_as_loud_as_before(
    render_kind: Render, source: Callable[[str], Path], measure: Callable[[Path], Any]
):
    _, _, clip = await render_kind("mono")

    assert clip.loudest == pytest.approx(measure(source("mono")).loudest, rel=0.1)


async def test_a_picture_held_to_the_end_of_the_clip_is_held(render_kind: Render):
    """In the source no frame comes between 1.3 and 2.6 s."""
    _, _, clip = await render_kind("held", start=0.7, duration=1.5)

    assert len(clip.times) == 45
    assert max(clip.lumas[25:]) - min(clip.lumas[25:]) < 1


def test_full_range_black_and_white_keep_their_place(clip_of: Clips):
    _, _, full = clip_of("full_range")
    _, _, limited = clip_of("landscape")

    assert full.lumas == pytest.approx(limited.lumas, abs=2)


async def test_a_damaged_source_is_said_to_be_damaged(ffmpeg: Path, spec_of: Specs):
    spec = spec_of("truncated", duration=2.4)

    with pytest.raises(SourceUnreadableError):
        await render(ffmpeg, spec, on_progress=_ignore, limits=Watchdogs())
    assert not spec.target.exists()


async def test_what_is_left_of_a_damaged_source_can_be_used(render_kind: Render):
    _, _, clip = await render_kind("truncated", duration=0.8)

    assert len(clip.times) == 24


async def test_a_source_that_vanished_is_named_as_the_reason(
    ffmpeg: Path, spec_of: Specs, tmp_path: Path
):
    spec = spec_of("landscape")
    gone = spec.source.video.model_copy(update={"path": str(tmp_path / "gone.mp4")})
    spec = replace(spec, source=replace(spec.source, video=gone))

    with pytest.raises(SourceChangedError):
        await render(ffmpeg, spec, on_progress=_ignore, limits=Watchdogs())


async def test_a_graph_that_ffmpeg_refuses_fails_with_its_words_as_detail(
    ffmpeg: Path, spec_of: Specs
):
    spec = spec_of("landscape", graph=line(Filter.of("no_such_filter")))

    with pytest.raises(RenderFailedError) as failed:
        await render(ffmpeg, spec, on_progress=_ignore, limits=Watchdogs())
    assert "no_such_filter" in failed.value.detail
    assert "no_such_filter" not in failed.value.message


async def test_a_hardware_encoder_that_complains_is_busy_not_broken(spec_of: Specs, tmp_path: Path):
    words = "[h264_nvenc @ 0x55] OpenEncodeSessionEx failed: out of memory (10)"
    spec = spec_of("landscape", encoder=ENCODERS["h264_nvenc"])

    with pytest.raises(EncoderBusyError):
        await render(_failing(tmp_path, words), spec, on_progress=_ignore, limits=Watchdogs())
    with pytest.raises(RenderFailedError):
        await render(
            _failing(tmp_path, words),
            replace(spec, encoding=EncoderSettings(X264)),
            on_progress=_ignore,
            limits=Watchdogs(),
        )


async def test_a_failure_on_a_full_disk_is_told_as_such(
    spec_of: Specs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    usage = type(shutil.disk_usage(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(100 * 2**30, 100 * 2**30, 4096))

    with pytest.raises(DiskFullError):
        await render(
            _failing(tmp_path, ""), spec_of("landscape"), on_progress=_ignore, limits=Watchdogs()
        )


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
async def test_a_failure_for_want_of_room_is_told_as_such_when_there_is_room_again(
    spec_of: Specs, tmp_path: Path, number: int
):
    ffmpeg = _failing(tmp_path, f"Error writing trailer: {os.strerror(number)}")

    with pytest.raises(DiskFullError):
        await render(ffmpeg, spec_of("landscape"), on_progress=_ignore, limits=Watchdogs())


def _failing(folder: Path, words: str) -> Path:
    script = folder / "ffmpeg"
    script.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n")
    script.chmod(0o755)
    return script


async def test_names_that_look_like_options_or_protocols_are_only_names(
    ffmpeg: Path, spec_of: Specs, source: Callable[[str], Path], tmp_path: Path
):
    odd = tmp_path / "-i http:x%d'[a];b.mp4"
    shutil.copy(source("landscape"), odd)
    spec = spec_of("landscape", duration=0.5)
    video = spec.source.video.model_copy(update={"path": str(odd)})
    spec = replace(
        spec, source=replace(spec.source, video=video), target=tmp_path / "-y %d:'[v];.part"
    )

    made = await render(ffmpeg, spec, on_progress=_ignore, limits=Watchdogs())

    assert spec.target.stat().st_size == made.bytes


async def test_a_clip_with_missing_frames_does_not_pass_for_complete(render_kind: Render):
    spec, _, _ = await render_kind("landscape")

    with pytest.raises(RenderIncompleteError):
        verify_output(spec.target, duration=2.2, fps=spec.fps, size=spec.video.size)


async def test_progress_rises_inside_the_clip_and_ends_at_one(ffmpeg: Path, spec_of: Specs):
    spec = spec_of("five_minutes", duration=30.0)
    seen: list[FfmpegProgress] = []

    await render(ffmpeg, spec, on_progress=seen.append, limits=Watchdogs())

    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < fractions[-1] == 1.0
    assert len({fraction for fraction in fractions if 0 < fraction < 1}) >= 2
    assert any(progress.eta_sec and progress.speed for progress in seen)


async def test_a_cancelled_render_leaves_neither_process_nor_file(
    ffmpeg: Path, spec_of: Specs, is_running: Callable[[int], bool]
):
    spec = spec_of("five_minutes", duration=290.0)
    started: list[int] = []
    moving = asyncio.Event()
    rendering = asyncio.create_task(
        render(
            ffmpeg,
            spec,
            on_progress=lambda progress: moving.set() if progress.fraction else None,
            limits=Watchdogs(),
            on_start=started.append,
        )
    )
    await moving.wait()
    assert is_running(started[0])

    rendering.cancel()
    async with asyncio.timeout(2):
        with pytest.raises(asyncio.CancelledError):
            await rendering
    assert not is_running(started[0])
    assert not spec.target.exists()


def _ignore(_: FfmpegProgress) -> None:
    pass
