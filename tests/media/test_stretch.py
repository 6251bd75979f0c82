"""A clip begins with the picture on screen then, whatever the container; every frame is the one."""

import asyncio
import functools
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numbered import Film, Shown, clicks_until, even, join_films, number_in, read_film, write_film

from viralclip.analysis.frames import sample_frames
from viralclip.errors import InvalidScenesError, RenderIncompleteError
from viralclip.filter_graph import Filter, line
from viralclip.geometry import Size
from viralclip.media.ffmpeg import abilities
from viralclip.media.probe import Probed, probe
from viralclip.media.render import clip_command, render
from viralclip.media.render_spec import EncoderSettings, RenderSpec, VideoGraph
from viralclip.plan import Options, make_plan
from viralclip.processes.runner import Watchdogs
from viralclip.scenes import Scene

Make = Callable[[str], Path]

SIZE = Size(160, 90)
GRAPH = line(Filter.of("scale", 160, 90, flags="neighbor"))
SECONDS = 16.0
EVEN = Film(times=even(SECONDS, 25), clicks=clicks_until(SECONDS), seconds=SECONDS)
X264 = {"preset": "ultrafast", "g": "100"}
_KEYS = "keyint=100:min-keyint=100:scenecut=0"
OPEN_GOP = {"preset": "ultrafast", "x264-params": f"{_KEYS}:open-gop=1:bframes=3"}
INTRA_REFRESH = {"preset": "ultrafast", "x264-params": f"{_KEYS}:intra-refresh=1"}
X265 = {"preset": "ultrafast", "x265-params": f"log-level=none:{_KEYS}"}
MPEG = {"g": "100", "bf": "2", "b": "2000000", "sc_threshold": "1000000000"}

FILMS: dict[str, Film] = {
    "x264.ts": EVEN,
    "x264.m2ts": replace(EVEN, container={"mpegts_m2ts_mode": "1"}),
    "open_gop.ts": replace(EVEN, options=OPEN_GOP),
    "open_gop.mkv": replace(EVEN, options=OPEN_GOP, clock=1000),
    "open_gop.mp4": replace(EVEN, options=OPEN_GOP),
    "intra_refresh.ts": replace(EVEN, options=INTRA_REFRESH),
    "intra_refresh.mp4": replace(EVEN, options=INTRA_REFRESH),
    "hevc.ts": replace(EVEN, codec="libx265", options=X265),
    "mpeg2.mpg": replace(EVEN, codec="mpeg2video", options=MPEG, sound="mp2", clock=25),
    "mpeg2.vob": replace(EVEN, codec="mpeg2video", options=MPEG, sound="mp2", clock=25),
    "mpeg4.avi": replace(EVEN, codec="mpeg4", options=MPEG, sound="mp2", clock=25),
    "x264.flv": replace(EVEN, clock=1000),
    "x264.mkv": replace(EVEN, clock=1000),
    "no_cues.mkv": replace(EVEN, clock=1000, container={"live": "1"}),
    "vp8.webm": replace(
        EVEN, codec="libvpx", options={"deadline": "realtime", "g": "100"}, sound="libopus"
    ),
    "x264.mp4": EVEN,
    "fragmented.mp4": replace(EVEN, container={"movflags": "frag_keyframe+empty_moov"}),
    "prores.mov": replace(
        EVEN, codec="prores_ks", options={}, pixels="yuv422p10le", sound="pcm_s16le"
    ),
}
SCENES = ((5.02, 0.2), (7.3, 3.0), (5.5, 10.0))

