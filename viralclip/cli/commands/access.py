"""Commands that say who may use the server."""

from typing import Annotated

import typer

tokens = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Who may use the server.")


@tokens.command("create")
def create_token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user the token stands for.")],
    *,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=3650, help="Days until the token expires. Default: never."),
    ] = None,
) -> None:
    """Print a new token; this is the only time it can be seen."""
    from viralclip.cli import tokens as listing
    from viralclip.cli.execution import command_settings, errors_reported, execute

    with errors_reported():
        execute(listing.create(name, command_settings(), days=days))


@tokens.command("list")
def list_tokens() -> None:
    """List who has a token."""
    from viralclip.cli import tokens as listing
    from viralclip.cli.execution import command_settings, errors_reported, execute

    with errors_reported():
        execute(listing.show(command_settings()))


@tokens.command("revoke")
def revoke_token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user.")],
) -> None:
    """Make a token useless from now on."""
    from viralclip.cli import tokens as listing
    from viralclip.cli.execution import command_settings, errors_reported, execute

    with errors_reported():
        execute(listing.revoke(name, command_settings()))
