"""Hair: where it grows, how thick it is, and what hangs or is tied up.

Short hair is the scalp itself pushed outwards from the head's middle. Hanging hair, buns and tails are tubes of rings
around the head, held by the head's vertices and, further down, by those of the upper back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.cutter import Cutter, held_by, tube
from groupcoach.simulate.face import head_middle
from groupcoach.simulate.frame import Frame

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]

STYLES: Final = ("bald", "shaved", "short", "volume", "bob", "long", "bun", "ponytail", "afro")
_MEN: Final = (0.10, 0.16, 0.34, 0.22, 0.02, 0.03, 0.04, 0.02, 0.07)
_WOMEN: Final = (0.01, 0.02, 0.10, 0.09, 0.20, 0.17, 0.15, 0.18, 0.08)
#: How far hair stands off the scalp, metres: at the sides and back, and on top.
_THICK: Final = {
    "bald": (0.0, 0.0), "shaved": (0.001, 0.001), "short": (0.006, 0.012), "volume": (0.012, 0.034),
    "bob": (0.016, 0.022), "long": (0.014, 0.018), "bun": (0.006, 0.010), "ponytail": (0.007, 0.011),
    "afro": (0.045, 0.062),
}  # fmt: skip
#: The hairline seen from the side: metres in front of the ears -> metres above them.
_LINE: Final = ((-0.10, -0.052), (-0.06, -0.046), (-0.035, -0.032), (-0.02, -0.012), (0.010, -0.008), (0.024, -0.002),
                (0.034, 0.030), (0.052, 0.054), (0.078, 0.068), (0.104, 0.082))  # fmt: skip


@dataclass(frozen=True)
class Hair:
    """How somebody wears their hair."""

    style: str
    """One of :data:`STYLES`."""
    scale: float
    """Factor of the thickness."""
    recede_m: float
    """How much higher the forehead's hairline lies; negative: a fringe."""
    length_m: float
    """Of what hangs, below the ears."""
    beard: bool


def draw_hair(rng: np.random.Generator, female: bool) -> Hair:
    """A style, likelier or not by sex."""
    style = str(rng.choice(STYLES, p=_WOMEN if female else _MEN))
    fringe = style in ("bob", "long") and rng.random() < 0.4
    recede = -0.018 if fringe else float(max(0.0, rng.normal(0.0, 0.003 if female else 0.008)))
    length = {"bob": rng.uniform(0.085, 0.125), "long": rng.uniform(0.18, 0.28)}.get(style, rng.uniform(0.16, 0.24))
    beard = bool(not female and rng.random() < 0.3)
    return Hair(style, float(rng.uniform(0.8, 1.2)), recede, float(length), beard)


def hairline(frame: Frame, hair: Hair, points: Floats) -> Floats:
    """(P,) above 0 where hair grows, about metres from the line."""
    ear = frame.at["left_ear"]
    ahead, up = points[:, 2] - ear[2], points[:, 1] - ear[1]
    x, y = np.array(_LINE).T
    y = y + hair.recede_m * np.clip(x / 0.06, 0, 1)
    field = up - np.interp(ahead, x, y)
    ears = (np.abs(points[:, 0]) > 0.95 * abs(ear[0])) & (up < 0.035) & (ahead > -0.03)
    return np.asarray(np.where(ears, np.minimum(field, -0.008), field))


def beard_line(frame: Frame, points: Floats) -> Floats:
    """(P,) above 0 where a beard grows: below the cheeks, in front of the ears, not on the throat."""
    ear, nose = frame.at["left_ear"], frame.at["nose"]
    ahead, down = points[:, 2] - ear[2], nose[1] - points[:, 1]
    cheek = down - np.interp(ahead, (0.0, 0.03, 0.075, 0.095), (-0.01, 0.022, 0.036, 0.014))
    throat = ahead - np.interp(down, (0.0, 0.06, 0.1), (0.008, 0.022, 0.06))
    return np.asarray(np.minimum(cheek, throat))


def thickness(frame: Frame, hair: Hair, points: Floats) -> Floats:
    """(P,) metres that hair stands off the scalp."""
    side, top = _THICK[hair.style]
    ear = frame.at["left_ear"]
    high = np.clip((points[:, 1] - ear[1]) / 0.10, 0, 1)
    front = np.clip((points[:, 2] - ear[2]) / 0.08, 0, 1)
    depth = side + (top - side) * high**1.5
    if hair.style in ("bob", "long", "bun", "ponytail"):
        depth = depth * (1 - 0.55 * front)  # combed back from the forehead
    if hair.style in ("short", "volume", "afro"):  # tufts
        x, y, z = points.T * (2 * np.pi / 0.06)
        depth = depth * (
            1 + 0.28 * np.sin(x + 7 * hair.recede_m / 0.01) * np.sin(1.3 * z + 9 * hair.scale) + 0.1 * np.sin(y)
        )
    # It lies down towards its edge, or it would look like a cap.
    least = 0.6 if hair.style == "afro" else 0.3
    return np.asarray(depth * hair.scale * np.clip(least + hairline(frame, hair, points) / 0.035, least, 1))


def pushed(frame: Frame, matrix: Any, points: Floats, depth: Floats) -> Any:
    """Sparse (P, V): vertices moved away from the head's middle by ``depth`` (P,) metres."""
    from scipy import sparse

    middle = head_middle(frame)
    k = depth / np.linalg.norm(points - middle @ frame.rest, axis=1)
    return (sparse.diags(1 + k) @ matrix - sparse.csr_matrix(k[:, None]) @ middle).tocsr()


