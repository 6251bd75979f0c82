"""Commands about what clips are made with here: models and styles."""

import typer

models = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The model that faces are found with."
)


def styles() -> None:
    """List the styles that are installed, with their options and steps."""
    from viralclip.cli.execution import errors_said
    from viralclip.cli.styles import show

    with errors_said():
        show()


@models.command("fetch")
def fetch_models() -> None:
    """Get the face model that the intelligent styles need, unless it is here already."""
    from viralclip.cli.execution import command_settings, errors_said, execute
    from viralclip.cli.models import fetch

    with errors_said():
        execute(fetch(command_settings()))