# Nothing moves from 2 to 12 s, and a screen recorder writes no frame meanwhile; or slides change.
STILL = replace(EVEN, times=[time for time in EVEN.times if not 2 < time < 12], rate=None)
SLIDES = replace(EVEN, times=[0.0, 7.0, 14.0, 15.5], rate=None)
# Longer than a clock that FFmpeg takes for a jump.
MINUTE = replace(
    EVEN,
    times=[*even(2.0, 25), *even(4.0, 25, start=62.0)],
    clicks=clicks_until(66.0),
    seconds=66.0,
    rate=None,
)
STILLS: dict[str, Film] = {
    "still.mkv": replace(STILL, clock=1000),
    "still.mp4": STILL,
    "still.ts": STILL,
    "slides.mkv": replace(SLIDES, clock=1000),
    "slides.mp4": SLIDES,
}
# Calm at first, then as fast as it gets, and nothing in the file says so.
CALM = replace(
    EVEN, times=[*even(6.0, 5), *even(10.0, 30, start=6.0)], clock=1000, declared=False, rate=None
)
VP8: Any = {"codec": "libvpx", "options": {"deadline": "realtime", "g": "60"}, "sound": "libopus"}
SLOW: dict[str, Film] = {
    "calm.webm": replace(CALM, **VP8),
    "calm_unfinished.webm": replace(CALM, **VP8, container={"live": "1"}),
    "calm.mkv": CALM,
    "calm.ts": replace(CALM, clock=90_000, declared=True),
    "one_a_second.mp4": replace(EVEN, times=even(SECONDS, 1), rate=Fraction(1)),
    "ten_a_second.mkv": replace(EVEN, times=even(SECONDS, 10), rate=Fraction(10), clock=1000),
    "ten_a_second.gif": replace(
        EVEN, times=even(SECONDS, 10), codec="gif", pixels="gray", options={}, sound=None, clock=100
    ),
    "one_picture.mp4": replace(EVEN, times=[0.0]),
    "one_picture.mkv": replace(EVEN, times=[0.0], clock=1000),
}
# What comes after eight seconds is of another kind.
FIRST = replace(EVEN, times=even(8.0, 25), seconds=8.0, options={"preset": "ultrafast", "g": "50"})
# Its sound's first packet comes where the last one of the film before ended.
LATE = 8.0 + 2 * 1024 / 48_000
SECOND = replace(FIRST, times=even(8.0, 25, start=8.0), first=200, late=LATE, seconds=SECONDS)
CHANGES: dict[str, tuple[Film, Film]] = {
    "smaller.ts": (replace(FIRST, size=(320, 180)), SECOND),
    "larger.ts": (FIRST, replace(SECOND, size=(320, 180))),
    "another_rate.ts": (FIRST, replace(SECOND, sound_rate=44_100)),
    "more_channels.ts": (FIRST, replace(SECOND, channels="stereo")),
    "fewer_channels.ts": (replace(FIRST, channels="stereo"), SECOND),
    "all_at_once.ts": (
        replace(FIRST, size=(320, 180), channels="stereo"),
        replace(SECOND, sound_rate=44_100, pixels="yuv422p"),
    ),
    "other_speakers.ts": (
        replace(FIRST, sound="ac3", channels="3.1"),
        # AC-3 puts 256 samples before the first.
        replace(SECOND, sound="ac3", channels="4.0", late=8.0 + 256 / 48_000),
    ),
    "another_rate_then_silence.ts": (FIRST, replace(SECOND, sound_rate=44_100, seconds=9.0)),
}


def at(start: float) -> Film:
    """Eight more seconds, on a clock that begins anew."""
    clicks = [start + click for click in clicks_until(8.0)]
    times = even(8.0, 25, start=start)
    return replace(FIRST, times=times, first=200, late=start, seconds=start + 8, clicks=clicks)


JUMPS: dict[str, tuple[Film, Film]] = {"back.ts": (FIRST, at(0.0)), "ahead.ts": (FIRST, at(3600.0))}
# The clock of a transport stream has 33 bits; this one begins again after four seconds.
_WRAP_S = 2**33 / 90_000 - 5.4
WRAPS = {
    "wraps.ts": replace(
        at(_WRAP_S), times=even(12.0, 25, start=_WRAP_S), first=0, seconds=_WRAP_S + 12
    )
}
CHANGE_SCENES = ((2.0, 3.0), (10.5, 3.0), (6.5, 3.0))
SLOW_SCENES = ((9.3, 3.0), (4.4, 3.0), (11.2, 0.2))
STILL_SCENES = ((5.0, 0.2), (4.0, 3.0), (11.0, 3.0), (1.5, 12.0))
MINUTE_SCENES = ((30.0, 3.0), (60.5, 3.0))
LONG = {
    "still_minute.ts": MINUTE,
    "long.ts": replace(
        EVEN, times=even(200.0, 25), clicks=clicks_until(200.0), seconds=200.0, size=(64, 36)
    ),
}


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """`film(name)` is the film of that name, made once."""
    folder = tmp_path_factory.mktemp("films")

    @functools.cache
    def make(name: str) -> Path:
        if name in CHANGES | JUMPS:
            return join_films(folder / name, *(CHANGES | JUMPS)[name])
        return write_film(folder / name, (FILMS | STILLS | SLOW | LONG | WRAPS)[name])

    return make


