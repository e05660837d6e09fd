"""A small class is rendered; its truth is checked against the picture and the files against their format."""

import json

import numpy as np
import pytest

from groupcoach.errors import ConfigError
from groupcoach.mesh.body_model import BodyModel
from groupcoach.simulate.command import check, simulate
from groupcoach.simulate.motion import make_motion
from groupcoach.simulate.people import draw_look
from groupcoach.simulate.render import Cast, render
from groupcoach.simulate.scene import build_scene
from groupcoach.skeleton import INDEX, JOINTS

SIZE = (640, 360)
WANTED = {
    "people": 3,
    "seconds": 12,
    "exercises": ["squat", "jumping_jack"],
    "faults": ["shallow"],
    "seed": 3,
    "size": SIZE,
    "fps": 5,
    "jobs": 1,
    "progress": False,
}


@pytest.fixture(scope="module")
def body():
    return BodyModel()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("class") / "SIM"
    return simulate(out, **WANTED)


def pictures(path):
    import cv2

    video, out = cv2.VideoCapture(str(path)), []
    while True:
        ok, image = video.read()
        if not ok:
            return out
        out.append(image)


def test_files_are_as_the_format_says(made):
    truth = json.loads(made.truth.read_text())
    assert (truth["schema"], truth["width"], truth["height"], truth["fps"], truth["frames"]) == (1, *SIZE, 5, 60)
    assert [p["id"] for p in truth["people"]] == [1, 2, 3]
    assert {"focal_px", "cx", "cy", "k1", "position_m", "pitch_deg"} <= set(truth["camera"])
    for person in truth["people"]:
        assert {"id", "name", "spot", "spots", "role", "present", "segments"} <= set(person)
        assert person["present"] == [[0, 12]]
        for segment in person["segments"]:
            assert segment["reps"] == len(segment["rep_end_s"])
            assert 0 <= segment["start_s"] <= segment["end_s"] <= 12
    rows = np.load(made.rows)
    assert list(rows["joint_names"]) == list(JOINTS)
    shapes = {"frame": (), "person": (), "box_xyxy": (4,), "visible": (), "joints_m": (31, 3), "joints_px": (31, 2),
              "rotmats": (24, 3, 3), "betas": (10,)}  # fmt: skip
    for name, shape in shapes.items():
        assert rows[name].shape == (180, *shape), name
        assert np.isfinite(rows[name]).all()
    frames = pictures(made.video)
    assert len(frames) == 60
    assert frames[0].shape == (360, 640, 3)


def test_the_ordered_fault_is_in_the_truth_and_nothing_else(made):
    truth = json.loads(made.truth.read_text())
    faults = [f["code"] for p in truth["people"] for s in p["segments"] for f in s["faults"]]
    assert set(faults) == {"shallow"}


def test_the_same_seed_is_the_same_truth_and_the_same_pixels(made, tmp_path):
    again = simulate(tmp_path / "A", **WANTED | {"jobs": 2})
    assert again.truth.read_bytes() == made.truth.read_bytes()
    assert again.rows.read_bytes() == made.rows.read_bytes()
    assert all(np.array_equal(a, b) for a, b in zip(pictures(again.video), pictures(made.video), strict=True))


def test_truth_lies_on_the_picture(body):
    """Joints are on their body, boxes tight to 2 px, hidden shares right."""
    rng = np.random.default_rng(5)
    scene = build_scene(rng, 2, SIZE, "front", lying=False)
    looks = [draw_look(body, k) for k in (1, 2)]
    places = [(0.0, 0.3), (0.25, -1.0)]  # the second stands half behind the first
    cast = [Cast(look, make_motion(look.skeleton, "squat", seed=k, seconds=5, spot_m=place))
            for k, (look, place) in enumerate(zip(looks, places, strict=True))]  # fmt: skip
    alone = [next(iter(render(body, scene, [c], 1, 5, noise=0))) for c in cast]
    (frame,) = render(body, scene, cast, 1, 5, noise=0)
    (nobody,) = render(body, scene, cast[:0], 1, 5, noise=0)
    empty = nobody.image.astype(int)
    for k, single in enumerate(alone):
        assert single.visible[0] == 1
        changed = np.abs(single.image.astype(int) - empty).sum(-1) > 60
        changed[scene.floor] = False  # shadows
        ys, xs = np.nonzero(changed)
        left, top, right, _ = single.boxes_xyxy[0]
        assert ys.min() == pytest.approx(top, abs=2)
        assert left - 2 <= xs.min()
        assert xs.max() <= right + 2
        assert np.allclose(single.boxes_xyxy[0], frame.boxes_xyxy[k], atol=0.01)
        for name in ("head", "left_knee", "right_elbow", "spine_mid", "left_ankle"):
            x, y = single.joints_px[0, INDEX[name]].round().astype(int)
            assert np.abs(single.image[y, x].astype(int) - empty[y, x]).sum() > 20, name
    assert frame.visible[0] == 1
    assert 0.2 < frame.visible[1] < 0.8


def test_projection_is_the_written_camera(made):
    truth, rows = json.loads(made.truth.read_text()), np.load(made.rows)
    camera, joints = truth["camera"], rows["joints_m"]
    flat = joints[..., :2] / joints[..., 2:]
    flat = flat * (1 + camera["k1"] * (flat**2).sum(-1, keepdims=True))
    px = flat * camera["focal_px"] + (camera["cx"], camera["cy"])
    assert np.abs(px - rows["joints_px"]).max() < 0.05


