"""Any list in any format: good ones read back equal, all others are refused quickly."""

import csv
import io
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viralclip.errors import InvalidScenesError
from viralclip.scene_lists.review import MAX_ID
from viralclip.scenes import MAX_SCENES, Scene, parse_scenes
from viralclip.styles.registry import scene_options
from viralclip.styles.streamer_split import Region
from viralclip.timecode import format_time

HOUR = 3600.0
FPS = 25.0
ENDINGS = ("json", "csv", "tsv", "srt", "vtt", "edl", "txt")


def read(text, name="scenes.txt", *, duration: float | None = HOUR, fps=FPS):
    reading = parse_scenes(text, name=name, duration=duration, fps=fps, options=scene_options())
    return reading.scenes


def faults(text, name="scenes.txt", *, duration: float | None = HOUR, fps=FPS):
    with pytest.raises(InvalidScenesError) as raised:
        read(text, name, duration=duration, fps=fps)
    return [str(fault) for fault in raised.value.faults]


def titles(**characters):
    return (
        st.text(st.characters(codec="utf-8", **characters), min_size=1, max_size=50)
        .map(str.strip)
        .filter(bool)
    )


NO_CONTROLS = ("Cc", "Cs", "Zl", "Zp")
ANY_TITLE = titles(exclude_categories=NO_CONTROLS)
MARKUP_FREE = titles(exclude_categories=NO_CONTROLS, exclude_characters="<>&{}|")
WORDS = titles(categories=("Lu", "Ll", "Lo", "Nd"))


@st.composite
def scene_lists(draw, title=ANY_TITLE, *, ids=False, webcams=False):
    """Scenes on whole frames of a video of one hour."""
    shares = st.floats(min_value=0.01, max_value=0.5)
    regions = st.builds(Region, x=shares, y=shares, width=shares, height=shares)
    webcam = st.none() | regions if webcams else st.none()
    numbers = st.lists(st.integers(1, MAX_ID), min_size=1, max_size=8, unique=True)
    chosen = draw(numbers)
    scenes = []
    for place, number in enumerate(chosen, 1):
        start = draw(st.integers(0, 89_000))
        end = draw(st.integers(start + 1, 90_000))
        scenes.append(
            Scene(
                id=number if ids else place,
                title=draw(title),
                start=start / FPS,
                end=end / FPS,
                options={"webcam": draw(webcam)},
            )
        )
    return tuple(scenes)


@given(scene_lists(ids=True, webcams=True), st.sampled_from([None, "scenes", "highlights"]))
def test_scenes_written_as_json_read_back_equal(scenes, key):
    items = [scene.model_dump() for scene in scenes]

    assert read(json.dumps({key: items} if key else items), "scenes.json") == scenes


@given(
    scene_lists(ids=True),
    st.sampled_from([",", ";", "\t"]),
    st.permutations(["id", "title", "start", "end"]),
)
def test_scenes_written_as_csv_read_back_equal(scenes, delimiter, columns):
    out = io.StringIO()
    table = csv.DictWriter(out, columns, delimiter=delimiter)
    table.writeheader()
    table.writerows(scene.model_dump(include=set(columns)) for scene in scenes)

    assert read(out.getvalue(), "scenes.csv") == scenes


def srt_time(seconds):
    whole, millis = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02},{millis:03}"


def as_srt(scenes):
    return "\n".join(
        f"{scene.id}\n{srt_time(scene.start)} --> {srt_time(scene.end)}\n{scene.title}\n"
        for scene in scenes
    )


def as_vtt(scenes):
    return "WEBVTT\n\nNOTE made by hand\n\n" + as_srt(scenes).replace(",", ".")


