"""Tokens, idempotency claims, and clips that are stopped one by one."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tokens",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "claims",
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("job_id", sa.String(64), nullable=False),
    )
    with op.batch_alter_table("clips") as clips:
        clips.add_column(sa.Column("stop_by", sa.String(64)))


def downgrade() -> None:
    with op.batch_alter_table("clips") as clips:
        clips.drop_column("stop_by")
    op.drop_table("claims")
    op.drop_table("tokens")
