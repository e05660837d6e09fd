"""Train the exercise classifier from nothing: ``python -m groupcoach.training.classifier --films FOLDER``.

It learns from windows of simulated classes filmed through the real networks (``filmed.py``) and of many more bodies
with drawn errors (``drawn.py``), all of them through the running program's own lifter; so it is trained after that.
No recorded data is used. Training and check come from different seeds.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from groupcoach.classify.network import SHIPPED, Classifier
from groupcoach.classify.window import N_FEATURES, STATS
from groupcoach.mesh.body_model import BodyModel
from groupcoach.records import Floats
from groupcoach.training.classifier_data import (
    CLASS_OF_KIND,
    CLASSES,
    EXERCISE_OF,
    KINDS,
    Windows,
    drawn_windows,
    filmed_windows,
)
from groupcoach.training.filmed import FLOOR_CHECK, FREE_CHECK, TRAINING, VALIDATION, film, is_free, seeds_of

if TYPE_CHECKING:
    import torch

_FILMED_WEIGHS = 6.0
"""Windows through the real networks are fewer and weigh more; the check is on such windows alone."""
_LEVELS = ("now", "mean", "low", "high", "long_mean", "long_low", "long_high")
"""Statistics that shift with the signal itself."""
_STANCE, _RANGE = 0.5, 0.25
"""Deviations of a signal's level, in its own usual ones, and of the logarithm of its range."""
_TEMPO = (-0.4, 1.2)
"""Logarithm of the tempo: two thirds to three times as fast."""
_NOW_ONLY = 0.3
"""Windows that the network is shown without what was longer ago: it is not to lean on what came before a set."""
_MOMENTS, _SELDOM = ("drink", "talk", "wave", "tie_shoe", "stretch", "arm_circles"), 0.25
"""What lasts a moment in a class fills as many windows here as an exercise does: so much of its odds is left."""
_OTHERS = 3
"""Bodies of a movement that counts nothing: one in so many."""


def _drawn(job: tuple[int, int, int]) -> Windows:
    names, seeds = [], []
    for seed in range(*job):
        # a seed of its own for each pair, whatever the order of the lists
        mine = [k for i, k in enumerate(KINDS[:-1]) if k in EXERCISE_OF or (seed + i) % _OTHERS == 0]
        names += mine
        seeds += [seed * 1000 + sum(ord(c) for c in k) for k in mine]
    return drawn_windows(names, seeds, BodyModel())


def _filmed(job: list[Path]) -> Windows:
    body = BodyModel()
    ways = [(path, hurried) for path in job for hurried in (False, True) if not (hurried and is_free(int(path.stem)))]
    parts = [filmed_windows(path, body, hurried=hurried) for path, hurried in ways]
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])


def gather(films: list[Path], check: list[Path], motions: int, jobs: int) -> dict[str, np.ndarray]:
    """Training windows ``x, y, w`` and check windows ``vx, vy``, made by ``jobs`` processes.

    Args:
        films: classes to train on.
        check: other classes.
        motions: bodies per exercise with drawn errors.
        jobs: processes.
    """
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        held_out = pool.submit(_filmed, check)
        seen = list(pool.map(_filmed, [films[k :: 4 * jobs] for k in range(4 * jobs) if films[k :: 4 * jobs]]))
        drawn = list(pool.map(_drawn, [(k, motions, 4 * jobs) for k in range(min(motions, 4 * jobs))]))
    parts = [*seen, *drawn]
    weights = [np.full(len(y), _FILMED_WEIGHS) for _, y in seen] + [np.full(len(y), 1.0) for _, y in drawn]
    return {
        "x": np.concatenate([x for x, _ in parts]), "y": np.concatenate([y for _, y in parts]),
        "w": np.concatenate(weights), "vx": held_out.result()[0], "vy": held_out.result()[1],
    }  # fmt: skip


