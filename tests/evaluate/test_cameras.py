from pathlib import Path

import cv2
import numpy as np
import pytest

from groupcoach.errors import ConfigError
from groupcoach.evaluate.cameras import (
    Camera,
    find_lags,
    read_cameras,
    reprojection,
    same_bodies,
    shifted,
    triangulate,
)
from groupcoach.evaluate.keypoints import leave_one_out
from groupcoach.skeleton import COCO_INDEX


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
        cameras.append(Camera(f"c{k}", matrix, np.zeros(4), rotation, -rotation @ place))
    return cameras


def body(at: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """(17, 3) somebody standing, world axes."""
    rng = np.random.default_rng(3)
    points = rng.uniform(-0.3, 0.3, (17, 3)) + np.array([0, 0, 1.0])
    for name, place in (("shoulder", 1.45), ("hip", 0.95)):
        for side, x in (("left", 0.18), ("right", -0.18)):
            points[COCO_INDEX[f"{side}_{name}"]] = [x, 0.0, place]
    return points + np.array([*at, 0.0])


def seen_by(cameras: list[Camera], points: np.ndarray) -> np.ndarray:
    return np.stack([c.to_px(points) for c in cameras])


def test_points_come_back_from_their_pictures_and_one_wrong_view_is_outvoted() -> None:
    cameras, points = ring(), body()
    px = seen_by(cameras, points)
    np.testing.assert_allclose(triangulate(cameras, px, np.ones((4, 17))), points, atol=1e-6)
    px[2, 5] += [150.0, -80.0]  # two right ones could not outvote it, three can
    found = triangulate(cameras, px, np.ones((4, 17)), rounds=30)
    assert np.linalg.norm(found[5] - points[5]) < 0.02
    px[1:, 8] = np.nan
    assert np.isnan(triangulate(cameras, px, np.ones((4, 17)))[8]).all()
    assert reprojection(cameras, points, seen_by(cameras, points)).max() < 1e-6


def test_the_slope_is_how_far_the_picture_point_moves() -> None:
    camera, points, step = ring()[1], body(), np.array([1e-5, -2e-5, 3e-5])
    moved = camera.to_px(points + step) - camera.to_px(points)
    np.testing.assert_allclose(camera.slope(points) @ step, moved, rtol=1e-3, atol=1e-7)


def test_people_are_matched_across_cameras_whatever_their_order() -> None:
    cameras = ring()
    two = [seen_by(cameras, body((-0.6, 0.2))), seen_by(cameras, body((0.7, -0.3)))]
    sure = np.ones((2, 17))
    seen = [(np.stack([two[0][c], two[1][c]] if c % 2 else [two[1][c], two[0][c]]), sure) for c in range(4)]
    assert set(same_bodies(cameras, seen)) == {(0, 1, 0, 1), (1, 0, 1, 0)}
    assert same_bodies(cameras, [*seen[:3], (np.zeros((0, 17, 2)), np.zeros((0, 17)))]) == []


def test_the_lags_of_the_cameras_are_found() -> None:
    cameras, t = ring(), np.arange(60) / 30
    paths = np.stack([body() + 0.25 * np.sin(2 * np.pi * 0.9 * s) * np.array([1.0, 0.4, 0.7]) for s in t])
    tracks = np.stack([c.to_px(paths) for c in cameras])
    tracks += np.random.default_rng(5).normal(0, 4.0, tracks.shape)
    late = shifted(tracks, [0, 0, -4, -1])  # cameras 3 and 4 show everything 4 frames and 1 frame later
    assert find_lags(cameras, late, longest=5) == [0, 0, 4, 1]


def test_leaving_one_camera_out_measures_the_noise_of_a_view() -> None:
    cameras, noise = ring(), 6.0
    px = np.repeat(seen_by(cameras, body())[:, None], 150, axis=1)
    px = px + np.random.default_rng(7).normal(0, noise, px.shape)
    raw, corrected, torso = leave_one_out(cameras, px, np.ones((4, 150, 17)))
    assert np.median(torso) == pytest.approx(0.5, abs=0.01)
    at_four_metres = 0.5 * 1400 / 4.0
    want = noise * 1.1774 / at_four_metres  # median of the length of a normal vector in the plane
    assert np.nanmedian(corrected) == pytest.approx(want, rel=0.12)
    assert np.nanmedian(raw) > 1.1 * np.nanmedian(corrected)


def test_distortion_is_taken_out() -> None:
    plain = ring()[0]
    bent = Camera("bent", plain.matrix, np.array([-0.05, 0.1, 0.001, 0.0]), plain.rotation, plain.translation)
    points = body()
    turn, place = cv2.Rodrigues(bent.rotation)[0], bent.translation
    px = cv2.projectPoints(points, turn, place, bent.matrix, bent.distortions)[0][:, 0]
    px[3] = np.nan
    straight = bent.undistorted(px)
    known = np.arange(17) != 3
    np.testing.assert_allclose(straight[known], bent.to_px(points)[known], atol=0.05)
    assert np.isnan(straight[3]).all()


def test_calibrations_in_toml_and_of_qualisys_are_read_alike(tmp_path: Path) -> None:
    cameras = ring(3)
    toml, xml = tmp_path / "toml" / "calibration", tmp_path / "xml" / "calibration"
    text, items = "", ""
    for c in cameras:
        turn = cv2.Rodrigues(c.rotation)[0].ravel().tolist()
        text += (f'[{c.name}]\nname = "{c.name}"\nmatrix = {c.matrix.tolist()}\ndistortions = [0.0, 0.0, 0.0, 0.0]\n'
                 f"rotation = {turn}\ntranslation = {c.translation.tolist()}\n")  # fmt: skip
        rows, place = np.diag([1.0, -1, -1]) @ c.rotation, -c.rotation.T @ c.translation * 1000
        spin = " ".join(f'r{a + 1}{b + 1}="{rows[a, b]}"' for a in range(3) for b in range(3))
        items += (f'<camera serial="{c.name}"><transform {spin} x="{place[0]}" y="{place[1]}" z="{place[2]}"/>'
                  f'<intrinsic focalLengthU="{1400 * 64}" focalLengthV="{1400 * 64}" centerPointU="{540 * 64}" '
                  f'centerPointV="{960 * 64}" radialDistortion1="0" radialDistortion2="0" tangentalDistortion1="0" '
                  'tangentalDistortion2="0"/></camera>')  # fmt: skip
    toml.mkdir(parents=True)
    xml.mkdir(parents=True)
    (toml / "Calib.toml").write_text(text)
    (xml / "Calib.qca.txt").write_text(f"<calibration><cameras>{items}</cameras></calibration>")
    for folder in (toml.parent, xml.parent):
        for got, want in zip(read_cameras(folder), cameras, strict=True):
            assert got.name == want.name
            np.testing.assert_allclose(got.to_px(body()), want.to_px(body()), atol=1e-6)


@pytest.mark.parametrize(("text", "says"), [("[a]\nmatrix = [1]", "cannot be read"), ("[a]\nmatrix = [[1,0,0],[0,1,0],"
                         "[0,0,1]]", "distortions"), ("", "0 cameras"), ("[", "cannot be read")])  # fmt: skip
def test_a_calibration_that_is_wrong_is_refused_in_words(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match="no calibration"):
        read_cameras(tmp_path)
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(ConfigError, match=says):
        read_cameras(tmp_path)
