"""Commands that serve others: the server and its workers."""

from typing import Annotated

import typer

from viralclip.cli.commands.options import LogLevel, Slots, or_setting


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
    from viralclip.cli.execution import (
        command_settings,
        errors_reported,
        print_at_once,
        run_service,
    )

    with errors_reported():
        settings = command_settings(slots, log_level, serving=True)
        server = replace(
            settings.server,
            host=host or settings.server.host,
            port=port or settings.server.port,
        )
        settings = replace(settings, server=server)
        with tracing(settings):
            run_service(
                serve_all(
                    settings, with_worker=worker, with_sign_in=not no_auth, announce=print_at_once
                )
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
    from viralclip.cli.execution import (
        command_settings,
        errors_reported,
        print_at_once,
        run_service,
    )

    with errors_reported():
        settings = command_settings(slots, log_level, serving=True)
        with tracing(settings):
            run_service(serve_queues(settings, name=name, grace_s=grace, announce=print_at_once))
