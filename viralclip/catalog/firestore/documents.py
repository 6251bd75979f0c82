"""How documents are named, sorted, found and counted."""

import hashlib
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from urllib.parse import quote

from google.cloud import firestore
from google.cloud.firestore_v1.async_query import AsyncQuery
from google.cloud.firestore_v1.base_document import DocumentSnapshot
from google.cloud.firestore_v1.base_query import FieldFilter

from viralclip.catalog.firestore.client import Document

# Firestore takes 500 writes at once.
BATCH = 400
# The sign after the dot: what begins with `x.` lies between `x.` and `x/`.
AFTER_DOT = "/"
# Numbers that fall as time goes on: in a rising order the latest comes first.
_END_OF_TIME = 10**17


def clip_name(job_id: str, scene_id: int, style: str) -> str:
    """A clip's name, which sorts as its scene does; the name of a style may hold anything."""
    return f"{job_id}.{scene_id:010}.{quote(style, safe='')}"


def rank(at: datetime) -> str:
    """A time as text that sorts the latest first."""
    micros = int(at.timestamp() * 1_000_000) if at.year > 1970 else 0  # noqa: PLR2004
    return f"{_END_OF_TIME - micros:018}"


def hashed(*parts: str) -> str:
    """Users choose their names, Firestore's signs have meanings."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def created_at(fields: Document) -> datetime:
    return fields["created_at"]


def equal(collection: firestore.AsyncCollectionReference, **facts: object) -> AsyncQuery:
    """The documents that have these facts."""
    query = AsyncQuery(collection)
    for name, fact in facts.items():
        query = query.where(filter=FieldFilter(name, "==", fact))
    return query


async def count(query: AsyncQuery) -> int:
    """How many documents the query finds, without reading them."""
    counted = await query.count().get()
    return int(counted[0][0].value)


async def documents(query: AsyncQuery) -> AsyncIterator[Document]:
    """The fields of each document that the query finds."""
    async for found in query.stream():
        if (fields := found.to_dict()) is not None:
            yield fields


async def pages(
    collection: firestore.AsyncCollectionReference,
    field: str,
    prefix: str,
    *,
    after: str | None = None,
    most: int | None = None,
) -> AsyncIterator[list[DocumentSnapshot]]:
    """The documents whose field begins with the prefix, which ends in a dot, in its order."""
    after, end = after or prefix, prefix[:-1] + AFTER_DOT
    left = sys.maxsize if most is None else most
    while left > 0:
        size = min(BATCH, left)
        within = collection.where(filter=FieldFilter(field, ">", after))
        within = within.where(filter=FieldFilter(field, "<", end))
        page = [found async for found in within.order_by(field).limit(size).stream()]
        if page:
            yield page
        if len(page) < size:
            return
        left -= size
        after = page[-1].get(field)
