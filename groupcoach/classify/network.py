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
from groupcoach.shipped import shipped

SHIPPED = shipped("classifier.safetensors")


class Classifier:
    """Features -> probabilities."""

    def __init__(self, path: Path | None = None) -> None:
        """Load weights.

        Raises:
            AssetError: the file is missing or of another layout.
        """
        from safetensors import safe_open

        path = path or SHIPPED
        if not path.is_file():
            raise AssetError(
                f"Classifier weights not found: {path.name} should lie in the project's models/ folder. "
                "Restore it from the repository, or make it with `python -m groupcoach.training.classifier`."
            )
        try:
            with safe_open(str(path), framework="numpy") as file:
                meta = file.metadata() or {}
                self.classes: tuple[str, ...] = tuple(json.loads(meta["classes"]))
                kinds = np.array(json.loads(meta["class_of_kind"]))
                self._merge = (kinds[:, None] == np.arange(len(self.classes))[None]).astype(np.float32)
                self._temperature = float(meta["temperature"])
                self._mean, self._scale = file.get_tensor("mean"), file.get_tensor("scale")
                self._layers = [
                    (file.get_tensor(f"weight{i}"), file.get_tensor(f"bias{i}")) for i in range(int(meta["layers"]))
                ]
            self.probabilities(np.zeros((1, len(self._mean))))  # layers that do not fit together fail here
        except Exception as bad:  # safetensors raises its own bare error class
            raise AssetError(
                f"{path.name}: not the weights of this classifier ({bad}). Restore the file from the repository."
            ) from bad
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
