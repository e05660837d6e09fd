"""The annotated picture: bodies over the frame, what is wrong in red, a label for each person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.mesh.labels import label, paste
from groupcoach.mesh.raster import Rasterizer, project, shade
from groupcoach.records import BodyPose
from groupcoach.skeleton import BONES, INDEX, JOINTS, N_SMPL

if TYPE_CHECKING:
    from groupcoach.mesh.body_model import BodyModel

Floats = NDArray[np.floating[Any]]

#: One per person by number, over and over; none is red, which means a fault.
PALETTE: Final = (
    (88, 166, 255), (94, 214, 140), (255, 198, 84), (190, 140, 255), (76, 214, 214), (255, 158, 92), (240, 140, 200),
    (170, 200, 90), (130, 150, 250), (210, 190, 150),
)  # fmt: skip
RED: Final = (235, 52, 44)
#: A mesh of one colour looks undressed: (share of white mixed in, brightness) by ``body_model.REGIONS``.
_CLOTHES: Final = ((0.45, 1.0), (0.0, 0.4), (0.0, 1.0), (0.0, 0.62), (0.3, 0.4))
_TRUNK: Final = ("pelvis", "spine_low", "spine_mid", "spine_high")
#: Body parts (the SMPL joint that carries each) painted red for a flagged joint or angle, less its side.
_PARTS: Final[dict[str, tuple[str, ...]]] = {
    "hip": ("hip",), "knee": ("hip", "knee"), "ankle": ("ankle", "foot"), "foot": ("ankle", "foot"),
    "heel": ("ankle", "foot"), "toe": ("ankle", "foot"), "thigh_lean": ("hip",), "shin_lean": ("knee",),
    "collar": ("collar",), "shoulder": ("collar", "shoulder"), "elbow": ("shoulder", "elbow"),
    "wrist": ("elbow", "wrist", "hand"), "hand": ("wrist", "hand"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """One person as drawn."""

    person_id: int
    """Picks the colour."""
    lines: tuple[str, ...]
    """Label: name, exercise and count, what to do; empty for no label."""
    box_xyxy: Floats | None
    """(4,) px; the label stands on it."""
    pose: BodyPose | None = None
    """Drawn as a mesh where it has vertices, else as a stick figure."""
    flagged: tuple[str, ...] = ()
    """Joints or angles at fault (``left_knee``, ``trunk_lean``); without a side both are meant."""

    @property
    def colour(self) -> tuple[int, int, int]:
        """RGB."""
        return PALETTE[self.person_id % len(PALETTE)]


def flagged_parts(name: str) -> frozenset[int]:
    """SMPL joints whose skin shows that ``name`` (a joint or an angle, with or without side) is at fault."""
    side, _, rest = name.partition("_")
    sides = (side,) if side in ("left", "right") else ("left", "right")
    base = rest if side in ("left", "right") else name
    if base in _PARTS:
        return frozenset(INDEX[f"{s}_{part}"] for s in sides for part in _PARTS[base])
    if base in ("neck", "head", "nose", "ear"):
        return frozenset((INDEX["neck"], INDEX["head"]))
    if base in ("waist", "trunk", "trunk_lean", "back") or base in _TRUNK:
        return frozenset(INDEX[part] for part in _TRUNK)
    return frozenset()


def draw_people(
    image: NDArray[np.uint8],
    figures: Sequence[Figure],
    body: BodyModel | None = None,
    focal_px: float | None = None,
    principal_px: tuple[float, float] | None = None,
    *,
    opacity: float = 0.62,
    rasterizer: Rasterizer | None = None,
) -> NDArray[np.uint8]:
    """The frame with everybody drawn on it; ``image`` itself is left as it is.

    Args:
        image: (H, W, 3) RGB.
        figures: Who to draw; may be empty.
        body: The model that the vertices belong to; without it everybody is a stick figure.
        focal_px: Of the camera the poses are in; ``None`` draws stick figures.
        principal_px: Of the same; the middle of the picture when left out.
        opacity: Of the meshes, 0 to 1.
        rasterizer: One of the picture's size to use again from frame to frame.

    Returns:
        A new (H, W, 3) RGB picture.
    """
    out: NDArray[np.uint8] = np.array(image)
    height, width = image.shape[:2]
    meshes: list[Figure] = []
    if body is not None and focal_px is not None:
        meshes = [f for f in figures if f.pose is not None and f.pose.vertices_m is not None]
        centre = principal_px if principal_px is not None else (width / 2, height / 2)
        if meshes:
            _draw_meshes(out, meshes, body, focal_px, centre, opacity, rasterizer)
    for figure in figures:
        if figure.box_xyxy is not None and np.isfinite(figure.box_xyxy).all():
            _draw_box(out, figure)
        if figure.pose is not None and not any(figure is m for m in meshes):
            _draw_sticks(out, figure)
    _draw_labels(out, figures)
    return out


def _draw_meshes(
    out: NDArray[np.uint8],
    figures: Sequence[Figure],
    body: BodyModel,
    focal_px: float,
    centre: tuple[float, float],
    opacity: float,
    rasterizer: Rasterizer | None,
) -> None:
    height, width = out.shape[:2]
    if rasterizer is None or (rasterizer.width, rasterizer.height) != (width, height):
        rasterizer = Rasterizer(width, height)
    rasterizer.clear()
    for i, figure in enumerate(figures):
        assert figure.pose is not None
        assert figure.pose.vertices_m is not None
        vertices = figure.pose.vertices_m
        white, bright = np.array(_CLOTHES)[body.regions].T[:, :, None]
        colours = (np.array(figure.colour) / 255 * (1 - white) + white) * bright
        red = frozenset[int]().union(*(flagged_parts(name) for name in figure.flagged))
        colours[np.isin(body.vertex_part, list(red))] = np.array(RED) / 255
        px, depth = project(vertices, focal_px, centre)
        rasterizer.draw(px, depth, body.faces, shade(vertices, body.faces, colours), i)
    seen = np.flatnonzero(rasterizer.owner.reshape(-1) >= 0)
    flat, mesh = out.reshape(-1, 3), rasterizer.image.reshape(-1, 3)
    flat[seen] = (mesh[seen] * opacity + flat[seen] * (1 - opacity)).astype(np.uint8)


def _draw_box(out: NDArray[np.uint8], figure: Figure) -> None:
    """Corners only: a full frame hides more than it tells."""
    import cv2

    assert figure.box_xyxy is not None
    limit = 4 * max(out.shape)  # OpenCV takes 32-bit whole numbers
    x0, y0, x1, y1 = (int(v) for v in np.clip(figure.box_xyxy, -limit, limit))
    colour = RED if figure.flagged else figure.colour
    arm = max(6, min(x1 - x0, y1 - y0) // 6)
    thick = max(1, out.shape[0] // 360)
    for x, dx in ((x0, arm), (x1, -arm)):
        for y, dy in ((y0, arm), (y1, -arm)):
            cv2.line(out, (x, y), (x + dx, y), colour, thick, cv2.LINE_AA)
            cv2.line(out, (x, y), (x, y + dy), colour, thick, cv2.LINE_AA)


def _draw_sticks(out: NDArray[np.uint8], figure: Figure) -> None:
    import cv2

    assert figure.pose is not None
    limit = 4.0 * max(out.shape)
    spots = np.clip(figure.pose.joints_px, -limit, limit)
    known = np.asarray(np.isfinite(spots).all(axis=1))
    thick = max(2, out.shape[0] // 180)
    red = frozenset[int]().union(*(flagged_parts(name) for name in figure.flagged))
    for a, b in BONES:
        i, j = INDEX[a], INDEX[b]
        if known[i] and known[j]:
            # A bone is carried by its upper joint, as the skin around it is.
            colour = RED if i in red else figure.colour
            ends = [(round(float(x)), round(float(y))) for x, y in (spots[i], spots[j])]
            cv2.line(out, ends[0], ends[1], (20, 20, 24), thick + 2, cv2.LINE_AA)
            cv2.line(out, ends[0], ends[1], colour, thick, cv2.LINE_AA)
    for i in range(N_SMPL):
        if not known[i]:
            continue
        at_fault = JOINTS[i] in figure.flagged
        centre = (round(float(spots[i, 0])), round(float(spots[i, 1])))
        cv2.circle(out, centre, thick + (3 if at_fault else 0), RED if at_fault else (245, 245, 245), -1, cv2.LINE_AA)


def _draw_labels(out: NDArray[np.uint8], figures: Sequence[Figure]) -> None:
    height, width = out.shape[:2]
    size = max(12, height // 42)
    placed: list[tuple[int, int, int, int]] = []
    # From the top of the picture down, so that those who make way go down, onto their own body.
    wanted = [f for f in figures if f.lines and f.box_xyxy is not None and np.isfinite(f.box_xyxy).all()]
    for figure in sorted(wanted, key=lambda f: (float(f.box_xyxy[1]), f.person_id)):  # type: ignore[index]
        assert figure.box_xyxy is not None
        patch = label(figure.lines, size, figure.colour, bool(figure.flagged))
        h, w = patch.shape[:2]
        x = int(np.clip(figure.box_xyxy[0], 0, max(width - w, 0)))
        y = int(np.clip(figure.box_xyxy[1] - h - 2, 0, max(height - h, 0)))
        for _ in range(len(placed)):
            below = [b + 1 for (a, t, c, b) in placed if x < c and x + w > a and y < b and y + h > t]
            if not below or max(below) + h > height:
                break
            y = max(below)
        placed.append((x, y, x + w, y + h))
        paste(out, patch, x, y)
