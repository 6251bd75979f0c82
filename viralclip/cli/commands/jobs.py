"""Commands that make jobs, show them and stop them."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from viralclip.cli.commands.options import (
    AsJson,
    Events,
    JobId,
    Language,
    LogLevel,
    Slots,
    Source,
    or_setting,
)


def render(
    source: Source,
    *,
    scenes: Annotated[
        Path | None,
        typer.Option(
            help="Scene list of any tool: JSON, CSV, EDL, chapters. Default: the video's.",
            readable=False,
        ),
    ] = None,
    styles: Annotated[str, typer.Option(help="Styles, comma-separated, or all.")] = "all",
    out: Annotated[
        str, typer.Option(help="The folder the clips go to, or s3://BUCKET/PREFIX.")
    ] = "clips",
    aspect: Annotated[str, typer.Option(help="9:16, 1:1, 4:5 or 16:9.")] = "9:16",
    preset: Annotated[str, typer.Option(help="fast, balanced or quality.")] = "balanced",
    encoder: Annotated[
        str | None,
        typer.Option(
            help=or_setting("x264, auto, or a hardware encoder's name.", "VIRALCLIP_ENCODER")
        ),
    ] = None,
    loudness: Annotated[bool, typer.Option(help="Bring the sound to -14 LUFS.")] = False,
    audio_track: Annotated[
        str, typer.Option(help="The audio track that is heard: its number, all, or voice.")
    ] = "voice",
    bars: Annotated[
        Literal["cut", "keep"], typer.Option(help="Black bars around the picture: cut or keep.")
    ] = "cut",
    require_detector: Annotated[
        bool, typer.Option("--require-detector", help="Make no clip that cannot look for faces.")
    ] = False,
    debug_path: Annotated[
        Path | None,
        typer.Option(help="Write where the intelligent styles looked, and why, to this file."),
    ] = None,
    captions: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE|DIR|auto|none",
            help="Captions: a transcript (SRT, WebVTT, ASS, JSON of a recogniser), auto (from the"
            " sound) or none; a folder with the clips' own .srt files, corrected, beside one of"
            " these or alone. Default: the words in the scene list.",
        ),
    ] = None,
    caption_style: Annotated[
        str, typer.Option(help="phrase, pop, box, plain, or an installed one.")
    ] = "phrase",
    caption_area: Annotated[
        Literal["feed", "ads", "full"],
        typer.Option(
            help="Where captions may stand: clear of a feed's or an ad's buttons, or all."
        ),
    ] = "feed",
    burn: Annotated[
        bool, typer.Option(" /--no-burn", help="Captions in files beside the clips only.")
    ] = True,
    language: Language = None,
    slots: Slots = None,
    log_level: LogLevel = None,
    events: Events = None,
    as_json: AsJson = False,
) -> None:
    """Make clips of a video's scenes, each in one or more styles."""
    from viralclip.app.captions import caption_source
    from viralclip.app.request import Request, options_for
    from viralclip.app.tracing import tracing
    from viralclip.cli import render as rendering
    from viralclip.cli.execution import command_settings, errors_reported, execute
    from viralclip.cli.outputs import display_for, event_file, written_to

    with errors_reported():
        settings = command_settings(slots, log_level)
        options = options_for(
            settings,
            aspect=aspect,
            preset=preset,
            encoder=encoder,
            loudness=loudness,
            bars=bars,
            audio_track=audio_track,
            require_detector=require_detector,
            caption_style=caption_style,
            caption_area=caption_area,
            burn_captions=burn,
            language=language,
        )
        names = tuple(name.strip() for name in styles.split(",") if name.strip())
        request = Request(
            source=source,
            scenes=scenes,
            styles=names,
            out=out,
            options=options,
            captions=caption_source(captions),
        )
        with tracing(settings), event_file(events) as file, written_to(debug_path) as paths:
            display = display_for(as_json=as_json, events=events, title=source.name)
            execute(rendering.render(request, settings, display, file, paths))


def retry(
    job: JobId,
    *,
    slots: Slots = None,
    log_level: LogLevel = None,
    events: Events = None,
    as_json: AsJson = False,
) -> None:
    """Make those clips of a job that did not complete."""
    from viralclip.app.tracing import tracing
    from viralclip.cli import render as rendering
    from viralclip.cli.execution import command_settings, errors_reported, execute
    from viralclip.cli.outputs import display_for, event_file

    with errors_reported():
        settings = command_settings(slots, log_level)
        with tracing(settings), event_file(events) as file:
            display = display_for(as_json=as_json, events=events)
            execute(rendering.retry(job, settings, display, file))


def demo(
    *,
    out: Annotated[Path, typer.Option(help="The folder the clips go to.")] = Path("demo-clips"),
    slots: Slots = None,
    log_level: LogLevel = None,
) -> None:
    """Make a sample video and render two scenes of it in three styles."""
    from viralclip.cli.demo import demonstrate
    from viralclip.cli.execution import command_settings, errors_reported, execute
    from viralclip.cli.outputs import display_for

    with errors_reported():
        display = display_for(as_json=False, events=None)
        execute(demonstrate(out, command_settings(slots, log_level), display))


def watch(job: JobId, *, events: Events = None, as_json: AsJson = False) -> None:
    """Follow a job to its end, from any terminal."""
    from viralclip.cli import jobs as listing
    from viralclip.cli.execution import command_settings, errors_reported, execute
    from viralclip.cli.outputs import display_for, event_file

    with errors_reported(), event_file(events) as file:
        display = display_for(as_json=as_json, events=events)
        execute(listing.watch(job, command_settings(), display, file))


def jobs(
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, latest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List jobs and what became of them."""
    from viralclip.cli import jobs as listing
    from viralclip.cli.execution import command_settings, errors_reported, execute

    with errors_reported():
        execute(listing.show(command_settings(), limit=limit, as_json=as_json))


def cancel(job: JobId) -> None:
    """Stop a job's clips; those that are done are kept."""
    from viralclip.cli import jobs as listing
    from viralclip.cli.execution import command_settings, errors_reported, execute

    with errors_reported():
        execute(listing.cancel(job, command_settings()))
