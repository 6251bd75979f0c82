"""Alerts reach people: grouped, at most one message a minute, and again until one has arrived."""

import asyncio
import logging

import pytest
from inbox import Inbox

from viralclip.telemetry.alerts import Change
from viralclip.telemetry.notifications import (
    AlertAddressError,
    Message,
    Notifier,
    grouped,
    open_address,
)

# One of the many services that apprise knows asks for a module that Python will drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

DISK = Change("DiskNearlyFull", "page", fires=True, so_far="1.0 GiB are free (state).")
WORKER = Change("NoWorker", "page", fires=True, so_far="3 clips wait.")
WORKER_BACK = Change("NoWorker", "page", fires=False, so_far="")


class Chat:
    """Takes messages, or refuses them while it is broken."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.answers: list[bool | Exception] = []

    def send(self, message: Message) -> bool:
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, Exception):
            raise answer
        if answer:
            self.messages.append(message)
        return answer


class Clock:
    """Time that goes by only as it is told to; it knows for how long whoever sleeps wants to."""

    def __init__(self) -> None:
        self.slept: asyncio.Queue[float] = asyncio.Queue()
        self._go_on = asyncio.Semaphore(0)

    async def sleep(self, seconds: float) -> None:
        self.slept.put_nowait(seconds)
        await self._go_on.acquire()

    async def next_sleep(self) -> float:
        async with asyncio.timeout(10):
            return await self.slept.get()

    def wake(self) -> None:
        self._go_on.release()


@pytest.fixture
async def running():
    chat, clock = Chat(), Clock()
    notifier = Notifier(chat.send, sleep=clock.sleep)
    task = asyncio.create_task(notifier.run())
    yield notifier, chat, clock
    task.cancel()
    await asyncio.wait({task})


async def test_what_changes_within_a_minute_is_one_message(running):
    notifier, chat, clock = running
    notifier.put([DISK])
    assert await clock.next_sleep() == 60
    notifier.put([WORKER])
    notifier.put([WORKER_BACK])
    clock.wake()
    await clock.next_sleep()

    assert [message.title for message in chat.messages] == [
        "viralclip: DiskNearlyFull",
        "viralclip: NoWorker",
    ]
    assert "Clips wait" in chat.messages[1].body
    assert "Over: Clips wait" in chat.messages[1].body


async def test_a_message_that_does_not_arrive_is_sent_again_later_and_later(running):
    notifier, chat, clock = running
    chat.answers = [False, OSError("no network"), False, False, True]
    notifier.put([WORKER])
    waits = []
    for _ in range(4):
        waits.append(await clock.next_sleep())
        clock.wake()
    await clock.next_sleep()

    assert waits == [5, 10, 20, 40]
    assert len(chat.messages) == 1


async def test_nothing_piles_up_while_nothing_arrives(running):
    notifier, chat, clock = running
    chat.answers = [False]
    for _ in range(50):
        notifier.put([WORKER])
        notifier.put([WORKER_BACK])
    await clock.next_sleep()
    clock.wake()
    await clock.next_sleep()

    (message,) = chat.messages
    assert message.body.count("Over:") == 1


async def test_nothing_is_sent_where_nothing_changed(running):
    notifier, chat, clock = running
    notifier.put([])
    notifier.put([WORKER])
    await clock.next_sleep()
    clock.wake()
    await asyncio.sleep(0)

    assert len(chat.messages) == 1


def test_a_message_that_only_says_what_is_over_is_good_news():
    assert grouped([WORKER_BACK]).title == "viralclip: NoWorker over"
    assert not grouped([WORKER_BACK]).is_bad
    assert grouped([WORKER_BACK, DISK]).is_bad


def test_apprise_delivers_what_fires_and_what_is_over():
    with Inbox() as inbox:
        send = open_address(f"json://127.0.0.1:{inbox.port}/a-secret-path")
        assert send(grouped([WORKER]))
        assert send(grouped([WORKER_BACK]))
        (path, begun), (_, over) = inbox.next(), inbox.next()

    assert path == "/a-secret-path"
    assert (begun["title"], begun["type"]) == ("viralclip: NoWorker", "failure")
    assert begun["message"].startswith("Clips wait and no worker takes any. 3 clips wait.")
    assert (over["title"], over["type"]) == ("viralclip: NoWorker over", "success")


def test_an_address_that_does_not_answer_is_a_no_and_is_not_written_anywhere(capfd, caplog):
    with caplog.at_level(logging.DEBUG):
        assert not open_address("json://127.0.0.1:9/a-secret-path")(grouped([WORKER]))

    assert "a-secret-path" not in "".join(capfd.readouterr()) + caplog.text


def test_an_address_that_apprise_does_not_know_is_refused_without_repeating_it():
    with pytest.raises(AlertAddressError) as refused:
        open_address("nonsense://a-secret-token/x")

    assert "a-secret-token" not in refused.value.message
    assert "nonsense://" in refused.value.message