def test_shoes_stand_on_the_floor(body):
    for seed in range(4):
        look = draw_look(body, seed)
        motion = make_motion(look.skeleton, "squat", seed=seed, seconds=6)
        t = np.linspace(0, 6, 12)
        rel, transl = motion.both(t)
        lowest = body.vertices(rel, np.tile(look.betas, (12, 1)), transl)[..., 1].min(1)
        assert np.abs(lowest).max() < 0.015


@pytest.mark.parametrize("view", ["front", "side", "oblique", "mixed"])
@pytest.mark.parametrize("people", [1, 4, 8, 30])
def test_every_spot_is_in_the_picture(people, view):
    scene = build_scene(np.random.default_rng(people), people, (320, 180), view, lying=False)
    assert len({s.name for s in scene.spots}) == people
    for spot in scene.spots:
        body_at = np.array([[spot.x_m, 0.0, spot.z_m], [spot.x_m, 1.8, spot.z_m]])
        px = scene.camera.to_px(scene.camera.to_camera(body_at))
        assert ((px > 0) & (px < (320, 180))).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"exercises": ["sqat"]}, "Did you mean 'squat'"),
        ({"exercises": []}, "no exercise"),
        ({"faults": ["shalow"]}, "Did you mean 'shallow'"),
        ({"faults": ["hips_sag"]}, "belongs to push_up"),
        ({"people": 0}, "1 to 30 spots"),
        ({"people": 31}, "1 to 30 spots"),
        ({"seconds": 1}, "8 to 3600"),
        ({"size": (100, 100)}, "320x240"),
        ({"size": (641, 360)}, "even"),
        ({"fps": 200}, "5 to 60"),
        ({"view": "above"}, "front, side"),
        ({"noise": -1}, "noise"),
        ({"crossings": -1}, "0 to 99"),
        ({"absences": 1}, "24 or more"),
        ({"people": 1, "seconds": 40, "crossings": 1}, "two people"),
    ],
)
def test_what_cannot_be_rendered_is_refused_and_nothing_is_written(tmp_path, change, says):
    wanted = {"people": 2, "seconds": 9, "exercises": ["squat"], "progress": False} | change
    with pytest.raises(ConfigError, match=says):
        simulate(tmp_path / "new" / "SIM", **wanted)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    kept = tmp_path / "notes.txt"
    kept.write_text("mine")
    with pytest.raises(ConfigError, match="not an empty folder"):
        simulate(tmp_path, people=1, seconds=9, exercises=["squat"], progress=False)
    with pytest.raises(ConfigError, match="not an empty folder"):
        simulate(kept, people=1, seconds=9, exercises=["squat"], progress=False)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_a_failure_on_the_way_leaves_nothing(tmp_path, monkeypatch):
    from groupcoach.simulate import render as render_module

    def broken(*_, **__):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(render_module, "render", broken)
    with pytest.raises(KeyboardInterrupt):
        simulate(tmp_path / "SIM", people=1, seconds=9, exercises=["squat"], size=(320, 240), fps=5, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_an_absent_person_has_no_rows_and_the_instructor_is_marked(tmp_path):
    made = simulate(tmp_path / "SIM", people=3, seconds=26, exercises=["squat"], seed=4, absences=1, instructor=True,
                    size=(320, 240), fps=5, jobs=1, progress=False)  # fmt: skip
    truth, rows = json.loads(made.truth.read_text()), np.load(made.rows)
    assert [p["role"] for p in truth["people"]] == ["participant"] * 3 + ["instructor"]
    assert made.people == 3
    (event,) = (e for e in truth["events"] if e["type"] == "absence")
    away = truth["people"][event["people"][0] - 1]
    assert len(away["present"]) == 2
    for person in truth["people"]:
        frames = rows["frame"][rows["person"] == person["id"]]
        there = np.zeros(130, bool)
        for start, end in person["present"]:
            there[round(start * 5) : round(end * 5)] = True
        assert np.array_equal(np.flatnonzero(there), frames)
    assert np.isfinite(rows["box_xyxy"]).all()
    assert made.reps == sum(s["reps"] for p in truth["people"][:3] for s in p["segments"])


def test_a_uniform_and_a_mirror(tmp_path):
    made = simulate(tmp_path / "SIM", people=2, seconds=8, exercises=["squat"], seed=4, uniform=True, mirror=True,
                    size=(320, 240), fps=5, jobs=1, progress=False)  # fmt: skip
    truth, rows = json.loads(made.truth.read_text()), np.load(made.rows)
    corners = np.array(truth["mirror_px"])
    boxes = rows["reflection_xyxy"]
    assert len(boxes) == len(rows["reflection_frame"]) > 0
    assert (boxes[:, 0] >= corners[:, 0].min() - 2).all()
    assert (boxes[:, 2] <= corners[:, 0].max() + 2).all()
    assert len(truth["people"]) == 2


def test_all_is_checked_before_anything_is_loaded():
    check(4, 20, ["squat", "walk"], ["shallow"], (1280, 720), 25, "front")
