"""The catalog's tables; a change here needs a migration beside it."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

METADATA = MetaData()

videos = Table(
    "videos",
    METADATA,
    Column("identity", String(64), primary_key=True),
    Column("owner", String(64), primary_key=True),
    Column("facts", JSON, nullable=False),
    Column("added_at", DateTime(timezone=True), nullable=False),
    Index("videos_by_owner", "owner", "added_at"),
)

jobs = Table(
    "jobs",
    METADATA,
    Column("job_id", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("plan", JSON, nullable=False),
    Column("storage_url", String, nullable=False),
    Column("engine_url", String, nullable=False),
    Column("prefix", String, nullable=False),
    Column("priority", String(16), nullable=False),
    Column("run", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("outcome", String(16)),
    Column("stop_by", String(64)),
    Column("stop_failed", Boolean, nullable=False),
    Column("trace_id", String(32), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Index("jobs_by_owner", "owner", "created_at"),
    Index("jobs_by_digest", "digest"),
    Index("jobs_by_time", "created_at"),
    Index("jobs_by_outcome", "outcome", "owner"),
)

clips = Table(
    "clips",
    METADATA,
    Column("job_id", String(64), ForeignKey("jobs.job_id", ondelete="CASCADE"), primary_key=True),
    Column("scene_id", Integer, primary_key=True),
    Column("style", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("run", Integer, nullable=False),
    Column("ending", String(16)),
    Column("failure", JSON),
    Column("worker", String(255)),
    Column("crashes", Integer, nullable=False),
    Column("stop_by", String(64)),
    Column("key", String),
    Column("size", Integer),
    Column("tag", String),
    Column("thumbnail", String),
    Column("captions", Boolean, nullable=False, server_default=false()),
    Column("duration", Float),
    Column("width", Integer),
    Column("height", Integer),
    Index("clips_by_digest", "digest"),
    Index("clips_by_key", "key"),
)

tokens = Table(
    "tokens",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
)

webhooks = Table(
    "webhooks",
    METADATA,
    Column("webhook_id", String(32), primary_key=True),
    Column("owner", String(64), nullable=False, index=True),
    Column("url", String(2000), nullable=False),
    Column("secret", String(64), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

deliveries = Table(
    "deliveries",
    METADATA,
    Column("delivery_id", String(32), primary_key=True),
    Column(
        "webhook_id",
        String(32),
        ForeignKey("webhooks.webhook_id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("job_id", String(64)),
    Column("run", Integer),
    Column("state", String(16), nullable=False),
    Column("body", String),
    Column("attempts", Integer, nullable=False),
    Column("answer", String(64)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("webhook_id", "job_id", "run"),
    Index("deliveries_by_time", "state", "due_at"),
    Index("deliveries_by_job", "job_id", "run"),
)

claims = Table(
    "claims",
    METADATA,
    Column("owner", String(64), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("job_id", String(64), nullable=False),
    Index("claims_by_job", "job_id"),
)

# Workers of the version before still learn into it while they are replaced; it goes after them.
timings = Table(
    "timings",
    METADATA,
    Column("kind", String(128), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("log_mean", Float, nullable=False),
    Column("log_variance", Float, nullable=False),
)

models = Table(
    "models",
    METADATA,
    Column("stage", String(32), primary_key=True),
    Column("state", Text, nullable=False),
)
