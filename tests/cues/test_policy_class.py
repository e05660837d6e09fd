"""Stories of several people in simulated time: who comes first, who is called together, who is not forgotten."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
from cue_stories import NAMES, ROOM, ask, fault, policy_with_texts, rep
from hypothesis import given, settings
from hypothesis import strategies as st

from groupcoach.cues.policy import CuePolicy, Room
from groupcoach.records import Event, Priority

# -- several people ---------------------------------------------------------------------------------------------------


def test_worst_first_and_then_the_one_not_spoken_to_for_longest():
    policy = CuePolicy()
    both = [fault(0.0), fault(0.0, 2, "shallow", measured=40.0)]
    assert ask(policy, 0.0, *both, *both)[0].person_id == 2
    order = []
    for t in range(3, 40, 3):
        order += [c.person_id for c in ask(policy, t, fault(t), fault(t, 2, "shallow", measured=40.0))]
    assert order[:4] == [1, 2, 1, 2]


def together(people, room=ROOM, language="en"):
    policy = policy_with_texts(language)
    first = [fault(0.0, p) for p in people]
    ask(policy, 0.0, *first, room=room)
    return policy, ask(policy, 3.0, *[fault(3.0, p) for p in people], room=room)


def test_three_with_the_same_fault_are_called_by_name_and_more_as_everyone():
    assert together([1, 2])[1][0].people == (1,)
    policy, (cue,) = together([1, 2, 3])
    assert (cue.text, set(cue.people)) == ("Mina, Jun and Ana: push your knees out", {1, 2, 3})
    assert not ask(policy, 6.0, fault(6.0, 2))  # each of them has been told
    policy, (cue,) = together([1, 2, 3, 4])
    assert (cue.text, len(cue.people)) == ("everyone: push your knees out", 4)
    assert together([1, 2, 3, 4], language="ko")[1][0].text == "모두: 무릎을 바깥으로"


def test_the_same_fault_of_another_exercise_is_another():
    policy = CuePolicy()
    events = [fault(0.0, 1), fault(0.0, 2), fault(0.0, 3, exercise="lunge")] * 2
    assert len(ask(policy, 0.0, *events)[0].people) == 1


def test_a_group_leaves_out_who_asked_for_none_and_who_has_a_phone():
    _, (cue,) = together([1, 2, 3], Room(NAMES, muted={2}))
    assert cue.people == (1,)
    _, cues = together([1, 2, 3], Room(NAMES, phones={3}))
    assert [(c.via, c.people, c.text) for c in cues] == [
        ("phone", (3,), "push your knees out"),  # one's own phone needs no name
        ("room", (1,), "Mina, push your knees out"),
    ]


def test_phones_do_not_wait_for_the_room():
    policy = CuePolicy()
    room = Room(NAMES, phones={1, 2}, busy=Priority.DANGER)
    twice = [fault(0.0, 1), fault(0.0, 2, "shallow")] * 2
    assert [(c.via, c.person_id) for c in ask(policy, 0.0, *twice, room=room)] == [("phone", 1), ("phone", 2)]
    assert not ask(policy, 3.0, fault(3.0, 1), room=room)


def test_danger_of_others_does_not_starve_a_person():
    """Nine people in danger again and again, one with a plain fault."""
    policy, told = CuePolicy(), []
    for tick in range(0, 1200):
        t = tick / 10
        events = [fault(t, p, f"d{p}", dangerous=True) for p in range(10, 19) if tick % 30 == 3 * (p - 10)]
        events += [fault(t, 1)] * (tick % 30 == 5)
        told += [c.t_s for c in ask(policy, t, *events) if 1 in c.people]
    assert max(np.diff([3.5, *told, 120.0])) <= 45.0


# -- a class of twenty (test_hour has its voice) ----------------------------------------------------------------------


def test_an_hour_leaves_nothing_behind():
    """The memory after an hour is that after ten minutes; every cue issued is there to be answered, once."""
    policy = CuePolicy()
    issued = Counter()

    def minutes(start, n):
        for t in range(start * 60, (start + n) * 60):
            events = [rep(t, p, [f"c{p % 7}"], t - 2) for p in range(20) if (t + p) % 3 == 0]
            events += [fault(t, p, f"c{p % 7}") for p in range(20) if (t + p) % 3 == 0]
            events += [Event(t, "exercise_changed", p) for p in range(20)] * (t % 300 == 0)
            cues, record = policy.decide(events, ROOM, t)
            issued.update(c.number for c in cues)
            assert len([e for e in record if e.type == "cue_issued"]) == len(cues)

    minutes(0, 10)
    before = len(repr(vars(policy)))  # everything it remembers
    minutes(10, 50)
    assert len(repr(vars(policy))) < 1.1 * before
    assert sorted(issued) == list(range(1, len(issued) + 1))
    assert set(issued.values()) == {1}
    assert len(policy._people) == 20


def test_who_left_long_ago_is_forgotten():
    policy = CuePolicy()
    for p in range(200):
        ask(policy, 10.0 * p, fault(10.0 * p, p), Event(10.0 * p, "person_left", p, {}))
    assert len(policy._people) < 100


moments = st.tuples(
    st.floats(0, 2),
    st.integers(1, 5),
    st.sampled_from(["a", "b"]),
    st.booleans(),
    st.sampled_from(["fault", "fault", "fault", "rep", "left", "floor", "busy"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(moments, max_size=80))
def test_the_room_stays_quiet_and_every_cue_has_one_number(story):
    policy, t, spoken, numbers = CuePolicy(), 0.0, [], []
    for step, person, code, dangerous, kind in story:
        t += step
        event = {"rep": rep(t, person, [code]), "left": Event(t, "person_left", person, {"name": "x"})}.get(
            kind, fault(t, person, code, dangerous=dangerous)
        )
        room = Room(NAMES, floor=kind == "floor", busy=Priority.FORM if kind == "busy" else None)
        cues, record = policy.decide([event], room, t)
        assert not (cues and kind == "floor")
        assert all(c.priority is Priority.DANGER for c in cues) or kind != "busy"
        numbers += [e.data["cue"] for e in record if e.type == "cue_issued"]
        spoken += cues
        assert len(cues) <= 1
    assert numbers == [c.number for c in spoken] == list(range(1, len(spoken) + 1))
    gaps = [(b.t_s - a.t_s, b.priority) for a, b in pairwise(spoken)]
    assert all(gap >= (1.0 if p is Priority.DANGER else 2.5) for gap, p in gaps)


person_habits = st.tuples(st.floats(1.5, 4.0), st.floats(0, 3.0), st.booleans(), st.sampled_from("abc"))


@settings(max_examples=12, deadline=None)
@given(st.lists(person_habits, min_size=2, max_size=10), st.floats(1.0, 2.4))
def test_nobody_waits_45_s_while_others_get_two(people, speech_s):
    """Whoever keeps a fault, whatever the others do: before a third person gets a second cue, the first has one."""
    policy, busy_until = CuePolicy(), -1.0
    next_s = {p: first for p, (_, first, _, _) in enumerate(people)}
    told = {p: [] for p in next_s}
    waits_from = {}
    for tick in range(750):
        t = tick / 5
        events = []
        for p, (rep_s, _, dangerous, code) in enumerate(people):
            if t >= next_s[p]:
                next_s[p] += rep_s
                events += [rep(t, p, [code], t - rep_s), fault(t, p, code, 15.0 + p, dangerous)]
                waits_from.setdefault(p, t + rep_s)
        for cue in policy.decide(events, Room(busy=Priority.FORM if t < busy_until else None), t)[0]:
            busy_until = t + speech_s
            for p in cue.people:
                told[p].append(t)
    for p, since in waits_from.items():
        moments_ = [since, *[t for t in told[p] if t > since], 150.0]
        for a, b in pairwise(moments_):
            if b - a > 45.0:
                twice = [q for q, when in told.items() if q != p and sum(a < t < a + 45.0 for t in when) >= 2]
                assert not twice, (p, a, b, twice)
