from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupcoach.detect.letterbox import STRIDE, InputPlan, fill_input, plan_input

BASE, LONGEST = 640 * 384, 1280
SIZES = [(720, 1280), (1080, 1920), (2160, 3840), (1920, 1080), (481, 641), (353, 353), (240, 3000), (90, 60), (1, 1)]


def filled(image: np.ndarray) -> tuple[InputPlan, np.ndarray]:
    plan = plan_input(*image.shape[:2], BASE, LONGEST)
    out = np.full((plan.height, plan.width, 3), 114, np.uint8)
    fill_input(image, plan, out)
    return plan, out


@pytest.mark.parametrize(("h", "w"), SIZES)
def test_inputs_fit_the_network_and_hold_the_whole_picture(h: int, w: int) -> None:
    plan = plan_input(h, w, BASE, LONGEST)
    assert plan.width % STRIDE == plan.height % STRIDE == 0
    assert max(plan.width, plan.height) <= LONGEST
    assert plan.scale <= 2
    assert plan.resized[0] + plan.pad_x <= plan.width
    assert plan.resized[1] + plan.pad_y <= plan.height
    assert plan.width - plan.resized[0] < STRIDE
    assert plan.height - plan.resized[1] < STRIDE


def test_the_usual_picture_gets_the_planned_number_of_pixels() -> None:
    plan = plan_input(720, 1280, BASE, LONGEST)
    assert (plan.width, plan.height) == (672, 384)
    wide = plan_input(1080, 1920, BASE, LONGEST)
    assert 1.5 < wide.width * wide.height / (plan.width * plan.height) < 1.8  # (9/4) ** 0.6 = 1.63
    assert plan_input(4320, 7680, BASE, LONGEST).width == LONGEST


@pytest.mark.parametrize(("h", "w"), [(720, 1280), (1080, 1920), (481, 641), (641, 480), (240, 3000)])
def test_a_spot_of_the_picture_is_found_again_where_the_plan_says(h: int, w: int) -> None:
    image = np.zeros((h, w, 3), np.uint8)
    x, y = w * 3 // 4, h // 3
    image[y - 12 : y + 13, x - 12 : x + 13] = 255
    plan, out = filled(image)
    inner = out[plan.pad_y : plan.pad_y + plan.resized[1], plan.pad_x : plan.pad_x + plan.resized[0], 0].astype(float)
    assert (out[: plan.pad_y] == 114).all()
    assert (out[:, : plan.pad_x] == 114).all()
    rows, columns = np.indices(inner.shape)
    at = np.array([(columns * inner).sum(), (rows * inner).sum()]) / inner.sum() + [plan.pad_x, plan.pad_y]
    back = (at - [plan.pad_x, plan.pad_y]) / plan.scale
    assert back == pytest.approx([x, y], abs=1.5)


def test_one_buffer_serves_many_frames_of_a_size() -> None:
    plan, out = filled(np.full((481, 641, 3), 10, np.uint8))
    before = out.copy()
    fill_input(np.full((481, 641, 3), 200, np.uint8), plan, out)
    fill_input(np.full((481, 641, 3), 10, np.uint8), plan, out)
    assert (out == before).all()


@settings(max_examples=60, deadline=None)
@given(h=st.integers(2, 4000), w=st.integers(2, 4000), u=st.floats(0, 1), v=st.floats(0, 1))
def test_points_survive_the_round_trip(h: int, w: int, u: float, v: float) -> None:
    plan = plan_input(h, w, BASE, LONGEST)
    point = np.array([u * w, v * h])
    pad = np.array([plan.pad_x, plan.pad_y])
    inside = point * plan.scale + pad
    # rounding the resized picture to whole pixels costs half a network pixel
    assert (inside >= -0.5).all()
    assert (inside <= [plan.width + 0.5, plan.height + 0.5]).all()
    assert (inside - pad) / plan.scale == pytest.approx(point, abs=1e-6)
