"""The catalog in SQLite or PostgreSQL."""

from viralclip.catalog.database import Database
from viralclip.catalog.plans import KnownPlans
from viralclip.catalog.port import Catalog
from viralclip.catalog.sql.clip_runs import SqlClipRuns
from viralclip.catalog.sql.clips import SqlClips
from viralclip.catalog.sql.idempotency_keys import SqlIdempotencyKeys
from viralclip.catalog.sql.jobs import SqlJobs
from viralclip.catalog.sql.learned_times import SqlLearnedTimes
from viralclip.catalog.sql.runs import SqlRuns
from viralclip.catalog.sql.tokens import SqlTokens
from viralclip.catalog.sql.videos import SqlVideos


def sql_catalog(database: Database) -> Catalog:
    """The tables of the database, which share its connections."""
    plans = KnownPlans()
    return Catalog(
        jobs=SqlJobs(database, plans),
        runs=SqlRuns(database, plans),
        clips=SqlClips(database),
        clip_runs=SqlClipRuns(database),
        videos=SqlVideos(database),
        idempotency_keys=SqlIdempotencyKeys(database),
        learned_times=SqlLearnedTimes(database),
        tokens=SqlTokens(database),
    )
