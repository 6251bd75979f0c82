"""Databases for the engine: a new one for each test, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from services import PostgresServer

from viralclip.engine.opening import open_engine


@pytest.fixture(scope="session")
def blank_postgres(postgres_server: PostgresServer) -> str:
    """The engine's tables with nothing in them, which take two seconds to make."""
    url = postgres_server.create_database()

    async def make() -> None:
        async with open_engine(url):
            pass

    asyncio.run(make())
    return url


@pytest.fixture
def engine_postgres_url(postgres_server: PostgresServer, blank_postgres: str) -> Iterator[str]:
    """Where an engine's database is that nobody has used yet."""
    url = postgres_server.create_database(like=blank_postgres)
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return request.getfixturevalue("engine_postgres_url")
    return f"sqlite:///{tmp_path / 'engine.db'}"
