"""Train the exercise classifier from nothing: ``python -m groupcoach.training.classifier``.

Bodies of the simulator move (``simulate/motion.py``), a camera looks at them from anywhere, and their joints get the
errors that the landmark network makes: squeezed depth, a constant offset per joint and view, slow drift, jitter, limbs
guessed while hidden. They then go through the same fit, signals and window as a class does. No recorded data is used.
Training and validation motions come from different seeds. About ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from groupcoach.angles import measure_joints
from groupcoach.classify.network import SHIPPED, Classifier
from groupcoach.classify.signals import signals
from groupcoach.classify.window import N_FEATURES, WINDOW_S, window_features
from groupcoach.detect.landmarks import BlazePoseLandmarks
from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.mesh.analytic import AnalyticLifter
from groupcoach.records import Floats
from groupcoach.simulate.motion import EXERCISES, FAULTS, UNKNOWN, Skeleton, make_motion
from groupcoach.simulate.people import draw_look
from groupcoach.skeleton import BLAZEPOSE_INDEX, INDEX, JOINTS
from groupcoach.training.seen import Studio

KINDS = (*EXERCISES, *UNKNOWN, "transition")
"""What the network tells apart inside; everything that is no exercise of the catalogue adds up to ``unknown``."""
_EXERCISE_OF = {kind: found.id for kind in KINDS if (found := load_catalogue().by_alias(kind))}
CLASSES = (*(e for e in EXERCISES if e in _EXERCISE_OF.values()), "unknown")
_CLASS_OF_KIND = np.array([CLASSES.index(_EXERCISE_OF.get(k, "unknown")) for k in KINDS])
_SEEN = [n for n in BLAZEPOSE_INDEX if n in INDEX]


def _drift(rng: np.random.Generator, n: int, dt: float, tau_s: float, size: tuple[int, ...]) -> Floats:
    """Ornstein-Uhlenbeck noise (n, *size) of unit variance and memory ``tau_s``."""
    keep = float(np.exp(-dt / tau_s))
    out = np.empty((n, *size))
    out[0] = rng.standard_normal(size)
    kick = rng.standard_normal((n, *size)) * np.sqrt(1 - keep**2)
    for i in range(1, n):
        out[i] = keep * out[i - 1] + kick[i]
    return out


_LIMB_OUT = {"elbow": 0.7, "wrist": 1.0, "knee": 0.3, "ankle": 0.4, "heel": 0.4, "toe": 0.5}


def _away_from_camera(p: Floats) -> Floats:
    """(T, J) 0 to 1: how far a limb's joint lies on the side that the trunk hides."""
    across = p[:, INDEX["left_shoulder"]] - p[:, INDEX["right_shoulder"]]
    side_on = across[:, 2] / np.maximum(np.linalg.norm(across, axis=-1), 1e-6)  # +1: the left is away
    out = np.zeros(p.shape[:2])
    for name, share in _LIMB_OUT.items():
        out[:, INDEX[f"left_{name}"]] = share * np.clip(side_on, 0, 1)
        out[:, INDEX[f"right_{name}"]] = share * np.clip(-side_on, 0, 1)
    return out


def as_seen(joints_m: Floats, dt_s: float, rng: np.random.Generator) -> Floats:
    """Landmarks (T, 33, 3) in camera axes as the network might report joints (T, J, 3) of the room (y up).

    The sizes of the errors follow what was seen on real people: 1 to 2 cm across the picture, nearly constant while the
    view is; along the line of sight several times that, and a depth squeezed to as little as a third.
    """
    yaw, pitch, roll = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(-4, 22)), np.radians(rng.normal(0, 2))
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    look = np.diag([1.0, -1.0, -1.0])
    tilt = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    bank = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    p = (joints_m - joints_m[:, :1]) @ (bank @ tilt @ look @ turn).T
    n = len(p)
    axes = np.array([0.020, 0.020, 0.050]) * rng.uniform(0.2, 1.3)
    squeeze = np.clip(rng.uniform(0.35, 1.15) + 0.12 * _drift(rng, n, dt_s, 1.0, (1,)), 0.3, 1.25)
    p = p * np.stack([np.ones_like(squeeze), np.ones_like(squeeze), squeeze], axis=-1)
    # the side away from the camera is guessed from the near one: its arm and leg err most, and while they move
    away = _away_from_camera(p)
    axes = axes * (1.0 + max(0.0, rng.uniform(-1.0, 3.5)) * away)[..., None]
    p = p + rng.standard_normal((1, len(JOINTS), 3)) * axes
    p = p + _drift(rng, n, dt_s, rng.uniform(0.2, 0.8), (len(JOINTS), 3)) * axes * rng.uniform(0.2, 0.9)
    p = p + rng.standard_normal(p.shape) * rng.uniform(0.0005, 0.005)
    limbs = (
        ("left_elbow", "left_wrist"), ("right_elbow", "right_wrist"), ("left_knee", "left_ankle"),
        ("right_knee", "right_ankle"),
    )  # fmt: skip
    for limb in limbs:  # hidden for a while: guessed
        if rng.random() < 0.15:
            start, length = rng.integers(0, n), int(rng.uniform(0.3, 2.0) / dt_s)
            rows = slice(start, min(n, start + length))
            for name in limb:
                p[rows, INDEX[name]] += rng.standard_normal(3) * 0.08
    world = np.full((n, 33, 3), np.nan)
    for name in _SEEN:
        world[:, BLAZEPOSE_INDEX[name]] = p[:, INDEX[name]]
    return world