@functools.cache
def truth(path: Path) -> Shown:
    return read_film(path, stream=0)


def render_scene(ffmpeg: Path, source: Probed, start: float, seconds: float, target: Path) -> Shown:
    """The clip of a scene, as a job makes it."""
    video, fast = VideoGraph(GRAPH, SIZE), EncoderSettings(preset="fast")
    spec = RenderSpec(source, source.on_frame(start), seconds, video, target, fast)
    asyncio.run(render(ffmpeg, spec, on_progress=lambda _: None, limits=Watchdogs()))
    return read_film(target)


def check(clip: Shown, source: Probed, start: float, seconds: float) -> None:
    """Every frame of the clip is on screen in the source at that time, give or take half a frame,
    and every click is heard with its picture.
    """
    known = truth(source.path)
    start = source.on_frame(start)
    slack = 0.5 / float(source.fps) + 0.002
    assert len(clip.numbers) == round(seconds * source.fps)
    for place, number in enumerate(clip.numbers):
        time = start + place / float(source.fps)
        assert on_screen(known, time - slack) <= number <= on_screen(known, time + slack), place
    if clip.heard:
        assert abs(clip.heard - seconds) < 0.05  # AAC comes in packets of 0.02 s
    there = [time - start for time in known.clicks]
    assert all(near(time, clip.clicks) for time in there if 0.03 < time < seconds - 0.1)
    assert all(near(time, there) for time in clip.clicks if time > 0.03)


def near(time: float, others: list[float]) -> bool:
    return any(abs(time - other) < 0.015 for other in others)


def on_screen(known: Shown, time: float) -> int:
    return known.numbers[max(0, bisect_right(known.times, time) - 1)]


@pytest.mark.parametrize("name", FILMS)
def test_a_clip_shows_what_is_on_screen_whatever_holds_it(
    name: str, film: Make, ffmpeg: Path, tmp_path: Path
):
    source = probe(film(name))

    for start, seconds in SCENES:
        clip = render_scene(ffmpeg, source, start, seconds, tmp_path / "clip.mp4")
        check(clip, source, start, seconds)


@pytest.mark.parametrize("name", STILLS)
def test_a_still_picture_is_held_from_before_the_scene_and_to_its_end(
    name: str, film: Make, ffmpeg: Path, tmp_path: Path
):
    source = probe(film(name))

    for start, seconds in STILL_SCENES:
        clip = render_scene(ffmpeg, source, start, seconds, tmp_path / "clip.mp4")
        check(clip, source, start, seconds)


def test_a_picture_that_stands_for_a_minute_is_held(film: Make, ffmpeg: Path, tmp_path: Path):
    source = probe(film("still_minute.ts"))

    for start, seconds in MINUTE_SCENES:
        clip = render_scene(ffmpeg, source, start, seconds, tmp_path / "clip.mp4")
        check(clip, source, start, seconds)


@pytest.mark.parametrize("name", SLOW)
def test_no_frame_is_lost_where_the_rate_is_not_what_it_seems(
    name: str, film: Make, ffmpeg: Path, tmp_path: Path
):
    source = probe(film(name))
    assert 23.9 < source.fps <= 60
    # Where nobody says how long the last picture stays, it may be as long as one of the first.
    assert source.video.duration == pytest.approx(SECONDS, abs=0.2)

    for start, seconds in SLOW_SCENES:
        clip = render_scene(ffmpeg, source, start, seconds, tmp_path / "clip.mp4")
        check(clip, source, start, seconds)


def test_a_clip_of_a_burst_has_every_frame_of_it(film: Make, ffmpeg: Path, tmp_path: Path):
    source = probe(film("calm.webm"))

    clip = render_scene(ffmpeg, source, 9.0, 3.0, tmp_path / "clip.mp4")
    assert len(set(clip.numbers)) >= 89


