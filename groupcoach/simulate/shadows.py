"""Shadows of people on the floor: limbs as thick lines, drawn coarse and blurred."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.scene import Scene
from groupcoach.skeleton import INDEX, SMPL_PARENTS

Floats = NDArray[np.floating[Any]]

#: Shadows are drawn this much smaller and blurred anyway.
_COARSE: Final = 4
#: Half widths of the limbs that cast shadows, by the SMPL joint at their end.
_LIMB_M: Final = {
    "spine_low": 0.13, "spine_mid": 0.14, "spine_high": 0.15, "neck": 0.09, "head": 0.09, "left_knee": 0.07,
    "right_knee": 0.07, "left_ankle": 0.05, "right_ankle": 0.05, "left_foot": 0.05, "right_foot": 0.05,
    "left_elbow": 0.045, "right_elbow": 0.045, "left_wrist": 0.04, "right_wrist": 0.04, "left_hand": 0.04,
    "right_hand": 0.04, "left_shoulder": 0.08, "right_shoulder": 0.08, "left_hip": 0.1, "right_hip": 0.1,
}  # fmt: skip
_ENDS: Final = np.array([INDEX[name] for name in _LIMB_M])
_STARTS: Final = np.array([SMPL_PARENTS[row] for row in _ENDS])
_HALF: Final = np.array(list(_LIMB_M.values()))
#: How dark the lamp's shadow is, and the one of the light from everywhere above.
_DARK: Final = (95, 90)


class Shadows:
    """Darkens a room's floor under people."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        camera = scene.camera
        self.shape = (max(1, camera.height // _COARSE), max(1, camera.width // _COARSE))
        self.softness = 2.2 * camera.width / 1280
        self.masks = [scene.floor.astype(np.uint8) * 255]
        if scene.mirror is not None:
            self.masks.append(scene.mirror.floor.astype(np.uint8) * 255)

    def cast(self, joints_m: Floats) -> NDArray[np.uint8]:
        """The empty room (H, W, 3), darker where limbs of people (P, J, 3, in the room) keep the light off."""
        out = self.scene.background.copy()
        if len(joints_m):
            self._onto(out, joints_m, self.masks[0], mirrored=False)
            if self.scene.mirror is not None:
                self._onto(out, joints_m, self.masks[1], mirrored=True)
        return np.asarray(out)

    def _onto(self, out: NDArray[np.uint8], joints_m: Floats, mask: NDArray[np.uint8], *, mirrored: bool) -> None:
        import cv2

        small = np.zeros(self.shape, np.uint8)
        for lamp, dark in zip((self.scene.light, np.array([0.0, 1.0, 0.0])), _DARK, strict=True):
            layer = np.zeros_like(small)
            for a, b, tone, wide in self._lines(joints_m, lamp, dark, mirrored):
                cv2.line(layer, a, b, tone, wide)
            small = cv2.add(small, layer)
        x, y, w, h = cv2.boundingRect(small)
        if not w:
            return
        pad = int(3 * self.softness) + 2
        x0, y0 = max(0, x - pad), max(0, y - pad)
        x1, y1 = min(self.shape[1], x + w + pad), min(self.shape[0], y + h + pad)
        soft = cv2.GaussianBlur(small, (0, 0), self.softness)[y0:y1, x0:x1]
        rows, columns = slice(y0 * _COARSE, y1 * _COARSE), slice(x0 * _COARSE, x1 * _COARSE)
        here = out[rows, columns]
        dark_here = cv2.resize(soft, (here.shape[1], here.shape[0]), interpolation=cv2.INTER_LINEAR)
        keep = 255 - cv2.bitwise_and(dark_here, np.ascontiguousarray(mask[rows, columns]))
        out[rows, columns] = cv2.multiply(here, cv2.merge([keep, keep, keep]), scale=1 / 255)

    def _lines(self, joints_m: Floats, lamp: Floats, dark: int, mirrored: bool) -> list[tuple[Any, Any, int, int]]:
        camera, mirror = self.scene.camera, self.scene.mirror
        flat = joints_m - lamp * (joints_m[..., 1:2] / lamp[1])
        if mirrored and mirror is not None:
            flat = mirror.reflect(flat)
        seen = camera.to_camera(flat)
        px = camera.to_px(seen) / _COARSE
        a, b = px[:, _STARTS], px[:, _ENDS]
        size = camera.focal_px / _COARSE / np.maximum(seen[:, _ENDS, 2], 0.3)
        # High limbs blur out; what touches the floor casts a firm shadow.
        tone = (dark * (0.35 + 0.65 * np.exp(-joints_m[:, _ENDS, 1] / 0.35))).astype(int)
        wide = np.maximum(1, (1.4 * _HALF * size).astype(int))
        top = np.array([self.shape[1], self.shape[0]])
        both = np.stack([a, b])
        good = np.isfinite(both).all((0, 3)) & (both.max(0) > -40).all(-1) & (both.min(0) < top + 40).all(-1)
        ends = np.clip(np.where(good[..., None], both, 0), -4000, 4000).round().astype(int)
        return [(tuple(p), tuple(q), int(g), int(w)) for p, q, g, w in
                zip(ends[0][good].tolist(), ends[1][good].tolist(), tone[good].tolist(), wide[good].tolist(),
                    strict=True)]  # fmt: skip
