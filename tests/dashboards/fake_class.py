"""Snapshots of a class of any size, as an engine would publish them."""

from __future__ import annotations

import numpy as np

from groupcoach.records import PersonCard, Snapshot

NAMES = ("Mina", "Jun", "Ana", "Oleksandr", "하은", "Bo", "Christina-Maria", "Sam", "지훈", "Zoë", "Luis", "Priya")
FAULTS = (
    ("left_knee", "push your knees out"),
    ("trunk_lean", "chest up"),
    ("right_elbow", "straighten your arms at the top"),
)
EXERCISES = (("squat", "Squat"), ("jumping_jack", "Jumping jack"), ("push_up", "Push-up"), ("stand", "Standing"))


def person(i, t_s=60.0, **more):
    joint, text = FAULTS[i // 3 % len(FAULTS)] if i % 3 == 1 else (None, None)
    exercise, shown = EXERCISES[i % len(EXERCISES) if i % 7 == 3 else i % 3]
    present = i % 8 != 6
    reps = 0 if exercise == "stand" else 4 + i
    fields = {
        "person_id": i + 1, "name": NAMES[i % len(NAMES)] + (f" {i // len(NAMES) + 1}" if i >= len(NAMES) else ""),
        "spot": None, "present": present, "exercise": exercise, "exercise_name": shown, "reps": reps,
        "clean_reps": reps * 3 // 4, "hold_s": 0.0, "worst_joint": joint, "worst_text": text,
        "fault_since_s": t_s - 3 - i if text else None, "totals": {exercise: reps}, "muted": i % 11 == 5,
        "last_seen_s": t_s if present else t_s - 12, "box_xyxy": (0.0, 0.0, 10.0, 10.0),
    }  # fmt: skip
    return PersonCard(**(fields | more))


def snapshot(people, t_s=60.0, **more):
    """``people``: a number, or the cards themselves."""
    cards = tuple(person(i, t_s) for i in range(people)) if isinstance(people, int) else tuple(people)
    fields = {
        "t_s": t_s,
        "frame": int(30 * t_s),
        "fps": 24.6,
        "dropped": 0,
        "stage_ms": {"detect": 12.0},
        "people": cards,
    }
    return Snapshot(**(fields | more))


def picture(step=0):
    """(720, 1280, 3) something that moves."""
    rgb = np.full((720, 1280, 3), (70, 90, 120), np.uint8)
    x = 100 + step * 15 % 1000
    rgb[200:620, x : x + 120] = (230, 190, 150)
    return rgb
