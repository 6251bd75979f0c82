"""A program uses a server with the verbs of jobs that it makes itself."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from services import free_port

from viralclip import Client, Scene, Transcript, Word
from viralclip.app.api.connection import ServerRefusedError, ServerUnreachableError
from viralclip.errors import InvalidScenesError, InvalidTranscriptError

COMMAND = [sys.executable, "-m", "viralclip"]
ONE = [Scene(start=0.2, end=1.2, title="One")]
SAID = Transcript(words=(Word(text="so", start=0.4, end=0.8),))
SPOKEN = [Scene(start=0.2, end=1.2, title="One", words=SAID.words)]
LONG = [Scene(start=0, end=3, title="Long")]


@pytest.fixture
def server(program: Path) -> Iterator[tuple[str, str]]:
    """The address of a server that asks for a token, and one."""
    made = subprocess.run([*COMMAND, "token", "create", "me"], capture_output=True, check=True)
    port = free_port()
    log = (program / "serve.log").open("wb")
    serving = subprocess.Popen([*COMMAND, "serve", "--port", str(port)], stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(port, serving)
        httpx.get(f"{url}/healthz", timeout=60).raise_for_status()
        yield url, made.stdout.decode().strip()
    finally:
        serving.terminate()
        serving.wait(30)
        log.close()


def wait_for(port: int, serving: subprocess.Popen[bytes]) -> None:
    """Return when the server can be connected to; it answers as soon as it is ready."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and serving.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    pytest.fail("the server did not start")


async def test_a_server_makes_the_clips_of_a_program(
    server: tuple[str, str], program: Path, tiny: Path
) -> None:
    url, token = server
    client = Client(url, token)
    with pytest.raises(ServerRefusedError, match="A valid token is needed"):
        await Client(url).ajob("a" * 12)

    job = await client.arender(tiny, scenes=ONE, styles=["original"], preset="fast")
    seen = [progress.fraction async for progress in job.updates()]
    end = await job.wait()
    (clip,) = job.clips
    (path,) = await client.adownload(job, program / "mine")

    assert (end.outcome, seen[-1]) == ("succeeded", 1.0)
    assert (clip.path, clip.url.startswith(f"{url}/api/jobs/{job.job_id}/")) == (None, True)
    assert (path.name, path.stat().st_size > 1000) == ("01_one_original.mp4", True)
    assert (await (await client.ajob(job.job_id)).wait()).outcome == "succeeded"
    with pytest.raises(InvalidScenesError):
        await client.arender(tiny, scenes=[Scene(start=2, end=1)])


@pytest.mark.usefixtures("slow")
def test_a_program_cancels_its_job_on_a_server(server: tuple[str, str], tiny: Path) -> None:
    client = Client(*server)
    job = client.render(tiny, scenes=LONG, styles=["original"])
    job.cancel()

    assert job.progress.outcome == "cancelled"
    assert client.download(job, "mine") == []
    assert client.job(job.job_id).wait().outcome == "cancelled"


def test_a_server_that_does_not_answer_is_named() -> None:
    os.environ.setdefault("NO_PROXY", "127.0.0.1")
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ServerUnreachableError) as refusal:
        Client(address).job("a" * 12)

    assert address in refusal.value.message


async def test_a_server_captions_the_clips_of_a_program(
    server: tuple[str, str], program: Path, tiny: Path
) -> None:
    talk = program / "talk.srt"
    talk.write_text("1\n00:00:00,300 --> 00:00:01,000\nwell then\n", encoding="utf-16")
    client = Client(*server)

    made = [
        await client.arender(
            tiny, scenes=ONE, styles=["original"], captions=talk, caption_style="box"
        ),
        await client.arender(tiny, scenes=SPOKEN, styles=["original"], burn_captions=False),
        await client.arender(tiny, scenes=SPOKEN, styles=["original"], captions="none"),
        await client.arender(tiny, scenes=ONE, styles=["original"], captions=SAID),
    ]
    assert [(await job.wait()).outcome for job in made] == ["succeeded"] * 4
    folders = [program / str(at) for at in range(len(made))]
    for job, folder in zip(made, folders, strict=True):
        await client.adownload(job, folder)
    assert [sorted(path.suffix for path in folder.iterdir()) for folder in folders] == [
        [".mp4", ".srt", ".vtt"],
        [".mp4", ".srt", ".vtt"],
        [".mp4"],
        [".mp4", ".srt", ".vtt"],
    ]
    with pytest.raises(InvalidTranscriptError, match="1 fault"):
        await client.arender(tiny, scenes=ONE, captions=Transcript())


async def test_a_program_gives_corrected_captions_back_to_a_server(
    server: tuple[str, str], program: Path, tiny: Path
) -> None:
    client, folder = Client(*server), program / "mine"
    job = await client.arender(tiny, scenes=SPOKEN, styles=["original", "split"])
    await job.wait()
    await client.adownload(job, folder)
    subtitles = folder / "01_one_split.srt"
    subtitles.write_text(subtitles.read_text().replace("so", "So!"))
    (folder / "notes.srt").write_text("not a clip's")
    end = await (again := await client.aedit_captions(job, folder)).wait()
    await client.adownload(again, folder)

    assert (end.outcome, end.run, again.job_id) == ("succeeded", 2, job.job_id)
    assert "So!" in (folder / "01_one_original.srt").read_text()
    with pytest.raises(ServerRefusedError, match="Every clip shows these captions already"):
        await client.aedit_captions(job, folder)
    (folder / "notes.srt").unlink()
    other = await client.arender(tiny, scenes=ONE, styles=["original"], captions=folder)
    assert (await other.wait()).outcome == "succeeded"
    await client.adownload(other, program / "other")
    assert "So!" in (program / "other" / "01_one_original.srt").read_text()
