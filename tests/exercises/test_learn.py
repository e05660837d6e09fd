"""A reference from pictures: mean, spread, lead side, outliers, who is skipped, and a definition that loads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from groupcoach.errors import ConfigError
from groupcoach.exercises import learn as learning
from groupcoach.exercises.catalogue import load_catalogue, read_definition
from groupcoach.exercises.learn import Sample, contact_sheet, definition_text, learn, samples_of, template_angles
from groupcoach.records import Floats, Frame
from groupcoach.skeleton import ANGLE_INDEX, ANGLES, mirrored

LUNGE = {"left_knee": 80.0, "right_knee": 92.0, "left_hip": 95.0, "right_hip": 165.0, "waist": 165.0,
         "left_ankle": 85.0, "right_ankle": 105.0}  # fmt: skip
PICTURE = np.full((40, 30, 3), 90, np.uint8)


def lunge(rng: np.random.Generator, turned: bool = False, **off: float) -> Floats:
    deg = np.full(len(ANGLES), 15.0)
    deg[[ANGLE_INDEX[n] for n in ("left_elbow", "right_elbow")]] = 165.0
    for name, value in LUNGE.items():
        deg[ANGLE_INDEX[mirrored(name) if turned else name]] = value + off.get(name, 0.0)
    return deg + rng.normal(0, 3, len(ANGLES))


def sample(deg: Floats, name: str = "a.png") -> Sample:
    return Sample(Path(name), 0.0, deg, np.array([5.0, 5, 25, 35]), PICTURE)


def many(seed: int = 1, n: int = 24) -> list[Sample]:
    rng = np.random.default_rng(seed)
    return [sample(lunge(rng, turned=k % 3 == 1), f"{k}.png") for k in range(n)]


def test_the_mean_is_that_of_the_pictures_and_of_one_lead_side() -> None:
    learned = learn(many())
    for name, value in LUNGE.items():
        assert learned.mean_deg[name] == pytest.approx(value, abs=2.0), name
        assert learned.spread_deg[name] == pytest.approx(3, abs=2.0), name
    assert learned.turned == [k % 3 == 1 for k in range(24)]


def test_the_lead_side_is_that_of_the_first_picture() -> None:
    samples = many()
    learned = learn([samples[1], *samples[:1], *samples[2:]])
    assert learned.mean_deg["right_knee"] == pytest.approx(LUNGE["left_knee"], abs=2.0)
    assert not learned.turned[0]


def test_what_lies_far_off_is_left_out() -> None:
    rng = np.random.default_rng(4)
    learned = learn([*many(), sample(lunge(rng, left_knee=75.0)), sample(lunge(rng, left_knee=80.0))])
    assert learned.dropped["left_knee"] >= 2
    assert learned.mean_deg["left_knee"] == pytest.approx(LUNGE["left_knee"], abs=2.0)


def test_the_posture_is_told_by_what_is_not_hanging() -> None:
    learned = learn(many())
    assert template_angles(learned) == ("left_knee", "right_knee", "waist")
    up = [sample(np.where([n.endswith("_shoulder") for n in ANGLES], 150.0, s.deg)) for s in many()]
    assert template_angles(learn(up)) == ("left_knee", "right_knee", "waist", "left_shoulder", "right_shoulder")


def test_the_file_is_a_definition_that_loads(tmp_path: Path) -> None:
    path = tmp_path / "deep_lunge.toml"
    learned = learn(many())
    path.write_text(definition_text("deep_lunge", learned, template_angles(learned)), encoding="utf-8")
    definition = read_definition(path)
    assert definition.count.method == "template"
    assert definition.template is not None
    assert definition.template.angles["left_knee"] == pytest.approx(learned.mean_deg["left_knee"], abs=0.01)
    assert load_catalogue(tmp_path).ids == ("deep_lunge",)


def test_too_few_pictures_are_refused_with_what_was_skipped() -> None:
    with pytest.raises(ConfigError, match=r"2 of the pictures.*3 are needed.*c\.png: nobody is seen in it"):
        learn(many(n=2), [("c.png", "nobody is seen in it")])


def people_in(frame: Frame) -> list[tuple[Floats, Floats, Floats]]:
    """As many people as the first pixel says."""
    rng = np.random.default_rng(0)
    return [(lunge(rng), np.full(len(ANGLES), 5.0), np.array([1.0, 1, 20, 20]))] * int(frame.image[0, 0, 0] // 80)


def test_a_photo_with_nobody_or_two_is_named_and_skipped(tmp_path: Path) -> None:
    import cv2

    for name, level in (("none.png", 0), ("one.png", 80), ("two.png", 160)):
        cv2.imwrite(str(tmp_path / name), np.full((40, 30, 3), level, np.uint8))
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "empty.jpg").write_bytes(b"")
    names = ["none.png", "one.png", "two.png", "broken.jpg", "empty.jpg", "gone.png", "gone.mp4"]
    done: list[int] = []
    samples, skipped = samples_of([tmp_path / n for n in names], people_in, done.append)
    assert [s.path.name for s in samples] == ["one.png"]
    said = dict(skipped)
    assert said["none.png"] == "nobody is seen in it"
    assert said["two.png"].startswith("2 people")
    assert {said[n] for n in ("broken.jpg", "empty.jpg")} == {"cannot be read as a picture"}
    assert "no such file" in said["gone.png"]
    assert "gone.mp4" in said["gone.mp4"]
    assert done == [1, 2, 3, 4, 5, 6, 7]


def test_a_body_that_is_cut_off_is_no_reference(tmp_path: Path) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "feet.png"), np.full((40, 30, 3), 80, np.uint8))

    def low(frame: Frame) -> list[tuple[Floats, Floats, Floats]]:
        return [(deg, sigma, np.array([5.0, 5, 20, 39.6])) for deg, sigma, _ in people_in(frame)]

    samples, skipped = samples_of([tmp_path / "feet.png"], low)
    assert samples == []
    assert skipped == [("feet.png", "part of the body is outside the picture")]


def test_of_a_clip_the_held_turn_is_taken() -> None:
    t = np.arange(0, 6, 0.1)
    share = np.interp(t, [0, 1, 2.5, 4, 5, 6], [0, 0, 1, 1, 0, 0])
    stand = np.full(len(ANGLES), 170.0)
    deg = stand + share[:, None] * (lunge(np.random.default_rng(2)) - stand)
    assert 2.4 <= t[learning._posture(list(t), deg)] <= 4.1


def test_the_contact_sheet_has_a_cell_for_every_picture() -> None:
    sheet = contact_sheet(learn(many(n=8)), across=6, cell=60)
    assert sheet.shape == (2 * 84, 360, 3)
    assert (sheet[30, 30] == 90).all()
    assert (sheet[84 + 30, 5 * 60 + 30] == 245).all()  # the second row has two


@pytest.mark.parametrize(("args", "said"), [
    (["Deep-Lunge", "a.png"], "is no exercise id"),
    (["lunge", "a.png", "--out", "lunge.json"], "is a .toml file"),
    (["lunge", "a.png", "--sheet", "sheet.pdf"], "give a picture file"),
])  # fmt: skip
def test_wrong_targets_are_refused_before_the_work(args: list[str], said: str) -> None:
    from groupcoach.cli import app

    result = CliRunner().invoke(app, ["learn", *args])
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output
