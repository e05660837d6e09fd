import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from groupcoach.errors import ConfigError
from groupcoach.evaluate.agree import best_of, proposals
from groupcoach.evaluate.cameras import Camera, shifted
from groupcoach.evaluate.closer import BLAZEPOSE_ROWS, COCO_ROWS, JOINTS
from groupcoach.evaluate.multiview import (
    evaluate_multiview,
    evaluate_regressor,
    multiview_lines,
    multiview_table,
    read_lags,
)
from groupcoach.evaluate.reference import ANGLES, inner_angles, make_reference, smooth
from groupcoach.evaluate.views import View, between, load_views, save_views, videos_of
from groupcoach.mesh.regressor import PersonInput
from groupcoach.skeleton import INDEX
from groupcoach.skeleton import JOINTS as BODY

FPS, FRAMES = 60.0, 66
COLUMNS = [INDEX[j] for j in JOINTS]


def ring(count: int = 4, focal: float = 1400.0) -> list[Camera]:
    """Cameras 4 m around the origin, 1.5 m high, looking at it; world z is up."""
    cameras = []
    for k in range(count):
        turn = 2 * np.pi * k / count + 0.3
        place = np.array([4 * np.cos(turn), 4 * np.sin(turn), 1.5])
        ahead = np.array([0, 0, 1.0]) - place
        ahead /= np.linalg.norm(ahead)
        right = np.cross(ahead, [0, 0, 1.0])
        right /= np.linalg.norm(right)
        rotation = np.stack([right, np.cross(ahead, right), ahead])
        matrix = np.array([[focal, 0, 540], [0, focal, 960], [0, 0, 1.0]])
        cameras.append(Camera(f"c{k}", matrix, np.zeros(4), rotation, -rotation @ place, (1080, 1920)))
    return cameras


def mover(t_s: np.ndarray) -> np.ndarray:
    """(T, 12, 3) somebody squatting and swinging the arms, ``JOINTS``."""
    out = np.zeros((len(t_s), len(JOINTS), 3))
    dip, swing = 0.18 * (1 - np.cos(2 * np.pi * 0.8 * t_s)), 0.9 * np.sin(2 * np.pi * 1.1 * t_s)
    for side, x in (("left", 1.0), ("right", -1.0)):
        place = {
            "ankle": [x * 0.14, 0, 0.08], "knee": [x * 0.16, 0.9 * dip, 0.48 - 0.4 * dip],
            "hip": [x * 0.12, -0.3 * dip, 0.92 - dip], "shoulder": [x * 0.19, 0.3 * dip, 1.42 - dip],
            "elbow": [x * (0.19 + 0.25 * np.cos(swing)), 0.3 * dip + 0.1, 1.42 - dip - 0.25 * np.sin(x * swing)],
            "wrist": [x * (0.25 + 0.4 * np.cos(swing)), 0.3 * dip + 0.25, 1.42 - dip - 0.4 * np.sin(x * swing)],
        }  # fmt: skip
        for name, xyz in place.items():
            for axis in range(3):
                out[:, JOINTS.index(f"{side}_{name}"), axis] = xyz[axis]
    return out


def views_of(lags: Sequence[float] = (0, 0, 0, 0), noise_px: float = 0.0, seed: int = 3) -> list[View]:
    """What cameras that are late by ``lags`` frames see; the landmark network's metres are exact."""
    rng, views = np.random.default_rng(seed), []
    for camera, lag in zip(ring(len(lags)), lags, strict=True):
        points = mover((np.arange(FRAMES) - lag) / FPS)
        px = camera.to_px(points) + rng.normal(0, noise_px, (FRAMES, len(JOINTS), 2))
        again = camera.to_px(points) + rng.normal(0, noise_px, px.shape)
        keypoints, marks, world = np.zeros((FRAMES, 17, 2)), np.zeros((FRAMES, 33, 2)), np.zeros((FRAMES, 33, 3))
        keypoints[:, COCO_ROWS], marks[:, BLAZEPOSE_ROWS] = px, again
        world[:, BLAZEPOSE_ROWS] = camera.to_camera(points)
        box = np.concatenate([px.min(1), px.max(1)], axis=1)
        views.append(View(
            camera, (1080, 1920), np.arange(FRAMES) / FPS, box, keypoints, np.ones((FRAMES, 17)), world, marks,
            np.ones((FRAMES, 33)), np.ones(FRAMES), np.stack([px, again], 1), np.ones((FRAMES, 2, len(JOINTS))),
        ))  # fmt: skip
    return views


