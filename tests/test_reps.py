"""Counting from written angles: known counts, whatever the frame rate, the noise and the gaps."""

from __future__ import annotations

import numpy as np
import pytest
from wild_drive import wild_drive

from groupcoach.exercises.catalogue import Count
from groupcoach.reps import RANGE_TABLE, Excursion, IllegalMove, Move, Phase, RangeCounter, next_phase

# numbers of their own, so that the shipped definitions may be tuned
SQUAT = Count(method="range", drive=("left_knee", "right_knee"), rest="high", min_range_deg=35, turn_limit_deg=135,
              min_s=0.5, max_s=10)  # fmt: skip
JACK = Count(method="range", drive=("left_shoulder", "right_shoulder"), rest="low", min_range_deg=60,
             turn_limit_deg=100, min_s=0.4, max_s=4)  # fmt: skip
HIGH, LOW = 172.0, 92.0


def squats(t: np.ndarray, n: int, period_s: float, high: float = HIGH, low: float = LOW) -> np.ndarray:
    """Knee angle (T,) of somebody who squats ``n`` times from second 1 on."""
    k = (t - 1.0) / period_s
    return np.where((k >= 0) & (k < n), high - (high - low) * (1 - np.cos(2 * np.pi * k)) / 2, high)


def counted(t: np.ndarray, drive: np.ndarray, count: Count = SQUAT) -> list[Excursion]:
    counter, done = RangeCounter(count), []
    for t_s, value in zip(t, drive, strict=True):
        excursion = counter.step(float(t_s), float(value))
        if excursion is not None and not excursion.half:
            counter.confirm(excursion)
            done.append(excursion)
    return done


def halves(t: np.ndarray, drive: np.ndarray, count: Count = SQUAT) -> list[Excursion]:
    counter = RangeCounter(count)
    found = [counter.step(float(t_s), float(value)) for t_s, value in zip(t, drive, strict=True)]
    return [e for e in found if e is not None and e.half]


def clock(seconds: float, fps: float = 30.0) -> np.ndarray:
    return np.arange(0, seconds, 1 / fps)


# -- the tables ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("phase", "move"), [(p, m) for p in Phase for m in Move])
def test_every_pair_of_phase_and_move_is_a_row_or_an_error(phase: Phase, move: Move) -> None:
    if (phase, move) in RANGE_TABLE:
        assert next_phase(phase, move) is RANGE_TABLE[phase, move]
    else:
        with pytest.raises(IllegalMove, match=rf"phase '{phase.value}' cannot take the event '{move.value}'"):
            next_phase(phase, move)


class Watched(RangeCounter):
    """A counter that notes the rows it takes."""

    def __init__(self, count: Count) -> None:
        super().__init__(count)
        self.rows: list[tuple[Phase, Move]] = []

    def _fire(self, move: Move) -> None:
        before = self.phase
        super()._fire(move)
        self.rows.append((before, move))


def test_every_row_of_the_range_table_is_reached() -> None:
    t = clock(60, 15)
    knots = [(0, 170), (1, 170), (2, 90), (2.6, 130), (3, 90), (4, 170), (5, 170), (6, 90), (19, 90), (20, 170),
             (21, 170), (22, 90), (22.6, 130), (30, 130), (34, 130), (35, 170), (60, 170)]  # fmt: skip
    counter = Watched(SQUAT)
    for t_s, value in zip(t, np.interp(t, *np.array(knots).T), strict=True):
        counter.step(t_s, value)
    for t_s, value in zip(t[t < 6.4], np.interp(t[t < 6.4], [0, 1, 2, 6, 6.4], [170, 170, 90, 95, 95]), strict=True):
        counter.step(100 + t_s, value)
    for t_s, value in ((106.5, 128.0), (106.6, 152.0), (106.7, 152.0), (106.8, 152.0), (109.9, 151.0)):
        counter.step(t_s, value)  # nearly home, and gone for three seconds
    assert set(counter.rows) == set(RANGE_TABLE)


def test_an_illegal_move_changes_nothing() -> None:
    counter = RangeCounter(SQUAT)
    with pytest.raises(IllegalMove):
        counter._fire(Move.HOME)
    assert counter.phase is Phase.REST


