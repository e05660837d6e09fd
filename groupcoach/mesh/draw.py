"""The annotated picture: bodies over the frame, what is wrong in red, a label for each person."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.mesh.labels import label, paste
from groupcoach.mesh.raster import BACKGROUND, Rasterizer, project
from groupcoach.mesh.skin import Patch, lamp, paint
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
#: A step in depth of this many metres gets a dark line: an arm before the chest, one person before another.
_STEP_M: Final = 0.12
#: Tags of pixels; between them lie those that enlarging has mixed.
_SKIN: Final = 100
_FAULT: Final = 200
_LINE: Final = 201
#: RGB and tag of lines. They and faulty limbs let half as much of the picture through as the rest.
_CONTOUR: Final = (16, 18, 24, _LINE)
_STRIPE: Final = (222, 148, 144, _LINE)
_EDGE: Final = (255, 255, 255, _LINE)
#: From one stripe to the next, px along a row.
_STRIPE_PX: Final = 10
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
        rasterizer: One of the picture's size, whose buffers are used again from frame to frame; afterwards ``owner``
            tells the mesh (0, 1, ... among those drawn) at each pixel and ``nearness`` its inverse depth.

    Returns:
        A new (H, W, 3) RGB picture.
    """
    out: NDArray[np.uint8] = np.array(image)
    height, width = image.shape[:2]
    meshes: list[Figure] = []
    if body is not None and focal_px is not None:
        meshes = [f for f in figures if f.pose is not None and _has_skin(f.pose)]
        centre = principal_px if principal_px is not None else (width / 2, height / 2)
        if meshes:
            if rasterizer is None or (rasterizer.width, rasterizer.height) != (width, height):
                rasterizer = Rasterizer(width, height)
            _draw_meshes(out, image, meshes, body, focal_px, centre, opacity, rasterizer)
    for figure in figures:
        if figure.box_xyxy is not None and np.isfinite(figure.box_xyxy).all():
            _draw_box(out, figure)
        if figure.pose is not None and not any(figure is m for m in meshes):
            _draw_sticks(out, figure)
    _draw_labels(out, figures)
    return out


def _has_skin(pose: BodyPose) -> bool:
    return pose.vertices_m is not None and bool(np.isfinite(pose.vertices_m).any())


@functools.lru_cache(maxsize=2)
def _of_faces(body: BodyModel) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Region and part (F,) of faces: what two corners agree on, else the first one's."""
    found = []
    for values in (body.regions, body.vertex_part):
        a, b, c = (np.take(values, body.faces[:, i]) for i in range(3))
        found.append(np.where(b == c, b, a).astype(np.intp))
    return found[0], found[1]


def _draw_meshes(
    out: NDArray[np.uint8],
    image: NDArray[np.uint8],
    figures: Sequence[Figure],
    body: BodyModel,
    focal_px: float,
    centre: tuple[float, float],
    opacity: float,
    canvas: Rasterizer,
) -> None:
    canvas.owner[:] = BACKGROUND
    canvas.nearness[:] = 0
    region, part = _of_faces(body)
    white, bright = np.array(_CLOTHES).T[:, :, None]
    for i, figure in enumerate(figures):
        assert figure.pose is not None
        assert figure.pose.vertices_m is not None
        vertices = figure.pose.vertices_m
        # Opacity is in the colours already: what is seen of the picture is added to them.
        wardrobe = np.full((len(_CLOTHES) + 1, 4), _SKIN, np.uint8)
        wardrobe[:-1, :3] = (np.array(figure.colour) * (1 - white) + 255 * white) * bright * opacity
        wardrobe[-1] = (*(round(c * (0.5 + 0.5 * opacity)) for c in RED), _FAULT)
        at_fault = np.zeros(N_SMPL, bool)
        at_fault[[j for name in figure.flagged for j in flagged_parts(name)]] = True
        dress = np.where(np.take(at_fault, part), len(_CLOTHES), region)
        # Vertices may be anything; paint() leaves out what is not finite.
        with np.errstate(invalid="ignore", over="ignore"):
            px, depth = project(vertices, focal_px, centre)
            light = lamp(vertices, body.faces)
        patch = paint(px, depth, body.faces, light, wardrobe, dress, canvas.width, canvas.height)
        if patch is not None:
            _lay(out, image, patch, opacity, canvas, i)


