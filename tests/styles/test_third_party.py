"""Styles from other packages, found as if they were installed."""

import sys
import tomllib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from viralclip.geometry import Rect, Size
from viralclip.reframe.footage import Face, Footage
from viralclip.scenes import Scene
from viralclip.styles import (
    STYLES,
    AnalysedStyle,
    Raster,
    View,
    all_styles,
    broken_styles,
    resolve,
    target_size,
)
from viralclip.styles.extensions import load_extensions

PACKAGE = Path(__file__).parent / "third_party"
GUIDE = Path(__file__).parents[2] / "docs/how-to/add-a-style.md"
HD = Size(1280, 720)
TALL = Fraction(9, 16)
BROKEN = {
    "absent": "no_such_module_anywhere:STYLE",
    "crashing": "crashing_style:STYLE",
    "quitting": "quitting_style:STYLE",
    "class_only": "odd_styles:ClassOnly",
    "misnamed": "odd_styles:MISNAMED",
    "nameless": "odd_styles:NAMELESS",
    "drawless": "odd_styles:DRAWLESS",
    "blind": "odd_styles:BLIND",
    "aimless": "odd_styles:AIMLESS",
    "../escape": "odd_styles:MISNAMED",
    "all": "odd_styles:MISNAMED",
    "split": "odd_styles:MISNAMED",
}
MODULES = {
    "crashing_style": "raise RuntimeError('no GPU here')",
    "quitting_style": "raise SystemExit(3)",
    "odd_styles": """
from types import SimpleNamespace
from viralclip.styles import StaticStyle

class ClassOnly(StaticStyle):
    name = "class_only"

MISNAMED = SimpleNamespace(
    name="other", summary="", analysed=False, fits=len, target_size=len, graph=len
)
NAMELESS = SimpleNamespace()
LOOKING = {"summary": "", "analysed": True, "fits": len, "target_size": len, "graph": len}
BLIND = SimpleNamespace(name="blind", **LOOKING)
AIMLESS = SimpleNamespace(name="aimless", frame=len, algorithm="magic", **LOOKING)
DRAWLESS = StaticStyle()
DRAWLESS.name, DRAWLESS.summary = "drawless", ""
""",
}


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Makes a distribution with these entry points visible, without an installer."""

    def run(name: str, points: dict[str, str]) -> None:
        info = tmp_path / f"{name.replace('-', '_')}-1.0.0.dist-info"
        info.mkdir()
        info.joinpath("METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n"
        )
        lines = [f"{point} = {place}" for point, place in points.items()]
        info.joinpath("entry_points.txt").write_text("\n".join(["[viralclip.styles]", *lines]))
        load_extensions.cache_clear()

    for module, code in MODULES.items():
        tmp_path.joinpath(f"{module}.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(PACKAGE)
    load_extensions.cache_clear()
    yield run
    load_extensions.cache_clear()
    for module in ("viralclip_mirror", "viralclip_mirror.rest", *MODULES):
        sys.modules.pop(module, None)


@pytest.fixture
def mirror(install):
    project = tomllib.loads(PACKAGE.joinpath("pyproject.toml").read_text())["project"]
    install(project["name"], project["entry-points"]["viralclip.styles"])


def test_without_other_packages_there_are_the_built_in_styles(install):
    assert dict(all_styles()) == dict(STYLES)
    assert broken_styles() == ()


def test_a_style_of_another_package_is_found_after_the_built_in_ones(mirror):
    assert tuple(all_styles()) == (*STYLES, "mirror", "rest")
    assert broken_styles() == ()


def test_a_style_of_another_package_is_chosen_by_name_and_by_all(mirror):
    assert resolve(["mirror"], source=HD, aspect=TALL)[-1].name == "mirror"
    assert resolve(["all"], source=HD, aspect=TALL)[-2].name == "mirror"


def test_a_style_of_another_package_is_drawn(mirror, draw):
    clip = draw([all_styles()["mirror"]], HD, TALL)["mirror"]
    x, y, width, height = clip.window(Rect(0, 0, 1080, 1920))

    assert (clip.size, clip.sar) == (Size(1080, 1920), "1:1")
    assert (x, width) == pytest.approx((842, -404), abs=1.5)
    assert (y, height) == pytest.approx((0, 720), abs=1.5)


def test_an_analysed_style_of_another_package_plans_its_framing(mirror):
    style = all_styles()["rest"]
    faces = ((_face(900.0),), (), (_face(920.0), _face(100.0)))
    still = np.tile([640.0, 360.0, 0.0], (3, 1))
    footage = Footage(HD, 0.3, np.arange(3) / 10, faces, still, np.array([]), None)
    view = View(HD, target_size(style, HD, TALL), Scene(id=1, title="", start=0, end=0.3))

    assert isinstance(style, AnalysedStyle)
    framing = style.frame(footage, view, Raster(9, Fraction(30)))
    assert framing.panels[0].tolist() == [[748.0, 0.0, 404.0, 720.0]] * 9
    assert style.graph(replace(view, framing=framing)).scripts == ()


def _face(x: float) -> Face:
    return Face(x, 100.0, 100.0, 120.0, 0.9, np.zeros((5, 2)), np.zeros((1, 1), np.uint8))


def test_broken_styles_are_reported_and_harmless(mirror, install):
    install("odd-package", BROKEN)

    assert tuple(all_styles()) == (*STYLES, "mirror", "rest")
    assert {broken.package for broken in broken_styles()} == {"odd-package"}
    assert {broken.name: broken.problem for broken in broken_styles()} == {
        "../escape": "a name has lower-case letters, digits and underscores, at most 40",
        "aimless": "it is analysed and its algorithm is none of "
        "basic, motion, audio_aware, speaker_aware",
        "blind": "it is analysed and has no method frame",
        "absent": "ModuleNotFoundError: No module named 'no_such_module_anywhere'",
        "all": "the name is taken",
        "class_only": "the entry point leads to a class, not to a style",
        "crashing": "RuntimeError: no GPU here",
        "drawless": "it has no method graph",
        "misnamed": "the style calls itself 'other'",
        "nameless": "it has no name of type str",
        "quitting": "SystemExit: 3",
        "split": "the name is taken",
    }


def test_a_built_in_style_cannot_be_replaced(install):
    install("odd-package", {"split": "viralclip_mirror:MIRROR"})

    assert all_styles()["split"] is STYLES["split"]


def test_of_two_packages_with_one_name_the_first_is_taken(mirror, install):
    install("zz-mirror", {"mirror": "viralclip_mirror:MIRROR"})

    assert [(broken.name, broken.package) for broken in broken_styles()] == [
        ("mirror", "zz-mirror")
    ]
    assert "mirror" in all_styles()


def test_the_guide_shows_this_package():
    guide = GUIDE.read_text()

    for module in ("__init__.py", "rest.py"):
        assert PACKAGE.joinpath(f"viralclip_mirror/{module}").read_text() in guide
    for point in ('mirror = "viralclip_mirror:MIRROR"', 'rest = "viralclip_mirror.rest:REST"'):
        assert point in guide
        assert point in PACKAGE.joinpath("pyproject.toml").read_text()
