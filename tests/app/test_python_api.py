"""A program makes clips as the command does: with Scenes, progress, and errors that say why."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import viralclip
from viralclip import Scene
from viralclip.errors import InvalidScenesError, SourceMissingError

ROOT = Path(__file__).parent.parent.parent
ONE = [Scene(start=0.2, end=1.2, title="One")]
LONG = [Scene(start=0, end=3, title="Long")]
STYLES = ["original"]
HEAVY = {
    *("prometheus_client", "opentelemetry", "duckdb", "apprise", "cv2"),
    *("dbos", "av", "sqlalchemy", "numpy", "pydantic", "structlog", "httpx", "fastapi"),
}


def test_a_program_gets_the_clips_and_how_far_they_are(program: Path, tiny: Path) -> None:
    job = viralclip.render(tiny, scenes=ONE, styles=STYLES, out=program / "out", preset="fast")
    seen = [progress.fraction for progress in job.updates()]
    end = job.wait()

    assert (end.outcome, end.clips_completed) == ("succeeded", 1)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    (clip,) = job.clips
    assert (clip.scene_id, clip.title, clip.style) == (1, "One", "original")
    assert clip.path == program / "out" / "01_one_original.mp4"
    assert (program / "out" / "01_one_original.mp4").is_file()

    again = viralclip.render(tiny, scenes=ONE, styles=STYLES, out=program / "out", preset="fast")
    again.wait()

    assert [clip.is_kept for clip in again.clips] == [True]


async def test_two_jobs_of_an_event_loop_are_made_one_after_the_other(
    program: Path, tiny: Path
) -> None:
    async def made(title: str) -> str | None:
        scenes = [Scene(start=0.2, end=1.2, title=title)]
        job = await viralclip.arender(tiny, scenes=scenes, styles=STYLES, out=program / title)
        async for progress in job.updates():
            assert progress.job_id == job.job_id
        return (await job.wait()).outcome

    assert await asyncio.gather(made("one"), made("two")) == ["succeeded", "succeeded"]


@pytest.mark.usefixtures("slow")
def test_a_job_is_cancelled_and_says_so(program: Path, tiny: Path) -> None:
    job = viralclip.render(tiny, scenes=LONG, styles=STYLES, out=program / "out")
    job.cancel()

    assert job.progress.outcome == "cancelled"
    assert job.clips == ()
    assert list((program / "out").iterdir()) == []


@pytest.mark.usefixtures("slow")
async def test_leaving_a_block_by_an_error_cancels_the_job(program: Path, tiny: Path) -> None:
    job = await viralclip.arender(tiny, scenes=LONG, styles=STYLES, out=program / "out")
    with pytest.raises(RuntimeError, match="changed my mind"):
        async with job:
            raise RuntimeError("changed my mind")

    assert job.progress.outcome == "cancelled"


@pytest.mark.usefixtures("slow")
def test_ctrl_c_while_a_program_waits_cancels_the_job(program: Path, tiny: Path) -> None:
    job = viralclip.render(tiny, scenes=LONG, styles=STYLES, out=program / "out")
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        job.wait()

    assert job.progress.outcome == "cancelled"


@pytest.mark.usefixtures("program")
def test_what_is_wrong_with_a_request_is_raised(tiny: Path) -> None:
    with pytest.raises(SourceMissingError):
        viralclip.render("nowhere.mp4", scenes=ONE)
    with pytest.raises(InvalidScenesError) as refusal:
        viralclip.render(tiny, scenes=[Scene(start=2, end=1), Scene(start=90, end=95)])

    places = [fault.place for fault in refusal.value.faults]
    assert places == ["scenes[0].end", "scenes[1].start", "scenes[1].end"]
    with pytest.raises(AttributeError, match="no attribute 'rendre'"):
        viralclip.rendre  # type: ignore[attr-defined]  # noqa: B018


def test_to_import_viralclip_imports_nothing_heavy() -> None:
    code = "import sys, viralclip\nassert 'render' in dir(viralclip)\nprint(*sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert not HEAVY & set(run.stdout.split())


def test_the_lines_of_the_readme_run(program: Path, tiny: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (program / "talk.mp4").symlink_to(tiny)
    run = subprocess.run(
        [sys.executable, "-c", lines.replace("125, end=148.5", "0.5, end=1.5")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1].endswith("clips/01_the-best-answer_original.mp4")
