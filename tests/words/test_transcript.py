"""Words with times, as values."""

import pytest
from pydantic import ValidationError

from viralclip.timecode import TimeRange
from viralclip.words.transcript import Transcript, Word, in_order, spelled

SAID = Transcript(
    words=(
        Word(text="It", start=1.0, end=1.2),
        Word(text="was", start=1.2, end=1.6, confidence=0.5, speaker="A"),
        Word(text="best.", start=2.0, end=3.0, break_after=True),
    ),
    language="en",
    origin="cities.srt",
)


def test_a_stretch_holds_the_words_said_mostly_in_it_cut_at_its_borders():
    part = SAID.within(TimeRange(1.3, 2.6))

    assert [(word.text, word.start, word.end) for word in part.words] == [
        ("was", 1.3, 1.6),
        ("best.", 2.0, 2.6),
    ]
    assert (part.start, part.end, part.language) == (1.3, 2.6, "en")


def test_words_move_to_another_zero_and_none_before_it():
    moved = SAID.within(TimeRange(1.0, 3.0)).shifted(-1.1)

    assert [round(word.start, 6) for word in moved.words] == [0.0, 0.1, 0.9]
    assert round(moved.end or 0, 6) == 1.9
    assert SAID.shifted(2).end is None


def test_what_is_known_of_a_word_stays_with_it():
    word = SAID.words[1].during(5.0, 5.5)

    assert (word.confidence, word.speaker, word.duration) == (0.5, "A", 0.5)


def test_words_that_start_together_keep_their_order():
    words = [Word(text=text, start=start, end=9) for text, start in (("c", 2), ("a", 1), ("b", 1))]

    assert [word.text for word in in_order(words)] == ["a", "b", "c"]


def test_words_are_written_with_spaces_where_none_is_joined():
    words = [Word(text="東京", start=0, end=1), Word(text="は", start=1, end=2, joined=True)]

    assert spelled(words) == "東京は"
    assert spelled(SAID.words) == "It was best."
    assert spelled(()) == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"text": " ", "start": 0, "end": 1},
        {"text": "a", "start": 2, "end": 1},
        {"text": "a", "start": -1, "end": 1},
        {"text": "a", "start": 0, "end": float("inf")},
        {"text": "a", "start": 0, "end": 1, "confidence": 1.5},
    ],
)
def test_what_no_word_can_be_is_refused(fields):
    with pytest.raises(ValidationError):
        Word(**fields)


def test_a_transcript_survives_json():
    assert Transcript.model_validate_json(SAID.model_dump_json()) == SAID


def test_the_stretch_that_a_word_has_its_share_of_moves_with_it():
    word = Word(text="so", start=2.0, end=3.0, spread=(1.0, 3.0))
    (moved,) = Transcript(words=(word,)).shifted(-1.5).words

    assert moved.spread == (0.0, 1.5)
