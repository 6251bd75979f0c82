"""Commands that look at videos, at this machine, and at what viralclip keeps on it."""

from pathlib import Path
from typing import Annotated

import typer

from viralclip.cli.commands.options import AsJson, Language, LogLevel, Source


def scenes(
    source: Source,
    *,
    shortest: Annotated[float, typer.Option(min=1, help="Seconds a scene lasts at least.")] = 15,
    longest: Annotated[float, typer.Option(min=2, help="Seconds a scene lasts at most.")] = 60,
    scenes: Annotated[
        Path | None,
        typer.Option(help="Print this list, as render would read it.", readable=False),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="json, csv, txt, vtt, llc (LosslessCut), edl or otio.")
    ] = "json",
) -> None:
    """Print a scene list: the video's chapters, or scenes found where the picture changes."""
    from viralclip.cli.execution import errors_reported, execute
    from viralclip.cli.scenes import print_scenes

    with errors_reported():
        execute(print_scenes(source, scenes=scenes, form=form, shortest=shortest, longest=longest))


def transcribe(
    source: Source,
    *,
    out: Annotated[
        Path | None, typer.Option(help="The file to write. Default: stdout.", readable=False)
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help="srt, vtt or json. Default: as --out ends, or srt."),
    ] = None,
    language: Language = None,
    audio_track: Annotated[
        str, typer.Option(help="The audio track that is listened to: its number, all, or voice.")
    ] = "voice",
    start: Annotated[str | None, typer.Option(help="Where to begin, as 90 or 1:30.")] = None,
    end: Annotated[str | None, typer.Option(help="Where to end.")] = None,
    log_level: LogLevel = None,
) -> None:
    """Write what is said in a video, word by word, as subtitles or JSON."""
    from viralclip.cli.execution import command_settings, errors_reported, execute
    from viralclip.cli.transcribe import TranscribeRequest
    from viralclip.cli.transcribe import transcribe as write

    with errors_reported():
        request = TranscribeRequest(
            source=source,
            out=out,
            form=form,
            language=language or "",
            audio_track=audio_track,
            start=start,
            end=end,
        )
        execute(write(request, command_settings(log_level=log_level)))


def doctor(*, as_json: AsJson = False) -> None:
    """Say what is installed, what would run where, and what to do about what is missing."""
    from viralclip.cli.doctor.report import examine
    from viralclip.cli.execution import command_settings, errors_reported, execute

    with errors_reported():
        execute(examine(command_settings(), as_json=as_json))


def prune(
    *,
    older: Annotated[str, typer.Option(help="What ended or was used so long ago: 12h, 30d, 8w.")],
    clips: Annotated[
        bool, typer.Option("--clips", help="Also clips that serve has stored for these jobs.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Remove nothing; print what would be removed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Remove old jobs, uploads that no job uses, caches and logs; clips stay."""
    from viralclip.cli import prune as pruning
    from viralclip.cli.execution import command_settings, errors_reported, execute
    from viralclip.settings import read_age

    with errors_reported():
        age = read_age("--older", older)
        execute(
            pruning.prune(
                command_settings(), older=age, clips=clips, dry_run=dry_run, as_json=as_json
            )
        )


def logs(
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SQL | slow | errors | job JOB | clip JOB/CLIP | trace ID]",
            help="What to ask of the table `logs`. Default: every line.",
            show_default=False,
        ),
    ] = None,
    *,
    since: Annotated[
        str | None, typer.Option(help="Only what was written so long ago or later: 2h, 7d.")
    ] = None,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", help="Print new lines as they are written, after those of --since."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask the log files of this machine, in SQL or by name."""
    import sys

    from viralclip.cli.execution import command_settings, errors_reported
    from viralclip.cli.logs import show
    from viralclip.settings import read_age

    with errors_reported():
        age = read_age("--since", since) if since else None
        sys.exit(show(command_settings(), query or [], since=age, follow=follow, as_json=as_json))


def types(
    *, check: Annotated[bool, typer.Option(help="Only say whether they are up to date.")] = False
) -> None:
    """Write the page's TypeScript types from the API (for contributors)."""
    import sys

    from viralclip.cli.execution import errors_reported
    from viralclip.tools.page_types import check_types, write_types

    with errors_reported():
        if check:
            check_types()
        else:
            write_types()
        sys.exit(0)
