"""The catalog's tables are what its migrations make of an empty database."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from viralclip.catalog import database
from viralclip.catalog.database import HEAD, connect, create, migrate
from viralclip.catalog.opening import open_catalog
from viralclip.catalog.tables import METADATA


async def test_the_migrations_lead_to_the_version_that_the_code_expects():
    folder = Path(database.__file__).parent / "migrations"

    assert ScriptDirectory(str(folder)).get_heads() == [HEAD]


@pytest.fixture(params=["sqlite", "postgres"])
def sql_url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue(f"{request.param}_url")


@pytest.mark.parametrize("make", [create, migrate])
def test_a_new_and_a_migrated_database_have_the_tables_that_the_code_uses(
    sql_url: str, make: Callable[[sa.Connection], None]
):
    engine = connect(sql_url)
    with engine.begin() as db:
        make(db)
    with engine.connect() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True})
        differences = compare_metadata(context, METADATA)
        version = context.get_current_revision()
    engine.dispose()

    assert (differences, version) == ([], HEAD)


async def test_a_database_of_the_first_version_is_brought_up_to_date(sql_url: str):
    engine = connect(sql_url)
    with engine.begin() as db:
        migrate(db, to="0001")
    async with open_catalog(sql_url):
        pass
    with engine.connect() as db:
        version = MigrationContext.configure(db).get_current_revision()
    engine.dispose()

    assert version == HEAD
