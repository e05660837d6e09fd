"""What is counted of a person, as events of the record (FORMATS), and the sets read back from them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, nan
from typing import Any

from groupcoach.exercises.catalogue import FaultRule
from groupcoach.holds import Held
from groupcoach.plan import Deviation
from groupcoach.records import Event, Fault, Label, Rep
from groupcoach.reps import Excursion
from groupcoach.sets import ExerciseSet, set_for


def exercise_changed(t_s: float, person: int, label: Label) -> Event:
    """The vote has another answer."""
    return Event(t_s, "exercise_changed", person, {
        "exercise": label.exercise, "since_s": label.since_s, "share": round(label.share, 3),
    })  # fmt: skip


def plan_deviation(t_s: float, person: int, other: Deviation) -> Event:
    """Somebody does what the plan does not have now."""
    return Event(t_s, "plan_deviation", person, {
        "expected": other.expected, "exercise": other.exercise, "since_s": round(other.since_s, 3),
    })  # fmt: skip


def rep_half(t_s: float, person: int, exercise: str, e: Excursion) -> Event:
    """Half a repetition within a set."""
    return Event(t_s, "rep_half", person, {
        "exercise": exercise, "start_s": round(e.start_s, 3), "turn_s": round(e.turn_s, 3),
        "end_s": round(e.end_s, 3), "range_deg": round(e.range_deg, 1), "depth_deg": round(e.turn_deg, 1),
    })  # fmt: skip


def rep_counted(t_s: float, person: int, rep: Rep) -> Event:
    """A repetition."""
    return Event(t_s, "rep_counted", person, {
        "exercise": rep.exercise, "number": rep.number, "start_s": round(rep.start_s, 3),
        "turn_s": round(rep.turn_s, 3), "end_s": round(rep.end_s, 3), "range_deg": round(rep.range_deg, 1),
        "faults": [f.code for f in rep.faults], "side": rep.side, "depth_deg": _or_none(rep.depth_deg),
        "out_s": round(rep.out_s, 2), "back_s": round(rep.back_s, 2), "left_right_deg": _or_none(rep.left_right_deg),
        "worst_joint": rep.worst_joint, "not_judged": list(rep.not_judged),
    })  # fmt: skip


def hold_ended(t_s: float, person: int, exercise: str, over: Held) -> Event:
    """A hold."""
    return Event(t_s, "hold_ended", person, {
        "exercise": exercise, "start_s": round(over.start_s, 3), "end_s": round(over.end_s, 3),
        "hold_s": round(over.end_s - over.start_s, 2), "ended_by": over.ended_by,
    })  # fmt: skip


def fault_found(t_s: float, person: int, exercise: str, rep: int | None, fault: Fault, rule: FaultRule) -> Event:
    """A fault of the repetition with that number; of a hold: None."""
    return Event(t_s, "fault_found", person, {
        "exercise": exercise, "rep": rep, "code": fault.code, "joint": fault.joint, "side": fault.side,
        "measured": round(fault.measured, 3), "limit": fault.limit, "unit": fault.unit,
        "text": rule.text.as_dict(), "dangerous": rule.dangerous, "clear": fault.clear,
    })  # fmt: skip


def _or_none(value: float) -> float | None:
    """As JSON has it."""
    return round(value, 1) if isfinite(value) else None


def sets_of(rows: Sequence[Mapping[str, Any]]) -> list[ExerciseSet]:
    """The sets of one person, from the events booked to them."""
    faults: dict[tuple[str, int], list[Fault]] = {}
    for row in rows:
        if row["type"] == "fault_found" and row.get("rep") is not None:
            faults.setdefault((str(row["exercise"]), int(row["rep"])), []).append(_fault(row))
    sets: list[ExerciseSet] = []
    for row in rows:
        exercise, t_s = str(row["exercise"]), float(row["t_s"])
        start_s, end_s = float(row.get("start_s") or t_s), float(row.get("end_s") or t_s)
        if row["type"] == "rep_counted":
            found = faults.get((exercise, int(row["number"])), [])
            set_for(sets, exercise, start_s, end_s).reps.append(_rep(row, found))
        elif row["type"] == "hold_ended":
            set_for(sets, exercise, start_s, end_s).holds.append((start_s, end_s))
        elif row["type"] == "rep_half" and sets:
            sets[-1].half_s.append(end_s)
        elif row["type"] == "fault_found" and row.get("rep") is None:
            set_for(sets, exercise, t_s, t_s).hold_faults.append((t_s, str(row["code"])))
    return sets


def _rep(row: Mapping[str, Any], found: Sequence[Fault]) -> Rep:
    def number(name: str) -> float:
        return nan if row.get(name) is None else float(row[name])

    # a fault whose own event was lost in the crash is still named by its repetition
    codes = [str(c) for c in row.get("faults") or ()]
    by_code = {f.code: f for f in found}
    end_s = number("end_s")
    faults = tuple(by_code.get(c) or Fault(c, str(row.get("worst_joint") or ""), "both", nan, nan, "", end_s, "")
                   for c in codes)  # fmt: skip
    return Rep(
        str(row["exercise"]), int(row["number"]), number("start_s"), number("turn_s"), end_s, number("range_deg"),
        faults, row.get("side") or "both", number("depth_deg"), number("out_s"), number("back_s"),
        number("left_right_deg"), row.get("worst_joint"), tuple(row.get("not_judged") or ()),
    )  # fmt: skip


def _fault(row: Mapping[str, Any]) -> Fault:
    return Fault(
        str(row["code"]), str(row.get("joint") or ""), row.get("side") or "both",
        nan if row.get("measured") is None else float(row["measured"]),
        nan if row.get("limit") is None else float(row["limit"]), str(row.get("unit") or ""), float(row["t_s"]),
        str((row.get("text") or {}).get("en") or ""), bool(row.get("clear", True)),
    )  # fmt: skip