class Told:
    """A regressor that hands on the landmarks' metres, each camera's with a mistake of its own."""

    name = "told"

    def __init__(self, bend: float = 0.0, silent: int = -1) -> None:
        self.bend, self.silent, self.times = bend, silent, list[float]()

    def fit(self, people: Sequence[PersonInput], camera: Any, t_s: float, image: Any = None) -> list[Any]:
        self.times.append(t_s)
        joints, out = np.full((len(BODY), 3), np.nan), []
        for person in people:
            assert person.landmarks is not None
            joints[COLUMNS] = person.landmarks.world_m[BLAZEPOSE_ROWS]
            if len(self.times) - 1 == self.silent:
                joints[:] = np.nan
            out.append(SimpleNamespace(joints_m=joints, sigma_m=np.zeros(len(BODY))))
        return out

    def forget(self, track_id: int) -> None: ...


def test_exact_views_give_the_exact_body_and_no_error() -> None:
    views = views_of()
    reference = make_reference(views, [0] * 4)
    inner = slice(8, -8)  # the low pass has less to go on at the ends
    truth = mover(np.arange(FRAMES) / FPS)
    assert np.abs(reference.points_m - truth)[inner].max() < 0.012  # what is faster than the cut-off is lost
    assert reference.reprojection_px < 3
    assert reference.outliers == 0
    result = evaluate_regressor(views, Told, reference)
    assert result["knee_hip_error_deg"] < 1.0
    assert result["knee_hip_error_deg"] == pytest.approx(result["raw_knee_hip_error_deg"])
    assert result["knee_hip_spread_deg"] == pytest.approx(0, abs=1e-5)
    assert result["instants"] == FRAMES
    assert set(result["by_angle"]) == set(ANGLES)
    assert set(result["by_camera"]) == {"c0", "c1", "c2", "c3"}
    json.dumps(result)
    assert "knee and hip: error" in multiview_lines(result)[-1]
    assert multiview_table(result).row_count == len(ANGLES)


@pytest.mark.parametrize("lags", [(0, 0, 4, 1), (0, -2, 3, 0)])
def test_the_lags_are_found_in_noisy_views(lags: tuple[int, ...]) -> None:
    reference = make_reference(views_of(lags, noise_px=8.0))
    assert reference.lags == lags
    off = np.abs(np.subtract(reference.lags_fine, lags))
    assert off.max() < 0.35


def test_parts_of_a_frame_are_told() -> None:
    reference = make_reference(views_of((0, 0, 2.4, 0), noise_px=4.0))
    assert reference.lags == (0, 0, 2, 0)
    assert reference.lags_fine[2] == pytest.approx(2.4, abs=0.2)


def test_a_camera_is_judged_at_its_own_instants() -> None:
    lags = (0, 0, 6, 1)
    views = views_of(lags)
    result = evaluate_regressor(views, Told, make_reference(views, lags))
    assert result["knee_hip_error_deg"] < 1.0
    late = result["by_camera"]["c2"]
    assert (late["frames_judged"], late["left_out"]["outside_common_time"]) == (FRAMES - 6, 6)
    wrong = evaluate_regressor(views, Told, make_reference(views, [0] * 4))
    assert wrong["knee_hip_error_deg"] > 2 * result["knee_hip_error_deg"]


