"""The script that libass draws."""

import re
from fractions import Fraction

import pytest
from lettered import FONTS, FRAME, style, words

from viralclip.captions.composing import Canvas, compose, undrawable
from viralclip.captions.script import escape
from viralclip.words.transcript import Word


def composed(said, look=None, **canvas):
    look = look or style()
    on = Canvas(FRAME, Fraction(10), 9.0, **canvas)
    return compose(said, on, style=look, area="full", fonts=FONTS)


def events(captions):
    """Layer, start, end, style and text of each event."""
    lines = [line for line in captions.script.split("\n") if line.startswith("Dialogue: ")]
    found = [line.removeprefix("Dialogue: ").split(",", 9) for line in lines]
    return [(int(row[0]), row[1], row[2], row[3], row[9]) for row in found]


def plain(text):
    return re.sub(r"(?<!\\)\{[^}]*\}", "", text)


def test_every_event_has_the_whole_line_in_the_same_runs():
    found = events(composed(words("we are here")))

    assert [plain(text) for *_, text in found] == ["we are here"] * 3
    assert len({len(re.findall(r"\\2c", text)) for *_, text in found}) == 1
    assert [re.search(r"1c&H00E5FF&\}(\w+)", text)[1] for *_, text in found] == [  # type: ignore[index] - it is there
        "we", "are", "here",
    ]  # fmt: skip


def test_events_change_half_way_between_two_frames():
    found = events(composed(words("we are here")))

    assert [(start, end) for _, start, end, *_ in found] == [
        ("0:00:00.00", "0:00:00.25"),
        ("0:00:00.25", "0:00:00.55"),
        ("0:00:00.55", "0:00:01.05"),
    ]


def test_punctuation_is_not_marked_with_its_word():
    (*_, text), *_ = events(composed(words("no!")))

    assert re.search(r"1c&H00E5FF&\}no\{[^}]*1c&HFFFFFF&\}!", text)


def test_words_that_begin_in_one_frame_are_marked_as_the_last_of_them():
    said = [Word(text=text, start=0, end=1) for text in ("a", "b")]

    assert len(events(composed(said))) == 1


def test_a_second_line_is_drawn_beside_the_first():
    found = events(composed(words("wonderful evening everybody")))
    heights = {re.search(r"pos\(500,([\d.]+)\)", text)[1] for *_, text in found}  # type: ignore[index] - it is there

    assert len(heights) == 2
    assert [plain(text) for *_, text in found].count("evening everybody") == 3


@pytest.mark.parametrize(
    ("highlight", "layers"),
    [
        ("none", [(1, "Text")]),
        ("pop", [(1, "Text"), (2, "Text")]),
        ("box", [(0, "Box"), (1, "Text")]),
    ],
)
def test_what_moves_or_stands_behind_has_a_layer_of_its_own(highlight, layers):
    found = events(composed(words("yes"), style(highlight=highlight)))

    assert [(layer, name) for layer, _, _, name, _ in found] == layers
    assert {plain(text) for *_, text in found} == {"yes"}


def test_writing_from_the_right_is_marked_by_the_line():
    found = events(composed(words("שלום abc")))

    assert [name for *_, name, _ in found] == ["Right"]
    assert "\\fnHebrew" in found[0][-1]
    two = events(composed(words("שלוםשלום שלוםשלום שלוםשלום")))
    assert [("00E5FF" in text) for *_, text in two] == [True, False, False, True]


def test_a_word_of_two_fonts_has_runs_of_both():
    captions = composed(words("so🔥 日x"))

    assert "\\fnEmoji" in captions.script
    assert captions.fonts == ("emoji.ttf", "sans.ttf")
    assert undrawable(words("so🔥 日x"), FONTS) == ("日",)


def test_words_without_a_space_between_them_have_none():
    said = [Word(text="a", start=0, end=1), Word(text="b", start=1, end=2, joined=True)]

    assert plain(events(composed(said))[0][-1]) == "ab"
    hebrew = [Word(text="ש", start=0, end=1), Word(text="ל", start=1, end=2, joined=True)]
    assert plain(events(composed(hebrew))[0][-1]) == "של"


def test_no_text_is_taken_for_an_order():
    assert escape("{\\b1}") == "\\{\\b1\\}"
    assert escape("a\nb\\N") == "a b\\\u200bN"
    assert escape("\\{\\") == "\\\u200b\\{\\\u200b"


def test_captions_of_nothing_are_a_script_without_events():
    captions = composed([])

    assert events(captions) == []
    assert "WrapStyle: 2" in captions.script
    assert captions.fonts == ()


def test_chunks_that_have_no_frame_are_not_drawn():
    said = [Word(text="a.", start=8.96, end=9.0), Word(text="b", start=9.0, end=9.0)]

    assert all(start < end for _, start, end, *_ in events(composed(said)))
