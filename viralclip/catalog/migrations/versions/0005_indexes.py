"""Indexes for what is asked all the time: nothing is looked for by reading a whole table."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INDEXES = (
    ("videos_by_owner", "videos", ["owner", "added_at"]),
    ("jobs_by_time", "jobs", ["created_at"]),
    ("jobs_by_outcome", "jobs", ["outcome", "owner"]),
    ("clips_by_key", "clips", ["key"]),
    ("claims_by_job", "claims", ["job_id"]),
    ("deliveries_by_job", "deliveries", ["job_id", "run"]),
)


def upgrade() -> None:
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, table, _ in _INDEXES:
        op.drop_index(name, table)
