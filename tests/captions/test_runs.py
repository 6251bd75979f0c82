"""Which font draws which letter."""

import pytest
from lettered import EMOJI, FONTS, HEBREW, SANS

from viralclip.captions.runs import clusters, is_right_to_left, missing_letters, runs_of


def drawn(text):
    return [(run.text, run.font.name) for run in runs_of(text, FONTS)]


def test_a_word_is_drawn_in_the_first_font_that_has_all_of_it():
    assert drawn("abc") == [("abc", "Sans")]
    assert drawn("שלום") == [("שלום", "Hebrew")]
    assert drawn("") == []


def test_letters_that_the_first_font_lacks_come_from_the_next():
    assert drawn("a🔥b") == [("a", "Sans"), ("🔥", "Emoji"), ("b", "Sans")]
    assert drawn("שx ") == [("ש", "Hebrew"), ("x ", "Sans")]


def test_marks_that_are_not_seen_are_left_out():
    assert drawn("\u2066a\u00adb\ufe0f") == [("ab", "Sans")]


def test_a_joined_emoji_that_no_font_has_is_drawn_as_its_parts():
    assert drawn("👩\u200d🔥") == [("👩🔥", "Emoji")]
    assert missing_letters(["👩\u200d🔥"], FONTS) == ()


def test_letters_that_no_font_has_are_named_once_and_not_drawn():
    assert missing_letters(["日本", "a日", "e\u0316"], FONTS) == ("日", "本", "e\u0316")
    assert drawn("a日b") == [("ab", "Sans")]


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("e\u0301a", ["é", "a"]),
        ("कि", ["कि"]),
        ("👍🏽!", ["👍🏽", "!"]),
        ("🇩🇪🇫🇷", ["🇩🇪", "🇫🇷"]),
        ("👨\u200d👩\u200d👧x", ["👨\u200d👩\u200d👧", "x"]),
    ],
)
def test_what_counts_as_one_letter_stays_together(text, letters):
    assert list(clusters(text)) == letters


def test_hebrew_and_arabic_are_written_from_the_right():
    assert is_right_to_left("a שלום")
    assert is_right_to_left("سلام")
    assert not is_right_to_left("abc 1")
    assert (SANS.width("ab", 10), HEBREW.covers(" "), EMOJI.covers("a")) == (10, True, False)