def test_a_limb_lost_in_two_views_and_sides_exchanged_in_one_are_outvoted() -> None:
    views = views_of(noise_px=3.0)
    good = make_reference(views, [0] * 4)
    lost = views[1].closer_px.copy()
    lost[30:60, 0, JOINTS.index("left_ankle")] += [250.0, -90.0]  # the detector's only, in two views
    swapped = views[2].closer_px.copy()
    order = [JOINTS.index(j.replace("left", "x").replace("right", "left").replace("x", "right")) for j in JOINTS]
    swapped[20:50] = swapped[20:50][:, :, order]
    bad = [views[0], replace(views[1], closer_px=lost), replace(views[2], closer_px=swapped), views[3]]
    found = make_reference(bad, [0] * 4)
    assert np.linalg.norm(found.points_m - good.points_m, axis=-1).max() < 0.02
    assert found.sigma_deg.max() < 3


def test_what_is_not_seen_stays_unknown_and_is_counted() -> None:
    views = views_of()
    box, score, weight = views[1].box_xyxy.copy(), views[1].landmark_score.copy(), views[0].closer_weight.copy()
    box[10:13], score[10:13] = np.nan, np.nan
    gone = replace(views[1], box_xyxy=box, landmark_score=score, world_m=np.where(
        np.isnan(score)[:, None, None], np.nan, views[1].world_m))  # fmt: skip
    result = evaluate_regressor([views[0], gone, *views[2:]], lambda: Told(silent=40), make_reference(views, [0] * 4))
    assert result["by_camera"]["c1"]["left_out"]["person_not_found"] == 3
    assert result["by_camera"]["c0"]["left_out"]["no_angle_from_regressor"] == 1
    assert result["by_camera"]["c0"]["frames_judged"] == FRAMES - 1
    # an ankle that one camera alone sees has no place, and no angle
    weight[:, :, JOINTS.index("left_ankle")] = 0
    blind = [replace(v, closer_weight=weight) for v in views[:3]]
    reference = make_reference([*blind, views[3]], [0] * 4)
    assert np.isnan(reference.deg[:, ANGLES.index("left_knee")]).all()
    assert np.isfinite(reference.deg[:, ANGLES.index("right_knee")]).all()


def test_bias_spread_and_the_constant_offset_are_told_apart() -> None:
    views = views_of()
    reference = make_reference(views, [0] * 4)

    class Bent(Told):
        def fit(self, people: Sequence[PersonInput], camera: Any, t_s: float, image: Any = None) -> list[Any]:
            (pose,) = super().fit(people, camera, t_s)
            # the shin swings about the knee until the angle is less by ``bend``
            hip, knee, ankle = (pose.joints_m[INDEX[f"left_{n}"]] for n in ("hip", "knee", "ankle"))
            a, b = hip - knee, ankle - knee
            side = b - a * (a @ b) / (a @ a)
            turn = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) - np.radians(self.bend)
            unit = np.array([a / np.linalg.norm(a), side / np.linalg.norm(side)])
            pose.joints_m[INDEX["left_ankle"]] = knee + np.linalg.norm(b) * (
                np.cos(turn) * unit[0] + np.sin(turn) * unit[1]
            )
            return [pose]

    result = evaluate_regressor(views, lambda: Bent(bend=12.0), reference)
    knee = result["by_angle"]["left_knee"]
    assert knee["offset_deg"] == pytest.approx(-12, abs=1)
    assert knee["error_deg"] == pytest.approx(12, abs=1)
    assert result["by_camera"]["c3"]["bias_deg"]["left_knee"] == pytest.approx(-12, abs=1)
    assert result["knee_hip_error_without_offset_deg"] < 1.2
    assert result["knee_hip_error_deg"] == pytest.approx(12 / 4, abs=0.8)
    bends = iter((6.0, -6.0, 6.0, -6.0))
    result = evaluate_regressor(views, lambda: Bent(bend=next(bends)), reference)
    assert result["by_angle"]["left_knee"]["spread_deg"] == pytest.approx(6.0, abs=0.1)
    assert result["by_angle"]["left_knee"]["raw_spread_deg"] == pytest.approx(0, abs=1e-5)


