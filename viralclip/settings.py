"""Settings: `VIRALCLIP_*` in the environment, read once, at the edge."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

import platformdirs

from viralclip.errors import InvalidRequestError
from viralclip.origins import Site, parse_site
from viralclip.text import is_text

LogFormat = Literal["json", "console"]
LogLevel = Literal["debug", "info", "warning", "error"]
LOG_LEVELS: tuple[LogLevel, ...] = ("debug", "info", "warning", "error")
Reach = Literal["public", "anywhere"]
DEFAULT_SLOTS = 4
STORAGES = frozenset({"file", "s3", "gs", "az"})
_UNITS = ("", "KiB", "MiB", "GiB", "TiB")
_SIZE = re.compile(r"([0-9]{1,15})(KiB|MiB|GiB|TiB)?")
_AGE = re.compile(r"([0-9]{1,5})([hdw])")
_AGES = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SHORTEST_KEY = 32
_SHORTEST_TOKEN = 16
# What may stand in a header as it is.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
_PORTS = 65536
_HOST = re.compile(r"([A-Za-z0-9][A-Za-z0-9.-]*)?")
# The names that clouds' own tools give to what is secret.
_CREDENTIAL = re.compile(r"(AWS|AZURE|GOOGLE)_.*(SECRET|TOKEN|PASSWORD|KEY)(?<!ACCESS_KEY_ID)")
OTLP_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_OTLP_HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
_PLAIN = re.compile(r"[\w.+-]{1,8}")
_FIRESTORE = re.compile(r"firestore://[a-z0-9-]+(/[a-z0-9()-]+)?")


class InvalidSettingError(InvalidRequestError):
    """The setting {name} has the value {value}, but needs {wanted}."""

    code = "invalid_setting"


def _refusal(name: str, value: str, wanted: str) -> InvalidSettingError:
    """The error, with the value where it is too short and plain to hold a password."""
    shown = value if _PLAIN.fullmatch(value) else "…"
    return InvalidSettingError(name=name, value=shown, wanted=wanted)


class StateNotWritableError(InvalidRequestError):
    """Nothing can be kept in {name}; make it writable, with room, or set VIRALCLIP_STATE_DIR."""

    code = "state_not_writable"


class DatabaseUnreachableError(InvalidRequestError):
    """The database does not answer; check VIRALCLIP_DATABASE and that the server runs."""

    code = "database_unreachable"


class NotInstalledError(InvalidRequestError):
    """The package {package} is missing; install it with: pip install 'viralclip-scenes[fleet]'."""

    code = "not_installed"


class MetricsTokenMissingError(InvalidRequestError):
    """Other machines can reach VIRALCLIP_METRICS; set VIRALCLIP_METRICS_TOKEN, or use 127.0.0.1."""

    code = "metrics_token_missing"


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
class Settings:
    """Where things are and how much may run at once."""

    state_dir: Path
    # What files of the user's own are made with.
    umask: int
    database: str | None = field(repr=False)
    channel: str | None = field(repr=False)
    slots: int
    ffmpeg: str | None
    encoder: str
    log_format: LogFormat
    log_level: LogLevel
    host: str
    port: int
    hosts: tuple[Site, ...]
    storage_url: str
    media_roots: tuple[Path, ...]
    webhooks: Reach
    yunet_model: Path | None
    yunet_url: str | None = field(repr=False)
    storage_public: str | None = field(repr=False)
    storage_timeout_s: float
    source_cache_bytes: int
    catalog: str | None
    secret_key: str | None = field(repr=False)
    metrics: Address | None
    metrics_token: str | None = field(repr=False)
    credentials: tuple[str, ...] = field(repr=False)
    # How long `serve` keeps what has ended; None: for ever.
    retention: timedelta | None
    # Whether the standard variables of OpenTelemetry name a collector of traces.
    traced: bool
    # Addresses of apprise; most hold a token.
    alerts: tuple[str, ...] = field(default=(), repr=False)

    @property
    def secrets(self) -> frozenset[str]:
        """What must never be seen: passwords, keys, and credentials of clouds."""
        urls = (self.database, self.channel, self.yunet_url, self.storage_public)
        inside = [secret for url in urls if url for secret in _secrets_in(url)]
        inside += (secret for url in self.alerts for secret in _tokens_in(url))
        given = (self.secret_key, self.metrics_token, *self.credentials)
        return frozenset((*inside, *(secret for secret in given if secret)))

    @property
    def catalog_url(self) -> str:
        return self.catalog or self.tables_url

    @property
    def tables_url(self) -> str:
        """The database of what is kept in tables, wherever the catalog is."""
        return self.database or f"sqlite:///{self.state_dir / 'catalog.db'}"

    @property
    def channel_url(self) -> str:
        return self.channel or f"sqlite:///{self.state_dir / 'events.db'}"

    def engine_url(self, job_id: str) -> str:
        """A job started from a terminal has its own engine: no terminal renders for another."""
        return f"sqlite:///{self.engines / f'{job_id}.db'}"

    @property
    def service_engine_url(self) -> str:
        """The engine that `serve` and its workers share."""
        return self.database or f"sqlite:///{self.state_dir / 'engine.db'}"

    @property
    def service_engine_name(self) -> str:
        """How a job remembers that engine: by its URL, but a password stands in settings only."""
        return "shared" if self.database else self.service_engine_url

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
    def engines(self) -> Path:
        return self.state_dir / "engines"

    @property
    def sources(self) -> Path:
        """Videos fetched from an object store, for as long as there is room."""
        return self.state_dir / "sources"

    @property
    def work(self) -> Path:
        return self.state_dir / "work"

    @property
    def logs(self) -> Path:
        return self.state_dir / "logs"


def read_settings(
    env: Mapping[str, str] = os.environ,
    *,
    slots: int | None = None,
    log_level: str | None = None,
) -> Settings:
    """The settings in `env`; a flag given on the command line wins."""
    state = env.get("VIRALCLIP_STATE_DIR") or platformdirs.user_state_dir("viralclip")
    state_dir = _text("VIRALCLIP_STATE_DIR", Path(state).expanduser().resolve())
    return Settings(
        state_dir=state_dir,
        umask=_umask(),
        database=_url(env, "VIRALCLIP_DATABASE", "sqlite", ("postgresql", "postgres")),
        channel=_url(env, "VIRALCLIP_CHANNEL", "embedded", ("redis", "rediss")),
        slots=slots or _positive(env, "VIRALCLIP_FFMPEG_SLOTS", _default_slots()),
        ffmpeg=env.get("VIRALCLIP_FFMPEG") or None,
        encoder=env.get("VIRALCLIP_ENCODER") or "x264",
        log_format=_log_format(env),
        log_level=_log_level(log_level or env.get("VIRALCLIP_LOG_LEVEL") or "info"),
        host=env.get("VIRALCLIP_HOST") or "127.0.0.1",
        port=_positive(env, "VIRALCLIP_PORT", 8765),
        hosts=_sites(env, "VIRALCLIP_HOSTS"),
        storage_url=_storage(env) or (state_dir / "clips").as_uri(),
        media_roots=tuple(
            _text("VIRALCLIP_MEDIA_ROOTS", Path(root).expanduser().resolve())
            for root in _list(env, "VIRALCLIP_MEDIA_ROOTS", os.pathsep)
        ),
        webhooks=_reach(env),
        yunet_model=_path(env, "VIRALCLIP_YUNET_MODEL"),
        yunet_url=env.get("VIRALCLIP_YUNET_URL") or None,
        storage_public=_public(env, "VIRALCLIP_STORAGE_PUBLIC"),
        storage_timeout_s=_positive(env, "VIRALCLIP_STORAGE_TIMEOUT", 15),
        source_cache_bytes=_bytes(env, "VIRALCLIP_SOURCE_CACHE", "20GiB"),
        catalog=_catalog(env),
        secret_key=_secret_key(env, "VIRALCLIP_SECRET_KEY"),
        metrics=_address(env, "VIRALCLIP_METRICS"),
        metrics_token=_metrics_token(env, "VIRALCLIP_METRICS_TOKEN"),
        credentials=(
            *(value for name, value in env.items() if _CREDENTIAL.fullmatch(name)),
            *_otlp_secrets(env),
        ),
        retention=_retention(env, "VIRALCLIP_RETENTION"),
        traced=_is_traced(env),
        alerts=_alerts(env, "VIRALCLIP_ALERTS"),
    )


def read_age(name: str, value: str) -> timedelta:
    """The time that `30d` means; InvalidSettingError under that name for what is none."""
    found = _AGE.fullmatch(value.strip())
    if found is None or not int(found[1]):
        raise _refusal(name, value, "a time such as 12h, 30d or 8w")
    return int(found[1]) * _AGES[found[2]]


def _is_traced(env: Mapping[str, str]) -> bool:
    """As https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ says."""
    is_off = env.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    exporter = env.get("OTEL_TRACES_EXPORTER", "").strip() or "otlp"
    return not is_off and exporter == "otlp" and any(env.get(name) for name in OTLP_ENDPOINTS)


def _otlp_secrets(env: Mapping[str, str]) -> Iterator[str]:
    """Keys for a collector: in the values of its headers, and in its address."""
    for name in _OTLP_HEADERS:
        for header in _list(env, name, ","):
            value = header.partition("=")[2].strip()
            # The scheme of an Authorization header is no secret, what follows is.
            for secret in (value, unquote(value), unquote(value).rpartition(" ")[2]):
                if secret:
                    yield secret
    for name in OTLP_ENDPOINTS:
        yield from (secret for secret in _secrets_in(env.get(name, "")) if secret)


def _retention(env: Mapping[str, str], name: str) -> timedelta | None:
    value = env.get(name)
    return read_age(name, value) if value else None


def _umask() -> int:
    """The only way to ask for it is to set it."""
    current = os.umask(0o077)
    os.umask(current)
    return current


def _secret_key(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name)
    if value and len(value) < _SHORTEST_KEY:
        wanted = f"at least {_SHORTEST_KEY} characters, as `openssl rand -base64 32` makes them"
        raise _refusal(name, value, wanted)
    return value or None


def _address(env: Mapping[str, str], name: str) -> Address | None:
    """`host:port`, or `:port` for every address of the machine; None where it is not set."""
    if not (value := env.get(name)):
        return None
    host, colon, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    is_port = port.isascii() and port.isdecimal() and 0 < int(port[:6]) < _PORTS
    if not colon or not is_port or not (_HOST.fullmatch(host) or _is_address(host)):
        raise _refusal(name, value, "an address such as 127.0.0.1:9465, or :9465 for all of them")
    return Address(host, int(port))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _metrics_token(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name)
    if value and (len(value) < _SHORTEST_TOKEN or not _TOKEN.fullmatch(value)):
        wanted = (
            f"at least {_SHORTEST_TOKEN} letters and figures, as `openssl rand -hex 32` makes them"
        )
        raise _refusal(name, "…", wanted)
    return value or None


def _path(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name)
    return Path(value).expanduser().resolve() if value else None


def _text(name: str, path: Path) -> Path:
    if not is_text(str(path)):
        raise InvalidSettingError(name=name, value=path, wanted="a path that is UTF-8")
    return path


def _default_slots() -> int:
    return DEFAULT_SLOTS


def _list(env: Mapping[str, str], name: str, separator: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in env.get(name, "").split(separator) if part.strip())


def _sites(env: Mapping[str, str], name: str) -> tuple[Site, ...]:
    wanted = "names such as clips.example.com or https://clips.example.com:8443, with commas"
    sites: list[Site] = []
    for text in _list(env, name, ","):
        if (site := parse_site(text)) is None:
            raise _refusal(name, text, wanted)
        sites.append(site)
    return tuple(sites)


def _url(env: Mapping[str, str], name: str, default: str, schemes: tuple[str, ...]) -> str | None:
    """A URL of one of the schemes, or None for the default; the value may hold a password."""
    value = env.get(name) or default
    if value == default:
        return None
    scheme, _, rest = value.partition("://")
    if scheme not in schemes or not rest or not _has_place(value):
        wanted = f"{default}, or a URL that begins with {schemes[0]}://"
        raise _refusal(name, value, wanted)
    # SQLAlchemy knows one name only.
    return f"postgresql://{rest}" if scheme == "postgres" else value


def _has_place(url: str) -> bool:
    """Whether a library can make a host and a port of it: its error would repeat the whole URL."""
    try:
        port = urlsplit(url).port
    except ValueError:
        return False
    return port != 0


def _secrets_in(url: str) -> Iterator[str]:
    """The password in a URL, and the values of its query, as they are written and as they are."""
    try:
        parts = urlsplit(url)
    except ValueError:
        yield url
        return
    queried = (value for _, value in parse_qsl(parts.query))
    for secret in (parts.password or "", *queried, parts.query):
        yield from (secret, unquote(secret))


def _tokens_in(url: str) -> Iterator[str]:
    """What opens a chat or a mailbox: any part of such an address but the name of a machine."""
    yield from _secrets_in(url)
    parts = urlsplit(url)
    yield from (url, parts.username or "", *parts.path.split("/"))
    if "." not in (host := parts.netloc.rpartition("@")[2]) and host != "localhost":
        yield from (host, *host.split(":"))


def _alerts(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    urls = tuple(env.get(name, "").split())
    for url in urls:
        if not _is_url(url):
            raise _refusal(name, url, "addresses of apprise, such as slack://…, with spaces")
    return urls


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path.strip("/")))


def _positive(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name)
    if not value:
        return default
    if not value.isdecimal() or int(value) < 1:
        raise _refusal(name, value, "a whole number from 1")
    return int(value)


def _reach(env: Mapping[str, str]) -> Reach:
    match env.get("VIRALCLIP_WEBHOOKS") or "public":
        case "public":
            return "public"
        case "anywhere":
            return "anywhere"
        case other:
            raise _refusal("VIRALCLIP_WEBHOOKS", other, "public or anywhere")


def _bytes(env: Mapping[str, str], name: str, default: str) -> int:
    value = env.get(name) or default
    found = _SIZE.fullmatch(value)
    if found is None or not int(found[1]):
        raise _refusal(name, value, "a size such as 500MiB or 20GiB")
    return int(found[1]) * 1024 ** _UNITS.index(found[2] or "")


def _storage(env: Mapping[str, str]) -> str | None:
    """The storage's URL; credentials have names of their own, for a URL is shown to people."""
    name = "VIRALCLIP_STORAGE"
    if not (value := env.get(name)):
        return None
    if not _has_place(value):
        raise _refusal(name, value, "a URL such as file:///srv/clips or s3://bucket/prefix")
    parts = urlsplit(value)
    if parts.username is not None or parts.password is not None:
        wanted = "to be without credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        raise _refusal(name, value, wanted)
    if parts.scheme not in STORAGES or (parts.scheme != "file" and not parts.netloc):
        wanted = "a URL such as file:///srv/clips or s3://bucket/prefix"
        raise _refusal(name, value, wanted)
    return value


