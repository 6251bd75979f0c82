"""Doctor asks every service, says what is wrong with it and what to do, and tells no secrets."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from peers.relay import Fault
from peers.s3 import SECRET, Bucket

from viralclip.abilities import Abilities
from viralclip.cli.doctor import machine, services, workers
from viralclip.cli.doctor.finding import Finding, shown
from viralclip.cli.doctor.report import examine
from viralclip.settings import Settings, read_settings
from viralclip.worker.liveness import FileRoster

SQLITE, POSTGRES, REDIS = "sqlite:///s.db", "postgresql://db/viralclip", "redis://cache:6379/0"
FOLDER, S3 = "file:///srv/clips", "s3://bucket/clips"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings({"VIRALCLIP_STATE_DIR": str(tmp_path)})


def _of(findings: list[Finding], what: str) -> list[Finding]:
    return [finding for finding in findings if finding.what == what]


@pytest.mark.parametrize(
    ("database", "channel", "storage", "verdict", "found"),
    [
        (SQLITE, SQLITE, FOLDER, "ok", "laptop"),
        (SQLITE, SQLITE, S3, "ok", "laptop"),
        (SQLITE, REDIS, S3, "note", "laptop"),
        (POSTGRES, REDIS, S3, "ok", "fleet"),
        (POSTGRES, REDIS, FOLDER, "note", "fleet"),
        (POSTGRES, SQLITE, S3, "missing", "fleet"),
    ],
)
def test_the_mode_follows_from_the_addresses_and_what_does_not_fit_is_named(
    database: str, channel: str, storage: str, verdict: str, found: str
):
    finding = services.mode(database, channel, storage)

    assert (finding.verdict, finding.found.partition(":")[0]) == (verdict, found)
    assert bool(finding.advice) == (verdict != "ok")


def stored_at(settings: Settings, url: str) -> Settings:
    return replace(settings, storage=replace(settings.storage, url=url))


async def test_on_a_laptop_everything_is_well(settings: Settings):
    findings = await services.check(settings)

    assert {finding.verdict for finding in findings} == {"ok"}
    assert {finding.what for finding in findings} == {
        "mode",
        "database",
        "channel",
        "catalog",
        "storage",
    }


async def test_a_worker_that_takes_no_clips_says_why(settings: Settings):
    roster, full, free = FileRoster(settings.state.locks), "/work has 3 MB left", Abilities()
    async with (
        roster.hold("w1", advertised=free.as_text(full)),
        roster.hold("w2", advertised=free.as_text()),
    ):
        (finding,) = await workers.check(settings)

    assert finding.found == "w1 takes no clips: /work has 3 MB left"
    assert (finding.verdict, "prune" in finding.advice) == ("note", True)
    assert await workers.check(settings) == []


async def test_a_storage_is_written_to_read_and_left_as_it_was(settings: Settings, bucket: Bucket):
    found = await services.check(stored_at(settings, bucket.url))
    (storage,) = _of(found, "storage")

    assert (storage.verdict, storage.advice) == ("ok", "")
    assert storage.latency_ms
    assert {line.split()[0] for line in bucket.relay.lines} == {"PUT", "GET", "POST"}
    assert bucket.objects() == {}


@pytest.mark.parametrize(
    ("status", "code", "said", "advice"),
    [
        (403, "InvalidAccessKeyId", "refuses", "AWS_ACCESS_KEY_ID"),
        (404, "NoSuchBucket", "refuses", "bucket"),
        (503, "SlowDown", "does not answer", "AWS_ENDPOINT_URL"),
    ],
)
async def test_a_storage_that_cannot_be_used_is_named_with_what_to_check(
    settings: Settings, bucket: Bucket, status: int, code: str, said: str, advice: str
):
    bucket.relay.faults.append(Fault("status", times=99, status=status, code=code))
    found = await services.check(stored_at(settings, bucket.url))
    (storage,) = _of(found, "storage")

    assert storage.verdict == "missing"
    assert said in storage.found
    assert code in storage.found
    assert advice in storage.advice
    assert "key-id" not in str(storage)


async def test_a_catalog_in_firestore_is_asked(settings: Settings, firestore_url: str):
    found = await services.check(
        replace(settings, databases=replace(settings.databases, firestore=firestore_url))
    )
    (catalog,) = _of(found, "catalog")

    assert catalog.found == firestore_url
    assert catalog.verdict in {"ok", "note"}
    assert catalog.latency_ms


@pytest.mark.parametrize(
    ("what", "url", "ask"),
    [
        ("channel", f"redis://:{SECRET}@127.0.0.1:1/0", services._channel),
        ("database", f"postgresql://me:{SECRET}@127.0.0.1:1/db", services._database),
    ],
)
async def test_a_server_that_is_not_there_is_named_without_its_password(what, url, ask):
    (finding,) = await services._within(what, url, ask)

    assert (finding.what, finding.verdict) == (what, "missing")
    assert "127.0.0.1:1/" in finding.found
    assert f"VIRALCLIP_{what.upper()}" in finding.advice
    assert SECRET not in str(finding)


def test_a_redis_that_throws_things_away_is_a_fault_and_one_that_forgets_a_note():
    good = services._policies({"maxmemory_policy": "noeviction", "aof_enabled": 1})
    bad = services._policies({"maxmemory_policy": "allkeys-lru", "aof_enabled": 0})

    assert [finding.verdict for finding in good] == ["ok", "ok"]
    assert [finding.verdict for finding in bad] == ["missing", "note"]
    assert "maxmemory-policy noeviction" in bad[0].advice
    assert "appendonly yes" in bad[1].advice


async def test_a_redis_in_cluster_mode_is_named_as_what_is_missing(redis_cluster_node: str):
    (finding,) = await services._within("channel", redis_cluster_node, services._channel)

    assert finding.verdict == "missing"
    assert "cluster mode" in finding.found
    assert "cluster-enabled no" in finding.advice


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        (f"redis://me:{SECRET}@cache:6379/0", "redis://cache:6379/0"),
        (f"postgresql://me:{SECRET}@db/clips?sslmode=require", "postgresql://db/clips"),
        ("sqlite:////state/catalog.db", "sqlite:////state/catalog.db"),
        ("s3://bucket/clips", "s3://bucket/clips"),
    ],
)
def test_an_address_is_shown_without_what_opens_it(url: str, seen: str):
    assert shown(url) == seen


async def test_findings_are_json_lines_and_a_fault_is_the_exit_code(
    settings: Settings, bucket: Bucket, capsys: pytest.CaptureFixture[str]
):
    well = await examine(stored_at(settings, bucket.url), as_json=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    bucket.relay.faults.append(Fault("status", times=99, status=403))
    ill = await examine(stored_at(settings, bucket.url), as_json=False)
    said = capsys.readouterr().out

    assert well == 0
    assert set(lines[0]) == {"what", "verdict", "found", "advice", "latency_ms"}
    assert ill == 1
    assert "!! storage" in said


@pytest.mark.parametrize(
    ("named", "verdict", "found"),
    [
        ("here.onnx", "ok", "are found by YuNet"),
        ("gone.onnx", "note", "is not a file"),
        ("", "note", "the face model is not here"),
    ],
)
async def test_it_is_said_what_finds_faces_and_what_to_do_without(
    settings: Settings, tmp_path: Path, monkeypatch, named, verdict, found
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "here.onnx").write_bytes(b"a model of one's own")
    model = {"VIRALCLIP_YUNET_MODEL": str(tmp_path / named)} if named else {}
    settings = read_settings({"VIRALCLIP_STATE_DIR": str(settings.state.folder), **model})

    [faces] = _of(await machine.check(settings), "faces")

    assert faces.verdict == verdict
    assert found in faces.found
    assert bool(faces.advice) == (verdict == "note")


async def test_an_ffmpeg_that_cannot_tone_map_is_a_note(settings: Settings, flat_ffmpeg: Path):
    findings = await machine.check(
        replace(settings, rendering=replace(settings.rendering, ffmpeg=str(flat_ffmpeg)))
    )

    (note,) = [each for each in findings if each.what == "ffmpeg" and each.verdict == "note"]
    assert "HDR" in note.found
    assert "imageio-ffmpeg" in note.advice


def test_the_page_on_many_machines_asks_for_the_versions_that_doctor_does():
    page = Path(__file__).parents[2] / "docs" / "how-to" / "many-machines.md"
    asked = (
        f"PostgreSQL ({services.OLDEST_POSTGRES} or later)",
        f"Redis ({services.OLDEST_REDIS} or later)",
    )

    assert [each for each in asked if each not in page.read_text(encoding="utf-8")] == []
