"""Sends alerts where people are: to each address, grouped, and again until they have arrived."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog

from viralclip.errors import InvalidRequestError, NotInstalledError
from viralclip.telemetry.alerts import Change

# At most one message in so long: what changes meanwhile is in the next one.
_EVERY_S = 60.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 5.0, 600.0

log = structlog.get_logger(__name__)


class AlertAddressError(InvalidRequestError):
    """VIRALCLIP_ALERTS has an address that apprise does not know ({scheme}://…); see its list."""

    code = "invalid_alert_address"


@dataclass(frozen=True)
class Message:
    """What is sent at once; `is_bad` unless all of it is over."""

    title: str
    body: str
    is_bad: bool


Send = Callable[[Message], bool]


def open_address(url: str) -> Send:
    """Sends to an address of apprise, waits for the answer, and says whether it arrived.

    NotInstalledError, AlertAddressError.
    """
    try:
        import apprise  # noqa: PLC0415 - brought by the extra `alerts`
    except ImportError as error:
        raise NotInstalledError(package="apprise", extra="alerts") from error
    # It writes addresses, which hold tokens, into its own log.
    logging.getLogger("apprise").disabled = True
    address = apprise.Apprise()
    if not address.add(url):
        raise AlertAddressError(scheme=urlsplit(url).scheme)

    def send(message: Message) -> bool:
        kind = apprise.NotifyType.FAILURE if message.is_bad else apprise.NotifyType.SUCCESS
        return bool(address.notify(title=message.title, body=message.body, notify_type=kind))

    return send


class Notifier:
    """Takes changes at any time and never makes anybody wait; `run` sends them."""

    def __init__(
        self,
        send: Send,
        *,
        every_s: float = _EVERY_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._send = send
        self._every_s = every_s
        self._sleep = sleep
        self._changes: list[Change] = []
        self._news = asyncio.Event()

    def put(self, changes: Sequence[Change]) -> None:
        for change in changes:
            # The latest of each kind says all there is to say, however long nothing arrived.
            same = (change.alert, change.fires)
            self._changes = [it for it in self._changes if (it.alert, it.fires) != same]
            self._changes.append(change)
        if self._changes:
            self._news.set()

    async def run(self) -> None:
        """Send what there is, for ever; what does not arrive is tried again, later and later."""
        wait = _FIRST_WAIT_S
        while True:
            await self._news.wait()
            sent = list(self._changes)
            if await self._arrives(grouped(sent)):
                self._changes = [it for it in self._changes if it not in sent]
                if not self._changes:
                    self._news.clear()
                wait = _FIRST_WAIT_S
                await self._sleep(self._every_s)
                continue
            await self._sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT_S)

    async def _arrives(self, message: Message) -> bool:
        try:
            arrived = await asyncio.to_thread(self._send, message)
        except Exception as error:  # noqa: BLE001 - an alert that cannot be sent disturbs no work
            log.warning("Alert not sent", error=type(error).__name__)
            return False
        if not arrived:
            log.warning("Alert not sent")
        return arrived


def grouped(changes: Sequence[Change]) -> Message:
    """One message of all of them, those that fire first."""
    ordered = sorted(changes, key=lambda change: not change.fires)
    firing = [change.alert for change in ordered if change.fires]
    names = firing or [change.alert for change in ordered]
    title = f"viralclip: {', '.join(names)}{'' if firing else ' over'}"
    return Message(title, "\n\n".join(change.text for change in ordered), is_bad=bool(firing))
