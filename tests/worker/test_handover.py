"""Whatever happens when, and in whatever order: no clip is lost, and nobody ends another's clip."""

import pytest
from handover import LAST_TICK, Rules, State, believes, moves, reachable, search

from viralclip.worker.postgres_roster import HeartbeatTiming


def overlaps(state: State) -> bool:
    """A worker that believes in itself while another has its work."""
    return believes(state) and state.heir != "waiting"


def test_nobody_believes_to_have_what_another_has():
    assert search(Rules(), overlaps) is None


def test_nobody_says_how_a_clip_ended_that_was_taken_away():
    assert search(Rules(), lambda state: state.said_after_takeover) is None


def test_whatever_has_happened_the_clip_can_still_come_to_its_end():
    """From every state there is a way on to an end that is recorded, time permitting."""
    states = reachable(Rules())
    ends = {state for state in states if state.recorded_by}
    back: dict[State, set[State]] = {}
    for state in states:
        for _, after in moves(state, Rules()):
            back.setdefault(after, set()).add(state)
    hopeful, waiting = set(ends), list(ends)
    while waiting:
        for before in back.get(waiting.pop(), set()) - hopeful:
            hopeful.add(before)
            waiting.append(before)
    early = {state for state in states if state.now <= LAST_TICK - 2 * Rules().dead}

    assert len(states) > 10_000
    assert early <= hopeful


def test_a_dead_workers_clip_is_taken_over_as_soon_as_it_is_silent_for_long_enough():
    rules = Rules()
    silent = [
        state
        for state in reachable(rules)
        if state.worker == "dead" and state.heir == "waiting" and state.recorded_by is None
        if state.seen is not None and state.now - state.seen >= rules.dead
    ]

    assert silent
    for state in silent:
        assert "the other takes over" in dict(moves(state, rules))


@pytest.mark.parametrize(
    ("broken", "is_wrong"),
    [
        (Rules(give_up=3), overlaps),
        (Rules(give_up=4), overlaps),
        (Rules(counts_from_sending=False), overlaps),
        (Rules(asks_before_recording=False), lambda state: state.said_after_takeover),
    ],
)
def test_no_rule_can_be_left_out(broken: Rules, is_wrong):
    assert search(broken, is_wrong)


def test_the_workers_give_up_before_they_may_be_taken_over_as_in_the_model():
    assert 0 < HeartbeatTiming().give_up_s < HeartbeatTiming().dead_s
    assert HeartbeatTiming().beat_s < HeartbeatTiming().give_up_s