@pytest.mark.parametrize("name", CHANGES)
def test_a_clip_before_across_and_after_a_change_is_whole(
    name: str, film: Make, ffmpeg: Path, tmp_path: Path
):
    source = probe(film(name))

    for start, seconds in CHANGE_SCENES:
        if start < 8 < start + seconds and sound_breaks(name, ffmpeg):
            with pytest.raises(RenderIncompleteError):
                render_scene(ffmpeg, source, start, seconds, tmp_path / "clip.mp4")
            continue
        clip = render_scene(ffmpeg, source, start, seconds, tmp_path / "clip.mp4")
        check(clip, source, start, seconds)


@pytest.mark.parametrize("name", ["x264.ts", "fewer_channels.ts", "more_channels.ts"])
def test_one_channel_is_as_loud_as_two(name: str, film: Make, ffmpeg: Path, tmp_path: Path):
    source = probe(film(name))

    for start, seconds in CHANGE_SCENES:
        if start < 8 < start + seconds and name in CHANGES and sound_breaks(name, ffmpeg):
            continue
        render_scene(ffmpeg, source, start, seconds, tmp_path / "clip.mp4")
        for half in (0, 1):
            loudest = peak(tmp_path / "clip.mp4", half * seconds / 2, (half + 1) * seconds / 2)
            assert loudest == pytest.approx(0.8, rel=0.1)


def peak(path: Path, start: float, end: float) -> float:
    """The largest sample between two times, of full scale."""
    with av.open(str(path)) as container:
        frames = [f for f in container.decode(audio=0) if f.time and start <= f.time < end]
        return max(float(np.abs(frame.to_ndarray()).max()) for frame in frames)


def test_graphs_are_chained_only_where_the_sound_changes(film: Make, ffmpeg: Path, tmp_path: Path):
    """Chained, they may wait for each other for ever."""
    source = probe(film("another_rate.ts"))

    def graphs(start: float) -> int:
        spec = RenderSpec(source, start, 3.0, VideoGraph(GRAPH, SIZE), tmp_path / "clip.mp4")
        return clip_command(ffmpeg, spec).count("-filter_complex")

    assert [graphs(start) for start in (2.0, 10.5)] == [2, 2]
    assert graphs(6.5) == 2 + abilities(ffmpeg).chains


def sound_breaks(name: str, ffmpeg: Path) -> bool:
    """An FFmpeg before 8 cannot follow sound that changes, and must not hide it."""
    first, second = CHANGES[name]
    sounds = {(film.channels, film.sound_rate) for film in (first, second)}
    return len(sounds) > 1 and not abilities(ffmpeg).chains


def test_scenes_before_and_after_a_jump_of_the_clock_are_right(
    film: Make, ffmpeg: Path, tmp_path: Path
):
    source = probe(film("ahead.ts"))

    for start in (3.0, 3602.2):
        clip = render_scene(ffmpeg, source, start, 3.0, tmp_path / "clip.mp4")
        check(clip, source, start, 3.0)


@pytest.mark.parametrize(
    ("name", "start", "end", "words"),
    [
        ("ahead.ts", 6.0, 9.0, "jumps from 0:0[78].* to (59:59|1:00:00)"),
        ("ahead.ts", 600.0, 603.0, "jumps from 0:0[78].* to (59:59|1:00:00)"),
        ("back.ts", 2.0, 5.0, "jumps back from 0:0[78].* to 0:00"),
    ],
)
def test_a_scene_in_which_the_clock_jumps_is_refused_in_words(
    name: str, start: float, end: float, words: str, film: Make
):
    video = probe(film(name)).video
    scene = Scene(id=1, title="in the jump", start=start, end=end)

    with pytest.raises(InvalidScenesError) as refused:
        make_plan(video, [scene], [], Options())
    assert re.search(words, refused.value.faults[0].problem)


@pytest.mark.parametrize("name", ["x264.ts", "mpeg2.mpg", "still.ts", "wraps.ts", "smaller.ts"])
def test_no_jump_is_seen_where_there_is_none(name: str, film: Make):
    assert probe(film(name)).video.jumps == ()


