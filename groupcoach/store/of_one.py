"""Everything that the session record keeps about one person, given out or deleted; and whole classes deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import Connection, delete, select, update

from groupcoach.store import tables
from groupcoach.store.erase import merged_into

Rows: TypeAlias = Callable[[Any], list[dict[str, Any]]]
"""Answers a query."""


def export(rows: Rows, name: str) -> dict[str, Any]:
    """Everything kept about the people called ``name`` (any case), JSON values only.

    Returns:
        ``{"name", "sessions": [{"session_id", "source", "started_at_utc", "person", "spot", "summary", "reps",
        "faults", "events"}]}``; ``sessions`` is empty for an unknown name.
    """
    out = []
    for who in called(rows, name):
        (session,) = rows(select(tables.session).where(tables.session.c.id == who["session_id"]))
        kept: dict[str, Any] = {"session_id": session["id"], "source": session["source"],
                                "started_at_utc": session["started_at_utc"], "person": who["number"],
                                "name": who["name"], "spot": who["spot"]}  # fmt: skip
        people = (session["summary"] or {}).get("people", [])
        kept["summary"] = next((p for p in people if p.get("id") == who["number"]), None)
        for key, table in zip(("events", "reps", "faults"), tables.OF_ONE_PERSON, strict=True):
            mine = (table.c.session_id == who["session_id"], table.c.person == who["number"])
            kept[key] = rows(select(table).where(*mine).order_by(table.c.id))
        out.append(kept)
    return {"name": name, "sessions": out}


def called(rows: Rows, name: str) -> list[dict[str, Any]]:
    """Rows of the people called ``name``, and of the cards that went on as theirs."""
    wanted, out = name.strip().casefold(), []
    everybody = rows(select(tables.person))
    for number in {p["session_id"] for p in everybody if p["name"].strip().casefold() == wanted}:
        people = [p for p in everybody if p["session_id"] == number]
        ids = {p["number"] for p in people if p["name"].strip().casefold() == wanted}
        e = tables.event.c
        merges = rows(select(tables.event).where(e.session_id == number, e.type == "identity_merged"))
        (session,) = rows(select(tables.session).where(tables.session.c.id == number))
        known = {int(p["id"]) for p in (session["summary"] or {}).get("people", ())}
        ids |= merged_into(ids, ({**m["data"], "type": m["type"], "person": m["person"]} for m in merges), known)
        out += [p for p in people if p["number"] in ids]
    return out


def erase(connection: Connection, who: Mapping[str, Any]) -> int:
    """Delete one person of one class; returns the number of rows."""
    removed = 0
    for table in tables.OF_ONE_PERSON:
        mine = (table.c.session_id == who["session_id"], table.c.person == who["number"])
        removed += connection.execute(delete(table).where(*mine)).rowcount
    removed += connection.execute(delete(tables.person).where(tables.person.c.id == who["id"])).rowcount
    session = tables.session.c.id == who["session_id"]
    summary = connection.execute(select(tables.session.c.summary).where(session)).scalar()
    if summary:
        kept = [p for p in summary.get("people", []) if p.get("id") != who["number"]]
        connection.execute(update(tables.session).where(session).values(summary={**summary, "people": kept}))
    # what a class that broke off would know everybody again by; its counts stay
    connection.execute(delete(tables.resume_point).where(tables.resume_point.c.session_id == who["session_id"]))
    return removed


def forget_session(connection: Connection, number: int) -> int:
    """Delete one class with all its people; returns the number of rows."""
    removed = 0
    for table in (tables.resume_point, *tables.OF_ONE_PERSON, tables.person):
        removed += connection.execute(delete(table).where(table.c.session_id == number)).rowcount
    return removed + connection.execute(delete(tables.session).where(tables.session.c.id == number)).rowcount
