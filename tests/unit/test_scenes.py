"""Scenes of a list: what their fields may be, and how each fault is named."""

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from viralclip.errors import InvalidScenesError
from viralclip.scene_writing import Footage, write_json
from viralclip.scenes import (
    MAX_SCENES,
    Scene,
    SceneReading,
    parse_scenes,
    read_scene_objects,
    scenes_from_chapters,
)
from viralclip.styles.pinned_crop import Pin, PinnedCrop
from viralclip.styles.registry import scene_options
from viralclip.styles.streamer_split import Region, Webcam

HOUR = 3600.0
FPS = 25.0


def read(text, name="scenes.txt", *, duration: float | None = HOUR, fps=FPS):
    reading = parse_scenes(text, name=name, duration=duration, fps=fps, options=scene_options())
    return reading.scenes


def faults(text, name="scenes.txt", *, duration: float | None = HOUR, fps=FPS):
    with pytest.raises(InvalidScenesError) as raised:
        read(text, name, duration=duration, fps=fps)
    return [str(fault) for fault in raised.value.faults]


def fault(item, **video):
    """The only fault of a JSON list whose second scene is `item`."""
    [only] = faults(json.dumps([{"start": 0, "end": 1}, item]), **video)
    return only


def spans(scenes):
    return [(scene.title, scene.start, scene.end) for scene in scenes]


@pytest.mark.parametrize(
    "item",
    [
        {"start": "0:10", "end": "0:20.5"},
        {"start_time": 10, "end_time": 20.5},
        {"startTime": "10", "endTime": "20,5"},
        {"start_sec": 10.0, "end_sec": "00:00:20,500"},
        {"Start": 10, "duration": 10.5},
        {"from": 10, "to": 20.5, "duration": 99},
        {"start": 10, "end": 20.5, "duration": None, "id": None, "title": None, "score": 0.9},
    ],
)
def test_json_fields_are_read_in_the_spellings_people_use(item):
    assert spans(read(json.dumps([item]))) == [("Scene 1", 10.0, 20.5)]


@pytest.mark.parametrize("key", ["title", "name", "label"])
def test_titles_go_by_several_names(key):
    assert read(json.dumps([{key: " Intro ", "start": 0, "end": 1}]))[0].title == "Intro"


def test_scenes_without_an_id_get_the_lowest_free_ones():
    items = [{}, {"id": 2}, {}, {"id": "1"}, {"id": 7.0}]
    scenes = read(json.dumps([{"start": 0, "end": 1} | item for item in items]))

    assert [scene.id for scene in scenes] == [3, 2, 4, 1, 7]
    assert scenes[0].title == "Scene 3"


def test_a_scene_knows_its_range_and_duration():
    [scene] = read('[{"start": 10, "end": 40.5}]')

    assert scene.range.duration == scene.duration == 30.5


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (3, "scenes[1]: 3 is not a scene like {title, start, end}"),
        (None, "scenes[1]: null is not a scene like {title, start, end}"),
        ({"start": 1}, "scenes[1]: end is missing"),
        ({"end": 1}, "scenes[1]: start is missing"),
        ({"start": 1, "end": "00:01:75"}, "scenes[1].end: 00:01:75 is not a time"),
        ({"start": 1, "end": ""}, 'scenes[1].end: "" is not a time'),
        ({"start": True, "end": 2}, "scenes[1].start: true is not a time"),
        ({"start": [1], "end": 2}, "scenes[1].start: a list is not a time"),
        ({"start": {}, "end": 2}, "scenes[1].start: an object is not a time"),
        ({"start": -1, "end": 2}, "scenes[1].start: -1 is negative"),
        ({"start": float("nan"), "end": 2}, "scenes[1].start: nan is not a time"),
        ({"start": 1, "end": float("inf")}, "scenes[1].end: inf is not a time"),
        ({"start": 1, "duration": 0}, "scenes[1].duration: 0:01 is not after the start 0:01"),
        ({"start": 5, "end": 5}, "scenes[1].end: 0:05 is not after the start 0:05"),
        ({"start": 5, "end": 3}, "scenes[1].end: 0:03 is not after the start 0:05"),
        (
            {"start": 5, "end": 5.03},
            "scenes[1].end: the scene is shorter than one frame of the video (0.040 s)",
        ),
        ({"id": -4}, "scenes[1].id: the id -4 is not a whole number from 0 to 999999"),
        ({"id": 10**6}, "scenes[1].id: the id 1000000 is not a whole number from 0 to 999999"),
        ({"id": 1.5}, "scenes[1].id: the id 1.5 is not a whole number from 0 to 999999"),
        ({"id": True}, "scenes[1].id: the id true is not a whole number from 0 to 999999"),
        ({"id": "x"}, "scenes[1].id: the id x is not a whole number from 0 to 999999"),
        ({"id": "²"}, "scenes[1].id: the id ² is not a whole number from 0 to 999999"),
        ({"title": 5}, "scenes[1].title: the title 5 is not text"),
        ({"title": "a\x1b[31m"}, r"scenes[1].title: the title a\x1b[31m holds control characters"),
        ({"title": "\ud800"}, r"scenes[1].title: the title \ud800 holds control characters"),
        (
            {"title": "a" * 201},
            "scenes[1].title: the title has 201 characters; at most 200 are allowed",
        ),
    ],
)
def test_each_fault_is_named_with_its_place(item, problem):
    if isinstance(item, dict) and not item.keys() & {"start", "end"}:
        item |= {"start": 0, "end": 1}

    assert fault(item) == problem


