import json
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from groupcoach.bench import peers
from groupcoach.bench.classes import SAMPLE
from groupcoach.bench.peers import PEERS, Call, Runner, beside, check_peers, measure, on_classes, peers_table, record
from groupcoach.cli import app
from groupcoach.errors import ConfigError, GroupCoachError
from groupcoach.mesh.camera import Camera
from groupcoach.mesh.hmr_network import HmrNetwork
from groupcoach.mesh.regressor import PersonInput

CAMERA = Camera.guess(640, 480)


class SlowLifter:
    """Takes 2 ms a frame, notes the times it is given."""

    name = "lifter"

    def __init__(self) -> None:
        self.times: list[float] = []

    def fit(self, people: Any, camera: Camera, t_s: float, image: Any = None) -> list[Any]:
        self.times.append(t_s)
        time.sleep(0.002)
        pose = SimpleNamespace(rel_rotmats=np.tile(np.eye(3), (24, 1, 1)), betas=np.zeros(10), transl_m=np.zeros(3))
        return [pose] * len(people)

    def forget(self, track_id: int) -> None:
        pass


class SlowBody:
    vertex_part = np.zeros(1229)

    def vertices(self, rotmats: Any, betas: Any, transl: Any) -> None:
        assert (rotmats.shape, betas.shape, transl.shape) == ((2, 24, 3, 3), (2, 10), (2, 3))
        time.sleep(0.004)


def calls(n: int) -> list[Call]:
    people = [PersonInput(i, np.zeros(4), np.zeros((17, 2)), np.zeros(17), None) for i in (1, 2)]
    return [Call(people, CAMERA, k / 10) for k in range(n)]


def test_lifter_vertices_and_peers_take_turns_and_a_person_there_costs_so_many_here() -> None:
    order: list[str] = []

    def slow(name: str, seconds: float) -> Runner:
        def run() -> None:
            order.append(name)
            time.sleep(seconds)

        return Runner(name, run, {"precision": "f32"})

    lifter = SlowLifter()
    peers = {"hmr": [slow("openvino", 0.020), slow("torch", 0.040)]}
    result = measure(calls(3), 2, peers, lifter, SlowBody(), rounds=2)
    assert order == ["openvino", "torch"] * 3  # a warm-up and two rounds, never one of them all first
    assert lifter.times == sorted(lifter.times)
    assert len(set(lifter.times)) == 9
    row = result["row"]
    assert row["lifter_people"] == 2.0
    assert row["vertices"] == 1229
    assert 2.0 <= row["lifter_ms_p50"] <= row["lifter_ms_p95"]
    assert 4.0 <= row["vertices_ms_p50"] <= row["vertices_ms_p95"]
    first, second = result["peers"]
    assert (first["name"], first["runtime"], first["people"], first["precision"]) == ("hmr", "openvino", 2, "f32")
    assert 10.0 <= first["ms_per_person"] < second["ms_per_person"]
    assert first["fps"] == pytest.approx(500 / first["ms_per_person"])
    assert first["ratio"] == pytest.approx(first["ms_per_person"] / first["lifter_ms_per_person"])
    assert first["lifter_ms_per_person"] >= 1.0
    assert peers_table(result).row_count == 2
    json.dumps(result, allow_nan=False)


def test_without_a_body_there_are_no_vertices_to_time() -> None:
    row = measure(calls(2), 2, {}, SlowLifter(), rounds=1)["row"]
    assert (row["vertices"], row["vertices_ms_p50"]) == (None, None)


def test_peers_that_there_are_not_are_refused() -> None:
    check_peers(["hmr"])
    check_peers([])
    check_peers(["aigym", "mediapipe"])
    with pytest.raises(ConfigError, match=r"Did you mean 'hmr'"):
        check_peers(["hmm"])
    with pytest.raises(ConfigError, match=r"no such peer. There is: hmr, aigym, mediapipe, trackers"):
        check_peers(["zzz"])
    with pytest.raises(ConfigError, match=r"give their folder by --mot"):
        check_peers(["hmr", "trackers"])


