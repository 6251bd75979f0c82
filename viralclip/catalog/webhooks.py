"""Webhooks, and what is owed to each of them: kept until it is delivered or given up."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from pydantic import AwareDatetime, BaseModel

# waiting for the end of its job; due to be sent; and the two ways it can end.
DeliveryState = Literal["waiting", "due", "delivered", "given_up"]
SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets begin with


class Webhook(BaseModel, frozen=True):
    """Where an owner wants to be told of ended jobs; the secret that signs it is sealed."""

    webhook_id: str
    owner: str
    url: str
    secret: str
    created_at: AwareDatetime


class Delivery(BaseModel, frozen=True):
    """One message to one webhook, about one run of a job or about none; `answer` is the last."""

    delivery_id: str
    webhook_id: str
    job_id: str | None = None
    run: int | None = None
    state: DeliveryState
    body: str | None = None
    attempts: int = 0
    answer: str | None = None
    created_at: AwareDatetime
    due_at: AwareDatetime


class WebhookTable(Protocol):
    """The webhooks; secrets are sealed, and without a seal none is made or read."""

    async def add(self, owner: str, url: str, at: datetime) -> Webhook:
        """A new webhook, with a secret of its own; SecretKeyMissingError without a seal."""
        ...

    def secret_of(self, webhook: Webhook) -> bytes:
        """The secret, opened; SecretKeyMissingError or SecretKeyDiffersError if that cannot be."""
        ...

    async def of(self, owner: str) -> list[Webhook]:
        """The owner's webhooks, the earliest first."""
        ...

    async def find(self, webhook_id: str) -> Webhook | None: ...

    async def remove(self, webhook_id: str) -> None:
        """Forget the webhook and whatever is still owed to it."""
        ...


class DeliveryTable(Protocol):
    """What is owed to webhooks, and what became of it."""

    async def expect(self, owner: str, job_id: str, run: int, at: datetime) -> None:
        """Owe the owner's webhooks the end of this run; said before the run is queued."""
        ...

    async def end(self, job_id: str, run: int, body: str, at: datetime) -> None:
        """The run has ended: what waited for that is due, and says `body`."""
        ...

    async def send(self, webhook_id: str, body: str, at: datetime) -> None:
        """Owe the webhook a message that is about no job."""
        ...

    async def of(self, webhook_id: str, *, limit: int = 100) -> list[Delivery]:
        """Of one webhook, the latest first."""
        ...

    async def forget(self, before: datetime) -> None:
        """Drop what was delivered or given up before then."""
        ...


class DeliveryQueue(Protocol):
    """The deliveries, as whoever sends them takes them."""

    async def claim_due(
        self, now: datetime, until: datetime, *, limit: int, each: int, busy: Mapping[str, int]
    ) -> list[tuple[str, Delivery]]:
        """What is due or has to be looked at, with whose it is; the caller's alone until then.

        Of each owner at most `each`, less those of theirs that are `busy`.
        """
        ...

    async def postpone(self, delivery_id: str, due_at: datetime) -> None: ...

    async def record_attempt(
        self, delivery_id: str, *, state: DeliveryState, answer: str, due_at: datetime
    ) -> None:
        """One more attempt was made: what came of it, and when the next is due, if it is."""
        ...

    async def drop(self, delivery_id: str) -> None: ...


@dataclass(frozen=True)
class Webhooks:
    """The tables of webhooks in one opened database."""

    hooks: WebhookTable
    deliveries: DeliveryTable
    queue: DeliveryQueue


def shown(secret: bytes) -> str:
    """The secret as receivers are given it, by the Standard Webhooks specification."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()
