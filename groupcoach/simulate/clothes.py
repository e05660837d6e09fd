"""Clothes: drawn from a seed, then cut into the body's mesh, so that every edge is sharp however coarse the mesh is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate import colours
from groupcoach.simulate.cutter import Cutter
from groupcoach.simulate.frame import Frame

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]
Mask = NDArray[np.bool_]

#: Colour classes of the drawn faces.
CLASSES: Final = ("skin", "hair", "beard", "shirt", "shirt2", "trousers", "trousers2", "socks", "shoes", "soles",
                  "white", "dark", "brow", "mouth")  # fmt: skip

#: Tops: chance for women, for men, and when everybody wears the same.
_TOPS: Final = {"tee": (0.36, 0.50, 0.55), "loose tee": (0.15, 0.24, 0.25), "tank": (0.22, 0.16, 0.12),
                "long sleeves": (0.10, 0.10, 0.08), "crop": (0.07, 0.0, 0.0), "bra": (0.10, 0.0, 0.0)}  # fmt: skip
_BOTTOMS: Final = {"leggings": (0.48, 0.10, 0.25), "capri": (0.14, 0.02, 0.05), "bike shorts": (0.14, 0.06, 0.10),
                   "shorts": (0.10, 0.42, 0.30), "joggers": (0.10, 0.26, 0.20), "wide": (0.04, 0.14, 0.10)}  # fmt: skip
_TOP_PATTERNS: Final = {"plain": 0.34, "stripes": 0.10, "band": 0.08, "yoke": 0.08, "raglan": 0.10, "sides": 0.08,
                        "print": 0.10, "waves": (0.05, 0.05, 0.0), "sash": 0.05}  # fmt: skip
_BOTTOM_PATTERNS: Final = {"plain": 0.55, "side stripe": 0.22, "lower": 0.10, "waves": 0.13}


@dataclass(frozen=True, eq=False)
class Outfit:
    """What somebody wears; lengths as shares of a limb or metres, nothing that depends on the body."""

    top: str
    sleeve: float
    """0 at the shoulder, 1 at the elbow, 2 at the wrist; below 0: bare shoulders."""
    hem_m: float
    """Lower end of the top above the hips' centre."""
    neck: tuple[float, float]
    """Depth and half width of the neckline at the front."""
    bottom: str
    leg: float
    """0 at the hip, 1 at the knee, 2 at the ankle."""
    waist_m: float
    loose: tuple[float, float]
    """How far the hems of top and bottom stand off the body, metres."""
    sock_m: float
    """Above the ankle."""
    patterns: tuple[str, str]
    """Of top and bottom."""
    numbers: Floats
    """(6,) 0 to 1, that vary the patterns."""
    colours: dict[str, Floats]
    """Class -> (3,) RGB 0 to 1."""


def draw_outfit(rng: np.random.Generator, female: bool | None) -> Outfit:
    """Clothes from ``rng``; ``female`` None: what anybody may be handed."""
    column = 2 if female is None else 0 if female else 1

    def one(table: dict[str, Any]) -> str:
        p = np.array([v[column] if isinstance(v, tuple) else v for v in table.values()])
        return str(rng.choice(list(table), p=p / p.sum()))

    top, bottom = one(_TOPS), one(_BOTTOMS)
    sleeve = {"tee": rng.choice([0.3, 0.45, 0.6]), "loose tee": rng.choice([0.55, 0.75]), "crop": 0.35,
              "long sleeves": rng.choice([1.55, 1.92])}.get(top, -1.0)  # fmt: skip
    hem = {"bra": 0.195, "crop": rng.uniform(0.11, 0.15)}.get(top, rng.uniform(-0.055, 0.03))
    deep = rng.uniform(0.065, 0.10) if sleeve < 0 else rng.choice([0.015, 0.03, 0.06])
    leg = {"leggings": 1.93, "capri": rng.uniform(1.2, 1.45), "bike shorts": rng.uniform(0.5, 0.85),
           "shorts": rng.uniform(0.55, 0.95)}.get(bottom, 1.9)  # fmt: skip
    waist = rng.uniform(0.06, 0.10) if hem > 0.05 else 0.05
    loose_top = {"loose tee": rng.uniform(0.016, 0.032), "tee": rng.uniform(0.003, 0.014),
                 "tank": rng.uniform(0.002, 0.018), "crop": 0.012,
                 "long sleeves": rng.uniform(0.004, 0.014)}  # fmt: skip
    loose_leg = {"shorts": rng.uniform(0.014, 0.032), "joggers": rng.uniform(0.010, 0.016),
                 "wide": rng.uniform(0.022, 0.034)}  # fmt: skip
    patterns = one(_TOP_PATTERNS), one(_BOTTOM_PATTERNS)
    if patterns[0] == "raglan" and sleeve < 0:
        patterns = "plain", patterns[1]
    if patterns[1] == "waves" and bottom not in ("leggings", "capri"):
        patterns = patterns[0], "plain"
    shirt = colours.pick(rng, colours.NEUTRALS) if rng.random() < 0.25 else colours.hue(rng)
    trousers = colours.pick(rng, colours.TROUSERS) if rng.random() < 0.65 else colours.hue(rng)
    # Clothes of one set, now and then.
    if rng.random() < 0.1:
        trousers = shirt
    paint = {
        "shirt": shirt, "shirt2": colours.beside(rng, shirt), "trousers": trousers,
        "trousers2": colours.beside(rng, trousers), "shoes": colours.pick(rng, colours.SHOES),
        "soles": colours.pick(rng, colours.SOLES),
        "socks": colours.pick(rng, (colours.NEUTRALS[0], colours.NEUTRALS[5])),
    }  # fmt: skip
    return Outfit(
        top, float(sleeve), float(hem), (float(deep), float(rng.uniform(0.06, 0.085))), bottom, float(leg),
        float(waist), (loose_top.get(top, 0.0), loose_leg.get(bottom, 0.0)),
        float(rng.choice([-1.0, 0.035, 0.035, 0.08, 0.13])), patterns, rng.random(6), paint,
    )  # fmt: skip


