"""The class at one instant as cards, and the class as a whole as a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from groupcoach.cards import PersonCard, Snapshot
from groupcoach.exercises.catalogue import Catalogue
from groupcoach.person import FAULT_STANDS_S, PersonState
from groupcoach.pipeline import Pipeline
from groupcoach.sets import ExerciseSet
from groupcoach.template import Correction
from groupcoach.track.membership import Participant
from groupcoach.trails import Trails

TRACED = 20
"""In a larger class no card has room for the line of the drive angle, so it is not sent."""
UNKNOWN = {"en": "...", "ko": "..."}


def exercise_name(catalogue: Catalogue, exercise: str, language: str) -> str:
    """In the class's language."""
    found = catalogue.definitions.get(exercise)
    return found.names.get(language) if found else UNKNOWN.get(language, "...")


_PARTS = {
    "left_knee": ("left knee", "왼쪽 무릎"), "right_knee": ("right knee", "오른쪽 무릎"), "waist": ("waist", "허리"),
}  # fmt: skip


def correction_text(correction: Correction, language: str) -> str:
    """``bend your left knee more``: the direction the template asks for."""
    plain = correction.angle.replace("_", " ")
    en, ko = _PARTS.get(correction.angle, (plain, plain))
    more = correction.error_deg > 0
    if language == "ko":
        return f"{ko}을(를) 더 {'굽히세요' if more else '펴세요'}"
    return f"{'bend' if more else 'straighten'} your {en}" + (" more" if more else "")


def card(
    person: Participant, state: PersonState | None, catalogue: Catalogue, language: str, t_s: float,
    muted: Collection[int], trails: Trails | None = None, guest: bool = False, traced: bool = True,
) -> PersonCard:  # fmt: skip
    """What a dashboard shows of one person; of who teaches, only the name and the place."""
    if person.instructor:
        state = None
    label = state.vote.label.exercise if state else "unknown"
    current = state.current_set if state else None
    # between repetitions of a set the card keeps the set's exercise, it does not jump to "standing"
    shown = current.exercise if current and label in ("stand", "unknown") and t_s - current.end_s < 5.0 else label
    of_shown = [s for s in state.sets if s.exercise == shown] if state else []
    joint = text = since = None
    if state and state.last_fault and t_s - state.last_fault[3] < FAULT_STANDS_S:
        exercise, code, joint, since = state.last_fault
        text = catalogue.get(exercise).rule(code).text.get(language)
    elif state and (correction := state.correction):
        joint, text = correction.angle, correction_text(correction, language)
    totals = state.totals if state else {}
    step = state.plan.step if state and state.plan else None
    if step is not None and step.exercise != shown:
        step = None
    return PersonCard(
        person_id=person.person_id, name=person.name, spot=person.spot, present=person.present, exercise=shown,
        exercise_name=exercise_name(catalogue, shown, language), reps=totals.get(shown, 0),
        clean_reps=sum(s.clean for s in of_shown), hold_s=round(state.held_s(shown), 1) if state else 0.0,
        worst_joint=joint, worst_text=text, fault_since_s=since, totals=totals, muted=person.person_id in muted,
        last_seen_s=person.last_s,
        box_xyxy=tuple(round(float(v), 1) for v in person.box_xyxy) if person.present else None,  # type: ignore[arg-type]
        target=step.reps if step else None, target_s=step.seconds if step else None, instructor=person.instructor,
        guest=guest and not person.instructor, provisional=person.provisional,
        not_judged=_not_judged(of_shown, catalogue, language),
        figure=trails.figure(person.person_id, t_s) if trails else None,
        trace=trails.trace(person.person_id, t_s) if trails and state and traced else (),
    )  # fmt: skip


def _not_judged(sets: Sequence[ExerciseSet], catalogue: Catalogue, language: str) -> tuple[str, ...]:
    """What the last repetition could not be judged for, as the cue that was not given."""
    last = next((s.reps[-1] for s in reversed(sets) if s.reps), None)
    if last is None:
        return ()
    return tuple(catalogue.get(last.exercise).rule(code).text.get(language) for code in last.not_judged)


def snapshot(
    pipeline: Pipeline, language: str, t_s: float, frame: int, fps: float, dropped: int, muted: Collection[int],
    notices: Sequence[str], running: bool = True, trails: Trails | None = None,
) -> Snapshot:  # fmt: skip
    """The class now; without ``trails`` the cards have no figures."""
    roster = pipeline.identity.roster
    traced = len(pipeline.identity.people) <= TRACED
    cards = tuple(
        card(p, pipeline.people.get(p.person_id), pipeline.catalogue, language, t_s, muted, trails, traced=traced,
             guest=bool(roster.members) and roster.member(p.name) is None)
        for p in pipeline.identity.people.values()
    )  # fmt: skip
    stage_ms = {name: round(ms, 2) for name, ms in pipeline.watch.last.items()}
    return Snapshot(t_s, frame, round(fps, 1), dropped, stage_ms, cards, tuple(notices), running, language,
                    pipeline.paused, _spots(pipeline), _plan(pipeline, language))  # fmt: skip


