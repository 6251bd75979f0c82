"""Options and arguments that several commands have."""

from pathlib import Path
from typing import Annotated

import typer


def or_setting(text: str, name: str) -> str:
    """The help of an option whose default is a setting: what is read is read in settings.py."""
    return f"{text} [env var: {name}]"


Source = Annotated[Path, typer.Argument(help="The video.", readable=False)]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id, see `viralclip jobs`.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line on stdout.")]
User = Annotated[str, typer.Option(help="Whose; local is who needs no token.")]
Slots = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=64,
        help=or_setting("How many FFmpegs run at once.", "VIRALCLIP_FFMPEG_SLOTS"),
    ),
]
Language = Annotated[
    str | None,
    typer.Option(
        help=or_setting(
            "The language that is spoken, as en or de. Default: it is told from the sound.",
            "VIRALCLIP_SPEECH_LANGUAGE",
        )
    ),
]
LogLevel = Annotated[
    str | None,
    typer.Option(
        help=or_setting(
            "What is logged: debug, info, warning or error.",
            "VIRALCLIP_LOG_LEVEL",
        )
    ),
]
Events = Annotated[
    str | None,
    typer.Option(help="Write every event and tick to this file as JSON lines; - is stdout."),
]