class _Lines:
    """Where an outfit's edges run on a body: fields (P,) of points (P, 3) that are 0 on the line."""

    def __init__(self, frame: Frame, outfit: Outfit) -> None:
        at = frame.at
        self.outfit, self.at = outfit, at
        self.shoulder, self.elbow, self.wrist = (abs(float(at[f"left_{j}"][0])) for j in ("shoulder", "elbow", "wrist"))
        self.chest_y = float(at["left_shoulder"][1])
        hip, knee, ankle = (float(at[f"left_{j}"][1]) for j in ("hip", "knee", "ankle"))
        self.hip_y, self.knee_y, self.ankle_y = hip, knee, ankle
        self.leg_y = hip + min(outfit.leg, 1) * (knee - hip) + max(outfit.leg - 1, 0) * (ankle - knee)
        self.hem_y = float(at["pelvis"][1]) + outfit.hem_m
        self.waist_y = float(at["pelvis"][1]) + outfit.waist_m
        self.sole_y = float(frame.rest[:, 1].min()) + 0.022
        reach = min(outfit.sleeve, 1) * (self.elbow - self.shoulder)
        self.sleeve_x = self.shoulder + reach + max(outfit.sleeve - 1, 0) * (self.wrist - self.elbow)

    def sleeve(self, p: Floats) -> Floats:
        """Above 0 on the bare arm."""
        x = np.abs(p[:, 0])
        if self.outfit.sleeve >= 0:
            return np.asarray(x - self.sleeve_x)
        # The armhole slants inwards towards the neck.
        return np.asarray(x + 0.55 * (p[:, 1] - self.chest_y) - self.shoulder + 0.030)

    def neck(self, p: Floats) -> Floats:
        """Above 0 over the neckline."""
        deep, half = self.outfit.neck
        x, y, z = np.abs(p[:, 0]), p[:, 1], p[:, 2] - self.at["neck"][2]
        front = np.clip((z + 0.01) / 0.05, 0, 1) + (0.35 * np.clip((-z - 0.01) / 0.03, 0, 1) if deep > 0.062 else 0.0)
        # Wide and round under straps, pointed or round under sleeves.
        if self.outfit.sleeve < 0:
            dip = deep * (1 - np.clip(x / (half + 0.012), 0, 1) ** 4)
        else:
            dip = deep * (1 - np.clip(x / (1.1 * half), 0, 1) ** (1.2 if deep > 0.05 else 2))
        return np.asarray(y - (self.at["neck"][1] - 0.008 - front * dip + 2.0 * np.clip(x - 0.11, 0, None)))

    def shoe(self, p: Floats) -> Floats:
        """Above 0 on the shoe."""
        return np.asarray(self.ankle_y - 0.004 + 0.06 * (p[:, 2] - self.at["left_ankle"][2]) - p[:, 1])


Field = Callable[[Floats], Floats]
Marked = Callable[[], Mask]


