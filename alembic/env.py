"""Runs the migrations on the connection that `python -m service migrate` opens."""

from alembic import context
from sqlalchemy import Connection

from service.storage import tables

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=[tables.metadata, tables.notifications_metadata],
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
