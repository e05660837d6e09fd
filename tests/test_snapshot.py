"""Cards and summary from a person's state: names, languages, corrections."""

from __future__ import annotations

import pytest

from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.person import FAULT_STANDS_S, PersonState
from groupcoach.records import Label, Rep
from groupcoach.replist import RepList
from groupcoach.sets import ExerciseSet
from groupcoach.snapshot import _exercises, card, exercise_name
from groupcoach.track.membership import Participant

CATALOGUE = load_catalogue()
MINA = Participant(1, "Mina", "A1", [1], 0.0, 30.0, 29.0)


def done(*sets: tuple[str, int]) -> PersonState:
    """Somebody with sets of so many repetitions, one every two seconds."""
    state, t = PersonState(1, CATALOGUE, ("stand", "squat", "lunge", "unknown")), 0.0
    for exercise, n in sets:
        reps = [Rep(exercise, k + 1, t + 2 * k, t + 2 * k + 1, t + 2 * k + 2, 80.0) for k in range(n)]
        state.sets.append(ExerciseSet(exercise, t, t + 2 * n, RepList(reps)))
        t += 2 * n + 30
    return state


def reps(state: PersonState) -> list[tuple[str, int]]:
    return [(row["exercise"], row["reps"]) for row in _exercises(state)]


@pytest.mark.parametrize(("to", "want"), [(9, [5, 4]), (8, [5, 3]), (6, [5, 1]), (5, [5, 0]), (4, [4, 0]), (0, [0, 0])])
def test_a_corrected_count_is_the_sum_of_the_sets(to: int, want: list[int]) -> None:
    state = done(("squat", 5), ("squat", 3))
    state.correct("squat", to)
    assert [n for _, n in reps(state)] == want
    assert sum(want) == state.totals["squat"] == to


def test_a_correction_of_what_was_never_seen_is_a_set_of_its_own() -> None:
    state = done(("squat", 2))
    state.correct("lunge", 4)
    assert reps(state) == [("squat", 2), ("lunge", 4)]
    assert done(("squat", 2)).totals == {"squat": 2}


def test_a_card_shows_the_exercise_in_the_language_of_the_class() -> None:
    state = done(("squat", 3))
    state.vote.label = Label("squat", 0.9, 0.0)
    shown = card(MINA, state, CATALOGUE, "ko", 6.0, set())
    assert (shown.name, shown.exercise, shown.exercise_name, shown.reps) == ("Mina", "squat", "스쿼트", 3)
    assert (shown.totals, shown.muted, shown.worst_text) == ({"squat": 3}, False, None)
    assert card(MINA, state, CATALOGUE, "en", 6.0, {1}).muted


def test_between_two_repetitions_the_card_keeps_the_exercise_for_a_while() -> None:
    state = done(("squat", 3))  # ends at 6 s
    state.vote.label = Label("stand", 0.9, 0.0)
    assert card(MINA, state, CATALOGUE, "en", 8.0, set()).exercise == "squat"
    assert card(MINA, state, CATALOGUE, "en", 30.0, set()).exercise == "stand"


def test_a_fault_stands_for_a_while_and_then_goes() -> None:
    state = done(("squat", 3))
    state.last_fault = ("squat", "shallow", "knee", 6.0)
    text = CATALOGUE.get("squat").rule("shallow").text
    for language, words in (("en", text.en), ("ko", text.ko)):
        shown = card(MINA, state, CATALOGUE, language, 7.0, set())
        assert (shown.worst_joint, shown.worst_text, shown.fault_since_s) == ("knee", words, 6.0)
    assert card(MINA, state, CATALOGUE, "en", 6.0 + FAULT_STANDS_S, set()).worst_text is None


def test_somebody_who_was_never_posed_has_a_card_too() -> None:
    shown = card(MINA, None, CATALOGUE, "en", 1.0, set())
    assert (shown.exercise, shown.exercise_name, shown.reps, shown.totals) == ("unknown", "...", 0, {})
    gone = Participant(2, "Joon", present=False)
    assert card(gone, None, CATALOGUE, "en", 1.0, set()).box_xyxy is None


def test_an_exercise_without_a_definition_has_no_name() -> None:
    assert exercise_name(CATALOGUE, "cossack_dance", "en") == "..."
