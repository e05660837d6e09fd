"""The multi-layer perceptron that names the exercise (the source method's classifier), everybody in one batch.

Weights are shipped (``models/classifier.safetensors``); ``groupcoach.training.classifier`` makes them again. Three
small matrix products need no deep-learning runtime: numpy answers for 30 people in well under a millisecond.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from groupcoach.classify.window import N_FEATURES
from groupcoach.errors import AssetError
from groupcoach.records import Floats
from groupcoach.shipped import shipped, weights

SHIPPED = shipped("classifier.safetensors")


class Classifier:
    """Features -> probabilities."""

    def __init__(self, path: Path | None = None) -> None:
        """Load weights.

        Raises:
            AssetError: the file is missing or of another layout.
        """
        path = path or SHIPPED
        with weights(path, "classifier") as (notes, tensor):
            self.classes: tuple[str, ...] = tuple(json.loads(notes["classes"]))
            kinds = np.array(json.loads(notes["class_of_kind"]))
            self._merge = (kinds[:, None] == np.arange(len(self.classes))[None]).astype(np.float32)
            self._temperature = float(notes["temperature"])
            self._mean, self._scale = tensor("mean"), tensor("scale")
            self._layers = [(tensor(f"weight{i}"), tensor(f"bias{i}")) for i in range(int(notes["layers"]))]
            self.probabilities(np.zeros((1, len(self._mean))))  # layers that do not fit together fail here
        if len(self._mean) != N_FEATURES:
            raise AssetError(
                f"{path.name}: made for {len(self._mean)} features, this version computes {N_FEATURES}. "
                "Make it again with `python -m groupcoach.training.classifier`."
            )

    def probabilities(self, features: Floats) -> Floats:
        """(N, C) for features (N, F); a feature that is NaN counts as average."""
        x = np.nan_to_num((features - self._mean) / self._scale).clip(-6, 6).astype(np.float32)
        for i, (weight, bias) in enumerate(self._layers):
            x = x @ weight + bias
            if i + 1 < len(self._layers):
                x = np.maximum(x, 0)
        z = x / self._temperature
        e = np.exp(z - z.max(axis=1, keepdims=True))
        # the network tells more kinds of movement apart than the catalogue has exercises: their shares add up
        result: Floats = (e / e.sum(axis=1, keepdims=True)) @ self._merge
        return result
