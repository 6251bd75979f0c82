"""Fonts, read from their files."""

import io
from pathlib import Path
from typing import Any

import pytest
from fontTools.ttLib import TTCollection, TTFont

import viralclip
from viralclip.captions.fonts import NoFontError, in_preference, read_fonts
from viralclip.captions.style import BUILT_IN

FOLDER = Path(viralclip.__file__).parent / "fonts"
HEBREW = FOLDER / "NotoSansHebrew-Bold.ttf"


def changed(change) -> bytes:
    font: Any = TTFont(HEBREW)
    change(font)
    written = io.BytesIO()
    font.save(written)
    return written.getvalue()


def no_windows(font):
    font["OS/2"].usWinAscent = font["OS/2"].usWinDescent = 0
    font["hhea"].ascent, font["hhea"].descent = 900, -100


def test_a_font_knows_its_letters_and_how_wide_they_are():
    (font,) = read_fonts(HEBREW.read_bytes(), "hebrew.ttf")

    assert (font.name, font.filename) == ("Noto Sans Hebrew Bold", "hebrew.ttf")
    assert font.covers("שלום")
    assert not font.covers("ж")
    assert font.width("שלום", 100) == pytest.approx(sum(font.width(ch, 100) for ch in "שלום"))
    assert 100 < font.width("שלום", 100) < 400
    assert font.width("ж", 100) == 0
    assert font.line_height(100) == 136


def test_a_font_that_says_nothing_to_windows_has_its_own_heights():
    (font,) = read_fonts(changed(no_windows), "x")

    assert font.line_height(1000) == font.ascent + font.descent == 1000


def test_a_collection_has_several_faces():
    collection: Any = TTCollection()
    collection.fonts = [TTFont(HEBREW), TTFont(HEBREW)]
    written = io.BytesIO()
    collection.save(written)

    assert [font.name for font in read_fonts(written.getvalue(), "x")] == [
        "Noto Sans Hebrew Bold"
    ] * 2


@pytest.mark.parametrize("name", ["", "Bad {\\b1} Name"])
def test_a_face_whose_name_cannot_be_said_in_a_script_is_left_out(name):
    def rename(font):
        font["name"].names = [n for n in font["name"].names if n.nameID != 4]
        if name:
            font["name"].setName(name, 4, 3, 1, 0x409)

    assert read_fonts(changed(rename), "x") == ()


@pytest.mark.parametrize("data", [b"", b"no font", b"ttcf", b"\0\1\0\0" + bytes(60)])
def test_what_is_no_font_is_said(data):
    with pytest.raises(NoFontError, match=r"x\.ttf is not a TrueType or OpenType font"):
        read_fonts(data, "x.ttf")


def test_preferred_fonts_come_first_in_their_order():
    shipped = [
        font for path in sorted(FOLDER.glob("*.ttf")) for font in read_fonts(path.read_bytes(), "")
    ]
    first = in_preference(shipped, "Noto Sans Bold", "Anton Regular", "Noto Sans Bold")

    assert [font.name for font in first[:2]] == ["Noto Sans Bold", "Anton Regular"]
    assert len(first) == len(shipped)


def test_the_font_of_every_look_is_shipped():
    shipped = [
        font.name for path in FOLDER.glob("*.ttf") for font in read_fonts(path.read_bytes(), "")
    ]

    assert {style.letters.font for style in BUILT_IN} <= set(shipped)
