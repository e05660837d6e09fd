"""One person's classes become tables, points and bodies."""

from __future__ import annotations

import numpy as np
import pytest

from dashboards.body import FRAMES, frames_of, turning
from dashboards.personal import best_and_worst, class_title, classes_table, faults_table, rep_points
from dashboards.words import Words
from groupcoach.skeleton import INDEX, JOINTS
from groupcoach.store.history import ClassOfPerson, Done, RepRow


def rep(n, *faults, range_deg=80.0, side="both", left_right=None):
    return RepRow(n, 2.0 * n, 2.0 * n + 1.5, range_deg, 0.7, 0.8, side, left_right, faults)


SQUATS = Done("squat", 3, (rep(1), rep(2, "shallow", range_deg=60.0), rep(3, range_deg=90.0)))
LUNGES = Done("lunge", 3, (rep(1, side="left"), rep(2, side="right"), rep(3, side="left")))
PLANK = Done("plank", 0, (), 40.4)
OLD = ClassOfPerson(1, 1, "C:\\clips\\class.mp4", "2026-11-14T18:30:00+00:00", True, (SQUATS,))
NEW = ClassOfPerson(2, 4, "0", "2026-11-21T18:30:00+00:00", False, (SQUATS, LUNGES, PLANK))
TEXTS = {"shallow": "go a little lower"}


def test_a_row_for_each_class_and_exercise_the_newest_first():
    table = classes_table([OLD, NEW], TEXTS, names={"squat": "Squat"})
    titles = [row[0] for row in table.rows]
    assert titles == ["2026-11-21 18:30 · 0 · still running", "", "", "2026-11-14 18:30 · class.mp4"]
    assert table.rows[0][1:] == ("Squat", "3", "2 (67 %)", "", "77°", "1.5 s", "", "go a little lower (1)")
    assert table.rows[1][7] == "2 / 1 (1 more on the left)"
    assert table.rows[2][1:5] == ("Plank", "", "", "40 s")
    assert all(len(row) == len(table.head) for row in table.rows)
    empty = ClassOfPerson(3, 1, "0", "", True, ())
    assert classes_table([empty], TEXTS).rows == (("0", "no exercise", *[""] * 7),)
    assert class_title(NEW, Words("ko")).endswith("진행 중")


def test_left_against_right_where_both_move():
    done = Done("squat", 2, (rep(1, left_right=4.0), rep(2, left_right=8.0)))
    table = classes_table([ClassOfPerson(1, 1, "a", "", True, (done,))], {})
    assert table.rows[0][7] == "left less right +6°"


def test_faults_over_the_classes():
    worse = ClassOfPerson(0, 1, "a", "", True, (Done("squat", 2, (rep(1, "shallow"), rep(2, "shallow", "heels_up"))),))
    table = faults_table([OLD, worse], TEXTS)
    assert table.head[2:] == ("2026-11-14", "This class")
    assert table.rows == (("Squat", "go a little lower", "1 / 3", "2 / 2"), ("Squat", "heels up", "0 / 3", "1 / 2"))
    assert faults_table([], TEXTS).rows == ()


def test_points_and_the_best_and_the_worst():
    points = rep_points(SQUATS, TEXTS)
    assert [(p["rep"], p["range"], p["tempo"], p["kind"]) for p in points] == [
        (1, 80.0, 1.5, "clean"), (2, 60.0, 1.5, "with a fault"), (3, 90.0, 1.5, "clean")]  # fmt: skip
    assert points[1]["faults"] == "go a little lower"
    best, worst = best_and_worst(SQUATS) or (None, None)
    assert (best.number, worst.number) == (3, 2)
    assert best_and_worst(Done("squat", 1, (rep(1),))) is None


def poses(seconds=4.0, fps=50):
    t = np.arange(int(seconds * fps)) / fps
    joints = np.zeros((len(t), len(JOINTS), 3))
    joints[:, :, 1] = np.linspace(1.0, -1.0, len(JOINTS))  # y points down
    joints[:, INDEX["head"]] = (0.0, -1.5, 4.0)
    joints[:, INDEX["pelvis"]] = (0.5, 0.0, 4.0)
    return {"t_s": np.r_[t, t], "person": np.r_[np.ones(len(t), int), np.full(len(t), 2)],
            "joints_m": np.r_[joints, joints + 1].astype(np.float32)}  # fmt: skip


def test_a_repetition_in_3d_stands_upright():
    body = frames_of(poses(), 1, 1.0, 2.0)
    assert body.shape == (FRAMES, len(JOINTS), 3)
    assert body[:, INDEX["pelvis"]] == pytest.approx(0.0)
    assert body[0, INDEX["head"]] == pytest.approx([-0.5, 0.0, 1.5])  # z is up
    short = frames_of(poses(), 1, 1.0, 1.0)
    assert len(short) == pytest.approx(0.6 * 50, abs=1)
    assert len(frames_of(poses(), 3, 1.0, 2.0)) == 0
    unseen = poses()
    unseen["joints_m"][:] = np.nan
    assert len(frames_of(unseen, 1, 1.0, 2.0)) == 0


def test_the_body_turns_once_and_a_flagged_joint_has_a_ring():
    figure = turning(frames_of(poses(), 1, 1.0, 2.0), list(JOINTS), "Play", "knee")
    eyes = np.array([[f.layout.scene.camera.eye.x, f.layout.scene.camera.eye.y] for f in figure.frames])
    turned = np.unwrap(np.arctan2(eyes[:, 1], eyes[:, 0]))
    assert turned[-1] - turned[0] == pytest.approx(2 * np.pi, rel=0.1)
    assert len(figure.data[2].x) == 2
    assert figure.data[2].marker.symbol == "circle-open"
    assert len(turning(frames_of(poses(), 1, 1.0, 2.0), list(JOINTS), "Play").data[2].x) == 0
