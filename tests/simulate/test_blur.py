"""Motion blur on small pictures made by hand."""

import numpy as np
import pytest

from groupcoach.simulate.blur import PER_BODY, SEGMENTS, segment_of_parts, smear
from groupcoach.skeleton import INDEX


def test_blur_smears_along_the_movement_and_nowhere_else():
    image = np.full((60, 80, 3), 40, np.uint8)
    owner = np.full((60, 80), -1, np.int16)
    image[20:40, 30:40], owner[20:40, 30:40] = 240, PER_BODY + 2
    image[:, 60:] = np.random.default_rng(0).integers(0, 255, (60, 20, 3))
    before = image.copy()
    nearness = np.where(owner >= 0, 0.5, 0).astype(np.float32)
    way = np.zeros((len(SEGMENTS), 2))
    way[2] = (8, 0)
    smear(image, owner, nearness, PER_BODY, way, (30, 20, 39, 39))
    assert np.array_equal(image[:20], before[:20])
    assert np.array_equal(image[40:], before[40:])
    assert np.array_equal(image[:, 60:], before[:, 60:])
    row = image[30, :, 0].astype(float)
    assert (np.diff(row[24:35]) >= 0).all()
    assert (np.diff(row[35:46]) <= 0).all()
    assert row[30] == pytest.approx(140, abs=14)  # half of the time at the edge
    assert row.sum() == pytest.approx(before[30, :, 0].sum(), rel=0.01)  # no halo: no light comes or goes
    assert (row[:25] == 40).all()


def test_blur_goes_behind_what_is_in_front():
    image = np.full((40, 60, 3), 40, np.uint8)
    owner = np.full((40, 60), -1, np.int16)
    nearness = np.zeros((40, 60), np.float32)
    image[10:30, 20:30], owner[10:30, 20:30], nearness[10:30, 20:30] = 240, 0, 0.3
    image[:, 30:36], owner[:, 30:36], nearness[:, 30:36] = 100, PER_BODY, 0.6
    way = np.zeros((len(SEGMENTS), 2))
    way[0] = (10, 0)
    smear(image, owner, nearness, 0, way, (20, 10, 29, 29))
    assert (image[:, 30:36] == 100).all()
    assert image[20, 18, 0] > 60


def test_every_joint_belongs_to_a_segment_of_its_side():
    names = [name for name, _, _ in SEGMENTS]
    of = [names[row] for row in segment_of_parts()]
    assert of[INDEX["left_elbow"]] == "left_forearm"
    assert of[INDEX["right_hip"]] == "right_thigh"
    assert of[INDEX["head"]] == of[INDEX["neck"]] == "head"
    assert of[INDEX["pelvis"]] == of[INDEX["spine_high"]] == of[INDEX["left_collar"]] == "trunk"
    assert set(of) == set(names)