def test_long_values_are_shortened_in_messages():
    assert fault({"start": "x" * 1000, "end": 1}) == f"scenes[1].start: {'x' * 39}… is not a time"


def test_an_id_used_twice_names_both_places():
    items = [{"id": 2, "start": 0, "end": 1}, {"id": "2", "start": 0, "end": 1}]

    assert faults(json.dumps(items)) == ["scenes[1].id: the id 2 is already that of scenes[0]"]


def test_no_fault_hides_another():
    items = [
        {"start": "x", "end": "y", "id": -1, "title": 1, "webcam": 1},
        7,
        {"start": 5, "end": 4},
        {"start": 0, "end": 9000},
    ]

    assert [line.partition(":")[0] for line in faults(json.dumps({"highlights": items}))] == [
        "highlights[0].id",
        "highlights[0].title",
        "highlights[0].start",
        "highlights[0].end",
        "highlights[0].webcam",
        "highlights[1]",
        "highlights[2].end",
        "highlights[3].end",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[\n  {"start": 1 "end"}]', "line 2, column 15: the JSON is broken: "),
        ('{"clips": []}', "the JSON is neither a list of scenes nor "),
        ('{"scenes": [], "highlights": []}', "the JSON is neither a list of scenes nor "),
        ('{"scenes": {}}', "scenes: an object is not a list of scenes"),
        ('{"highlights": null}', "highlights: null is not a list of scenes"),
        ("[" * 100_000, "the JSON is nested too deeply or holds an endless number"),
        (f"[{'1' * 5000}]", "the JSON is nested too deeply or holds an endless number"),
        ("[]", "the list holds no scenes"),
        ('{"scenes": []}', "the list holds no scenes"),
        ("", "the list holds no scenes"),
        (" \r\n", "the list holds no scenes"),
        ("PK\x03\x04\0\0", "this is not text; save the list as UTF-8"),
        ("hello world", "this is neither JSON, CSV, SRT, VTT, EDL, XML nor lines like 0:10 Title"),
    ],
)
def test_lists_that_cannot_be_read_have_one_fault(text, problem):
    [only] = faults(text)

    assert only.startswith(problem)


def test_a_number_is_not_a_scene_list():
    assert faults("42", "a.json")[0].startswith("the JSON is neither a list of scenes nor ")


def test_200_scenes_are_allowed_and_201_are_not():
    item = {"start": 0, "end": 1}

    assert len(read(json.dumps([item] * MAX_SCENES))) == MAX_SCENES
    assert faults(json.dumps([item] * MAX_SCENES + [{"end": 1}])) == [
        "the list has 201 scenes; at most 200 are allowed",
        "scenes[200]: start is missing",
    ]


def test_an_end_one_frame_beyond_the_video_is_the_end_of_the_video():
    assert read('[{"start": 50, "end": 60.04}]', duration=60)[0].end == 60
    assert read('[{"start": 50, "duration": 10.03}]', duration=60)[0].end == 60


def test_scenes_beyond_the_video_are_refused():
    ends = "is beyond the end of the video (1:00)"

    assert fault({"start": 5, "end": 61.05}, duration=60) == f"scenes[1].end: 1:01.05 {ends}"
    assert fault({"start": 5, "duration": 70}, duration=60) == f"scenes[1].duration: 1:15 {ends}"
    assert fault({"start": 70, "duration": 1}, duration=60) == f"scenes[1].start: 1:10 {ends}"


