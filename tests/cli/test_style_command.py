"""`viralclip styles`: every style with what a scene can tell it and what its clips go through."""

from typer.testing import CliRunner

from viralclip.cli.app import app
from viralclip.styles import STYLES


def test_every_style_is_listed_with_its_summary_options_and_steps():
    done = CliRunner().invoke(app, ["styles"])
    lines = done.stdout.splitlines()

    assert done.exit_code == 0
    assert [line for line in lines if not line.startswith(" ")] == list(STYLES)
    split = lines.index("streamer_split")
    assert lines[split + 1 : split + 4] == [
        "  the webcam above the game",
        "  option: webcam - Where the webcam is in the picture.",
        "  steps: cutting out the scene, rendering, storing, stored",
    ]
