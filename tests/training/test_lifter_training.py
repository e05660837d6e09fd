"""The lifter's training: its rows are true, and a pose that nobody filmed keeps the networks' errors."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from groupcoach.mesh.body_model import BodyModel  # noqa: E402
from groupcoach.mesh.camera import Camera  # noqa: E402
from groupcoach.mesh.features import BASE, GLANCE, LAGS_S, WIDTH, Look  # noqa: E402
from groupcoach.mesh.history import History  # noqa: E402
from groupcoach.mesh.lift_network import LiftNetwork  # noqa: E402
from groupcoach.simulate.scene import SceneCamera  # noqa: E402
from groupcoach.skeleton import BLAZEPOSE, COCO, INDEX, JOINTS, N_SMPL  # noqa: E402
from groupcoach.training import lifter_data  # noqa: E402
from groupcoach.training.filmed import FPS  # noqa: E402
from groupcoach.training.lifter import train, write  # noqa: E402
from groupcoach.training.lifter_batches import Sampler, _shifted  # noqa: E402
from groupcoach.training.lifter_free import draw_change, grown, rotation  # noqa: E402
from groupcoach.training.lifter_net import LiftNet, Skeleton, inner_angles, orthonormal  # noqa: E402

BODY = BodyModel()
SIZE = (1280, 720)
CAMERA = Camera.guess(*SIZE)
#: Where each landmark or keypoint without a joint of its own lies.
STAND_IN = {"index": "hand", "pinky": "hand", "thumb": "hand"}


def joint_of(name: str) -> int:
    if name in INDEX:
        return INDEX[name]
    side, _, part = name.partition("_")
    return INDEX[f"{side}_{STAND_IN[part]}"] if part in STAND_IN else INDEX["nose"]


def class_of(seed: int, frames: int = 30, noise: float = 0.01) -> dict[str, np.ndarray]:
    """Two people who swing arms and legs about, seen by networks that err by a little; as ``film_class`` gives them."""
    rng = np.random.default_rng(seed)
    rows: dict[str, list[np.ndarray]] = {}
    for f in range(frames):
        for person in range(2):
            swing = np.sin(f / 4 + person + np.arange(24 * 3).reshape(24, 3)) * 0.35
            rel = rotation(torch.tensor(swing, dtype=torch.float32)).numpy().astype(float)
            rel[0] = np.diag([1.0, -1, -1]) @ rel[0]
            betas = np.full((1, 10), 0.3 * person)
            joints = BODY.joints(rel[None], betas, np.array([[1.5 * person - 0.7, 0.0, 5.0]]))[0]
            px = CAMERA.project(joints)
            keypoints = np.stack([[*px[joint_of(n)], 0.9] for n in COCO])
            marks = np.stack([[*px[joint_of(n)], 0.9] for n in BLAZEPOSE])
            world = np.stack([joints[joint_of(n)] for n in BLAZEPOSE])
            world = world - joints[[INDEX["left_hip"], INDEX["right_hip"]]].mean(0) + rng.normal(0, noise, (33, 3))
            low, high = px.min(0) - 12, px.max(0) + 12
            one = {
                "frame": np.int32(f), "t_s": np.float32(f / FPS), "person": np.int32(person),
                "box": np.concatenate([low, high]), "keypoints": keypoints, "px": marks, "world": world,
                "score": np.float32(1), "joints_m": joints, "rotmats": rel, "visible": np.float32(1), "betas": betas[0],
            }  # fmt: skip
            for name, value in one.items():
                rows.setdefault(name, []).append(value)
    out = {name: np.stack(values) for name, values in rows.items()}
    return out | {"size": np.array(SIZE), "focal_px": np.array(CAMERA.focal_px)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    at: Path = tmp_path_factory.mktemp("films")
    for seed in (1, 2):
        np.savez(at / f"{seed}.npz", **class_of(seed))  # type: ignore[arg-type]
    return at


@pytest.fixture(scope="module")
def rows(folder: Path) -> lifter_data.Rows:
    return lifter_data.read([folder / "1.npz"])


def plain(
    sampler: Sampler, at: "torch.Tensor", change: object = None
) -> "tuple[torch.Tensor, tuple[torch.Tensor, ...]]":
    no = torch.zeros(len(at), dtype=torch.bool)
    lost = torch.zeros(len(at), len(LAGS_S), dtype=torch.bool)
    x, answers = sampler.take(at, late=no, blind=no, lost=lost, new=no, change=change)  # type: ignore[arg-type]
    return x, answers


def test_bones_add_up_to_the_truth(rows: lifter_data.Rows) -> None:
    at = Skeleton(BODY)(torch.from_numpy(rows.turns), torch.from_numpy(rows.betas)).numpy()
    assert np.abs(at - rows.joints).max() < 1e-4


def test_glances_back_are_of_the_same_person(rows: lifter_data.Rows) -> None:
    first = rows.before[:60]
    assert (first[:2] == -1).all()
    assert first[20].tolist() == [18, 16, 12]
    assert first[21].tolist() == [19, 17, 13]
    mirrored = rows.before[60:]
    assert mirrored[20].tolist() == [78, 76, 72]


def test_the_mirrored_class_is_as_true_as_the_filmed_one(rows: lifter_data.Rows) -> None:
    """Points in the picture lie where the true joints are projected to, after mirroring and rolling too."""
    sampler = Sampler(rows, Skeleton(BODY))
    x, (_, joints, _) = plain(sampler, torch.arange(60, 120))
    half = np.exp(rows.place[60:, 0] - 2.0)
    at = joints.numpy() + rows.root[60:, None]
    flat = at[..., :2] / at[..., 2:] / half[:, None, None]
    points = x[:, :51].reshape(60, 17, 3)[..., :2].numpy()
    for k, name in enumerate(COCO):
        if name in INDEX:
            assert np.abs(points[:, k] - flat[:, INDEX[name]]).max() < 2e-2, name


def test_no_change_changes_nothing_and_a_change_keeps_the_errors(rows: lifter_data.Rows) -> None:
    sampler, at = Sampler(rows, Skeleton(BODY)), torch.arange(20, 60)
    n = len(at)
    x, answers = plain(sampler, at)
    none = (torch.eye(3).expand(n, N_SMPL, 3, 3), torch.eye(3).expand(n, 3, 3), torch.zeros(n, 10))
    same, same_answers = plain(sampler, at, none)
    assert torch.allclose(x, same, atol=1e-5)
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(answers, same_answers, strict=True))
    moved, (turns, joints, betas) = plain(sampler, at, draw_change(n, torch.Generator().manual_seed(1)))
    assert torch.rad2deg((inner_angles(joints) - inner_angles(answers[1])).abs()).mean() > 3
    assert torch.allclose(Skeleton(BODY)(turns, betas), joints, atol=1e-4), "rotations and joints are of one body"
    # landmarks in space are as far from the new truth as they were from the old
    for blocks, true in ((x, answers[1]), (moved, joints)):
        space = blocks[:, 51 : 51 + 126].reshape(n, 21, 6)[..., 3:]
        knee, hips = true[:, INDEX["left_knee"]], true[:, [INDEX["left_hip"], INDEX["right_hip"]]].mean(1)
        off = (space[:, 13] - (knee - hips)).norm(dim=-1)
        assert 0.005 < float(off.mean()) < 0.03


def test_the_running_program_knows_limbs_as_training_did(rows: lifter_data.Rows) -> None:
    """The same glances one after another give the same lengths, and mirroring changes none."""
    history = History()
    for i in range(0, 60, 2):  # the first person of each frame
        seen = Look(rows.keypoints[i : i + 1], rows.landmarks[i : i + 1], rows.has[i : i + 1], rows.place[i : i + 1],
                    np.eye(3)[None])  # fmt: skip
        block = history.limbs(history.rows([5]), seen, i / 2 / FPS)
    half = np.exp(rows.place[58, 0] - 2.0)
    assert block[0, :-1] == pytest.approx(rows.longest[58] / half, rel=1e-4)
    assert block[0, -1] == pytest.approx(np.tanh(rows.shown_s[58] / 10), abs=1e-4)
    # the box of a rolled picture is another one, and so is the line of sight through its middle
    assert rows.longest[118] == pytest.approx(rows.longest[58], rel=0.03)


def test_longer_limbs_of_a_new_shape_are_known_to_be_longer(rows: lifter_data.Rows) -> None:
    sampler, at = Sampler(rows, Skeleton(BODY)), torch.arange(20, 60)
    n = len(at)
    bigger = torch.zeros(n, 10)
    bigger[:, 0] = 2.0
    change = (torch.eye(3).expand(n, N_SMPL, 3, 3), torch.eye(3).expand(n, 3, 3), bigger)
    old, new = (
        Skeleton(BODY)(answers[0], answers[2]) for _, answers in (plain(sampler, at), plain(sampler, at, change))
    )
    ratio = grown(Skeleton(BODY), torch.from_numpy(rows.betas[20:60]), torch.from_numpy(rows.betas[20:60]) + bigger)
    knee, hip = INDEX["left_knee"], INDEX["left_hip"]
    true = (new[:, knee] - new[:, hip]).norm(dim=-1) / (old[:, knee] - old[:, hip]).norm(dim=-1)
    assert torch.allclose(ratio[:, 2], true, atol=1e-4)


def test_lasting_errors_are_the_same_now_and_in_glances_back(rows: lifter_data.Rows) -> None:
    x, _ = plain(Sampler(rows, Skeleton(BODY)), torch.arange(20, 60))
    moved = _shifted(x, torch.Generator().manual_seed(3)) - x
    assert (moved[x == 0] == 0).all(), "what was not seen stays unseen"
    now = moved[:, :51].reshape(40, 17, 3)[..., :2]
    assert 0.005 < float(now.std()) < 0.05
    for k in range(len(LAGS_S)):
        first = BASE - (len(LAGS_S) - k) * GLANCE
        back = moved[:, first : first + 51].reshape(40, 17, 3)[..., :2]
        assert torch.allclose(back, now, atol=1e-5)


def test_hinges_never_bend_the_wrong_way() -> None:
    by_joint, _, _ = draw_change(4000, torch.Generator().manual_seed(2))
    bent = by_joint[:, INDEX["left_knee"]]
    about_x = torch.rad2deg(torch.atan2(bent[:, 2, 1], bent[:, 2, 2]))
    assert float(about_x.min()) > -16
    assert float(about_x.max()) > 30


def test_numpy_answers_as_torch_does(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = LiftNet(WIDTH, 64).eval()
    net.mean, net.scale = torch.randn(WIDTH) * 0.1, torch.rand(WIDTH) + 0.5
    ones = {"figures": {}, "joint_scale": np.full(len(JOINTS), 2.0), "angle_scale": np.full(10, 3.0)}
    write(tmp_path / "w.safetensors", net, {"landmarks": ones, "keypoints": ones})
    x = np.random.default_rng(0).normal(0, 1, (5, WIDTH)).astype(np.float32)
    found = LiftNetwork(tmp_path / "w.safetensors").lift(x, np.array([True, False, True, True, False]))
    with torch.no_grad():
        out = net(torch.from_numpy(x))
    assert np.allclose(found.turns, orthonormal(out[:, :144].reshape(5, 24, 6)).numpy(), atol=5e-3)
    assert np.allclose(found.betas, out[:, 144:154].numpy(), atol=5e-3)
    assert np.allclose(found.sigma_deg, 3 * np.exp(out[:, -10:].numpy()), rtol=2e-2)


def test_training_learns_and_the_running_program_reads_what_it_wrote(folder: Path, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    check = lifter_data.read([folder / "2.npz"], copies=1)
    rows = lifter_data.read([folder / "1.npz"])
    out = tmp_path / "lifter.safetensors"
    short = train(rows, check, BODY, steps=2, free=0.3, seed=1, width=64, out=out, batch=64)
    longer = train(rows, check, BODY, steps=80, free=0.3, seed=1, width=64, out=out, batch=64)
    assert longer["landmarks"]["turn"] < 0.9 * short["landmarks"]["turn"]
    again = train(rows, check, BODY, steps=2, free=0.3, seed=1, width=64, out=tmp_path / "again.safetensors",
                  batch=64)  # fmt: skip
    assert again == short, "one seed, one result"
    found = LiftNetwork(out).lift(np.zeros((3, WIDTH), np.float32), np.ones(3, bool))
    assert np.isfinite(found.turns).all()
    assert (found.sigma_m > 0).all()


def test_camera_of_training_is_the_cameras_of_classes() -> None:
    """Camera axes of filmed truth are those of the running program: x right, y down, z away."""
    camera = SceneCamera(*SIZE, CAMERA.focal_px, np.array([0.0, 1.5, 4.0]), 0.0)
    seen = camera.to_camera(np.array([[0.5, 2.0, 0.0]]))
    assert seen[0].tolist() == [0.5, -0.5, 4.0]
    assert GLANCE * len(LAGS_S) < WIDTH
