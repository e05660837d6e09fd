"""Trains ``models/lifter.safetensors``: keypoints and landmarks -> SMPL, from classes seen by the real networks.

    python -m groupcoach.training.lifter --films FOLDER --out models/lifter.safetensors

Films the classes first (``filmed.py``) where the folder lacks them. People, motions, rooms and cameras of training and
validation come from different seeds, and from others than ``groupcoach simulate --seed`` gives to a measured class.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
from torch import Tensor

from groupcoach.mesh.body_model import N_BETAS, BodyModel
from groupcoach.mesh.features import (
    BASE,
    GLANCE,
    KEYPOINTS,
    LAGS_S,
    LONGEST,
    MARKS,
    PLACE,
    WIDTH,
    with_angles,
)  # fmt: skip
from groupcoach.skeleton import INNER_ANGLES, N_SMPL
from groupcoach.training.filmed import FREE_CHECK, TRAINING, VALIDATION, film, seeds_of
from groupcoach.training.lifter_batches import Sampler
from groupcoach.training.lifter_data import Rows, read
from groupcoach.training.lifter_net import A, J, LiftNet, Skeleton, inner_angles, losses, orthonormal

BATCH: Final = 512
_NINETY: Final = 1.6449


def train(
    rows: Rows, check: Rows, body: BodyModel, *, steps: int, free: float, seed: int, width: int,
    out: Path, batch: int = BATCH, start: Path | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Train, set the deviations right on ``check``, write the file; figures of ``check``."""
    torch.manual_seed(seed)
    gen = torch.Generator().manual_seed(seed)
    net, skeleton = LiftNet(WIDTH, width), Skeleton(body)
    sampler = Sampler(rows, skeleton)
    x, _ = sampler.draw(20_000, gen, free)
    net.mean, net.scale = x.mean(0), 1 / x.std(0).clamp(min=0.05)
    if start is not None:
        from safetensors.torch import load_file

        net.load_state_dict({k: v.float() for k, v in load_file(str(start)).items() if "_scale." not in k})
    average = torch.optim.swa_utils.AveragedModel(net, avg_fn=_average)
    best = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.02)
    plan = torch.optim.lr_scheduler.OneCycleLR(
        best, max_lr=7e-4 if start else 1.5e-3, total_steps=steps, pct_start=0.06
    )
    began, sums = time.monotonic(), torch.zeros(6)
    for step in range(1, steps + 1):
        x, answers = sampler.draw(batch, gen, free)
        parts = losses(net(x), skeleton, *answers)
        best.zero_grad()
        parts.sum().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        best.step()
        plan.step()
        average.update_parameters(net)
        sums += parts.detach()
        if step % 500 == 0:
            print(f"{step}/{steps} {time.monotonic() - began:.0f} s", (sums / 500).numpy().round(3), flush=True)
            sums.zero_()
        if step % 3000 == 0 or step == steps:
            mean = cast(LiftNet, average.module)
            figures = {mode: judge(mean, skeleton, check, blind=mode == "keypoints")
                       for mode in ("landmarks", "keypoints")}  # fmt: skip
            print(json.dumps({m: f["figures"] for m, f in figures.items()}), flush=True)
            write(out, mean, figures)
    return {m: f["figures"] for m, f in figures.items()}


def _average(mean: Tensor, new: Tensor, seen: Tensor | int) -> Tensor:
    """The mean over about the last thousand steps, over fewer at the start."""
    return mean + (new - mean) * max(0.001, 4.0 / (4.0 + float(seen)))