def samples(name: str, seed: int, lifter: AnalyticLifter, studio: Studio | None = None) -> Iterator[tuple[Floats, int]]:
    """Windows (F,) with their kind, from one body doing ``name``, sometimes between moments of standing.

    With a ``studio`` the body is rendered and the real network looks at it; without one its errors are drawn.
    """
    rng = np.random.default_rng([seed, 77])
    body = lifter.body
    look = draw_look(body, seed) if studio else None
    betas = look.betas if look else rng.standard_normal(10).clip(-2, 2)
    rest = body.rest_joints(betas[None])[0]
    floor_m = float(body.rest_extra(betas[None])[0][:, 1].min())
    skeleton = look.skeleton if look else Skeleton(joints_m=rest, floor_m=floor_m)
    parts = [(name, float(rng.uniform(9, 14)))]
    if rng.random() < 0.5:
        parts = [("stand", float(rng.uniform(1.5, 3))), *parts, ("stand", float(rng.uniform(1.0, 3)))]
    # badly done is still that exercise
    faults = {code: float(rng.uniform(0.2, 0.8)) for code in FAULTS.get(name, ()) if rng.random() < 0.3}
    motion = make_motion(skeleton, parts, seed=seed, faults=faults)
    fps = 10.0 if studio else float(rng.choice([8, 10, 12, 15, 20, 24, 25, 30]))
    t = np.arange(0, motion.duration_s, 1 / fps)
    rotations, transl = motion.both(t)
    labels = motion.labels(t)
    if studio and look:
        world = studio.film(look, rotations, transl, rng)
    else:
        world = as_seen(body.joints(rotations, np.repeat(betas[None], len(t), axis=0), transl), 1 / fps, rng)
    rel, known = lifter.rotations(world)
    fitted = body.joints(rel, np.zeros((len(t), 10)), np.zeros((len(t), 3)))
    fitted[~known] = np.nan
    deg, _ = measure_joints(fitted, np.zeros(fitted.shape[:2]))
    values = signals(fitted, deg)
    if rng.random() < 0.15:  # feet or hands outside the picture
        values[:, rng.random(values.shape[1]) < 0.2] = np.nan
    for i in range(2, len(t), max(1, round((0.15 if studio else 0.22) * fps))):
        first = int(np.searchsorted(t, t[i] - rng.uniform(0.8, 1.0) * WINDOW_S))
        features = window_features(t[first : i + 1], values[first : i + 1])
        if features is not None and np.isfinite(features).any():
            yield features, KINDS.index(str(labels[i]))


def collect(seeds: range, per_unknown: float, *, seen: bool = False) -> tuple[Floats, np.ndarray]:
    """Features (N, F) and kinds (N,) of one motion per seed and exercise; ``seen``: through the real network."""
    lifter = AnalyticLifter()
    studio = Studio(lifter.body, BlazePoseLandmarks(1)) if seen else None
    xs, ys = [], []
    for seed in seeds:
        others = [kind for kind in (*EXERCISES, *UNKNOWN) if kind not in _EXERCISE_OF]
        names = [*_EXERCISE_OF, *(u for k, u in enumerate(others) if (seed + k) % round(1 / per_unknown) == 0)]
        for name in names:
            # a seed of its own for each pair, whatever the order of the lists
            own = seed * 1000 + sum(ord(c) for c in name)
            for features, label in samples(name, own, lifter, studio):
                xs.append(features.astype(np.float32))
                ys.append(label)
    return np.stack(xs), np.array(ys)


def _collect_part(job: tuple[int, int, int, bool]) -> tuple[Floats, np.ndarray]:
    first, last, step, seen = job
    return collect(range(first, last, step), 1.0 if seen else 1 / 3, seen=seen)


