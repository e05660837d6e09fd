"""The exercise definitions: those shipped, and what is said of those with a wrong field."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupcoach.errors import ConfigError
from groupcoach.exercises.catalogue import LANGUAGES, Catalogue, load_catalogue, read_definition
from groupcoach.measures import MEASURES
from groupcoach.simulate.motion import EXERCISES, FAULTS
from groupcoach.skeleton import ANGLES

SHIPPED = Path(__file__).parents[2] / "groupcoach" / "exercises"
GOOD = """id = "dip"
aliases = ["bench dip"]
source = "coaching texts"
[names]
en = "Dip"
ko = "딥스"
[count]
method = "range"
drive = ["left_elbow", "right_elbow"]
min_range_deg = 30
min_s = 0.5
max_s = 8.0
[gate]
trunk_lean = [0, 40]
[template]
angles = { left_elbow = 90 }
enter_deg = 20
count_deg = 10
hold_s = 0.5
[[fault]]
code = "shallow"
joint = "elbow"
measure = "elbow"
at = "turn"
above = 100
margin = 10
priority = 1
source = "coaching texts"
text = { en = "go lower", ko = "더 낮게" }
"""


@pytest.fixture
def catalogue() -> Catalogue:
    return load_catalogue()


def written(folder: Path, text: str, name: str = "dip.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda p: p.stem)
def test_every_shipped_definition_is_valid_and_whole(path: Path) -> None:
    definition = read_definition(path)
    assert definition.id == path.stem
    assert definition.source
    for language in LANGUAGES:
        assert definition.names.get(language)
        assert all(rule.text.get(language) for rule in definition.fault)
    for name in definition.count.drive:
        assert name in ANGLES or name in MEASURES or f"left_{name}" in ANGLES
    assert all(len(rule.text.en.split()) < 6 and len(rule.text.ko.split()) < 6 for rule in definition.fault)
    assert all(name in MEASURES for name in definition.gate)
    assert all(definition.rule(rule.code) is rule for rule in definition.fault)


def test_everything_the_simulator_can_do_is_there_with_its_faults(catalogue: Catalogue) -> None:
    assert set(EXERCISES) == {*catalogue.ids, "reverse_lunge"}
    assert catalogue.by_alias("reverse_lunge") is catalogue.get("lunge")
    beyond_the_mesh = {("squat", "heels_up"), ("squat", "uneven")}
    for exercise in catalogue.ids:
        rules = {rule.code for rule in catalogue.get(exercise).fault}
        lacking = {(exercise, code) for code in FAULTS.get(exercise, ()) if code not in rules}
        assert lacking <= beyond_the_mesh
    assert catalogue.get("plank").count.method == "hold"
    assert {d.id for d in catalogue if d.count.method == "steps"} == {"high_knees", "mountain_climber"}


def test_the_first_exercises_are_there(catalogue: Catalogue) -> None:
    wanted = {"squat", "lunge", "push_up", "jumping_jack", "biceps_curl"}
    assert wanted <= set(catalogue.ids)
    assert wanted <= {d.id for d in catalogue.counted}
    assert "stand" not in {d.id for d in catalogue.counted}
    assert [d.id for d in catalogue] == list(catalogue.ids) == sorted(catalogue.ids)
    assert catalogue is load_catalogue()  # read once


@pytest.mark.parametrize(
    ("text", "exercise"),
    [
        ("reverse lunge (alternating)", "lunge"), ("sit-up", "sit_up"),
        ("lateral arm raise", "lateral_raise"), ("side lunge (alternating)", "side_lunge"),
        ("high knees", "high_knees"),
        ("dumbbell shoulder press", "shoulder_press"), ("plank hold", "plank"), ("walking lunge", "lunge"),
        ("air squat", "squat"),
        ("barbell curl", "biceps_curl"),
        ("push-up", "push_up"), ("Push Up", "push_up"), ("PUSHUP", "push_up"), ("push_up", "push_up"),
        ("jumping jack", "jumping_jack"), ("jumping-jacks", "jumping_jack"), ("dumbbell  curl", "biceps_curl"),
        ("스쿼트", "squat"), ("Squat", "squat"), ("goblet squat (kettlebell)", "squat"), ("standing", "stand"),
    ],
)  # fmt: skip
def test_free_names_find_their_exercise(catalogue: Catalogue, text: str, exercise: str) -> None:
    found = catalogue.by_alias(text)
    assert found is not None
    assert found.id == exercise


@pytest.mark.parametrize("text", ["", "cossack dance", "sq", "squat jump lunge"])
def test_a_name_that_nobody_has_finds_none(catalogue: Catalogue, text: str) -> None:
    assert catalogue.by_alias(text) is None


def test_no_name_means_two_exercises(catalogue: Catalogue) -> None:
    for d in catalogue:
        for name in (d.id, d.names.en, d.names.ko, *d.aliases):
            found = catalogue.by_alias(name)
            assert found is not None
            assert found.id == d.id, name


def test_an_unknown_id_is_answered_with_the_near_one(catalogue: Catalogue) -> None:
    with pytest.raises(ConfigError, match=r"'squats'.*Did you mean 'squat'\?.*Known: .*lunge"):
        catalogue.get("squats")


def test_a_definition_of_ones_own(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    own = load_catalogue(tmp_path)
    assert own.ids == ("dip",)
    dip = own.get("dip")
    assert dip.names.get("ko") == "딥스"
    assert dip.names.get("de") == dip.names.en
    assert dip.fault[0].unit == "deg"
    assert dip.fault[0].text.as_dict() == {"en": "go lower", "ko": "더 낮게"}


WRONG = {
    "angle": ('"left_elbow", "right', '"left_elbw", "right', "count", "Did you mean 'left_elbow'?"),
    "measure": ('measure = "elbow"', 'measure = "elbows"', "fault.0", "Did you mean 'elbow'?"),
    "joint": ('joint = "elbow"', 'joint = "elbo"', "fault.0", "Did you mean 'elbow'?"),
    "gate": ("trunk_lean = [0, 40]", "trunk_leen = [0, 40]", "gate", "Did you mean 'trunk_lean'?"),
    "gate order": ("[0, 40]", "[40, 0]", "gate.trunk_lean", "limits cross"),
    "template angle": ("left_elbow = 90", "left_elboww = 90", "template", "Did you mean 'left_elbow'?"),
    "template limits": ("count_deg = 10", "count_deg = 25", "template", "limits cross"),
    "turn and rest": (
        "min_s = 0.5", "turn_limit_deg = 150\nrest_limit_deg = 120\nmin_s = 0.5", "count", "limits cross",
    ),
    "turn gate": ("[template]", "[turn]\nknees = [0, 9]\n[template]", "turn: unknown measure 'knees'", "'knee'"),
    "only": ("margin = 10", "only = { hipp = [0, 9] }\nmargin = 10", "fault.0", "Did you mean 'hip'?"),
    "side by": ("min_s = 0.5", 'side_by = "left_ahed"\nmin_s = 0.5', "count", "Did you mean 'left_ahead'?"),
    "own side": ('measure = "elbow"', 'own_side = true\nmeasure = "waist"', "fault.0", "own_side"),
    "hold's end": ("min_s = 0.5", 'ends_with = ["shalow"]\nmin_s = 0.5', "ends_with", "Did you mean 'shallow'?"),
    "ranges": ("min_range_deg = 30", "min_range_deg = 30\nmax_range_deg = 25", "count", "limits cross"),
    "times": ("min_s = 0.5", "min_s = 9.5", "count", "limits cross"),
    "unknown field": ("min_range_deg", "min_range", "count.min_range", "Did you mean 'min_range_deg'?"),
    "unknown fault field": ("margin = 10", "margn = 10\nmargin = 10", "fault.0.margn", "Did you mean 'margin'?"),
    "unknown top field": ("aliases", "alias", "alias", "Did you mean 'aliases'?"),
    "method": ('"range"', '"ranges"', "count.method", "'range'"),
    "no drive": ('drive = ["left_elbow", "right_elbow"]', "drive = []", "count", "drive"),
    "number": ("min_range_deg = 30", "min_range_deg = -3", "count.min_range_deg", "greater than 0"),
    "word for a number": ("above = 100", 'above = "high"', "fault.0.above", "number"),
    "both limits": ("above = 100", "above = 100\nbelow = 50", "fault.0", "either above or below"),
    "no limit": ("above = 100\n", "", "fault.0", "either above or below"),
    "when": ('at = "turn"', 'at = "top"', "fault.0.at", "'turn'"),
    "no text": (", ko = \"더 낮게\"", "", "fault.0.text.ko", "required"),
    "long text": ("go lower", "go lower " * 8, "fault.0.text.en", "60"),
    "no source": ('source = "coaching texts"\n[names]', "[names]", "source", "required"),
    "code": ('code = "shallow"', 'code = "Too shallow"', "fault.0.code", "pattern"),
    "id": ('id = "dip"', 'id = "dop"', "dop", "must be the file's name, 'dip'"),
    "not toml": ("[names]", "[names", "dip.toml", "cannot be read as an exercise definition"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_field_is_named_in_one_paragraph(tmp_path: Path, case: str) -> None:
    before, after, where, hint = WRONG[case]
    assert before in GOOD
    path = written(tmp_path, GOOD.replace(before, after, 1))
    with pytest.raises(ConfigError) as caught:
        load_catalogue(tmp_path)
    said = str(caught.value)
    assert "\n" not in said
    assert path.name in said
    assert where in said
    assert hint in said


def test_template_without_its_table(tmp_path: Path) -> None:
    start, end = GOOD.index("[template]"), GOOD.index("[[fault]]")
    text = (GOOD[:start] + GOOD[end:]).replace('"range"', '"template"')
    with pytest.raises(ConfigError, match="needs a \\[template\\] table"):
        read_definition(written(tmp_path, text))


def test_two_faults_of_one_code(tmp_path: Path) -> None:
    fault = GOOD[GOOD.index("[[fault]]") :]
    with pytest.raises(ConfigError, match="two faults share a code"):
        read_definition(written(tmp_path, GOOD + fault))


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "dip.toml").write_bytes(b"\xff\xfe\x00id")
    with pytest.raises(ConfigError, match=r"dip\.toml: cannot be read as an exercise definition"):
        read_definition(tmp_path / "dip.toml")


def test_a_folder_without_a_definition(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no exercise definition"):
        load_catalogue(tmp_path)
