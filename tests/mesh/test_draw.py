from __future__ import annotations

import numpy as np
import pytest

from groupcoach.mesh import labels
from groupcoach.mesh.body_model import BodyModel
from groupcoach.mesh.draw import RED, Figure, draw_people, flagged_parts
from groupcoach.mesh.raster import Rasterizer, project
from groupcoach.records import BodyPose
from groupcoach.skeleton import ANGLES, INDEX, JOINTS

FOCAL, CENTRE = 400.0, (320.0, 180.0)


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return BodyModel()


@pytest.fixture
def frame() -> np.ndarray:
    return np.full((360, 640, 3), 100, np.uint8)


def person(body: BodyModel, x: float, z: float, mesh: bool = True) -> BodyPose:
    turns = np.tile(np.eye(3), (1, 24, 1, 1))
    turns[:, 0] = np.diag([1.0, -1.0, -1.0])
    betas, transl = np.zeros((1, 10)), np.array([[x, 0.0, z]])
    joints = body.joints(turns, betas, transl)[0]
    skin = body.vertices(turns, betas, transl)[0] if mesh else None
    return BodyPose(joints, project(joints, FOCAL, CENTRE)[0], turns[0], betas[0], transl[0], np.full(31, 0.02), skin)


def box(pose: BodyPose) -> np.ndarray:
    return np.r_[np.nanmin(pose.joints_px, axis=0), np.nanmax(pose.joints_px, axis=0)]


def redness(picture: np.ndarray) -> np.ndarray:
    wide = picture.astype(int)
    return wide[..., 0] - wide[..., 1:].max(axis=-1)


def at(picture: np.ndarray, pose: BodyPose, a: str, b: str) -> np.ndarray:
    """Colour in the middle between two joints."""
    x, y = (pose.joints_px[INDEX[a]] + pose.joints_px[INDEX[b]]) / 2
    return picture[round(y), round(x)].astype(int)


def test_an_empty_class_leaves_the_picture_as_it_is(body: BodyModel, frame: np.ndarray) -> None:
    out = draw_people(frame, [], body, FOCAL, CENTRE)
    assert (out == frame).all()
    assert out is not frame


def test_a_faulty_knee_is_red_and_the_frame_is_not_written_to(body: BodyModel, frame: np.ndarray) -> None:
    pose = person(body, 0.0, 3.0)
    out = draw_people(frame, [Figure(1, (), None, pose, ("left_knee",))], body, FOCAL, CENTRE)
    assert (frame == 100).all()
    for a, b in (("left_hip", "left_knee"), ("left_knee", "left_ankle")):
        assert redness(at(out, pose, a, b)) > 60
    for a, b in (("right_hip", "right_knee"), ("right_knee", "right_ankle"), ("left_shoulder", "left_elbow")):
        assert redness(at(out, pose, a, b)) < 20
    assert (out[5, 5] == 100).all()


def test_who_stands_in_front_hides_who_stands_behind(body: BodyModel, frame: np.ndarray) -> None:
    front, back = person(body, 0.0, 2.5), person(body, 0.15, 4.0)
    tool = Rasterizer(640, 360)
    for order in ([front, back], [back, front]):
        figures = [Figure(0 if p is front else 2, (), None, p) for p in order]
        out = draw_people(frame, figures, body, FOCAL, CENTRE, opacity=1.0, rasterizer=tool)
        chest = at(out, front, "spine_mid", "spine_high")
        assert chest[2] > chest[0]  # the front one is blue, the other yellow
    assert set(np.unique(tool.owner)) == {-1, 0, 1}


def test_without_a_mesh_there_is_a_stick_figure_and_unseen_joints_are_skipped(
    body: BodyModel, frame: np.ndarray
) -> None:
    pose = person(body, 0.0, 3.0, mesh=False)
    pose.joints_px[[INDEX["right_knee"], INDEX["right_elbow"]]] = np.nan
    out = draw_people(frame, [Figure(0, (), None, pose, ("left_knee",))])
    assert redness(at(out, pose, "left_knee", "left_ankle")) > 100
    assert (at(out, pose, "left_shoulder", "left_elbow") != 100).any()
    right_foot = pose.joints_px[INDEX["right_ankle"]]
    above = out[round(right_foot[1]) - 30, round(right_foot[0])]
    assert (above == 100).all()


def test_labels_stand_inside_the_picture_and_beside_each_other(body: BodyModel, frame: np.ndarray) -> None:
    pose = person(body, 0.0, 3.0, mesh=False)
    figures = [Figure(i, (f"Person {i}", "squat 12"), np.array([2.0 + i, -40.0, 200.0, 300.0])) for i in range(3)]
    out = draw_people(frame, [*figures, Figure(4, ("Out",), np.array([900.0, 900.0, 990.0, 990.0]), pose)])
    size = labels.label(figures[0].lines, max(12, 360 // 42), figures[0].colour).shape[0]
    dark = (out[:, 20] < 60).all(axis=1)
    assert dark[: 3 * size].mean() > 0.7
    assert (out[-3:, -10:] != 100).any()


@pytest.mark.parametrize("odd", [np.full(4, np.nan), np.array([1e12, 0, 2e12, 1e12]), np.array([5.0, 5, 5, 5])])
def test_odd_boxes_do_not_stop_the_drawing(frame: np.ndarray, odd: np.ndarray) -> None:
    assert draw_people(frame, [Figure(0, ("A",), odd)]).shape == frame.shape


def test_every_joint_and_angle_shows_somewhere_on_the_body() -> None:
    for name in (*JOINTS, *ANGLES, "trunk", "knee", "back"):
        assert flagged_parts(name), name
    assert flagged_parts("knee") == flagged_parts("left_knee") | flagged_parts("right_knee")
    assert not flagged_parts("left_knee") & flagged_parts("right_knee")
    assert flagged_parts("nonsense") == frozenset()


def test_a_korean_name_is_written_or_at_least_spelled(monkeypatch: pytest.MonkeyPatch) -> None:
    assert labels.latin("김민지 Zoë 3회") == "gimminji Zoe 3hoe"
    assert labels.latin("山") == "?"
    labels.label.cache_clear()
    monkeypatch.setattr(labels, "font_file", lambda: None)
    spelled, plain = (labels.label((name,), 20, (1, 2, 3)) for name in ("김민지", "gimminji"))
    assert (spelled == plain).all()
    labels.label.cache_clear()


def test_a_label_is_drawn_once_and_cannot_be_spoiled() -> None:
    first = labels.label(("Anna", "lunge 3"), 16, (90, 160, 250))
    assert labels.label(("Anna", "lunge 3"), 16, (90, 160, 250)) is first
    assert not first.flags.writeable
    assert (first[..., :3].max(axis=-1) > 200).any()
    assert redness(labels.label(("Anna", "knee"), 16, (90, 160, 250), True)[..., :3]).max() > 100


def test_red_means_a_fault_only() -> None:
    assert all(redness(np.array(Figure(i, (), None).colour)) < 100 for i in range(30))
    assert redness(np.array(RED)) > 150
