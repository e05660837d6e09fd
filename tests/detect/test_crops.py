from __future__ import annotations

import math

import numpy as np
import pytest

from groupcoach.detect.blazepose import anchors, tiles
from groupcoach.detect.landmarks import SIDE, Crop, crop_from_axis, crop_from_keypoints
from groupcoach.skeleton import COCO_INDEX

BOX = np.array([100.0, 50, 200, 350])


def standing() -> np.ndarray:
    points = np.full((17, 2), [150.0, 80.0])
    pairs = (("shoulder", 22, 110), ("elbow", 30, 160), ("wrist", 32, 210), ("hip", 14, 200), ("knee", 14, 270))
    for name, x, y in (*pairs, ("ankle", 14, 340)):
        points[COCO_INDEX[f"left_{name}"]] = 150 + x, y
        points[COCO_INDEX[f"right_{name}"]] = 150 - x, y
    return points


def through(crop: Crop, points: np.ndarray) -> np.ndarray:
    """Frame points in crop pixels."""
    m = crop.to_frame()
    return np.linalg.solve(m[:, :2], (points - m[:, 2]).T).T


@pytest.mark.parametrize("turn", [0.0, 0.4, -1.2, math.pi / 2, 3.0])
def test_the_affine_map_goes_there_and_back(turn: float) -> None:
    crop = Crop(320.0, 200.0, 150.0, turn)
    m = crop.to_frame()
    assert m[:, :2] @ [SIDE / 2, SIDE / 2] + m[:, 2] == pytest.approx([320, 200])
    corners = np.array([[0.0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]])
    out = corners @ m[:, :2].T + m[:, 2]
    assert np.linalg.norm(out[1] - out[0]) == pytest.approx(150)
    assert np.linalg.det(m[:, :2]) > 0  # never a mirror image
    assert through(crop, out) == pytest.approx(corners, abs=1e-9)


@pytest.mark.parametrize("lean_deg", [0, 30, 90, -90, 180])
def test_the_crop_stands_a_body_upright(lean_deg: float) -> None:
    a = math.radians(lean_deg)
    hips = np.array([200.0, 300.0])
    top = hips + 100 * np.array([math.sin(a), -math.cos(a)])
    crop = crop_from_axis(hips, top, 120.0)
    up = through(crop, np.stack([hips, top]))
    assert up[0] == pytest.approx([SIDE / 2, SIDE / 2])
    assert up[1] == pytest.approx([SIDE / 2, SIDE / 2 - 100 * SIDE / 240])


def test_the_whole_body_lies_in_the_crop() -> None:
    crop = crop_from_keypoints(standing(), np.ones(17), BOX)
    inside = through(crop, np.concatenate([standing(), [[150, 55], [150, 365]]]))  # crown and toes too
    assert (inside > 0).all()
    assert (inside < SIDE).all()
    assert abs(crop.turn) < 1e-9


def test_moving_scaling_and_turning_the_body_moves_the_crop_with_it() -> None:
    points, sure = standing(), np.ones(17)
    want = through(crop_from_keypoints(points, sure, BOX), points)
    for k, a in ((0.3, 0.0), (2.0, 0.7), (1.0, math.pi / 2)):
        turn = k * np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
        moved = points @ turn.T + [40, -20]
        assert through(crop_from_keypoints(moved, sure, BOX), moved) == pytest.approx(want, abs=1e-6)


@pytest.mark.parametrize("hidden", ["hip", "shoulder", "everything"])
def test_the_box_stands_in_where_the_trunk_is_not_seen(hidden: str) -> None:
    sure = np.array([0.0 if hidden == "everything" or hidden in n else 0.9 for n in COCO_INDEX])
    points = np.where(sure[:, None] > 0.3, standing(), np.nan)
    crop = crop_from_keypoints(points, sure, BOX)
    assert (crop.cx, crop.cy, crop.turn) == (150, 200, 0)
    assert crop.side == 1.25 * 300


def test_one_hip_is_enough() -> None:
    sure = np.ones(17)
    sure[COCO_INDEX["left_hip"]] = 0.1
    crop = crop_from_keypoints(standing(), sure, BOX)
    assert (crop.cx, crop.cy) == (136, 200)


def test_there_are_as_many_anchors_as_the_network_answers() -> None:
    at = anchors()
    assert at.shape == (2254, 2)
    assert at[0] == pytest.approx([4 / 224, 4 / 224])
    assert at[2] == pytest.approx([12 / 224, 4 / 224])  # two in each cell, first along x
    assert at[-1] == pytest.approx([208 / 224, 208 / 224])


@pytest.mark.parametrize(("w", "h"), [(1280, 720), (720, 1280), (640, 640), (641, 353), (3000, 300)])
def test_tiles_cover_every_pixel_at_every_fineness(w: int, h: int) -> None:
    by_side: dict[int, list[tuple[int, int]]] = {}
    for x, y, side in tiles(w, h):
        by_side.setdefault(side, []).append((x, y))
    assert max(by_side) == max(w, h)
    for side, places in by_side.items():
        hit = np.zeros((h, w), bool)
        for x, y in places:
            hit[max(y, 0) : y + side, max(x, 0) : x + side] = True
        assert hit.all()