def hanging(frame: Frame, hair: Hair, cutter: Cutter) -> list[tuple[str, Any, Ints]]:
    """What is more than the scalp pushed out: class, sparse (P, V) map and faces (F, 3) of its own vertices."""
    head = np.flatnonzero(frame.owned("head") & (frame.rest[:, 1] > frame.at["nose"][1] - 0.03))
    ear = np.array([0.0, frame.at["left_ear"][1], frame.at["left_ear"][2]])
    wide = abs(float(frame.at["left_ear"][0]))
    if hair.style in ("bob", "long"):
        rings = _curtain(hair, wide)
        points = (rings + ear).reshape(-1, 3)
        chest = np.flatnonzero(frame.owned("spine_high", "left_collar", "right_collar"))
        chest = chest[np.abs(frame.rest[chest, 0]) < 0.16]
        # From the chin downwards hair lies on the back and does not follow every turn of the head.
        low = np.clip((ear[1] - points[:, 1] - 0.05) / 0.10, 0, 1.0)[:, None]
        matrix = held_by(points, frame.rest, head).multiply(1 - low) + held_by(points, frame.rest, chest).multiply(low)
        n = rings.shape[1]
        rim = (len(rings) - 1) * n + np.arange(n // 2)
        inner = (len(rings) - 1) * n + n - 1 - np.arange(n // 2)
        under = np.concatenate([
            np.stack([rim[:-1], rim[1:], inner[1:]], 1), np.stack([rim[:-1], inner[1:], inner[:-1]], 1)
        ])  # fmt: skip
        return [("hair", matrix.tocsr(), np.concatenate([tube(rings), under]))]
    if hair.style == "bun":
        high = hair.length_m > 0.2
        centre = np.array([0.0, 0.125, -0.055]) if high else np.array([0.0, 0.03, -0.125])
        rings = _ball(centre, 0.030 + 0.012 * hair.scale)
    elif hair.style == "ponytail":
        rings = _tail(hair)
    else:
        return []
    return [("hair", held_by((rings + ear).reshape(-1, 3), frame.rest, head), tube(rings))]


def _curtain(hair: Hair, wide: float) -> Floats:
    """(R, N, 3) from the ears' middle: rings around the back of the head; half of each ring outside, half inside."""
    side = _THICK[hair.style][0] * hair.scale
    long = hair.style == "long"
    # Rows: height, half width, how far back, how far round towards the face (radians from straight back), how flat.
    rows = [
        (0.065, 0.92 * wide + side, 0.088 + side, 1.45, 0.0),
        (0.02, wide + 0.006 + side, 0.090 + side, 1.72, 0.0),
        (-0.03, wide + 0.008 + side, 0.085 + side, 1.78, 0.0),
        (-0.075, wide + 0.006 + side, 0.08 + side, 1.75, 0.0),
    ]
    end = -hair.length_m
    if long:
        rows += [
            (-0.115, wide + 0.012, 0.104, 1.3, 0.4),
            (-0.155, wide + 0.012, 0.132, 1.2, 0.8),
            (0.5 * (end - 0.155), wide + 0.010, 0.148, 1.2, 0.9),
            (end, wide, 0.152, 1.2, 0.92),
        ]
    else:
        rows += [(end, wide - 0.004 + side, 0.070 + side, 1.7, 0.0)]
    across = np.linspace(-1, 1, 9)
    rings = []
    for y, half, back, round_, flat in rows:
        angle = across * round_
        bow = flat + (1 - flat) * np.cos(angle)  # hair on the back lies flat
        outer = np.stack([half * np.sin(angle), np.full(9, y), -back * bow - 0.005], 1)
        inner = np.stack([(half - 0.014) * np.sin(angle), np.full(9, y), -(back - 0.014) * bow - 0.005], 1)
        rings.append(np.concatenate([outer[::-1], inner]))
    return np.array(rings)


def _ball(centre: Floats, radius: float) -> Floats:
    """(R, N, 3) rings of a ball."""
    tilt = np.linspace(0.02, np.pi - 0.02, 6)[:, None]
    turn = np.linspace(0, -2 * np.pi, 8, endpoint=False)[None]
    ball = np.stack([np.sin(tilt) * np.sin(turn), np.cos(tilt) + 0 * turn, np.sin(tilt) * np.cos(turn)], -1)
    return np.asarray(centre + radius * ball)


def _tail(hair: Hair) -> Floats:
    """(R, N, 3): from the back of the head out, then down."""
    spine = np.array([(0.055, -0.080), (0.062, -0.112), (0.030, -0.140), (-0.03, -0.150), (-0.09, -0.148), (0, -0.140)])
    spine[-1, 0] = -hair.length_m + 0.02
    radius = np.array([0.016, 0.024, 0.030, 0.032, 0.026, 0.004]) * hair.scale
    along = np.gradient(spine, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    turn = np.linspace(0, -2 * np.pi, 6, endpoint=False)
    # Each ring lies square to the tail, which runs in the plane x = 0.
    side, other = np.sin(turn)[None, :], np.cos(turn)[None, :]
    r = radius[:, None]
    return np.stack([
        r * side, spine[:, :1] + r * other * along[:, 1:], spine[:, 1:] - r * other * along[:, :1]
    ], -1)  # fmt: skip
