"""Pictures of a class: bodies, their shadows, a little softness and sensor noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.mesh.raster import Rasterizer, project, vertex_normals
from groupcoach.simulate.motion import Motion
from groupcoach.simulate.people import Look
from groupcoach.simulate.scene import Scene
from groupcoach.skeleton import INDEX, JOINTS, SMPL_PARENTS

if TYPE_CHECKING:
    from groupcoach.mesh.body_model import BodyModel

Floats = NDArray[np.floating[Any]]

#: Frames whose bodies are made in one batch.
BATCH: Final = 25
#: Shadows are drawn this much smaller and blurred anyway.
_COARSE: Final = 4
#: Half widths of the limbs that cast shadows, by the SMPL joint at their end.
_LIMB_M: Final = {
    "spine_low": 0.13, "spine_mid": 0.14, "spine_high": 0.15, "neck": 0.09, "head": 0.09, "left_knee": 0.07,
    "right_knee": 0.07, "left_ankle": 0.05, "right_ankle": 0.05, "left_foot": 0.05, "right_foot": 0.05,
    "left_elbow": 0.045, "right_elbow": 0.045, "left_wrist": 0.04, "right_wrist": 0.04, "left_hand": 0.04,
    "right_hand": 0.04, "left_shoulder": 0.08, "right_shoulder": 0.08, "left_hip": 0.1, "right_hip": 0.1,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Cast:
    """One person in the scene."""

    look: Look
    motion: Motion


@dataclass(frozen=True, eq=False)
class Rendered:
    """One frame and what is exactly known of it. P people, in the order of the cast."""

    index: int
    image: NDArray[np.uint8]
    """(H, W, 3) RGB."""
    joints_m: Floats
    """(P, J, 3) camera axes, rows as ``skeleton.JOINTS``."""
    joints_px: Floats
    """(P, J, 2)"""
    rotmats: Floats
    """(P, 24, 3, 3), row 0 the body in camera axes."""
    boxes_xyxy: Floats
    """(P, 4) the whole body, hidden parts too, within the picture."""
    visible: Floats
    """(P,) share of the body's pixels that nobody hides."""


def render(
    body: BodyModel, scene: Scene, cast: Sequence[Cast], frames: int, fps: float, *, noise: float = 1.2, seed: int = 0
) -> Iterator[Rendered]:
    """Frames 0 to ``frames`` - 1, frame i at i / fps seconds.

    Args:
        body: The body model.
        scene: The room.
        cast: Who is in it.
        frames: How many.
        fps: Frames a second.
        noise: Sensor noise, standard deviation in grey levels.
        seed: Of the noise.
    """
    camera = scene.camera
    axes = camera.axes
    t = np.arange(frames) / fps
    people = len(cast)
    rel_all, transl_all = np.zeros((frames, people, 24, 3, 3)), np.zeros((frames, people, 3))
    betas = np.zeros((people, 10))
    for k, person in enumerate(cast):
        rel, transl = person.motion.both(t)
        rest = person.look.skeleton.joints_m[0]
        rel[:, 0] = axes @ rel[:, 0]
        rel_all[:, k], transl_all[:, k] = rel, camera.to_camera(transl + rest) - rest
        betas[k] = person.look.betas
    painter = _Painter(scene, noise, seed)
    for start in range(0, frames, BATCH):
        stop = min(frames, start + BATCH)
        n = stop - start
        flat = (
            rel_all[start:stop].reshape(-1, 24, 3, 3),
            np.tile(betas, (n, 1)),
            transl_all[start:stop].reshape(-1, 3),
        )
        vertices = body.vertices(*flat).reshape(n, people, len(body.regions), 3)
        joints = body.joints(*flat).reshape(n, people, len(JOINTS), 3)
        for k in range(n):
            image, boxes, visible = painter.paint([c.look for c in cast], vertices[k], joints[k])
            yield Rendered(start + k, image, joints[k], camera.to_px(joints[k]), rel_all[start + k], boxes, visible)


