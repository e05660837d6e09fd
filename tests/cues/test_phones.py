"""Codes, sessions and the lines to phones."""

from __future__ import annotations

import dataclasses

import pytest

from groupcoach.cues.phone_key import KEY_LIVES_S, lasting_key
from groupcoach.cues.phones import (
    ALPHABET,
    ANSWER_S,
    CODE_LENGTH,
    HEARD_S,
    LINES,
    WRONG_IN_ALL,
    WRONG_PER_MINUTE,
    PhoneDesk,
    TooManyTries,
)  # fmt: skip
from groupcoach.cues.policy import ClassCue
from groupcoach.records import Priority

KEY = b"k" * 32
CUE = ClassCue(1, "chest up", "en", Priority.FORM, "trunk_lean", 5.0, 7.0, 12, (1,), (), "phone")


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def desk(clock):
    made = PhoneDesk(lambda: KEY, clock)
    made.meet([(1, "Mina"), (2, "Jun"), (3, "Person 3")])
    return made


def code(desk, person):
    return desk.codes()[person][1]


def test_a_code_opens_one_persons_page_and_nobody_elses(desk):
    token = desk.enter(code(desk, 1).lower(), "a")
    assert desk.person_of(token) == 1
    assert desk.enter("ZZZZZZZ", "a") is None
    assert desk.person_of("x") is desk.person_of(None) is None
    desk.leave(token)
    assert desk.person_of(token) is None


def test_codes_are_long_unlike_and_of_letters_that_cannot_be_confused(desk):
    desk.meet([(i, f"P{i}") for i in range(60)])
    codes = [c for _, c in desk.codes().values()]
    assert len(set(codes)) == 60
    assert all(len(c) == CODE_LENGTH and set(c) <= set(ALPHABET) for c in codes)
    assert not set("01OIL") & set(ALPHABET) - {"L"}


def test_after_a_restart_a_name_keeps_its_code_and_a_number_does_not(desk):
    again = PhoneDesk(lambda: KEY)
    again.meet([(5, "Mina"), (3, "Person 3")])
    assert again.person_of(again.enter(code(desk, 1), "a")) == 5
    assert again.enter(code(desk, 3), "a") is None


def test_when_names_change_the_code_goes_with_the_name(desk):
    mina, third = desk.enter(code(desk, 1), "a"), desk.enter(code(desk, 3), "a")
    desk.meet([(1, "Jun"), (2, "Mina"), (3, "Ana")])
    assert desk.person_of(mina) == 2
    assert desk.person_of(third) == 3  # the code of a body without a name stays with the body
    desk.meet([(1, "Jun")])
    assert desk.person_of(mina) is None


def test_two_people_of_one_name_never_share_a_code(desk):
    desk.meet([(1, "Mina"), (2, "Mina")])
    assert code(desk, 1) != code(desk, 2)
    assert {desk.person_of(desk.enter(code(desk, p), "a")) for p in (1, 2)} == {1, 2}


def test_guessing_is_stopped_per_address_and_in_all(desk, clock):
    for _ in range(WRONG_PER_MINUTE):
        assert desk.enter("2222222", "a") is None
    with pytest.raises(TooManyTries):
        desk.enter(code(desk, 1), "a")
    assert desk.enter(code(desk, 1), "b")  # others are not kept out
    for i in range(WRONG_IN_ALL):
        if i < WRONG_IN_ALL - WRONG_PER_MINUTE:
            desk.enter("2222222", f"c{i}")
    with pytest.raises(TooManyTries):
        desk.enter(code(desk, 1), "b")
    clock.now = 61.0
    assert desk.enter(code(desk, 1), "a")


def test_a_phone_is_there_while_it_listens_and_says_so(desk, clock):
    line = desk.open(1, lambda: None)
    assert desk.connected() == {1}
    clock.now = HEARD_S + 1
    assert desk.connected() == set()
    assert desk.watched() == {1}
    desk.here(1)
    assert desk.connected() == {1}
    desk.shut(1, line)
    desk.shut(1, line)
    assert desk.connected() == desk.watched() == set()


def test_a_person_has_a_few_lines_and_no_more(desk):
    assert all(desk.open(1, lambda: None) for _ in range(LINES))
    assert desk.open(1, lambda: None) is None


def test_only_the_owner_gets_a_cue_and_every_cue_is_answered_once(desk, clock):
    own, other = desk.open(1, lambda: None), desk.open(2, lambda: None)
    desk.say(CUE)
    desk.show(1, {"reps": 3})
    desk.show(1, {"reps": 4})
    assert [kind for kind, _ in own.take()] == ["cue", "state"]  # of states the newest only
    assert other.take() == []
    assert desk.cue_of(2, 12) is None
    assert not desk.answered(2, 12, True, 1.0)
    clock.now = 1.5
    assert desk.answered(1, 12, True, 1.0)
    assert not desk.answered(1, 12, True, 1.0)
    (result,) = desk.results()
    assert (result.outcome, result.waited_s, result.took_s) == ("spoken", 0.5, 1.0)


def test_a_cue_without_an_answer_is_dropped(desk, clock):
    desk.say(CUE)
    assert desk.results() == []
    clock.now = ANSWER_S + 0.1
    assert [(r.outcome, r.reason) for r in desk.results()] == [("dropped", "no_answer")]
    desk.say(dataclasses.replace(CUE, number=13))
    clock.now += 0.1
    desk.give_up()
    assert [r.cue.number for r in desk.results()] == [13]


def test_an_hour_of_cues_leaves_little_behind(desk, clock):
    for number in range(2000):
        clock.now += 2.0
        desk.say(dataclasses.replace(CUE, number=number))
        desk.results()
    assert len(desk._waiting) <= 6
    assert len(desk._phones[1].recent) <= 8


def test_the_secret_is_kept_for_half_a_day_for_the_owners_eyes(tmp_path, monkeypatch):
    path = tmp_path / "state" / "phone.key"
    key = lasting_key(path)
    assert len(key) == 32
    assert lasting_key(path) == key
    if hasattr(path, "owner"):
        assert path.stat().st_mode & 0o077 == 0
    import os

    old = path.stat().st_mtime - KEY_LIVES_S - 10
    os.utime(path, (old, old))
    assert lasting_key(path) != key
    assert len(lasting_key(tmp_path / "state" / "phone.key" / "not a folder")) == 32
