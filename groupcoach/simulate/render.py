"""Pictures of a class: everybody's motion posed and painted, frame by frame, with what is exactly known of each."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.motion import Motion
from groupcoach.simulate.painter import Actor, Chunk, Painter, segments_of
from groupcoach.simulate.parallel import paint_all
from groupcoach.simulate.people import Look
from groupcoach.simulate.rig import rot
from groupcoach.simulate.scene import Scene
from groupcoach.simulate.skin import Skin
from groupcoach.skeleton import JOINTS

if TYPE_CHECKING:
    from groupcoach.mesh.body_model import BodyModel

Floats = NDArray[np.floating[Any]]

#: Frames that a worker gets in one go, and frames whose motion is solved in one go.
CHUNK: Final = 12
BATCH: Final = 240
#: Shutter times a class may have, seconds.
EXPOSURES_S: Final = (1 / 100, 1 / 40)


@dataclass(frozen=True, eq=False)
class Cast:
    """One person in the scene, and perhaps something they hold."""

    look: Look
    motion: Motion
    prop: Any = None
    """Drawn in the hands: ``matrix`` (sparse (P, V), of body vertices), ``faces``, ``colours``; nobody's pixels."""
    holds: NDArray[np.bool_] | None = None
    """(frames,) whether it is in the hands; always when left out."""
    rest_at: tuple[float, float, float] | None = None
    """x, z and yaw of the prop on the floor while it is not held; not drawn then when left out."""
    lying: tuple[Floats, NDArray[np.integer[Any]], Floats] | None = None
    """The prop on the floor at the origin, as ``props.lying`` gives it: vertices (N, 3), faces, colours."""
    gripping: Look | None = None
    """The same person while they hold the prop (``props.closed``: other ``matrix`` only); ``look`` when left out."""


@dataclass(frozen=True, eq=False)
class Rendered:
    """One frame and what is exactly known of it, at the middle of its exposure. P people, in the cast's order."""

    index: int
    image: NDArray[np.uint8]
    """(H, W, 3) RGB."""
    joints_m: Floats
    """(P, J, 3) camera axes, rows as ``skeleton.JOINTS``."""
    joints_px: Floats
    """(P, J, 2) through the lens; NaN behind the camera."""
    rotmats: Floats
    """(P, 24, 3, 3), row 0 the body in camera axes."""
    boxes_xyxy: Floats
    """(P, 4) the whole body, hidden parts too, within the picture; NaN for who is outside it."""
    visible: Floats
    """(P,) share of the body's pixels that nobody and nothing hides. What the picture's edge cuts off is hidden too:
    the share inside is measured on a coarse drawing of the whole body (to about a hundredth). 0 for who is outside."""
    reflections_xyxy: Floats = field(default_factory=lambda: np.zeros((0, 4)))
    """(K, 4) what is seen of people in the mirror; nobody in particular."""


