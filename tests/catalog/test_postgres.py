"""What is particular to the catalog in PostgreSQL: a server that goes away, and newer schemas."""

import asyncio

import psycopg
import pytest
from services import make_postgres
from sqlalchemy.exc import OperationalError

from viralclip.catalog.database import Database
from viralclip.catalog.opening import open_catalog
from viralclip.catalog.sql.learned_times import SqlLearnedTimes
from viralclip.workload import Observation, Workload

WORK = Workload(stage="render", style="split", seconds=1, output_rate=62, source_rate=62)
SEEN = Observation(workload=WORK, machine="here", busy=1, seconds=2)


@pytest.fixture
def own_server(server_folder):
    server = make_postgres(server_folder)
    server.start()
    yield server
    server.end()


async def test_a_restart_of_the_server_is_waited_for_and_only_for_so_long(own_server):
    url = own_server.create_database()
    async with Database(url) as one, Database(url, patience_s=0) as other:
        patient, hasty = SqlLearnedTimes(one), SqlLearnedTimes(other)
        await patient.learn(SEEN)
        own_server.kill()
        learning = asyncio.create_task(patient.learn(SEEN))
        with pytest.raises(OperationalError):
            await hasty.read()
        await asyncio.to_thread(own_server.start)
        await learning

        assert (await patient.read()).model("render").count == 2


async def test_an_older_process_goes_on_with_a_newer_schema(postgres_url):
    async with open_catalog(postgres_url):
        pass
    with psycopg.connect(postgres_url) as newer:
        newer.execute("update alembic_version set version_num = '9999'")
        newer.execute("alter table clips add column mood text")
    async with open_catalog(postgres_url) as catalog:
        assert await catalog.clips.of("job") == []


async def test_whoever_signs_in_waits_for_no_server(own_server):
    async with open_catalog(own_server.create_database()) as catalog:
        own_server.kill()
        with pytest.raises(OperationalError):
            await catalog.tokens.owner_of("vc_made-up")
