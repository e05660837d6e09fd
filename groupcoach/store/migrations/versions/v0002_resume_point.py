"""``resume_point``: by what a class that broke off knows its people again; empty once the class has ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "resume_point", sa.Column("session_id", sa.Integer, sa.ForeignKey("session.id"), primary_key=True),
        sa.Column("t_s", sa.Float, nullable=False), sa.Column("data", sa.JSON, nullable=False),
    )  # fmt: skip
    # a program from before Alembic reads this number, and leaves a newer record alone
    op.execute("UPDATE schema_version SET version = 2")