class _Restyle:
    """Windows as other people would have made them: another stance, another range, another tempo.

    The simulator's people resemble each other. On real clips that nobody trained on, single windows were named right
    74 % of the time with noise alone, 80 % with this (mean of 14 clips), against 1 % less on simulated people.
    """

    def __init__(self, mean: Floats, scale: Floats) -> None:
        import torch

        self._mean, self._scale = (torch.from_numpy(a.reshape(len(STATS), -1)).float() for a in (mean, scale))
        self._usual = self._scale[STATS.index("mean")]
        self._level = torch.tensor([float(name in _LEVELS) for name in STATS])[:, None]

    def __call__(self, batch: torch.Tensor) -> torch.Tensor:
        """(N, F) prepared features -> the same of somebody else."""
        import torch

        n, stats, signals = len(batch), *self._mean.shape
        z = batch.view(n, stats, signals) * self._scale + self._mean
        centre = z[:, STATS.index("mean")][:, None] * self._level
        away = (z - centre) * torch.exp(_RANGE * torch.randn(n, 1, signals))
        away[:, STATS.index("mean")] = 0.0
        stance = _STANCE * self._usual * torch.randn(n, 1, signals) * (torch.rand(n, 1, signals) < 0.5)
        z = centre + away + stance * self._level
        fast = torch.exp(torch.empty(n, 1).uniform_(*_TEMPO)) ** (torch.rand(n, 1) < 0.5).float()
        z[:, STATS.index("pace")] *= fast
        most = (z[:, STATS.index("high")] - z[:, STATS.index("low")]).clamp(min=0)
        z[:, STATS.index("change")] = torch.clamp(z[:, STATS.index("change")] * fast, -most, most)
        return ((z - self._mean) / self._scale).clamp(-6, 6).view(n, -1)


def train(data: dict[str, np.ndarray], seed: int, out: Path, members: int = 3) -> dict[str, float]:
    """Train, calibrate on the check windows, write the weights.

    Args:
        data: of ``gather``.
        seed: of the first network.
        out: file of the weights.
        members: so many networks from different beginnings, whose answers are averaged: which of them has a strange
            movement right is chance.

    Returns:
        Accuracies on the check windows, by class and ``all``.
    """
    import torch
    from rich.console import Console
    from safetensors.numpy import save_file

    say = Console(stderr=True).print
    x, vx, vy = data["x"], data["vx"], data["vy"]
    mean, scale = np.nanmean(x, axis=0), np.nanstd(x, axis=0) + 1e-3
    say(f"{len(x)} windows to train on, {len(vx)} to check on, {N_FEATURES} features")

    def prepare(a: Floats) -> torch.Tensor:
        return torch.from_numpy(np.nan_to_num((a - mean) / scale).clip(-6, 6).astype(np.float32))

    tx, tv, tvy = prepare(x), prepare(vx), torch.from_numpy(vy)
    nets = []
    for member in range(members):
        torch.manual_seed(seed + member)
        nets.append(_fitted(tx, data["y"], data["w"], _Restyle(mean, scale)))
        with torch.no_grad():
            say(f"network {member + 1}: unseen motions {float((nets[-1](tv).argmax(1) == tvy).float().mean()):.4f}")
    with torch.no_grad():
        logits = torch.stack([net(tv) for net in nets]).mean(0)
    grid = np.linspace(0.5, 3.0, 51)
    nll = [float(torch.nn.functional.cross_entropy(logits / float(g), tvy)) for g in grid]
    temperature = float(grid[int(np.argmin(nll))])
    layers = side_by_side(nets)
    layers[-1][1][[KINDS.index(kind) for kind in _MOMENTS]] += np.float32(np.log(_SELDOM) * temperature)
    tensors = {"mean": mean.astype(np.float32), "scale": scale.astype(np.float32)}
    for i, (weight, bias) in enumerate(layers):
        tensors[f"weight{i}"], tensors[f"bias{i}"] = weight, bias
    out.parent.mkdir(parents=True, exist_ok=True)
    meta = {
        "classes": json.dumps(CLASSES),
        "class_of_kind": json.dumps(CLASS_OF_KIND.tolist()),
        "layers": str(len(layers)),
        "temperature": f"{temperature:.3f}",
    }
    save_file(tensors, str(out), metadata=meta)
    vy = CLASS_OF_KIND[vy]
    guess = Classifier(out).probabilities(vx).argmax(1)
    result = {name: float((guess[vy == i] == i).mean()) for i, name in enumerate(CLASSES) if (vy == i).any()}
    result["all"] = float((guess == vy).mean())
    say({k: round(v, 3) for k, v in result.items()}, f"temperature {temperature:.2f}")
    return result


