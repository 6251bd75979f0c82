"""Videos, jobs, clips and timings."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "videos",
        sa.Column("identity", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("storage_url", sa.String, nullable=False),
        sa.Column("engine_url", sa.String, nullable=False),
        sa.Column("prefix", sa.String, nullable=False),
        sa.Column("priority", sa.String(16), nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(16)),
        sa.Column("stop_by", sa.String(64)),
        sa.Column("stop_failed", sa.Boolean, nullable=False),
        sa.Column("trace_id", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
    )
    op.create_index("jobs_by_owner", "jobs", ["owner", "created_at"])
    op.create_index("jobs_by_digest", "jobs", ["digest"])
    op.create_table(
        "clips",
        sa.Column(
            "job_id",
            sa.String(64),
            sa.ForeignKey("jobs.job_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("scene_id", sa.Integer, primary_key=True),
        sa.Column("style", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("ending", sa.String(16)),
        sa.Column("failure", sa.JSON),
        sa.Column("crashes", sa.Integer, nullable=False),
        sa.Column("key", sa.String),
        sa.Column("size", sa.Integer),
        sa.Column("tag", sa.String),
        sa.Column("thumbnail", sa.String),
        sa.Column("duration", sa.Float),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
    )
    op.create_index("clips_by_digest", "clips", ["digest"])
    op.create_table(
        "timings",
        sa.Column("kind", sa.String(128), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("log_mean", sa.Float, nullable=False),
        sa.Column("log_variance", sa.Float, nullable=False),
    )


def downgrade() -> None:
    for table in ("timings", "clips", "jobs", "videos"):
        op.drop_table(table)
