"""Scene lists that come from editing programs."""

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


def edl(*events, fcm="NON-DROP FRAME"):
    return "\n".join([f"TITLE: t\nFCM: {fcm}\n", *events])


def event(start, end, *, number="001", reel="AX", track="V", cut="C"):
    return f"{number}  {reel}  {track}  {cut}  {start} {end} 00:00:00:00 00:00:01:00"


def test_events_are_scenes_at_their_source_timecodes():
    text = edl(
        event("00:00:10:00", "00:00:20:12"), "* COMMENT: x", "* FROM CLIP NAME: talk.mp4", "M2 x"
    )

    assert spans(read(text)) == [("talk.mp4", 10, 20.48)]


def test_markers_are_scenes_of_their_own_length():
    marker = event("00:00:10:00", "00:00:10:01", reel="001")

    assert spans(read(edl(marker, " |C:ResolveColorBlue |M:Best bit |D:50"))) == [
        ("Best bit", 10, 12)
    ]


def test_the_customary_first_hour_is_taken_off_when_the_video_is_shorter():
    text = edl(event("01:00:10:00", "01:00:20:00"), event("01:00:00:00", "01:00:01:00"))

    assert spans(read(text, duration=60)) == [("Scene 1", 10, 20), ("Scene 2", 0, 1)]
    assert read(text, duration=7200)[0].start == 3610
    assert read(text, duration=None)[0].start == 3610


def test_one_event_before_the_first_hour_keeps_the_hour():
    text = edl(event("01:00:10:00", "01:00:20:00"), event("00:00:00:00", "00:00:01:00"))

    assert len(faults(text, duration=60)) == 2


def test_an_unreadable_event_leaves_the_hour_of_the_others_alone():
    text = edl(event("x", "01:00:01:00"), event("01:00:10:00", "01:00:20:00"))

    assert faults(text, duration=60) == ["line 4: x is not a timecode HH:MM:SS:FF"]


def test_drop_frame_lists_count_so_with_colons_too():
    fps = 30000 / 1001
    text = edl(event("01:00:10:00", "01:00:20:00"), event("01:01:00;02", "01:01:10;00"))
    [first, second] = read(text.replace("NON-DROP", "DROP"), duration=90, fps=fps)

    assert first.start == pytest.approx(10.01)
    assert second.start == pytest.approx(60.06)


def test_sound_and_black_and_halves_of_dissolves_are_no_scenes():
    text = edl(
        event("00:00:00:00", "00:00:01:00", reel="BL"),
        event("00:00:10:00", "00:00:20:00"),
        event("00:00:10:00", "00:00:20:00", track="AA"),
        event("00:00:30:00", "00:00:30:00", number="003"),
        event("00:00:40:00", "00:00:50:00", number="003", track="AA/V", cut="D  025"),
    )

    assert spans(read(text)) == [("Scene 1", 10, 20), ("Scene 2", 40, 50)]


def test_an_event_without_length_is_no_half_of_another_event():
    text = edl(
        event("00:00:30:00", "00:00:30:00", number="003"),
        event("00:00:40:00", "00:00:50:00", number="004"),
    )

    assert faults(text) == ["line 4: 0:30 is not after the start 0:30"]


def test_a_list_of_sound_events_is_a_list_of_scenes():
    assert spans(read(edl(event("00:00:01:00", "00:00:02:00", track="A2")))) == [("Scene 1", 1, 2)]


def test_an_edl_without_events_is_empty():
    assert faults("TITLE: t", "a.edl") == ["the list holds no scenes"]
    assert faults(edl(event("00:00:00:00", "00:00:01:00", reel="BL"))) == [
        "the list holds no scenes"
    ]


def test_bad_events_are_named_by_their_line():
    text = edl(
        event("00:00:01:00", "00:00:62:00"),
        "002 AX V C 00:00:01:00",
        event("x", "00:00:02;00"),
        event("00:00:05:00", "00:00:04:00"),
    )

    assert faults(text, "a.edl") == [
        "line 4: 00:00:62:00 is not a timecode at 25 frames per second",
        "line 5: an event needs number, reel, track, transition and four timecodes",
        "line 6: x is not a timecode HH:MM:SS:FF",
        "line 6: 00:00:02;00 is not a drop-frame timecode at 25 frames per second",
        "line 7: 0:04 is not after the start 0:05",
    ]
