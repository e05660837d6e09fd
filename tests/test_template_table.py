"""The source method's machine on written angles: every row of its table, what it counts and what it corrects."""

from __future__ import annotations

import numpy as np
import pytest
from wild_drive import wild_drive

from groupcoach.exercises.catalogue import Template, load_catalogue
from groupcoach.reps import IllegalMove
from groupcoach.template import TEMPLATE_TABLE, Correction, Reading, Stage, TemplateCounter

LUNGE = load_catalogue().get("lunge").template
STANDING = {"left_knee": 172.0, "right_knee": 172.0, "waist": 172.0}


def the_template() -> Template:
    assert LUNGE is not None
    return LUNGE


def clock(seconds: float, fps: float = 30.0) -> np.ndarray:
    return np.arange(0, seconds, 1 / fps)


def lunges(
    fps: float, n: int, *, hold_s: float = 1.6, turned: bool = False, noise: float = 0.0, **off: float
) -> tuple[int, TemplateCounter, list[Correction]]:  # fmt: skip
    """``n`` lunges into the source's posture: a second down, held, a second up, a second of rest.

    Args:
        off: degrees by which the held posture misses an angle.

    Returns:
        Repetitions counted, the machine, what it corrected while the posture was held.
    """
    machine, period, rng = TemplateCounter(the_template()), 3.0 + hold_s, np.random.default_rng(1)
    counts, said = 0, []
    for t_s in clock(1 + n * period + 1, fps):
        k = (t_s - 1.0) % period if 1.0 <= t_s < 1.0 + n * period else 0.0
        share = float(np.interp(k, [0, 1, 1 + hold_s, 2 + hold_s], [0, 1, 1, 0]))
        deg = {a: STANDING[a] + (v + off.get(a, 0.0) - STANDING[a]) * share + rng.normal(0, noise)
               for a, v in the_template().angles.items()}  # fmt: skip
        if turned:
            deg["left_knee"], deg["right_knee"] = deg["right_knee"], deg["left_knee"]
        counts += machine.step(float(t_s), deg)
        if machine.correction is not None and share == 1.0:
            said.append(machine.correction)
    return counts, machine, said


def test_an_illegal_reading_changes_nothing() -> None:
    template = TemplateCounter(the_template())
    with pytest.raises(IllegalMove, match="cannot take"):
        template._fire(Reading.AWAY)
    assert (template.stage, template.count) == (Stage.STAND, 0)


def test_the_shipped_template_is_the_source_methods() -> None:
    template = the_template()
    assert template.angles == {"left_knee": 79.9178, "right_knee": 91.1117, "waist": 162.260}
    assert (template.enter_deg, template.count_deg, template.hold_s) == (20, 10, 0.53)


@pytest.mark.parametrize("fps", [9.5, 15, 30])
@pytest.mark.parametrize("turned", [False, True], ids=["left leads", "right leads"])
@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_four_lunges_are_four_for_either_lead_leg(fps: float, turned: bool, noise: float) -> None:
    counts, machine, _ = lunges(fps, 4, turned=turned, noise=noise)
    assert (counts, machine.count, machine.stage) == (4, 4, Stage.STAND)


def test_five_frames_at_the_sources_rate_are_enough() -> None:
    machine = TemplateCounter(the_template())
    exact = dict(the_template().angles)
    stages = []
    for k in range(12):
        machine.step(k / 9.5, exact)
        stages.append(machine.stage)
    assert stages == [Stage.STAND] * 5 + [Stage.POSTURE] * 5 + [Stage.REACHED] * 2


def test_every_row_of_the_template_table_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = set()
    fire = TemplateCounter._fire

    def noted(self: TemplateCounter, reading: Reading) -> bool:
        rows.add((self.stage, reading))
        return fire(self, reading)

    monkeypatch.setattr(TemplateCounter, "_fire", noted)
    exact, near = dict(the_template().angles), {a: v + 15 for a, v in the_template().angles.items()}

    def hold(machine: TemplateCounter, deg: dict[str, float], from_s: float, seconds: float) -> int:
        return sum(machine.step(from_s + t, deg) for t in clock(seconds, 15))

    right = TemplateCounter(the_template())
    assert hold(right, exact, 0, 1.5) + hold(right, STANDING, 1.5, 1) == 1
    wrong = TemplateCounter(the_template())  # near, never right
    assert hold(wrong, near, 0, 2) + hold(wrong, STANDING, 2, 1) == 0
    for posture in (near, exact):  # walks out of the picture; comes back standing
        gone = TemplateCounter(the_template())
        assert hold(gone, posture, 0, 2) + hold(gone, STANDING, 5, 1) == 0
        assert gone.stage is Stage.STAND
    assert rows == set(TEMPLATE_TABLE)


def test_a_moment_of_not_seeing_changes_nothing() -> None:
    machine = TemplateCounter(the_template())
    for t_s in clock(1.5, 15):
        machine.step(float(t_s), dict(the_template().angles))
    assert machine.stage is Stage.REACHED
    assert not machine.step(1.6, {**STANDING, "right_knee": float("nan")})
    assert machine.stage is Stage.REACHED
    assert machine.step(1.7, STANDING)


def test_passing_through_the_posture_without_holding_it_counts_nothing() -> None:
    assert lunges(30, 4, hold_s=0.2)[0] == 0


@pytest.mark.parametrize(
    ("angle", "off"), [("left_knee", -17.0), ("right_knee", 16.0), ("waist", -14.0), ("left_knee", -13.0)]
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_correction_names_the_worst_angle_and_the_way(angle: str, off: float, turned: bool) -> None:
    counts, _, said = lunges(15, 2, turned=turned, **{angle: off})
    assert counts == 0
    own = {"left_knee": "right_knee", "right_knee": "left_knee"}.get(angle, angle) if turned else angle
    assert len(said) > 20
    assert {c.angle for c in said} == {own}
    assert all(c.error_deg == pytest.approx(off) for c in said)


def test_nothing_is_corrected_while_it_is_right() -> None:
    assert lunges(15, 1)[2] == []


def test_standing_counts_nothing() -> None:
    machine = TemplateCounter(the_template())
    assert not any(machine.step(float(t), STANDING) for t in clock(20, 15))
    assert machine.correction is None


@pytest.mark.parametrize("seed", range(20))
def test_whatever_comes_no_illegal_reading_is_made(seed: int) -> None:
    t, drive = wild_drive(seed)
    machine = TemplateCounter(the_template())
    for t_s, a, b in zip(t, drive, drive[::-1], strict=True):
        machine.step(float(t_s), {"left_knee": a, "right_knee": b, "waist": 165.0})
