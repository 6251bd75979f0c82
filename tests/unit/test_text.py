"""Text from outside, fit to be shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viralclip.text import counted, is_text, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ünd 日本語 🔥.mp4", "plain, ünd 日本語 🔥.mp4"),
        ("new\nline\tand \x1b[2J", "new\\nline\\tand \\x1b[2J"),
        ("caf\udce9.mp4", "caf\\xe9.mp4"),
        ("\ud800", "\\ud800"),
        ("A\u202etxt.exe", "A\\u202etxt.exe"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("no\u00a0break", "no\u00a0break"),
    ],
)
def test_what_would_disturb_a_screen_is_escaped(text, shown):
    assert printable(text) == shown


@given(st.text())
def test_whatever_is_shown_is_one_line_of_text(text):
    assert is_text(printable(text))
    assert len(printable(text).splitlines()) <= 1


def test_bytes_that_are_not_utf_8_are_no_text():
    assert is_text("日本語.mp4")
    assert not is_text("caf\udce9.mp4")


def test_a_noun_is_counted_in_one_or_many():
    assert (counted(1, "clip"), counted(2, "clip")) == ("1 clip", "2 clips")
