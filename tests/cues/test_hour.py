"""A class of twenty in simulated time, ten of them with a fault that they never put right: the worst for one voice."""

from __future__ import annotations

import pytest

from groupcoach.cues.hour import ClockVoice, Story, run
from groupcoach.records import Cue, Priority

FIVE_MINUTES = 300.0


def cue(text, priority=Priority.FORM, t_s=0.0):
    return Cue(1, text, "en", priority, "knees_in", t_s, t_s + 2.0)


@pytest.mark.parametrize(
    "story",
    [
        Story(seconds=FIVE_MINUTES),
        Story(seconds=FIVE_MINUTES, rep_s=(5.0, 8.0)),
        Story(seconds=FIVE_MINUTES, rep_s=(3.0, 3.0), in_step=True),
        Story(seconds=FIVE_MINUTES, rep_s=(6.0, 6.0), in_step=True),
        Story(seconds=FIVE_MINUTES, language="ko"),
    ],
    ids=["apart", "slow", "in step", "slowly in step", "Korean"],
)
def test_ten_different_faults_at_once(story):
    """Each is spoken about when it is seen, nobody waits longer than 45 s, and every cue has its end."""
    found = run(story)
    assert found["issued"] > 75
    assert found["latency_ms_p95"] <= 300
    assert found["longest_wait_s"] <= 45
    assert found["accounted"]
    assert found["spoken"] >= 0.98 * found["issued"]
    assert found["queue_most"] <= 2


def test_a_voice_slower_than_expected_loses_cues_but_accounts_for_them_and_forgets_nobody():
    found = run(Story(seconds=FIVE_MINUTES), slower=1.6)
    assert found["accounted"]
    assert found["expired"] + found["dropped"] > 0
    assert found["longest_wait_s"] <= 45


def test_those_who_listen_and_rest_leave_the_room_some_peace():
    found = run(Story(seconds=FIVE_MINUTES, heeds=0.7, rest_s=30.0))
    assert found["speaks"] < 0.5
    assert found["latency_ms_p95"] <= 300


def test_nothing_grows():
    found = run(Story(seconds=180.0), trace=True)
    assert found["memory_kb"] < 50
    assert found["queue_most"] <= 2


def test_the_clock_is_a_voice_like_the_real_one():
    voice = ClockVoice()
    voice.say(cue("Mina, push your knees out"))
    voice.say(cue("Jun, lift your chest"))
    assert voice.busy is Priority.FORM
    voice.pass_to(0.5)
    voice.say(cue("danger", Priority.DANGER, 0.5))
    voice.pass_to(1.0)
    voice.pass_to(9.0)
    assert [(r.cue.text, r.outcome, r.reason) for r in voice.results()] == [
        ("Mina, push your knees out", "dropped", "interrupted"),
        ("danger", "spoken", ""),
        ("Jun, lift your chest", "spoken", ""),
    ]
    assert (voice.busy, voice.ends_in_s()) == (None, 0.0)
