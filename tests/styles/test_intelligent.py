"""The intelligent styles: windows planned from footage, and graphs that show them."""

from dataclasses import replace
from fractions import Fraction

import pytest

from tests.reframe.conftest import face, make_footage
from viralclip.geometry import Size
from viralclip.reframe.path import Doubt
from viralclip.scenes import Scene
from viralclip.styles import STYLES, View
from viralclip.styles.framing import Framing, Raster
from viralclip.styles.pinned_crop import Pin

__all__ = ["make_footage"]

SOURCE = Size(1280, 720)
RASTER = Raster(frames=150, fps=Fraction(25))
TALL = Fraction(9, 16)


def two_people(make_footage):
    return make_footage(lambda _: face(300), lambda _: face(980))


def planned(name: str, footage, scene: Scene | None = None) -> tuple[View, Framing]:
    style = STYLES[name]
    target = style.target_size(SOURCE, TALL)
    view = View(source=SOURCE, target=target, scene=scene or Scene(id=1, title="", start=0, end=6))
    return view, style.frame(footage, view, RASTER)  # type: ignore[attr-defined] - analysed


@pytest.mark.parametrize("name", [name for name in STYLES if name.startswith("intelligent")])
def test_every_frame_has_its_window_inside_the_source(name, make_footage):
    _, framing = planned(name, two_people(make_footage))

    for panel in framing.panels:
        x, y, width, height = panel.T
        assert panel.shape == (150, 4)
        assert (x >= 0).all()
        assert (y >= 0).all()
        assert (x + width <= SOURCE.width).all()
        assert (y + height <= SOURCE.height).all()


def test_the_left_person_is_in_the_first_panel(make_footage):
    _, framing = planned("intelligent_split", two_people(make_footage))
    above, below = framing.panels

    assert (above[:, 0] + above[:, 2] / 2 < below[:, 0] + below[:, 2] / 2).all()


def test_two_panels_are_drawn_from_two_moving_crops(make_footage):
    view, framing = planned("intelligent_split", two_people(make_footage))
    drawn = STYLES["intelligent_split"].graph(replace(view, framing=framing))

    assert "vstack" in drawn.render()
    assert drawn.render().count("crop") >= 2


def test_one_person_alone_fills_the_clip_and_the_lack_of_another_is_said(make_footage):
    view, framing = planned("intelligent_split", make_footage(lambda _: face(300)))
    drawn = STYLES["intelligent_split"].graph(replace(view, framing=framing))

    assert len(framing.panels) == 1
    assert str(Doubt.NO_PAIR) in framing.doubts
    assert "vstack" not in drawn.render()


def test_a_pinned_crop_is_followed_instead_of_faces(make_footage):
    pins = (Pin(time=10.0, x=0.5, y=0.0, width=0.25),)
    scene = Scene(id=1, title="", start=10, end=16, options={"crop": pins})
    _, framing = planned("intelligent", make_footage(lambda _: face(200)), scene)

    assert framing.panels[0][:, 0] == pytest.approx(640, abs=80)


@pytest.mark.parametrize("name", ["intelligent", "intelligent_split"])
def test_without_footage_the_middle_is_shown(name):
    style = STYLES[name]
    view = View(
        source=SOURCE,
        target=style.target_size(SOURCE, TALL),
        scene=Scene(id=1, title="", start=0, end=6),
    )

    assert "crop" in style.graph(view).render()
