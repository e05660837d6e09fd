"""Picture crops -> SMPL pose: the image regressor HMR in the layout of FrankMocap's body module (and SPIN's).

A ResNet-50 looks at each person's crop; a small network then corrects a mean pose three times (``hmr_network.py``).
The user brings the checkpoint; nothing of it is shipped or fetched. One batch for everybody, on the GPU where torch has
one.

What is exact with which body: the 24 rotations with any. The ten shape values mean something in SMPL's own shape space
only, so they are used with a licensed SMPL body (``--body-model``) and left at zero, an average build, with ours.
Sizes and depths are then those of an average adult.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from groupcoach.errors import DataError
from groupcoach.mesh.body_model import N_BETAS, BodyModel
from groupcoach.mesh.camera import Camera
from groupcoach.mesh.hmr_network import load_network
from groupcoach.mesh.regressor import PersonInput
from groupcoach.mesh.rotation import frame_of, shortest_turn, unit
from groupcoach.records import BodyPose, Floats
from groupcoach.runtime import device as best_device
from groupcoach.skeleton import JOINTS, N_SMPL

INPUT: Final = 224
#: The crop's side over the longer side of the box, as SPIN cuts it.
CROP: Final = 1.2
SIGMA_M: Final = 0.06
"""Of a joint along each axis. SPIN's mean joint error on 3DPW is published as 96.9 mm: the mean length of three normal
errors of 61 mm. The network says nothing of its own doubt, so it is the same for every joint."""
SIGMA_OUTSIDE_M: Final = 0.15
"""Of a joint outside the picture, which the network can only guess."""
_MEAN, _STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
_SMALLEST_PX: Final = 20
"""Side of a crop in which there is nothing to see."""
_SMALLEST_SCALE: Final = 0.1
"""A camera scale below this would make the crop 20 m wide."""
_SMPL_ROOT: Final = np.array([-0.0018, -0.2233, 0.0282])
"""Pelvis of SMPL's mean body in its own axes (m): the camera places the origin of those axes."""
_SMPL_VERTICES: Final = 6890


class HmrRegressor:
    """The regressor of ``--regressor hmr``. Each frame by itself: nothing is remembered of a track."""

    name = "hmr"
    needs_image = True

    def __init__(self, checkpoint: Path, body: BodyModel | None = None, device: str | None = None) -> None:
        """Load and check the weights.

        Args:
            checkpoint: The file.
            body: The body; the project's own when left out.
            device: ``cpu`` or ``cuda``; the best one when left out.

        Raises:
            AssetError: The file cannot be used.
        """
        self.body = body or BodyModel()
        self.device = device or best_device()
        self.network = load_network(checkpoint).to(self.device)
        self._shaped = len(self.body.vertex_part) == _SMPL_VERTICES
        # the camera speaks of the origin of SMPL's body, which is above its pelvis; another body's is elsewhere
        self._origin = _SMPL_ROOT - self.body.rest_joints(np.zeros((1, N_BETAS)))[0, 0]

    def forget(self, track_id: int) -> None:
        """A track ended: there is nothing to drop."""

    def fit(
        self, people: Sequence[PersonInput], camera: Camera, t_s: float, image: NDArray[np.uint8] | None = None
    ) -> list[BodyPose]:
        """One pose per person, in order; somebody of whom there is too little to see is all NaN.

        Args:
            people: Of the frame; the boxes are used, the keypoints are not.
            camera: Of the frame.
            t_s: Not used.
            image: (H, W, 3) RGB.

        Raises:
            DataError: There is no picture.
        """
        if not people:
            return []
        if image is None:
            raise DataError("HmrRegressor.fit: image: the picture of the frame is needed, got None.")
        squares = np.stack([square(p.box_xyxy) for p in people])
        visible = np.array([_in_picture(s, image) for s in squares])
        poses = [_nothing() for _ in people]
        for i, pose in zip(np.flatnonzero(visible), self._fit(image, squares[visible], camera), strict=True):
            poses[i] = pose if pose is not None else poses[i]
        return poses

    def _fit(self, image: NDArray[np.uint8], squares: Floats, camera: Camera) -> list[BodyPose | None]:
        if not len(squares):
            return []
        with torch.inference_mode():
            out = self.network(torch.from_numpy(crops(image, squares)).to(self.device))
        pose6, shape, cam = (value.double().cpu().numpy() for value in out)
        turns = rotations(pose6)
        good = np.isfinite(turns).all(axis=(1, 2, 3)) & np.isfinite(shape).all(1) & np.isfinite(cam).all(1)
        good &= cam[:, 0] > _SMALLEST_SCALE
        turns, shape = np.where(good[:, None, None, None], turns, np.eye(3)), np.where(good[:, None], shape, 0.0)
        origin, ray_turn = locate(np.where(good[:, None], cam, 1.0), squares, camera)
        turns[:, 0] = ray_turn @ turns[:, 0]
        betas = shape if self._shaped else np.zeros_like(shape)
        transl = origin + self._origin
        joints = self.body.joints(turns, betas, transl)
        px = camera.project(joints)
        size = np.array([image.shape[1], image.shape[0]])
        inside = ((px >= 0) & (px < size)).all(-1)
        sigma = np.where(inside, SIGMA_M, SIGMA_OUTSIDE_M)
        return [
            BodyPose(joints[i], px[i], turns[i], betas[i], transl[i], sigma[i]) if good[i] else None
            for i in range(len(squares))
        ]


