"""Styles from other packages, found as if they were installed."""

import json
import sys
import tomllib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from viralclip.errors import InvalidScenesError
from viralclip.geometry import Rect, Size
from viralclip.reframe.footage import Face, Footage
from viralclip.scenes import Scene, parse_scenes
from viralclip.styles import (
    STYLES,
    AnalysedStyle,
    Raster,
    View,
    all_styles,
    broken_styles,
    resolve,
    scene_within,
    target_size,
)
from viralclip.styles.extensions import load_extensions
from viralclip.styles.registry import scene_options

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
    "optionless": "odd_styles:OPTIONLESS",
    "greedy": "odd_styles:GREEDY",
    "timed": "odd_styles:TIMED",
    "strict": "odd_styles:STRICT",
}
MODULES = {
    "crashing_style": "raise RuntimeError('no GPU here')",
    "quitting_style": "raise SystemExit(3)",
    "odd_styles": """
from types import SimpleNamespace
from viralclip.styles import StaticStyle, StyleOptions

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

class Greedy(StyleOptions):
    webcam: str = ""

class Timed(StyleOptions):
    start_time: float = 0.0

class Strict(StyleOptions):
    need: str

def optioned(name, options):
    return SimpleNamespace(
        name=name, summary="", analysed=False, fits=len, target_size=len, graph=len, options=options
    )

OPTIONLESS = optioned("optionless", {"webcam": None})
GREEDY, TIMED = optioned("greedy", Greedy), optioned("timed", Timed)
STRICT = optioned("strict", Strict)
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
    for module in (
        "viralclip_mirror",
        "viralclip_mirror.rest",
        "viralclip_mirror.turned",
        *MODULES,
    ):
        sys.modules.pop(module, None)


@pytest.fixture
def mirror(install):
    project = tomllib.loads(PACKAGE.joinpath("pyproject.toml").read_text())["project"]
    install(project["name"], project["entry-points"]["viralclip.styles"])


def test_without_other_packages_there_are_the_built_in_styles(install):
    assert dict(all_styles()) == dict(STYLES)
    assert broken_styles() == ()


def test_a_style_of_another_package_is_found_after_the_built_in_ones(mirror):
    assert tuple(all_styles()) == (*STYLES, "mirror", "rest", "turned")
    assert broken_styles() == ()


def test_a_style_of_another_package_is_chosen_by_name_and_by_all(mirror):
    assert resolve(["mirror"], source=HD, aspect=TALL)[-1].name == "mirror"
    assert resolve(["all"], source=HD, aspect=TALL)[-3].name == "mirror"


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


def test_scenes_tell_a_style_of_another_package_what_it_asks_for(mirror, draw):
    style = all_styles()["turned"]
    default, turned = told(), told(turn="right")
    left = draw([style], HD, Fraction(16, 9), scene=default)["turned"]
    right = draw([style], HD, Fraction(16, 9), scene=turned)["turned"]

    assert default.options == {}
    assert turned.options == {"turn": "right"}
    above, below = np.split(left.u, 2)
    assert above.max() <= below.min()
    above, below = np.split(right.u, 2)
    assert above.min() >= below.max()


def test_an_option_that_is_no_share_of_the_picture_is_the_same_inside_bars(mirror):
    turned = told(turn="right", webcam={"x": 0, "y": 0, "width": 0.5, "height": 0.5})

    assert scene_within(turned, all_styles()["turned"], Rect(0, 90, 1280, 540), HD) == turned


def test_what_a_style_of_another_package_refuses_is_a_fault_with_its_place(mirror):
    with pytest.raises(InvalidScenesError) as raised:
        told(turn="up")

    assert [str(fault) for fault in raised.value.faults] == [
        "scenes[0].turn: up should be 'left' or 'right'"
    ]


def told(**options) -> Scene:
    rows = json.dumps([{"start": 0, "end": 1, **options}])
    reading = parse_scenes(rows, name="scenes.json", duration=60, fps=25, options=scene_options())
    return reading.scenes[0]


def _face(x: float) -> Face:
    return Face(x, 100.0, 100.0, 120.0, 0.9, np.zeros((5, 2)), np.zeros((1, 1), np.uint8))


def test_broken_styles_are_reported_and_harmless(mirror, install):
    install("odd-package", BROKEN)

    assert tuple(all_styles()) == (*STYLES, "mirror", "rest", "turned")
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
        "greedy": "its option webcam is taken",
        "misnamed": "the style calls itself 'other'",
        "nameless": "it has no name of type str",
        "optionless": "its options are no subclass of StyleOptions",
        "quitting": "SystemExit: 3",
        "split": "the name is taken",
        "strict": "its option need has no default",
        "timed": "its option start_time is taken",
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

    for module in ("__init__.py", "rest.py", "turned.py"):
        assert PACKAGE.joinpath(f"viralclip_mirror/{module}").read_text() in guide
    points = PACKAGE.joinpath("pyproject.toml").read_text().partition("viralclip.styles")[2]
    for point in points.splitlines()[1:]:
        assert point in guide
