"""The documentation names everything there is, and nothing that is not."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import typer.main

from viralclip.cli.app import app
from viralclip.cli.execution import BAD_INPUT, INTERRUPTED, TERMINATED
from viralclip.cli.render import EXIT_CODES
from viralclip.events import TICK, ClipProgressed, Envelope, Event
from viralclip.geometry import ASPECTS
from viralclip.media.encoders import ENCODERS
from viralclip.pipeline.analysis import DOUBTS
from viralclip.pipeline.doubts import RENDER_DOUBTS
from viralclip.plan import PRESETS
from viralclip.scenes import parse_scenes
from viralclip.steps import Step
from viralclip.styles import STYLES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
GUIDES = [page for page in PAGES if page.parent.name != "decisions"]
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined] - a group has commands


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks marked with `language`."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def rows(text: str) -> dict[str, list[str]]:
    """The rows of all tables by the first name in their first cell."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {re.findall(r"`([^`]+)`", cells[0])[0]: cells for cells in lines}


def section(text: str, heading: str) -> str:
    parts = re.split(r"^## ", text, flags=re.MULTILINE)
    return next(part for part in parts if part.startswith(heading))


def options_of(command: str) -> set[str]:
    found = COMMANDS[command].params
    return {
        name
        for option in found
        if option.param_type_name == "option"
        for name in (*option.opts, *option.secondary_opts)
    } - {"--help"}


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {slug(heading) for heading in headings}


def written_commands() -> Iterator[tuple[str, list[str]]]:
    """Every line `viralclip COMMAND ...` in a block of any page: the page's name and its words."""
    for page in GUIDES:
        for block in blocks(page.read_text(encoding="utf-8"), ""):
            for line in block.splitlines():
                words = shlex.split(line, comments=True) if "viralclip " in line[:30] else []
                if words and Path(words[0]).name == "viralclip":
                    yield page.name, words[1:]


def test_every_command_has_its_section() -> None:
    documented = re.findall(r"^## viralclip (\w+)", read("reference/cli.md"), re.MULTILINE)

    assert documented == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_options_of_a_command_are_documented(command: str) -> None:
    about = section(read("reference/cli.md"), f"viralclip {command}")
    first_cells = [line.split(" | ")[0] for line in about.splitlines() if line.startswith("| `")]

    assert set(re.findall(r"--[a-z-]+", " ".join(first_cells))) == options_of(command)


@pytest.mark.parametrize("names", [ASPECTS, PRESETS, tuple(ENCODERS)], ids=str)
def test_the_choices_of_render_are_documented(names: tuple[str, ...]) -> None:
    about = section(read("reference/cli.md"), "viralclip render")

    assert [name for name in names if f"`{name}`" not in about] == []


def test_commands_in_the_guides_exist_with_their_options() -> None:
    wrong = [
        (page, words)
        for page, words in written_commands()
        if words[0] not in COMMANDS
        or not {word for word in words if word.startswith("--")} <= options_of(words[0])
    ]

    assert wrong == []


def test_the_guides_show_commands_at_all() -> None:
    used = {words[0] for _, words in written_commands()}

    assert {"render", "retry", "cancel", "scenes", "doctor"} <= used


def test_every_exit_code_is_documented() -> None:
    about = section(read("how-to/recover-and-retry.md"), "Exit codes")
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", about, re.MULTILINE)}

    assert documented == {*EXIT_CODES.values(), BAD_INPUT, INTERRUPTED, TERMINATED}


def test_every_setting_is_documented() -> None:
    source = (ROOT / "viralclip" / "settings" / "reading.py").read_text(encoding="utf-8")
    documented = {name for name in rows(read("reference/settings.md")) if name.isupper()}

    assert documented == set(re.findall(r'"(VIRALCLIP_[A-Z_]+)"', source))


def test_every_style_is_documented() -> None:
    assert list(rows(read("reference/styles.md"))) == list(STYLES)


def test_every_step_is_documented_in_order() -> None:
    about = section(read("reference/events.md"), "Steps of a clip")

    assert list(rows(about)) == [str(step) for step in Step]


def test_every_warning_is_documented() -> None:
    documented = set(rows(section(read("reference/events.md"), "Warnings")))
    source = "".join(path.read_text() for path in (ROOT / "viralclip" / "pipeline").glob("*.py"))
    named = re.findall(r'report\.warn\("(\w+)"', source)

    assert documented == {*DOUBTS, *RENDER_DOUBTS, *named}


def test_the_details_of_every_step_are_documented() -> None:
    documented = rows(section(read("reference/events.md"), "Steps of a clip"))
    names = {step: re.findall(r"`(\w+)`", documented[step][1]) for step in documented}

    assert names == {
        str(kind.model_fields["step"].default): list(_details(kind))
        for kind in get_args(ClipProgressed)
    }


def _details(kind: type) -> dict[str, object]:
    return kind.model_fields["details"].annotation.model_fields  # type: ignore[attr-defined]


def test_every_event_type_is_documented_with_its_fields() -> None:
    documented = rows(section(read("reference/events.md"), "Event types"))
    names = {kind: set(re.findall(r"`(\w+)`", cells[1])) for kind, cells in documented.items()}

    assert names == {
        kind.model_fields["type"].default: set(kind.model_fields) - {"type"} for kind in _kinds()
    } | {"clip_progress": {"scene_id", "style", "step", "attempt", "details"}}


def _kinds() -> Iterator[type]:
    """The classes of the union of events, without the steps of a clip."""
    for member in get_args(get_args(Event)[0]):
        if hasattr(member, "model_fields"):
            yield member


def test_the_events_and_ticks_shown_are_real_ones() -> None:
    envelope, ticks = blocks(read("reference/events.md"), "json")

    assert Envelope.model_validate_json(envelope).event.type == "clip_progress"
    assert [TICK.validate_json(tick).type for tick in re.split(r"\n(?=\{)", ticks)] == [
        "clip_tick",
        "job_tick",
    ]


@pytest.mark.parametrize("ending", ["json", "csv", "srt", "vtt", "edl", "text"])
def test_every_scene_list_shown_can_be_read(ending: str) -> None:
    shown = blocks(read("how-to/scene-lists.md"), ending)
    lists = [
        parse_scenes(text, name="shown.txt", duration=600.0, fps=25.0).scenes for text in shown
    ]

    assert shown
    assert {scenes[1].title[:17] for scenes in lists} <= {"One good question", "The opening"}


def test_the_first_scene_list_can_be_read() -> None:
    (text,) = blocks(read("start.md"), "json")
    scenes = parse_scenes(text, name="scenes.json", duration=24.0, fps=25.0).scenes

    assert [scene["title"] for scene in json.loads(text)] == [scene.title for scene in scenes]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    local = [target.partition("#") for target in targets if "://" not in target]
    broken = [
        path + mark + anchor
        for path, mark, anchor in local
        if not (target := page.parent / path if path else page).exists()
        or (anchor and anchor not in anchors(target))
    ]

    assert broken == []


def test_the_index_leads_to_every_page() -> None:
    index = read("README.md")
    pages = [str(page.relative_to(DOCS)) for page in GUIDES if page != DOCS / "README.md"]

    assert [page for page in pages if f"({page})" not in index] == []