def test_a_scene_with_less_than_a_frame_left_is_refused():
    assert "shorter than one frame" in fault({"start": 59.99, "end": 61 - 0.98}, duration=60)
    assert "not after the start" in fault({"start": 60, "end": 60.03}, duration=60)


def test_scenes_may_end_anywhere_when_the_length_is_unknown():
    assert read('[{"start": 0, "end": "99:00:00"}]', duration=None)[0].end == 356_400


def test_times_no_video_has_are_refused_when_the_length_is_unknown():
    beyond = "is beyond the end of any video"

    assert fault({"start": 0, "end": 1e300}, duration=None) == f"scenes[1].end: 1e+300 s {beyond}"
    huge = {"start": 1e308, "duration": 1e308}
    assert faults(json.dumps([huge]), duration=None)[0] == f"scenes[0].start: 1e+308 s {beyond}"


def test_a_webcam_region_is_kept():
    webcam = {"x": 0.75, "y": 0, "width": 0.25, "height": 1}
    [scene] = read(json.dumps([{"start": 0, "end": 1, "webcam": webcam}]))

    assert Webcam.of(scene).webcam == Region(x=0.75, y=0, width=0.25, height=1)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"x": -0.1}, "webcam.x: -0.1 is not a share from 0 to 1"),
        ({"y": "0.1"}, "webcam.y: 0.1 is not a share from 0 to 1"),
        ({"y": True}, "webcam.y: true is not a share from 0 to 1"),
        ({"x": float("nan")}, "webcam.x: nan is not a share from 0 to 1"),
        ({"width": 0}, "webcam.width: 0 is not a share above 0 and up to 1"),
        ({"height": 1.1}, "webcam.height: 1.1 is not a share above 0 and up to 1"),
        ({"x": None}, "webcam: x is missing"),
        ({"x": 0.6}, "webcam: the region reaches beyond the right edge of the picture"),
        ({"y": 0.6}, "webcam: the region reaches beyond the lower edge of the picture"),
    ],
)
def test_webcam_regions_must_lie_in_the_picture(change, problem):
    webcam = {"x": 0, "y": 0, "width": 0.5, "height": 0.5} | change

    assert fault({"start": 0, "end": 1, "webcam": webcam}) == f"scenes[1].{problem}"


def test_a_webcam_that_is_no_region_is_refused():
    problem = fault({"start": 0, "end": 1, "webcam": [0, 0]})

    assert problem == "scenes[1].webcam: a list is not a region like {x, y, width, height}"


def test_a_crop_for_the_whole_scene_is_kept():
    crop = {"x": 0.25, "y": 0, "width": 0.3}
    [scene] = read(json.dumps([{"start": 1, "end": 2, "crop": crop}]))

    assert PinnedCrop.of(scene).crop == (Pin(time=1, x=0.25, y=0, width=0.3),)


def test_crops_at_several_times_are_kept_in_their_order():
    crop = [
        {"time": "0:01", "x": 0.1, "y": 0, "width": 0.3},
        {"time": 1.5, "x": 0.7, "y": 0.25, "width": 0.3},
    ]
    [scene] = read(json.dumps([{"start": 1, "end": 2, "crop": crop}]))

    assert [pin.time for pin in PinnedCrop.of(scene).crop] == [1, 1.5]
    assert PinnedCrop.of(scene).crop[1] == Pin(time=1.5, x=0.7, y=0.25, width=0.3)


@pytest.mark.parametrize("crop", [None, []])
def test_no_crop_is_no_crop(crop):
    [scene] = read(json.dumps([{"start": 1, "end": 2, "crop": crop}]))

    assert PinnedCrop.of(scene).crop == ()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"x": -0.1}, "crop[1].x: -0.1 is not a share from 0 to 1"),
        ({"y": None}, "crop[1]: y is missing"),
        ({"width": 0}, "crop[1].width: 0 is not a share above 0 and up to 1"),
        ({"x": 0.8}, "crop[1]: the crop reaches beyond the right edge of the picture"),
        ({"time": None}, "crop[1]: time is missing"),
        ({"time": "soon"}, "crop[1].time: soon is not a time"),
        ({"time": 0.5}, "crop[1].time: 0:00.5 is outside the scene (0:01 to 0:09)"),
        ({"time": 9.5}, "crop[1].time: 0:09.5 is outside the scene (0:01 to 0:09)"),
        ({"time": 2}, "crop[1].time: 0:02 is not after the one before"),
    ],
)
def test_every_crop_must_lie_in_the_picture_and_its_time_in_the_scene(change, problem):
    crop = [
        {"time": 2, "x": 0, "y": 0, "width": 0.3},
        {"time": 3, "x": 0, "y": 0, "width": 0.3} | change,
    ]

    assert fault({"start": 1, "end": 9, "crop": crop}) == f"scenes[1].{problem}"


