"""Snapshots of a class of any size, as an engine would publish them."""

from __future__ import annotations

import math
import threading

import numpy as np

from groupcoach.cards import PersonCard, Snapshot
from groupcoach.records import Event
from groupcoach.serve.board import LiveBoard, Rename
from groupcoach.serve.server import EngineServer
from groupcoach.snapshot import TRACED

NAMES = ("Mina", "Jun", "Ana", "Oleksandr", "하은", "Bo", "Christina-Maria", "Sam", "지훈", "Zoë", "Luis", "Priya")
FAULTS = (
    ("left_knee", "push your knees out"),
    ("trunk_lean", "chest up"),
    ("right_elbow", "straighten your arms at the top"),
)
SQUATTING = {
    "pelvis": (40, 62), "spine_mid": (45, 50), "neck": (50, 30), "head": (54, 18), "left_shoulder": (58, 33),
    "right_shoulder": (44, 33), "left_elbow": (74, 36), "right_elbow": (62, 38), "left_wrist": (90, 34),
    "right_wrist": (80, 38), "left_hip": (46, 63), "right_hip": (35, 63), "left_knee": (66, 66),
    "right_knee": (58, 70), "left_ankle": (56, 96), "right_ankle": (44, 98), "left_toe": (68, 98),
    "right_toe": (56, 100),
}  # fmt: skip
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
        "target": 20 if exercise == "squat" else None, "guest": i % 13 == 9, "provisional": i % 17 == 4,
        "not_judged": ("chest up",) if i % 6 == 5 else (), "figure": SQUATTING,
        "trace": tuple((k / 5, round(130 + 40 * math.cos(k / 2.5 + t_s))) for k in range(50, -1, -1)),
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


class FakeEngine:
    """Publishes a class twenty times a second until stopped; does what ``Rename`` asks and refuses all else."""

    def __init__(self, every_s=0.05):
        self.every_s = every_s
        self.board = LiveBoard()
        self.server = EngineServer(self.board, port=0)
        self.url = self.server.start()
        self.people, self.hung, self.more = 4, False, {}
        self.commands = []
        self.names = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        step = 0
        while not self._stop.wait(self.every_s):
            step += 1
            if self.hung:
                continue
            events = [self._obey(command) for command in self.board.take_commands()]
            people = self.people
            if isinstance(people, int):
                # as the engine: in a large class no card has room for the trace
                bare = {"trace": ()} if people > TRACED else {}
                people = [person(i, 60.0 + step / 20, **self._named(i), **bare) for i in range(people)]
            self.board.publish(snapshot(people, 60.0 + step / 20, **self.more), events)
            self.board.preview.put(picture(step))

    def _named(self, i):
        return {"name": self.names[i + 1]} if i + 1 in self.names else {}

    def _obey(self, command):
        self.commands.append(command)
        if isinstance(command, Rename):
            self.names[command.person_id] = command.name
            change = {"who": command.by, "before": "Mina", "after": command.name}
            return Event(60.0, "renamed", command.person_id, change)
        return Event(60.0, "correction_refused", getattr(command, "person_id", None),
                     {"kind": type(command).__name__, "who": command.by, "why": "no such person"})  # fmt: skip

    def close(self):
        self._stop.set()
        self._thread.join()
        self.server.stop()
