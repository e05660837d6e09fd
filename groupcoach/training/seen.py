"""Simulated bodies looked at by the real landmark network, so that training sees the network's own errors.

One body alone on a plain ground, small and without a room: what matters here is the pose, its view and its occlusions
of itself. The full class comes from ``groupcoach simulate``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groupcoach.detect.landmarks import BlazePoseLandmarks, crop_from_keypoints
from groupcoach.mesh.body_model import BodyModel
from groupcoach.mesh.raster import Rasterizer, project, shade
from groupcoach.records import Floats
from groupcoach.simulate.people import Look
from groupcoach.skeleton import COCO, INDEX

SIDE = 320
_BATCH = 64


class Studio:
    """Renders one body per picture and asks the network about it."""

    def __init__(self, body: BodyModel, network: BlazePoseLandmarks) -> None:
        """Args: body: the body model; network: of the landmarks."""
        self.body, self.network = body, network
        self._raster = Rasterizer(SIDE, SIDE)

    def film(self, look: Look, rotations: Floats, transl: Floats, rng: np.random.Generator) -> Floats:
        """Landmarks (T, 33, 3) in camera axes of a motion seen from one random place; NaN where no body was found.

        Args:
            look: the person.
            rotations: (T, 24, 3, 3) in the room (y up).
            transl: (T, 3)
            rng: decides camera, light, ground and the detector's errors.
        """
        n = len(rotations)
        betas = np.repeat(look.betas[None], n, axis=0)
        joints = self.body.joints(rotations, betas, transl)
        turn, centre = self._camera(joints, rng)
        joints_cam = (joints - centre) @ turn.T
        unit_px, _ = project(joints_cam, 1.0, (0.0, 0.0))
        low, high = np.nanmin(unit_px, axis=(0, 1)), np.nanmax(unit_px, axis=(0, 1))
        focal = 0.8 * SIDE / float((high - low).max())
        middle = SIDE / 2 - focal * (low + high) / 2
        principal = (float(middle[0]), float(middle[1]))
        px, _ = project(joints_cam, focal, principal)
        light = (float(rng.uniform(-1, 1)), float(rng.uniform(-1.2, -0.4)), float(rng.uniform(-1.2, -0.3)))
        ground = self._ground(rng)
        world = np.full((n, 33, 3), np.nan)
        for first in range(0, n, _BATCH):
            rows = slice(first, min(n, first + _BATCH))
            vertices = self.body.vertices(rotations[rows], betas[rows], transl[rows])
            for k, mesh in enumerate(vertices):
                drawn = (look.matrix @ mesh.astype(np.float64) - centre) @ turn.T
                at, depth = project(drawn, focal, principal)
                self._raster.clear(ground)
                self._raster.draw(at, depth, look.faces, shade(drawn, look.faces, look.colours, light), 0)
                keypoints, scores, box = _as_detected(px[first + k], rng)
                noise = rng.normal(0, 4, (SIDE, SIDE, 1)).astype(np.float32)
                picture = np.clip(self._raster.image + noise, 0, 255).astype(np.uint8)
                found = self.network.locate(picture, [crop_from_keypoints(keypoints, scores, box)])[0]
                if found is not None:
                    world[first + k] = found.world_m
        return world

    @staticmethod
    def _camera(joints: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Rotation (3, 3) room -> camera axes, and the camera's place (3,): any side, 3 to 7 m off."""
        target = joints[:, INDEX["pelvis"]].mean(0)
        target = target + np.array([0.0, rng.uniform(-0.2, 0.2), 0.0])
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(3.0, 7.0)
        place = target + far * np.array([np.sin(angle), 0.0, np.cos(angle)])
        place[1] = rng.uniform(0.8, 2.6)
        ahead = target - place
        ahead = ahead / np.linalg.norm(ahead)
        right = np.cross(ahead, [0.0, 1.0, 0.0])
        right = right / np.linalg.norm(right)
        return np.stack([right, np.cross(ahead, right), ahead]), place

    @staticmethod
    def _ground(rng: np.random.Generator) -> NDArray[np.uint8]:
        """(SIDE, SIDE, 3): a wall, a floor and a few blocks of colour."""
        out = np.empty((SIDE, SIDE, 3))
        level = int(rng.uniform(0.45, 0.8) * SIDE)
        out[:level], out[level:] = rng.uniform(90, 245, 3), rng.uniform(60, 220, 3)
        for _ in range(int(rng.integers(0, 5))):
            x, y = rng.integers(0, SIDE, 2)
            w, h = rng.integers(10, 90, 2)
            out[y : y + h, x : x + w] = rng.uniform(30, 250, 3)
        out += np.linspace(-20, 20, SIDE)[None, :, None] * rng.uniform(-1, 1)
        return np.clip(out, 0, 255).astype(np.uint8)


def _as_detected(px: Floats, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """COCO keypoints (17, 2), scores (17,) and box (4,) as a detector gives them: a few pixels off, some missing."""
    size = float(np.nanmax(px, axis=0).max() - np.nanmin(px, axis=0).min())
    points = np.stack([px[INDEX[n]] if n in INDEX else px[INDEX["nose"]] for n in COCO])
    points = points + rng.normal(0, 0.015 * size, points.shape)
    scores = np.where(rng.random(17) < 0.04, 0.1, 0.9)
    low, high = np.nanmin(px, axis=0) - 0.04 * size, np.nanmax(px, axis=0) + 0.04 * size
    return points, scores, np.concatenate([low, high])
