"""Settings: `VIRALCLIP_*` in the environment, read once, at the edge."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from viralclip.errors import InvalidRequestError

LogFormat = Literal["json", "console"]
DEFAULT_SLOTS = 4


class InvalidSettingError(InvalidRequestError):
    """The setting {name} has the value {value}, but needs {wanted}."""

    code = "invalid_setting"


@dataclass(frozen=True)
class Settings:
    """Where things are and how much may run at once."""

    state_dir: Path
    slots: int
    ffmpeg: str | None
    encoder: str
    log_format: LogFormat

    @property
    def catalog_url(self) -> str:
        return f"sqlite:///{self.state_dir / 'catalog.db'}"

    @property
    def channel_url(self) -> str:
        return f"sqlite:///{self.state_dir / 'events.db'}"

    def engine_url(self, job_id: str) -> str:
        """A job started from a terminal has an engine of its own: no terminal renders for another."""
        return f"sqlite:///{self.state_dir / 'engines' / f'{job_id}.db'}"

    @property
    def locks(self) -> Path:
        return self.state_dir / "workers"

    @property
    def ledger(self) -> Path:
        return self.state_dir / "ffmpegs"

    @property
    def work(self) -> Path:
        return self.state_dir / "work"

    @property
    def logs(self) -> Path:
        return self.state_dir / "logs"


def read_settings(env: Mapping[str, str] = os.environ, *, slots: int | None = None) -> Settings:
    """The settings in `env`; a flag given on the command line wins."""
    state = env.get("VIRALCLIP_STATE_DIR") or platformdirs.user_state_dir("viralclip")
    return Settings(
        state_dir=Path(state).expanduser().resolve(),
        slots=slots or _positive(env, "VIRALCLIP_FFMPEG_SLOTS", _default_slots()),
        ffmpeg=env.get("VIRALCLIP_FFMPEG") or None,
        encoder=env.get("VIRALCLIP_ENCODER") or "x264",
        log_format=_log_format(env),
    )


def _default_slots() -> int:
    return DEFAULT_SLOTS


def _positive(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name)
    if not value:
        return default
    if not value.isdecimal() or int(value) < 1:
        raise InvalidSettingError(name=name, value=value, wanted="a whole number from 1")
    return int(value)


def _log_format(env: Mapping[str, str]) -> LogFormat:
    match env.get("VIRALCLIP_LOG_FORMAT") or "json":
        case "json":
            return "json"
        case "console":
            return "console"
        case other:
            raise InvalidSettingError(
                name="VIRALCLIP_LOG_FORMAT", value=other, wanted="json or console"
            )