def render(
    body: BodyModel,
    scene: Scene,
    cast: Sequence[Cast],
    frames: int,
    fps: float,
    *,
    noise: float = 1.2,
    seed: int = 0,
    jobs: int | None = None,
    light: float | None = None,
    exposure_s: float | None = None,
) -> Iterator[Rendered]:
    """Frames 0 to ``frames`` - 1, frame i at i / fps seconds; the same pixels whatever ``jobs``.

    Args:
        body: The body model.
        scene: The room.
        cast: Who is in it.
        frames: How many.
        fps: Frames a second.
        noise: Sensor noise, standard deviation in grey levels.
        seed: Of the noise, the weather and the shutter.
        jobs: Processes that paint; as many as there are cores (fewer for a short video) when left out; 1 = this one.
        light: How much the light changes (``light.Daylight``); drawn when left out, 0 = steady.
        exposure_s: How long the shutter is open; drawn from ``EXPOSURES_S`` when left out (and no longer than a frame
            lasts), 0 = no motion blur.

    Raises:
        RuntimeError: a worker process failed.
    """
    short, long = EXPOSURES_S
    drawn = float(np.random.default_rng([seed, 23]).uniform(1 / long, 1 / short))
    shutter = min(1 / drawn, 1 / fps) if exposure_s is None else exposure_s
    skin = Skin(body)
    actors = [_actor(person, body, skin) for person in cast]
    painter = Painter(scene, actors, skin.bends, skin.weights, noise=noise, seed=seed, amplitude=light)
    wanted = (os.cpu_count() or 1) if jobs is None else jobs
    kept: deque[Chunk] = deque()

    def chunks() -> Iterator[Chunk]:
        for chunk in _chunks(body, scene, cast, frames, fps, shutter):
            kept.append(chunk)
            yield chunk

    # A worker takes about as long to start as two chunks to paint.
    painted = paint_all(painter, chunks(), min(wanted, max(1, frames // (2 * CHUNK))))
    try:
        for index in range(frames):
            one = next(painted)
            while index >= kept[0].start + len(kept[0].t_s):
                kept.popleft()
            chunk, i = kept[0], index - kept[0].start
            yield Rendered(index, one.image, chunk.joints_m[i], chunk.joints_px[i], chunk.rel[i], one.boxes_xyxy,
                           one.visible, one.reflections_xyxy)  # fmt: skip
    finally:
        painted.close()


def _actor(person: Cast, body: BodyModel, skin: Skin) -> Actor:
    look, prop = person.look, person.prop
    rest, joints = skin.of(look.betas)
    resting = None
    if prop is not None and person.rest_at is not None and person.lying is not None:
        x, z, yaw = person.rest_at
        vertices, faces, colours = person.lying
        resting = (vertices @ rot("y", np.full(1, yaw))[0].T + (x, 0.0, z), faces, colours)
    part = np.asarray(body.vertex_part)
    carried = None if prop is None else segments_of(prop.matrix, prop.faces, part)
    segments = segments_of(look.matrix, look.faces, part)
    grip = None if person.gripping is None else person.gripping.matrix
    return Actor(rest, joints, look.matrix, look.faces, look.colours, segments, prop, carried, resting, grip)


def _chunks(
    body: BodyModel, scene: Scene, cast: Sequence[Cast], frames: int, fps: float, shutter: float
) -> Iterator[Chunk]:
    """Where everybody is, ``CHUNK`` frames at a time; motion is solved in larger pieces."""
    camera, people = scene.camera, len(cast)
    holds = np.ones((frames, people), bool)
    for k, person in enumerate(cast):
        if person.prop is None:
            holds[:, k] = False
        elif person.holds is not None:
            holds[:, k] = person.holds[:frames]
    betas = np.stack([c.look.betas for c in cast]) if cast else np.zeros((0, 10))
    for start in range(0, frames, BATCH):
        stop = min(frames, start + BATCH)
        # One frame more at both ends, to know how fast everything goes.
        t = np.arange(start - 1, stop + 1) / fps
        n = len(t)
        rel, transl = np.zeros((n, people, 24, 3, 3)), np.zeros((n, people, 3))
        for k, person in enumerate(cast):
            turns, place = person.motion.both(t)
            rest = person.look.skeleton.joints_m[0]
            turns[:, 0] = camera.axes @ turns[:, 0]
            rel[:, k], transl[:, k] = turns, camera.to_camera(place + rest) - rest
        flat = (rel.reshape(-1, 24, 3, 3), np.tile(betas, (n, 1)), transl.reshape(-1, 3))
        joints = body.joints(*flat).reshape(n, people, len(JOINTS), 3)
        px = camera.to_px(joints)
        moved = (px[2:] - px[:-2]) * (0.5 * fps * shutter)
        for low in range(0, stop - start, CHUNK):
            a, b = slice(low, min(low + CHUNK, stop - start)), slice(low + 1, min(low + CHUNK, stop - start) + 1)
            yield Chunk(start + low, t[b], rel[b], transl[b], joints[b], px[b], moved[a],
                        holds[start + low : start + low + b.stop - b.start])  # fmt: skip
