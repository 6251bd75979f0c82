"""Runs a command to its exit code: opens the displays, turns errors into one clear sentence."""

import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, NoReturn, cast

import structlog

from viralclip.app.privacy import keep_private, tighten
from viralclip.app.request import Request
from viralclip.app.tracing import tracing
from viralclip.cli import render as rendering
from viralclip.cli.display.port import Display, open_display
from viralclip.errors import FaultyInputError, InvalidRequestError, ViralclipError
from viralclip.plan import PRESETS, Bars, Options, Preset
from viralclip.settings import Settings, StateNotWritableError, read_age, read_settings
from viralclip.telemetry.logs import log_file, log_to
from viralclip.text import printable

BAD_INPUT = 2
FAILED = 1
INTERRUPTED = 130
TERMINATED = 143

log = structlog.get_logger(__name__)


def render(
    source: Path,
    *,
    scenes: Path | None,
    styles: str,
    out: str,
    aspect: str,
    preset: str,
    encoder: str | None,
    loudness: bool,
    bars: Bars,
    audio_track: str,
    require_detector: bool,
    debug_path: Path | None,
    slots: int | None,
    log_level: str | None,
    events: str | None,
    as_json: bool,
) -> NoReturn:
    with _errors_said():
        settings = _settings(slots, log_level)
        options = Options(
            aspect=aspect,
            preset=_preset(preset),
            encoder=encoder or settings.rendering.encoder,
            loudness=loudness,
            bars=bars,
            audio_track=audio_track.strip().lower(),
            require_detector=require_detector,
        )
        names = tuple(name.strip() for name in styles.split(",") if name.strip())
        request = Request(source=source, scenes=scenes, styles=names, out=out, options=options)
        with tracing(settings), _event_file(events) as file, _written_to(debug_path) as paths:
            display = _display(as_json=as_json, events=events, title=source.name)
            _exit(rendering.render(request, settings, display, file, paths))


def retry(
    job_id: str,
    *,
    slots: int | None,
    log_level: str | None,
    events: str | None,
    as_json: bool,
) -> NoReturn:
    with _errors_said():
        settings = _settings(slots, log_level)
        with tracing(settings), _event_file(events) as file:
            display = _display(as_json=as_json, events=events)
            _exit(rendering.retry(job_id, settings, display, file))


def watch(job_id: str, *, events: str | None, as_json: bool) -> NoReturn:
    from viralclip.cli import jobs as listing

    with _errors_said(), _event_file(events) as file:
        display = _display(as_json=as_json, events=events)
        _exit(listing.watch(job_id, _settings(), display, file))


def jobs(*, limit: int, as_json: bool) -> NoReturn:
    from viralclip.cli import jobs as listing

    with _errors_said():
        _exit(listing.show(_settings(), limit=limit, as_json=as_json))


def cancel(job_id: str) -> NoReturn:
    from viralclip.cli import jobs as listing

    with _errors_said():
        _exit(listing.cancel(job_id, _settings()))


def scenes(
    source: Path, *, scenes: Path | None, form: str, shortest: float, longest: float
) -> NoReturn:
    from viralclip.cli.scenes import print_scenes
    from viralclip.scene_writing import WRITERS

    with _errors_said():
        if form not in WRITERS:
            raise UnknownFormatError(name=form, known=", ".join(WRITERS))
        _exit(print_scenes(source, scenes=scenes, form=form, shortest=shortest, longest=longest))


def doctor(*, as_json: bool) -> NoReturn:
    from viralclip.cli.doctor.report import examine

    with _errors_said():
        _exit(examine(_settings(), as_json=as_json))


def serve(
    *,
    host: str | None,
    port: int | None,
    with_worker: bool,
    with_sign_in: bool,
    slots: int | None,
    log_level: str | None,
) -> NoReturn:
    from viralclip.cli.serve import serve as serve_all

    with _errors_said():
        settings = _settings(slots, log_level, serving=True)
        server = settings.server
        server = replace(server, host=host or server.host, port=port or server.port)
        settings = replace(settings, server=server)
        # The web server has its own way to leave when it is told to.
        with tracing(settings):
            sys.exit(_run(serve_all(settings, with_worker=with_worker, with_sign_in=with_sign_in)))


def worker(
    *, slots: int | None, log_level: str | None, name: str | None, grace_s: float
) -> NoReturn:
    from viralclip.cli.worker import serve_queues

    with _errors_said():
        settings = _settings(slots, log_level, serving=True)
        # A worker that is told to stop has its own way to leave.
        with tracing(settings):
            sys.exit(_run(serve_queues(settings, name=name, grace_s=grace_s)))


def prune(*, older: str, clips: bool, dry_run: bool, as_json: bool) -> NoReturn:
    from viralclip.cli.prune import prune as remove_old

    with _errors_said():
        age = read_age("--older", older)
        settings = _settings()
        work = remove_old(settings, older=age, clips=clips, dry_run=dry_run, as_json=as_json)
        _exit(work)


