"""Ten thousand jobs on a hundred workers, more than they can make: who waits, and for how long."""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import quantiles

import pytest

from viralclip.catalog.records import Priority
from viralclip.engine.priorities import clip_numbers

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_WORKERS = 100
_JOBS = 10_000
# Jobs come for two hours, half as fast again as the workers can make them.
_COMING_S = 7200
_OVERLOAD = 1.5
_CLASSES: tuple[Priority, ...] = ("urgent", "normal", "low")
# Clips of a job; a clip is some twenty seconds of work.
_CLIPS = (1, 13)
# How much later than a clip one of a better class, or of its own, may come and still be made before
# it: what the classes lie apart, and as much as an owner's own clips stand behind each other.
_HEAD_START_S = {
    ("urgent", "urgent"): 590,
    ("urgent", "normal"): 3600 + 3590,
    ("urgent", "low"): 14400 + 3600,
    ("normal", "normal"): 3590,
    ("normal", "low"): 10800 + 3600,
    ("low", "low"): 3600,
}


@dataclass(frozen=True)
class Clip:
    number: int
    priority: Priority
    came: float
    work: float


@dataclass(frozen=True)
class Made:
    clip: Clip
    began: float

    @property
    def waited(self) -> float:
        return self.began - self.clip.came


def jobs(chance: random.Random) -> Iterator[list[Clip]]:
    """The clips of each job in the order in which the jobs come; one in ten is urgent."""
    clips_in_all = _JOBS * sum(_CLIPS) / 2
    work = _OVERLOAD * _WORKERS * _COMING_S / clips_in_all
    owners: dict[int, list[float]] = {}
    for came in sorted(chance.uniform(0, _COMING_S) for _ in range(_JOBS)):
        (priority,) = chance.choices(_CLASSES, (1, 7, 2))
        count = chance.randint(*_CLIPS)
        owner = chance.randrange(1000)
        # What the owner asked for in the last minutes is mostly still waiting.
        before = [at for at in owners.setdefault(owner, []) if came - at < 600]
        owners[owner] = [*before, *[came] * count]
        numbers = clip_numbers(priority, _BEGIN + timedelta(seconds=came), behind=len(before))
        lasting = [chance.uniform(0.5, 1.5) * work for _ in range(count)]
        yield [
            Clip(number, priority, came, each)
            for number, each in zip(numbers, lasting, strict=False)
        ]


def run(coming: Iterator[list[Clip]]) -> list[Made]:
    """Every worker takes the clip with the lowest number that is there when it is free."""
    arrivals = [clip for job in coming for clip in job]
    free = [0.0] * _WORKERS
    waiting: list[tuple[int, int]] = []
    made: list[Made] = []
    place = 0
    while place < len(arrivals) or waiting:
        now = heapq.heappop(free)
        if not waiting and arrivals[place].came > now:
            now = arrivals[place].came
        while place < len(arrivals) and arrivals[place].came <= now:
            heapq.heappush(waiting, (arrivals[place].number, place))
            place += 1
        clip = arrivals[heapq.heappop(waiting)[1]]
        made.append(Made(clip, now))
        heapq.heappush(free, now + clip.work)
    return made


@pytest.fixture(scope="module")
def made() -> list[Made]:
    return run(jobs(random.Random(7)))  # noqa: S311 - the same jobs each time


def waits(made: list[Made], priority: Priority) -> list[float]:
    return sorted(each.waited for each in made if each.clip.priority == priority)


def test_the_queue_was_far_too_long_for_its_workers(made: list[Made]):
    longest = max(each.waited for each in made)

    assert len(made) > 6 * _JOBS
    assert longest > 1800


def test_urgent_clips_hardly_wait_although_everybody_else_does(made: list[Made]):
    urgent = quantiles(waits(made, "urgent"), n=100)
    normal = quantiles(waits(made, "normal"), n=100)

    assert urgent[49] < 60
    assert urgent[98] < normal[49]


@pytest.mark.parametrize(("first", "other"), _HEAD_START_S)
def test_nobody_is_passed_by_who_comes_much_later(
    made: list[Made], first: Priority, other: Priority
):
    """Of two classes: a clip of the better one passes those that came only so long before it."""
    bound = _HEAD_START_S[first, other]
    latest = 0.0
    for each in made:
        if each.clip.priority == first:
            latest = max(latest, each.clip.came)
        if each.clip.priority == other:
            assert latest - each.clip.came <= bound + 1


def test_the_longest_wait_is_bounded_by_the_work_that_may_go_before(made: list[Made]):
    """No more goes before it than what was there and what came within others' head start."""
    for priority, head_start in (("urgent", 590), ("normal", 7190), ("low", 18000)):
        clips = [each.clip for each in made]
        last = max((each for each in made if each.clip.priority == priority), key=_waited)
        before = sum(c.work for c in clips if c.came <= last.clip.came + head_start)

        assert last.waited <= before / _WORKERS + 60


def _waited(each: Made) -> float:
    return each.waited
