"""Commands about the videos that users uploaded."""

from typing import Annotated

import typer

from viralclip.cli.commands.options import User

videos = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What users uploaded.")


@videos.command("list")
def list_videos(*, user: User = "local") -> None:
    """List a user's uploads."""
    from viralclip.cli import videos as uploads
    from viralclip.cli.execution import command_settings, errors_reported, execute

    with errors_reported():
        execute(uploads.show(user, command_settings()))


@videos.command("delete")
def delete_video(
    video: Annotated[str, typer.Argument(metavar="VIDEO", help="Its id, see `video list`.")],
    *,
    user: User = "local",
) -> None:
    """Delete an upload that no unfinished job uses; clips made of it stay."""
    from viralclip.cli import videos as uploads
    from viralclip.cli.execution import command_settings, errors_reported, execute

    with errors_reported():
        execute(uploads.delete(video, user, command_settings()))
