"""The command line: every command, in the order of its help."""

from typing import Annotated

import typer

from viralclip.cli.commands.access import tokens
from viralclip.cli.commands.installed import models, styles
from viralclip.cli.commands.jobs import cancel, demo, jobs, render, retry, watch
from viralclip.cli.commands.serving import serve, worker
from viralclip.cli.commands.upkeep import doctor, logs, prune, scenes, transcribe, types
from viralclip.cli.commands.uploads import videos

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Turns a long video, a list of scenes and a list of styles into finished short clips.",
)

for command in (
    *(render, watch, jobs, cancel, retry, scenes, styles, transcribe, doctor),
    *(serve, worker, prune, logs, types, demo),
):
    app.command()(command)
app.add_typer(tokens, name="token")
app.add_typer(models, name="models")
app.add_typer(videos, name="video")


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the flag
    if wanted:
        from viralclip import __version__

        print(f"viralclip {__version__}")
        raise typer.Exit


@app.callback()
def about(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and leave."
        ),
    ] = False,
) -> None:
    """Has the options that come before any command."""
