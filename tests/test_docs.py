"""What the pages at the root say can be done, can be done; and nobody is sent to a stranger."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer.main

from viralclip.cli.app import app
from viralclip.geometry import ASPECTS
from viralclip.styles import STYLES

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "CONTRIBUTING.md")
# The public package index has a program of another project under this name.
FOREIGN = "viralclip"
_TOOL = r"\b(?:pip3?|pipx|uv|poetry|pdm)\b[^\n`]*? (?:install|add|download|run)\b|\buvx\b"
_NAMED = rf"[\s'\"]{FOREIGN}(?:[\s'\"`\[=<>~!;,.)]|$)"
INSTALLS = re.compile(
    rf"(?:{_TOOL})[^\n`]*?{_NAMED}|\b{FOREIGN}\[[a-z]|\bdependencies = .*{_NAMED}", re.MULTILINE
)
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined] - a group has commands


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_that_is_named_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:`|\$ )make ([a-z-]+)", read(page)))

    assert named
    assert named <= targets


def test_every_command_that_the_readme_names_exists_with_its_options():
    lines = re.findall(
        r"^\$? ?viralclip (.+)$|`viralclip ([^`]+)`", read("README.md"), re.MULTILINE
    )
    said = [(block or inline).split() for block, inline in lines]

    assert len(said) > 4
    for command, *rest in said:
        assert command in COMMANDS
        known = {name for option in COMMANDS[command].params for name in option.opts}
        assert {word for word in rest if word.startswith("--")} <= known


def test_the_readme_names_every_style_and_aspect():
    text = read("README.md")

    assert {name for name in STYLES if f"`{name}`" in text} == set(STYLES)
    assert {name for name in ASPECTS if name in text} == set(ASPECTS)


@pytest.mark.parametrize("page", PAGES)
def test_links_to_files_lead_somewhere(page):
    links = [link for link in re.findall(r"\]\(([^)#]+)", read(page)) if "://" not in link]

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize(
    "advice",
    [
        "pip install {}",
        "pip install '{}[fleet]'",
        "run `pip3 install --upgrade {}`.",
        "python -m pip install redis {}==0.1",
        "uvx {} demo",
        "uv tool install {}",
        "uv add {}",
        "pipx install {}",
        "pipx run {} demo",
        "needs {}[demo]",
        'dependencies = ["{}"]',
    ],
)
def test_advice_to_install_a_strangers_program_is_recognised(advice):
    assert INSTALLS.search(advice.format(FOREIGN))
    assert not INSTALLS.search(advice.format(f"{FOREIGN}-scenes"))


def test_no_text_advises_to_install_a_strangers_program():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    texts = {file: file.read_bytes().decode(errors="ignore") for file in files if file.is_file()}

    assert len(texts) > 100
    assert [(str(file), f[0]) for file, text in texts.items() if (f := INSTALLS.search(text))] == []


def test_extras_are_advised_by_the_name_of_our_distribution():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / FOREIGN).rglob("*.py"))
    advised = set(re.findall(r"pip install '(.+?)\[(\w+)\]'", sources))

    assert project["name"] != FOREIGN
    assert {name for name, _ in advised} == {project["name"]}
    assert {extra for _, extra in advised} <= set(project["optional-dependencies"])
