"""Looks from other packages, found as if they were installed."""

import sys

import pytest

from viralclip.captions import registry
from viralclip.captions.style import BUILT_IN, Paint
from viralclip.errors import UnknownCaptionStyleError

MODULE = """
from dataclasses import replace
from viralclip.captions.style import BUILT_IN

NEON = replace(BUILT_IN[0], name="neon")
OTHER = 3
"""
POINTS = """
[viralclip.caption_styles]
neon = captions_of_others:NEON
pop = captions_of_others:NEON
wrong = captions_of_others:OTHER
named = captions_of_others:NEON
"../up" = captions_of_others:NEON
absent = no_such_module_anywhere:X
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    info = tmp_path / "captions_of_others-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: captions-of-others\nVersion: 1\n")
    (info / "entry_points.txt").write_text(POINTS)
    (tmp_path / "captions_of_others.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    registry._extensions.cache_clear()
    yield
    registry._extensions.cache_clear()
    sys.modules.pop("captions_of_others", None)


@pytest.mark.usefixtures("installed")
def test_a_look_that_another_package_brings_is_one_of_ours():
    assert registry.caption_style("neon").name == "neon"
    assert list(registry.caption_styles()) == [*(style.name for style in BUILT_IN), "neon"]


@pytest.mark.usefixtures("installed")
def test_what_brings_no_look_is_named_with_its_package():
    broken = {each.name: each.problem for each in registry.broken_caption_styles()}

    assert broken == {
        '"../up"': "a name has lower-case letters, digits and underscores, at most 40",
        "absent": "ModuleNotFoundError: No module named 'no_such_module_anywhere'",
        "named": "the style calls itself 'neon'",
        "pop": "the name is taken",
        "wrong": "the entry point leads to no CaptionStyle",
    }
    assert {each.package for each in registry.broken_caption_styles()} == {"captions-of-others"}


def test_a_look_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(UnknownCaptionStyleError, match="choose from phrase, pop, box, plain"):
        registry.caption_style("neon")


def test_a_colour_is_written_as_six_digits():
    with pytest.raises(ValueError, match="'red' is not a colour like #FFE500"):
        Paint(fill="red")
