"""How Alembic reaches the catalog: on the connection that the catalog hands it."""

from alembic import context

from viralclip.catalog.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
