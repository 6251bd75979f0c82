"""What viralclip speaks to: the database, the channel, the storage and the catalog, each asked."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from viralclip.app.openers import storage_opener
from viralclip.catalog.opening import open_catalog
from viralclip.cli.doctor.finding import Finding, Verdict, shown
from viralclip.errors import (
    StorageRejectedError,
    StorageUnavailableError,
    ViralclipError,
)
from viralclip.settings import Settings

_PATIENCE_S = 20.0
_LOW_SPACE_BYTES = 2 * 1024**3
# A database or channel farther away than this is felt in every step of every clip.
_FAR_MS = 50.0
_IN_FILE = "leave VIRALCLIP_CHANNEL unset to watch jobs from other terminals"
# The client says HELLO, which is of Redis 6; streams and replicated scripts are older.
OLDEST_REDIS = 6
# The engine's tables have gen_random_uuid() as a default, which needs no extension from 13 on.
OLDEST_POSTGRES = 13

Ask = Callable[[str], Awaitable[list[Finding]]]


def mode(database: str, channel: str, storage: str) -> Finding:
    """Whether one machine does everything, or several share the work."""
    if not _is_shared(database):
        found = "laptop: one machine does everything"
        if not _is_shared(channel):
            return Finding("mode", "ok", found)
        advice = "VIRALCLIP_CHANNEL alone shares no work: set VIRALCLIP_DATABASE as well"
        return Finding("mode", "note", found, advice)
    found = "fleet: any number of servers and workers share the work"
    if not _is_shared(channel):
        advice = "set VIRALCLIP_CHANNEL to a redis:// URL: events would stay on their machine"
        return Finding("mode", "missing", found, advice)
    if storage.startswith("file:"):
        advice = "set VIRALCLIP_STORAGE to an object store: a folder is seen by this machine alone"
        return Finding("mode", "note", found, advice)
    return Finding("mode", "ok", found)


async def check(settings: Settings) -> list[Finding]:
    """Every service at once, each within its time."""
    database, channel = settings.databases.service_engine_url, settings.databases.channel_url
    asked = (
        _within("database", database, _database),
        _within("channel", channel, _channel),
        _within("catalog", settings.databases.catalog_url, _catalog),
        _storage(settings),
    )
    asked = (*asked, _secret_key(settings))
    answers = [finding for found in await asyncio.gather(*asked) for finding in found]
    return [mode(database, channel, settings.storage.url), *answers]


async def _within(what: str, url: str, ask: Ask) -> list[Finding]:
    """What asking finds; whatever goes wrong is a finding, too."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return [replace(finding, what=what) for finding in await ask(url)]
    except ImportError as error:
        advice = "pip install 'viralclip-scenes[fleet]'"
        return [Finding(what, "missing", f"{shown(url)} needs {error.name}", advice)]
    except TimeoutError:
        why = f"did not answer in {_PATIENCE_S:.0f} s"
    except ViralclipError as error:
        return [Finding(what, "missing", shown(url), error.message)]
    except Exception as error:  # noqa: BLE001 - any library's own error is an answer here
        why = _without_secrets(str(error) or repr(error), url)
    advice = f"check the address in {_SETTING[what]}, that the server runs, and the network"
    return [Finding(what, "missing", f"{shown(url)}: {why}", advice)]


_SETTING = {
    "database": "VIRALCLIP_DATABASE",
    "channel": "VIRALCLIP_CHANNEL",
    "catalog": "VIRALCLIP_CATALOG or VIRALCLIP_DATABASE",
}


async def _database(url: str) -> list[Finding]:
    if not _is_shared(url):
        return [_file(url)]
    import psycopg

    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    async with await psycopg.AsyncConnection.connect(plain, connect_timeout=10) as connection:
        took = await _timed(lambda: connection.execute("select 1"))
        asked = await connection.execute(
            "select current_setting('server_version_num')::int / 10000,"
            " current_setting('max_connections')::int,"
            " (select count(*) from pg_stat_activity where datname is not null)"
        )
        version, most, used = await asked.fetchone() or (0, 0, 0)
    found = f"{shown(url)}, PostgreSQL {version}, {used} of {most} connections in use"
    if version < OLDEST_POSTGRES:
        return [_far("note", found, took, f"use PostgreSQL {OLDEST_POSTGRES} or later")]
    if used > most * 0.8:
        advice = "raise max_connections or put a pooler in front: workers will soon find none left"
        return [_far("note", found, took, advice)]
    return [_far("ok", found, took)]