def _fitted(tx: torch.Tensor, y: np.ndarray, w: np.ndarray, restyle: _Restyle) -> torch.nn.Sequential:
    """One network, trained on prepared windows ``tx`` (N, F) of kinds ``y`` (N,) that weigh ``w`` (N,)."""
    import torch

    ty, share = torch.from_numpy(y), torch.from_numpy(w / w.mean()).float()
    net = torch.nn.Sequential(
        torch.nn.Linear(N_FEATURES, 320), torch.nn.ReLU(), torch.nn.Dropout(0.3),
        torch.nn.Linear(320, 128), torch.nn.ReLU(), torch.nn.Dropout(0.15), torch.nn.Linear(128, len(KINDS)),
    )  # fmt: skip
    counts = np.bincount(y, minlength=len(KINDS))
    weight = torch.tensor((counts.mean() / np.maximum(counts, 1)) ** 0.5, dtype=torch.float32)
    loss_of = torch.nn.CrossEntropyLoss(weight=weight, label_smoothing=0.05, reduction="none")
    epochs, batch, long = 16, 1024, STATS.index("long_mean") * (N_FEATURES // len(STATS))
    opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=2e-2)
    plan = torch.optim.lr_scheduler.OneCycleLR(opt, 4e-3, total_steps=epochs * (len(tx) // batch))
    for _ in range(epochs):
        order = torch.randperm(len(tx))
        for k in range(len(tx) // batch):
            rows = order[k * batch : (k + 1) * batch]
            noisy = restyle(tx[rows])
            noisy = noisy + 0.1 * torch.randn(len(rows), N_FEATURES)
            noisy = noisy * (torch.rand_like(noisy) > 0.05)
            noisy[:, long:] *= torch.rand(len(rows), 1) > _NOW_ONLY
            loss = (loss_of(net(noisy), ty[rows]) * share[rows]).mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
            plan.step()
    return net.eval()


def side_by_side(nets: Sequence[torch.nn.Sequential]) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Weight (in, out) and bias (out,) of each layer of one network that answers with the mean of ``nets``."""
    import torch

    found = [[m for m in net if isinstance(m, torch.nn.Linear)] for net in nets]
    weights = [[layer.weight.detach().numpy().T for layer in layers] for layers in zip(*found, strict=True)]
    biases = [[layer.bias.detach().numpy() for layer in layers] for layers in zip(*found, strict=True)]
    out = []
    for i, (parts, bias) in enumerate(zip(weights, biases, strict=True)):
        if i == 0:  # all look at the same features
            joined = (np.concatenate(parts, axis=1), np.concatenate(bias))
        elif i + 1 < len(weights):  # none looks at another one's inside
            whole = np.zeros((sum(len(p) for p in parts), sum(p.shape[1] for p in parts)), np.float32)
            row = column = 0
            for p in parts:
                whole[row : row + len(p), column : column + p.shape[1]] = p
                row, column = row + len(p), column + p.shape[1]
            joined = (whole, np.concatenate(bias))
        else:
            joined = (np.concatenate(parts, axis=0) / len(nets), np.mean(bias, axis=0))
        out.append((np.ascontiguousarray(joined[0], np.float32), joined[1].astype(np.float32)))
    return out


def main() -> None:
    """Command line."""
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--films", type=Path, required=True, help="folder of the filmed classes; those missing are made")
    ap.add_argument("--classes", type=int, default=78)
    ap.add_argument("--free-classes", type=int, default=36, help="more, in which everybody keeps an own tempo")
    ap.add_argument("--floor-classes", type=int, default=24, help="more, on the floor")
    ap.add_argument("--validation", type=int, default=6)
    ap.add_argument("--motions", type=int, default=180, help="bodies per exercise with drawn errors")
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--members", type=int, default=3, help="networks whose answers are averaged")
    ap.add_argument("--jobs", type=int, default=2)
    ap.add_argument("--keep", type=Path, help="keep the windows in this .npz, or take them from it when it exists")
    ap.add_argument("--out", type=Path, default=SHIPPED)
    a = ap.parse_args()
    if a.keep and a.keep.exists():
        with np.load(a.keep) as file:
            data = dict(file)
    else:
        check = film(a.films, seeds_of(VALIDATION, a.validation, FREE_CHECK, FLOOR_CHECK), a.jobs)
        films = film(a.films, seeds_of(TRAINING, a.classes, a.free_classes, a.floor_classes), a.jobs)
        data = gather(films, check, a.motions, a.jobs)
        if a.keep:
            np.savez(str(a.keep), **data)  # type: ignore[arg-type]
    train(data, a.seed, a.out, a.members)


if __name__ == "__main__":
    main()
