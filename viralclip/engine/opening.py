"""Opens an engine, and what runs its work, from the URL of its database."""

from contextlib import AbstractAsyncContextManager

from viralclip.engine.dbos.client import DbosEngine
from viralclip.engine.dbos.runtime import DbosRuntime
from viralclip.engine.port import Engine, Runtime


def open_engine(url: str) -> AbstractAsyncContextManager[Engine]:
    """A client of the queues in a SQLite file or in PostgreSQL, brought up to date first."""
    return DbosEngine(url)


def runtime_of(url: str) -> Runtime:
    """What runs the work that is queued there; its database is up to date."""
    return DbosRuntime(url)
