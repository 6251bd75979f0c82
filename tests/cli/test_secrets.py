"""No setting's secret is in any output: not in an error, a log, a finding or a traceback."""

import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import structlog

from viralclip.settings import InvalidSettingError, read_settings
from viralclip.telemetry.logs import log_to
from viralclip.telemetry.redaction import HIDDEN

SECRET = "hunter2%40SECRET"  # noqa: S105 - it is what is looked for
MESSAGE = f"in the message: {SECRET}"
DECODED = "hunter2@SECRET"
SOURCE = Path(__file__).parents[2] / "viralclip" / "settings" / "reading.py"
NAMES = sorted(set(re.findall(r'"(VIRALCLIP_[A-Z_]+)"', SOURCE.read_text())))
VALUES = [
    SECRET,
    f"ann:{SECRET}@host",
    f"https://ann:{SECRET}@host/x",
    f"postgresql://ann:{SECRET}@127.0.0.1:1/clips",
    f"postgresql://ann:pw@127.0.0.1:{SECRET}/clips",
    f"postgresql://[{SECRET}/clips",
    f"postgresql://127.0.0.1:1/clips?password={SECRET}",
    f"redis://:{SECRET}@127.0.0.1:1/0",
    f"s3://key:{SECRET}@bucket/x",
    f"firestore://ann:{SECRET}@project",
    f"firestore://project/{SECRET}",
]


def has_secret(text: str) -> bool:
    return "hunter2" in text


def test_every_setting_is_looked_at():
    assert len(NAMES) > 20
    assert {"VIRALCLIP_DATABASE", "VIRALCLIP_CATALOG", "VIRALCLIP_SECRET_KEY"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_is_refused_without_its_secret_or_keeps_it_to_itself(name, tmp_path):
    for value in VALUES:
        env = {"VIRALCLIP_STATE_DIR": str(tmp_path), name: value}
        with suppress(Exception):
            read_settings(env)
            continue
        with pytest.raises(InvalidSettingError) as refused:
            read_settings(env)
        assert not has_secret(f"{refused.value} {refused.value.detail} {refused.value!r}"), value


@pytest.mark.parametrize("name", ["VIRALCLIP_DATABASE", "VIRALCLIP_CHANNEL"])
def test_what_is_accepted_knows_its_secrets_and_does_not_show_them(name, tmp_path):
    for value in VALUES:
        env = {"VIRALCLIP_STATE_DIR": str(tmp_path), name: value}
        with suppress(InvalidSettingError):
            settings = read_settings(env)
            assert not has_secret(repr(settings)), value
            assert settings.secrets & {SECRET, DECODED}, value


def test_a_secret_is_hidden_in_every_part_of_a_log_line(tmp_path, capsys):
    before = structlog.get_config()
    try:
        log_to(tmp_path, stderr="json", secrets=[SECRET, DECODED, "", "short"])
        log = structlog.get_logger()
        try:
            int(f"no host in postgresql://ann:{SECRET}@x")
        except ValueError:
            log.exception("Failed", error=f"by {DECODED}", deep={"a": [SECRET, 1]}, short="short")
        log.warning(MESSAGE, of=ValueError(SECRET), number=1.5)
    finally:
        structlog.configure(**before)
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    lines = [json.loads(line) for line in written.splitlines()]

    assert not has_secret(written + capsys.readouterr().err)
    assert lines[0]["deep"] == {"a": [HIDDEN, 1]}
    assert lines[0]["short"] == "short"
    assert (lines[1]["message"], lines[1]["number"]) == (f"in the message: {HIDDEN}", 1.5)


@pytest.mark.parametrize(
    ("command", "name", "value"),
    [
        (["doctor"], "VIRALCLIP_DATABASE", f"postgresql://ann:{SECRET}@127.0.0.1:1/clips"),
        (["jobs"], "VIRALCLIP_DATABASE", f"postgresql://127.0.0.1:1/clips?password={SECRET}"),
        (["jobs"], "VIRALCLIP_CHANNEL", f"redis://:{SECRET}@127.0.0.1:1/x{SECRET}"),
        (["doctor", "--json"], "VIRALCLIP_CHANNEL", f"redis://:{SECRET}@127.0.0.1:1/0"),
        (["doctor"], "AWS_SECRET_ACCESS_KEY", SECRET),
        (["serve", "--no-worker"], "VIRALCLIP_CATALOG", f"firestore://ann:{SECRET}@project"),
    ],
)
def test_no_command_says_a_secret_on_any_way_out(command, name, value, tmp_path):
    inherited = {n: v for n, v in os.environ.items() if not n.startswith("VIRALCLIP_")}
    store = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_REGION": "auto"}
    store |= {"AWS_ACCESS_KEY_ID": "key", "VIRALCLIP_STORAGE": "s3://bucket/x"}
    done = subprocess.run(
        [sys.executable, "-m", "viralclip", *command],
        env={
            **inherited,
            **(store if name.startswith("AWS") else {}),
            "VIRALCLIP_STATE_DIR": str(tmp_path / "state"),
            name: value,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    logs = "".join(path.read_text() for path in (tmp_path / "state").rglob("*.jsonl"))

    assert done.returncode in (1, 2)
    assert done.stdout + done.stderr
    assert not has_secret(done.stdout + done.stderr + logs)
