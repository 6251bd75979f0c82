"""What is owed to webhooks, in a SQL database."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from viralclip.catalog.database import Database, aware
from viralclip.catalog.tables import deliveries, webhooks
from viralclip.catalog.webhooks import Delivery, DeliveryState


class SqlDeliveries:
    """What is owed, and what became of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def expect(self, owner: str, job_id: str, run: int, at: datetime) -> None:
        about = sa.and_(deliveries.c.job_id == job_id, deliveries.c.run == run)
        known = sa.select(deliveries.c.webhook_id).where(about)
        mine = sa.select(webhooks.c.webhook_id).where(webhooks.c.owner == owner)

        def work(db: Connection) -> None:
            for webhook_id in db.execute(mine.except_(known)).scalars().all():
                _insert(db, webhook_id, at, state="waiting", job_id=job_id, run=run)

        # Most owners have none: that is found out without the lock of those who write.
        if await self._database.first(mine.limit(1)) is not None:
            await self._database.write(work)

    async def end(self, job_id: str, run: int, body: str, at: datetime) -> None:
        ended = (
            sa.update(deliveries)
            .where(deliveries.c.job_id == job_id, deliveries.c.run == run)
            .where(deliveries.c.state == "waiting")
            .values(state="due", body=body, due_at=at)
        )
        await self._database.change(ended)

    async def send(self, webhook_id: str, body: str, at: datetime) -> None:
        await self._database.write(lambda db: _insert(db, webhook_id, at, state="due", body=body))

    async def of(self, webhook_id: str, *, limit: int = 100) -> list[Delivery]:
        query = (
            sa.select(deliveries)
            .where(deliveries.c.webhook_id == webhook_id)
            .order_by(deliveries.c.created_at.desc(), deliveries.c.delivery_id)
            .limit(limit)
        )
        return [_delivery(row) for row in await self._database.all(query)]

    async def forget(self, before: datetime) -> None:
        old = sa.delete(deliveries).where(
            deliveries.c.state.in_(("delivered", "given_up")), deliveries.c.due_at < before
        )
        await self._database.change(old)


class SqlDeliveryQueue:
    """The deliveries that are due, for as many servers as take them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim_due(
        self, now: datetime, until: datetime, *, limit: int, each: int, busy: Mapping[str, int]
    ) -> list[tuple[str, Delivery]]:
        ready = _ready(now, each=each, busy=busy).limit(limit)

        def work(db: Connection) -> list[RowMapping]:
            rows = list(
                db.execute(ready.with_for_update(skip_locked=True, of=deliveries)).mappings()
            )
            for row in rows:
                db.execute(_change(row["delivery_id"]).values(due_at=until))
            return rows

        if await self._database.first(ready.limit(1)) is None:
            return []
        rows = await self._database.write(work)
        return [(row["owner"], _delivery(_without_owner(row))) for row in rows]

    async def postpone(self, delivery_id: str, due_at: datetime) -> None:
        await self._database.change(_change(delivery_id).values(due_at=due_at))

    async def record_attempt(
        self, delivery_id: str, *, state: DeliveryState, answer: str, due_at: datetime
    ) -> None:
        change = _change(delivery_id).values(
            state=state, answer=answer, due_at=due_at, attempts=deliveries.c.attempts + 1
        )
        await self._database.change(change)

    async def drop(self, delivery_id: str) -> None:
        gone = sa.delete(deliveries).where(deliveries.c.delivery_id == delivery_id)
        await self._database.change(gone)


def _ready(now: datetime, *, each: int, busy: Mapping[str, int]) -> sa.Select[Any]:
    """What is due, of each owner the earliest."""
    place = sa.func.row_number().over(partition_by=webhooks.c.owner, order_by=deliveries.c.due_at)
    due = (
        sa.select(deliveries.c.delivery_id, webhooks.c.owner, place.label("place"))
        .join(webhooks, webhooks.c.webhook_id == deliveries.c.webhook_id)
        .where(deliveries.c.state.in_(("waiting", "due")), deliveries.c.due_at <= now)
        .subquery()
    )
    shares = [
        sa.or_(due.c.owner != owner, due.c.place <= each - taken) for owner, taken in busy.items()
    ]
    return (
        sa.select(deliveries, due.c.owner)
        .join(due, due.c.delivery_id == deliveries.c.delivery_id)
        .where(due.c.place <= each, *shares)
        .order_by(deliveries.c.due_at)
    )


def _change(delivery_id: str) -> sa.Update:
    return sa.update(deliveries).where(deliveries.c.delivery_id == delivery_id)


def _insert(
    db: Connection, webhook_id: str, at: datetime, *, state: DeliveryState, **facts: Any
) -> None:
    delivery = Delivery(
        delivery_id=secrets.token_hex(8),
        webhook_id=webhook_id,
        state=state,
        created_at=at,
        due_at=at,
        **facts,
    )
    db.execute(sa.insert(deliveries).values(delivery.model_dump()))


def _delivery(row: RowMapping | dict[str, Any]) -> Delivery:
    times = {name: aware(row[name]) for name in ("created_at", "due_at")}
    return Delivery.model_validate({**row, **times})


def _without_owner(row: RowMapping) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "owner"}
