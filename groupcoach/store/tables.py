"""The tables of the session record as they are now.

``VERSION`` counts their shapes; ``schema_version`` holds the one of a file. A change here needs a step in
``migrations/versions``: ``tests/store/test_schema.py`` compares the two.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Integer, MetaData, String, Table, UniqueConstraint

VERSION: Final = 2

metadata: Final = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

session = Table(
    "session",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String, nullable=False),
    Column("started_at_utc", String, nullable=False),  # ISO 8601
    Column("finished", Boolean, nullable=False, default=False),
    Column("summary", JSON),
)

#: ``number`` is the person id of the run; the same human in another class is another row.
person = Table(
    "person",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("session_id", ForeignKey("session.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("name", String, nullable=False, index=True),
    Column("spot", String),
    UniqueConstraint("session_id", "number"),
)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("session_id", ForeignKey("session.id"), nullable=False, index=True),
    Column("t_s", Float, nullable=False),
    Column("type", String, nullable=False),
    Column("person", Integer),
    Column("data", JSON, nullable=False),
)

rep = Table(
    "rep",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("session_id", ForeignKey("session.id"), nullable=False, index=True),
    Column("person", Integer, nullable=False),
    Column("exercise", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("start_s", Float),
    Column("turn_s", Float),
    Column("end_s", Float),
    Column("range_deg", Float),
    Column("faults", JSON, nullable=False),
)

fault = Table(
    "fault",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("session_id", ForeignKey("session.id"), nullable=False, index=True),
    Column("person", Integer, nullable=False),
    Column("t_s", Float, nullable=False),
    Column("exercise", String, nullable=False),
    Column("code", String, nullable=False),
    Column("joint", String),
    Column("side", String),
    Column("measured", Float),
    Column("limit", Float),
    Column("unit", String),
)

#: One row for a class that is running or broke off: ``data`` is what it knows its people by (``resume.point_of``).
resume_point = Table(
    "resume_point",
    metadata,
    Column("session_id", ForeignKey("session.id"), primary_key=True),
    Column("t_s", Float, nullable=False),
    Column("data", JSON, nullable=False),
)

#: Tables with a ``(session_id, person)`` of their own, in the order in which a person's rows are exported and erased.
OF_ONE_PERSON: Final = (event, rep, fault)
