"""What can be set, grouped by what it is about; each part is given to who needs it."""

from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

import platformdirs

from viralclip.origins import Site
from viralclip.settings.secrets import secrets_in, tokens_in

LogFormat = Literal["json", "console"]
LogLevel = Literal["debug", "info", "warning", "error"]
LOG_LEVELS: tuple[LogLevel, ...] = ("debug", "info", "warning", "error")
Reach = Literal["public", "anywhere"]


@dataclass(frozen=True)
class StateSettings:
    """The folder of what a machine keeps for itself, and what is in it."""

    folder: Path
    # What files of the user's own are made with.
    umask: int

    @property
    def uploads(self) -> Path:
        return self.folder / "uploads"

    @property
    def analyses(self) -> Path:
        return self.folder / "analyses"

    @property
    def transcripts(self) -> Path:
        return self.folder / "transcripts"

    @property
    def models(self) -> Path:
        """Shared by all state folders of a user: a download is of use to each."""
        return Path(platformdirs.user_cache_dir("viralclip")) / "models"

    @property
    def locks(self) -> Path:
        return self.folder / "workers"

    @property
    def ledger(self) -> Path:
        return self.folder / "ffmpegs"

    @property
    def engines(self) -> Path:
        return self.folder / "engines"

    @property
    def sources(self) -> Path:
        """Videos fetched from an object store, for as long as there is room."""
        return self.folder / "sources"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"


@dataclass(frozen=True)
class DatabaseSettings:
    """Where jobs, events and queues are kept: SQLite files in `folder` unless a URL is given."""

    folder: Path
    postgresql: str | None = field(repr=False)
    redis: str | None = field(repr=False)
    firestore: str | None
    # Seals what is kept in the database and must not be read there.
    secret_key: str | None = field(repr=False)
    # Events are in the memory of this process: nobody else watches.
    has_events_in_memory: bool = False

    @property
    def catalog_url(self) -> str:
        return self.firestore or self.tables_url

    @property
    def tables_url(self) -> str:
        """The database of what is kept in tables, wherever the catalog is."""
        return self.postgresql or f"sqlite:///{self.folder / 'catalog.db'}"

    @property
    def channel_url(self) -> str:
        if self.has_events_in_memory:
            return "memory://"
        return self.redis or f"sqlite:///{self.folder / 'events.db'}"

    def engine_url(self, job_id: str) -> str:
        """A job started from a terminal has its own engine: no terminal renders for another."""
        return f"sqlite:///{self.folder / 'engines' / f'{job_id}.db'}"

    @property
    def service_engine_url(self) -> str:
        """The engine that `serve` and its workers share."""
        return self.postgresql or f"sqlite:///{self.folder / 'engine.db'}"

    @property
    def service_engine_name(self) -> str:
        """How a job remembers that engine: by its URL, but a password stands in settings only."""
        return "shared" if self.postgresql else self.service_engine_url


@dataclass(frozen=True)
class StorageSettings:
    """Where finished clips go, and how much of fetched videos is kept."""

    url: str
    # Where a browser reaches the store, where that is another address.
    public: str | None = field(repr=False)
    timeout_s: float
    source_cache_bytes: int


@dataclass(frozen=True)
class RenderSettings:
    """What renders, how much of it at once, what finds faces, and a folder of more fonts."""

    slots: int
    ffmpeg: str | None
    encoder: str
    yunet_model: Path | None
    yunet_url: str | None = field(repr=False)
    fonts: Path | None = None


@dataclass(frozen=True)
class SpeechSettings:
    """What turns speech into words: an engine, and a model of it by name or as a folder; the
    language that is spoken, empty to have it told."""

    engine: str | None
    model: str | None
    language: str


@dataclass(frozen=True)
class ServerSettings:
    """Where `serve` listens, and what it allows."""

    host: str
    port: int
    hosts: tuple[Site, ...]
    media_roots: tuple[Path, ...]
    webhooks: Reach
    # How long `serve` keeps what has ended; None: for ever.
    retention: timedelta | None


@dataclass(frozen=True)
class Address:
    """Where a process listens; the host is empty for every address of the machine."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether nobody on another machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True)
class TelemetrySettings:
    """How logs are written, where metrics are read, and who hears of alerts."""

    log_format: LogFormat
    log_level: LogLevel
    metrics: Address | None
    metrics_token: str | None = field(repr=False)
    # Whether the standard variables of OpenTelemetry name a collector of traces.
    traced: bool
    # Addresses of apprise; most hold a token.
    alerts: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """All that can be set."""

    state: StateSettings
    databases: DatabaseSettings
    storage: StorageSettings
    rendering: RenderSettings
    speech: SpeechSettings
    server: ServerSettings
    telemetry: TelemetrySettings
    # Of clouds and collectors: their own tools read these, and no log may show them.
    credentials: tuple[str, ...] = field(repr=False)

    @property
    def secrets(self) -> frozenset[str]:
        """What must never be seen: passwords, keys, and credentials of clouds."""
        databases = self.databases
        urls = (
            databases.postgresql,
            databases.redis,
            self.rendering.yunet_url,
            self.storage.public,
        )
        inside = [secret for url in urls if url for secret in secrets_in(url)]
        inside += (secret for url in self.telemetry.alerts for secret in tokens_in(url))
        given = (databases.secret_key, self.telemetry.metrics_token, *self.credentials)
        return frozenset((*inside, *(secret for secret in given if secret)))
