"""The counting machines of one person: when they look at all."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.machines import Row, machines_of
from groupcoach.measures import MEASURES
from groupcoach.reps import Excursion
from groupcoach.skeleton import ANGLE_INDEX, ANGLES

CLASSES = {"glute_bridge": 0, "stand": 1}
FPS = 12.5


def lived(hip: np.ndarray, lean: np.ndarray) -> list[Excursion]:
    machines, rows, done = machines_of(load_catalogue(), CLASSES), deque[Row](), []
    for k, (h, trunk) in enumerate(zip(hip, lean, strict=True)):
        deg = np.full(len(ANGLES), 170.0)
        deg[[ANGLE_INDEX["left_hip"], ANGLE_INDEX["right_hip"]]] = h
        deg[ANGLE_INDEX["trunk_lean"]] = trunk
        empty = np.full(len(MEASURES), np.nan)
        row = Row(k / FPS, deg, np.full(len(ANGLES), 6.0), empty, empty, "side", np.array([0.9, 0.1]), None)
        rows.append(row)
        done += [e for _, e in machines.step(rows) if not e.half]
    return done


def test_getting_down_is_no_bridge() -> None:
    t = np.arange(0, 13, 1 / FPS)
    # upright, half down on an elbow where the hips find their place, lying for three bridges
    lean = np.interp(t, [0, 2, 2.4, 4.6, 5, 13], [8, 8, 54, 54, 90, 90])
    settling = 30 * np.sin(np.pi * np.clip(t - 2.6, 0, 1.8) / 0.9) ** 2
    bridges = 40 * np.sin(np.pi * np.clip(t - 6, 0, 6) / 2) ** 2
    assert [e.turn_s for e in lived(110 + settling + bridges, lean)] == pytest.approx([7, 9, 11], abs=0.3)


@pytest.mark.parametrize("rest_s", [0.5, 2.0])
def test_a_set_begins_once_the_trunk_has_come_to_rest(rest_s: float) -> None:
    t = np.arange(0, 12, 1 / FPS)
    lies = t > 3
    hip = np.where(lies, 110 + 40 * np.sin(np.pi * np.clip(t - 3 - rest_s, 0, None) / 2) ** 2, 172)
    assert len(lived(hip, np.where(lies, 90.0, 8.0))) == int((12 - 3 - rest_s) / 2)
