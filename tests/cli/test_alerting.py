"""A server without Prometheus calls somebody by itself, whether that arrives or not."""

import asyncio
import itertools
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from inbox import Inbox
from serving import BAD, GOOD, served

from viralclip.app.alerting import Lookout
from viralclip.engine.opening import open_engine
from viralclip.engine.port import Engine
from viralclip.telemetry.metrics import EVENTS_BUFFERED
from viralclip.telemetry.notifications import Message, Notifier, Send
from viralclip.telemetry.tally import Tally


@pytest.fixture
async def engine(tmp_path: Path):
    async with open_engine(f"sqlite:///{tmp_path / 'engine.db'}") as engine:
        yield engine


async def test_a_look_knows_the_queue_and_the_disks(engine: Engine, tmp_path: Path) -> None:
    figures = await Lookout(
        Tally(None), engine, {"state": tmp_path}, renders=True
    ).collect_figures()

    assert (figures.clips_waiting, figures.clips_running, figures.oldest_waiting_s) == (0, 0, 0.0)
    assert figures.accepting is False
    assert figures.disk_free_bytes is not None
    assert figures.disk_free_bytes["state"] > 0


async def test_what_does_not_answer_is_unknown_and_the_rest_is_known(
    engine: Engine, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    figures = await Lookout(Tally(None), engine, {"clips": gone}, renders=False).collect_figures()

    assert figures.disk_free_bytes is None
    assert figures.clips_waiting == 0
    assert figures.accepting is None


async def test_what_is_wrong_is_said_at_every_address(engine: Engine, tmp_path: Path) -> None:
    tally = Tally(None)
    tally.set(EVENTS_BUFFERED, (), 30.0)
    # Ten minutes go by between two looks.
    minutes = itertools.count(0, 10)
    lookout = Lookout(
        tally,
        engine,
        {"state": tmp_path},
        renders=True,
        every_s=0.01,
        clock=lambda: next(minutes) * 60.0,
    )
    said: list[asyncio.Queue[Message]] = [asyncio.Queue(), asyncio.Queue()]
    loop = asyncio.get_running_loop()

    def sender(queue: asyncio.Queue[Message]) -> Send:
        def send(message: Message) -> bool:
            loop.call_soon_threadsafe(queue.put_nowait, message)
            return True

        return send

    notifiers = [Notifier(sender(queue)) for queue in said]
    tasks = [asyncio.create_task(work) for work in _all_of(lookout, notifiers)]
    async with asyncio.timeout(60):
        messages = [await queue.get() for queue in said]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)

    assert {message.title for message in messages} == {"viralclip: EventBufferGrows"}


def _all_of(lookout: Lookout, notifiers: list[Notifier]) -> Iterator[Coroutine[Any, Any, None]]:
    yield lookout.run(notifiers)
    yield from (notifier.run() for notifier in notifiers)


def test_a_server_says_that_clips_fail_and_makes_others_whether_that_arrives_or_not(
    ffmpeg: Path, source: Callable[[str], Path], tmp_path: Path
) -> None:
    with Inbox() as inbox:
        alerts = f"json://127.0.0.1:9/a-secret-path json://127.0.0.1:{inbox.port}/"
        with served(tmp_path, ffmpeg, source("small"), VIRALCLIP_ALERTS=alerts) as here:
            here.watch(here.submit(BAD))
            _, body = inbox.next()
            good = here.submit(GOOD)
            here.watch(good)
            with here.client() as client:
                progress = client.get(f"/api/jobs/{good}").json()["progress"]

    assert body["title"] == "viralclip: ClipsFail"
    assert "6 in the last hour." in body["message"]
    assert "#clipsfail" in body["message"]
    assert progress["outcome"] == "succeeded"
    assert "a-secret-path" not in (tmp_path / "serve.err").read_text()


def test_an_address_that_is_none_is_refused_in_a_sentence_before_anything_starts(
    tmp_path: Path,
) -> None:
    for address, words in (("nonsense://a-secret/x", "apprise does not know"), ("x", "apprise")):
        done = subprocess.run(
            [sys.executable, "-m", "viralclip", "worker"],
            env={"VIRALCLIP_STATE_DIR": str(tmp_path), "VIRALCLIP_ALERTS": address},
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 2
        assert words in done.stderr
        assert "a-secret" not in done.stderr
        assert "Traceback" not in done.stderr
