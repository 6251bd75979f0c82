"""A clip's sound: any channels to two, several tracks to one, and a level that is reached."""

import asyncio
import math
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from peers.hearing import RATE, Wave, hear, lufs, peaks_at, true_peak

from viralclip.filter_graph import Chain, Filter, Graph
from viralclip.geometry import Size
from viralclip.media.downmix import to_stereo
from viralclip.media.loudness import (
    PEAK_BOUND,
    TOO_QUIET,
    Adjustment,
    Adjustments,
    Level,
    find_gain,
)
from viralclip.media.probe import probe
from viralclip.media.render import render
from viralclip.media.render_spec import RenderSpec, VideoGraph
from viralclip.media.tracks import Sound
from viralclip.processes.ffmpeg_progress import FfmpegProgress
from viralclip.processes.runner import Watchdogs

VIDEO = VideoGraph(Graph((Chain((Filter.of("scale", 64, 36),)),)), Size(64, 36))

Film = Callable[..., Path]
Heard = Callable[..., Awaitable[tuple[Wave, Adjustment | None]]]


@pytest.fixture
def film(ffmpeg: Path, tmp_path: Path) -> Film:
    """`film(sound, ...)` is a small video with a track for each of the sounds, in lavfi's words."""

    def make(
        *sounds: str, seconds: float = 3.0, codec: str = "pcm_s16le", name: str = "film.mkv"
    ) -> Path:
        target = tmp_path / name
        inputs = [part for sound in sounds for part in ("-f", "lavfi", "-i", sound)]
        maps = [part for place in range(len(sounds)) for part in ("-map", f"{place + 1}:a")]
        picture = ("-f", "lavfi", "-i", f"testsrc2=s=64x36:r=25:d={seconds}")
        encode = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", codec, "-ar", str(RATE))
        _run(ffmpeg, *picture, *inputs, "-map", "0:v", *maps, *encode, "-t", seconds, target)
        return target

    return make


