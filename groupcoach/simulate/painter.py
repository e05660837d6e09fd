"""One frame from posed bodies: room, shadows, reflections, people and props, movement, light and noise.

Made to be sent to another process once (``parallel``) and given chunks of frames there; numpy and OpenCV only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from groupcoach.mesh.raster import Footprint, Rasterizer
from groupcoach.simulate.blur import PER_BODY, segment_of_parts, smear, ways
from groupcoach.simulate.light import Daylight
from groupcoach.simulate.lit import Lamp, Mesh, inside, overlap
from groupcoach.simulate.scene import Scene
from groupcoach.simulate.shadows import Shadows
from groupcoach.simulate.skin import pose

Floats = NDArray[np.floating[Any]]

#: First owner number of the first person's prop: nobody's.
PROPS: Final = 30000
#: How much the camera sharpens.
_SHARPEN: Final = 0.7
#: A body reaches this far beyond its joints.
_FLESH_M: Final = 0.35
#: The noise field is larger than the picture by this and shown at another place in every frame.
_SPARE: Final = 32


@dataclass(frozen=True, eq=False)
class Actor:
    """What stays the same of one person."""

    rest: NDArray[np.float32]
    """(V, 3) vertices and"""
    joints: Floats
    """(24, 3) joints at rest."""
    matrix: Any
    """Sparse (P, V): drawn vertices of body vertices."""
    faces: NDArray[np.integer[Any]]
    colours: Floats
    segments: NDArray[np.integer[Any]]
    """(F,) row in ``blur.SEGMENTS``."""
    prop: Any = None
    """Held: ``matrix``, ``faces``, ``colours``."""
    prop_segments: NDArray[np.integer[Any]] | None = None
    """(F of the prop,) the segment that carries each face."""
    resting: tuple[Floats, NDArray[np.integer[Any]], Floats] | None = None
    """The prop where it lies: vertices (N, 3) in the room, faces, colours."""
    gripping: Any = None
    """``matrix`` while the prop is held; the same when left out."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some frames in a row: T frames, P people."""

    start: int
    t_s: Floats
    """(T,)"""
    rel: Floats
    """(T, P, 24, 3, 3), row 0 in camera axes."""
    transl: Floats
    """(T, P, 3) camera axes."""
    joints_m: Floats
    """(T, P, J, 3) camera axes."""
    joints_px: Floats
    """(T, P, J, 2)"""
    moved_px: Floats
    """(T, P, J, 2) way during the exposure."""
    holds: NDArray[np.bool_]
    """(T, P) whether the prop is in the hands."""


class Painted(NamedTuple):
    """A picture and what is seen in it; fields as in ``render.Rendered``."""

    image: NDArray[np.uint8]
    boxes_xyxy: Floats
    visible: Floats
    reflections_xyxy: Floats


