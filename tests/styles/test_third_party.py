"""Styles from other packages, found as if they were installed."""

import sys
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

from viralclip.geometry import Rect, Size
from viralclip.styles import STYLES, all_styles, broken_styles, resolve
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
    for module in ("viralclip_mirror", *MODULES):
        sys.modules.pop(module, None)


@pytest.fixture
def mirror(install):
    project = tomllib.loads(PACKAGE.joinpath("pyproject.toml").read_text())["project"]
    install(project["name"], project["entry-points"]["viralclip.styles"])


def test_without_other_packages_there_are_the_built_in_styles(install):
    assert dict(all_styles()) == dict(STYLES)
    assert broken_styles() == ()


def test_a_style_of_another_package_is_found_after_the_built_in_ones(mirror):
    assert tuple(all_styles()) == (*STYLES, "mirror")
    assert broken_styles() == ()


def test_a_style_of_another_package_is_chosen_by_name_and_by_all(mirror):
    for names in (["mirror"], ["all"]):
        assert resolve(names, source=HD, aspect=TALL)[-1].name == "mirror"


def test_a_style_of_another_package_is_drawn(mirror, draw):
    clip = draw([all_styles()["mirror"]], HD, TALL)["mirror"]
    x, y, width, height = clip.window(Rect(0, 0, 1080, 1920))

    assert (clip.size, clip.sar) == (Size(1080, 1920), "1:1")
    assert (x, width) == pytest.approx((842, -404), abs=1.5)
    assert (y, height) == pytest.approx((0, 720), abs=1.5)


def test_broken_styles_are_reported_and_harmless(mirror, install):
    install("odd-package", BROKEN)

    assert tuple(all_styles()) == (*STYLES, "mirror")
    assert {broken.package for broken in broken_styles()} == {"odd-package"}
    assert {broken.name: broken.problem for broken in broken_styles()} == {
        "../escape": "a name has lower-case letters, digits and underscores, at most 40",
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

    assert PACKAGE.joinpath("viralclip_mirror/__init__.py").read_text() in guide
    assert 'mirror = "viralclip_mirror:MIRROR"' in guide
    assert 'mirror = "viralclip_mirror:MIRROR"' in PACKAGE.joinpath("pyproject.toml").read_text()