def _run(ffmpeg: Path, *arguments: object) -> None:
    command = [str(ffmpeg), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def clip_sound(ffmpeg: Path, tmp_path: Path) -> Heard:
    """Renders a stretch and gives its sound; with `loudness` brought to its level before."""

    async def make(
        path: Path,
        *,
        start: float = 0.0,
        duration: float = 3.0,
        loudness: bool = False,
        tracks: tuple[int, ...] | None = None,
    ) -> tuple[Wave, Adjustment | None]:
        probed, found = probe(path), None
        spec = RenderSpec(probed, start, duration, VIDEO, tmp_path / "clip.part")
        if tracks is not None:
            sounds = tuple(sound for sound in probed.sounds if sound.number in tracks)
            spec = replace(spec, sounds=sounds)
        if loudness:
            found = await _adjustment(ffmpeg, spec)
            spec = replace(spec, gain_db=found.gain_db)
        await render(ffmpeg, spec, on_progress=lambda _: None, limits=Watchdogs())
        return hear(spec.target), found

    return make


async def _adjustment(ffmpeg: Path, spec: RenderSpec) -> Adjustment:
    adjustments = Adjustments()
    return await adjustments.find(ffmpeg, spec, on_progress=lambda _: None, limits=Watchdogs())


# Levels

_WORDS = "aevalsrc='if(lt(mod(t,1),0.3),{0},0.0005)*sin(2*PI*300*t)':s=48000:d=12"
_PINK = "anoisesrc=c=pink:a={0}:r=48000:d=12:seed=7"
_SPEECH = (
    "aevalsrc='{0}*(0.5+0.5*sin(2*PI*3.1*t))*(0.3+0.7*lt(mod(t,2.7),2))*(sin(2*PI*140*t)"
    "+0.6*sin(2*PI*420*t)+0.4*sin(2*PI*1260*t)+0.2*(random(0)-0.5))':s=48000:d=12"
)
_WHISPER_THEN_SHOUT = "aevalsrc='if(lt(t,{0}),0.01,0.6)*sin(2*PI*300*t)':s=48000:d=12"
_SILENCE_THEN_SPEECH = "aevalsrc='if(gt(t,8),0.1,0.0003)*sin(2*PI*300*t)':s=48000:d=12"


@pytest.mark.parametrize(
    ("sound", "seconds"),
    [
        (_PINK.format(0.05), 0.2),
        (_PINK.format(0.05), 0.5),
        (_SPEECH.format(0.15), 3.0),
        (_WHISPER_THEN_SHOUT.format(2), 3.0),
        (_PINK.format(0.01), 3.0),
        (_PINK.format(0.9), 3.0),
        (_WORDS.format(0.02), 10.0),
        (_SILENCE_THEN_SPEECH, 10.0),
        (_WHISPER_THEN_SHOUT.format(8), 10.0),
    ],
    ids=lambda value: f"{value}"[:40],
)
async def test_the_loudness_of_a_clip_is_minus_14_lufs(
    film: Film, clip_sound: Heard, sound: str, seconds: float
):
    wave, found = await clip_sound(film(sound, seconds=seconds), duration=seconds, loudness=True)

    assert found is not None
    assert found.doubt is None
    repeated = np.tile(wave, math.ceil(0.5 / seconds))  # there is no block in 0.2 s
    assert lufs(repeated) == pytest.approx(-14.0, abs=0.5)
    assert true_peak(wave) <= -1.0
    assert wave.shape[1] == pytest.approx(seconds * RATE, abs=RATE / 40)


@pytest.mark.parametrize("seconds", [0.2, 3.0, 10.0])
async def test_clicks_stay_where_they_are_when_the_sound_is_brought_to_its_level(
    film: Film, clip_sound: Heard, seconds: float
):
    """A click each half second on a bed of noise, which calls for the limiter."""
    clicks = "if(lt(mod(t-0.1,0.5),0.0002),0.9,0)+0.03*(random(0)-0.5)"
    source = film(f"aevalsrc='{clicks}':s=48000", seconds=seconds + 1)

    wave, _ = await clip_sound(source, start=0.52, duration=seconds, loudness=True)
    plain, _ = await clip_sound(source, start=0.52, duration=seconds)

    # The middle of each click, which is 0.2 ms long.
    wanted = [0.0801 + n * 0.5 for n in range(math.ceil((seconds - 0.08) / 0.5))]
    assert peaks_at(wave, wanted) == pytest.approx(wanted, abs=0.0005)
    assert wave.shape == plain.shape


@pytest.mark.parametrize(
    ("sound", "doubt"),
    [
        ("anullsrc=r=48000:cl=mono", None),
        ("anoisesrc=c=pink:a=0.0015:r=48000:seed=7", TOO_QUIET),
    ],
    ids=["silence", "hiss"],
)
async def test_silence_is_not_made_louder(
    film: Film, clip_sound: Heard, sound: str, doubt: str | None
):
    wave, found = await clip_sound(film(sound), loudness=True)

    assert found is not None
    assert (found.gain_db, found.doubt) == (None, doubt)
    assert np.abs(wave).max() < 0.005


async def test_what_is_bound_by_its_peaks_is_as_loud_as_the_limiter_allows_and_says_so(
    film: Film, clip_sound: Heard
):
    pops = "aevalsrc='0.004*(random(0)-0.5)+if(lt(mod(t,1),0.002),0.9*sin(2*PI*2000*t),0)':s=48000"

    wave, found = await clip_sound(film(pops), loudness=True)

    assert found is not None
    assert found.doubt == PEAK_BOUND
    assert lufs(wave) == pytest.approx(found.level.integrated, abs=1.0)
    assert true_peak(wave) <= -1.0


async def test_styles_of_one_scene_share_one_measurement(film: Film, ffmpeg: Path, tmp_path: Path):
    probed = probe(film(_SPEECH.format(0.15)))
    specs = [RenderSpec(probed, 0.0, 3.0, VIDEO, tmp_path / f"{name}.part") for name in "abc"]
    adjustments, started, told = Adjustments(), list[int](), list[FfmpegProgress]()

    async def find(spec: RenderSpec) -> Adjustment:
        return await adjustments.find(
            ffmpeg,
            spec,
            on_progress=told.append,
            limits=Watchdogs(),
            on_start=started.append,
        )

    found = await asyncio.gather(*map(find, specs[:2]))
    runs = len(started)

    assert [*found, await find(specs[2])] == [found[0]] * 3
    assert len(started) == runs <= 4
    assert max(progress.fraction for progress in told) <= 1.0
    assert not await asyncio.to_thread(lambda: list(tmp_path.glob("*.txt")))


async def test_a_measurement_that_is_cancelled_leaves_nothing_running(
    film: Film, ffmpeg: Path, tmp_path: Path, is_running: Callable[[int], bool]
):
    spec = RenderSpec(probe(film(_PINK.format(0.1))), 0.0, 3.0, VIDEO, tmp_path / "a.part")
    started = asyncio.Queue[int]()
    finding = asyncio.create_task(
        Adjustments().find(
            ffmpeg,
            spec,
            on_progress=lambda _: None,
            limits=Watchdogs(),
            on_start=started.put_nowait,
        )
    )
    pid = await started.get()

    finding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await finding
    assert not is_running(pid)


async def test_a_source_that_becomes_quieter_by_limiting_is_given_more_gain():
    """A limiter that takes away half of each decibel above the ceiling."""

    async def measure(gain: float | None) -> Level:
        peak = -6.0 + (gain or 0.0)
        over = max(0.0, peak + 2.0)
        return Level(-22.0 + (gain or 0.0) - over / 2, min(peak, -2.0))

    found = await find_gain(measure)

    assert found.doubt is None
    assert found.level.integrated == pytest.approx(-14.0, abs=0.2)


# Channels

_TONE = "0.9*sin(2*PI*440*t)"


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le", "ac3", "flac"])
@pytest.mark.parametrize(
    ("layout", "channels"), [("5.1", (1, 1, 1, 0, 1, 1)), ("7.1", (1, 1, 1, 0, 1, 1, 1, 1))]
)
async def test_loud_surround_does_not_clip_whatever_the_codec(
    film: Film, clip_sound: Heard, codec: str, layout: str, channels: tuple[int, ...]
):
    if codec == "ac3" and layout == "7.1":
        pytest.skip("AC-3 has six channels at most")
    sound = "|".join(_TONE if heard else "0" for heard in channels)

    wave, _ = await clip_sound(film(f"aevalsrc='{sound}':c={layout}:s=48000", codec=codec))

    assert true_peak(wave) <= 0.05
    assert lufs(wave) > -4


async def test_dialogue_in_the_centre_is_as_loud_from_any_codec(film: Film, clip_sound: Heard):
    sound = "aevalsrc='0|0|0.1*sin(2*PI*440*t)|0|0|0':c=5.1:s=48000"
    levels = []
    for codec in ("aac", "pcm_s16le", "flac"):
        wave, _ = await clip_sound(film(sound, codec=codec, name=f"{codec}.mkv"))
        levels.append(lufs(wave))

    # A sine of -20 dB in one channel, shared by two.
    assert levels == pytest.approx([-23.7] * 3, abs=0.3)


async def test_a_track_of_more_channels_than_speakers_have_names_is_heard(
    film: Film, clip_sound: Heard
):
    sound = "|".join(["0"] * 9 + ["0.1*sin(2*PI*440*t)"])

    wave, _ = await clip_sound(film(f"aevalsrc='{sound}':s=48000"))

    assert np.abs(wave[0]).max() == pytest.approx(0.0707, rel=0.1)
    assert np.abs(wave[1]).max() == pytest.approx(0.0707, rel=0.1)


@pytest.mark.parametrize(
    ("channels", "layout", "left"),
    [
        (1, ("FC",), "c0"),
        (2, ("FL", "FR"), "c0"),
        (3, (), "1*c0+0.7071*c2"),
        (4, (), "1*c0+0.7071*c2"),
        (4, ("FL", "FR", "FC", "BC"), "1*c0+0.7071*c2+0.5*c3"),
        (6, (), "1*c0+0.7071*c2+0.7071*c4"),
        (6, ("FL", "FR", "FC", "LFE", "SL", "SR"), "1*c0+0.7071*c2+0.7071*c4"),
        (10, (), "+".join(f"0.7071*c{n}" for n in range(10))),
        (3, ("LFE", "LFE2", "LFE"), "0*c0"),
    ],
)
def test_each_layout_has_its_coefficients(channels: int, layout: tuple[str, ...], left: str):
    assert to_stereo(channels, layout).startswith(f"pan=stereo|c0={left}|")


async def test_what_is_on_one_side_stays_there(film: Film, clip_sound: Heard):
    wave, _ = await clip_sound(film("aevalsrc='0.5*sin(2*PI*440*t)|0':c=stereo:s=48000"))

    assert np.abs(wave[0]).max() > 0.45
    assert np.abs(wave[1]).max() < 0.01


# Tracks


async def test_tracks_are_added_up_without_clipping(film: Film, clip_sound: Heard):
    source = film(
        "aevalsrc='0.8*sin(2*PI*300*t)':s=48000", "aevalsrc='0.8*sin(2*PI*500*t)':s=48000"
    )

    wave, _ = await clip_sound(source, tracks=(1, 2))
    spectrum = np.abs(np.fft.rfft(wave[0][: 2 * RATE]))

    assert {300, 500} <= {int(line) // 2 for line in np.argsort(spectrum)[-2:]}
    assert true_peak(wave) <= -1.0


@pytest.mark.parametrize("tracks", [(1,), (2,)])
async def test_one_of_several_tracks_is_heard_alone(
    film: Film, clip_sound: Heard, tracks: tuple[int, ...]
):
    source = film(
        "aevalsrc='0.5*sin(2*PI*300*t)':s=48000", "aevalsrc='0.5*sin(2*PI*500*t)':s=48000"
    )

    wave, _ = await clip_sound(source, tracks=tracks)
    spectrum = np.abs(np.fft.rfft(wave[0][: 2 * RATE]))

    assert int(spectrum.argmax()) // 2 == {1: 300, 2: 500}[tracks[0]]
    assert np.percentile(np.abs(wave), 99) == pytest.approx(0.5, rel=0.05)


async def test_a_track_without_a_packet_in_the_stretch_holds_nothing_up(
    film: Film, clip_sound: Heard, ffmpeg: Path, tmp_path: Path
):
    """In the file a second track begins four seconds after the clip has ended."""
    both = tmp_path / "both.mkv"
    tone = film(_TONE_ALONE, seconds=8)
    late = ("-itsoffset", 6, "-t", 2, "-i", tone)
    _run(ffmpeg, "-i", tone, *late, "-map", "0", "-map", "1:a", "-c", "copy", both)

    wave, _ = await clip_sound(both, duration=2.0, tracks=(1, 2))

    assert wave.shape[1] == pytest.approx(2.0 * RATE, abs=1024)
    assert np.percentile(np.abs(wave), 99) > 0.7


async def test_a_clip_of_no_track_has_no_sound(film: Film, ffmpeg: Path, tmp_path: Path):
    probed = probe(film(_TONE_ALONE))
    spec = RenderSpec(probed, 0.0, 1.0, VIDEO, tmp_path / "clip.part", sounds=())

    await render(ffmpeg, spec, on_progress=lambda _: None, limits=Watchdogs())

    assert await _adjustment(ffmpeg, spec) == Adjustment(None, Level(-math.inf, -math.inf))
    assert probe(spec.target).sounds == ()


_TONE_ALONE = f"aevalsrc='{_TONE}':s=48000"


def test_the_streams_of_a_file_are_numbered_as_people_count_them(film: Film):
    sounds = probe(film(_TONE_ALONE, _TONE_ALONE)).sounds

    assert [(sound.number, sound.stream) for sound in sounds] == [(1, 1), (2, 2)]
    assert isinstance(sounds[0], Sound)
