"""Ticks at a human pace, on a clock that the test moves."""

from hypothesis import given
from hypothesis import strategies as st

from viralclip.channel.pace import INTERVAL_S, Pace
from viralclip.events import ClipTick, JobTick
from viralclip.steps import Step


def _tick(fraction: float, *, style: str = "left", attempt: int = 1) -> ClipTick:
    return ClipTick(
        job_id="job",
        scene_id=1,
        style=style,
        attempt=attempt,
        step=Step.RENDERING,
        fraction=fraction,
    )


def test_the_first_tick_is_due_at_once():
    pace = Pace()
    pace.add(_tick(0.1))

    assert pace.wait(100.0) == 0.0
    assert pace.take_due(100.0) == [_tick(0.1)]


def test_the_latest_tick_of_a_slot_wins_and_the_others_are_counted(counted):
    pace = Pace()
    for share in (0.1, 0.2, 0.3):
        pace.add(_tick(share))

    assert pace.take_due(0.0) == [_tick(0.3)]
    assert pace.conflated == counted("viralclip_ticks_conflated_total") == 2


def test_slots_do_not_replace_each_other():
    pace = Pace()
    ticks = [_tick(0.1), _tick(0.2, style="right"), JobTick(job_id="job", fraction=0.1)]
    for tick in ticks:
        pace.add(tick)

    assert pace.take_due(0.0) == ticks


def test_after_a_batch_the_next_one_waits_for_the_rest_of_the_interval():
    pace = Pace()
    pace.add(_tick(0.1))
    pace.take_due(10.0)
    pace.add(_tick(0.2))

    assert pace.take_due(10.2) == []
    assert pace.wait(10.2) == 10.0 + INTERVAL_S - 10.2
    assert pace.take_due(10.25) == [_tick(0.2)]


def test_with_nothing_waiting_there_is_nothing_to_wait_for():
    pace = Pace()
    pace.add(_tick(0.1))
    pace.take_due(0.0)

    assert pace.wait(0.1) is None
    assert pace.take_due(99.0) == []


def test_a_dropped_tick_is_not_given_and_counts_as_conflated():
    pace = Pace()
    pace.add(_tick(0.1))
    pace.add(_tick(0.2, attempt=2))
    pace.drop("job", _tick(0.1).tick_key)
    pace.drop("job", "nothing/waits/here")

    assert pace.take_due(0.0) == [_tick(0.2, attempt=2)]
    assert pace.conflated == 1


@given(st.lists(st.floats(0.001, 1.0), max_size=200))
def test_a_clip_never_gets_more_than_four_ticks_in_any_second(gaps: list[float]):
    pace, now, given_at = Pace(), 0.0, list[float]()
    for gap in gaps:
        now += gap
        pace.add(_tick(0.5))
        given_at += [now] * len(pace.take_due(now))

    for first, fifth in zip(given_at, given_at[4:], strict=False):
        assert fifth - first >= 1.0 - 1e-9
