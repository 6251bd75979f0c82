"""A small model of how one worker's work is handed to another, for a search through all of it.

One worker makes a clip and beats; another waits to take over. Time goes in ticks. The first may
freeze, wake, be cut off, come back or die at any moment, and what it asks the server arrives at
once or later. The names are those of `viralclip.worker.postgres_roster` and
`viralclip.worker.takeover`:

- a beat is sent, arrives (the server notes when), and only then is believed, counted from sending;
- whoever is silent for `dead` ticks by the server's clock may be taken over, and its name struck
  out; a beat or a question under a struck-out name says so;
- a worker that can no longer believe in itself stops, unless it is frozen;
- it asks before it records how the clip ended, and the first record stands.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

LAST_TICK = 9


@dataclass(frozen=True)
class Rules:
    """The protocol, and what may be left out of it to see that it is needed."""

    dead: int = 3
    give_up: int = 2
    counts_from_sending: bool = True
    asks_before_recording: bool = True


class State(NamedTuple):
    now: int = 0
    worker: Literal["working", "lost", "dead", "done"] = "working"
    frozen: bool = False
    cut: bool = False
    # When the beat on its way was sent, and when it has arrived.
    sent: int | None = None
    arrived: int | None = None
    believes_until: int = 0
    # When the server last heard of the worker; None once its name is struck out.
    seen: int | None = 0
    # The clip: made by the worker, asked for, and how it ended.
    asked: bool = False
    heir: Literal["waiting", "making", "done"] = "waiting"
    recorded_by: Literal["worker", "heir"] | None = None
    # What must never happen.
    said_after_takeover: bool = False


Move = tuple[str, State]


def believes(state: State) -> bool:
    """Whether the worker is awake and sure that nobody has its place."""
    return _acts(state) and state.now <= state.believes_until


def moves(state: State, rules: Rules) -> Iterator[Move]:
    """Everything that can happen next."""
    yield from _of_the_world(state)
    if _acts(state):
        yield from _of_the_worker(state, rules)
    yield from _of_the_heir(state, rules)
    if state.now < LAST_TICK and not _must_stop(state):
        yield "a tick passes", state._replace(now=state.now + 1)


def _of_the_world(state: State) -> Iterator[Move]:
    if state.worker == "dead":
        return
    yield "it dies", state._replace(worker="dead")
    yield ("it wakes" if state.frozen else "it freezes"), state._replace(frozen=not state.frozen)
    yield (
        ("the line is back" if state.cut else "the line is cut"),
        state._replace(cut=not state.cut),
    )
    if state.sent is not None and state.arrived is None and state.seen is not None:
        # What was sent arrives even from a worker that is frozen since.
        yield "its beat arrives", state._replace(arrived=state.now, seen=state.now)


def _of_the_worker(state: State, rules: Rules) -> Iterator[Move]:
    if state.sent is None and not state.cut:
        yield "it sends a beat", state._replace(sent=state.now)
    if state.arrived is not None and state.sent is not None:
        since = state.sent if rules.counts_from_sending else state.now
        believed = state._replace(sent=None, arrived=None, believes_until=since + rules.give_up)
        yield "its beat is answered", believed
    if state.seen is None and not state.cut:
        yield "it learns that it was struck out", state._replace(worker="lost")
    if state.now > state.believes_until:
        yield "it gives up", state._replace(worker="lost", sent=None, arrived=None)
    yield from _at_the_end_of_the_clip(state, rules)


def _at_the_end_of_the_clip(state: State, rules: Rules) -> Iterator[Move]:
    if state.cut:
        return
    if not state.asked and state.seen is not None:
        # The question is a beat of its own: the server has heard of the worker.
        yield "it asks and may record", state._replace(asked=True, seen=state.now)
    if state.asked or not rules.asks_before_recording:
        yield (
            "it records the end",
            state._replace(
                worker="done",
                recorded_by=state.recorded_by or "worker",
                said_after_takeover=state.seen is None and not state.asked,
            ),
        )


def _of_the_heir(state: State, rules: Rules) -> Iterator[Move]:
    open_still = state.heir == "waiting" and state.recorded_by is None
    if open_still and state.seen is not None and state.now - state.seen >= rules.dead:
        yield "the other takes over", state._replace(heir="making", seen=None)
    if state.heir == "making":
        recorded = state.recorded_by or "heir"
        yield "the other records the end", state._replace(heir="done", recorded_by=recorded)


def _acts(state: State) -> bool:
    return state.worker == "working" and not state.frozen


def _must_stop(state: State) -> bool:
    """An awake worker looks at its watch before time goes on."""
    return _acts(state) and state.now > state.believes_until


def search(rules: Rules, is_wrong: Callable[[State], bool]) -> list[str] | None:
    """The shortest way to a state that is wrong, or None if there is no way to one."""
    start = State(believes_until=rules.give_up)
    came_from: dict[State, tuple[State, str] | None] = {start: None}
    waiting = deque([start])
    while waiting:
        state = waiting.popleft()
        if is_wrong(state):
            return _way_to(state, came_from)
        for name, after in moves(state, rules):
            if after not in came_from:
                came_from[after] = (state, name)
                waiting.append(after)
    return None


@cache
def reachable(rules: Rules) -> set[State]:
    found: set[State] = set()
    search(rules, lambda state: bool(found.add(state)))
    return found


def _way_to(state: State, came_from: dict[State, tuple[State, str] | None]) -> list[str]:
    way: list[str] = []
    while step := came_from[state]:
        state, name = step
        way.append(f"{state.now}: {name}")
    return way[::-1]
