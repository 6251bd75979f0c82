"""Which catalog is behind a URL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from viralclip.catalog.database import Database
from viralclip.catalog.port import Catalog
from viralclip.catalog.sql.catalog import sql_catalog


@asynccontextmanager
async def open_catalog(url: str, *, tables: Database | None = None) -> AsyncIterator[Catalog]:
    """The catalog behind a URL: `sqlite:///path`, `postgresql://...` or `firestore://project`.

    Where it is in `tables`, a database that is open already, it shares the connections of that.
    """
    if url.startswith("firestore://"):
        # Only who asks for it needs its library.
        from viralclip.catalog.firestore.catalog import firestore_catalog  # noqa: PLC0415
        from viralclip.catalog.firestore.client import Firestore  # noqa: PLC0415

        async with Firestore(url) as firestore:
            yield firestore_catalog(firestore)
    elif tables is not None:
        yield sql_catalog(tables)
    else:
        async with Database(url) as database:
            yield sql_catalog(database)
