"""Whatever a list leaves open is decided in one way, and noted."""

import pytest

from viralclip.scenes import parse_scenes

NTSC = 30000 / 1001
SAY_25 = "If the list counts at 25, write FPS: 25 as its first line."
READ_AS = 'add a header such as "title,start,end" to say otherwise.'


def read(data, name="list", *, duration: float | None = 60.0, fps=25.0, timecode=""):
    return parse_scenes(data, name=name, duration=duration, fps=fps, timecode=timecode)


def spans(reading):
    return [(scene.title, round(scene.start, 3), round(scene.end, 3)) for scene in reading.scenes]


def edl(*frames, fcm="NON-DROP FRAME"):
    """Events of one second that begin with these frames of the seconds 10, 12, 14 …"""
    events = [
        f"{n:03} AX V C 00:00:{8 + 2 * n:02}:{f:02} 00:00:{9 + 2 * n:02}:{f:02}"
        f" 01:00:00:00 01:00:01:00\n"
        for n, f in enumerate(frames, 1)
    ]
    return f"TITLE: x\nFCM: {fcm}\n\n" + "".join(events)


@pytest.mark.parametrize(
    ("text", "scene", "order"),
    [
        ("10,20,30\n", ("30", 10, 20), "start, end, title"),
        ("1,10,20\n", ("1", 10, 20), "title, start, end"),
        ("1,10,20\n2,30,40\n", ("1", 10, 20), "title, start, end"),
        ("0,10,20\n1,30,40\n", ("0", 10, 20), "title, start, end"),
        ("5,10,20\n6,30,40\n", ("20", 5, 10), "start, end, title"),
    ],
)
def test_three_numbers_are_read_as_documented(text, scene, order):
    reading = read(text, "list.csv")

    assert spans(reading)[0] == scene
    assert reading.notes == (f"Read as {order}; {READ_AS}",)


def test_numbers_in_the_wrong_order_leave_nothing_open():
    assert spans(read("10,20,3\n30,40,4\n")) == [("3", 10, 20), ("4", 30, 40)]
    assert read("10,20,3\n30,40,4\n").notes == ()


@pytest.mark.parametrize(
    ("frames", "fps", "start", "rate"),
    [
        ((45, 0), 30.0, 10.75, 60),
        ((27, 0), 25.0, 10.9, 30),
        ((40, 0), 25.0, 10.8, 50),
        ((45, 0), NTSC, 10.76075, 59.94),
        ((25, 0), 24000 / 1001, 10.84417, 29.97),
        ((24, 0), 24000 / 1001, 10.96, 25),
        ((110, 0), 25.0, 10.91667, 120),
        ((12, 20, 24), 50.0, 10.48, 25),
    ],
)
def test_frame_numbers_show_the_rate_of_a_list(frames, fps, start, rate):
    reading = read(edl(*frames), fps=fps)

    assert reading.scenes[0].start == pytest.approx(start, abs=0.011)
    assert f"The list counts {rate:.5g} frames per second" in reading.notes[0]
    assert f"the video has {fps:.5g}" in reading.notes[0]


def test_few_frame_numbers_on_a_fast_video_are_noted():
    reading = read(edl(20, 24), fps=50.0)

    assert reading.scenes[0].start == 10.4
    assert reading.notes == (f"Frames are counted at the video's 50 per second. {SAY_25}",)
    assert read("FPS: 50\n" + edl(20, 24), fps=50.0).notes == ()
    assert read("FPS: 29.97\n" + edl(0, 0), fps=NTSC).notes == ()
    assert read("FPS: 500\n" + edl(0, 0)).notes == ()


@pytest.mark.parametrize(("fps", "rate"), [(25.0, "29.97"), (NTSC * 2, "29.97")])
def test_drop_frame_timecodes_show_the_rate_of_a_list(fps, rate):
    [note] = read(edl(0, 10, 29, fcm="DROP FRAME"), fps=fps).notes or [""]

    assert (rate in note) == (fps == 25.0)


def test_record_timecodes_are_used_where_the_source_lies_elsewhere():
    text = (
        "001 A V C 14:23:12:00 14:23:15:00 01:00:00:00 01:00:03:00\n"
        "002 B V C 09:10:00:00 09:10:01:00 01:00:03:00 01:00:04:00\n"
    )
    reading = read(text)

    assert spans(reading) == [("Scene 1", 0, 3), ("Scene 2", 3, 4)]
    assert reading.notes == (
        "The source timecodes lie outside the video, so the record timecodes are used.",
        "The list counts from 01:00:00:00, which is taken off.",
    )


def test_a_video_may_count_at_another_rate_than_its_list():
    text = "001 A V C 10:00:01:00 10:00:02:00 00:00:00:00 00:00:01:00\n"

    assert read(text, fps=30.0, timecode="10:00:00:45").scenes[0].start == 1
    assert read("FPS: 60\n" + text, fps=30.0, timecode="10:00:00:45").scenes[0].start == 0.25


def test_a_header_may_stand_below_other_lines():
    reading = read("My markers\n;;\ntitle,start,end\nOne,1,2\n", "list.csv")

    assert spans(reading) == [("One", 1, 2)]
    assert reading.notes == ("What stands above the header is left out: line 1, 2.",)


def test_a_table_without_ends_runs_on():
    reading = read("Timecode,Name\n0:10,One\n0:20,Two\n")

    assert spans(reading) == [("One", 10, 20), ("Two", 20, 60)]
    assert reading.notes[0].startswith("The list has no ends")


def test_chapters_within_others_and_without_ends_are_taken_as_they_come():
    atom = "<ChapterAtom><ChapterTimeStart>0:10</ChapterTimeStart></ChapterAtom>"
    ffmetadata = ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=10\ntitle=x"

    assert spans(read(f"<Chapters><Edition>{atom}</Edition></Chapters>")) == [("Scene 1", 10, 60)]
    assert spans(read(ffmetadata)) == [("x", 10, 60)]


def test_numbers_too_high_for_frames_stay_seconds():
    with pytest.raises(Exception, match="fault"):
        read("100000,200000,A\n", "a.csv")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("0:00 Café\n0:10 ¿Qué pasó?\n", "cp1252"),
        ("0:00 “Quoted” and l\u2019été à l\u2019Île\n", "cp1252"),
        ("0:00 Да\n0:10 Ёлка № 5\n", "cp1251"),
        ("0:00 テスト\n", "cp932"),
        ("0:00 こんにちは世界\n", "euc_jp"),
        ("0:00 안녕하세요\n0:10 소개\n", "euc_kr"),
        ("0:00 Zażółć gęślą jaźń\n", "cp1250"),
        ("0:00 Καλημέρα κόσμε\n", "cp1253"),
        ("0:00 Café\n", "utf-32"),
        ("0:00 Café\n", "utf-8-sig"),
    ],
)
def test_no_letter_is_damaged_whatever_the_encoding(text, encoding):
    titles = [line.partition(" ")[2] for line in text.splitlines()]

    assert [scene.title for scene in read(text.encode(encoding)).scenes] == titles
