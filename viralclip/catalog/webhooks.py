"""Webhooks, and what is owed to each of them: kept until it is delivered or given up."""

import asyncio
import base64
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import sqlalchemy as sa
from pydantic import AwareDatetime, BaseModel
from sqlalchemy.engine import Connection, RowMapping

from viralclip.catalog.database import aware, open_database, reading, wipe_history
from viralclip.catalog.sealing import Seal, SecretKeyMissingError
from viralclip.catalog.tables import deliveries, webhooks

T = TypeVar("T")

# waiting for the end of its job; due to be sent; and the two ways it can end.
DeliveryState = Literal["waiting", "due", "delivered", "given_up"]
_SECRET_BYTES = 24
SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets begin with
_TIMES = ("created_at", "due_at")


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


class SqlWebhooks:
    """The webhooks in the catalog's database; every method is safe to repeat.

    Secrets are sealed; without a `seal` none is made or read.
    """

    def __init__(self, url: str, *, seal: Seal | None) -> None:
        self._url = url
        self._seal = seal

    async def __aenter__(self) -> Self:
        self._engine = await asyncio.to_thread(open_database, self._url)
        if self._seal is not None:
            await self._seal_what_is_clear(self._seal)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self._engine.dispose)

    async def add(self, owner: str, url: str, at: datetime) -> Webhook:
        """A new webhook, with a secret of its own; SecretKeyMissingError without a seal."""
        if self._seal is None:
            raise SecretKeyMissingError
        webhook_id = _new_id()
        sealed = self._seal.seal(secrets.token_bytes(_SECRET_BYTES), _context(webhook_id))
        webhook = Webhook(webhook_id=webhook_id, owner=owner, url=url, secret=sealed, created_at=at)
        await self._write(lambda db: db.execute(sa.insert(webhooks).values(webhook.model_dump())))
        return webhook

    def secret_of(self, webhook: Webhook) -> bytes:
        """The secret, opened; SecretKeyMissingError or SecretKeyDiffersError if that cannot be."""
        if self._seal is None:
            raise SecretKeyMissingError
        return self._seal.open(webhook.secret, _context(webhook.webhook_id))

    async def of(self, owner: str) -> list[Webhook]:
        query = sa.select(webhooks).where(webhooks.c.owner == owner)
        rows = await self._read(lambda db: _all(db, query.order_by(webhooks.c.created_at)))
        return [_webhook(row) for row in rows]

    async def find(self, webhook_id: str) -> Webhook | None:
        query = sa.select(webhooks).where(webhooks.c.webhook_id == webhook_id)
        rows = await self._read(lambda db: _all(db, query))
        return _webhook(rows[0]) if rows else None

    async def remove(self, webhook_id: str) -> None:
        """Forget the webhook and whatever is still owed to it."""

        def work(db: Connection) -> None:
            db.execute(sa.delete(deliveries).where(deliveries.c.webhook_id == webhook_id))
            db.execute(sa.delete(webhooks).where(webhooks.c.webhook_id == webhook_id))

        await self._write(work)

    async def expect(self, owner: str, job_id: str, run: int, at: datetime) -> None:
        """Owe the owner's webhooks the end of this run; said before the run is queued."""

        def work(db: Connection) -> None:
            known = {row["webhook_id"] for row in _all(db, _about(job_id, run))}
            mine = sa.select(webhooks.c.webhook_id).where(webhooks.c.owner == owner)
            for row in _all(db, mine):
                if row["webhook_id"] not in known:
                    _insert(db, row["webhook_id"], at, state="waiting", job_id=job_id, run=run)

        await self._write(work)

    async def end(self, job_id: str, run: int, body: str, at: datetime) -> None:
        """The run has ended: what waited for that is due, and says `body`."""
        await self._write(
            lambda db: db.execute(
                sa.update(deliveries)
                .where(deliveries.c.job_id == job_id, deliveries.c.run == run)
                .where(deliveries.c.state == "waiting")
                .values(state="due", body=body, due_at=at)
            )
        )

    async def send(self, webhook_id: str, body: str, at: datetime) -> None:
        """Owe the webhook a message that is about no job."""
        await self._write(lambda db: _insert(db, webhook_id, at, state="due", body=body))

    async def take(
        self, now: datetime, until: datetime, *, limit: int, each: int, busy: Mapping[str, int]
    ) -> list[tuple[str, Delivery]]:
        """What is due or has to be looked at, with whose it is; the caller's alone until then.

        Of each owner at most `each`, less those of theirs that are `busy`.
        """
        place = sa.func.row_number().over(
            partition_by=webhooks.c.owner, order_by=deliveries.c.due_at
        )
        due = (
            sa.select(deliveries.c.delivery_id, webhooks.c.owner, place.label("place"))
            .join(webhooks, webhooks.c.webhook_id == deliveries.c.webhook_id)
            .where(deliveries.c.state.in_(("waiting", "due")), deliveries.c.due_at <= now)
            .subquery()
        )
        shares = [
            sa.or_(due.c.owner != owner, due.c.place <= each - taken)
            for owner, taken in busy.items()
        ]
        ready = (
            sa.select(deliveries, due.c.owner)
            .join(due, due.c.delivery_id == deliveries.c.delivery_id)
            .where(due.c.place <= each, *shares)
            .order_by(deliveries.c.due_at)
            .limit(limit)
        )

        def work(db: Connection) -> list[RowMapping]:
            rows = _all(db, ready.with_for_update(skip_locked=True, of=deliveries))
            for row in rows:
                db.execute(_change(row["delivery_id"]).values(due_at=until))
            return rows

        if not await self._read(lambda db: _all(db, ready.limit(1))):
            return []
        rows = await self._write(work)
        return [(row["owner"], _delivery(_without_owner(row))) for row in rows]

    async def postpone(self, delivery_id: str, due_at: datetime) -> None:
        await self._write(lambda db: db.execute(_change(delivery_id).values(due_at=due_at)))

    async def note(
        self, delivery_id: str, *, state: DeliveryState, answer: str, due_at: datetime
    ) -> None:
        """One more attempt was made: what came of it, and when the next is due, if it is."""
        change = _change(delivery_id).values(
            state=state, answer=answer, due_at=due_at, attempts=deliveries.c.attempts + 1
        )
        await self._write(lambda db: db.execute(change))

    async def drop(self, delivery_id: str) -> None:
        gone = sa.delete(deliveries).where(deliveries.c.delivery_id == delivery_id)
        await self._write(lambda db: db.execute(gone))

    async def deliveries(self, webhook_id: str, *, limit: int = 100) -> list[Delivery]:
        """The latest first."""
        query = (
            sa.select(deliveries)
            .where(deliveries.c.webhook_id == webhook_id)
            .order_by(deliveries.c.created_at.desc(), deliveries.c.delivery_id)
            .limit(limit)
        )
        return [_delivery(row) for row in await self._read(lambda db: _all(db, query))]

    async def forget(self, before: datetime) -> None:
        """Drop what was delivered or given up before then."""
        old = sa.delete(deliveries).where(
            deliveries.c.state.in_(("delivered", "given_up")), deliveries.c.due_at < before
        )
        await self._write(lambda db: db.execute(old))

    async def _seal_what_is_clear(self, seal: Seal) -> None:
        """Earlier versions kept secrets as they are."""

        def work(db: Connection) -> int:
            clear = webhooks.c.secret.startswith(SECRET_PREFIX, autoescape=True)
            rows = _all(db, sa.select(webhooks).where(clear))
            for row in rows:
                secret = base64.b64decode(row["secret"].removeprefix(SECRET_PREFIX))
                sealed = seal.seal(secret, _context(row["webhook_id"]))
                mine = webhooks.c.webhook_id == row["webhook_id"]
                db.execute(sa.update(webhooks).where(mine).values(secret=sealed))
            return len(rows)

        if await self._write(work):
            await asyncio.to_thread(wipe_history, self._engine)

    async def _read(self, work: Callable[[Connection], T]) -> T:
        def transaction() -> T:
            with reading(self._engine) as db:
                return work(db)

        return await asyncio.to_thread(transaction)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        def transaction() -> T:
            with self._engine.begin() as db:
                return work(db)

        return await asyncio.to_thread(transaction)


