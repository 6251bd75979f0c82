"""When a job will be done is shown steadily, and truthfully."""

from datetime import UTC, datetime, timedelta

from viralclip.eta import TimeLeft
from viralclip.steady import DoneAt, steady

NOW = datetime(2026, 6, 1, 14, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def left(expected: float, low: float, high: float) -> TimeLeft:
    return TimeLeft(expected * 60, low * 60, high * 60)


def test_the_first_estimate_is_shown_as_it_is():
    assert steady(None, left(10, 8, 14), NOW) == DoneAt(at(10), at(8), at(14))


def test_an_estimate_inside_the_band_moves_nothing():
    shown = DoneAt(at(10), at(8), at(14))

    assert steady(shown, left(11, 9, 14), NOW) == shown


def test_a_band_that_has_become_much_too_wide_is_drawn_closer_around_the_same_time():
    shown = DoneAt(at(10), at(5), at(20))

    assert steady(shown, left(12, 11, 14), NOW) == DoneAt(at(10), at(10), at(14))


def test_an_estimate_outside_the_band_is_shown():
    shown = DoneAt(at(10), at(8), at(14))

    assert steady(shown, left(15, 12, 19), NOW) == DoneAt(at(15), at(12), at(19))


def test_a_time_that_has_passed_is_shown_no_longer():
    shown = DoneAt(at(10), at(8), at(14))

    assert steady(shown, left(2, 1, 3), at(11)) == DoneAt(at(13), at(12), at(14))


def test_time_that_passes_moves_nothing_while_the_estimate_shrinks_with_it():
    shown = steady(None, left(10, 8, 14), NOW)
    later = steady(shown, left(6, 5, 8), at(4))

    assert later.expected == at(10)


def test_a_time_that_is_far_off_for_a_band_that_has_become_narrow_is_left():
    shown = DoneAt(at(20), at(10), at(30))

    assert steady(shown, left(11, 10, 12), NOW) == DoneAt(at(11), at(10), at(12))
