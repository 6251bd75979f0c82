"""Styles are given what black bars leave of the picture, but for those that show all of it."""

from dataclasses import dataclass
from fractions import Fraction

import pytest

from viralclip.geometry import Rect, Size
from viralclip.scenes import Scene
from viralclip.styles import STYLES, resolve, scene_within, seen_area
from viralclip.styles.original import Original
from viralclip.styles.pinned_crop import Pin, PinnedCrop
from viralclip.styles.streamer_split import Region, Webcam
from viralclip.words.transcript import Word

FULL, PHONE = Size(1920, 1080), Rect(656, 0, 608, 1080)
WHOLE = Rect(0, 0, 1920, 1080)
TALL = Fraction(9, 16)


@pytest.mark.parametrize("name", STYLES)
def test_every_style_but_original_sees_the_picture_inside_bars(name: str):
    wanted = WHOLE if name == "original" else PHONE

    assert seen_area(STYLES[name], FULL, PHONE) == wanted
    assert seen_area(STYLES[name], FULL, None) == WHOLE


def test_a_style_that_says_it_does_not_show_the_whole_frame_is_given_the_inside():
    @dataclass(frozen=True)
    class Frame(Original):
        @property
        def whole_frame(self) -> bool:
            return False

    assert seen_area(Frame(), FULL, PHONE) == PHONE


def test_whether_a_style_fits_is_judged_inside_bars():
    names = ("left_focus", "center_focus")

    assert [style.name for style in resolve(names, source=FULL, aspect=TALL)] == list(names)
    inside = resolve(names, source=FULL, aspect=TALL, active=PHONE)
    assert [style.name for style in inside] == ["center_focus"]


def test_shares_of_the_frame_become_shares_of_the_inside():
    area = Rect(480, 0, 960, 1080)
    pin = Pin(time=1.0, x=0.5, y=0.25, width=0.25)
    scene = _scene(webcam=Region(x=0.25, y=0.0, width=0.25, height=0.5), crop=(pin,))

    split, follow = (
        scene_within(scene, STYLES[name], area, FULL) for name in ("streamer_split", "intelligent")
    )

    assert Webcam.of(split).webcam == Region(x=0.0, y=0.0, width=0.5, height=0.5)
    assert PinnedCrop.of(follow).crop == (Pin(time=1.0, x=0.5, y=0.25, width=0.5),)
    assert scene_within(scene, STYLES["intelligent"], WHOLE, FULL) == scene
    assert scene_within(scene, STYLES["split"], area, FULL) == scene


def test_a_style_is_given_no_words():
    said = (Word(text="so", start=0, end=1),)
    scene, style = _scene().model_copy(update={"words": said}), STYLES["intelligent"]

    assert scene_within(scene, style, WHOLE, FULL) == _scene()
    assert scene_within(scene, style, Rect(480, 0, 960, 1080), FULL) == _scene()


def test_a_webcam_in_the_bars_is_only_what_of_it_is_inside():
    area = Rect(480, 0, 960, 1080)
    scene = _scene(webcam=Region(x=0.0, y=0.5, width=0.375, height=0.5))

    inside = scene_within(scene, STYLES["streamer_split"], area, FULL)

    assert Webcam.of(inside).webcam == Region(x=0.0, y=0.5, width=0.25, height=0.5)
    assert scene_within(_scene(), STYLES["streamer_split"], area, FULL) == _scene()


def _scene(webcam: Region | None = None, crop: tuple[Pin, ...] = ()) -> Scene:
    return Scene(start=0.0, end=2.0, options={"webcam": webcam, "crop": crop})