def test_each_camera_gets_a_regressor_of_its_own_and_frames_in_order() -> None:
    made: list[Told] = []
    views = views_of()

    def make() -> Told:
        made.append(Told())
        return made[-1]

    evaluate_regressor(views, make, make_reference(views, [0] * 4))
    assert len(made) == 4
    assert all(m.times == list(views[0].t_s) for m in made)


def test_smoothing_leaves_gaps_open_and_slow_movement_alone() -> None:
    t = np.arange(120) / 60
    slow = np.sin(2 * np.pi * 1.0 * t)[:, None]
    np.testing.assert_allclose(smooth(slow, 60.0)[10:-10], slow[10:-10], atol=0.01)
    holed = slow.copy()
    holed[30:33], holed[60:90], holed[:5] = np.nan, np.nan, np.nan
    out = smooth(holed, 60.0)
    assert np.isfinite(out[30:33]).all()
    assert np.isnan(out[60:90]).all()
    assert np.isnan(out[:5]).all()
    assert smooth(slow, 10.0) is slow  # too few frames a second for a low pass


def test_a_point_that_most_views_share_wins() -> None:
    cameras = ring()
    point = np.array([[0.1, -0.2, 1.1]])
    px = np.stack([c.to_px(point) for c in cameras])
    px[3] += [300.0, 40.0]
    pairs, points, cost = proposals(cameras, px, np.ones((4, 1)), range(4))
    assert len(pairs) == 6
    np.testing.assert_allclose(best_of(points, cost.sum(1), range(6)), point, atol=1e-6)
    pairs, points, cost = proposals(cameras, px * np.nan, np.zeros((4, 1)), [0, 0, 1, 1])
    assert len(pairs) == 4
    assert np.isnan(best_of(points, cost.sum(1), range(4))).all()


def test_inner_angles_of_a_straight_and_a_bent_leg() -> None:
    points = mover(np.zeros(1))
    knee = ANGLES.index("left_knee")
    hip, at, ankle = (JOINTS.index(f"left_{n}") for n in ("hip", "knee", "ankle"))
    points[0, [hip, at, ankle]] = [[0, 0, 1.0], [0, 0, 0.5], [0, 0.5, 0.5]]
    assert inner_angles(points)[0, knee] == pytest.approx(90)
    points[0, ankle] = np.nan
    assert np.isnan(inner_angles(points)[0, knee])


def test_a_picture_fitted_into_another_size_is_put_back() -> None:
    view = views_of()[0]
    small = replace(view, size=(1080, 1920), camera=replace(view.camera, size=(1088, 1920)))
    scale, bar = 1080 / 1088, (1920 - 1920 * 1080 / 1088) / 2  # bars of 7 px above and below
    whole = np.array([[0.0, 0.0], [1087.0, 1919.0], [500.0, 700.0]])
    inside = (whole + 0.5) * scale + [0, bar] - 0.5
    np.testing.assert_allclose(small.straight(inside), whole, atol=1e-6)
    np.testing.assert_allclose(view.straight(whole), whole, atol=1e-6)


def test_a_closer_look_now_and_then_serves_the_frames_between() -> None:
    px = np.arange(7.0)[:, None, None, None] * np.ones((1, 2, len(JOINTS), 2))
    weight = np.ones((7, 2, len(JOINTS)))
    looked = np.arange(7) % 3 == 0
    weight[3, 1] = 0.5
    points, sure = between(
        np.where(looked[:, None, None, None], px, np.nan), np.where(looked[:, None, None], weight, 0.0), 3
    )
    np.testing.assert_allclose(points, px)
    np.testing.assert_allclose(sure[:, 1, 0], [1, 0.5, 0.5, 0.5, 0.5, 0.5, 1])