@pytest.mark.parametrize(
    ("crop", "problem"),
    [
        (0.5, "crop: 0.5 is not a crop like {x, y, width}"),
        ([0.5], "crop[0]: 0.5 is not a crop like {time, x, y, width}"),
        ([{}] * 201, "crop: the list has 201 crops; at most 200 are allowed"),
    ],
)
def test_what_is_no_crop_is_refused(crop, problem):
    assert fault({"start": 0, "end": 1, "crop": crop}) == f"scenes[1].{problem}"


def test_a_crop_is_judged_even_if_the_scene_has_no_good_times():
    item = {"start": "x", "end": 1, "crop": [{"time": 0, "x": 0, "y": 0, "width": 2}]}

    assert faults(json.dumps([item])) == [
        "scenes[0].start: x is not a time",
        "scenes[0].crop[0].width: 2 is not a share above 0 and up to 1",
    ]
    assert len(faults(json.dumps([item | {"crop": {"x": 2, "y": 0, "width": 1}}]))) == 2


def chapters(*items, duration=HOUR, fps=FPS):
    return scenes_from_chapters(items, duration=duration, fps=fps)


def test_chapters_of_a_video_are_scenes():
    reading = chapters(("Intro", -0.02, 10.0), ("", 10.0, 20.0))

    assert spans(reading.scenes) == [("Intro", 0, 10), ("Scene 2", 10, 20)]
    assert reading.notes == ()


def test_chapter_titles_are_cleaned_and_cut():
    reading = chapters((" a\x1b\n b ", 0, 1), ("x" * 300, 1, 2))

    assert [scene.title for scene in reading.scenes] == ["a b", "x" * 200]


def test_chapters_beyond_the_end_are_left_out_and_the_last_ends_with_the_video():
    reading = chapters(("One", 0, 4), ("Two", 4, 12), ("Ghost", 20, 25), duration=8.43, fps=30)

    assert spans(reading.scenes) == [("One", 0, 4), ("Two", 4, 8.43)]
    assert reading.notes == (
        "One scene ends after the video: it ends with the video.",
        "Chapters that are empty or lie beyond the end are left out: Ghost.",
    )


def test_empty_chapters_are_left_out():
    nan, inf = float("nan"), float("inf")
    empty = [("a", 5.0, 5.0), ("b", 6.0, 5.0), ("c", nan, 1.0), ("d", 0.0, nan), ("e", 0.0, inf)]
    reading = chapters(*empty, ("f", 1.0, 2.0), ("", 3.0, 3.04))

    assert spans(reading.scenes) == [("f", 1, 2)]
    left_out = "a, b, c and 3 more"
    assert reading.notes == (
        f"Chapters that are empty or lie beyond the end are left out: {left_out}.",
    )
    with pytest.raises(InvalidScenesError, match="1 fault"):
        chapters(*empty)


def test_a_video_with_too_many_chapters_is_refused():
    with pytest.raises(InvalidScenesError) as raised:
        chapters(*(("x", at, at + 1.0) for at in range(201)))

    assert str(raised.value.faults[0]) == (
        "the list has 201 chapters; at most 200 are allowed, because each becomes a scene: keep the"
        " ones that are worth a clip, or write lines like 0:10 - 0:40 Title"
    )


def test_ids_may_begin_at_zero():
    scenes = read('[{"id": 0, "start": 0, "end": 1}, {"start": 1, "end": 2}]')

    assert [scene.id for scene in scenes] == [0, 1]


def test_an_end_up_to_a_second_beyond_the_video_is_its_end_and_noted():
    text = '[{"start": 5, "end": 60.9}, {"start": 6, "end": 61}, {"start": 7, "end": 60.04}]'
    reading = parse_scenes(text, name="a.json", duration=60, fps=FPS)

    assert {scene.end for scene in reading.scenes} == {60}
    assert reading.notes == ("2 scenes end after the video: they end with the video.",)


