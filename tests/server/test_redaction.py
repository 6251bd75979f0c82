"""Nothing that a user can fetch has a path of the server, a token, a stack or FFmpeg's stderr in
it; all of that is in the log, under the trace id that the user has."""

import asyncio
import importlib
import json
import pkgutil
import shlex
import string
import subprocess
import sys
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect

import viralclip
from viralclip.errors import Fault, FaultyInputError, ViralclipError
from viralclip.server.problems import problem_of

# What FFmpeg says of a clip that it cannot make, and a secret of the machine with it.
STDERR = "stderr-of-ffmpeg /srv/private/5ecr3t"
BROKEN = """#!/bin/sh
case "$*" in *-progress*left_focus*) echo '{stderr}' >&2; exit 1;; esac
exec {ffmpeg} "$@"
"""


def every_error() -> Iterator[type[ViralclipError]]:
    for module in pkgutil.walk_packages(viralclip.__path__, "viralclip."):
        if ".migrations" not in module.name and module.name != "viralclip.__main__":
            importlib.import_module(module.name)
    waiting = [ViralclipError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("viralclip."):
            yield kind


def made(kind: type[ViralclipError], detail: str) -> ViralclipError:
    if issubclass(kind, FaultyInputError):
        return kind([Fault("scenes[0]", "has no end")])
    sentence = (kind.__doc__ or "").partition("\n\n")[0]
    wanted = [name for _, name, _, _ in string.Formatter().parse(sentence) if name]
    return kind(detail=detail, **dict.fromkeys(wanted, 1.5))


def test_no_kind_of_error_tells_what_is_for_the_log():
    detail = f"{STDERR}\nTraceback (most recent call last): vc_token"
    kinds = list(every_error())
    errors = [made(kind, detail) for kind in kinds]

    assert len(kinds) > 60
    for error in errors:
        error.__cause__ = RuntimeError(detail)
        told = problem_of(error).model_dump_json() + error.message + str(error)
        assert "5ecr3t" not in told, type(error)
        assert "Traceback" not in told, type(error)
        assert "vc_token" not in told, type(error)
        assert error.detail == detail or isinstance(error, FaultyInputError)


@pytest.fixture
def token(tmp_path) -> str:
    env = {"VIRALCLIP_STATE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "viralclip", "token", "create", "anna"]
    made = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return made.stdout.strip()


@pytest.fixture
async def failing(spawn, token, tmp_path, source, ffmpeg):
    """A server with tokens and a worker that cannot make one of a job's two clips."""
    script = tmp_path / "ffmpeg-broken"
    script.write_text(BROKEN.format(stderr=STDERR, ffmpeg=shlex.quote(str(ffmpeg))))
    script.chmod(0o755)
    media = tmp_path / "media"
    media.mkdir()
    (media / "talk.mp4").write_bytes(source("small").read_bytes())
    return await spawn(VIRALCLIP_FFMPEG=str(script), VIRALCLIP_MEDIA_ROOTS=str(media))


async def test_nothing_of_a_failed_job_tells_about_the_server(failing, token, tmp_path):
    process = failing
    answers: dict[str, str] = {}
    async with process.client(token) as client:

        async def ask(method: str, path: str, **how) -> str:
            answer = await client.request(method, path, **how)
            answers[f"{method} {path} {len(answers)}"] = f"{answer.headers}\n{answer.text}"
            return answer.text

        new = {
            "source": {"path": "talk.mp4"},
            "scenes": [{"title": "One", "start": 0, "end": 0.4}],
            "styles": ["original", "left_focus"],
            "preset": "fast",
        }
        job = json.loads(await ask("POST", "/api/jobs", json=new))["job_id"]
        live = f"ws://{process.address}/api/jobs/{job}/live"
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            asyncio.timeout(60),
            connect(live, additional_headers=headers, proxy=None) as viewer,
        ):
            while '"job_finished"' not in answers.get("live", ""):
                answers["live"] = answers.get("live", "") + str(await viewer.recv())
        state = json.loads(await ask("GET", f"/api/jobs/{job}"))
        for path in ("", "/events", "/clips", "/clips/1/left_focus/file", "/clips/1/no/file"):
            await ask("GET", f"/api/jobs/{job}{path}")
        for path in ("", "/files", f"/{state['job']['video_id']}", "/nothing"):
            await ask("GET", f"/api/videos{path}")
        for path in ("/jobs", "/me", "/styles", "/uploads/nothing", "/openapi.json"):
            await ask("GET", f"/api{path}")
        for source in ({"path": "/etc/passwd"}, {"path": "no.mp4"}, {"video_id": "no"}):
            await ask("POST", "/api/jobs", json={**new, "source": source})
        await ask("POST", "/api/jobs", json={**new, "scenes": "nonsense"})

    failed = next(clip for clip in state["progress"]["scenes"][0]["clips"] if clip["failure"])
    assert failed["failure"]["code"] == "render_failed"
    assert state["job"]["outcome"] == "partial"
    for name, told in answers.items():
        for secret in (str(tmp_path), "5ecr3t", token, "Traceback", "stderr-of", 'File \\"'):
            assert secret not in told, f"{secret} in {name}: {told}"
    lines = [json.loads(line) for line in process.log.read_text().splitlines() if line[0] == "{"]
    (line,) = (line for line in lines if line["message"] == "Clip processing failed")
    assert STDERR in line["error"]
    assert (line["trace_id"], line["step"]) == (state["job"]["trace_id"], "rendering")
    assert token not in process.log.read_text()
