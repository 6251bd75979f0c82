"""What workers tell of themselves decides whether speech can be transcribed for a job."""

import pytest

from viralclip.abilities import (
    NO_WORKER,
    Abilities,
    SpeechModel,
    abilities_of,
    can_listen,
    demand_listeners,
)
from viralclip.errors import SpeechUnavailableError, UnknownLanguageError

ENGLISH = Abilities(speech=SpeechModel(engine="a", name="tiny.en", languages=("en",)))
MANY = Abilities(speech=SpeechModel(engine="a", name="small", languages=("de", "en")))
ANY = Abilities(speech=SpeechModel(engine="b", name="x"))
DEAF = Abilities(problem="The package faster-whisper is missing.")
# An earlier version says nothing of itself, or something else.
OTHER = Abilities(is_known=False)


@pytest.mark.parametrize(
    ("workers", "language", "notes"),
    [
        ([], "de", (NO_WORKER,)),
        ([ENGLISH, MANY], "", ()),
        ([MANY, ANY], "de", ()),
        (
            [MANY, DEAF],
            "",
            ("1 of 2 workers has no speech model: clips that are made there fail.",),
        ),
        (
            [MANY, ENGLISH, DEAF],
            "de",
            ("2 of 3 workers have no speech model for de: clips that are made there fail.",),
        ),
        ([OTHER], "de", ()),
        (
            [DEAF, OTHER],
            "de",
            ("1 of 2 workers has no speech model: clips that are made there fail.",),
        ),
    ],
)
def test_what_is_to_be_known_before_a_job_begins_is_noted(workers, language, notes):
    assert demand_listeners(workers, language) == notes


def test_without_a_model_anywhere_it_is_refused_with_the_reason():
    with pytest.raises(SpeechUnavailableError, match="no worker can do it now: The package faste"):
        demand_listeners([DEAF, DEAF], "")


def test_a_language_that_no_worker_knows_is_refused():
    with pytest.raises(UnknownLanguageError, match=r"de: the speech model tiny\.en knows English"):
        demand_listeners([ENGLISH, DEAF], "de")


def test_a_worker_tells_that_it_has_to_be_started_again():
    told = [DEAF.as_text(), MANY.as_text()]

    assert [each.problem for each in abilities_of(told)] == [
        "The package faster-whisper is missing, and start the worker again",
        "",
    ]


def test_of_workers_that_tell_nothing_or_something_else_nothing_is_known():
    told = [MANY.as_text(), "not ours", '{"speech": 7}', "", '{"more": 1}']

    assert abilities_of(told) == (MANY, OTHER, OTHER, OTHER, Abilities())


def test_a_worker_of_which_nothing_is_known_is_taken_to_listen():
    assert [can_listen(each) for each in ([], [DEAF], [DEAF, OTHER], [ANY])] == [
        False,
        False,
        True,
        True,
    ]
