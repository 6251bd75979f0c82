"""How well times are learned and told, on made-up work whose truth is known."""

import heapq
import math
from random import Random

import pytest

from viralclip.eta import Rate, Timings, time_left
from viralclip.progress import ClipState, Progress, SceneState
from viralclip.steps import Step

_SCENE_S = 20.0
_TRIALS = 120


def _dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - the same dice each time, not a secret


def _learned(style: str, seconds_per_second: float, noise: float, count: int, dice: Random):
    timings = Timings()
    for _ in range(count):
        rate = seconds_per_second * math.exp(noise * dice.gauss())
        timings = timings.observe(style, "balanced", rate)
    return timings


def _job(*clips: ClipState, duration: float = _SCENE_S) -> Progress:
    scenes = tuple(
        SceneState(scene_id=i, title="t", start_sec=0, duration_sec=duration, clips=(clip,))
        for i, clip in enumerate(clips)
    )
    return Progress(job_id="j", status="running", scenes=scenes)


def _queued(style: str = "split") -> ClipState:
    return ClipState(style=style, analysed=False)


def _made_in(works: list[float], slots: int) -> float:
    free = [0.0] * slots
    for work in works:
        heapq.heapreplace(free, free[0] + work)
    return max(free)


def test_a_learned_rate_comes_to_stand_near_the_truth():
    rate = _learned("split", 2.5, 0.3, 200, _dice(1)).rate("split", "balanced")

    assert math.exp(rate.log_mean) == pytest.approx(2.5, rel=0.2)
    assert math.sqrt(rate.log_variance) == pytest.approx(0.3, rel=0.4)


def test_the_first_clip_alone_already_moves_the_rate_to_what_it_took():
    rate = Timings().observe("split", "fast", 4.0).rate("split", "fast")

    assert math.exp(rate.log_mean) == pytest.approx(4.0)


def test_a_machine_that_becomes_three_times_slower_is_followed_within_twenty_clips():
    rate = _learned("split", 1.0, 0.1, 200, _dice(2)).rate("split", "balanced")
    dice = _dice(3)
    for _ in range(20):
        rate = rate.observe(3.0 * math.exp(0.1 * dice.gauss()))

    assert math.exp(rate.log_mean) == pytest.approx(3.0, rel=0.2)


def test_a_clip_that_took_no_time_at_all_can_be_learned_from():
    assert math.isfinite(Rate().observe(0.0).log_mean)


def test_a_style_not_seen_yet_borrows_from_the_other_styles_of_its_preset():
    timings = Timings().observe("split", "fast", 4.0).observe("original", "quality", 100.0)

    borrowed = timings.rate("streamer", "fast")

    assert math.exp(borrowed.log_mean) == pytest.approx(4.0)
    assert borrowed.log_variance > timings.rate("split", "fast").log_variance


def test_with_nothing_learned_the_band_is_wide_and_does_not_shrink_with_more_clips():
    one = time_left(_job(_queued()), Timings(), preset="fast", slots=1)
    many = time_left(_job(*[_queued()] * 30), Timings(), preset="fast", slots=1)

    assert one
    assert many
    assert one.expected == pytest.approx(_SCENE_S, rel=0.1)
    assert one.high / one.low > 5
    assert many.high / many.low > 5


@pytest.mark.parametrize("noise", [0.15, 0.5])
@pytest.mark.parametrize("clips", [1, 4, 12, 40])
def test_the_band_holds_the_truth_about_four_times_out_of_five(clips: int, noise: float):
    dice = _dice(clips)
    held = 0
    for _ in range(_TRIALS):
        timings = _learned("split", 2.0, noise, 30, dice)
        told = time_left(_job(*[_queued()] * clips), timings, preset="balanced", slots=4)
        assert told
        works = [_SCENE_S * 2.0 * math.exp(noise * dice.gauss()) for _ in range(clips)]
        held += told.low <= _made_in(works, 4) <= told.high

    assert 0.68 <= held / _TRIALS <= 0.95


def test_clips_side_by_side_take_as_long_as_the_fullest_slot():
    timings = Timings(rates={"split/fast": Rate(count=1000, log_mean=0.0, log_variance=1e-6)})

    told = time_left(_job(*[_queued()] * 9), timings, preset="fast", slots=4)

    assert told
    assert told.expected == pytest.approx(3 * _SCENE_S, rel=0.01)


def test_what_has_begun_keeps_its_slot_before_what_waits():
    timings = Timings(rates={"split/fast": Rate(count=1000, log_mean=0.0, log_variance=1e-6)})
    begun = ClipState(style="split", analysed=False, step=Step.UPLOADING, fraction=0.5)
    job = _job(_queued(), _queued(), begun)

    told = time_left(job, timings, preset="fast", slots=2)

    assert told
    # The half clip ends first and the second waiting one follows it there.
    assert told.expected == pytest.approx(1.5 * _SCENE_S, rel=0.01)


def test_a_clip_that_renders_is_believed_about_its_own_time_left():
    rendering = ClipState(style="split", analysed=False, step=Step.RENDERING, eta_sec=7.0)

    told = time_left(_job(rendering), Timings(), preset="fast", slots=1)

    assert told
    assert told.expected == pytest.approx(7.0, rel=0.05)
    assert told.low == pytest.approx(7.0 * 0.8, rel=0.05)
    assert told.high == pytest.approx(7.0 * 1.25, rel=0.05)


def test_the_time_left_of_equal_progress_is_equal():
    job = _job(*[_queued()] * 5)

    first = time_left(job, Timings(), preset="fast", slots=2)

    assert first == time_left(job, Timings(), preset="fast", slots=2)


def test_no_slot_at_all_counts_as_one():
    assert time_left(_job(_queued()), Timings(), preset="fast", slots=0)


def test_nothing_is_left_when_every_clip_has_ended():
    ended = ClipState(style="split", analysed=False, step=Step.FAILED)

    assert time_left(_job(ended), Timings(), preset="fast", slots=1) is None


def test_nothing_is_left_of_a_finished_job():
    finished = _job(_queued()).model_copy(update={"status": "finished"})

    assert time_left(finished, Timings(), preset="fast", slots=1) is None
