"""The order of the queue: urgent work goes first, and nothing starves."""

from datetime import UTC, datetime, timedelta
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from viralclip.engine.priorities import clip_numbers, priority_number

MOMENTS = st.datetimes(
    min_value=datetime(2025, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone itself
    max_value=datetime(2090, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
PRIORITIES = st.sampled_from(["urgent", "normal", "low"])


@given(MOMENTS)
def test_of_jobs_submitted_together_the_urgent_goes_first_and_the_low_last(moment):
    numbers = [priority_number(name, moment) for name in ("urgent", "normal", "low")]

    assert numbers == sorted(set(numbers))


@given(MOMENTS, PRIORITIES, st.integers(0, 10**5), st.integers(1, 1000))
def test_clips_of_a_job_are_numbered_in_order_and_not_beyond_the_next_class(
    moment, priority, behind, count
):
    numbers = list(islice(clip_numbers(priority, moment, behind=behind), count))

    assert numbers == sorted(numbers)
    assert numbers[0] >= priority_number(priority, moment)
    if priority != "low":
        assert numbers[-1] < priority_number("normal" if priority == "urgent" else "low", moment)


@given(MOMENTS, PRIORITIES, PRIORITIES, st.integers(0, 10**5))
def test_a_clip_is_overtaken_only_by_what_is_submitted_within_five_hours(
    moment, priority, other, behind
):
    number = next(clip_numbers(priority, moment, behind=behind))
    later = moment + timedelta(hours=5, seconds=1)

    assert next(clip_numbers(other, later, behind=0)) > number


@given(MOMENTS, PRIORITIES, st.integers(1, 10**6))
def test_of_equal_jobs_the_older_goes_first(moment, priority, seconds):
    later = moment + timedelta(seconds=seconds)

    assert priority_number(priority, moment) < priority_number(priority, later)


@given(MOMENTS, PRIORITIES)
def test_nothing_starves_under_a_stream_of_urgent_work(moment, priority):
    """Four hours' wait beats any urgent job that is submitted then."""
    much_later = moment + timedelta(hours=4, seconds=1)

    assert priority_number(priority, moment) < priority_number("urgent", much_later)


@given(MOMENTS, PRIORITIES)
def test_every_number_fits_the_queue(moment, priority):
    assert 1 <= priority_number(priority, moment) < 2**31