def logs(query: Sequence[str], *, since: str | None, follow: bool, as_json: bool) -> NoReturn:
    from viralclip.cli.logs import show

    with _errors_said():
        age = read_age("--since", since) if since else None
        try:
            sys.exit(show(_settings(), query, since=age, follow=follow, as_json=as_json))
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)


def list_videos(user: str) -> NoReturn:
    from viralclip.cli import videos

    with _errors_said():
        _exit(videos.show(user, _settings()))


def delete_video(video_id: str, user: str) -> NoReturn:
    from viralclip.cli import videos

    with _errors_said():
        _exit(videos.delete(video_id, user, _settings()))


def create_token(name: str, *, days: int | None) -> NoReturn:
    from viralclip.cli import tokens

    with _errors_said():
        _exit(tokens.create(name, _settings(), days=days))


def list_tokens() -> NoReturn:
    from viralclip.cli import tokens

    with _errors_said():
        _exit(tokens.show(_settings()))


def revoke_token(name: str) -> NoReturn:
    from viralclip.cli import tokens

    with _errors_said():
        _exit(tokens.revoke(name, _settings()))


def fetch_models() -> NoReturn:
    from viralclip.cli.models import fetch

    with _errors_said():
        _exit(fetch(_settings()))


def types(*, check: bool) -> NoReturn:
    from viralclip.tools.page_types import check_types, write_types

    with _errors_said():
        if check:
            check_types()
        else:
            write_types()
        sys.exit(0)


def demo(*, out: Path, slots: int | None, log_level: str | None) -> NoReturn:
    from viralclip.cli.demo import demonstrate

    with _errors_said():
        _exit(demonstrate(out, _settings(slots, log_level), _display(as_json=False, events=None)))


def _settings(
    slots: int | None = None, log_level: str | None = None, *, serving: bool = False
) -> Settings:
    """The settings, with logs on their way; a service says them on stderr, too."""
    settings = read_settings(slots=slots, log_level=log_level)
    stderr = settings.telemetry.log_format if serving else None
    try:
        tighten(settings)
        log_to(
            settings.state.logs,
            stderr=stderr,
            level=settings.telemetry.log_level,
            secrets=settings.secrets,
        )
    except OSError as error:
        raise StateNotWritableError(name=settings.state.folder) from error
    return settings


class UnknownFormatError(InvalidRequestError):
    """There is no list format named {name}; choose from {known}."""

    code = "unknown_format"


class UnknownPresetError(InvalidRequestError):
    """There is no preset named {name}; choose from {known}."""

    code = "unknown_preset"


def _preset(name: str) -> Preset:
    if name not in PRESETS:
        raise UnknownPresetError(name=name, known=", ".join(PRESETS))
    return cast("Preset", name)


def _display(*, as_json: bool, events: str | None, title: str = "") -> Display:
    """The display; where stdout carries the events, people are spoken to on stderr."""
    stream = sys.stderr if events == "-" else sys.stdout
    return open_display("json" if as_json else "auto", stdout=stream, title=title)


@contextmanager
def _event_file(events: str | None) -> Iterator[IO[str] | None]:
    if events is None:
        yield None
    elif events == "-":
        yield sys.stdout
    else:
        with _opened(Path(events)) as file:
            yield file


@contextmanager
def _written_to(path: Path | None) -> Iterator[IO[str] | None]:
    """The file, opened before anything is done for it."""
    if path is None:
        yield None
        return
    with _opened(path) as file:
        yield file


def _opened(path: Path) -> IO[str]:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise EventFileNotWritableError(name=path) from error


class EventFileNotWritableError(InvalidRequestError):
    """The file {name} cannot be written; check the folder and your permissions."""

    code = "event_file_not_writable"


@contextmanager
def _errors_said() -> Iterator[None]:
    """Errors end as one sentence on stderr and an exit code, never as a traceback."""
    try:
        yield
    except FaultyInputError as error:
        _say(*map(str, error.faults), error.message)
        sys.exit(BAD_INPUT)
    except InvalidRequestError as error:
        _say(error.message)
        sys.exit(BAD_INPUT)
    except ViralclipError as error:
        _say(error.message)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except asyncio.CancelledError:
        _say("Stopped. Run the same command again to go on.")
        sys.exit(TERMINATED)
    except Exception:
        log.exception("Command failed")
        _say(ViralclipError().message, *([f"The log is {path}"] if (path := log_file()) else []))
        sys.exit(FAILED)


def _exit(work: Coroutine[Any, Any, int]) -> NoReturn:
    sys.exit(_run(_terminable(work)))


def _run(work: Coroutine[Any, Any, int]) -> int:
    # The files that the user asked for by name are open by now.
    keep_private()
    gc.freeze()
    gc.enable()
    return asyncio.run(work)


async def _terminable(work: Coroutine[Any, Any, int]) -> int:
    """SIGTERM cancels the command, at whatever it is: what it has opened is closed in order."""
    if me := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    return await work


def _say(*lines: str) -> None:
    for line in lines:
        print(f"viralclip: {printable(line)}", file=sys.stderr)