class _Painter:
    def __init__(self, scene: Scene, noise: float, seed: int) -> None:
        self.scene = scene
        self.canvas = Rasterizer(scene.camera.width, scene.camera.height)
        self.alone = Rasterizer(scene.camera.width, scene.camera.height)
        self.light = scene.camera.axes @ scene.light
        rng = np.random.default_rng([seed, 21])
        shape = (scene.camera.height, scene.camera.width, 3)
        # A few frames of noise shown in turn: fresh noise every frame costs more than everything else.
        self.noise = [np.round(rng.normal(0, noise, shape)).astype(np.int16) for _ in range(5 if noise > 0 else 0)]
        self.painted = 0

    def paint(self, looks: Sequence[Look], vertices: Floats, joints: Floats) -> tuple[Any, Floats, Floats]:
        """One frame; returns the picture, boxes (P, 4) and visible shares (P,)."""
        import cv2

        camera, size = self.scene.camera, (self.scene.camera.width, self.scene.camera.height)
        self.canvas.clear(self._shadowed(joints))
        boxes = np.zeros((len(looks), 4))
        drawn = []
        for k, look in enumerate(looks):
            v = look.matrix @ vertices[k].astype(np.float64)
            px, depth = project(v, camera.focal_px, camera.centre_px)
            boxes[k] = [*np.clip(np.nanmin(px, 0), 0, size), *np.clip(np.nanmax(px, 0), 0, size)]
            self.canvas.draw(px, depth, look.faces, self._lit(v, look), k)
            drawn.append((px, depth))
        visible = np.ones(len(looks))
        for k, look in enumerate(looks):
            others = np.delete(boxes, k, axis=0)
            if ((others[:, :2] < boxes[k, 2:]) & (others[:, 2:] > boxes[k, :2])).all(1).any():
                self.alone.clear()
                self.alone.draw(*drawn[k], look.faces, np.zeros((len(look.colours), 3), np.uint8), 0)
                whole = int((self.alone.owner == 0).sum())
                visible[k] = (self.canvas.owner == k).sum() / max(whole, 1)
        picture = cv2.GaussianBlur(self.canvas.image, (3, 3), 0.65)
        if self.noise:
            picture = np.clip(picture + self.noise[self.painted % len(self.noise)], 0, 255).astype(np.uint8)
        self.painted += 1
        return picture, boxes, visible

    def _lit(self, v: Floats, look: Look) -> Floats:
        facing = vertex_normals(v, look.faces) @ self.light
        # Sky light from above, bounce from the floor, and the lamp; the shadow side keeps its roundness.
        level = 0.42 + 0.62 * (0.5 + 0.5 * facing) ** 1.6
        return np.asarray(np.clip(look.colours * (self.scene.glow * level)[:, None], 0, 1))

    def _shadowed(self, joints: Floats) -> NDArray[np.uint8]:
        """The empty room, darker where limbs keep the light off the floor."""
        import cv2

        camera = self.scene.camera
        small = np.zeros((camera.height // _COARSE, camera.width // _COARSE), np.uint8)
        room = joints @ camera.axes + camera.position_m
        for lamp, dark in ((self.scene.light, 70), (np.array([0.0, 1.0, 0.0]), 60)):
            layer = np.zeros_like(small)
            flat = room - lamp * (room[..., 1:2] / lamp[1])
            px = camera.to_px(camera.to_camera(flat)) / _COARSE
            size = camera.focal_px / _COARSE / np.maximum(camera.to_camera(flat)[..., 2], 0.3)
            for person in range(len(joints)):
                for name, half in _LIMB_M.items():
                    row = INDEX[name]
                    a, b = px[person, SMPL_PARENTS[row]], px[person, row]
                    if not np.isfinite([*a, *b]).all():
                        continue
                    # High limbs blur out; what touches the floor casts a firm shadow.
                    height = float(room[person, row, 1])
                    tone = int(dark * (0.35 + 0.65 * np.exp(-height / 0.35)))
                    wide = max(1, int(1.4 * half * size[person, row]))
                    cv2.line(layer, _point(a), _point(b), tone, wide)
            small = cv2.add(small, layer)
        soft = cv2.GaussianBlur(small, (0, 0), 2.2 * camera.width / 1280)
        mask = cv2.resize(soft, (camera.width, camera.height), interpolation=cv2.INTER_LINEAR)
        mask[~self.scene.floor] = 0
        keep = (256 - mask.astype(np.uint16))[..., None]
        return np.asarray((self.scene.background * keep >> 8).astype(np.uint8))


def _point(p: Floats) -> tuple[int, int]:
    x, y = np.clip(p, -4000, 4000)
    return round(float(x)), round(float(y))