# -- out and back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fps", [8, 9.5, 15, 30, 60])
def test_five_squats_in_fifteen_seconds_are_five_at_any_frame_rate(fps: float) -> None:
    t = clock(18, fps)
    done = counted(t, squats(t, 5, 3.0))
    assert len(done) == 5
    for k, e in enumerate(done):
        assert e.turn_s == pytest.approx(1 + 3 * k + 1.5, abs=0.35)
        assert 1 + 3 * k - 0.2 <= e.start_s < e.turn_s < e.end_s <= 1 + 3 * (k + 1) + 0.35
        assert e.range_deg == pytest.approx(HIGH - LOW, abs=8)
        assert e.turn_deg == pytest.approx(LOW, abs=8)


@pytest.mark.parametrize("fps", [8, 15, 30])
@pytest.mark.parametrize("seed", range(5))
def test_a_fifth_of_the_frames_lost_loses_no_squat(fps: float, seed: int) -> None:
    t = clock(18, fps)
    kept = np.random.default_rng(seed).random(len(t)) > 0.2
    assert len(counted(t[kept], squats(t, 5, 3.0)[kept])) == 5
    # not seen is the same as no frame
    assert len(counted(t, np.where(kept, squats(t, 5, 3.0), np.nan))) == 5


@pytest.mark.parametrize("fps", [8, 15, 30])
@pytest.mark.parametrize("seed", range(5))
def test_noise_of_five_degrees_makes_and_loses_none(fps: float, seed: int) -> None:
    t = clock(24, fps)
    noise = np.random.default_rng(seed).normal(0, 5, len(t))
    assert len(counted(t, squats(t, 5, 3.0) + noise)) == 5


@pytest.mark.parametrize(("period_s", "fps"), [(0.9, 15), (1.2, 15), (1.2, 30), (5.0, 15), (8.0, 8)])
def test_fast_and_slow(period_s: float, fps: float) -> None:
    t = clock(2 + 5 * period_s, fps)
    assert len(counted(t, squats(t, 5, period_s))) == 5


def test_slower_than_the_longest_is_no_repetition_and_the_next_one_counts() -> None:
    t = clock(40, 15)
    drive = np.interp(t, [0, 1, 2, 14, 15, 20, 21, 22, 40], [170, 170, 90, 90, 170, 170, 90, 170, 170])
    assert [round(e.turn_s) for e in counted(t, drive)] == [21]


def test_a_pause_inside_a_repetition_stays_one() -> None:
    t = clock(12, 15)
    at_the_bottom = np.interp(t, [0, 1, 2, 5, 6, 12], [170, 170, 90, 90, 170, 170])
    on_the_way_up = np.interp(t, [0, 1, 2, 2.5, 5, 6, 12], [170, 170, 90, 125, 125, 170, 170])
    on_the_way_down = np.interp(t, [0, 1, 1.5, 4, 5, 6, 12], [170, 170, 130, 130, 90, 170, 170])
    assert [len(counted(t, d)) for d in (at_the_bottom, on_the_way_up, on_the_way_down)] == [1, 1, 1]


def test_a_bounce_at_the_bottom_is_one_repetition() -> None:
    t = clock(10, 15)
    drive = np.interp(t, [0, 1, 2, 2.6, 3.2, 4.2, 10], [170, 170, 90, 120, 88, 170, 170])
    done = counted(t, drive)
    assert [round(e.turn_s, 1) for e in done] == [pytest.approx(3.2, abs=0.2)]


@pytest.mark.parametrize("fps", [8, 15, 30])
@pytest.mark.parametrize("straight", [150, 178])
def test_who_rests_less_straight_than_before_is_counted_all_the_same(fps: float, straight: float) -> None:
    # arms straight on the way to the floor, then push-ups that end with soft elbows
    t = clock(16, fps)
    drive = np.where(t < 1.0, straight, squats(t, 5, 2.4, high=138, low=62))
    done = counted(t, drive)
    assert [e.turn_s for e in done[-4:]] == pytest.approx([4.6, 7.0, 9.4, 11.8], abs=0.35)
    assert len(done) == 5
    assert all(e.range_deg == pytest.approx(76, abs=12) for e in done[1:-1])


