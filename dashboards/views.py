"""What the live page shows, as plain values: a snapshot in, a view out (pure; ``markup`` makes the HTML)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from dashboards.words import ENGLISH, TABLE, Words, clock, number, title

STALE_S: Final = 1.2
"""A snapshot older than this is called stale; with 2.5 looks a second it is said within two seconds."""
NEEDS_YOU: Final = 3
#: Exercises that are no exercise: no count is shown for them.
RESTING: Final = frozenset({"stand", "unknown", ""})

State = Literal["ok", "fault", "lost", "rest"]


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
    """``"not seen for 12 s"``, ``"resting"`` or empty."""
    target: str = ""
    """``"/ 12"`` where the plan has a target."""
    tags: tuple[str, ...] = ()
    """``"guest"``, ``"cues off"``."""
    flagged: str = ""
    """Joint to mark in the figure, as the engine calls it."""
    figure: Mapping[str, Sequence[float]] | None = None
    """Joint -> (x, y) of the stick figure."""
    trace: tuple[tuple[float, float], ...] = ()
    """(seconds ago, degrees) of the drive angle."""
    can_be_tapped: bool = False


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


def live_view(snapshot: Mapping[str, Any] | None, silent_s: float = 0.0, words: Words = ENGLISH) -> LiveView:
    """The view of a snapshot as the engine serves it.

    Args:
        snapshot: JSON of ``GET /snapshot``; None when the engine has never answered.
        silent_s: seconds since the engine last answered; 0 when it just did.
        words: the language.
    """
    if snapshot is None:
        return LiveView((), (), "", (), words("never", n=round(silent_s)))
    now = number(snapshot.get("t_s")) or 0.0
    people = sorted(snapshot.get("people", ()), key=_in_order)
    cards = tuple(_card(person, now, words) for person in people)
    faulty = [c for c in cards if c.state == "fault"]
    needs = sorted(faulty, key=lambda c: -(c.since_s or 0.0))[:NEEDS_YOU]
    return LiveView(cards, tuple(needs), _class_line(snapshot, cards, words),
                    tuple(map(str, snapshot.get("notices", ()))), _stale(snapshot, silent_s, words))  # fmt: skip


def name_of(person: Mapping[str, Any], words: Words = ENGLISH) -> str:
    """What a person of a snapshot is called."""
    return str(person.get("name") or words("person", n=person["person_id"]))


def _card(person: Mapping[str, Any], now_s: float, words: Words) -> Card:
    reps, clean = int(person.get("reps") or 0), int(person.get("clean_reps") or 0)
    hold_s = number(person.get("hold_s")) or 0.0
    teaches = bool(person.get("instructor"))
    resting = teaches or str(person.get("exercise") or "") in RESTING
    present = bool(person.get("present"))
    todo = str(person.get("worst_text") or "") if present else ""
    joint = str(person.get("worst_joint") or "") if todo else ""
    since = number(person.get("fault_since_s"))
    state: State = "lost" if not present else "fault" if todo else "rest" if resting else "ok"
    held = bool(hold_s) and not reps
    # the machine's clean repetitions stay when the instructor takes some off the count
    clean = min(clean, reps)
    return Card(
        person_id=int(person["person_id"]),
        name=name_of(person, words),
        state=state,
        exercise="" if teaches else str(person.get("exercise_name") or title(str(person.get("exercise") or "unknown"))),
        count=words("seconds", n=int(hold_s)) if held else "–" if resting and not reps else str(reps),
        clean=words("clean", clean=clean, reps=reps) if reps else "",
        clean_share=clean / reps if reps else None,
        joint=words.joint(joint),
        todo=todo,
        since_s=max(0.0, now_s - since) if since is not None and todo else None,
        note=_note(person, now_s, words, resting=resting),
        target=_target(person, words),
        tags=_tags(person, words),
        flagged=joint,
        figure=person.get("figure") if present else None,
        trace=tuple((float(t), float(deg)) for t, deg in person.get("trace") or ()),
        can_be_tapped=True,
    )


def _note(person: Mapping[str, Any], now_s: float, words: Words, *, resting: bool) -> str:
    """What there is to say besides a fault: the first that holds."""
    if not person.get("present"):
        return words("not_seen", n=round(max(0.0, now_s - (number(person.get("last_seen_s")) or now_s))))
    if person.get("instructor"):
        return ""
    if resting:
        return words("resting")
    unseen = [str(text) for text in person.get("not_judged") or ()]
    return words("not_judged", what=", ".join(unseen)) if unseen else ""


def _target(person: Mapping[str, Any], words: Words) -> str:
    reps, seconds = number(person.get("target")), number(person.get("target_s"))
    if reps is not None:
        return f"/ {reps:.0f}"
    return f"/ {words('seconds', n=round(seconds))}" if seconds is not None else ""


def _tags(person: Mapping[str, Any], words: Words) -> tuple[str, ...]:
    """State in words; nobody's place in the class is told by a colour."""
    told = [key for key in ("instructor", "guest", "provisional") if person.get(key)]
    if person.get("muted") and not person.get("instructor"):
        told.append("cues_off")
    return tuple(words(key) for key in told)


