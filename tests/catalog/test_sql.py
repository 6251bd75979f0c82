"""The catalog's tables are what its migrations make of an empty database."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from viralclip.catalog import open_catalog
from viralclip.catalog import sql as sql_catalog
from viralclip.catalog.sql import HEAD
from viralclip.catalog.tables import METADATA


async def test_the_migrations_lead_to_the_version_that_the_code_expects():
    folder = Path(sql_catalog.__file__).parent / "migrations"

    assert ScriptDirectory(str(folder)).get_heads() == [HEAD]


@pytest.fixture(params=["sqlite", "postgres"])
def sql_url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue(f"{request.param}_url")


async def test_the_migrated_tables_are_the_tables_that_the_code_uses(sql_url: str):
    async with open_catalog(sql_url):
        pass
    engine = sa.create_engine(sql_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, METADATA)
    engine.dispose()

    assert differences == []
