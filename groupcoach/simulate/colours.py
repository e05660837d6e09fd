"""Colours of people and what they wear, RGB 0 to 255 in the tables and 0 to 1 from the functions."""

from __future__ import annotations

import colorsys
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

#: Ten tones from light to dark, spaced as on the Monk scale.
SKINS: Final = ((243, 217, 198), (238, 206, 180), (230, 194, 160), (219, 176, 138), (200, 152, 112), (170, 122, 84),
                (138, 95, 66), (108, 72, 50), (82, 55, 41), (62, 43, 34))  # fmt: skip
DARK_HAIRS: Final = ((24, 21, 20), (34, 27, 24), (52, 36, 27), (70, 46, 32))
LIGHT_HAIRS: Final = ((96, 64, 40), (128, 90, 54), (160, 120, 72), (202, 168, 110), (222, 194, 146), (140, 70, 38))
GREY_HAIRS: Final = ((120, 118, 116), (166, 164, 160), (206, 204, 200))
SHIRTS: Final = ((196, 48, 48), (38, 92, 168), (48, 140, 92), (232, 190, 64), (232, 232, 228), (44, 46, 54),
                 (126, 72, 150), (228, 120, 52), (80, 170, 190), (214, 110, 150))  # fmt: skip
NEUTRALS: Final = ((236, 236, 232), (206, 204, 198), (140, 142, 146), (84, 88, 94), (46, 48, 54), (28, 28, 32))
TROUSERS: Final = ((28, 28, 32), (40, 42, 48), (36, 44, 66), (86, 90, 98), (60, 76, 116), (72, 64, 56), (52, 58, 48),
                   (110, 48, 66), (134, 136, 140))  # fmt: skip
SHOES: Final = ((236, 236, 236), (226, 222, 214), (40, 40, 44), (60, 62, 70), (200, 60, 60), (70, 120, 190),
                (170, 200, 70), (230, 130, 60), (210, 120, 160), (60, 150, 150))  # fmt: skip
SOLES: Final = ((240, 240, 238), (240, 240, 238), (36, 36, 38), (196, 160, 120))
#: Dumbbells.
DUMBBELLS: Final = ((40, 41, 44), (112, 116, 120), (42, 138, 138), (212, 104, 146))


def pick(rng: np.random.Generator, table: tuple[tuple[int, int, int], ...]) -> Floats:
    """(3,) of one row."""
    return np.asarray(table[int(rng.integers(len(table)))]) / 255


def hue(rng: np.random.Generator) -> Floats:
    """(3,) any hue alike, in the strengths that cloth has: vivid, pale, deep or dull."""
    low, high = [((0.62, 0.80), (0.85, 0.92)), ((0.25, 0.85), (0.42, 0.97)), ((0.55, 0.30), (0.80, 0.50)),
                 ((0.28, 0.42), (0.45, 0.66))][int(rng.choice(4, p=(0.45, 0.2, 0.2, 0.15)))]  # fmt: skip

    h = float(rng.random())
    s, v = (float(rng.uniform(a, b)) for a, b in zip(low, high, strict=True))
    return np.asarray(colorsys.hsv_to_rgb(h, s, v))


def beside(rng: np.random.Generator, first: Floats) -> Floats:
    """(3,) a second colour that can be told from the first."""
    for _ in range(8):
        if rng.random() < 0.45:
            out = pick(rng, NEUTRALS)
        elif rng.random() < 0.4:
            out = 0.5 * first + 0.5 if first.mean() < 0.6 else 0.55 * first
        else:
            out = hue(rng)
        if np.abs(out - first).max() > 0.22:
            return np.asarray(out)
    return np.full(3, 0.93 if first.mean() < 0.5 else 0.12)


def skin(rng: np.random.Generator) -> tuple[int, Floats]:
    """Which of the ten tones, evenly drawn, and the colour (3,)."""
    tone = int(rng.integers(len(SKINS)))
    return tone, np.clip(np.asarray(SKINS[tone]) / 255 * rng.uniform(0.96, 1.03, 3), 0, 1)


def hair(rng: np.random.Generator, tone: int) -> Floats:
    """(3,) mostly dark for dark skins, grey now and then."""
    if rng.random() < 0.13:
        return pick(rng, GREY_HAIRS)
    return pick(rng, LIGHT_HAIRS if rng.random() < max(0.08, 0.62 - 0.1 * tone) else DARK_HAIRS)
