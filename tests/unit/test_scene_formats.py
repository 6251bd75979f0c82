"""Scene lists as tables, captions and chapter lines."""

import pytest

from viralclip.errors import InvalidScenesError
from viralclip.scenes import parse_scenes

HOUR = 3600.0
FPS = 25.0


def read(text, name="scenes.txt", *, duration: float | None = HOUR, fps=FPS):
    return parse_scenes(text, name=name, duration=duration, fps=fps).scenes


def faults(text, name="scenes.txt", *, duration: float | None = HOUR, fps=FPS):
    with pytest.raises(InvalidScenesError) as raised:
        read(text, name, duration=duration, fps=fps)
    return [str(fault) for fault in raised.value.faults]


def spans(scenes):
    return [(scene.title, scene.start, scene.end) for scene in scenes]


@pytest.mark.parametrize(
    "text",
    [
        "Intro,0:10,20.5\nOutro,30,0:40",
        "Intro;10;20,5\n\n;;\nOutro;0:30;0:40",
        "Intro\t10\t20.5\t\t\nOutro\t30\t40",
        'Name,Start Time,End Time\n"Intro",10,20.5\nOutro,30,40\n',
        "end_sec;start_sec;label\n20,5;10;Intro\n40;30;Outro",
        "start,duration,title,id\n10,10.5,Intro,\n30,10,Outro,",
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
def test_tables_are_read_with_and_without_header(text, name):
    assert spans(read(text, name)) == [("Intro", 10, 20.5), ("Outro", 30, 40)]


def test_a_title_may_hold_the_delimiter_in_quotes():
    assert spans(read('"Yes, ""we"" can; now",1,2', "a.csv")) == [('Yes, "we" can; now', 1, 2)]


def test_a_table_needs_no_titles():
    assert spans(read("start,end\n1,2", "a.csv")) == [("Scene 1", 1, 2)]


def test_a_leading_empty_cell_is_an_empty_title():
    assert spans(read("\t1\t2", "a.tsv")) == [("Scene 1", 1, 2)]


def test_bad_rows_are_named_by_their_line():
    text = 'title,start,end\na,1:75,2\n\nb,1\nc,1,2,3\n"d,1,2\ne,2,1\n"f"x,1,2'

    assert faults(text, "a.csv") == [
        "line 2: 1:75 is not a time",
        "line 4: end is missing",
        "line 5: the row has 4 columns instead of 3",
        "line 6: the row is broken: unexpected end of data",
        "line 7: 0:01 is not after the start 0:02",
        "line 8: the row is broken: ',' expected after '\"'",
    ]


def test_a_header_alone_is_an_empty_list():
    assert faults("title,start,end\n", "a.csv") == ["the list holds no scenes"]


def test_captions_lose_their_markup_and_keep_their_lines_together():
    text = (
        "WEBVTT - talk\n\nSTYLE\n::cue {}\n\nintro\n00:01.000 --> 00:02.500 align:start\n"
        "<v Ann>Salt &amp; pepper</v>\n<i>again</i>\n"
    )

    assert spans(read(text)) == [("Salt & pepper again", 1, 2.5)]


def test_cues_without_empty_lines_between_them_are_told_apart():
    text = "1\n00:00:01,000 --> 00:00:02,000\nOne\n2\n00:00:03,000 --> 00:00:04,000\n2\nTwo"

    assert spans(read(text, "a.srt")) == [("One", 1, 2), ("2 Two", 3, 4)]


def test_bad_cues_are_named_by_their_line():
    text = (
        "1\n00:00:01,000 --> 00:00:75,000\nOne\n\n2\n00:00:03,000 -> 00:00:04,000\nTwo\n\n"
        "3\n00:00:06,000 -->\nThree\n\n--> 00:00:09,000\n"
    )

    assert faults(text, "a.srt") == [
        "line 2: 00:00:75,000 is not a time",
        "line 5: the cue has no line like 0:10 --> 0:20",
        'line 10: "" is not a time',
        'line 13: "" is not a time',
    ]


@pytest.mark.parametrize(
    "text",
    [
        "0:00 Intro\n1:00:00 Outro",
        "00:00 - Intro\n\n01:00:00 \u2013 Outro\n",
        "[0:00] Intro\n[1:00:00] Outro",
        "(0:00) Intro\n(1:00:00): Outro",
        "- 0:00 | Intro\n* 1:00:00. Outro",
        "0:00-1:00:00 Intro\n1:00:00 — 1:06:40 Outro",
    ],
)
def test_chapter_lines_are_read_as_people_write_them(text):
    assert spans(read(text, duration=4000)) == [("Intro", 0, 3600), ("Outro", 3600, 4000)]


def test_bad_chapter_lines_are_named_and_the_others_judged():
    text = "0:00 A\nhello\n0:75 B\n0:20 C\n0:10 D\n10:00:00:05 E"

    assert faults(text) == [
        "line 3: 0:75 is not a time",
        "line 4: 0:10 is not after the start 0:20",
        "line 5: 10:00:00:05 lies outside the video, which has no start timecode",
        "line 6: 10:00:00:05 lies outside the video, which has no start timecode",
    ]


def test_the_last_chapter_needs_the_length_of_the_video():
    assert faults("0:00 A\n0:10 B", duration=None) == [
        "line 2: the last chapter has no end, because the length of the video is unknown"
    ]