def test_a_clock_that_begins_again_goes_on(film: Make, ffmpeg: Path, tmp_path: Path):
    source = probe(film("wraps.ts"))

    for start in (2.5, 5.0, 8.0):
        clip = render_scene(ffmpeg, source, start, 3.0, tmp_path / "clip.mp4")
        check(clip, source, start, 3.0)


def test_a_scene_of_three_minutes_ends_as_it_began(film: Make, ffmpeg: Path, tmp_path: Path):
    source = probe(film("long.ts"))

    clip = render_scene(ffmpeg, source, 13.0, 180.0, tmp_path / "clip.mp4")
    check(clip, source, 13.0, 180.0)


@pytest.mark.parametrize("name", [*FILMS, *STILLS])
def test_whoever_looks_at_a_scene_sees_what_its_clip_shows(name: str, film: Make):
    source = probe(film(name))
    known = truth(source.path)

    for start, seconds in SCENES:
        end = start + seconds
        samples = list(sample_frames(source.path, start=start, end=end, fps=1000.0))
        times = [start, *(time for time in known.times if start + 0.001 < time < end - 0.001)]
        assert [sample.time + start for sample in samples] == pytest.approx(times, abs=0.002)
        assert [number_in(sample.image[..., 0]) for sample in samples] == [
            on_screen(known, time + 0.001) for time in times
        ]


X264_CLOCKS = {"mp4": 90_000, "mov": 90_000, "mkv": 1000, "flv": 1000, "ts": 90_000}
MPEG_RATES = {"mpg": 25, "vob": 30, "avi": 24}
offsets = st.sampled_from([0.0, 0.02, 0.3, 1.1])


@st.composite
def streams(draw: st.DrawFn) -> tuple[str, Film]:
    """A picture and a sound of any rates, starts, gaps and sizes, and the container of both."""
    film = Film(
        times=(),
        seconds=5.0,
        size=draw(st.sampled_from([(160, 90), (96, 128), (322, 180)])),
        late=draw(offsets),
        sound_rate=draw(st.sampled_from([44_100, 48_000])),
        channels=draw(st.sampled_from(["mono", "stereo"])),
        clicks=clicks_until(5.0),
    )
    begin, gop = draw(offsets), draw(st.sampled_from(["1", "12", "250"]))
    ending = draw(st.sampled_from([*X264_CLOCKS, *MPEG_RATES]))
    if ending in MPEG_RATES:
        fps = MPEG_RATES[ending]
        # AVI and program streams know no gaps, and count a picture's start in frames.
        times = even(4.5 - begin, fps, start=round(begin * fps) / fps)
        options = {**MPEG, "bf": "0" if ending == "avi" else "2", "g": "12" if gop == "1" else gop}
        codec = "mpeg4" if ending == "avi" else "mpeg2video"
        return ending, replace(
            film, times=times, clock=fps, rate=Fraction(fps), codec=codec, options=options,
            sound="mp2",
        )  # fmt: skip
    fps = draw(st.sampled_from([5.0, 12.0, 25.0, 29.97, 50.0]))
    gap = draw(st.tuples(st.floats(0, 4), st.floats(0, 3)).map(sorted))
    times = [t for t in even(4.5, fps) if t == 0.0 or not gap[0] < t < gap[1]]
    options = {"preset": "ultrafast", "g": gop, "bf": draw(st.sampled_from(["0", "2"]))}
    shifted = [begin + time for time in times]
    return ending, replace(
        film, times=shifted, clock=X264_CLOCKS[ending], rate=None, options=options
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams(), st.floats(0, 4.0), st.sampled_from([0.1, 0.7, 2.0]))
def test_any_cut_of_any_two_streams_shows_what_a_player_shows_then(
    ffmpeg: Path,
    tmp_path_factory: pytest.TempPathFactory,
    made: tuple[str, Film],
    start: float,
    seconds: float,
):
    ending, film = made
    folder = tmp_path_factory.mktemp("cut")
    source = probe(write_film(folder / f"film.{ending}", film))
    # Of many small pictures in one packet, program streams say one time; players guess the others.
    assume(truth(source.path).times == sorted(truth(source.path).times))
    start = min(start, source.video.duration - seconds)

    clip = render_scene(ffmpeg, source, start, seconds, folder / "clip.mp4")
    check(clip, source, start, seconds)
