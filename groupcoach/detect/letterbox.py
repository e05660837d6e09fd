"""One resize per frame: the picture scaled into a network's input, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

STRIDE = 32


@dataclass(frozen=True, slots=True)
class InputPlan:
    """How frames of one size go into the network: ``network = frame * scale + pad``."""

    height: int
    width: int
    scale: float
    pad_x: int
    pad_y: int
    resized: tuple[int, int]
    """(w, h) of the scaled picture inside the input."""


def plan_input(frame_h: int, frame_w: int, base_pixels: int, longest: int) -> InputPlan:
    """The network's input for pictures of one size: the picture's own shape, scaled to a number of pixels.

    The size of a person in the input decides whether a small network sees them. A picture of more pixels usually shows
    a wider room, not bigger people: its input grows too, by the power 0.6 of the ratio to 1280 x 720.
    Pictures are not enlarged beyond twice their size.
    """
    area = frame_h * frame_w
    pixels = base_pixels * max(1.0, area / (1280 * 720)) ** 0.6
    scale = min((pixels / area) ** 0.5, longest / max(frame_h, frame_w), 2.0)
    w, h = max(1, round(frame_w * scale)), max(1, round(frame_h * scale))
    width, height = -(-w // STRIDE) * STRIDE, -(-h // STRIDE) * STRIDE
    return InputPlan(height, width, scale, (width - w) // 2, (height - h) // 2, (w, h))


def fill_input(image: NDArray[np.uint8], plan: InputPlan, out: NDArray[np.uint8]) -> None:
    """Scale ``image`` (H, W, 3) into ``out`` (height, width, 3); the border of ``out`` is left as it is (grey)."""
    inner = out[plan.pad_y : plan.pad_y + plan.resized[1], plan.pad_x : plan.pad_x + plan.resized[0]]
    shrink = plan.scale < 0.5
    cv2.resize(image, plan.resized, dst=inner, interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR)
