"""What the pages at the root say can be done, can be done."""

import re
from pathlib import Path

import pytest
import typer.main

from viralclip.cli.app import app
from viralclip.geometry import ASPECTS
from viralclip.styles import STYLES

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "CONTRIBUTING.md")
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
