from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from groupcoach.classify.network import SHIPPED, Classifier
from groupcoach.classify.window import N_FEATURES
from groupcoach.errors import AssetError

RNG = np.random.default_rng(0)


def write(path: Path, *, features: int = N_FEATURES, hidden: int = 8, **meta: str) -> Path:
    """A small network of three kinds, the last two of which are one class."""
    tensors = {
        "mean": np.zeros(features, np.float32), "scale": np.ones(features, np.float32),
        "weight0": RNG.standard_normal((features, 8)).astype(np.float32), "bias0": np.zeros(8, np.float32),
        "weight1": RNG.standard_normal((hidden, 3)).astype(np.float32), "bias1": np.zeros(3, np.float32),
    }  # fmt: skip
    about = {
        "classes": json.dumps(["squat", "unknown"]),
        "class_of_kind": "[0, 1, 1]",
        "layers": "2",
        "temperature": "2",
    }
    save_file(tensors, str(path), metadata={**about, **meta})
    return path


@pytest.fixture(scope="module")
def shipped() -> Classifier:
    return Classifier()


def test_probabilities_sum_to_one(shipped: Classifier) -> None:
    p = shipped.probabilities(RNG.standard_normal((50, N_FEATURES)))
    assert p.shape == (50, len(shipped.classes))
    assert p.sum(1) == pytest.approx(1, abs=1e-5)
    assert (p >= 0).all()
    assert "unknown" in shipped.classes
    assert shipped.probabilities(np.zeros((0, N_FEATURES))).shape == (0, len(shipped.classes))


@pytest.mark.parametrize("wild", [np.nan, np.inf, -np.inf, 1e30])
def test_features_that_are_no_numbers_give_numbers(shipped: Classifier, wild: float) -> None:
    x = RNG.standard_normal((3, N_FEATURES))
    x[0, ::7] = wild
    x[1] = wild
    p = shipped.probabilities(x)
    assert np.isfinite(p).all()
    assert p.sum(1) == pytest.approx(1, abs=1e-5)
    assert p[2] == pytest.approx(shipped.probabilities(x[2:])[0], abs=1e-5)  # and nobody else's change


def test_an_unknown_feature_counts_as_average(tmp_path: Path) -> None:
    net = Classifier(write(tmp_path / "net.safetensors"))
    x = RNG.standard_normal((1, N_FEATURES))
    x[0, 5] = 0.0
    holes = x.copy()
    holes[0, 5] = np.nan
    assert net.probabilities(holes) == pytest.approx(net.probabilities(x))


def test_kinds_add_up_to_classes(tmp_path: Path) -> None:
    net = Classifier(write(tmp_path / "net.safetensors"))
    assert net.classes == ("squat", "unknown")
    assert net.probabilities(np.zeros((1, N_FEATURES)))[0] == pytest.approx([1 / 3, 2 / 3])


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match=r"none\.safetensors should lie .* groupcoach\.training\.classifier"):
        Classifier(tmp_path / "none.safetensors")


def test_weights_of_other_features_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match=f"made for 7 features, this version computes {N_FEATURES}"):
        Classifier(write(tmp_path / "old.safetensors", features=7))


def garbage(path: Path) -> Path:
    path.write_bytes(b"not a network at all")
    return path


def cut(path: Path) -> Path:
    path.write_bytes(SHIPPED.read_bytes()[:5000])
    return path


def bare(path: Path) -> Path:
    save_file({"mean": np.zeros(3, np.float32)}, str(path))
    return path


def with_meta(**meta: Any) -> Callable[[Path], Path]:
    return lambda path: write(path, **meta)


@pytest.mark.parametrize(
    "make",
    [garbage, cut, bare, with_meta(layers="3"), with_meta(temperature="warm"), with_meta(classes="squat"),
     with_meta(hidden=9), with_meta(class_of_kind="[0, 1]")],
)  # fmt: skip
def test_another_file_is_refused_in_one_paragraph(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    with pytest.raises(AssetError, match=r"wrong\.safetensors: not the weights of this classifier") as caught:
        Classifier(make(tmp_path / "wrong.safetensors"))
    assert "Restore the file" in str(caught.value)