def _mark(patch: Patch) -> None:
    """Contours, and over what is at fault stripes and a white edge, into the patch itself."""
    import cv2

    rgb, near = patch.rgb.view(np.int32)[..., 0], patch.near
    # No skin is inverse depth 0, infinitely far: outlines are found as the steps within a body are.
    behind = cv2.erode(near, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    fault = patch.rgb[..., 3] == _FAULT
    _stamp(rgb, _packed(_CONTOUR), near - behind > _STEP_M * near * behind)
    # A pixel more of depth, for the white edge and for what enlarging smooths.
    near[:] = cv2.dilate(near, np.ones((3, 3), np.uint8))
    if fault.any():
        # Red alone is lost on one man in twelve: stripes and an edge say it without colour.
        height, width = fault.shape
        period = max(3, round(_STRIPE_PX * width / (patch.box[2] - patch.box[0])))
        row = np.arange(width + height) % period < period / 3
        stripes = np.lib.stride_tricks.sliding_window_view(row, width)[:height]
        _stamp(rgb, _packed(_STRIPE), fault & stripes)
        edge = cv2.dilate(fault.view(np.uint8), np.ones((3, 3), np.uint8)).view(bool) & ~fault
        _stamp(rgb, _packed(_EDGE), edge)


def _packed(colour: tuple[int, int, int, int]) -> int:
    return int(np.array(colour, np.uint8).view(np.int32)[0])


def _stamp(target: NDArray[np.signedinteger[Any]], value: int, where: NDArray[np.bool_]) -> None:
    """One value into a picture of whole numbers; OpenCV does it several times faster than numpy."""
    import cv2

    cv2.copyTo(np.full(where.shape, value, target.dtype), where.view(np.uint8), target)


def _lay(
    out: NDArray[np.uint8], image: NDArray[np.uint8], patch: Patch, opacity: float, canvas: Rasterizer, owner: int
) -> None:
    """The patch over the frame ``image`` into ``out``, where nobody nearer is."""
    import cv2

    _mark(patch)
    colours, near = patch.rgb, patch.near
    left, top, right, bottom = patch.box
    size = (right - left, bottom - top)
    if near.shape != size[::-1]:
        colours, near = (cv2.resize(a, size, interpolation=cv2.INTER_LINEAR) for a in (colours, near))
    area = np.s_[top:bottom, left:right]
    tag = cv2.extractChannel(colours, 3)
    shown = (near > canvas.nearness[area]) & (tag > _SKIN // 2)
    mask = shown.view(np.uint8)
    # Over the frame, not over who is behind: people do not shine through each other.
    through = cv2.convertScaleAbs(image[area], alpha=1 - opacity)
    cv2.copyTo(through >> 1, (tag > (_SKIN + _FAULT) // 2).view(np.uint8), through)
    cv2.copyTo(cv2.add(through, cv2.cvtColor(colours, cv2.COLOR_RGBA2RGB)), mask, out[area])
    cv2.copyTo(near, mask, canvas.nearness[area])
    _stamp(canvas.owner[area], owner, shown)


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
    size = max(12, min(height, width) // 42)
    placed: list[tuple[int, int, int, int]] = []
    # From the top of the picture down, so that those who make way go down, onto their own body.
    wanted = [f for f in figures if f.lines and f.box_xyxy is not None and np.isfinite(f.box_xyxy).all()]
    for figure in sorted(wanted, key=lambda f: (float(f.box_xyxy[1]), f.person_id)):  # type: ignore[index]
        assert figure.box_xyxy is not None
        # The dots that stand for "no exercise yet" are not worth the room.
        patch = label(tuple(t for t in figure.lines if t.strip(" .")), size, figure.colour, bool(figure.flagged))
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
