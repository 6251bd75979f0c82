"""The wire: every event and tick survives it, and versions that differ can still speak."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from viralclip.events import (
    EVENT,
    TICK,
    AnomalyFound,
    Cancelled,
    CancelledDetails,
    ClipTick,
    Complete,
    CompleteDetails,
    Envelope,
    Event,
    Failed,
    FailedDetails,
    JobFinished,
    JobQueued,
    JobRecovered,
    JobStarted,
    JobTick,
    Logged,
    NewEvent,
    Queued,
    Rendering,
    RenderingDetails,
    Retrying,
    RetryingDetails,
    SceneCompleted,
    SceneStarted,
    UnknownEvent,
    Warned,
)
from viralclip.steps import Step

_AT = datetime(2025, 1, 1, 12, tzinfo=UTC)


def _is_finite(value: BaseModel) -> bool:
    """Whether JSON has words for all its numbers."""
    try:
        json.dumps(value.model_dump(), allow_nan=False, default=str)
    except ValueError:
        return False
    return True


# A union under a name is no class to the checker, but it is a type to hypothesis.
_EVENTS: st.SearchStrategy[Event] = st.from_type(
    Event  # pyright: ignore[reportArgumentType]
).filter(_is_finite)
_TICKS = (st.builds(ClipTick) | st.builds(JobTick)).filter(_is_finite)
_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])


def _envelope(event: Event) -> Envelope:
    return Envelope(job_id="j", seq=1, at=_AT, trace_id="t", event=event)


def _wire(**event: object) -> str:
    facts = {"job_id": "j", "seq": 7, "at": "2025-01-01T12:00:00Z", "trace_id": "t"}
    return json.dumps(facts | {"event": event})


@given(st.builds(Envelope, at=st.datetimes(timezones=_ZONES), event=_EVENTS))
def test_every_event_survives_the_wire(envelope: Envelope):
    assert Envelope.model_validate_json(envelope.model_dump_json()) == envelope


@given(_EVENTS)
def test_every_event_survives_the_wire_without_an_envelope(event: Event):
    assert EVENT.validate_json(EVENT.dump_json(event)) == event


@given(_TICKS)
def test_every_tick_survives_the_wire(tick: ClipTick | JobTick):
    assert TICK.validate_json(tick.model_dump_json()) == tick


@given(_EVENTS)
def test_fields_of_a_newer_version_are_ignored(event: Event):
    newer = EVENT.dump_python(event, mode="json") | {"invented_later": 1}

    assert EVENT.validate_python(newer) == event


@pytest.mark.parametrize(
    "event",
    [
        {"type": "invented_later", "facts": [1, 2]},
        {"type": "clip_progress", "scene_id": 1, "style": "split", "step": "polishing"},
    ],
)
def test_an_event_of_a_newer_version_keeps_its_place_and_its_words(event: dict[str, object]):
    envelope = Envelope.model_validate_json(_wire(**event))

    assert envelope.seq == 7
    assert isinstance(envelope.event, UnknownEvent)
    assert json.loads(envelope.model_dump_json())["event"] == event


def test_a_known_event_with_a_fact_missing_is_refused_and_not_taken_for_a_newer_one():
    with pytest.raises(ValidationError):
        Envelope.model_validate_json(_wire(type="warning", code="thumbnail_failed"))


def test_an_event_without_a_type_is_refused():
    with pytest.raises(ValidationError):
        Envelope.model_validate_json(_wire(code="thumbnail_failed"))


def test_an_unknown_event_can_be_put_into_an_envelope_again():
    unknown = UnknownEvent(type="invented_later")

    envelope = Envelope(job_id="j", seq=1, at=_AT, trace_id="t", event=unknown)

    assert envelope.event == unknown


def test_the_schema_for_clients_knows_no_unknown_events():
    schema = json.dumps(Envelope.model_json_schema(mode="serialization"))

    assert "UnknownEvent" not in schema
    assert "clip_progress" in schema


def test_a_time_without_a_zone_is_refused():
    naive = _AT.replace(tzinfo=None)

    with pytest.raises(ValidationError):
        Envelope(job_id="j", seq=1, at=naive, trace_id="t", event=Logged(level="info", message=""))


def _rendering(attempt: int = 1, style: str = "split") -> Rendering:
    details = RenderingDetails(style=style, encoder="x264")
    return Rendering(scene_id=1, style=style, attempt=attempt, details=details)


def _failed(attempt: int = 1) -> Failed:
    why = FailedDetails(step=Step.RENDERING, code="c", message="m", retryable=False)
    return Failed(scene_id=1, style="split", attempt=attempt, details=why)


_DIFFERENT: list[Event] = [
    JobQueued(run=1, scenes=()),
    JobStarted(worker="w", attempt=1),
    JobStarted(worker="w", attempt=2),
    SceneStarted(scene_id=1, title="", style_count=1, start_sec=0, duration_sec=1),
    SceneStarted(scene_id=2, title="", style_count=1, start_sec=0, duration_sec=1),
    Queued(scene_id=1, style="split"),
    _rendering(),
    _rendering(attempt=2),
    _rendering(style="original"),
    Retrying(
        scene_id=1, style="split", details=RetryingDetails(attempt=2, delay_sec=1.0, code="c")
    ),
    _failed(),
    SceneCompleted(scene_id=1, clips_completed=1, clips_failed=0, clips_cancelled=0),
    JobRecovered(from_worker="a", to_worker="b"),
    JobRecovered(from_worker="b", to_worker="a"),
    Warned(code="c", message="m"),
    Warned(code="c", message="m", scene_id=1, style="split"),
    Logged(level="info", message="m"),
    AnomalyFound(scene_id=1, style="split", step=Step.RENDERING, score=9.0),
    JobFinished(outcome="failed", clips_completed=0, clips_failed=1, clips_cancelled=0),
]


def _key(event: Event, run: int = 1) -> str:
    return NewEvent(job_id="j", run=run, at=_AT, trace_id="t", event=event).key


def test_different_facts_have_different_keys():
    assert len({_key(event) for event in _DIFFERENT}) == len(_DIFFERENT)


def test_the_same_fact_in_another_run_is_another_fact():
    assert _key(_rendering(), run=1) != _key(_rendering(), run=2)


def test_a_clip_has_one_ending_whoever_reports_it_and_in_whatever_attempt():
    complete = Complete(
        scene_id=1, style="split", attempt=3, details=CompleteDetails(clip_id="1-split", url="u")
    )
    cancelled = Cancelled(scene_id=1, style="split", details=CancelledDetails(by="user"))

    assert _key(complete) == _key(cancelled) == _key(_failed(attempt=2))


def test_a_fact_told_again_has_its_first_key_whenever_it_is_told():
    draft = NewEvent(job_id="j", run=1, at=_AT, trace_id="t", event=_rendering())

    assert draft.model_copy(update={"at": _AT + timedelta(hours=1)}).key == draft.key


def test_a_numbered_draft_says_the_same_thing():
    draft = NewEvent(job_id="j", run=1, at=_AT, trace_id="t", event=_rendering())

    assert draft.numbered(4) == _envelope(_rendering()).model_copy(update={"seq": 4})


def test_the_text_of_an_event_is_written_once_around_its_number():
    title = 'a quote " and "seq":0'
    draft = NewEvent(job_id=title, run=1, at=_AT, trace_id="t", event=_rendering())

    assert draft.json_numbered(12) == draft.numbered(12).model_dump_json()
    assert draft.json_around_seq is draft.json_around_seq


def test_a_copy_of_an_event_with_other_values_is_written_anew():
    draft = NewEvent(job_id="j", run=1, at=_AT, trace_id="t", event=_rendering())
    text = draft.json_numbered(1)
    other = draft.model_copy(update={"job_id": "k"})

    assert other.json_numbered(1) == text.replace('"j"', '"k"')
    assert draft == NewEvent(job_id="j", run=1, at=_AT, trace_id="t", event=_rendering())


def test_a_step_and_the_ticks_of_its_attempt_share_a_slot():
    tick = ClipTick(
        job_id="j", scene_id=1, style="split", attempt=2, step=Step.RENDERING, fraction=0.5
    )

    assert tick.tick_key == _rendering(attempt=2).tick_key
    assert tick.tick_key != _rendering(attempt=1).tick_key
    assert JobTick(job_id="j", fraction=0.5).tick_key != tick.tick_key


def test_values_cannot_be_changed():
    event: BaseModel = _rendering()

    with pytest.raises(ValidationError):
        event.scene_id = 2  # type: ignore[attr-defined]
