"""The command line as a program: quick to start, clear about what it does not know."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from viralclip import __version__
from viralclip.cli.app import app

SETTINGS = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
HEAVY = {
    *("dbos", "av", "sqlalchemy", "numpy", "obstore", "pydantic", "structlog", "alembic"),
    *("prometheus_client", "opentelemetry", "duckdb", "apprise", "cv2", "httpx"),
}
COMMANDS = {"render", "watch", "jobs", "cancel", "retry", "scenes", "doctor", "demo", "prune"}


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from viralclip.cli.app import app\n"
        "sys.argv = ['viralclip', '--help']\n"
        "try:\n    app()\n"
        "except SystemExit:\n    pass\n"
        "print('imported', *sorted(sys.modules))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    said, _, imported = run.stdout.rpartition("imported ")

    assert "render" in said
    assert not HEAVY & set(imported.split())


def test_the_version_is_printed():
    done = CliRunner().invoke(app, ["--version"])

    assert (done.exit_code, done.stdout) == (0, f"viralclip {__version__}\n")


@pytest.mark.parametrize(
    ("command", "option", "name"),
    [
        ("render", "--encoder", "VIRALCLIP_ENCODER"),
        ("render", "--slots", "VIRALCLIP_FFMPEG_SLOTS"),
        ("retry", "--log-level", "VIRALCLIP_LOG_LEVEL"),
        ("serve", "--host", "VIRALCLIP_HOST"),
        ("serve", "--port", "VIRALCLIP_PORT"),
    ],
)
def test_an_option_names_the_setting_that_it_overrides(command, option, name):
    said = CliRunner().invoke(app, [command, "--help"]).stdout
    _, _, about = " ".join(said.split()).partition(f" {option} <")

    assert f"[env var: {name}]" in about.partition(" --")[0]
    assert f"| `{name}` |" in SETTINGS.read_text(encoding="utf-8")


def test_every_command_is_in_the_help_with_what_it_does():
    said = CliRunner().invoke(app, ["--help"]).stdout

    for command in COMMANDS:
        assert f" {command} " in said


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help_of_its_own(command):
    done = CliRunner().invoke(app, [command, "--help"])

    assert done.exit_code == 0
    assert f" {command} [OPTIONS]" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["render"],
        ["render", "v.mp4", "--slots", "0"],
        ["render", "v.mp4", "--slots", "many"],
        ["render", "v.mp4", "--no-such-option"],
        ["watch"],
        ["jobs", "--limit", "0"],
        ["no-such-command"],
    ],
)
def test_a_command_that_cannot_be_understood_ends_with_2(arguments):
    done = CliRunner().invoke(app, arguments)

    assert done.exit_code == 2
    assert "Usage:" in done.stderr