OUTSIDE = "outside the scene (0:10 to 0:20); give the video's times"
SAID = [
    {"text": "so", "start": 11, "end": 11.5, "confidence": 0.9},
    {"text": " 日本 ", "start": 10.5, "end": 11, "joined": True, "speaker": "A"},
]


def test_a_scene_may_bring_the_words_that_it_shows():
    [scene, silent, open_] = read(
        json.dumps(
            [
                {"start": 10, "end": 20, "words": SAID},
                {"start": 10, "end": 20, "words": []},
                {"start": 10, "end": 20, "words": None},
            ]
        )
    )

    assert scene.words is not None
    assert [(word.text, word.start) for word in scene.words] == [("日本", 10.5), ("so", 11)]
    assert (silent.words, open_.words) == ((), None)
    assert parse_scenes(
        write_json([scene], Footage("a", "", 60, Fraction(25))), name="", duration=60, fps=25
    ).scenes[0].words == scene.words  # fmt: skip


def test_words_are_cut_at_the_borders_of_their_scene():
    around = [{"text": str(at), "start": at, "end": at + 2} for at in (8, 9.5, 15, 18.5, 19.5)]
    [scene] = read(json.dumps([{"start": 10, "end": 20, "words": around}]))

    spans = [(word.text, word.start, word.end) for word in scene.words or ()]
    assert spans == [("9.5", 10, 11.5), ("15", 15, 17), ("18.5", 18.5, 20)]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("so", "scenes[1].words: so is not a list of words like {text, start, end}"),
        ([7], "scenes[1].words[0]: 7 is not a word like {text, start, end}"),
        ([{"text": "a", "start": 11}], "scenes[1].words[0].end: Field required"),
        (
            [{"text": "a", "start": 12, "end": 11}],
            "scenes[1].words[0]: a word ends before it starts",
        ),
        (
            [{"text": "a", "start": 1, "end": 2}],
            f"scenes[1].words: the words are said from 0:01 to 0:02, {OUTSIDE}",
        ),
        (
            [{"text": "a", "start": 11, "end": 12}] * 20_001,
            "scenes[1].words: the scene has 20,001 words; at most 20,000 are shown",
        ),
    ],
)
def test_a_fault_of_words_is_named_with_its_place(words, problem):
    assert fault({"start": 10, "end": 20, "words": words}) == problem


def test_words_of_a_scene_without_a_start_are_judged_all_the_same():
    item = {"end": 20, "words": [{"text": "a", "start": 1, "end": 2}, 7]}

    assert faults(json.dumps([item])) == [
        "scenes[0]: start is missing",
        "scenes[0].words[1]: 7 is not a word like {text, start, end}",
    ]


def test_a_column_of_that_name_in_a_table_is_somebodys_count():
    assert read("start,end,words\n0,1,12\n", "a.csv")[0].words is None


@pytest.mark.parametrize(
    "items",
    [
        [],
        [7],
        [{"start": 0, "end": 1}, {"from": "0:02", "to": "0:03.5", "name": "Two", "crop": None}],
        [{"start": "00:00:01:12", "end": "00:00:03:00"}],
        [{"start": 1}, {"start": 5}],
        [{"start": 1, "end": 2, "webcam": {"x": 0, "y": 0, "width": 0.5, "height": 0.5}}],
        [{"start": [], "end": True, "title": 4}, {"id": 1e3, "start": 5, "end": 1}],
    ],
)
def test_objects_are_read_as_the_json_that_they_came_from(items):
    facts: dict[str, Any] = {"duration": 60.0, "fps": 25.0, "options": scene_options()}

    assert outcome(lambda: read_scene_objects(items, **facts)) == outcome(
        lambda: parse_scenes(json.dumps(items), name="scenes.json", **facts)
    )


def outcome(read: Callable[[], SceneReading]) -> object:
    """What comes of reading: the scenes with their notes, or the faults."""
    try:
        return read()
    except InvalidScenesError as error:
        return error.faults


def test_equal_scenes_are_one_in_a_set_whatever_their_options_are():
    scene = Scene(id=1, start=0.0, end=2.0, options={"crop": [{"x": 0.1}]})

    assert {scene, scene.model_copy()} == {scene}