async def _channel(url: str) -> list[Finding]:
    if url.startswith("memory:"):
        return [Finding("", "note", "in memory: progress is seen by this process alone", _IN_FILE)]
    if not _is_shared(url):
        return [_file(url)]
    from redis.asyncio import Redis

    from viralclip.channel.redis.suitability import unsuitable

    async with Redis.from_url(url, socket_connect_timeout=10, socket_timeout=10) as client:
        await client.ping()  # pyright: ignore[reportGeneralTypeIssues] - it is awaitable here
        took = await _timed(client.ping)
        info = await client.info()
    version = str(info["redis_version"])
    found = f"{shown(url)}, Redis {version}, {info['used_memory_human']} in use"
    if fault := unsuitable(info):
        return [_far("missing", f"{found}: it {fault.reason}", took, fault.remedy)]
    findings = [_far("ok", found, took)]
    if int(version.partition(".")[0]) < OLDEST_REDIS:
        advice = f"use Redis {OLDEST_REDIS} or later"
        findings = [_far("missing", found, took, advice)]
    return [*findings, *_policies(info)]


def _policies(info: dict[str, object]) -> list[Finding]:
    """What a Redis does when it is full, and what it still knows after a crash."""
    policy = Finding("", "ok", "the memory policy is noeviction")
    if (named := info.get("maxmemory_policy", "unknown")) != "noeviction":
        found = f"the memory policy is {named}: events may be thrown away"
        advice = "redis-cli CONFIG SET maxmemory-policy noeviction, and the same in redis.conf"
        policy = Finding("", "missing", found, advice)
    kept = Finding("", "ok", "an append-only file outlives crashes")
    if not info.get("aof_enabled"):
        found = "no append-only file: after a crash viewers begin from what workers say next"
        advice = "redis-cli CONFIG SET appendonly yes, and the same in redis.conf"
        kept = Finding("", "note", found, advice)
    return [policy, kept]


async def _secret_key(settings: Settings) -> list[Finding]:
    if settings.databases.postgresql is None or settings.databases.secret_key is not None:
        return []
    found = "servers share a database and no key: they make no webhooks"
    advice = "set VIRALCLIP_SECRET_KEY to the same text on each: openssl rand -base64 32"
    return [Finding("webhooks", "note", found, advice)]


async def _catalog(url: str) -> list[Finding]:
    if not _is_shared(url) and not _path(url).exists():
        return [_file(url)]
    async with open_catalog(url) as catalog:
        took = await _timed(lambda: catalog.jobs.count_running("nobody"))
    return [_far("ok", shown(url), took)]


async def _storage(settings: Settings) -> list[Finding]:
    url = settings.storage.url
    place = shown(url)
    try:
        storage = storage_opener(settings)(url)
        took = await _timed(storage.prove)
    except StorageUnavailableError as error:
        advice = "check AWS_ENDPOINT_URL and the network"
        found = f"{place} does not answer: {_without_secrets(error.detail, url)}"
        return [Finding("storage", "missing", found, advice)]
    except StorageRejectedError as error:
        advice = "check the bucket or folder, its rights, AWS_ACCESS_KEY_ID and AWS_REGION"
        found = f"{place} refuses: {_without_secrets(error.detail, url)}"
        return [Finding("storage", "missing", found, advice)]
    found = f"{place}, written, read and deleted"
    folder = storage.local_path("")
    if folder is None:
        return [Finding("storage", "ok", found, latency_ms=took)]
    free = shutil.disk_usage(folder).free
    found += f", {free / 1024**3:.1f} GiB free"
    if free < _LOW_SPACE_BYTES:
        return [Finding("storage", "note", found, "make room for clips", took)]
    return [Finding("storage", "ok", found, latency_ms=took)]


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def _file(url: str) -> Finding:
    path = _path(url)
    if path.exists():
        return Finding("", "ok", f"SQLite in {path}, {path.stat().st_size / 1e6:.1f} MB")
    return Finding("", "ok", f"SQLite in {path}, made when it is first needed")


def _far(verdict: Verdict, found: str, took_ms: float, advice: str = "") -> Finding:
    if verdict == "ok" and took_ms > _FAR_MS:
        advice = "it is far away or busy: every step of a clip waits for it"
        return Finding("", "note", found, advice, took_ms)
    return Finding("", verdict, found, advice, took_ms)


async def _timed(ask: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await ask()
    return (time.perf_counter() - began) * 1000


def _is_shared(url: str) -> bool:
    return not url.startswith(("sqlite:", "memory:"))


def _without_secrets(text: str, url: str) -> str:
    """A library's first words; some repeat the address they were given."""
    return text.partition("\n")[0].replace(url, shown(url))[:300]
