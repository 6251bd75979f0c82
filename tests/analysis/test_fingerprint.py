"""What was analysed is known by the code and the libraries that did it, to the last import."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import viralclip
from viralclip.analysis import fingerprint
from viralclip.analysis.analyst import AnalysisTask, FramingTask, command, environment
from viralclip.analysis.fingerprint import closure, framing_code, looking_code, version_of
from viralclip.media.probe import probe
from viralclip.scenes import Scene
from viralclip.styles import all_styles

ANALYST = "viralclip.analysis.analyst"
PACKAGE = Path(viralclip.__file__).parent
SHOW = """
from viralclip.analysis.fingerprint import framing_code, looking_code
print(looking_code(), framing_code("intelligent"))
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, to be changed."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, folder / "viralclip", ignore=shutil.ignore_patterns("page", "__py*"))
    return folder


def codes(folder: Path) -> str:
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    asked = [sys.executable, "-c", SHOW]
    done = subprocess.run(asked, env=env, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def test_a_change_of_any_code_that_is_led_to_changes_the_name(copied: Path):
    names = [codes(copied)]
    for file in ("geometry.py", "media/probe.py", "scenes.py", "reframe/path.py"):
        with (copied / "viralclip" / file).open("a") as source:
            source.write("\n# changed\n")
        names.append(codes(copied))
    with (copied / "viralclip" / "server" / "app.py").open("a") as source:
        source.write("\n# changed\n")

    assert len(set(names)) == len(names)
    assert codes(copied) == names[-1]


def test_whatever_the_analyst_really_imports_is_part_of_it(source, tmp_path):
    path = source("small")
    video = probe(path).video
    framing = FramingTask(
        style="intelligent_motion",
        scene=Scene(id=1, title="a", start=0, end=1),
        source=(video.width, video.height),
        target=(202, 360),
        frames=25,
        fps=video.fps,
        framing=str(tmp_path / "framing.npz"),
    )
    task = AnalysisTask(
        source=str(path),
        start=0,
        duration=1,
        model=None,
        threads=1,
        footage=str(tmp_path / "footage.npz"),
        framings=(framing,),
    )
    python, *rest = command(task)
    asked = [python, "-X", "importtime", *rest]
    done = subprocess.run(asked, env=environment(), capture_output=True, text=True, check=True)
    imported = set(re.findall(r"\| +(viralclip[\w.]*)$", done.stderr, re.MULTILINE))
    own, libraries = closure(ANALYST)

    assert (tmp_path / "framing.npz").exists()
    assert "viralclip.reframe.path" in imported
    assert imported <= set(own)
    assert {"numpy", "cv2", "highspy", "av"} <= libraries


def test_every_library_has_a_version():
    _, libraries = closure(ANALYST)

    assert [name for name in libraries if not version_of(name)] == []
    assert version_of("no_such_library") == ""


def test_another_version_of_a_library_is_another_name(monkeypatch: pytest.MonkeyPatch):
    before = looking_code()
    fingerprint._fingerprint.cache_clear()
    monkeypatch.setattr(fingerprint, "version_of", lambda name: f"{name} of tomorrow")
    after = looking_code()
    fingerprint._fingerprint.cache_clear()

    assert after != before


def test_a_style_of_another_package_counts_with_what_it_imports_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    package = tmp_path / "tall_styles"
    package.mkdir()
    (package / "__init__.py").write_text("from .tall import Tall\n")
    (package / "tall.py").write_text("from . import numbers\nimport numpy as np\n")
    (package / "numbers.py").write_text("HEIGHT = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    own, libraries = closure("tall_styles.tall")

    assert set(own) == {"tall_styles", "tall_styles.tall", "tall_styles.numbers"}
    assert libraries == {"numpy"}


def test_what_is_no_module_leads_nowhere():
    assert closure("__main__.style")[0] == {}
    assert closure("no_such_package.style") == ({}, frozenset())


@pytest.mark.parametrize("style", ["intelligent", "intelligent_split"])
def test_a_framing_has_the_name_of_its_style_too(style: str):
    assert type(all_styles()[style]).__module__ in closure(ANALYST)[0]
    assert framing_code(style) != looking_code()
