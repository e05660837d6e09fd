from __future__ import annotations

import numpy as np
import pytest

from groupcoach.classify.network import Classifier
from groupcoach.classify.window import N_FEATURES
from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.mesh.analytic import AnalyticLifter
from groupcoach.mesh.body_model import BodyModel
from groupcoach.skeleton import BLAZEPOSE_INDEX, INDEX, N_SMPL
from groupcoach.training.classifier import _EXERCISE_OF, CLASSES, KINDS, as_seen, samples

LIFTER = AnalyticLifter()


def test_the_shipped_weights_are_of_these_classes() -> None:
    assert set(Classifier().classes) == set(CLASSES)
    assert set(CLASSES) == {*load_catalogue().ids, "unknown"}
    assert {"reverse_lunge", "lunge"} == {k for k, e in _EXERCISE_OF.items() if e == "lunge"}


def test_samples_are_labelled_windows_and_the_same_again() -> None:
    x, y = zip(*samples("squat", 3, LIFTER), strict=True)
    again, _ = zip(*samples("squat", 3, LIFTER), strict=True)
    assert np.stack(x).shape == (len(y), N_FEATURES)
    assert np.array_equal(np.stack(x), np.stack(again), equal_nan=True)
    kinds = {KINDS[k] for k in y}
    assert "squat" in kinds
    assert kinds <= {"squat", "stand", "transition"}
    assert y.count(KINDS.index("squat")) > len(y) / 2


@pytest.mark.parametrize("seed", range(4))
def test_errors_of_the_made_up_network_are_centimetres(seed: int) -> None:
    body = BodyModel()
    still = np.tile(np.eye(3), (40, N_SMPL, 1, 1))
    joints = body.joints(still, np.zeros((40, 10)), np.zeros((40, 3)))
    world = as_seen(joints, 0.1, np.random.default_rng(seed))
    assert world.shape == (40, 33, 3)
    assert np.isfinite(world[:, [BLAZEPOSE_INDEX[n] for n in ("left_hip", "right_wrist", "left_toe", "nose")]]).all()
    assert np.isnan(world[:, BLAZEPOSE_INDEX["left_thumb"]]).all()

    def height(points: np.ndarray, top: int, low: int) -> float:
        return float(np.linalg.norm(points[:, top] - points[:, low], axis=-1).mean())

    seen = height(world, BLAZEPOSE_INDEX["nose"], BLAZEPOSE_INDEX["left_ankle"])
    assert seen == pytest.approx(height(joints, INDEX["nose"], INDEX["left_ankle"]), rel=0.2)
    assert (world[:, BLAZEPOSE_INDEX["nose"], 1] < world[:, BLAZEPOSE_INDEX["left_ankle"], 1]).all()  # y points down
