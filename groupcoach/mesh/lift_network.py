"""The lifter's network at work: a few matrix products in numpy for everybody at once.

The weights (``models/lifter.safetensors``) are made by ``python -m groupcoach.training.lifter``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.mesh.body_model import N_BETAS
from groupcoach.mesh.features import WIDTH
from groupcoach.records import Floats
from groupcoach.shipped import shipped, weights
from groupcoach.skeleton import INDEX, INNER_ANGLES, JOINTS, N_SMPL

SHIPPED: Final = shipped("lifter.safetensors")
_OUT: Final = (6 * N_SMPL, N_BETAS, len(JOINTS), len(INNER_ANGLES))
_HIPS: Final = [INDEX["left_hip"], INDEX["right_hip"]]
_EPS: Final = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Lifted:
    """What the network answers for N people."""

    turns: Floats
    """(N, 24, 3, 3) whole rotation of each part, axes of the camera turned at the person."""
    betas: Floats
    """(N, 10)"""
    sigma_m: Floats
    """(N, J) standard deviation of a joint's place along one axis."""
    sigma_deg: Floats
    """(N, inner angles) standard deviation of an angle."""


class LiftNetwork:
    """Inputs of ``features.assemble`` -> rotations, shape, uncertainty."""

    def __init__(self, path: Path | None = None) -> None:
        """Load weights.

        Raises:
            AssetError: the file is missing or of another layout.
        """
        with weights(path or SHIPPED, "lifter") as (notes, tensor):
            if notes.get("kind") != "groupcoach lifter":
                raise ValueError("another kind of file")

            def get(name: str) -> NDArray[np.float32]:
                values: NDArray[np.float32] = np.ascontiguousarray(tensor(name).T)
                return values

            blocks = int(notes["blocks"])
            self._mean, self._scale = get("mean"), get("scale")
            self._enter, self._leave = self._layer(get, "enter"), self._layer(get, "leave")
            self._blocks = [
                (self._layer(get, f"norms.{i}"), self._layer(get, f"up.{i}"), self._layer(get, f"down.{i}"))
                for i in range(blocks)
            ]
            self._norm = self._layer(get, f"norms.{blocks}")
            self._wide = {
                mode: (get(f"joint_scale.{mode}"), get(f"angle_scale.{mode}")) for mode in ("landmarks", "keypoints")
            }
            self.lift(np.zeros((1, WIDTH), np.float32), np.ones(1, bool))  # layers that do not fit fail here

    @staticmethod
    def _layer(get, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:  # type: ignore[no-untyped-def]
        return get(f"{name}.weight"), get(f"{name}.bias")

    def lift(self, x: NDArray[np.float32], has_landmarks: NDArray[np.bool_]) -> Lifted:
        """Answers for inputs (N, WIDTH); ``has_landmarks`` (N,) says which were made with landmarks."""
        h = np.clip((x - self._mean) * self._scale, -6, 6)
        h = h @ self._enter[0] + self._enter[1]
        for norm, up, down in self._blocks:
            inner = _normed(h, *norm) @ up[0]
            inner += up[1]
            np.maximum(inner, 0, out=inner)
            h = h + inner @ down[0] + down[1]
        out = (_normed(h, *self._norm) @ self._leave[0] + self._leave[1]).astype(np.float64)
        six, betas, log_joint, log_angle = np.split(out, np.cumsum(_OUT)[:-1], axis=1)
        seen = has_landmarks[:, None]
        (joint, angle), (joint0, angle0) = self._wide["landmarks"], self._wide["keypoints"]
        sigma_m = np.exp(np.clip(log_joint, -3, 6)) * np.where(seen, joint, joint0)
        # everything was measured from the root joint, so training saw it never off: it is as sure as the hips
        sigma_m[:, 0] = sigma_m[:, _HIPS].mean(1)
        sigma_deg = np.exp(np.clip(log_angle, -3, 6)) * np.where(seen, angle, angle0)
        return Lifted(orthonormal(six.reshape(-1, N_SMPL, 6)), np.clip(betas, -4, 4), sigma_m, sigma_deg)


def _normed(h: NDArray[np.float32], gain: NDArray[np.float32], shift: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = h - h.mean(1, keepdims=True)
    result: NDArray[np.float32] = centred / np.sqrt((centred**2).mean(1, keepdims=True) + _EPS) * gain + shift
    return result


def orthonormal(six: Floats) -> Floats:
    """(..., 6) -> rotations (..., 3, 3): the first two columns, made square to each other (Zhou et al. 2019)."""
    x = six[..., :3] / np.maximum(np.linalg.norm(six[..., :3], axis=-1, keepdims=True), 1e-9)
    y = six[..., 3:] - (x * six[..., 3:]).sum(-1, keepdims=True) * x
    y = y / np.maximum(np.linalg.norm(y, axis=-1, keepdims=True), 1e-9)
    z = np.stack([x[..., 1] * y[..., 2] - x[..., 2] * y[..., 1], x[..., 2] * y[..., 0] - x[..., 0] * y[..., 2],
                  x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0]], axis=-1)  # fmt: skip
    result: Floats = np.stack([x, y, z], axis=-1)
    return result
