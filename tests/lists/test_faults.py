"""What is wrong with a list of another tool is said with its place."""

import json

import pytest

from viralclip.errors import InvalidScenesError
from viralclip.scenes import MAX_BYTES, parse_scenes


def faults(data, name="list", *, duration: float | None = 60.0, fps=25.0, timecode=""):
    with pytest.raises(InvalidScenesError) as raised:
        parse_scenes(data, name=name, duration=duration, fps=fps, timecode=timecode)
    return [str(fault) for fault in raised.value.faults]


def otio(*clips):
    track = {"OTIO_SCHEMA": "Track.1", "children": list(clips)}
    stack = {"OTIO_SCHEMA": "Stack.1", "children": [track]}
    return json.dumps({"OTIO_SCHEMA": "Timeline.1", "tracks": stack})


def nested(depth):
    text = '{"OTIO_SCHEMA": "Clip.1"}'
    for _ in range(depth):
        text = f'{{"OTIO_SCHEMA": "SerializableCollection.1", "children": [{text}]}}'
    return text


CLIP = {"OTIO_SCHEMA": "Clip.1", "name": "x"}
NO_RATE = {"start_time": {"value": 1, "rate": 0}, "duration": {"value": 1, "rate": 25}}
NO_TIME = "is not a time MM:SS:FF with 75 frames a second"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"PK\x03\x04\0\0\xff\xfe", ["this is not text; save the list as UTF-8"]),
        (b"\xff\xfe\x00", ["this is not text; save the list as UTF-8"]),
        (bytes(range(128, 256)) * 9, ["this is not text; save the list as UTF-8"]),
        (b" " * (MAX_BYTES + 1), ["the list has 33,554,433 bytes; at most 33,554,432 are allowed"]),
        ("[{'start': 1,", ["line 1, column 3: the JSON is broken: "]),
        ("{a: " * 50, ["the JSON is broken: something else is expected here"]),
        ("{\n a: 1,\n b c}", ["line 3, column 4: the JSON is broken: something else"]),
        ('{"cutSegments": 5}', ["cutSegments: 5 is not a list of segments"]),
        (
            "{version: 1, cutSegments: [5, {start: 'x', end: 2}]}",
            [
                "cutSegments[0]: 5 is not a segment like {start, end, name}",
                "cutSegments[1].start: x is not a time",
            ],
        ),
        ('{"chapters": null}', ["chapters: the file has no chapters"]),
        ('{"chapters": 5}', ["chapters: 5 is not a list of scenes"]),
        (
            '{"chapters": [], "heatmap": [{"start_time": 0, "end_time": 5, "value": 1}, 3, {}]}',
            ["the file has no chapters; most replayed: 0:00 - 0:05, which could be scenes"],
        ),
        (otio(), ["the list holds no scenes"]),
        (otio(CLIP), ["clip has neither a source nor an available range"]),
        (
            otio({**CLIP, "source_range": NO_RATE}),
            ["the range has no start_time and duration with a"],
        ),
        (nested(40), ["the list holds no scenes"]),
        ("<a>&lt;", ["line 1, column 8: the XML is broken"]),
        ("<a>\ud800</a>", ["the XML is not text"]),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a/>', ["the XML declares entities; save it without them"]),
        ("<html/>", ["the XML holds neither Matroska chapters, Podlove chapters or a Final Cut"]),
        (
            "<chapters><chapter title='x'/></chapters>",
            ["chapter 1: start is missing"],
        ),
        (
            "<xmeml><clipitem><in>x</in><out>5</out></clipitem></xmeml>",
            ["clip 1: in x is not a frame number"],
        ),
        (
            "<fcpxml><asset-clip name='x' start='1s' duration='5/0s'/></fcpxml>",
            ["asset-clip x: the duration is not a time like 1001/30000s"],
        ),
        (
            "CHAPTER01=0:75\nhello",
            ["line 1: 0:75 is not a time", "line 2: the line is not like CH"],
        ),
        (
            ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/0\nSTART=x\nEND=5\ntitle=a\\",
            ["line 2: x is not a number of ticks"],
        ),
        (
            "TRACK 01 AUDIO\nINDEX 01 00:99:00",
            [f"line 1: 00:99:00 {NO_TIME}"],
        ),
        ("TRACK 01 AUDIO\nINDEX 01 x:y", [f"line 1: x:y {NO_TIME}"]),
        ("# mpv EDL v0\na.mp4\na.mp4,1,x", ["line 2: a segment needs file", "line 3: x is not a"]),
        ("0:00 A\n1:3O B", ["line 2: 1:3O B does not start with a time"]),
        ("a,10,20\nb,20,30,x,y\n", ["line 2: the row has 5 columns instead of 3"]),
        ('a,10,20\n"b,20,30', ["line 2: the row is broken: "]),
        ('262,506,A\n"x,1,2', ["line 2: the row is broken"]),
        (
            "Marker Name\tIn\tOut\nA\t\t5\nB\tx\t5\nC\t1\t1",
            ["line 2: start is missing", "line 3: x is not a time"],
        ),
        ("10:00:00:00,10:00:01:00,A\n0:99,1,B", ["line 2: 0:99 is not a time"]),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, expected):
    found = faults(text)

    assert len(found) == len(expected)
    for fault, part in zip(found, expected, strict=True):
        assert part in fault


def test_a_clock_that_is_not_the_videos_is_said():
    edl = "001 AX V C 14:23:12:00 14:23:15:00 14:23:12:00 14:23:15:00\n"

    assert faults(edl) == [
        "line 1: 14:23:12:00 lies outside the video, which has no start timecode",
        "line 1: 14:23:15:00 lies outside the video, which has no start timecode",
    ]
    assert faults(edl, timecode="10:00:00:00")[0] == (
        "line 1: 14:23:12:00 lies outside the video, which starts at 10:00:00:00"
    )


def test_subtitles_with_more_cues_than_scenes_are_told_what_can_be_done():
    text = "".join(f"{n}\n00:00:{n % 60:02},000 --> 00:00:59,000\nx\n\n" for n in range(250))

    assert faults(text, "talk.srt")[0] == (
        "the list has 250 cues; at most 200 are allowed, because each becomes a scene: keep the"
        " ones that are worth a clip, or write lines like 0:10 - 0:40 Title"
    )


@pytest.mark.parametrize("line", ["a,1,2\n", "0:01 x\n", "1\t2\tx\n", "hello\n"])
def test_a_list_of_60000_lines_is_refused_with_few_faults(line):
    assert len(faults(line * 60_000)) < 450


def test_cut_lists_need_the_length_of_the_video():
    assert faults("5 10 0\n", duration=None) == [
        "scene 2: the last scene has no end, because the length of the video is unknown"
    ]
