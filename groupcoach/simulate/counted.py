"""The exercises that count, by id, and the faults each can show on order."""

from __future__ import annotations

from typing import Final

from groupcoach.simulate.arms import biceps_curl, front_raise, lateral_raise, shoulder_press
from groupcoach.simulate.ground import burpee, mountain_climber, plank, push_up
from groupcoach.simulate.jumps import high_knees, jumping_jack
from groupcoach.simulate.legs import deadlift, squat, stand
from groupcoach.simulate.lunges import lunge, reverse_lunge, side_lunge
from groupcoach.simulate.sets import Maker
from groupcoach.simulate.supine import crunch, glute_bridge, sit_up

COUNTED: Final[dict[str, Maker]] = {
    "stand": stand,
    "squat": squat,
    "lunge": lunge,
    "reverse_lunge": reverse_lunge,
    "side_lunge": side_lunge,
    "deadlift": deadlift,
    "jumping_jack": jumping_jack,
    "high_knees": high_knees,
    "shoulder_press": shoulder_press,
    "biceps_curl": biceps_curl,
    "lateral_raise": lateral_raise,
    "front_raise": front_raise,
    # On the floor:
    "push_up": push_up,
    "plank": plank,
    "sit_up": sit_up,
    "crunch": crunch,
    "glute_bridge": glute_bridge,
    "mountain_climber": mountain_climber,
    "burpee": burpee,
}
#: The faults each exercise can show on order.
FAULTS: Final[dict[str, tuple[str, ...]]] = {
    "squat": ("shallow", "knees_in", "trunk_lean", "heels_up", "uneven", "too_fast"),
    "lunge": ("shallow", "trunk_lean", "too_fast"),
    "reverse_lunge": ("shallow", "trunk_lean", "too_fast"),
    "side_lunge": ("shallow", "trunk_lean"),
    "deadlift": ("half_range", "too_fast"),
    "jumping_jack": ("arms_low", "uneven"),
    "high_knees": ("knees_low",),
    "shoulder_press": ("half_press", "uneven", "back_arch"),
    "biceps_curl": ("swing", "half_range", "elbow_drift"),
    "lateral_raise": ("too_high", "swing", "uneven"),
    "front_raise": ("too_high", "swing", "uneven"),
    # On the floor:
    "push_up": ("hips_sag", "hips_pike", "shallow", "too_fast"),
    "plank": ("hips_sag",),
    "sit_up": ("half_range", "too_fast"),
    "crunch": ("too_fast",),
    "glute_bridge": ("hips_low", "uneven"),
    "mountain_climber": ("hips_pike", "knees_low"),
    "burpee": ("hips_sag", "no_full_stand"),
}