def test_a_half_repetition_is_kept_as_such() -> None:
    t = clock(18, 15)
    found = halves(t, squats(t, 5, 3.0, low=146))
    assert len(found) == 5
    assert all(e.range_deg == pytest.approx(26, abs=3) for e in found)
    assert halves(t, squats(t, 5, 3.0, low=160)) == []  # a fidget
    assert halves(t, squats(t, 5, 3.0)) == []


@pytest.mark.parametrize("fps", [10, 15, 30])
@pytest.mark.parametrize("period_s", [1.0, 2.0, 4.0])
def test_the_end_is_when_the_body_is_back_at_rest(fps: float, period_s: float) -> None:
    t = clock(3 + 5 * period_s, fps)
    done = counted(t, squats(t, 5, period_s))
    assert [e.end_s for e in done] == pytest.approx([1 + period_s * (k + 1) for k in range(5)],
                                               abs=0.1 + 0.07 * period_s)  # fmt: skip
    # a cosine is above half of its range for half of its time, which is what a smooth repetition of that length is
    assert [e.moving_s for e in done] == pytest.approx([period_s] * 5, abs=0.12)


def test_a_slow_shift_of_the_rest_level_holds_nothing_up() -> None:
    t = clock(30, 15)
    drive = np.interp(t, [0, 3, 4, 14, 15, 16, 30], [172, 172, 160, 160, 90, 160, 160])
    assert [round(e.turn_s) for e in counted(t, drive)] == [15]


def test_half_a_dip_counts_nothing() -> None:
    t = clock(18, 15)
    assert counted(t, squats(t, 5, 3.0, low=144)) == []  # smaller than the smallest range
    assert counted(t, squats(t, 5, 3.0, high=178, low=141)) == []  # wide enough, but never past the turn limit


def test_a_dip_of_a_person_who_goes_deep_is_no_repetition_but_it_is_one_of_a_shallow_person() -> None:
    t = clock(30, 15)
    dip = np.interp(t, [0, 1, 2, 3, 30], [172, 172, 132, 172, 172])
    assert len(counted(t, dip)) == 1
    deep = np.interp(t, [0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 30],
                     [172, 172, 50, 172, 172, 50, 172, 172, 172, 132, 172, 172])  # fmt: skip
    assert [round(e.turn_s) for e in counted(t, deep)] == [2, 5]


@pytest.mark.parametrize(("high", "low"), [(160, 120), (172, 130), (150, 70), (140, 95)])
def test_the_persons_own_range_and_the_cameras_bias_do_not_matter(high: float, low: float) -> None:
    t = clock(18, 15)
    assert len(counted(t, squats(t, 5, 3.0, high, low))) == 5


def test_somebody_who_tires_is_still_counted() -> None:
    t = clock(40, 15)
    low = np.interp(t, [0, 32], [80, 122])
    assert len(counted(t, squats(t, 10, 3.0, low=low))) == 10


@pytest.mark.parametrize("gap_s", [0.5, 1.8])
def test_lost_for_less_than_two_seconds_the_repetition_goes_on(gap_s: float) -> None:
    t = clock(8, 15)
    drive = np.interp(t, [0, 1, 2, 5, 6, 8], [170, 170, 90, 90, 170, 170])
    seen = (t < 2.5) | (t > 2.5 + gap_s)
    assert len(counted(t[seen], drive[seen])) == 1


@pytest.mark.parametrize("says_nan", [True, False])
def test_lost_for_longer_it_starts_anew(says_nan: bool) -> None:
    t = clock(14, 15)
    drive = np.interp(t, [0, 1, 2, 5, 6, 8, 9, 10, 14], [170, 170, 90, 90, 170, 170, 90, 170, 170])
    seen = (t < 2.2) | (t > 4.6)
    done = counted(t, np.where(seen, drive, np.nan)) if says_nan else counted(t[seen], drive[seen])
    assert [round(e.turn_s) for e in done] == [9]


def test_never_seen_counts_nothing() -> None:
    t = clock(10)
    assert counted(t, np.full(len(t), np.nan)) == []


