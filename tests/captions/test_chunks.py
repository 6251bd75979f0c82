"""Words that are shown together."""

import pytest
from lettered import measure, style, words

from viralclip.captions.chunks import chunks_of
from viralclip.words.transcript import Word, spelled


def shown(said, look=None, until=100.0):
    return [spelled(chunk.words) for chunk in chunks_of(said, measure(look), until=until)]


def test_words_are_cut_into_chunks_of_like_length():
    assert shown(words("one two six ten big red")) == ["one two six", "ten big red"]


def test_no_chunk_ends_behind_an_article():
    assert shown(words("she saw him open the door")) == ["she saw him open", "the door"]


def test_a_comma_ends_a_chunk_rather_than_standing_in_it():
    text = "so it was good, it was bad"

    assert shown(words(text)) == ["so it was good,", "it was bad"]


def test_a_pause_another_speaker_and_the_end_of_a_sentence_end_a_chunk():
    a, b = words("yes sir"), words("no", start=5.0)
    other = [Word(text="who", start=5.3, end=5.6, speaker="B")]

    assert shown([*a, *b, *other]) == ["yes sir", "no", "who"]
    assert shown(words("Yes. Sir")) == ["Yes.", "Sir"]


def test_given_breaks_are_kept_where_they_can_be():
    a, b, c = words("one two six")
    ends = a.model_copy(update={"break_after": True})
    goes_on = words("Yes.")[0].model_copy(update={"break_after": False})

    assert shown([ends, b, c]) == ["one", "two six"]
    assert shown([goes_on, *words("Sir", start=0.3)]) == ["Yes. Sir"]
    many = [word.model_copy(update={"break_after": False}) for word in words("a b c d e f")]
    assert max(len(text.split()) for text in shown(many)) <= 4


def test_a_chunk_holds_no_more_than_its_look_allows():
    slow = words("one two six", each=1.4)

    assert sorted(map(len, map(str.split, shown(slow)))) == [1, 2]
    assert shown(words("onetwothree onetwothree"), style(lines=1)) == ["onetwothree"] * 2


@pytest.mark.parametrize(
    ("gap", "end"),
    [(0.0, 0.6), (0.3, 0.9), (3.0, 0.8)],
    ids=["none", "short", "long"],
)
def test_a_chunk_stays_through_a_short_gap_only(gap, end):
    said = [*words("yes sir."), *words("no", start=0.6 + gap)]
    first = chunks_of(said, measure(), until=9.0)[0]

    assert first.end == pytest.approx(end)


def test_fast_speech_stays_as_long_as_reading_takes_if_there_is_time():
    said = words("extraordinarily fast speech", each=0.1)
    (chunk,) = chunks_of(said, measure(), until=9.0)

    assert chunk.end == pytest.approx(1.3)
    assert chunks_of(said, measure(), until=1.0)[0].end == 1.0


def test_what_cannot_be_drawn_is_no_chunk():
    assert shown(words("日本")) == []
    assert shown([]) == []