def shown(secret: bytes) -> str:
    """The secret as receivers are given it, by the Standard Webhooks specification."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def _context(webhook_id: str) -> str:
    return f"webhook {webhook_id}"


def _new_id() -> str:
    return secrets.token_hex(8)


def _about(job_id: str, run: int) -> sa.Select[Any]:
    return sa.select(deliveries).where(deliveries.c.job_id == job_id, deliveries.c.run == run)


def _change(delivery_id: str) -> sa.Update:
    return sa.update(deliveries).where(deliveries.c.delivery_id == delivery_id)


def _insert(
    db: Connection, webhook_id: str, at: datetime, *, state: DeliveryState, **facts: Any
) -> None:
    delivery = Delivery(
        delivery_id=_new_id(),
        webhook_id=webhook_id,
        state=state,
        created_at=at,
        due_at=at,
        **facts,
    )
    db.execute(sa.insert(deliveries).values(delivery.model_dump()))


def _all(db: Connection, query: sa.Select[Any]) -> list[RowMapping]:
    return list(db.execute(query).mappings())


def _webhook(row: RowMapping) -> Webhook:
    return Webhook.model_validate(_in_utc(row, ("created_at",)))


def _delivery(row: RowMapping | dict[str, Any]) -> Delivery:
    return Delivery.model_validate(_in_utc(row, _TIMES))


def _without_owner(row: RowMapping) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "owner"}


def _in_utc(row: RowMapping | dict[str, Any], times: Iterable[str]) -> dict[str, Any]:
    return {**row, **{name: aware(row[name]) for name in times}}
