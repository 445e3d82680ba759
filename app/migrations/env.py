"""Alembic's entry: runs on the connection that `runner` hands over."""

from alembic import context

from app.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