def class_step(pipeline: Pipeline) -> int | None:
    """Where in the plan most of the class is, from 0; of two places the later one. None: no plan, or its end."""
    if not pipeline.programme:
        return None
    people = pipeline.identity.people.values()
    states = [pipeline.people[p.person_id] for p in people if p.person_id in pipeline.people and not p.instructor]
    at = Counter(state.plan.at for state in states if state.plan is not None)
    most = max(at, key=lambda step: (at[step], step), default=0)
    return most if most < len(pipeline.programme) else None


def _plan(pipeline: Pipeline, language: str) -> dict[str, Any] | None:
    """Of ``Snapshot``."""
    at = class_step(pipeline)
    if at is None:
        return None
    step = pipeline.programme[at]
    done = [s.plan.seconds for s in pipeline.people.values() if s.plan is not None and s.plan.at == at]
    left_s = None if step.seconds is None else max(0.0, step.seconds - (float(np.median(done)) if done else 0.0))
    return {"at": at + 1, "of": len(pipeline.programme), "left_s": None if left_s is None else round(left_s, 1),
            "exercise_name": exercise_name(pipeline.catalogue, step.exercise, language)}  # fmt: skip


def _spots(pipeline: Pipeline) -> tuple[str, ...]:
    """Those of the roster and of people; without any, as many numbers as there are people."""
    identity = pipeline.identity
    named = [s for s in (*(m.spot for m in identity.roster.members), *(p.spot for p in identity.people.values())) if s]
    return tuple(dict.fromkeys(named)) or tuple(str(n) for n in range(1, len(identity.people) + 1))


def summary(
    pipeline: Pipeline, *, source: str, frames: int, dropped: int, duration_s: float, wall_s: float,
    boxes: Mapping[int, Sequence[Any]], detector: str, regressor: str, device: str,
) -> dict[str, Any]:  # fmt: skip
    """``summary.json`` (FORMATS), without the fields the run folder adds.

    Args:
        pipeline: at the end of the class.
        source: as the user named it.
        frames: processed.
        dropped: not processed.
        duration_s: of the source.
        wall_s: of the run.
        boxes: some boxes (4,) px of each person over the class.
        detector: name.
        regressor: name.
        device: ``cpu`` or ``cuda``.
    """
    people = []
    for p in pipeline.identity.people.values():
        state = None if p.instructor else pipeline.people.get(p.person_id)
        seen = np.array(boxes.get(p.person_id) or [p.box_xyxy])
        people.append({
            "id": p.person_id, "name": p.name, "spot": p.spot, "track_ids": list(p.track_ids),
            "first_s": round(p.first_s, 3), "last_s": round(p.last_s, 3), "seen_s": round(p.seen_s, 3),
            "median_box_xyxy": [round(float(v), 1) for v in np.median(seen, axis=0)],
            "exercises": _exercises(state) if state else [], "role": "instructor" if p.instructor else "participant",
        })  # fmt: skip
    return {
        "schema": 1, "source": source, "frames": frames, "dropped_frames": dropped, "duration_s": round(duration_s, 3),
        "wall_s": round(wall_s, 3), "fps": round(frames / wall_s, 2) if wall_s > 0 else 0.0,
        "detector": detector, "regressor": regressor, "device": device, "skipped_readings": pipeline.skipped,
        "stage_ms": pipeline.watch.percentiles(), "people": people,
    }  # fmt: skip


def _means(s: ExerciseSet) -> dict[str, float | None]:
    """Depth, tempo and difference of the sides: the middle repetition of a set; None where nothing was measured."""

    def middle(values: list[float]) -> float | None:
        seen = [v for v in values if np.isfinite(v)]
        return round(float(np.median(seen)), 2) if seen else None

    cadence = middle([b.end_s - a.end_s for a, b in pairwise(s.reps)])
    return {
        "depth_deg": middle([r.depth_deg for r in s.reps]), "out_s": middle([r.out_s for r in s.reps]),
        "back_s": middle([r.back_s for r in s.reps]), "cadence_s": cadence,
        "left_right_deg": middle([r.left_right_deg for r in s.reps]),
    }  # fmt: skip


def _exercises(state: PersonState) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = [
        {
            "exercise": s.exercise, "start_s": round(s.start_s, 3), "end_s": round(s.end_s, 3), "reps": len(s.reps),
            "clean_reps": s.clean, "hold_s": round(s.hold_s, 2), "rep_end_s": [round(r.end_s, 3) for r in s.reps],
            "faults": s.faults(), "half_reps": len(s.half_s), "by_side": s.by_side(),
            "holds_s": [[round(start, 3), round(end, 3)] for start, end in s.holds], **_means(s),
        }
        for s in state.sets
    ]  # fmt: skip
    for exercise, delta in state.corrections.items():
        rows = [row for row in out if row["exercise"] == exercise]
        if not rows:
            rows = [{"exercise": exercise, "start_s": 0.0, "end_s": 0.0, "reps": 0, "clean_reps": 0, "hold_s": 0.0,
                     "rep_end_s": [], "faults": {}}]  # fmt: skip
            out.extend(rows)
        rows[-1]["corrected"], left = delta, delta
        for row in reversed(rows):  # what is taken off and the last set cannot bear comes off those before it
            step = max(left, -row["reps"])
            row["reps"], left = row["reps"] + step, left - step
    return out
