"""Webhooks in a SQL database, with sealed secrets."""

import asyncio
import base64
import secrets
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from viralclip.catalog.database import Database, aware, wipe_history
from viralclip.catalog.sealing import Seal, SecretKeyMissingError
from viralclip.catalog.sql.deliveries import SqlDeliveries, SqlDeliveryQueue
from viralclip.catalog.tables import deliveries, webhooks
from viralclip.catalog.webhooks import SECRET_PREFIX, Webhook, Webhooks

_SECRET_BYTES = 24


async def sql_webhooks(database: Database, *, seal: Seal | None) -> Webhooks:
    """The tables of webhooks in the database, where no secret is in the clear any more."""
    if seal is not None and await database.write(lambda db: _seal_what_is_clear(db, seal)):
        await asyncio.to_thread(wipe_history, database.engine)
    return Webhooks(
        hooks=SqlWebhooks(database, seal=seal),
        deliveries=SqlDeliveries(database),
        queue=SqlDeliveryQueue(database),
    )


class SqlWebhooks:
    """The webhooks; without a `seal` no secret is made or read."""

    def __init__(self, database: Database, *, seal: Seal | None) -> None:
        self._database = database
        self._seal = seal

    async def add(self, owner: str, url: str, at: datetime) -> Webhook:
        if self._seal is None:
            raise SecretKeyMissingError
        webhook_id = secrets.token_hex(8)
        sealed = self._seal.seal(secrets.token_bytes(_SECRET_BYTES), _context(webhook_id))
        webhook = Webhook(webhook_id=webhook_id, owner=owner, url=url, secret=sealed, created_at=at)
        await self._database.change(sa.insert(webhooks).values(webhook.model_dump()))
        return webhook

    def secret_of(self, webhook: Webhook) -> bytes:
        if self._seal is None:
            raise SecretKeyMissingError
        return self._seal.open(webhook.secret, _context(webhook.webhook_id))

    async def of(self, owner: str) -> list[Webhook]:
        query = sa.select(webhooks).where(webhooks.c.owner == owner)
        rows = await self._database.all(query.order_by(webhooks.c.created_at))
        return [_webhook(row) for row in rows]

    async def find(self, webhook_id: str) -> Webhook | None:
        query = sa.select(webhooks).where(webhooks.c.webhook_id == webhook_id)
        row = await self._database.first(query)
        return _webhook(row) if row else None

    async def remove(self, webhook_id: str) -> None:
        def work(db: Connection) -> None:
            db.execute(sa.delete(deliveries).where(deliveries.c.webhook_id == webhook_id))
            db.execute(sa.delete(webhooks).where(webhooks.c.webhook_id == webhook_id))

        await self._database.write(work)


def _seal_what_is_clear(db: Connection, seal: Seal) -> int:
    """Earlier versions kept secrets as they are; how many there were."""
    clear = webhooks.c.secret.startswith(SECRET_PREFIX, autoescape=True)
    rows = list(db.execute(sa.select(webhooks).where(clear)).mappings())
    for row in rows:
        secret = base64.b64decode(row["secret"].removeprefix(SECRET_PREFIX))
        sealed = seal.seal(secret, _context(row["webhook_id"]))
        mine = webhooks.c.webhook_id == row["webhook_id"]
        db.execute(sa.update(webhooks).where(mine).values(secret=sealed))
    return len(rows)


def _context(webhook_id: str) -> str:
    return f"webhook {webhook_id}"


def _webhook(row: RowMapping) -> Webhook:
    return Webhook.model_validate({**row, "created_at": aware(row["created_at"])})
