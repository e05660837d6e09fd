"""The shipped sample is what its recipe makes, and fit to be shown."""

import json
from pathlib import Path

import numpy as np

from groupcoach.simulate.sample import PLANS

FOLDER = Path(__file__).resolve().parents[2] / "sample_videos"


def test_the_sample_is_small_and_readable():
    import cv2

    path = FOLDER / "class.mp4"
    assert path.stat().st_size < 10_000_000
    video = cv2.VideoCapture(str(path))
    assert video.get(cv2.CAP_PROP_FPS) == 25
    ok, image = video.read()
    assert ok
    assert image.shape == (720, 1280, 3)


def test_its_truth_is_four_people_three_exercises_and_one_fault():
    truth = json.loads((FOLDER / "truth.json").read_text())
    counted = [[s for s in p["segments"] if s["exercise"] != "stand"] for p in truth["people"]]
    assert [[s["exercise"] for s in one] for one in counted] == [list(p.exercises) for p in PLANS]
    assert len({s["exercise"] for one in counted for s in one}) == 3
    assert {f["code"] for one in counted for s in one for f in s["faults"]} == {"arms_low"}
    for one in counted:
        for segment in one:
            assert segment["reps"] == len(segment["rep_end_s"]) >= 4
            assert segment["start_s"] > 2
            assert segment["end_s"] < 18


def test_its_rows_cover_every_frame_and_everybody_is_seen():
    truth = json.loads((FOLDER / "truth.json").read_text())
    rows = np.load(FOLDER / "truth.npz")
    assert len(rows["frame"]) == truth["frames"] * len(truth["people"])
    assert rows["visible"].min() > 0.8
    assert (rows["box_xyxy"] >= 0).all()