def judge(net: LiftNet, skeleton: Skeleton, rows: Rows, *, blind: bool) -> dict[str, Any]:
    """Errors on rows (people more than half visible), and by how much the stated deviations are off."""
    net.eval()
    sampler = Sampler(rows, skeleton)
    every = torch.arange(len(rows.before))[:: max(1, len(rows.before) // 20_000)]
    every = every[sampler.visible[every] > 0.5]
    none = torch.zeros(len(every), dtype=torch.bool)
    lost = torch.zeros(len(every), len(LAGS_S), dtype=torch.bool)
    with torch.no_grad():
        x, (turns, joints, _) = sampler.take(every, late=none, blind=none | blind, lost=lost, new=none)
        x = torch.from_numpy(with_angles(x.numpy()))
        out = torch.cat([net(part) for part in torch.split(x, 2048)])
        deg = torch.rad2deg(inner_angles(joints))
        at = skeleton(
            orthonormal(out[:, : 6 * N_SMPL].reshape(-1, N_SMPL, 6)), out[:, 6 * N_SMPL : 6 * N_SMPL + N_BETAS]
        )
        away = (at - joints).norm(dim=-1)
        off = (torch.rad2deg(inner_angles(at)) - deg).abs()
    net.train()
    log_joint, log_angle = out[:, -A - J : -A], out[:, -A:]
    # so much wider that nine in ten lie within the 90 % interval
    joint_scale = torch.quantile(away / 1.732 / torch.exp(log_joint), 0.9, dim=0) / _NINETY
    angle_scale = torch.quantile(off / torch.exp(log_angle), 0.9, dim=0) / _NINETY
    names = [n.split("_")[1] for n in INNER_ANGLES]
    figures = {"rows": len(every), "mpjpe_mm": round(float(away.mean()) * 1000, 1),
               "turn": round(float((orthonormal(out[:, : 6 * N_SMPL].reshape(-1, N_SMPL, 6)) - turns).pow(2)
                                   .sum((-1, -2)).sqrt().mean()), 4)}  # fmt: skip
    for part in dict.fromkeys(names):
        figures[part] = round(float(off[:, [k for k, n in enumerate(names) if n == part]].mean()), 2)
    return {"figures": figures, "joint_scale": joint_scale.numpy(), "angle_scale": angle_scale.numpy()}


def write(path: Path, net: LiftNet, figures: dict[str, dict[str, Any]]) -> None:
    """The weights as the running program reads them (``mesh/lift_network.py``)."""
    from safetensors.numpy import save_file

    state = {name: np.ascontiguousarray(value.numpy()) for name, value in net.state_dict().items()}
    tensors = {name: value.astype(np.float16 if value.ndim == 2 else np.float32) for name, value in state.items()}
    for mode, found in figures.items():
        tensors[f"joint_scale.{mode}"] = found["joint_scale"].astype(np.float32)
        tensors[f"angle_scale.{mode}"] = found["angle_scale"].astype(np.float32)
    meta = {"kind": "groupcoach lifter", "width_in": str(WIDTH), "blocks": str(len(net.up)),
            "validation": json.dumps({m: f["figures"] for m, f in figures.items()})}  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    save_file(tensors, str(part), metadata=meta)
    part.rename(path)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("models/lifter.safetensors"))
    parser.add_argument("--films", type=Path, required=True, help="folder for the filmed classes, about 1 MB each")
    parser.add_argument("--classes", type=int, default=60)
    parser.add_argument("--free-classes", type=int, default=24, help="more, in which everybody keeps an own tempo")
    parser.add_argument("--validation", type=int, default=6)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--free", type=float, default=0.5, help="share of poses that nobody filmed")
    parser.add_argument("--width", type=int, default=448)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, help="go on from these weights instead of from nothing")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    check = read(film(args.films, seeds_of(VALIDATION, args.validation, FREE_CHECK), args.jobs), copies=1)
    rows = read(film(args.films, seeds_of(TRAINING, args.classes, args.free_classes), args.jobs), seed=args.seed)
    print(f"{len(rows.before)} rows, {len(check.before)} for validation; input {WIDTH} ({KEYPOINTS} + {MARKS} + "
          f"{PLACE} + {LONGEST} + {len(LAGS_S)} x {GLANCE} + {WIDTH - BASE})", flush=True)  # fmt: skip
    began = time.monotonic()
    found = train(
        rows,
        check,
        BodyModel(),
        steps=args.steps,
        free=args.free,
        seed=args.seed,
        width=args.width,
        out=args.out,
        start=args.start,
    )
    print(json.dumps(found | {"minutes": math.ceil((time.monotonic() - began) / 60)}))


if __name__ == "__main__":
    main()
