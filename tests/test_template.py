"""The source method's machine on true lunges of the simulator: the same counts at any frame rate, either lead."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest

from groupcoach.angles import measure_joints
from groupcoach.exercises.catalogue import Template
from groupcoach.mesh.body_model import BodyModel
from groupcoach.simulate.motion import Motion, Skeleton, make_motion
from groupcoach.skeleton import ANGLE_INDEX, INDEX
from groupcoach.template import Stage, TemplateCounter

SEED = 1000  # alternates
HOLD_S = 1.8
NAMES = ("left_knee", "right_knee", "waist")


@lru_cache(maxsize=1)
def lunging() -> tuple[BodyModel, Motion, np.ndarray]:
    """Alternating lunges, and when each turns."""
    body = BodyModel()
    zero = np.zeros((1, 10))
    skeleton = Skeleton(joints_m=body.rest_joints(zero)[0], floor_m=float(body.rest_extra(zero)[0][:, 1].min()))
    motion = make_motion(skeleton, [("stand", 1.5), ("lunge", 14.0), ("stand", 1.0)], seed=SEED)
    t = np.arange(0, motion.duration_s, 0.02)
    knees = angles(body, motion, t)[:, :2].mean(1)
    ends = [motion.segments[1].start_s, *motion.segments[1].rep_end_s]
    turns = []
    for a, b in pairwise(ends):
        rows = np.flatnonzero((t > a) & (t < b))
        turns.append(t[rows[knees[rows].argmin()]])
    return body, motion, np.array(turns)


def angles(body: BodyModel, motion: Motion, t: np.ndarray) -> np.ndarray:
    """(T, 3) of ``NAMES``."""
    rotations, transl = motion.both(t)
    joints = body.joints(rotations, np.zeros((len(t), 10)), transl) @ np.diag([1.0, -1.0, -1.0])
    deg, _ = measure_joints(joints, np.zeros(joints.shape[:2]))
    return deg[:, [ANGLE_INDEX[n] for n in NAMES]]


def ankles_apart(body: BodyModel, motion: Motion, t: np.ndarray) -> np.ndarray:
    """(T,) metres that the left ankle is ahead of the right one: the body faces +z."""
    rotations, transl = motion.both(t)
    joints = body.joints(rotations, np.zeros((len(t), 10)), transl)
    return joints[:, INDEX["left_ankle"], 2] - joints[:, INDEX["right_ankle"], 2]


def held(t: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """The motion's time at the class's time ``t``: every turn is held for a while."""
    real, own = [0.0], [0.0]
    for k, turn in enumerate(turns):
        real += [turn + k * HOLD_S, turn + (k + 1) * HOLD_S]
        own += [turn, turn]
    return np.interp(t, [*real, real[-1] + 9], [*own, own[-1] + 9])


@pytest.mark.parametrize("fps", [9.5, 15.0, 30.0])
def test_true_lunges_count_alike_at_any_frame_rate_for_either_leg(fps: float) -> None:
    body, motion, turns = lunging()
    reference = angles(body, motion, turns)
    leads = ankles_apart(body, motion, turns) > 0
    assert len(turns) >= 3
    assert leads.any() != leads.all()  # both legs lead in this set
    one_side = np.where(leads[:, None], reference, reference[:, [1, 0, 2]]).mean(0)
    template = Template(
        angles=dict(zip(NAMES, one_side.tolist(), strict=True)), enter_deg=20, count_deg=10, hold_s=0.53
    )
    machine, stages = TemplateCounter(template), set()
    t = np.arange(0, motion.duration_s + len(turns) * HOLD_S, 1 / fps)
    for t_s, row in zip(t, angles(body, motion, held(t, turns)), strict=True):
        machine.step(float(t_s), dict(zip(NAMES, row.tolist(), strict=True)))
        stages.add(machine.stage)
    assert machine.count == len(turns)
    assert stages == set(Stage)