def test_the_peer_on_boxes_needs_a_folder_and_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "trackers", None)
    with pytest.raises(ConfigError, match=r"pip install 'groupcoach\[peers\]'"):
        on_classes(["trackers"], tmp_path)
    monkeypatch.setitem(sys.modules, "trackers", ModuleType("trackers"))
    assert on_classes(["hmr", "trackers"], tmp_path) == ["hmr"]
    assert on_classes(["hmr"], tmp_path) == ["hmr"]
    with pytest.raises(ConfigError, match="--mot"):
        on_classes(["trackers"], None)


def a_recording(folder: Path) -> Path:
    rows = "\n".join(f"{k},{p},{100 + 300 * p + k},100,50,150,0.9" for k in range(1, 41) for p in (0, 1))
    for kind in ("det", "gt"):
        (folder / kind).mkdir()
        (folder / kind / "a.txt").write_text(rows)
    return folder


def test_trackers_are_compared_on_the_same_boxes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []

    class Everybody:
        """Gives each box its row as its number, and the first box of a frame none."""

        def __init__(self, **settings: Any) -> None:
            told.append(settings)

        def update(self, seen: Any) -> Any:
            return SimpleNamespace(xyxy=seen.xyxy, tracker_id=np.array([-1, 7][: len(seen.xyxy)]))

    package = ModuleType("trackers")
    package.__dict__.update(CBIoUTracker=Everybody, SORTTracker=Everybody)
    monkeypatch.setitem(sys.modules, "trackers", package)
    monkeypatch.setitem(sys.modules, "supervision", SimpleNamespace(Detections=lambda **kw: SimpleNamespace(**kw)))
    said = CliRunner().invoke(app, ["bench", "--vs", "trackers", "--mot", str(a_recording(tmp_path)), "--json"])
    assert said.exit_code == 0, said.output
    result = json.loads(said.stdout.splitlines()[-1])
    assert result["rows"] == []
    ours, *theirs = result["peers"]
    assert ours["name"] == "groupcoach"
    assert {row["name"] for row in theirs} == {"C-BIoU", "SORT"}
    assert all(row["idf1"] == pytest.approx(2 / 3) for row in theirs)  # one of two followed
    assert ours["idf1"] > 0.8
    assert all(row["ms_per_frame"] > 0 and row["people"] == 2.0 for row in result["peers"])
    assert [s["track_activation_threshold"] for s in told] == [0.71, 0.89]


def test_the_backbone_gives_the_same_in_both_runtimes(monkeypatch: pytest.MonkeyPatch) -> None:
    small = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 7, stride=4), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1))
    monkeypatch.setattr(HmrNetwork, "backbone", lambda self: small)  # the whole one takes seconds to convert
    vino, torch_ = PEERS["hmr"](2)
    assert (vino.runtime, torch_.runtime) == ("openvino", "torch")
    mine = np.asarray(next(iter(vino.run().values()))).ravel()
    theirs = torch_.run().numpy().ravel()
    assert mine.shape == theirs.shape == (16,)
    coarse = 0.05 if vino.details["precision"] != "f32" else 1e-3
    np.testing.assert_allclose(mine, theirs, rtol=coarse, atol=coarse * float(theirs.max()))


@pytest.mark.models
def test_the_lifters_inputs_are_recorded_from_a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "_SETTLE", 10)
    monkeypatch.setattr(peers, "_RECORDED", 4)
    if not SAMPLE.exists():
        pytest.skip("the sample class is not in this checkout")
    found = record(SAMPLE)
    assert len(found) == 4
    assert min(len(call.people) for call in found) >= 3
    assert any(p.landmarks is not None for call in found for p in call.people)
    assert [call.t_s for call in found] == sorted({call.t_s for call in found})


@pytest.mark.models
def test_a_class_without_people_has_nothing_to_measure(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (320, 180))
    for _ in range(4):
        writer.write(np.full((180, 320, 3), 90, np.uint8))
    writer.release()
    with pytest.raises(GroupCoachError, match=r"Nobody was followed in empty\.mp4"):
        record(path)


def test_a_process_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(GroupCoachError, match=r"nowhere.mp4"):
        beside(tmp_path / "nowhere.mp4", 1, [])
