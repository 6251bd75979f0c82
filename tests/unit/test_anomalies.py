"""A stage that takes far too long is seen while it runs, and one that may be all right is not."""

import math

import pytest

from viralclip.anomalies import judge
from viralclip.factors import Prediction

USUAL = Prediction(log_seconds=math.log(10.0), doubt=0.01, noise=0.02)


def test_a_stage_that_takes_four_times_as_long_is_seen_before_it_is_half_done():
    assert judge(15.0, USUAL, deviation=1.0) is None
    found = judge(21.0, USUAL, deviation=1.0, left=19.0)

    assert found
    assert found.times == pytest.approx(4.0)
    assert found.score > 4


def test_where_durations_vary_a_lot_twice_as_long_is_nothing():
    assert judge(25.0, USUAL, deviation=2.0) is None
    wide = Prediction(log_seconds=math.log(10.0), doubt=0.01, noise=0.02, scale=3.0)
    assert judge(25.0, wide, deviation=1.0) is None


def test_where_durations_hardly_vary_a_little_longer_is_nothing():
    steady = Prediction(log_seconds=math.log(10.0), doubt=1e-5, noise=1e-4)

    assert judge(19.0, steady, deviation=1.0) is None
    assert judge(20.5, steady, deviation=1.0)


def test_with_nothing_learned_only_what_is_out_of_all_proportion_is_seen():
    cold = Prediction(log_seconds=math.log(10.0), doubt=0.7, noise=0.03)

    assert judge(100.0, cold, deviation=1.0) is None
    assert judge(1000.0, cold, deviation=1.0)


def test_nothing_is_wrong_with_what_has_just_begun():
    assert judge(0.0, USUAL, deviation=1.0) is None
