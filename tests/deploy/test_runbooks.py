"""Every command of the runbooks exists and does what it is there for, on a server with failures."""

import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from serving import GOOD, PARTLY_BAD, Served, served

from viralclip.telemetry.alert_words import WORDS

PAGE = Path(__file__).parent.parent.parent / "docs" / "how-to" / "operate.md"
_BLOCK = re.compile(r"^ *```\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_BIN = str(Path(sys.executable).parent)
_PATIENCE_S = 150
_AT_ONCE = 3
# What does more than look.
_ACTS = ("viralclip cancel", "viralclip retry", "viralclip worker")
# What a command answers with where things are as they are here: a job of which one clip failed.
_CODES = {"viralclip watch": 3, "viralclip retry": 3}
# What has to be seen in what a command prints.
_SEEN = {
    "viralclip jobs": "partly done",
    "viralclip logs errors": "render_failed",
    "SELECT code, worker": "render_failed",
    "viralclip logs slow": "center_focus",
    "SELECT style, count": "original",
    "SELECT timestamp, level, worker": "Worker ready",
    "viralclip doctor": "channel",
    "worker_accepting": "viralclip_worker_accepting 1",
    "progress_lag": "viralclip_progress_lag_seconds_count",
    "build_info": "viralclip_build_info{",
}


def commands(text: str) -> list[str]:
    """Every line of every block; what is done twice is one command."""
    found = (line.strip() for block in _BLOCK.findall(text) for line in block.splitlines())
    return list(dict.fromkeys(found))


def test_every_alert_has_a_runbook_with_a_command() -> None:
    _, *runbooks = re.split(r"^### ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    by_name = {runbook.partition("\n")[0]: runbook for runbook in runbooks}

    assert set(by_name) == set(WORDS)
    assert [name for name, runbook in by_name.items() if not commands(runbook)] == []


@pytest.mark.timeout(600)  # sixteen commands, each a process of its own, on a busy machine
def test_every_command_of_the_runbooks_works(
    ffmpeg: Path, source: Callable[[str], Path], tmp_path: Path
) -> None:
    runbooks = PAGE.read_text(encoding="utf-8").partition("## The phone rings")[2]
    with served(tmp_path, ffmpeg, source("small")) as here:
        job_id = here.submit(PARTLY_BAD)
        here.watch(job_id)
        looking = [command for command in commands(runbooks) if not command.startswith(_ACTS)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            wrong = list(pool.map(partial(_fault, here, job_id=job_id), looking))
        wrong.append(_fault(here, "viralclip cancel JOB", job_id=here.submit(GOOD)))
        wrong.append(_fault(here, "viralclip retry JOB", job_id=job_id))
        wrong.append(_fault_of_worker(here))

    assert [fault for fault in wrong if fault] == []


def test_the_commands_that_change_something_are_those_of_the_test() -> None:
    acting = {line for line in commands(PAGE.read_text()) if line.startswith(_ACTS)}

    assert acting == {"viralclip cancel JOB", "viralclip retry JOB", "viralclip worker"}


def _fault(here: Served, command: str, job_id: str) -> str:
    """What is wrong with what the command does; empty if nothing is."""
    line = command.replace("JOB", job_id).replace("127.0.0.1:8765", here.address)
    env = {**here.env, "PATH": f"{_BIN}:{here.env['PATH']}"}
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        env=env,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    expected = next((code for name, code in _CODES.items() if command.startswith(name)), 0)
    wanted = [seen for part, seen in _SEEN.items() if part in command]
    if done.returncode != expected or any(seen not in done.stdout for seen in wanted):
        return f"{command}: {done.returncode}: {done.stdout[-800:]}{done.stderr[-800:]}"
    return ""


def _fault_of_worker(here: Served) -> str:
    """A worker begins, and leaves when it is told to."""
    command = [sys.executable, "-m", "viralclip", "worker"]
    with subprocess.Popen(command, env=here.env, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout
        said = worker.stdout.readline()
        worker.terminate()
        code = worker.wait(_PATIENCE_S)
    return "" if "is at work" in said and code == 0 else f"worker: {code}: {said}"
