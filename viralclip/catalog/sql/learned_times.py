"""What was learned of how long clips take, in a SQL database."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from viralclip.catalog.database import Database, insert
from viralclip.catalog.tables import models
from viralclip.durations import Machine, Observation, Timings, read_model, read_timings


class SqlLearnedTimes:
    """The model of each stage, which whoever learns has for itself meanwhile."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self) -> Timings:
        rows = await self._database.all(sa.select(models))
        return read_timings({row["stage"]: row["state"] for row in rows})

    async def learn(self, seen: Observation) -> Machine:
        stage = seen.workload.stage

        def work(db: Connection) -> Machine:
            here = models.c.stage == stage
            unknown = {"stage": stage, "state": ""}
            db.execute(insert(db, models).values(unknown).on_conflict_do_nothing())
            row = db.execute(sa.select(models).where(here).with_for_update()).mappings().one()
            known = read_model(row["state"]).observe(seen)
            db.execute(sa.update(models).where(here).values(state=known.model_dump_json()))
            return known.machines[seen.machine]

        return await self._database.write(work)
