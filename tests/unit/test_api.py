"""What a program finds in the package itself."""

import pytest

import viralclip


def test_the_package_lists_what_it_gives():
    assert {"Client", "Job", "Scene", "arender", "render"} <= set(dir(viralclip))


def test_what_it_gives_is_loaded_when_it_is_asked_for():
    assert viralclip.Scene(id=1, title="", start=0, end=1).duration == 1


def test_a_name_that_it_does_not_have_is_missed_in_words():
    with pytest.raises(AttributeError, match="nothing_like_this"):
        viralclip.nothing_like_this  # noqa: B018 # pyright: ignore[reportAttributeAccessIssue]
