"""Words in lines that fit."""

import pytest
from lettered import FRAME, measure, style, words

from viralclip.captions.areas import AREAS, area_named, area_of
from viralclip.captions.composing import measure_for
from viralclip.captions.layout import BOX_PADDING, GROWTH, block_of, line_width, timed_parts
from viralclip.captions.style import BUILT_IN
from viralclip.errors import UnknownCaptionAreaError
from viralclip.geometry import Rect, Size
from viralclip.media.fonts import load_fonts
from viralclip.words.transcript import Word


def lines(text, look=None):
    block = block_of(words(text), measure(look))
    return block and [
        "".join(p.text if p.joined or not at else f" {p.text}" for at, p in enumerate(line))
        for line in block.lines
    ]


def test_words_that_fit_stand_in_one_line():
    assert lines("we are here") == ["we are here"]


def test_lines_are_of_like_length_and_break_where_a_reader_would():
    assert lines("wonderful evening everybody") == ["wonderful", "evening everybody"]
    assert lines("we went home, and everybody slept") == ["we went home,", "and everybody slept"]
    assert lines("nobody could open the enormous door") == [
        "nobody could open",
        "the enormous door",
    ]


def test_what_fits_in_no_two_lines_is_no_block():
    assert lines(" ".join(["wonderful"] * 9)) is None
    assert lines("wonderful evening everybody", style(lines=1)) is None
    assert lines(f"a {'b' * 60}") is None


def test_capitals_are_wider_and_are_measured():
    assert lines("straße", style(case="upper")) == ["STRASSE"]


def test_a_long_word_is_made_smaller_and_then_parted():
    smaller, parted = block_of(words("a" * 40), measure()), block_of(words("a" * 90), measure())

    assert smaller
    assert parted
    assert (len(smaller.lines), smaller.em) == (1, pytest.approx(45.0))
    assert [piece.text for line in parted.lines for piece in line] == ["a" * 45 + "-", "a" * 45]
    assert parted.em == pytest.approx(40.0)
    assert parted.width <= measure().room(parted.em)


def test_a_word_that_fits_nowhere_is_said_in_parts():
    word = Word(text="a" * 200, start=1.0, end=2.0, joined=True)
    parts = list(timed_parts(word, measure()))

    assert [len(part.text) for part in parts] == [100, 100]
    assert [(part.start, part.end) for part in parts] == [(1.0, 1.5), (1.5, 2.0)]
    assert all(part.joined for part in parts)
    assert list(timed_parts(words("x")[0], measure())) == words("x")


def test_a_single_letter_is_never_parted():
    tiny = measure(frame=Size(20, 1000))
    (block,) = [block_of(words("W"), tiny)]

    assert block
    assert list(timed_parts(words("WW")[0], tiny)) != []


def test_words_without_a_letter_that_can_be_drawn_take_no_room():
    block = block_of(words("日 a"), measure())

    assert block
    assert block.width == line_width(block.lines[0], block.em) == 50
    empty = block_of(words("日"), measure())
    assert empty
    assert empty.height == empty.em


def test_room_is_kept_for_what_is_drawn_around_letters():
    rooms = {name: measure(style(highlight=name)).room(50) for name in ("colour", "pop", "box")}

    assert rooms["pop"] < rooms["colour"]
    assert rooms["box"] < rooms["colour"]


def test_writing_from_the_right_is_known():
    block = block_of(words("שלום abc"), measure())

    assert block
    assert block.right_to_left


@pytest.mark.parametrize("name", AREAS)
def test_an_area_lies_in_its_frame_whatever_the_aspect(name):
    for size in (Size(1080, 1920), FRAME, Size(1920, 1080)):
        area = area_of(name, size)
        assert 0 < area.x < area.x + area.width < size.width
        assert 0 < area.y < area.y + area.height < size.height
    assert area_of("feed", Size(1080, 1920)) == Rect(108, 240, 792, 1180)


def test_an_area_goes_by_its_name():
    assert [area_named(name) for name in AREAS] == list(AREAS)
    with pytest.raises(UnknownCaptionAreaError, match="choose from feed, ads, full"):
        area_named("attic")


def test_words_stand_as_far_apart_as_the_style_says():
    near, far = (block_of(words("we are"), measure(style(space=space))) for space in (0.0, 1.5))
    assert near
    assert far

    assert far.width - near.width == pytest.approx((1.5 - near.lines[0][1].space) * near.em)


@pytest.mark.parametrize("look", [look for look in BUILT_IN if look.highlight in {"pop", "box"}])
def test_what_marks_a_word_does_not_reach_the_next(look):
    shown = measure_for(FRAME, style=look, area="full", fonts=load_fonts())
    block = block_of(words("people will"), shown)
    assert block
    (people, will), *_ = block.lines
    grown = line_width([people], 1.0) * (GROWTH - 1) / 2 + look.paint.outline
    reach = grown if look.highlight == "pop" else BOX_PADDING

    assert will.space > reach + look.paint.outline


def test_the_space_before_an_emoji_is_that_of_the_text():
    ruler = measure_for(FRAME, style=BUILT_IN[3], area="feed", fonts=load_fonts(None))
    word, emoji, thumb = (ruler.piece(text, 1, joined=False) for text in ("on", "🔥", "👍🏽"))

    assert emoji.runs[0].font.name != word.runs[0].font.name
    assert emoji.space == thumb.space == word.space
    assert emoji.runs[0].font.width(" ", 1.0) > 1.5 * word.space
