"""``evaluate run``: a run folder against the truth of its class (FORMATS: evaluate run)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from groupcoach.evaluate.counting import CountRow, counts_of, match_times, score_counts
from groupcoach.evaluate.cues import score_cues
from groupcoach.evaluate.form import score_form
from groupcoach.evaluate.identity import Rows, score_identity
from groupcoach.evaluate.labels import Done, label_share
from groupcoach.evaluate.missed import why_missed
from groupcoach.evaluate.people import count_continuity, match_people
from groupcoach.evaluate.pose import score_poses
from groupcoach.evaluate.text import figure, percent
from groupcoach.evaluate.truth import TruePerson, Truth, read_truth, without_hidden
from groupcoach.store.run_dir import load_run

if TYPE_CHECKING:
    from rich.table import Table


_WHY = {
    "hidden": "hidden behind somebody", "not_followed": "not followed", "out_of_time": "counted at another time",
    "other_exercise": "counted as another exercise", "shown_as_other": "while the card said something else",
    "shown_right": "though the card was right",
}  # fmt: skip


def evaluate_run(run_dir: Path, truth_path: Path) -> dict[str, Any]:
    """Counting, identity, faults, pose and cues of one run; a part without truth is None.

    Raises:
        RecordError: ``run_dir`` is not a run.
        ConfigError: The truth cannot be read.
    """
    from groupcoach.exercises.catalogue import load_catalogue

    run = load_run(run_dir)
    catalogue = load_catalogue()
    truth = read_truth(truth_path, catalogue.by_alias)
    tracks = truth.on_kept_frames(run.tracks())
    matched = match_people(truth, run.people, tracks)
    poses = run.poses()
    # An instructor who shows an exercise is somebody to be told apart from the others, and nobody's count.
    taught = truth.participants
    counted = {person.id for person in taught.people}
    people = [p for p in run.people if matched.get(int(p["id"]), 0) in counted or int(p["id"]) not in matched]
    own = {got: true for got, true in matched.items() if true in counted}
    counting = score_counts(count_rows(people, taught, own))
    counting["people"] = {"want": len(taught.people), "got": len(people)}
    counting |= _in_time(people, taught, own)
    counting["missed"] = why_missed(taught, run.people, run.events(), tracks)
    labels = label_share(poses, _done(taught, own))
    counting |= labels.figures()
    judged = {int(p["id"]) for p in people}
    return {
        "counting": counting,
        "identity": _identity(people, truth, matched, tracks),
        "faults": score_form(run, people, taught, own, catalogue),
        "pose": None
        if poses is None or truth.columns is None
        else score_poses(truth.columns, poses, matched, truth.size),
        "cues": score_cues([e for e in run.events() if e["person"] in judged], truth, matched, tracks),
    }


def count_rows(people: Sequence[Mapping[str, Any]], truth: Truth, matched: Mapping[int, int]) -> list[CountRow]:
    """One row per true person and exercise, then what was counted beside the truth.

    A true person who does nothing that counts (a plank, standing, an exercise that is not in the catalogue) has one row
    that wants 0 of anything. Repetitions under a name that the person did not do, and those of people not there,
    follow as rows of their own with ``"extra": true``; they are left out of obo and mae, where a row that wants 0 and
    gets 1 would count as a success.
    """
    by_id = {int(person["id"]): person for person in people}
    run_of = {true: got for got, true in matched.items()}
    rows: list[CountRow] = []
    for person in truth.people:
        run_person = run_of.get(person.id)
        counts = counts_of([by_id[run_person]]) if run_person in by_id else {}
        rows += _rows_of(person, run_person, counts, len(people))
    for run_id, got in by_id.items():
        if run_id not in matched:
            rows += _extra_rows(f"(nobody: {got.get('name')})", counts_of([got]), None, run_id, len(people))
    return rows


def _rows_of(person: TruePerson, run_person: int | None, counts: dict[str, int], people: int) -> list[CountRow]:
    wanted: dict[str, int | None] = {}
    for segment in person.segments:
        if segment.exercise is not None and segment.reps != 0:
            so_far = wanted.get(segment.exercise, 0)
            wanted[segment.exercise] = None if segment.reps is None or so_far is None else so_far + segment.reps
    more = {"person": person.id, "run_person": run_person, "extra": False}
    if not wanted:
        listed = next((s.listed for s in person.segments), "")
        exercise = next((s.exercise for s in person.segments), None)
        # nothing in the catalogue to name it by, but a count of something is still too many
        unsure = any(s.reps is None for s in person.segments) and exercise is None
        want = None if unsure else 0
        return [CountRow(person.name, exercise, want, sum(counts.values()), people=people, scored=want is not None,
                         more={**more, "listed": listed, "counted_as": counts})]  # fmt: skip
    left = {name: number for name, number in counts.items() if name not in wanted}
    rows = []
    for i, (exercise, want) in enumerate(wanted.items()):
        wrong = sum(left.values()) if i == 0 else 0  # once per person
        rows.append(CountRow(person.name, exercise, want, counts.get(exercise, 0), people=people, wrong=wrong,
                             scored=want is not None, more=more))  # fmt: skip
    return rows + _extra_rows(person.name, left, person.id, run_person, people)


def _extra_rows(
    name: str, counts: Mapping[str, int], person: int | None, run_person: int | None, people: int
) -> list[CountRow]:
    more = {"person": person, "run_person": run_person, "extra": True}
    # a ghost's repetitions are under nobody's name; those of a known person are in that person's first row already
    return [CountRow(name, exercise, 0, number, people=people, wrong=number if person is None else 0, scored=False,
                     more=more) for exercise, number in counts.items()]  # fmt: skip


def _in_time(people: Sequence[Mapping[str, Any]], truth: Truth, matched: Mapping[int, int]) -> dict[str, Any]:
    """Repetitions matched in time: precision and recall within 0.5 s, and how late the count comes."""
    true_times: dict[tuple[int, str], list[float]] = {}
    for person in truth.people:
        for segment in person.segments:
            if segment.exercise is not None and segment.rep_end_s is not None:
                true_times.setdefault((person.id, segment.exercise), []).extend(segment.rep_end_s)
    nothing = {"rep_precision": None, "rep_recall": None, "rep_delay_s": None}
    if not true_times:
        return nothing
    got_times: dict[tuple[int, str], list[float]] = {}
    for got in people:
        for done in got.get("exercises", []):
            owner = matched.get(int(got["id"]), -int(got["id"]) - 1)  # a ghost's repetitions match nobody's
            got_times.setdefault((owner, str(done["exercise"])), []).extend(done.get("rep_end_s") or [])
    delays: list[float] = []
    for key, true in true_times.items():
        got_s, true_s = sorted(got_times.get(key, [])), sorted(true)
        delays += [got_s[j] - true_s[i] for i, j in match_times(true_s, got_s)]
    n_true, n_got = sum(map(len, true_times.values())), sum(map(len, got_times.values()))
    return {
        "rep_precision": len(delays) / n_got if n_got else None,
        "rep_recall": len(delays) / n_true if n_true else None,
        "rep_delay_s": float(np.median(delays)) if delays else None,
    }


def _done(truth: Truth, matched: Mapping[int, int]) -> list[Done]:
    """What the people of the run truly did, as far as the catalogue has it."""
    run_of = {true: got for got, true in matched.items()}
    return [
        Done(run_of[person.id], segment.exercise, segment.start_s, segment.end_s)
        for person in truth.people
        for segment in person.segments
        if segment.exercise is not None and person.id in run_of
    ]


def _identity(
    people: Sequence[Mapping[str, Any]], truth: Truth, matched: Mapping[int, int], tracks: Rows
) -> dict[str, Any] | None:
    boxes, visible = truth.boxes, truth.visible
    reps = [(int(p["id"]), float(t)) for p in people for e in p.get("exercises", []) for t in e["rep_end_s"]]
    continuity = count_continuity(truth, matched, reps, tracks)
    score = None
    if boxes is not None and visible is not None:
        score = score_identity(*without_hidden(boxes, visible, tracks))
    if score is None and continuity is None:
        return None
    return {
        "hota": None if score is None else score.hota,
        "idf1": None if score is None else score.idf1,
        "switches": None if score is None else score.switches,
        "count_continuity": continuity,
        "deta": None if score is None else score.deta,
        "assa": None if score is None else score.assa,
    }


def equals_truth(result: Mapping[str, Any]) -> bool:
    """Everybody found and nobody else, every count exact, nothing under another name."""
    counting = result["counting"]
    return bool(
        counting["people"]["want"] == counting["people"]["got"]
        and all(row["run_person"] is not None for row in counting["rows"])
        and all(row["want"] is None or row["got"] == row["want"] for row in counting["rows"])
        and counting["wrong"] == 0
    )


def run_table(result: Mapping[str, Any]) -> Table:
    """Counts beside their truth, for a person to read."""
    from rich.markup import escape
    from rich.table import Table

    people = result["counting"]["people"]
    table = Table(caption=f"people: {people['got']} found, {people['want']} true")
    for name in ("Person", "Exercise", "True", "Counted", ""):
        table.add_column(name, justify="right" if name in ("True", "Counted") else "left")
    for row in result["counting"]["rows"]:
        exercise = row["exercise"] or f"({row.get('listed') or 'nothing that counts'})"
        if row["extra"]:
            exercise = f"{exercise} (not done)"
        want = "?" if row["want"] is None else str(row["want"])
        verdict = "" if row["want"] is None else "equal" if row["got"] == row["want"] else "DIFFERS"
        if row["run_person"] is None:
            verdict = "NOT FOUND"
        table.add_row(*(escape(cell) for cell in (row["file"], exercise, want, str(row["got"]), verdict)))
    return table


def run_lines(result: Mapping[str, Any]) -> list[str]:
    """The other parts in a few lines; parts without truth are left out."""
    counting, identity, faults, pose = (result[k] for k in ("counting", "identity", "faults", "pose"))
    lines = [
        f"counting: within 1 {percent(counting['obo'])}, relative error {figure(counting['mae'])}, right name "
        f"{percent(counting['named'])}, per frame {percent(counting['frame_accuracy'])}, after the vote "
        f"{percent(counting['voted_accuracy'])} (as shown then {percent(counting['shown_accuracy'])}), "
        f"repetitions within 0.5 s: precision "
        f"{percent(counting['rep_precision'])}, recall {percent(counting['rep_recall'])}"
    ]
    if missed := {why: n for why, n in (counting["missed"] or {}).items() if why != "counted"}:
        total = sum(counting["missed"].values())
        said = ", ".join(f"{n} {_WHY[why]}" for why, n in missed.items())
        lines.append(f"of {total} true repetitions {sum(missed.values())} are missing: {said}")
    if identity is not None:
        lines.append(
            f"identity: HOTA {figure(identity['hota'])}, IDF1 {figure(identity['idf1'])}, switches "
            f"{figure(identity['switches'], 0)}, repetitions booked to the right person "
            f"{percent(identity['count_continuity'])}"
        )
    if faults is not None:
        lines.append(
            f"faults: precision {percent(faults['precision'])}, recall {percent(faults['recall'])}, false per person "
            f"and hour {figure(faults['false_per_person_hour'], 1)}"
        )
        if (told := faults["in_view"]) is not None:
            lines[-1] += (
                f"; in views that a rule may speak in: precision {percent(told['precision'])}, recall "
                f"{percent(told['recall'])}"
            )
    if (cues := result["cues"]) is not None:
        lines.append(
            f"cues: {cues['issued']} issued, {cues['spoken']} spoken, to the right person "
            f"{percent(cues['right_person'])}, still true {percent(cues['still_true'])}; 95 % handed over within "
            f"{figure(cues['latency_ms_p95'], 0)} ms, heard within {figure(cues['sound_ms_p95'], 0)} ms; longest wait "
            f"{figure(cues['longest_wait_s'], 0)} s"
        )
    if pose is not None:
        if (clear := pose.get("visible")) is not None:
            lines.append(_pose_line("pose of people to be seen", clear))
        if (raw := pose.get("raw")) is not None:
            lines.append(_pose_line("the landmark network alone", raw))
        lines.append(_pose_line("pose of everybody", pose))
    return lines


def _pose_line(name: str, pose: Mapping[str, Any]) -> str:
    angles = ", ".join(f"{part} {figure(value, 1)}" for part, value in pose["angle_mae_deg"].items())
    held = "" if pose["coverage90"] is None else f"; 90 % interval holds {percent(pose['coverage90'])}"
    return (
        f"{name}: {figure(pose['mpjpe_mm'], 0)} mm, aligned {figure(pose['pa_mpjpe_mm'], 0)} mm; angles off by "
        f"(degrees): {angles}{held}"
    )