# -- the class --------------------------------------------------------------------------------------------------------


def _class_line(snapshot: Mapping[str, Any], cards: Sequence[Card], words: Words) -> str:
    here = [c for c in cards if c.state != "lost"]
    lost = len(cards) - len(here)
    parts = [words("here", people=words.people(len(here)), n=lost) if lost else words.people(len(here))]
    plan = snapshot.get("plan")
    if plan:
        left_s = number(plan.get("left_s"))
        parts.insert(0, words("plan_at", at=plan["at"], of=plan["of"], exercise=plan["exercise_name"])
                     + ("" if left_s is None else f" ({words('left', time=clock(left_s))})"))  # fmt: skip
    if snapshot.get("paused"):
        parts.insert(0, words("paused"))
    doing = Counter(c.exercise for c in here if c.count != "–" and c.exercise)
    if doing:
        exercise, n = doing.most_common(1)[0]
        counts = [int(c.count) for c in here if c.exercise == exercise and c.count.isdigit()]
        spread = words("to", low=min(counts), high=max(counts)) if counts and min(counts) < max(counts) else ""
        parts.append(words("on", n=n, exercise=exercise) + spread)
    todo = Counter(c.todo for c in here if c.todo)
    if todo and todo.most_common(1)[0][1] > 1:
        text, n = todo.most_common(1)[0]
        parts.append(f"{n} × {text}")
    parts.append(clock(number(snapshot.get("t_s")) or 0.0))
    if fps := number(snapshot.get("fps")):
        parts.append(words("fps", n=round(fps)))
    if snapshot.get("running") is False:
        parts.append(words("ended"))
    return " · ".join(parts)


def _stale(snapshot: Mapping[str, Any], silent_s: float, words: Words) -> str:
    if snapshot.get("running") is False:
        return ""  # the class has ended: the last word stands
    if silent_s > 0:
        return words("silent", n=round(silent_s))
    age_s = number(snapshot.get("age_s"))
    if age_s is not None and age_s > STALE_S:
        return words("no_picture", n=round(age_s))
    return ""


def answer_text(answer: Mapping[str, Any], names: Mapping[int, str], words: Words = ENGLISH) -> tuple[bool, str]:
    """What became of a command, as the engine's ``answers`` have it: whether it was done, and a sentence.

    Args:
        answer: an event: ``type``, ``person``, and what it carries.
        names: by person.
        words: the language.
    """
    kind = str(answer.get("type"))
    if kind == "correction_refused":
        why = str(answer.get("why", ""))
        return False, words("refused", why=words.or_else(f"why:{why}", why))
    person = answer.get("person")
    name = words("everybody") if person is None else names.get(int(person), words("person", n=person))
    values = {"name": str(answer.get("name") or name), "before": _short(answer.get("before"), words),
              "after": _short(answer.get("after"), words)}  # fmt: skip
    if kind == "plan_step":
        values["after"] = title(str(answer.get("after"))) if answer.get("after") else words("plan_done")
    if f"done:{kind}" not in TABLE:
        return True, kind.replace("_", " ")
    return True, words(f"done:{kind}", **values)


def _short(value: Any, words: Words) -> str:
    if isinstance(value, bool):
        return words(str(value))
    if isinstance(value, (list, tuple)):
        return ", ".join(str(v) for v in value)
    return "–" if value is None else str(value)


def _in_order(person: Mapping[str, Any]) -> tuple[bool, str, int]:
    """Participants by spot, then by number: a card never moves because of what its person does."""
    spot = person.get("spot")
    return (bool(person.get("instructor")), "~" if spot is None else str(spot), int(person["person_id"]))