def dress(cutter: Cutter, frame: Frame, outfit: Outfit) -> Callable[[], Ints]:
    """Cut the clothes' edges into the mesh; returns what tells the class of each face once all cutting is done."""
    lines = _Lines(frame, outfit)
    arm = frame.owned(*(f"{s}_{j}" for s in ("left", "right") for j in ("collar", "shoulder", "elbow", "wrist")))
    high = frame.rest[:, 1] > lines.chest_y - 0.12

    # The mesh is coarse around the neck: a few more vertices make its line round.
    for x in (0.0, 0.5 * outfit.neck[1], outfit.neck[1]):
        m = cutter.middles
        near = (m[:, 1] > lines.chest_y - 0.06) & (m[:, 1] < lines.at["neck"][1] + 0.02) & (np.abs(m[:, 0]) < 0.13)
        cutter.cut(np.abs(cutter.points[:, 0]) - x if x else cutter.points[:, 0], near)
    neck = cutter.line(lines.neck(cutter.points), cutter.share(high.astype(float)) > 0)
    sleeve = cutter.line(lines.sleeve(cutter.points), cutter.share((arm | high).astype(float)) > 0)
    levels = [lines.hem_y, lines.waist_y, lines.leg_y, lines.sole_y]
    for y in [*levels, lines.ankle_y + outfit.sock_m] if outfit.sock_m > 0 else levels:
        cutter.cut(cutter.points[:, 1] - y, np.ones(len(cutter.faces), dtype=bool))
    shoe = cutter.line(lines.shoe(cutter.points), cutter.middles[:, 1] < lines.knee_y)
    marked_top, marked_bottom = _top_pattern(cutter, lines), _bottom_pattern(cutter, lines)

    def classes() -> Ints:
        mid = cutter.middles
        names = np.zeros(len(mid), dtype=int)
        trunk = np.abs(mid[:, 0]) < lines.elbow
        bottom = trunk & (mid[:, 1] < lines.waist_y) & (mid[:, 1] > lines.leg_y)
        top = (mid[:, 1] > lines.hem_y) & (sleeve() < 0) & (neck() < 0)
        shod = shoe() > 0
        names[mid[:, 1] < lines.ankle_y + outfit.sock_m] = CLASSES.index("socks")
        names[bottom] = CLASSES.index("trousers")
        names[bottom & marked_bottom()] = CLASSES.index("trousers2")
        names[top] = CLASSES.index("shirt")
        names[top & marked_top()] = CLASSES.index("shirt2")
        names[shod] = CLASSES.index("shoes")
        names[shod & (mid[:, 1] < lines.sole_y)] = CLASSES.index("soles")
        return names

    return classes


def stand_off(frame: Frame, outfit: Outfit, points: Floats) -> tuple[Floats, Floats]:
    """(P,) metres that top and bottom stand off the body at points (P, 3) of the T-pose."""
    lines = _Lines(frame, outfit)
    down = np.clip((lines.chest_y - 0.08 - points[:, 1]) / max(lines.chest_y - 0.08 - lines.hem_y, 0.05), 0, 1)
    along = np.clip((np.abs(points[:, 0]) - lines.shoulder) / max(lines.sleeve_x - lines.shoulder, 0.05), 0, 1)
    top = 0.003 + outfit.loose[0] * np.maximum(down, 0.7 * along)
    leg = np.clip((lines.waist_y - 0.06 - points[:, 1]) / 0.18, 0, 1)
    hem = np.clip((lines.hip_y - 0.05 - points[:, 1]) / max(lines.hip_y - 0.05 - lines.leg_y, 0.1), 0, 1)
    if outfit.bottom == "joggers":  # a cuff at the ankle
        hem = np.minimum(hem, np.clip((points[:, 1] - lines.leg_y) / 0.05, 0, 1))
    bottom = 0.002 + outfit.loose[1] * leg * (0.35 + 0.65 * hem)
    return top, bottom


