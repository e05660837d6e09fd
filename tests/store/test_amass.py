from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from typer.testing import CliRunner

from groupcoach.commands.people import app
from groupcoach.errors import RecordError
from groupcoach.mesh.body_model import BodyModel
from groupcoach.records import BodyPose
from groupcoach.skeleton import INDEX, N_SMPL
from groupcoach.store.amass import TO_WORLD, file_names, motions_of
from groupcoach.store.poses import FramePerson, PoseColumns, load_poses
from groupcoach.store.reading import load_run
from groupcoach.store.run_dir import RunWriter

FPS = 25.0
WORLD = np.array(TO_WORLD)


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return BodyModel()


def moving(body: BodyModel, t_s: float) -> BodyPose:
    """Somebody who faces the camera, walks to the right and bends every joint."""
    axes = np.random.default_rng(5).normal(0, 0.25, (N_SMPL, 3))
    turns = Rotation.from_rotvec(axes * np.sin(t_s)).as_matrix()
    turns[0] = np.diag([1.0, -1.0, -1.0]) @ turns[0]
    betas, transl = np.linspace(-1, 1, 10), np.array([0.4 * t_s, 0.1, 4.0])
    joints = body.joints(turns[None], betas[None], transl[None])[0]
    return BodyPose(joints, np.zeros((len(joints), 2)), turns, betas, transl, np.full(len(joints), 0.02))


def row(number: int, pose: BodyPose | None) -> FramePerson:
    return FramePerson(number, (0.0, 0.0, 9.0, 9.0), 0.9, pose, None, "squat", "squat")


def run_of(folder: Path, body: BodyModel, times: np.ndarray, poses: bool = True) -> Path:
    """Mina moves at ``times``; Jonas stands by, and Mina's first frame has no body."""
    run = RunWriter(folder, "class.mp4", 64, 48, FPS, save_poses=poses, save_video=False)
    still = moving(body, 0.0)
    run.frame(0, float(times[0]) - 0.04, [row(1, None), row(2, still)])
    for k, t in enumerate(times):
        run.frame(k + 1, float(t), [row(2, still), row(1, moving(body, float(t)))])
    people = [{"id": 1, "name": "Mina", "exercises": []}, {"id": 2, "name": "Jonas", "exercises": []}]
    run.finish({"frames": len(times), "duration_s": 2.0, "fps": FPS, "people": people})
    return folder


def rebuilt(body: BodyModel, file: Any) -> np.ndarray:
    """SMPL's joints (T, 24, 3) in the file's world, from what is in the file alone."""
    n = len(file["trans"])
    turns = np.tile(np.eye(3), (n, N_SMPL, 1, 1))
    turns[:, :22] = Rotation.from_rotvec(file["poses"][:, :66].reshape(-1, 3)).as_matrix().reshape(n, 22, 3, 3)
    return np.asarray(body.joints(turns, np.tile(file["betas"][:10], (n, 1)), file["trans"])[:, :N_SMPL])


def test_the_written_motion_gives_the_same_joints_back(body: BodyModel, tmp_path: Path) -> None:
    times = 1.0 + np.arange(50) / FPS
    folder = run_of(tmp_path / "run", body, times)
    result = CliRunner().invoke(app, ["motion", "mina", str(folder), "--out", str(tmp_path / "mina")])
    assert result.exit_code == 0, result.output
    with np.load(tmp_path / "mina.npz", allow_pickle=False) as file:
        assert {k: file[k].shape for k in ("poses", "betas", "trans", "t_s", "seen", "mocap_framerate")} == {
            "poses": (50, 156), "betas": (16,), "trans": (50, 3), "t_s": (50,), "seen": (50,), "mocap_framerate": (),
        }  # fmt: skip
        assert file["mocap_framerate"] == pytest.approx(FPS)
        assert str(file["gender"]) == "neutral"
        assert str(file["body_model"]) == "groupcoach body.npz"
        assert not file["poses"][:, 66:].any()
        assert file["seen"].all()
        assert file["t_s"] == pytest.approx(times)
        back = rebuilt(body, file)
    want = np.stack([moving(body, t).joints_m[:N_SMPL] for t in times])
    assert np.abs(back @ WORLD - want).max() < 1e-3
    # z is up: the head is above the feet, and the camera looks along y
    assert (back[:, INDEX["head"], 2] > back[:, INDEX["left_ankle"], 2] + 1).all()
    assert back[:, 0, 1] == pytest.approx(want[:, 0, 2], abs=1e-3)


