"""Settings are read once, at the edge: from `VIRALCLIP_*` in the environment."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from viralclip.errors import UnknownLanguageError
from viralclip.settings.secrets import OTLP_ENDPOINTS, otlp_secrets
from viralclip.settings.sections import (
    DatabaseSettings,
    RenderSettings,
    ServerSettings,
    Settings,
    SpeechSettings,
    StateSettings,
    StorageSettings,
    TelemetrySettings,
)
from viralclip.settings.urls import (
    read_alert_addresses,
    read_firestore,
    read_listening_address,
    read_public_origin,
    read_sites,
    read_storage,
    read_url,
)
from viralclip.settings.values import (
    read_age,
    read_byte_count,
    read_log_format,
    read_log_level,
    read_metrics_token,
    read_parts,
    read_path,
    read_positive,
    read_reach,
    read_secret_key,
    refusal,
    require_utf8,
)
from viralclip.words.languages import spoken_language

DEFAULT_SLOTS = 4
# The names that clouds' own tools give to what is secret.
_CREDENTIAL = re.compile(r"(AWS|AZURE|GOOGLE)_.*(SECRET|TOKEN|PASSWORD|KEY)(?<!ACCESS_KEY_ID)")

_Environment = Mapping[str, str]


def read_settings(
    env: _Environment = os.environ, *, slots: int | None = None, log_level: str | None = None
) -> Settings:
    """The settings in `env`; a flag given on the command line wins."""
    state = env.get("VIRALCLIP_STATE_DIR") or platformdirs.user_state_dir("viralclip")
    folder = require_utf8("VIRALCLIP_STATE_DIR", Path(state).expanduser().resolve())
    return Settings(
        state=StateSettings(folder, umask=_umask()),
        databases=_databases(env, folder),
        storage=_storage(env, folder),
        rendering=_rendering(env, slots),
        speech=SpeechSettings(
            engine=env.get("VIRALCLIP_TRANSCRIBER") or None,
            model=env.get("VIRALCLIP_SPEECH_MODEL") or None,
            language=_language(env.get("VIRALCLIP_SPEECH_LANGUAGE", "")),
        ),
        server=_server(env),
        telemetry=_telemetry(env, log_level),
        credentials=(
            *(value for name, value in env.items() if _CREDENTIAL.fullmatch(name)),
            *otlp_secrets(env),
        ),
    )


def _databases(env: _Environment, folder: Path) -> DatabaseSettings:
    in_memory = env.get("VIRALCLIP_CHANNEL") == "memory://"
    redis = ("redis", "rediss")
    return DatabaseSettings(
        folder,
        postgresql=read_url(env, "VIRALCLIP_DATABASE", "sqlite", ("postgresql", "postgres")),
        redis=None if in_memory else read_url(env, "VIRALCLIP_CHANNEL", "embedded", redis),
        firestore=read_firestore(env, "VIRALCLIP_CATALOG"),
        secret_key=read_secret_key(env, "VIRALCLIP_SECRET_KEY"),
        has_events_in_memory=in_memory,
    )


def _storage(env: _Environment, folder: Path) -> StorageSettings:
    return StorageSettings(
        url=read_storage(env, "VIRALCLIP_STORAGE") or (folder / "clips").as_uri(),
        public=read_public_origin(env, "VIRALCLIP_STORAGE_PUBLIC"),
        timeout_s=read_positive(env, "VIRALCLIP_STORAGE_TIMEOUT", 15),
        source_cache_bytes=read_byte_count(env, "VIRALCLIP_SOURCE_CACHE", "20GiB"),
    )


def _rendering(env: _Environment, slots: int | None) -> RenderSettings:
    return RenderSettings(
        slots=slots or read_positive(env, "VIRALCLIP_FFMPEG_SLOTS", DEFAULT_SLOTS),
        ffmpeg=env.get("VIRALCLIP_FFMPEG") or None,
        encoder=env.get("VIRALCLIP_ENCODER") or "x264",
        yunet_model=read_path(env, "VIRALCLIP_YUNET_MODEL"),
        yunet_url=env.get("VIRALCLIP_YUNET_URL") or None,
        fonts=read_path(env, "VIRALCLIP_FONTS"),
    )


def _server(env: _Environment) -> ServerSettings:
    retention = env.get("VIRALCLIP_RETENTION")
    return ServerSettings(
        host=env.get("VIRALCLIP_HOST") or "127.0.0.1",
        port=read_positive(env, "VIRALCLIP_PORT", 8765),
        hosts=read_sites(env, "VIRALCLIP_HOSTS"),
        media_roots=tuple(
            require_utf8("VIRALCLIP_MEDIA_ROOTS", Path(root).expanduser().resolve())
            for root in read_parts(env, "VIRALCLIP_MEDIA_ROOTS", os.pathsep)
        ),
        webhooks=read_reach(env, "VIRALCLIP_WEBHOOKS"),
        retention=read_age("VIRALCLIP_RETENTION", retention) if retention else None,
    )


def _telemetry(env: _Environment, level: str | None) -> TelemetrySettings:
    return TelemetrySettings(
        log_format=read_log_format(env, "VIRALCLIP_LOG_FORMAT"),
        log_level=read_log_level(
            "VIRALCLIP_LOG_LEVEL", level or env.get("VIRALCLIP_LOG_LEVEL") or "info"
        ),
        metrics=read_listening_address(env, "VIRALCLIP_METRICS"),
        metrics_token=read_metrics_token(env, "VIRALCLIP_METRICS_TOKEN"),
        traced=_is_traced(env),
        alerts=read_alert_addresses(env, "VIRALCLIP_ALERTS"),
    )


def _is_traced(env: _Environment) -> bool:
    """As https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ says."""
    is_off = env.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    exporter = env.get("OTEL_TRACES_EXPORTER", "").strip() or "otlp"
    return not is_off and exporter == "otlp" and any(env.get(name) for name in OTLP_ENDPOINTS)


def _umask() -> int:
    """The only way to ask for it is to set it."""
    current = os.umask(0o077)
    os.umask(current)
    return current


def _language(named: str) -> str:
    try:
        return spoken_language(named)
    except UnknownLanguageError as error:
        wanted = "the tag of a language, such as en or de"
        raise refusal("VIRALCLIP_SPEECH_LANGUAGE", named, wanted) from error