def test_the_time_of_the_source_does_not_matter() -> None:
    t = clock(18, 15)
    late = counted(t + 3600.0, squats(t, 5, 3.0))
    assert [e.end_s - 3600 for e in late] == pytest.approx([e.end_s for e in counted(t, squats(t, 5, 3.0))])


@pytest.mark.parametrize("seed", range(20))
def test_whatever_comes_no_illegal_move_is_made(seed: int) -> None:
    t, drive = wild_drive(seed)
    done = counted(t, drive)
    for e in done:
        assert e.start_s < e.end_s
        assert e.turn_s <= e.end_s
        assert e.range_deg >= SQUAT.min_range_deg
    assert [e.end_s for e in done] == sorted(e.end_s for e in done)


def test_a_drive_that_rests_low_counts_upwards() -> None:
    t = clock(12, 15)
    arms = 180 - squats(t, 5, 1.2, high=165, low=20)
    done = counted(t, arms, JACK)
    assert len(done) == 5
    assert all(e.turn_deg > 140 and e.range_deg > 110 for e in done)


# -- first seen in the middle, last seen almost home -----------------------------------------------------------------


@pytest.mark.parametrize("fps", [10.0, 30.0])
@pytest.mark.parametrize("begins_s", [1.45, 1.7])
def test_a_repetition_that_was_under_way_when_it_was_first_seen_counts(fps: float, begins_s: float) -> None:
    t = clock(8, fps)
    seen = t >= begins_s  # of a squat from second 1 to 3, the bottom at 2
    done = counted(t[seen], squats(t[seen], 3, 2.0))
    assert len(done) == 3
    assert done[0].range_deg == pytest.approx(HIGH - LOW, abs=12)
    assert done[0].end_s == pytest.approx(2.8, abs=0.25)
    assert np.isnan(done[0].moving_s)  # its beginning was not seen
    assert np.isfinite(done[1].moving_s)


def test_the_way_into_a_posture_is_no_rest_level_for_the_set() -> None:
    hips = Count(method="range", drive=("left_hip",), rest="low", min_range_deg=9, own_share=0.25, min_s=0.5, max_s=12)
    t = clock(9, 12.5)  # lying down opens the hips from 92 degrees to 132; then two bridges of 22
    drive = np.interp(t, [0.0, 1.0], [92.0, 132.0]) + squats(t - 1.0, 2, 3.0, high=0.0, low=22.0)
    done = counted(t, drive, hips)
    assert [e.end_s for e in done] == pytest.approx([5.0, 8.0], abs=0.4)
    assert [e.range_deg for e in done] == pytest.approx([22, 22], abs=3)


def test_a_larger_excursion_than_the_exercise_can_have_is_none() -> None:
    hips = Count(method="range", drive=("left_hip",), rest="low", min_range_deg=9, max_range_deg=90, min_s=0.5)
    t = clock(9, 12.5)  # a bridge of 50 degrees, then a shoe is tied, and once the hips are read wrong
    drive = 100 + squats(t, 1, 3.0, high=0.0, low=50.0)
    drive = np.where((t > 5) & (t < 5.8), 135.0, np.where(t > 4, 25.0, drive))
    assert [e.range_deg for e in counted(t, drive, hips)] == pytest.approx([50], abs=3)
    assert len(counted(t, drive, hips.model_copy(update={"max_range_deg": 180.0}))) == 2


def test_somebody_who_gets_up_once_has_done_no_repetition() -> None:
    assert counted(clock(6), np.interp(clock(6), [0, 1, 2], [LOW, LOW, HIGH])) == []


def test_at_the_end_what_is_near_home_counts_and_what_is_on_its_way_does_not() -> None:
    for until_s, want in ((2.75, 1), (2.2, 0), (1.5, 0)):
        t = clock(until_s)
        counter = RangeCounter(SQUAT)
        assert not any(counter.step(float(s), float(v)) for s, v in zip(t, squats(t, 1, 2.0), strict=True))
        last = counter.finish()
        assert (last is not None and not last.half) is bool(want)
        assert counter.finish() is None
