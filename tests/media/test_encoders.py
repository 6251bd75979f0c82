"""Hardware is used only where it really encodes; otherwise x264, and it is said."""

from pathlib import Path

import pytest

from viralclip.errors import UnknownEncoderError
from viralclip.media.encoders import ENCODERS, X264, choose_encoder, threads_for, works
from viralclip.plan import PRESETS


async def test_x264_works_with_every_ffmpeg_we_use(ffmpeg: Path):
    assert await works(ffmpeg, X264)
    assert (await choose_encoder(ffmpeg, "x264")).encoder is X264


async def test_an_encoder_that_does_not_work_here_gives_way_to_x264(ffmpeg: Path):
    choice = await choose_encoder(ffmpeg, "h264_videotoolbox")
    if choice.fell_back_from is None:
        pytest.skip("this machine has the encoder")

    assert (choice.encoder, choice.fell_back_from) == (X264, "h264_videotoolbox")


async def test_auto_always_finds_an_encoder_and_is_no_fallback(ffmpeg: Path):
    choice = await choose_encoder(ffmpeg, "auto")

    assert await works(ffmpeg, choice.encoder)
    assert choice.fell_back_from is None


async def test_the_answer_is_remembered(tmp_path: Path):
    script = tmp_path / "ffmpeg"
    script.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/asked\n")
    script.chmod(0o755)

    assert await works(script, ENCODERS["h264_nvenc"])
    assert await works(script, ENCODERS["h264_nvenc"])
    assert (tmp_path / "asked").read_text() == "asked\n"


async def test_an_unknown_encoder_is_refused(ffmpeg: Path):
    with pytest.raises(UnknownEncoderError, match="h265"):
        await choose_encoder(ffmpeg, "h265")


def test_every_encoder_has_every_preset():
    assert all(set(encoder.presets) == set(PRESETS) for encoder in ENCODERS.values())


@pytest.mark.parametrize(
    ("slots", "cores", "threads"), [(1, 2, 0), (4, 2, 1), (2, 2, 1), (4, 16, 4), (2, 1, 1)]
)
def test_ffmpegs_at_once_share_the_cores(slots: int, cores: int, threads: int):
    assert threads_for(slots, cores) == threads