class Painter:
    """Draws frames of one scene."""

    def __init__(
        self, scene: Scene, actors: Sequence[Actor], bends: Any, weights: Any, *, noise: float, seed: int,
        amplitude: float | None,
    ) -> None:  # fmt: skip
        self.scene, self.actors = scene, list(actors)
        self.bends, self.weights = bends, weights
        self.noise, self.seed = noise, seed
        self.daylight = Daylight(seed, amplitude)
        self._ready = False

    def _prepare(self) -> None:
        """Buffers, which need not travel between processes."""
        camera, mirror = self.scene.camera, self.scene.mirror
        self.canvas = Rasterizer(camera.width, camera.height)
        self.shadows = Shadows(self.scene)
        shape = (camera.height + _SPARE, camera.width + _SPARE, 3)
        rng = np.random.default_rng([self.seed, 21])
        grain = np.round(rng.normal(0, self.noise, shape)) if self.noise > 0 else None
        # What it adds and what it takes away: bytes, which OpenCV adds several times faster than signed numbers.
        self.grain = None if grain is None else [np.clip(g, 0, 255).astype(np.uint8) for g in (grain, -grain)]
        self.glass: Any = None
        if mirror is not None and mirror.mask.any():
            rows, columns = (np.flatnonzero(mirror.mask.any(axis)) for axis in (1, 0))
            self.window = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
            self.glass = Rasterizer(columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0])
            self.turn, self.shift = mirror.in_camera(camera.axes, camera.position_m)
        self.lamp = Lamp(self.scene)
        self.resting = [self._rest(k, actor) for k, actor in enumerate(self.actors)]
        self._ready = True

    def paint(self, chunk: Chunk) -> Iterator[Painted]:
        """The frames of a chunk, in order."""
        if not self._ready:
            self._prepare()
        near = self._near(chunk)
        bodies: list[dict[int, Floats]] = []
        for k, actor in enumerate(self.actors):
            rows = np.flatnonzero(near[:, k])
            body = pose(actor.rest, actor.joints, self.bends, self.weights, chunk.rel[rows, k], chunk.transl[rows, k])
            bodies.append(dict(zip(rows.tolist(), body, strict=True)))
        for i in range(len(chunk.t_s)):
            yield self._frame(chunk, i, [body.get(i) for body in bodies])

    def _frame(self, chunk: Chunk, i: int, bodies: list[Floats | None]) -> Painted:
        import cv2

        camera = self.scene.camera
        # Of everybody: who is just outside the picture may throw a shadow into it.
        self.canvas.clear(self.shadows.cast(camera.to_room(chunk.joints_m[i])))
        meshes = []
        for k, body in enumerate(bodies):
            actor = self.actors[k]
            if body is not None:
                grips = chunk.holds[i, k] and actor.gripping is not None
                drawn = (actor.gripping if grips else actor.matrix) @ body
                meshes.append(self.lamp.lit(drawn, actor.faces, actor.colours, k * PER_BODY, actor.segments))
                if actor.prop is not None and chunk.holds[i, k]:
                    meshes.append(self._held(k, body))
            resting = self.resting[k]
            if resting is not None and not chunk.holds[i, k]:
                meshes.append(resting)
        if self.glass is not None:
            self._reflect(meshes)
        boxes, visible, footprints = self._people(meshes, len(bodies))
        reflections = self._reflections(len(bodies)) if self.glass is not None else np.zeros((0, 4))
        way = ways(chunk.moved_px[i])
        for first, footprint in footprints.items():
            k = first % PROPS // PER_BODY
            smear(self.canvas.image, self.canvas.owner, self.canvas.nearness, first, way[k], footprint.box)
        picture = cv2.GaussianBlur(self.canvas.image, (3, 3), 0.5)
        # Cameras sharpen: without it people are found less surely than real ones.
        picture = cv2.addWeighted(picture, 1 + _SHARPEN, cv2.GaussianBlur(picture, (5, 5), 1.2), -_SHARPEN, 0)
        if self.daylight.amplitude:
            picture = cv2.transform(picture, np.diag(self.daylight.gains(float(chunk.t_s[i]))))
        return Painted(self._grainy(picture, chunk.start + i), boxes, visible, reflections)

    def _grainy(self, picture: Any, index: int) -> NDArray[np.uint8]:
        import cv2

        if self.grain is None:
            return np.asarray(picture)
        x, y = np.random.default_rng([self.seed, 24, index]).integers(0, _SPARE, 2)
        height, width = picture.shape[:2]
        more, less = (g[y : y + height, x : x + width] for g in self.grain)
        return np.asarray(cv2.subtract(cv2.add(picture, more), less))

    def _near(self, chunk: Chunk) -> NDArray[np.bool_]:
        """(T, P) whose body, or its image, may be in the picture."""
        camera, mirror = self.scene.camera, self.scene.mirror
        out = self._meets(chunk.joints_m, chunk.joints_px)
        if mirror is not None:
            behind = camera.to_camera(mirror.reflect(camera.to_room(chunk.joints_m)))
            out |= self._meets(behind, camera.to_px(behind))
        return out

    def _meets(self, joints_m: Floats, joints_px: Floats) -> NDArray[np.bool_]:
        camera = self.scene.camera
        ahead = joints_m[..., 2] > 0.3
        pad = _FLESH_M * camera.focal_px / np.where(ahead, joints_m[..., 2], np.inf).min(-1)
        top = np.array([camera.width, camera.height])
        low = np.where(ahead[..., None], joints_px, np.inf).min(-2) - pad[..., None]
        high = np.where(ahead[..., None], joints_px, -np.inf).max(-2) + pad[..., None]
        return np.asarray((high > 0).all(-1) & (low < top).all(-1))

    def _held(self, k: int, body: Floats) -> Mesh:
        actor = self.actors[k]
        prop, first = actor.prop, PROPS + k * PER_BODY
        return self.lamp.lit(prop.matrix @ body, prop.faces, prop.colours, first, actor.prop_segments)

    def _rest(self, k: int, actor: Actor) -> Mesh | None:
        if actor.resting is None:
            return None
        vertices, faces, colours = actor.resting
        return self.lamp.lit(self.scene.camera.to_camera(vertices), faces, colours, PROPS + k * PER_BODY, None)

    def _people(self, meshes: list[Mesh], people: int) -> tuple[Floats, Floats, dict[int, Footprint]]:
        """Draws everything before the mirror: boxes (P, 4), visible shares (P,), and what may move, by its owner."""
        camera = self.scene.camera
        boxes, visible = np.full((people, 4), np.nan), np.zeros(people)
        footprints: dict[int, Footprint] = {}
        covered: list[tuple[int, Footprint]] = []
        within: dict[int, float] = {}
        top = np.array([camera.width, camera.height])
        for mesh in meshes:
            px = camera.to_px(mesh.vertices)
            owner = mesh.owner if mesh.segments is None else mesh.owner + mesh.segments
            footprint = self.canvas.draw(px, mesh.vertices[:, 2], mesh.faces, mesh.colours, owner)
            if footprint is None:
                continue
            covered.append((mesh.owner, footprint))
            if mesh.segments is not None:
                footprints[mesh.owner] = footprint
            if mesh.owner >= PROPS:
                continue
            k = mesh.owner // PER_BODY
            low, high = np.nanmin(px, 0), np.nanmax(px, 0)
            # Tight to the part in the picture, to a fraction of a pixel where all of it is.
            boxes[k, :2] = np.maximum(low, np.array(footprint.box[:2]) - 0.999).clip(0, top)
            boxes[k, 2:] = np.minimum(high, np.array(footprint.box[2:]) + 0.999).clip(0, top)
            whole = (low >= 0).all() and (high <= top - 1).all()
            within[k] = 1.0 if whole else inside(px, mesh, camera.width, camera.height)
        for k in within:
            mine, free = footprints[k * PER_BODY], 1.0
            if any(owner != k * PER_BODY and overlap(mine.box, other.box) for owner, other in covered):
                left, upper, right, lower = mine.box
                here = self.canvas.owner[upper : lower + 1, left : right + 1]
                shown = np.count_nonzero((here >= k * PER_BODY) & (here < (k + 1) * PER_BODY))
                free = shown / mine.pixels
            visible[k] = free * within[k]
        return boxes, visible, footprints

    def _reflect(self, meshes: list[Mesh]) -> None:
        """Draws what the mirror shows of everything over the picture of the empty room."""
        mirror, camera = self.scene.mirror, self.scene.camera
        assert mirror is not None
        self.glass.clear()
        corner = np.array([self.window[1].start, self.window[0].start])
        for mesh in meshes:
            behind = mesh.vertices @ self.turn.T + self.shift
            px = camera.to_px(behind) - corner
            self.glass.draw(px, behind[:, 2], mesh.faces[:, ::-1], mesh.colours, mesh.owner)
        self.glass.owner[~mirror.mask[self.window]] = -1
        shown = self.glass.owner >= 0
        room = self.canvas.image[self.window]
        room[shown] = (self.glass.image[shown] * mirror.tint).astype(np.uint8)

    def _reflections(self, people: int) -> Floats:
        """(K, 4) boxes of what is seen of people in the mirror."""
        import cv2

        free = np.where(self.canvas.owner[self.window] < 0, self.glass.owner, -1)
        boxes = []
        for k in range(people):
            x, y, w, h = cv2.boundingRect((free == k * PER_BODY).astype(np.uint8))
            if w:
                left, top = x + self.window[1].start, y + self.window[0].start
                boxes.append((left, top, left + w, top + h))
        return np.array(boxes, float).reshape(-1, 4)


def segments_of(matrix: Any, faces: NDArray[np.integer[Any]], vertex_part: NDArray[np.integer[Any]]) -> Any:
    """(F,) row in ``blur.SEGMENTS`` of drawn faces."""
    share = matrix @ np.eye(PER_BODY)[segment_of_parts()[vertex_part]]
    return np.asarray(share)[faces].sum(1).argmax(1)