def _top_pattern(cutter: Cutter, lines: _Lines) -> Marked:
    """Cut the top's pattern; returns what tells the faces (F,) of the second colour."""
    kind, r = lines.outfit.patterns[0], lines.outfit.numbers
    low, high = lines.hem_y, lines.chest_y
    level: Floats = np.zeros(0)
    if kind == "stripes":
        level = np.arange(low + 0.03, high + 0.02, 0.045 + 0.03 * r[0])
    elif kind == "band":
        level = low + (high - low) * np.array([0.40 + 0.15 * r[0], 0.66 + 0.12 * r[1]])
    elif kind == "yoke":
        level = np.array([low + (high - low) * (0.45 + 0.35 * r[0])])
    if len(level):
        for y in level:
            m = cutter.middles
            cutter.cut(cutter.points[:, 1] - y, (np.abs(m[:, 0]) < lines.elbow) & (m[:, 1] > low))
        return lambda: np.asarray(np.searchsorted(level, cutter.middles[:, 1]) % 2 == 1)
    m = cutter.middles
    body = (m[:, 1] > low) & (m[:, 1] < high + 0.1)
    if kind == "print":
        x0, half, y0 = 0.0, 0.05 + 0.035 * r[0], high - 0.15 + 0.03 * r[1]
        tall = half * (0.5 + 0.8 * r[2])
        slant = 1.0 if r[3] < 0.35 else 0.0  # a lozenge, or a box

        def box(p: Floats) -> Floats:
            x, y = np.abs(p[:, 0] - x0) / half, np.abs(p[:, 1] - y0) / tall
            return np.asarray(1 - (x + y if slant else np.maximum(x, y)))

        front = lines.at["left_shoulder"][2] + 0.01
        for axis, at in ((0, x0), (1, y0), (1, y0 - tall), (1, y0 + tall)):
            m = cutter.middles
            near = (m[:, 2] > front) & (np.abs(m[:, 0]) < half + 0.04) & (np.abs(m[:, 1] - y0) < tall + 0.04)
            cutter.cut(cutter.points[:, axis] - at, near)
        for side in (-1, 1):
            m = cutter.middles
            near = (m[:, 2] > front) & (side * m[:, 0] > 0) & (np.abs(m[:, 1] - y0) < tall)
            cutter.cut(box(cutter.points) if slant else side * cutter.points[:, 0] - half, near)
        return lambda: np.asarray((box(cutter.middles) > 0) & (cutter.middles[:, 2] > front))
    if kind == "sash":
        # One edge after the other: half way between two vertices the distance from the middle line is not linear.
        edges = []
        for off in (-0.05, 0.05):
            m = cutter.middles
            across = cutter.points[:, 0] * (0.8 if r[0] < 0.5 else -0.8) + cutter.points[:, 1] - high + 0.17
            edges.append(cutter.line(across - off, (m[:, 1] > low) & (m[:, 1] < high + 0.1)))
        return lambda: (edges[0]() > 0) & (edges[1]() < 0)
    fields: dict[str, Field] = {
        "raglan": lambda p: np.abs(p[:, 0]) + 0.6 * (p[:, 1] - high) - lines.shoulder + 0.03,
        "sides": lambda p: np.abs(p[:, 0]) + 0.15 * (p[:, 1] - high) - 0.105 - 0.02 * r[0],
        "waves": lambda p: _waves(p, r),
    }
    return _field(cutter, fields.get(kind), body)


def _bottom_pattern(cutter: Cutter, lines: _Lines) -> Marked:
    kind, r = lines.outfit.patterns[1], lines.outfit.numbers
    m = cutter.middles
    legs = (m[:, 1] < lines.waist_y) & (m[:, 1] > lines.leg_y)
    if kind == "side stripe":
        half = 0.012 + 0.016 * r[4]
        z0, x0 = float(lines.at["left_hip"][2]), abs(float(lines.at["left_hip"][0]))

        def stripe(p: Floats) -> Floats:
            return np.asarray(half - np.abs(p[:, 2] - z0))

        for sign in (-1, 1):
            m = cutter.middles
            outer = (np.abs(m[:, 0]) > x0 + 0.01) & (m[:, 1] < lines.waist_y) & (m[:, 1] > lines.leg_y)
            cutter.cut(cutter.points[:, 2] - z0 - sign * half, outer)
        return lambda: (stripe(cutter.middles) > 0) & (np.abs(cutter.middles[:, 0]) > x0 + 0.01)
    y0 = lines.knee_y + (0.02 + 0.1 * r[4] if lines.outfit.leg > 1.1 else 0.08 + 0.08 * r[4])
    fields: dict[str, Field] = {"lower": lambda p: y0 - p[:, 1], "waves": lambda p: _waves(p, r[::-1])}
    return _field(cutter, fields.get(kind), legs)


def _field(cutter: Cutter, field: Field | None, among: Mask) -> Marked:
    if field is None:
        return lambda: np.zeros(len(cutter.faces), dtype=bool)
    side = cutter.line(field(cutter.points), among)
    return lambda: side() > 0


def _waves(p: Floats, r: Floats) -> Floats:
    """(P,) smooth patches of about ten centimetres, above 0 on a little less than half of the cloth."""
    k = 2 * np.pi / (0.17 + 0.1 * r[0])
    x, y, z = p.T * k
    a, b = 2 * np.pi * r[1], 2 * np.pi * r[2]
    return np.asarray(np.sin(y + 1.2 * np.sin(x + a)) + np.sin(0.8 * x + 0.9 * z + b) * np.cos(0.5 * y + a) - 0.15)
