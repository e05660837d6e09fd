"""What the pages show, as plain values: a snapshot or a summary in, a view out (pure; ``markup`` makes the HTML)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

STALE_S: Final = 1.2
"""A snapshot older than this is called stale; with a refresh twice a second it is said within two seconds."""
NEEDS_YOU: Final = 3
#: Exercises that are no exercise: no count is shown for them.
RESTING: Final = frozenset({"stand", "unknown", ""})

State = Literal["ok", "fault", "lost"]


@dataclass(frozen=True, slots=True)
class Card:
    """One person as shown."""

    person_id: int
    name: str
    state: State
    exercise: str
    count: str
    """``"12"``, ``"34 s"`` for a hold, ``"–"`` while there is nothing to count."""
    clean: str
    """``"9 of 12 clean"`` or empty."""
    clean_share: float | None
    """0 to 1; None without repetitions."""
    joint: str
    todo: str
    since_s: float | None
    """How long the fault has stood, seconds."""
    note: str = ""
    """``"not seen for 12 s"`` or empty."""
    muted: bool = False


@dataclass(frozen=True, slots=True)
class LiveView:
    """The class now."""

    cards: tuple[Card, ...]
    needs_you: tuple[Card, ...]
    line: str
    """The class in one line."""
    notices: tuple[str, ...]
    stale: str
    """Why this is not the present; empty when it is."""


@dataclass(frozen=True, slots=True)
class RunView:
    """A class that is over."""

    title: str
    line: str
    cards: tuple[Card, ...]
    faults: tuple[tuple[str, int], ...]
    """What went wrong most often, with the number of repetitions."""
    rows: tuple[Mapping[str, Any], ...]
    """The table: one row per person and exercise."""


def live_view(snapshot: Mapping[str, Any] | None, silent_s: float = 0.0) -> LiveView:
    """The view of a snapshot as the engine serves it.

    Args:
        snapshot: JSON of ``GET /snapshot``; None when the engine has never answered.
        silent_s: seconds since the engine last answered; 0 when it just did.
    """
    if snapshot is None:
        return LiveView((), (), "", (), f"No answer from the engine for {silent_s:.0f} s.")
    now = _number(snapshot.get("t_s")) or 0.0
    cards = tuple(_card(person, now) for person in sorted(snapshot.get("people", ()), key=_in_order))
    faulty = [c for c in cards if c.state == "fault"]
    needs = sorted(faulty, key=lambda c: -(c.since_s or 0.0))[:NEEDS_YOU]
    return LiveView(cards, tuple(needs), _class_line(snapshot, cards), tuple(map(str, snapshot.get("notices", ()))),
                    _stale(snapshot, silent_s))  # fmt: skip


def run_view(summary: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> RunView:
    """The view of a run folder: its ``summary.json`` and the rows of its ``events.jsonl``."""
    words = {str(e["code"]): _todo(e) for e in events if e.get("type") == "fault_found" and "code" in e}
    cards, rows = [], []
    faults: Counter[str] = Counter()
    for person in summary.get("people", ()):
        segments = person.get("exercises", ())
        for s in segments:
            faults.update({str(code): int(n) for code, n in (s.get("faults") or {}).items()})
            if s.get("reps") or s.get("exercise") not in RESTING:
                rows.append(_row(person, s, words))
        cards.append(_finished_card(person, segments, words))
    reps = sum(int(s.get("reps", 0)) for p in summary.get("people", ()) for s in p.get("exercises", ()))
    line = f"{_people(len(cards))} · {reps} repetitions · {_clock(_number(summary.get('duration_s')) or 0.0)}"
    common = tuple((words.get(code, _words(code)), n) for code, n in faults.most_common(3))
    title = str(summary.get("source", "")).replace("\\", "/").rsplit("/", 1)[-1] or "Class"
    return RunView(title, line, tuple(cards), common, tuple(rows))


# -- one person -------------------------------------------------------------------------------------------------------


def _card(person: Mapping[str, Any], now_s: float) -> Card:
    reps, clean = int(person.get("reps") or 0), int(person.get("clean_reps") or 0)
    hold_s = _number(person.get("hold_s")) or 0.0
    resting = str(person.get("exercise") or "") in RESTING
    present = bool(person.get("present"))
    todo = str(person.get("worst_text") or "") if present else ""
    since = _number(person.get("fault_since_s"))
    state: State = "lost" if not present else "fault" if todo else "ok"
    gone = max(0.0, now_s - (_number(person.get("last_seen_s")) or now_s))
    return Card(
        person_id=int(person["person_id"]),
        name=str(person.get("name") or f"Person {person['person_id']}"),
        state=state,
        exercise=str(person.get("exercise_name") or _title(str(person.get("exercise") or "unknown"))),
        count=f"{hold_s:.0f} s" if hold_s and not reps else "–" if resting and not reps else str(reps),
        clean=f"{clean} of {reps} clean" if reps else "",
        clean_share=clean / reps if reps else None,
        joint=_words(str(person.get("worst_joint") or "")) if todo else "",
        todo=todo,
        since_s=max(0.0, now_s - since) if since is not None and todo else None,
        note="" if present else f"not seen for {gone:.0f} s",
        muted=bool(person.get("muted")),
    )


def _finished_card(person: Mapping[str, Any], segments: Sequence[Mapping[str, Any]], words: Mapping[str, str]) -> Card:
    reps = sum(int(s.get("reps", 0)) for s in segments)
    clean = sum(int(s.get("clean_reps", 0)) for s in segments)
    hold_s = sum(_number(s.get("hold_s")) or 0.0 for s in segments)
    faults: Counter[str] = Counter()
    for s in segments:
        faults.update(s.get("faults") or {})
    worst = faults.most_common(1)[0][0] if faults else None
    names = list(dict.fromkeys(_title(str(s["exercise"])) for s in segments if s.get("exercise") not in RESTING))
    return Card(
        person_id=int(person["id"]),
        name=str(person.get("name") or f"Person {person['id']}"),
        state="fault" if worst else "ok",
        exercise=", ".join(names) or "no exercise",
        count=str(reps) if reps or not hold_s else f"{hold_s:.0f} s",
        clean=f"{clean} of {reps} clean" if reps else "",
        clean_share=clean / reps if reps else None,
        joint=times(faults[worst]) if worst else "",
        todo=words.get(worst, _words(worst)) if worst else "",
        since_s=None,
    )


def _row(person: Mapping[str, Any], segment: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    faults = ", ".join(f"{words.get(code, _words(code))} ({n})" for code, n in (segment.get("faults") or {}).items())
    start, end = _number(segment.get("start_s")) or 0.0, _number(segment.get("end_s")) or 0.0
    return {"Name": str(person.get("name", "")), "Exercise": _title(str(segment.get("exercise", ""))),
            "From": _clock(start), "To": _clock(end), "Count": int(segment.get("reps", 0)),
            "Clean": int(segment.get("clean_reps", 0)), "Hold": f"{_number(segment.get('hold_s')) or 0.0:.0f} s",
            "To correct": faults}  # fmt: skip


# -- the class --------------------------------------------------------------------------------------------------------


def _class_line(snapshot: Mapping[str, Any], cards: Sequence[Card]) -> str:
    here = [c for c in cards if c.state != "lost"]
    parts = [_people(len(here))]
    if len(cards) > len(here):
        parts[0] += f" here, {len(cards) - len(here)} not seen"
    doing = Counter(c.exercise for c in here if c.count != "–")
    if doing:
        exercise, n = doing.most_common(1)[0]
        counts = [int(c.count) for c in here if c.exercise == exercise and c.count.isdigit()]
        spread = f" ({min(counts)} to {max(counts)})" if counts and min(counts) < max(counts) else ""
        parts.append(f"{n} on {exercise}{spread}")
    todo = Counter(c.todo for c in here if c.todo)
    if todo and todo.most_common(1)[0][1] > 1:
        text, n = todo.most_common(1)[0]
        parts.append(f"{n} × {text}")
    parts.append(_clock(_number(snapshot.get("t_s")) or 0.0))
    if fps := _number(snapshot.get("fps")):
        parts.append(f"{fps:.0f} fps")
    if snapshot.get("running") is False:
        parts.append("class ended")
    return " · ".join(parts)


def _stale(snapshot: Mapping[str, Any], silent_s: float) -> str:
    if snapshot.get("running") is False:
        return ""  # the class has ended: the last word stands
    if silent_s > 0:
        return f"No answer from the engine for {silent_s:.0f} s: what you see is old."
    age_s = _number(snapshot.get("age_s"))
    if age_s is not None and age_s > STALE_S:
        return f"No new picture from the camera for {age_s:.0f} s: what you see is old."
    return ""


# -- small words ------------------------------------------------------------------------------------------------------


def times(n: int) -> str:
    """``"1 time"``, ``"3 times"``."""
    return "1 time" if n == 1 else f"{n} times"


def _words(code: str) -> str:
    return code.replace("_", " ")


def _title(code: str) -> str:
    return _words(code)[:1].upper() + _words(code)[1:]


def _todo(fault: Mapping[str, Any]) -> str:
    text = fault.get("text")
    if isinstance(text, Mapping):
        text = text.get("en") or next(iter(text.values()), None)
    return str(text or _words(str(fault["code"])))


def _people(n: int) -> str:
    return "1 person" if n == 1 else f"{n} people"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _in_order(person: Mapping[str, Any]) -> tuple[str, int]:
    """Spot order, then by number: a card never moves because of what its person does."""
    spot = person.get("spot")
    return ("~" if spot is None else str(spot), int(person["person_id"]))