def test_observations_are_kept_without_pickle_and_come_back(tmp_path: Path) -> None:
    views, path = views_of(), tmp_path / "seen.npz"
    save_views(path, views)
    for got, want in zip(load_views(path), views, strict=True):
        assert (got.camera.name, got.size, got.camera.size) == (want.camera.name, want.size, want.camera.size)
        np.testing.assert_array_equal(got.closer_px, want.closer_px)
        np.testing.assert_array_equal(got.camera.matrix, want.camera.matrix)
    result = evaluate_multiview(tmp_path, keep=path)  # no videos are looked at
    assert result["raw_knee_hip_error_deg"] < 2
    for text in (b"", b"no archive"):
        path.write_bytes(text)
        with pytest.raises(ConfigError, match="does not hold"):
            load_views(path)
    np.savez(path, names=np.array(["a"]))
    with pytest.raises(ConfigError, match="does not hold"):
        load_views(path)
    with pytest.raises(ConfigError, match="cannot be written"):
        save_views(tmp_path / "no" / "folder.npz", views)


def calibration(folder: Path, count: int) -> None:
    text = "".join(f'[{c.name}]\nname = "{c.name}"\nmatrix = {c.matrix.tolist()}\ndistortions = [0.0, 0.0, 0.0, 0.0]\n'
                   f"rotation = [0.1, 0.2, 0.3]\ntranslation = [0.0, 0.0, 1.0]\n" for c in ring(4)[:count])  # fmt: skip
    (folder / "Calib.toml").write_text(text)


def test_other_folders_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no calibration"):
        evaluate_multiview(tmp_path)
    calibration(tmp_path, 1)
    with pytest.raises(ConfigError, match="1 cameras; two at least"):
        evaluate_multiview(tmp_path)
    (tmp_path / "Calib.toml").write_text("[")
    with pytest.raises(ConfigError, match="cannot be read"):
        evaluate_multiview(tmp_path)
    calibration(tmp_path, 4)
    with pytest.raises(ConfigError, match="there are 0 videos"):
        evaluate_multiview(tmp_path)
    (tmp_path / "videos").mkdir()
    for name in ("c0", "c1", "c2"):
        (tmp_path / "videos" / f"{name}.mp4").touch()
    with pytest.raises(ConfigError, match=r"4 cameras \(c0, c1, c2, c3\), and there are 3 videos"):
        evaluate_multiview(tmp_path)
    (tmp_path / "videos" / "c3.avi").touch()
    (tmp_path / "videos" / "another.mp4").touch()
    assert [v.name for v in videos_of(tmp_path, ring())] == ["c0.mp4", "c1.mp4", "c2.mp4", "c3.avi"]


@pytest.mark.parametrize(("text", "says"), [("c9 = 1", "c9 = 1"), ("c1 = 1.5", "whole number"), ("c1 =", "cannot be")])
def test_wrong_lags_are_refused(tmp_path: Path, text: str, says: str) -> None:
    assert read_lags(tmp_path, ["c0", "c1"]) is None
    (tmp_path / "lags.toml").write_text("c0 = 1\nc1 = 4")
    assert read_lags(tmp_path, ["c0", "c1", "c2"]) == [0, 3, -1]
    (tmp_path / "lags.toml").write_text(text)
    with pytest.raises(ConfigError, match=says):
        read_lags(tmp_path, ["c0", "c1"])


def test_views_without_movement_or_people_are_refused() -> None:
    views = views_of()
    assert shifted(np.zeros((4, 3, 1)), [0, 0, 1, 0])[2, -1] != 0  # NaN where the trial has none
    empty = [replace(v, closer_weight=np.zeros_like(v.closer_weight)) for v in views]
    with pytest.raises(ConfigError, match="no reference"):
        make_reference(empty)
