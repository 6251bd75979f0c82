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


class StateNotWritableError(InvalidRequestError):
    """Nothing can be kept in {name}; make it writable, with room, or set VIRALCLIP_STATE_DIR."""

    code = "state_not_writable"


@dataclass(frozen=True)
class Settings:
    """Where things are and how much may run at once."""

    state_dir: Path
    slots: int
    ffmpeg: str | None
    encoder: str
    log_format: LogFormat
    host: str
    port: int
    hosts: tuple[str, ...]
    storage_url: str
    media_roots: tuple[Path, ...]
    yunet_model: Path | None
    yunet_url: str | None

    @property
    def catalog_url(self) -> str:
        return f"sqlite:///{self.state_dir / 'catalog.db'}"

    @property
    def channel_url(self) -> str:
        return f"sqlite:///{self.state_dir / 'events.db'}"

    def engine_url(self, job_id: str) -> str:
        """A job started from a terminal has its own engine: no terminal renders for another."""
        return f"sqlite:///{self.state_dir / 'engines' / f'{job_id}.db'}"

    @property
    def service_engine_url(self) -> str:
        """The engine that `serve` and its workers share."""
        return f"sqlite:///{self.state_dir / 'engine.db'}"

    @property
    def uploads(self) -> Path:
        return self.state_dir / "uploads"

    @property
    def analyses(self) -> Path:
        return self.state_dir / "analyses"

    @property
    def models(self) -> Path:
        """Shared by all state folders of a user: a download is of use to each."""
        return Path(platformdirs.user_cache_dir("viralclip")) / "models"

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
    state_dir = Path(state).expanduser().resolve()
    return Settings(
        state_dir=state_dir,
        slots=slots or _positive(env, "VIRALCLIP_FFMPEG_SLOTS", _default_slots()),
        ffmpeg=env.get("VIRALCLIP_FFMPEG") or None,
        encoder=env.get("VIRALCLIP_ENCODER") or "x264",
        log_format=_log_format(env),
        host=env.get("VIRALCLIP_HOST") or "127.0.0.1",
        port=_positive(env, "VIRALCLIP_PORT", 8765),
        hosts=_list(env, "VIRALCLIP_HOSTS", ","),
        storage_url=env.get("VIRALCLIP_STORAGE") or (state_dir / "clips").as_uri(),
        media_roots=tuple(
            Path(root).expanduser().resolve()
            for root in _list(env, "VIRALCLIP_MEDIA_ROOTS", os.pathsep)
        ),
        yunet_model=_path(env, "VIRALCLIP_YUNET_MODEL"),
        yunet_url=env.get("VIRALCLIP_YUNET_URL") or None,
    )


def _path(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name)
    return Path(value).expanduser().resolve() if value else None


def _default_slots() -> int:
    return DEFAULT_SLOTS


def _list(env: Mapping[str, str], name: str, separator: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in env.get(name, "").split(separator) if part.strip())


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
