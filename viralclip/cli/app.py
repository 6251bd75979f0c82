"""The commands and their options; what they need is imported when they run: `--help` is quick."""

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Turns a long video, a list of scenes and a list of styles into finished short clips.",
)

tokens = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Who may use the server.")
app.add_typer(tokens, name="token")
models = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The model that faces are found with."
)
app.add_typer(models, name="models")

videos = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What users uploaded.")
app.add_typer(videos, name="video")

Source = Annotated[Path, typer.Argument(help="The video.", readable=False)]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id, see `viralclip jobs`.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line on stdout.")]
User = Annotated[str, typer.Option(help="Whose; local is who needs no token.")]
Slots = Annotated[int | None, typer.Option(min=1, max=64, help="How many FFmpegs run at once.")]
LogLevel = Annotated[
    str | None, typer.Option(help="What is logged: debug, info, warning or error.")
]
Events = Annotated[
    str | None,
    typer.Option(help="Write every event and tick to this file as JSON lines; - is stdout."),
]


@app.command()
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
        str | None, typer.Option(help="x264, auto, or a hardware encoder's name.")
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
    slots: Slots = None,
    log_level: LogLevel = None,
    events: Events = None,
    as_json: AsJson = False,
) -> None:
    """Make clips of a video's scenes, each in one or more styles."""
    from viralclip.cli import run

    run.render(
        source,
        scenes=scenes,
        styles=styles,
        out=out,
        aspect=aspect,
        preset=preset,
        encoder=encoder,
        loudness=loudness,
        bars=bars,
        audio_track=audio_track,
        require_detector=require_detector,
        debug_path=debug_path,
        slots=slots,
        log_level=log_level,
        events=events,
        as_json=as_json,
    )


@app.command()
def watch(job: JobId, *, events: Events = None, as_json: AsJson = False) -> None:
    """Follow a job to its end, from any terminal."""
    from viralclip.cli import run

    run.watch(job, events=events, as_json=as_json)


@app.command()
def jobs(
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, latest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List jobs and what became of them."""
    from viralclip.cli import run

    run.jobs(limit=limit, as_json=as_json)


@app.command()
def cancel(job: JobId) -> None:
    """Stop a job's clips; those that are done are kept."""
    from viralclip.cli import run

    run.cancel(job)


@app.command()
def retry(
    job: JobId,
    *,
    slots: Slots = None,
    log_level: LogLevel = None,
    events: Events = None,
    as_json: AsJson = False,
) -> None:
    """Make those clips of a job that did not complete."""
    from viralclip.cli import run

    run.retry(job, slots=slots, log_level=log_level, events=events, as_json=as_json)


@app.command()
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
    from viralclip.cli import run

    run.scenes(source, scenes=scenes, form=form, shortest=shortest, longest=longest)


@app.command()
def doctor(*, as_json: AsJson = False) -> None:
    """Say what is installed, what would run where, and what to do about what is missing."""
    from viralclip.cli import run

    run.doctor(as_json=as_json)


@app.command()
def serve(
    *,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port.")] = None,
    worker: Annotated[bool, typer.Option(help="Render in this process, too.")] = True,
    no_auth: Annotated[
        bool, typer.Option("--no-auth", help="Let everybody who reaches the server do everything.")
    ] = False,
    slots: Slots = None,
    log_level: LogLevel = None,
) -> None:
    """Serve the page and the API, and render what is asked for there."""
    from viralclip.cli import run

    run.serve(
        host=host,
        port=port,
        with_worker=worker,
        with_sign_in=not no_auth,
        slots=slots,
        log_level=log_level,
    )


@app.command()
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
    from viralclip.cli import run

    run.worker(slots=slots, log_level=log_level, name=name, grace_s=grace)


@app.command()
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
    from viralclip.cli import run

    run.prune(older=older, clips=clips, dry_run=dry_run, as_json=as_json)


@app.command(no_args_is_help=False)
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
    from viralclip.cli import run

    run.logs(query or [], since=since, follow=follow, as_json=as_json)


@videos.command("list")
def list_videos(*, user: User = "local") -> None:
    """List a user's uploads."""
    from viralclip.cli import run

    run.list_videos(user)


@videos.command("delete")
def delete_video(
    video: Annotated[str, typer.Argument(metavar="VIDEO", help="Its id, see `video list`.")],
    *,
    user: User = "local",
) -> None:
    """Delete an upload that no unfinished job uses; clips made of it stay."""
    from viralclip.cli import run

    run.delete_video(video, user)


@tokens.command("create")
def create_token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user the token stands for.")],
    *,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="How long it is good for. Default: ever.")
    ] = None,
) -> None:
    """Print a new token; this is the only time it can be seen."""
    from viralclip.cli import run

    run.create_token(name, days=days)


@tokens.command("list")
def list_tokens() -> None:
    """List who has a token."""
    from viralclip.cli import run

    run.list_tokens()


@tokens.command("revoke")
def revoke_token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user.")],
) -> None:
    """Make a token useless from now on."""
    from viralclip.cli import run

    run.revoke_token(name)


@models.command("fetch")
def fetch_models() -> None:
    """Get the face model that the intelligent styles need, unless it is here already."""
    from viralclip.cli import run

    run.fetch_models()


@app.command()
def types(
    *, check: Annotated[bool, typer.Option(help="Only say whether they are up to date.")] = False
) -> None:
    """Write the page's TypeScript types from the API (for contributors)."""
    from viralclip.cli import run

    run.types(check=check)


@app.command()
def demo(
    *,
    out: Annotated[Path, typer.Option(help="The folder the clips go to.")] = Path("demo-clips"),
    slots: Slots = None,
    log_level: LogLevel = None,
) -> None:
    """Make a sample video and render two scenes of it in three styles."""
    from viralclip.cli import run

    run.demo(out=out, slots=slots, log_level=log_level)
