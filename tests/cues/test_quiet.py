"""Who asked for no cues gets none: in the room, by the phone, with a group by name."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from groupcoach.config import load_roster
from groupcoach.cues.policy import CuePolicy, Room
from groupcoach.cues.quiet import AskedForNone
from groupcoach.records import Event
from groupcoach.track.roster import RosterBook


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "roster.toml"
    path.write_text('[[person]]\nname = "Mina"\ncues = "none"\n[[person]]\nname = "Jun"\ncues = "all"\n', "utf-8")
    return RosterBook(load_roster(path).members)


def known(roster, **names):
    return SimpleNamespace(roster=roster, people={int(k[1:]): SimpleNamespace(name=n) for k, n in names.items()})


def look(asked, identity, t_s=1.0):
    return [(e.type, e.person) for e in asked.look(identity, t_s)]


def test_it_follows_the_name_not_the_body(roster):
    asked = AskedForNone()
    assert look(asked, known(roster, p1="Mina", p2="Jun", p3="Guest 1")) == [("muted", 1)]
    assert look(asked, known(roster, p1="Mina", p2="Jun")) == []
    assert asked.now == {1}
    assert look(asked, known(roster, p1="Jun", p2="Mina")) == [("unmuted", 1), ("muted", 2)]
    assert asked.now == {2}


def test_the_instructor_may_switch_somebody_on_again(roster):
    asked, people = AskedForNone(), known(roster, p1="Mina")
    look(asked, people)
    asked.by_hand(1, mute=False)
    assert look(asked, people) == []
    assert asked.now == set()
    asked.by_hand(1, mute=True)
    assert look(asked, people) == [("muted", 1)]


def test_nothing_reaches_them_by_any_way(roster):
    """Three share a fault, one of them asked for none: a group of two is none, and nobody names the third."""
    asked = AskedForNone()
    look(asked, known(roster, p1="Mina", p2="Jun"))
    names = {1: "Mina", 2: "Jun", 3: "Ana", 4: "Leo"}
    for phones in ((), (1,)):
        policy, told = CuePolicy(), []
        room = Room(names, muted=asked.now, phones=phones)
        for t in range(0, 60, 3):
            seen = {"exercise": "squat", "code": "shallow", "dangerous": True, "text": {"en": "go a little lower"}}
            events = [Event(t, "fault_found", p, seen) for p in (1, 2, 3, 4)]
            told += policy.decide(events, room, float(t))[0]
        assert told
        assert not [cue for cue in told if 1 in cue.people or "Mina" in cue.text]
        assert {2, 3, 4} == {p for cue in told for p in cue.people}


def test_another_word_is_refused(tmp_path):
    path = tmp_path / "roster.toml"
    path.write_text('[[person]]\nname = "Mina"\ncues = "few"\n', "utf-8")
    with pytest.raises(Exception, match=r"cues must be 'all' or 'none', not 'few'"):
        load_roster(path)
