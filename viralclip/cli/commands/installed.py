"""Commands about what clips are made with here: models and styles."""

from typing import Annotated

import typer

models = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The models that find faces and hear words."
)


def styles() -> None:
    """List the styles that are installed, with their options and steps."""
    from viralclip.cli.execution import errors_reported
    from viralclip.cli.styles import show

    with errors_reported():
        show()


@models.command("fetch")
def fetch_models(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="A speech model, such as small or large-v3-turbo. Default: the face model.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Get the face model, or the speech model of that name, unless it is here already."""
    from viralclip.cli.execution import command_settings, errors_reported, execute
    from viralclip.cli.models import fetch

    with errors_reported():
        execute(fetch(command_settings(), name))