def square(box_xyxy: Floats) -> Floats:
    """(3,) centre and side of the crop around a box, px."""
    x1, y1, x2, y2 = (float(v) for v in box_xyxy)
    return np.array([(x1 + x2) / 2, (y1 + y2) / 2, CROP * max(x2 - x1, y2 - y1)])


def _in_picture(crop: Floats, image: NDArray[np.uint8]) -> bool:
    if not np.isfinite(crop).all() or crop[2] < _SMALLEST_PX:
        return False
    height, width = image.shape[:2]
    half = crop[2] / 2
    return bool(-half < crop[0] < width + half and -half < crop[1] < height + half)


def crops(image: NDArray[np.uint8], squares: Floats) -> NDArray[np.float32]:
    """(N, 3, 224, 224) for the network: each square (N, 3: centre, side) of the picture, black outside of it."""
    out = np.empty((len(squares), 3, INPUT, INPUT), np.float32)
    for i, (x, y, side) in enumerate(squares):
        k = INPUT / side  # pixel centres: (u + 0.5) = (x + 0.5 - left) k
        left, top = x - side / 2, y - side / 2
        place = np.array([[k, 0, (0.5 - left) * k - 0.5], [0, k, (0.5 - top) * k - 0.5]])
        cut = cv2.warpAffine(image, place, (INPUT, INPUT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        out[i] = ((cut / 255.0 - _MEAN) / _STD).transpose(2, 0, 1)
    return out


def rotations(pose6: Floats) -> Floats:
    """(N, 144) -> (N, 24, 3, 3): six numbers are a 3 x 2 matrix, row by row; its columns are squared up (Zhou 2019)."""
    columns = pose6.reshape(len(pose6), N_SMPL, 3, 2)
    return frame_of(columns[..., 0], columns[..., 1])


def locate(cam: Floats, squares: Floats, camera: Camera) -> tuple[Floats, Floats]:
    """Weak perspective of each crop -> where the body's origin is, and how the body is turned with the line of sight.

    In FrankMocap's convention a point X of the body lies in the crop, which goes from -1 to 1, at ``s X + t``. SPIN's
    own file means ``s (X + t)``, which nothing in the file tells: its bodies stand up to a few centimetres aside.
    The network sees each crop as if the camera looked straight at it, so its axes are those of the line of sight.

    Args:
        cam: (N, 3) s, tx, ty.
        squares: (N, 3) centre and side of the crops, px.
        camera: Of the picture.

    Returns:
        Origins (N, 3) in camera axes, metres, and rotations (N, 3, 3) from the axes of the crop to those of the camera.
    """
    centre = (squares[:, :2] - np.array([camera.cx, camera.cy])) / camera.focal_px
    slant = np.concatenate([centre, np.ones((len(cam), 1))], axis=1)
    turn = shortest_turn(np.broadcast_to([0.0, 0.0, 1.0], slant.shape), unit(slant))
    # a crop's side is 2 / s metres at the body; along a slanted line of sight the lens enlarges by its length
    depth = 2 * camera.focal_px * np.linalg.norm(slant, axis=1) / (squares[:, 2] * cam[:, 0])
    seen = np.concatenate([cam[:, 1:] / cam[:, :1], depth[:, None]], axis=1)
    return (turn @ seen[..., None])[..., 0], turn


def _nothing() -> BodyPose:
    lost = np.full((len(JOINTS), 6), np.nan)
    still = np.tile(np.eye(3), (N_SMPL, 1, 1))
    return BodyPose(lost[:, :3], lost[:, 3:5], still, np.zeros(N_BETAS), np.full(3, np.nan), lost[:, 5])
