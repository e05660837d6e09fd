"""The record as groupcoach 0.1.0 made it. A record of that time has these tables and no mark of Alembic."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _of_session(index: bool = False) -> sa.Column[int]:
    return sa.Column("session_id", sa.Integer, sa.ForeignKey("session.id"), nullable=False, index=index)


def upgrade() -> None:
    """Make what is missing."""
    if sa.inspect(op.get_bind()).has_table("session"):
        return
    op.create_table("schema_version", sa.Column("version", sa.Integer, primary_key=True))
    op.create_table(
        "session", _key(), sa.Column("source", sa.String, nullable=False),
        sa.Column("started_at_utc", sa.String, nullable=False), sa.Column("finished", sa.Boolean, nullable=False),
        sa.Column("summary", sa.JSON),
    )  # fmt: skip
    op.create_table(
        "person", _key(), _of_session(), sa.Column("number", sa.Integer, nullable=False),
        sa.Column("name", sa.String, nullable=False, index=True), sa.Column("spot", sa.String),
        sa.UniqueConstraint("session_id", "number"),
    )  # fmt: skip
    op.create_table(
        "event", _key(), _of_session(index=True), sa.Column("t_s", sa.Float, nullable=False),
        sa.Column("type", sa.String, nullable=False), sa.Column("person", sa.Integer),
        sa.Column("data", sa.JSON, nullable=False),
    )  # fmt: skip
    op.create_table(
        "rep", _key(), _of_session(index=True), sa.Column("person", sa.Integer, nullable=False),
        sa.Column("exercise", sa.String, nullable=False), sa.Column("number", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Float) for name in ("start_s", "turn_s", "end_s", "range_deg")),
        sa.Column("faults", sa.JSON, nullable=False),
    )  # fmt: skip
    op.create_table(
        "fault", _key(), _of_session(index=True), sa.Column("person", sa.Integer, nullable=False),
        sa.Column("t_s", sa.Float, nullable=False), sa.Column("exercise", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False), sa.Column("joint", sa.String), sa.Column("side", sa.String),
        sa.Column("measured", sa.Float), sa.Column("limit", sa.Float), sa.Column("unit", sa.String),
    )  # fmt: skip
    op.bulk_insert(sa.table("schema_version", sa.column("version", sa.Integer)), [{"version": 1}])
