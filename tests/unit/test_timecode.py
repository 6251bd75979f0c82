"""Times as people write them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viralclip.timecode import TimeRange, format_time, parse_frames, parse_time


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (10.5, 10.5),
        (7, 7.0),
        (0, 0.0),
        ("10.5", 10.5),
        (" 10,5\n", 10.5),
        ("1:02.5", 62.5),
        ("01:02:03,250", 3723.25),
        ("90:00", 5400.0),
        ("0:00", 0.0),
        ("100:00:00", 360_000.0),
    ],
)
def test_times_are_read_in_every_spelling(written, seconds):
    assert parse_time(written) == seconds


@pytest.mark.parametrize(
    "written",
    [
        *("", "x", "00:01:75", "1:75", "1:75:00", "1:002", "1:2:3:4", "10.", ".5", "1e3", "--1"),
        *("9" * 400, "9" * 5000, True, False, math.nan, math.inf, -math.inf, 10**400),
    ],
)
def test_what_is_no_time_is_refused(written):
    with pytest.raises(ValueError, match=r"is not a time$"):
        parse_time(written)


@pytest.mark.parametrize("written", [-1, -0.001, "-1", "-0:01"])
def test_negative_times_are_refused_as_negative(written):
    with pytest.raises(ValueError, match="is negative"):
        parse_time(written)


@pytest.mark.parametrize("written", [-0.0, "-0", "-0:00.0"])
def test_negative_zero_is_plain_zero(written):
    assert math.copysign(1, parse_time(written)) == 1


@given(st.text() | st.floats() | st.integers() | st.booleans())
def test_parse_time_answers_or_raises_value_error(written):
    try:
        seconds = parse_time(written)
    except ValueError:
        return

    assert math.isfinite(seconds)
    assert seconds >= 0


@given(st.integers(min_value=0, max_value=400 * 3600 * 1000))
def test_a_formatted_time_reads_back_to_the_millisecond(millis):
    assert parse_time(format_time(millis / 1000)) == millis / 1000


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (9.5, "0:09.5"),
        (59.9996, "1:00"),
        (62.25, "1:02.25"),
        (3600, "1:00:00"),
        (3723.007, "1:02:03.007"),
    ],
)
def test_times_are_written_short(seconds, text):
    assert format_time(seconds) == text


@pytest.mark.parametrize(
    ("code", "fps", "seconds"),
    [
        ("00:00:01:00", 25, 1.0),
        ("01:00:00:12", 24, 3600.5),
        ("00:00:00:119", 120, 119 / 120),
        ("00:00:10:00", 30000 / 1001, 10.01),
        ("01:00:00;00", 30000 / 1001, 3599.9964),
        ("00:01:00;02", 30000 / 1001, 60.06),
        ("00:10:00;00", 60000 / 1001, 599.9994),
        ("00;10;00;00", 29.97, 599.9994),
    ],
)
def test_timecodes_count_frames(code, fps, seconds):
    assert parse_frames(code, fps=fps) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    ("code", "fps", "problem"),
    [
        ("1:02", 25, "is not a timecode HH:MM:SS:FF"),
        ("00:00:00:25", 25, "is not a timecode at 25 frames per second"),
        ("00:00:60:00", 25, "is not a timecode at 25 frames per second"),
        ("00:60:00:00", 25, "is not a timecode at 25 frames per second"),
        ("00:01:00;01", 29.97, "is not a drop-frame timecode at 29.97"),
        ("00:01:00;03", 59.94, "is not a drop-frame timecode at 59.94"),
        ("00:01:10;00", 25, "is not a drop-frame timecode at 25"),
    ],
)
def test_codes_that_are_never_counted_are_refused(code, fps, problem):
    with pytest.raises(ValueError, match=problem):
        parse_frames(code, fps=fps)


def test_drop_frame_codes_number_every_frame_of_an_hour_once():
    fps = 30000 / 1001
    frames = [
        round(parse_frames(f"00:{minute:02}:{second:02};{frame:02}", fps=fps) * fps)
        for minute in range(60)
        for second in range(60)
        for frame in range(30)
        if second or frame > 1 or minute % 10 == 0
    ]

    assert frames == list(range(107_892))


def test_a_range_lasts_from_start_to_end():
    assert TimeRange(10.5, 40.25).duration == 29.75
