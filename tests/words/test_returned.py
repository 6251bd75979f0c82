"""Subtitles that come back: words that were not touched stay as they were, to the millisecond."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viralclip.words.reading import parse_transcript
from viralclip.words.returned import given_lines, returned
from viralclip.words.transcript import Transcript, Word, spelled
from viralclip.words.writing import lines_of, write_transcript

TEXTS = (
    "we",
    "met",
    "in",
    "Pariss.",
    "It",
    "rained",
    "all",
    "day",
    "and",
    "we",
    "stayed",
    "inside",
)
SAID = tuple(
    Word(text=text, start=at * 0.31 + 0.123, end=at * 0.31 + 0.4, confidence=0.5)
    for at, text in enumerate(TEXTS)
)


def back(words, change=lambda text: text):
    text = change(write_transcript(Transcript(words=words), "srt"))
    return given_lines(parse_transcript(text, name="a.srt").transcript.words)


def corrected(change, words=SAID):
    return returned(lines_of(words), back(words, change))


def test_what_comes_back_as_it_was_says_nothing_new():
    assert corrected(lambda text: text) is None


def test_a_corrected_word_is_said_when_the_wrong_one_was_and_other_lines_stay():
    words = corrected(lambda text: text.replace("Pariss.", "Paris."))

    assert words is not None
    assert spelled(words) == spelled(SAID).replace("Pariss", "Paris")
    first, last = 4, len(SAID)
    assert words[first:last] == SAID[first:last]
    assert [(word.start, word.end) for word in words] == [
        pytest.approx((word.start, word.end), abs=0.0006) for word in SAID
    ]
    assert [at for at, word in enumerate(words) if word.break_after] == [3]


def test_words_that_are_put_in_take_from_the_time_of_the_one_before():
    words = corrected(lambda text: text.replace("rained all", "rained so hard all"))

    assert words is not None
    assert [word.text for word in words[5:8]] == ["rained", "so", "hard"]
    assert words[5].start == pytest.approx(SAID[5].start, abs=0.001)
    assert words[7].end == pytest.approx(SAID[5].end, abs=0.001)
    assert all(word.duration > 0.05 for word in words)


def test_words_before_all_that_are_known_have_a_time_too():
    words = corrected(lambda text: text.replace("we met", "That year we met"))

    assert words is not None
    assert [word.text for word in words[:4]] == ["That", "year", "we", "met"]
    assert words[0].start == pytest.approx(SAID[0].start, abs=0.001)
    assert words[2].end == pytest.approx(SAID[0].end, abs=0.001)


def test_more_words_in_the_place_of_others_share_their_time():
    words = corrected(lambda text: text.replace("all day", "the whole day long"))

    assert words is not None
    assert spelled(words).endswith("It rained the whole day long and we stayed inside")
    assert all(one.end <= other.start for one, other in pairwise(words))
    [following] = [word for word in words if word.text == "and"]
    assert following.start == pytest.approx(SAID[8].start)


def test_a_line_that_is_taken_out_takes_nothing_else_with_it():
    words = corrected(lambda text: text[text.index("2\n") :])

    assert words == SAID[4:]


def test_a_line_at_another_time_is_said_at_that_time():
    words = corrected(lambda text: text.replace("00:00:00,123", "00:00:00,623"))

    assert words is not None
    assert words[0].start == 0.623
    assert words[4:] == SAID[4:]


def test_a_line_where_nothing_was_said_is_spread_over_its_time():
    words = corrected(lambda text: f"{text}\n9\n00:00:08,000 --> 00:00:10,000\nthe end\n")

    assert words is not None
    assert words[:-3] == SAID[:-1]
    assert [(word.start, word.end) for word in words[-2:]] == [(8.0, 9.0), (9.0, 10.0)]


@given(st.lists(st.sampled_from(["a", "bb", "c.", "語", "d,"]), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_nothing_is_new_in_what_was_written_whatever_the_words(texts):
    words = tuple(
        Word(text=text, start=at * 0.4, end=at * 0.4 + 0.3) for at, text in enumerate(texts)
    )
    assert corrected(lambda text: text, words) is None


def test_one_endless_line_is_spread_over_its_time_without_being_compared():
    endless = " ".join(["a b"] * 2000)
    words = corrected(lambda _: f"1\n00:00:00,000 --> 00:00:04,000\n{endless}\n", SAID * 40)

    assert words is not None
    assert len(words) == 4000
    assert (words[0].start, words[-1].end) == (0.0, 4.0)


def test_words_that_shared_a_time_share_it_still_and_others_share_theirs():
    spread = tuple(word.model_copy(update={"spread": (0.0, 9.0)}) for word in SAID[:4])
    words = corrected(lambda text: text.replace("Pariss.", "Paris."), (*spread, *SAID[4:]))
    put_in = corrected(lambda text: text.replace("rained all", "rained so hard all"))

    assert words is not None
    assert [word.spread for word in words[:5]] == [(0.0, 9.0)] * 4 + [None]
    assert put_in is not None
    assert {word.spread for word in put_in[5:8]} == {(put_in[5].start, put_in[7].end)}
    assert {word.spread for word in (*put_in[:5], *put_in[8:])} == {None}
