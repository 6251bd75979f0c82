"""What a process does before it opens anything: its state is private, and its logs are kept."""

from viralclip.app.privacy import tighten
from viralclip.settings import Settings, StateNotWritableError
from viralclip.telemetry.logs import LogFormat, log_to


def make_private(settings: Settings) -> None:
    """Make the state folder its user's own. StateNotWritableError."""
    try:
        tighten(settings)
    except OSError as error:
        raise StateNotWritableError(name=settings.state.folder) from error


def start_logs(settings: Settings, *, stderr: LogFormat | None = None) -> None:
    """Log to the state folder from now on, and on stderr where it says how; both are private.

    StateNotWritableError.
    """
    make_private(settings)
    level = settings.telemetry.log_level
    try:
        log_to(settings.state.logs, stderr=stderr, level=level, secrets=settings.secrets)
    except OSError as error:
        raise StateNotWritableError(name=settings.state.folder) from error