def smpte(seconds):
    frames = round(seconds * FPS)
    parts = (frames // 90_000, frames // 1500 % 60, frames // 25 % 60, frames % 25)
    return ":".join(f"{part:02}" for part in parts)


def as_edl(scenes):
    return "TITLE: cut\nFCM: NON-DROP FRAME\n\n" + "".join(
        f"{scene.id:03}  AX       V     C        {smpte(scene.start)} {smpte(scene.end)} "
        f"00:00:00:00 00:00:01:00\n* FROM CLIP NAME: {scene.title}\n"
        for scene in scenes
    )


def as_ranges(scenes):
    return "\n".join(
        f"{format_time(scene.start)} - {format_time(scene.end)} {scene.title}" for scene in scenes
    )


@given(scene_lists(MARKUP_FREE))
def test_scenes_written_as_subtitles_read_back_equal(scenes):
    assert read(as_srt(scenes), "scenes.srt") == scenes


@given(scene_lists(WORDS))
def test_scenes_written_as_webvtt_read_back_equal(scenes):
    assert read(as_vtt(scenes), "scenes.vtt") == scenes


@given(scene_lists(MARKUP_FREE))
def test_scenes_written_as_edl_read_back_equal(scenes):
    assert read(as_edl(scenes), "scenes.edl") == scenes


@given(scene_lists(WORDS))
def test_scenes_written_as_ranges_read_back_equal(scenes):
    assert read(as_ranges(scenes)) == scenes


@given(st.lists(st.tuples(WORDS, st.integers(1, 1000)), min_size=1, max_size=8))
def test_chapters_written_as_text_read_back_equal(chapters):
    scenes, at = [], 0.0
    for number, (title, length) in enumerate(chapters, 1):
        scenes.append(Scene(id=number, title=title, start=at, end=at + length))
        at += length
    text = "\n".join(f"{format_time(scene.start)} {scene.title}" for scene in scenes)

    assert read(text, duration=at) == tuple(scenes)


@pytest.mark.parametrize("write", [as_srt, as_vtt, as_edl, as_ranges])
@given(scenes=scene_lists(WORDS))
@settings(max_examples=20)
def test_formats_are_known_by_their_content(write, scenes):
    assert read(write(scenes), "list") == scenes


@given(scene_lists(WORDS))
@settings(max_examples=20)
def test_bom_and_windows_line_ends_change_nothing(scenes):
    for write, name in ((as_srt, "a.srt"), (as_edl, "a.edl"), (as_ranges, "a.txt")):
        assert read("\ufeff" + write(scenes).replace("\n", "\r\n"), name) == scenes


PIECES = st.sampled_from(
    [
        *("0:10", "1:75", " --> ", "-->", "\n", "\n\n", ",", ";", "\t", '"', "{", "[", "]", "}"),
        *("title", "start", "end", "001 AX V C ", "00:00:01:00 ", "00:00:01;00 ", ":", "-"),
        *("FCM: DROP FRAME\n", "* FROM CLIP NAME: x\n", "|C:Red |M:x |D:5\n", "WEBVTT\n", "NOTE"),
        *("\x1b[31m", "\ud800", "²", "1e999", "NaN", '{"start":', "null", "9" * 400, "\u2028"),
    ]
)
KEYS = st.sampled_from(
    [
        *("scenes", "highlights", "id", "title", "start", "end", "duration", "startTime"),
        *("webcam", "x", "y", "width", "height"),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
)
GARBAGE = st.text() | st.lists(PIECES, max_size=40).map("".join) | VALUES.map(json.dumps)


@given(
    GARBAGE, st.sampled_from(ENDINGS), st.sampled_from([(60.0, 25), (None, 29.97), (4000.0, 24)])
)
@settings(max_examples=1000)
def test_garbage_is_refused_with_printable_faults_or_makes_sound_scenes(text, ending, video):
    duration, fps = video
    scenes, found = (), ()
    try:
        scenes = read(text, f"list.{ending}", duration=duration, fps=fps)
    except InvalidScenesError as error:
        found = error.faults

    assert bool(scenes) != bool(found)
    assert all(str(fault).isprintable() for fault in found)
    assert len({scene.id for scene in scenes}) == len(scenes) <= MAX_SCENES
    assert all(0 <= scene.start < scene.end <= (duration or scene.end) for scene in scenes)


@pytest.mark.parametrize(
    "line",
    [
        "x",
        "0:10 x",
        "a,0:10,0:20",
        "1:" * 200,
        "[0:1] " * 100,
        "-->" * 100,
        "1\n0:10 --> 0:20 x\n",
        '"' * 51,
        "<b" * 300,
        "0:10" + " " * 500 + "-",
        "001 AX V C 00:00:01:00 00:00:02:00 00:00:00:00 00:00:10:00",
        "001 AX V C " + "1:" * 200,
        "|M:" * 100,
    ],
    ids=range(13),
)
@pytest.mark.parametrize("ending", ENDINGS)
def test_hostile_lists_are_refused_quickly(line, ending):
    began = time.process_time()
    faults(f"{line}\n" * 2_000, f"list.{ending}")

    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "piece", ["x", '"', "<b", "1:", "0:1 ", "0:10  -", "{\\", "[[", "-->", "\t"]
)
def test_endless_lines_are_refused_quickly(piece):
    began = time.process_time()
    for ending in ENDINGS:
        faults("0:10 --> " + piece * 100_000, f"list.{ending}")

    assert time.process_time() - began < 5
