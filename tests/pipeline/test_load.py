"""In what company work was done is known afterwards."""

import pytest

from viralclip.pipeline.load import Load


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_work_that_has_company_for_half_its_time_has_one_and_a_half_at_work_on_average():
    clock = Clock()
    load = Load(clock)
    with load.work() as long:
        clock.now = 4.0
        with load.work() as short:
            assert load.busy == 2
            clock.now = 8.0
            assert (long.seconds, long.busy) == (8.0, pytest.approx(1.5))

    assert (long.seconds, long.busy) == (8.0, pytest.approx(1.5))
    assert (short.seconds, short.busy) == (4.0, pytest.approx(2.0))
    assert load.busy == 0


def test_whoever_waits_for_work_is_not_at_work():
    clock = Clock()
    load = Load(clock)
    with load.wait() as waiting:
        clock.now = 2.0
        with load.work():
            clock.now = 6.0

    assert (waiting.seconds, waiting.busy) == (6.0, 1.0)
    assert not waiting.is_own
    assert load.busy == 0


def test_work_that_fails_is_at_work_no_longer():
    load = Load()
    with pytest.raises(OSError, match="gone"), load.work():
        raise OSError("gone")

    assert load.busy == 0
