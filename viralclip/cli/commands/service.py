"""Commands of those who run viralclip for others."""

from typing import Annotated

import typer

from viralclip.cli.commands.options import LogLevel, Slots, User, or_setting

tokens = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Who may use the server.")
models = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The models that find faces and hear words."
)
videos = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What users uploaded.")


def serve(
    *,
    host: Annotated[
        str | None, typer.Option(help=or_setting("The address to listen on.", "VIRALCLIP_HOST"))
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help=or_setting("The port.", "VIRALCLIP_PORT")),
    ] = None,
    worker: Annotated[bool, typer.Option(help="Render in this process, too.")] = True,
    no_auth: Annotated[
        bool, typer.Option("--no-auth", help="Let everybody who reaches the server do everything.")
    ] = False,
    slots: Slots = None,
    log_level: LogLevel = None,
) -> None:
    """Serve the page and the API, and render what is asked for there."""
    from dataclasses import replace

    from viralclip.app.serving import serve as serve_all
    from viralclip.app.tracing import tracing
    from viralclip.cli.execution import command_settings, errors_said, print_at_once, run_service

    with errors_said():
        settings = command_settings(slots, log_level, serving=True)
        server = replace(
            settings.server,
            host=host or settings.server.host,
            port=port or settings.server.port,
        )
        settings = replace(settings, server=server)
        with tracing(settings):
            run_service(
                serve_all(settings, with_worker=worker, with_sign_in=not no_auth, say=print_at_once)
            )


def worker(
    *,
    slots: Slots = None,
    log_level: LogLevel = None,
    name: Annotated[
        str | None, typer.Option(help="The worker's name; no other living worker may have it.")
    ] = None,
    grace: Annotated[
        float, typer.Option(min=0, help="Seconds that running clips get to end at SIGTERM.")
    ] = 30,
) -> None:
    """Render what is asked for at `serve`, on this machine or another."""
    from viralclip.app.queue_worker import serve_queues
    from viralclip.app.tracing import tracing
    from viralclip.cli.execution import command_settings, errors_said, print_at_once, run_service

    with errors_said():
        settings = command_settings(slots, log_level, serving=True)
        with tracing(settings):
            run_service(serve_queues(settings, name=name, grace_s=grace, say=print_at_once))


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
    from viralclip.cli.execution import command_settings, errors_said, execute

    with errors_said():
        execute(listing.create(name, command_settings(), days=days))


@tokens.command("list")
def list_tokens() -> None:
    """List who has a token."""
    from viralclip.cli import tokens as listing
    from viralclip.cli.execution import command_settings, errors_said, execute

    with errors_said():
        execute(listing.show(command_settings()))


@tokens.command("revoke")
def revoke_token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user.")],
) -> None:
    """Make a token useless from now on."""
    from viralclip.cli import tokens as listing
    from viralclip.cli.execution import command_settings, errors_said, execute

    with errors_said():
        execute(listing.revoke(name, command_settings()))


@videos.command("list")
def list_videos(*, user: User = "local") -> None:
    """List a user's uploads."""
    from viralclip.cli import videos as uploads
    from viralclip.cli.execution import command_settings, errors_said, execute

    with errors_said():
        execute(uploads.show(user, command_settings()))


@videos.command("delete")
def delete_video(
    video: Annotated[str, typer.Argument(metavar="VIDEO", help="Its id, see `video list`.")],
    *,
    user: User = "local",
) -> None:
    """Delete an upload that no unfinished job uses; clips made of it stay."""
    from viralclip.cli import videos as uploads
    from viralclip.cli.execution import command_settings, errors_said, execute

    with errors_said():
        execute(uploads.delete(video, user, command_settings()))


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
    from viralclip.cli.execution import command_settings, errors_said, execute
    from viralclip.cli.models import fetch

    with errors_said():
        execute(fetch(command_settings(), name))
