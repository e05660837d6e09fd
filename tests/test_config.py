"""Roster and plan files as people write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupcoach.config import MAX_NAME, load_plan, load_roster, read_toml
from groupcoach.errors import ConfigError

EXERCISES = ["squat", "lunge", "push_up"]


@pytest.fixture
def roster(tmp_path: Path) -> Callable[[str], Any]:
    def load(text: str) -> Any:
        path = tmp_path / "roster.toml"
        path.write_text(text, encoding="utf-8")
        return load_roster(path)

    return load


@pytest.fixture
def plan(tmp_path: Path) -> Callable[[str], Any]:
    def load(text: str) -> Any:
        path = tmp_path / "plan.toml"
        path.write_text(text, encoding="utf-8")
        return load_plan(path, EXERCISES)

    return load


def test_roster_with_everything(roster: Callable[[str], Any]) -> None:
    people = roster(
        '[[person]]\nname = " Mina "\nspot = 3\nlanguage = "ko"\nnotes = "left knee:\\nno deep squats"\n'
        '[[person]]\nname = "미나"\n'
    ).people
    assert [(p.name, p.spot, p.language) for p in people] == [("Mina", "3", "ko"), ("미나", None, None)]
    assert people[0].notes == "left knee:\nno deep squats"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"no \[\[person\]\] entry"),
        ("person = 3", r"list of entries"),
        ('person = ["Mina"]', r"\[\[person\]\] 1: must be an entry"),
        ('[[persons]]\nname = "Mina"', "unknown field 'persons'.*Did you mean 'person'"),
        ('[[person]]\nnam = "Mina"', r"\[\[person\]\] 1: unknown field 'nam'.*Did you mean 'name'"),
        ('[[person]]\nname="A"\n[[person]]\nname="B"\nlang="en"', r"\[\[person\]\] 2: unknown field 'lang'"),
        ('[[person]]\nspot = "left"', r"\[\[person\]\] 1: name is missing"),
        ("[[person]]\nname = 3", "name must be text in quotes, not 3"),
        ('[[person]]\nname = ""', "name is empty"),
        ('[[person]]\nname = "  "', "name is empty"),
        (f'[[person]]\nname = "A"\nsay = "{"x" * 300}"', "say has 300 characters, at most 60"),
        ('[[person]]\nname = "a\\u0007b"', r"cannot be shown \(U\+0007\)"),
        ('[[person]]\nname = "a\\u202eb"', r"cannot be shown \(U\+202E\)"),
        ('[[person]]\nname = "a\\nb"', "on one line"),
        ('[[person]]\nname="Mina"\n[[person]]\nname="mina"', r"\[\[person\]\] 1 and 2 have the same name"),
        ('[[person]]\nname="A"\nspot=true', "spot must be text"),
        ('[[person]]\nname="A"\nlanguage="fr"', "language must be 'en' or 'ko', not 'fr'"),
        ('[[person]]\nname = "Mina', "not valid TOML"),
        ("\n".join(f'[[person]]\nname = "p{i}"' for i in range(61)), "1 to 60"),
    ],
)
def test_wrong_roster_names_file_entry_and_field(roster: Callable[[str], Any], text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        roster(text)
    assert "roster.toml" in str(caught.value)
    assert "\n" not in str(caught.value).strip()


def test_two_on_one_spot_are_named_and_the_class_goes_on(roster: Callable[[str], Any]) -> None:
    loaded = roster('[[person]]\nname="A"\nspot=1\n[[person]]\nname="B"\nspot="1"\n[[person]]\nname="C"\nspot=2')
    (notice,) = loaded.notices
    assert "A and B on the same spot '1'" in notice
    assert [(m.name, m.spot) for m in loaded.members] == [("A", "1"), ("B", None), ("C", "2")]


def test_how_a_name_is_said_and_who_teaches(roster: Callable[[str], Any]) -> None:
    loaded = roster('[[person]]\nname="Siobhan"\nsay="Shivawn"\n[[person]]\nname="Jo"\ninstructor=true')
    assert [(m.say, m.instructor) for m in loaded.members] == [("Shivawn", False), (None, True)]
    assert loaded.notices == []


def test_plan(plan: Callable[[str], Any]) -> None:
    steps = plan(
        '[[step]]\nexercise = "squat"\nreps = 10\nrest_s = 30\n[[step]]\nexercise = "lunge"\nseconds = 40.5\n'
    ).steps
    assert [(s.exercise, s.reps, s.seconds, s.rest_s) for s in steps] == [
        ("squat", 10, None, 30.0),
        ("lunge", None, 40.5, 0.0),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[step]]\nexercise = "squatt"\nreps = 1', r"\[\[step\]\] 1: exercise 'squatt'.*Did you mean 'squat'"),
        ('[[step]]\nexercise = "squat"', "needs either reps or seconds"),
        ('[[step]]\nexercise = "squat"\nreps = 1\nseconds = 3', "not both"),
        ('[[step]]\nexercise = "squat"\nreps = 0', "reps must be at least 1, not 0"),
        ('[[step]]\nexercise = "squat"\nreps = 2.5', "reps must be a whole number, not 2.5"),
        ('[[step]]\nexercise = "squat"\nreps = "ten"', "reps must be a whole number, not 'ten'"),
        ('[[step]]\nexercise = "squat"\nseconds = nan', "seconds must be"),
        ('[[step]]\nexercise = "squat"\nseconds = inf', "seconds must be"),
        ('[[step]]\nexercise = "squat"\nreps = 3\nrest = 3', "unknown field 'rest'.*Did you mean 'rest_s'"),
        ('[step]\nexercise = "squat"', "list of entries"),
    ],
)
def test_wrong_plan_names_file_entry_and_field(plan: Callable[[str], Any], text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        plan(text)
    assert "plan.toml" in str(caught.value)


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "roster.toml").write_text("")
    with pytest.raises(ConfigError, match=r"Did you mean 'roster\.toml'"):
        load_roster(tmp_path / "rooster.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_roster(tmp_path)
    (tmp_path / "roster.toml").write_bytes(b"name = \xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_roster(tmp_path / "roster.toml")
    (tmp_path / "big.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(ConfigError, match="larger than 1 MB"):
        read_toml(tmp_path / "big.toml")


def test_windows_editor_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "roster.toml").write_bytes("\ufeff[[person]]\nname = 'A'\n".encode())
    assert load_roster(tmp_path / "roster.toml").people[0].name == "A"


def test_a_name_of_300_characters_is_cut_and_that_is_said(tmp_path):
    path = tmp_path / "long.toml"
    path.write_text(f'[[person]]\nname = "{"Maximiliana " * 25}"\n[[person]]\nname = "Jun"\n', encoding="utf-8")
    roster = load_roster(path)
    assert len(roster.members[0].name) <= MAX_NAME
    assert roster.members[0].name.startswith("Maximiliana Maximiliana")
    assert [notice for notice in roster.notices if "longer than 60" in notice] == roster.notices != []


@settings(deadline=None)  # a busy machine is no fault
@given(st.text(max_size=80))
def test_any_name_is_taken_or_refused_in_words(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    quoted = "".join(f"\\U{ord(c):08x}" for c in name)
    path.write_text(f'[[person]]\nname = "{quoted}"\n', encoding="utf-8")
    try:
        kept = load_roster(path).people[0].name
    except ConfigError:
        return
    assert kept == kept.strip() != ""
    assert len(kept) <= MAX_NAME
    assert kept.isprintable() or any(not c.isascii() for c in kept)
