"""What a clip's sound is: the tracks of its plan, at the level that was asked for."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from peers.hearing import RATE, hear, lufs, true_peak

from viralclip.events import Warned
from viralclip.pipeline.render import render_clip
from viralclip.pipeline.reporter import ClipReport
from viralclip.styles import STYLES

Film = Callable[..., Path]


@pytest.fixture
def film(ffmpeg: Path, tmp_path: Path) -> Film:
    def make(*sounds: str, seconds: float = 4.0, size: str = "160x90") -> Path:
        """Nothing is to be seen, which is encoded quickly: it is the sound that matters."""
        target = tmp_path / "film.mkv"
        inputs = [part for sound in sounds for part in ("-f", "lavfi", "-i", sound)]
        maps = [part for place in range(len(sounds)) for part in ("-map", f"{place + 1}:a")]
        picture = ("-f", "lavfi", "-i", f"color=gray:s={size}:r=25:d={seconds}")
        encode = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "pcm_s16le")
        command = [ffmpeg, "-v", "error", "-y", *picture, *inputs, "-map", "0:v", *maps, *encode]
        subprocess.run([*command, "-t", str(seconds), target], check=True, capture_output=True)
        return target

    return make


SPEECH = (
    "aevalsrc='0.05*(0.5+0.5*sin(2*PI*3.1*t))*(0.3+0.7*lt(mod(t,2.7),2))*(sin(2*PI*140*t)"
    "+0.6*sin(2*PI*420*t)+0.4*sin(2*PI*1260*t))':s=48000"
)


async def warnings(shop, job) -> list[tuple[str | None, str]]:
    told = [envelope.event for envelope in await shop.history(job)]
    return [(event.style, event.code) for event in told if isinstance(event, Warned)]


async def test_every_style_has_its_sound_at_minus_14_lufs_for_three_seconds(
    shop, film, monkeypatch
):
    """Of two mixed tracks, too; nothing was tried so long when it failed for all of them."""
    video = film("anullsrc=r=48000", SPEECH, size="640x360")
    job = await shop.job(video, (0.4, 3.6), styles=[*STYLES], loudness=True)

    assert await shop.run(job) == "succeeded"

    made = sorted(shop.out.glob("*.mp4"))
    assert len(made) == len(STYLES)
    for clip in made:
        wave = hear(clip)
        assert wave.shape[1] == pytest.approx(3.2 * RATE, abs=1024)
        assert lufs(wave) == pytest.approx(-14.0, abs=0.5)
        assert true_peak(wave) <= -1.0


async def test_a_silent_default_track_does_not_hide_the_voice(shop, film):
    job = await shop.job(film("anullsrc=r=48000", SPEECH), (0.4, 3.6))

    await shop.make_first(job)

    assert np.abs(hear(next(shop.out.glob("*.mp4")))).max() > 0.04


async def test_the_track_that_was_chosen_is_heard(shop, film):
    video = film("aevalsrc='0.4*sin(2*PI*300*t)':s=48000", "aevalsrc='0.4*sin(2*PI*500*t)':s=48000")
    job = await shop.job(video, (0.4, 3.6), audio_track="2")

    await shop.make_first(job)
    wave = hear(next(shop.out.glob("*.mp4")))
    spectrum = np.abs(np.fft.rfft(wave[0][:RATE]))

    assert spectrum.argmax() == 500
    assert spectrum[300] < spectrum[500] / 100


async def test_a_clip_that_cannot_reach_its_level_says_so_and_is_made(shop, film):
    pops = "aevalsrc='0.004*(random(0)-0.5)+if(lt(mod(t,1),0.002),0.9*sin(2*PI*2000*t),0)':s=48000"
    job = await shop.job(film(pops), (0.4, 3.6), loudness=True)

    end = await shop.make_first(job)

    assert end.ending == "complete"
    assert await warnings(shop, job) == [("original", "sound_peak_bound")]


async def test_progress_rises_from_measuring_into_rendering(shop, film):
    fractions: list[float] = []

    class Report:
        def tick(self, fraction: float, **_: object) -> None:
            fractions.append(fraction)

    job = await shop.job(film(SPEECH), (0.4, 3.6), loudness=True)
    (task,) = await shop.tasks(job)

    await render_clip(task, shop.tools, cast("ClipReport", Report()))

    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any(0 < fraction <= 0.04 for fraction in fractions)