def test_an_uneven_clock_becomes_even_and_short_gaps_are_bridged(body: BodyModel, tmp_path: Path) -> None:
    times = 1.0 + np.arange(60) / FPS
    times = np.delete(times + np.random.default_rng(2).uniform(0, 0.006, 60), np.arange(30, 40))
    (one,) = motions_of(load_run(run_of(tmp_path, body, times)), "Mina", body)
    assert np.diff(one.t_s) == pytest.approx(1 / one.mocap_framerate)
    assert one.mocap_framerate == pytest.approx(FPS, rel=0.05)
    assert 5 <= (~one.seen).sum() <= 12
    file = {"poses": one.poses, "betas": one.betas, "trans": one.trans}
    want = np.stack([moving(body, t).joints_m[:N_SMPL] for t in one.t_s])
    error = np.linalg.norm(rebuilt(body, file) @ WORLD - want, axis=-1)
    assert error[one.seen].max() < 0.005
    assert np.median(error[one.seen]) < 0.0002
    assert error.max() < 0.02


def test_a_long_absence_makes_two_files_or_one_on_request(body: BodyModel, tmp_path: Path) -> None:
    times = np.concatenate([np.arange(25), np.arange(50, 75), [100]]) / FPS + 1
    folder = run_of(tmp_path / "run", body, times)
    runner, out = CliRunner(), tmp_path / "m.npz"
    result = runner.invoke(app, ["motion", "Mina", str(folder), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "--whole" in result.output
    lengths = [len(np.load(p)["trans"]) for p in file_names(out, 2)]
    assert lengths == [25, 25]  # the single frame at the end is too short
    assert not out.exists()
    assert runner.invoke(app, ["motion", "Mina", str(folder), "--out", str(out), "--whole"]).exit_code == 0
    with np.load(out) as file:
        assert len(file["trans"]) == 101
        assert (~file["seen"]).sum() == pytest.approx(24 + 24, abs=2)


def test_what_cannot_be_written_says_why(body: BodyModel, tmp_path: Path) -> None:
    times = 1.0 + np.arange(20) / FPS
    kept, bare = run_of(tmp_path / "kept", body, times), run_of(tmp_path / "bare", body, times, poses=False)
    with pytest.raises(RecordError, match=r"Did you mean 'Mina'.*Jonas"):
        motions_of(load_run(kept), "Mona", body)
    with pytest.raises(RecordError, match=r"groupcoach run class\.mp4 --save-poses"):
        motions_of(load_run(bare), "Mina", body)
    with pytest.raises(RecordError, match=r"never seen for 0\.5 seconds"):
        motions_of(load_run(run_of(tmp_path / "short", body, times[:5])), "Mina", body)
    with np.load(kept / "poses.npz") as data:
        old = {k: data[k] for k in data.files if k != "transl_m"}
    np.savez(kept / "poses.npz", **old)
    with pytest.raises(RecordError, match="earlier version"):
        motions_of(load_run(kept), "Mina", body)
    result = CliRunner().invoke(app, ["motion", "Mona", str(bare), "--out", str(tmp_path / "x")])
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_rows_of_a_killed_run_of_an_earlier_version_are_still_read(body: BodyModel, tmp_path: Path) -> None:
    columns = PoseColumns(tmp_path)
    for k in range(3):
        columns.add(k, k / FPS, row(1, moving(body, 0.1)))
    columns.spill()
    (tmp_path / "poses_parts" / "transl_m.bin").unlink()
    poses = load_poses(tmp_path)
    assert poses is not None
    assert len(poses["frame"]) == 3
    assert "transl_m" not in poses