def _public(env: Mapping[str, str], name: str) -> str | None:
    if not (value := env.get(name)):
        return None
    wanted = "an address such as https://media.example.com"
    if not _has_place(value):
        raise _refusal(name, value, wanted)
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise _refusal(name, value, wanted)
    if env.get("AWS_ENDPOINT_URL_S3"):
        # The library lets that one win over every endpoint it is given.
        wanted = "the store's own endpoint in AWS_ENDPOINT_URL, not in AWS_ENDPOINT_URL_S3"
        raise _refusal(name, value, wanted)
    return value.rstrip("/")


def _catalog(env: Mapping[str, str]) -> str | None:
    value = env.get("VIRALCLIP_CATALOG")
    if value and not _FIRESTORE.fullmatch(value):
        wanted = "firestore://PROJECT or firestore://PROJECT/DATABASE"
        raise _refusal("VIRALCLIP_CATALOG", value, wanted)
    return value or None


def _log_format(env: Mapping[str, str]) -> LogFormat:
    match env.get("VIRALCLIP_LOG_FORMAT") or "json":
        case "json":
            return "json"
        case "console":
            return "console"
        case other:
            raise _refusal("VIRALCLIP_LOG_FORMAT", other, "json or console")


def _log_level(value: str) -> LogLevel:
    for level in LOG_LEVELS:
        if value.lower() == level:
            return level
    raise _refusal("VIRALCLIP_LOG_LEVEL", value, ", ".join(LOG_LEVELS))