def gather(motions: int, seen: int, jobs: int) -> dict[str, np.ndarray]:
    """Training windows ``x, y, w`` and check windows ``vx, vy`` of other seeds, made by ``jobs`` processes.

    Windows through the real network are fewer and weigh more; the check is on such windows alone.
    """
    held_out = 100_000
    parts = [(k, motions, jobs, False) for k in range(jobs)] + [(k, seen, jobs, True) for k in range(jobs)]
    parts.append((held_out, held_out + max(1, seen // 5), 1, True))
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        done = list(pool.map(_collect_part, [p for p in parts if p[0] < p[1]]))
    check, train_on = done[-1], done[:-1]
    weights = [np.full(len(y), 4.0 if p[3] else 1.0) for p, (_, y) in zip(parts, train_on, strict=False)]
    return {
        "x": np.concatenate([x for x, _ in train_on]), "y": np.concatenate([y for _, y in train_on]),
        "w": np.concatenate(weights), "vx": check[0], "vy": check[1],
    }  # fmt: skip


def train(data: dict[str, np.ndarray], seed: int, out: Path) -> dict[str, float]:
    """Train, calibrate on the check windows, write the weights; returns the accuracies on the check windows."""
    import torch
    from rich.console import Console
    from safetensors.numpy import save_file

    say = Console(stderr=True).print
    torch.manual_seed(seed)
    x, y, vx, vy = data["x"], data["y"], data["vx"], data["vy"]
    mean, scale = np.nanmean(x, axis=0), np.nanstd(x, axis=0) + 1e-3
    say(f"{len(x)} windows to train on, {len(vx)} to check on, {N_FEATURES} features")

    def prepare(a: Floats) -> torch.Tensor:
        return torch.from_numpy(np.nan_to_num((a - mean) / scale).clip(-6, 6).astype(np.float32))

    tx, tv, ty, tvy = prepare(x), prepare(vx), torch.from_numpy(y), torch.from_numpy(vy)
    share = torch.from_numpy(data["w"] / data["w"].mean()).float()
    net = torch.nn.Sequential(
        torch.nn.Linear(N_FEATURES, 160), torch.nn.ReLU(), torch.nn.Dropout(0.4),
        torch.nn.Linear(160, 64), torch.nn.ReLU(), torch.nn.Dropout(0.2), torch.nn.Linear(64, len(KINDS)),
    )  # fmt: skip
    counts = np.bincount(y, minlength=len(KINDS))
    weight = torch.tensor((counts.mean() / np.maximum(counts, 1)) ** 0.5, dtype=torch.float32)
    loss_of = torch.nn.CrossEntropyLoss(weight=weight, label_smoothing=0.05, reduction="none")
    epochs, batch = 16, 1024
    opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=2e-2)
    plan = torch.optim.lr_scheduler.OneCycleLR(opt, 4e-3, total_steps=epochs * (len(tx) // batch))
    for epoch in range(epochs):
        net.train()
        order = torch.randperm(len(tx))
        for k in range(len(tx) // batch):
            rows = order[k * batch : (k + 1) * batch]
            noisy = tx[rows] + 0.1 * torch.randn(len(rows), N_FEATURES)
            noisy = noisy * (torch.rand_like(noisy) > 0.05)
            loss = (loss_of(net(noisy), ty[rows]) * share[rows]).mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
            plan.step()
        if epoch % 4 == 3:
            net.eval()
            with torch.no_grad():
                say(f"epoch {epoch + 1}: unseen motions {float((net(tv).argmax(1) == tvy).float().mean()):.4f}")
    net.eval()
    with torch.no_grad():
        logits = net(tv)
    grid = np.linspace(0.5, 3.0, 51)
    nll = [float(torch.nn.functional.cross_entropy(logits / float(g), tvy)) for g in grid]
    temperature = float(grid[int(np.argmin(nll))])
    vy = _CLASS_OF_KIND[vy]
    tensors = {"mean": mean.astype(np.float32), "scale": scale.astype(np.float32)}
    linear = [m for m in net if isinstance(m, torch.nn.Linear)]
    for i, layer in enumerate(linear):
        tensors[f"weight{i}"] = np.ascontiguousarray(layer.weight.detach().numpy().T)
        tensors[f"bias{i}"] = layer.bias.detach().numpy()
    out.parent.mkdir(parents=True, exist_ok=True)
    meta = {
        "classes": json.dumps(CLASSES),
        "class_of_kind": json.dumps(_CLASS_OF_KIND.tolist()),
        "layers": str(len(linear)),
        "temperature": f"{temperature:.3f}",
    }
    save_file(tensors, str(out), metadata=meta)
    guess = Classifier(out).probabilities(vx).argmax(1)
    result = {name: float((guess[vy == i] == i).mean()) for i, name in enumerate(CLASSES) if (vy == i).any()}
    result["all"] = float((guess == vy).mean())
    say({k: round(v, 3) for k, v in result.items()}, f"temperature {temperature:.2f}")
    return result


def main() -> None:
    """Command line."""
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--motions", type=int, default=200, help="bodies per exercise with drawn errors")
    ap.add_argument("--seen", type=int, default=12, help="bodies per kind of movement rendered and seen by the network")
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--jobs", type=int, default=2)
    ap.add_argument("--keep", type=Path, help="keep the windows in this .npz, or take them from it when it exists")
    ap.add_argument("--out", type=Path, default=SHIPPED)
    a = ap.parse_args()
    if a.keep and a.keep.exists():
        with np.load(a.keep) as file:
            data = dict(file)
    else:
        data = gather(a.motions, a.seen, a.jobs)
        if a.keep:
            np.savez(str(a.keep), **data)  # type: ignore[arg-type]
    train(data, a.seed, a.out)


if __name__ == "__main__":
    main()
