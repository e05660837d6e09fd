"""Poses that nobody filmed: a filmed row is bent, turned and reshaped, and what the networks saw moves along.

The difference between what the networks saw and the truth of the filmed row is kept, so the errors stay those of the
real networks; only the pose, the view and the bodies are new. Glances back get the same change.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from groupcoach.mesh.features import TAKEN, K, L
from groupcoach.mesh.limbs import KINDS, LIMBS, N_KINDS
from groupcoach.skeleton import BLAZEPOSE, COCO, INDEX, N_SMPL, SMPL_PARENTS
from groupcoach.training.lifter_net import Skeleton

#: Degrees of change by joint (standard deviation about each axis of the parent).
_SPREAD: Final = {
    "hip": 17, "knee": 4, "ankle": 11, "foot": 4, "spine_low": 8, "spine_mid": 6, "spine_high": 6, "neck": 8,
    "head": 12, "collar": 5, "shoulder": 28, "elbow": 7, "wrist": 14, "hand": 6,
}  # fmt: skip
#: Hinges bend further, and hardly the wrong way: degrees, and their axes.
_HINGES: Final = {"left_knee": (24.0, (1.0, 0, 0)), "right_knee": (24.0, (1.0, 0, 0)),
                  "left_elbow": (32.0, (0, -1.0, 0)), "right_elbow": (32.0, (0, 1.0, 0))}  # fmt: skip
_WRONG_WAY: Final = 8.0
_TURN: Final = (18.0, 30.0, 18.0)
_STAND_IN: Final = {"index": "hand", "eye": "nose"}


def _joint_of(name: str) -> int:
    """Row of the joint that a keypoint moves with."""
    if name in INDEX:
        return INDEX[name]
    side, _, part = name.partition("_")
    return INDEX["nose"] if part.startswith("eye") else INDEX[f"{side}_{_STAND_IN[part]}"]


_KEYPOINT_JOINTS: Final = torch.tensor([_joint_of(n) for n in COCO])
_LANDMARK_JOINTS: Final = torch.tensor([_joint_of(BLAZEPOSE[k]) for k in TAKEN])
_LIMB_ENDS: Final = torch.tensor([[INDEX[n] for n in names] for names in LIMBS])
_FIRST_OF_KIND: Final = [KINDS.tolist().index(kind) for kind in range(N_KINDS)]
_HIPS: Final = [INDEX["left_hip"], INDEX["right_hip"]]


def rotation(vector: Tensor) -> Tensor:
    """Rotation vectors (..., 3) in radians -> (..., 3, 3)."""
    angle = vector.norm(dim=-1, keepdim=True).clamp(min=1e-8)
    x, y, z = (vector / angle).unbind(-1)
    zero = torch.zeros_like(x)
    k = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*x.shape, 3, 3)
    a = angle[..., None]
    return torch.eye(3) + torch.sin(a) * k + (1 - torch.cos(a)) * (k @ k)


def draw_change(count: int, gen: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """For ``count`` bodies: rotation of each joint (N, 24, 3, 3), of the whole (N, 3, 3), change of shape (N, 10)."""
    spread = torch.zeros(N_SMPL)
    for name, j in INDEX.items():
        if 0 < j < N_SMPL:
            spread[j] = _SPREAD[name if name in _SPREAD else name.partition("_")[2]]
    # mostly a little, sometimes far: a skater, a dancer, somebody who falls
    far = torch.rand(count, 1, 1, generator=gen) < 0.35
    amount = torch.rand(count, 1, 1, generator=gen) * torch.where(far, 3.0, 1.4)
    some = torch.rand(count, N_SMPL, 1, generator=gen) < 0.6
    vector = torch.randn(count, N_SMPL, 3, generator=gen) * spread[:, None] * amount * some
    for name, (most, axis) in _HINGES.items():
        bend = torch.randn(count, 1, generator=gen).abs() * most * (torch.rand(count, 1, generator=gen) < 0.5)
        hinge = torch.tensor(axis)
        along = (vector[:, INDEX[name]] * hinge).sum(-1, keepdim=True)
        vector[:, INDEX[name]] += (along.clamp(min=-_WRONG_WAY) - along + bend) * hinge
    whole = torch.randn(count, 3, generator=gen) * torch.tensor(_TURN)
    shape = torch.randn(count, 10, generator=gen) * 0.4
    return rotation(torch.deg2rad(vector)), rotation(torch.deg2rad(whole)), shape


def bend(
    skeleton: Skeleton, turns: Tensor, betas: Tensor, change: tuple[Tensor, Tensor, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Whole rotations (N, 24, 3, 3), shapes and joints (N, 31, 3) from the root after the change."""
    by_joint, whole, shape = change
    new = [whole @ turns[:, 0]]
    for j in range(1, N_SMPL):
        p = SMPL_PARENTS[j]
        new.append(new[p] @ (turns[:, p].transpose(-1, -2) @ turns[:, j]) @ by_joint[:, j])
    stacked = torch.stack(new, 1)
    return stacked, betas + shape, skeleton(stacked, betas + shape)


def grown(skeleton: Skeleton, old: Tensor, new: Tensor) -> Tensor:
    """(N, N_KINDS): how much longer each kind of limb is in shapes ``new`` (N, 10) than in ``old``."""
    turns = torch.eye(3).expand(len(old), N_SMPL, 3, 3)
    a, b = (skeleton(turns, betas) for betas in (old, new))
    size_a, size_b = ((at[:, _LIMB_ENDS[:, 1]] - at[:, _LIMB_ENDS[:, 0]]).norm(dim=-1) for at in (a, b))
    ratio: Tensor = size_b / size_a.clamp(min=0.01)
    return ratio[:, _FIRST_OF_KIND]


class Moved:
    """One glance at N bodies, before and after the change, and what that does to what was seen."""

    def __init__(self, old: Tensor, new: Tensor, root: Tensor, log_half: Tensor) -> None:
        """Args: old, new: joints (N, 31, 3) from the root; root: where that is (N, 3); log_half: of the box (N,)."""
        half = torch.exp(log_half)
        a, b = (_flat(j + root[:, None]) / half[:, None, None] for j in (old, new))
        (low0, high0), (low1, high1) = ((p.amin(1), p.amax(1)) for p in (a, b))
        span0, span1 = (high0 - low0).clamp(min=1e-3), (high1 - low1).clamp(min=1e-3)  # nobody is a point
        self.grown = (span1.norm(dim=-1) / span0.norm(dim=-1)).clamp(0.4, 2.5)
        self.centre = (low1 + high1) / 2 - self.grown[:, None] * (low0 + high0) / 2
        self.shift = b - a
        self.wider = torch.log((span1[:, 0] / span1[:, 1]).clamp(0.05, 20)) - torch.log(
            (span0[:, 0] / span0[:, 1]).clamp(0.05, 20)
        )
        self.step = self.centre * half[:, None]
        ray = torch.cat([self.step, torch.ones_like(half)[:, None]], 1)
        ray = ray / ray.norm(dim=-1, keepdim=True)
        z = torch.tensor([0.0, 0.0, 1.0]).expand_as(ray)
        axis = torch.cross(z, ray, dim=-1)
        sine = axis.norm(dim=-1, keepdim=True)
        self.turn = rotation(axis / sine.clamp(min=1e-8) * torch.asin(sine.clamp(max=1.0)))
        """(N, 3, 3): the camera turned at the box of after, in the axes of the one turned at the box of before."""
        mid0, mid1 = old[:, _HIPS].mean(1, keepdim=True), new[:, _HIPS].mean(1, keepdim=True)
        self._space = (new - mid1) - (old - mid0)

    def points(self, xy: Tensor, joints: Tensor) -> Tensor:
        """(N, P, 2) points of the picture."""
        moved: Tensor = (xy + self.shift[:, joints] - self.centre[:, None]) / self.grown[:, None, None]
        return moved

    def keypoints(self, block: Tensor) -> Tensor:
        """The block (N, KEYPOINTS) of after."""
        kp = block.reshape(len(block), K, 3)
        there = (kp[..., 2:] > 0).float()
        return torch.cat([self.points(kp[..., :2], _KEYPOINT_JOINTS) * there, kp[..., 2:]], -1).reshape(len(block), -1)

    def space(self, block: Tensor) -> Tensor:
        """The landmarks in space (N, 3 L) of after."""
        at = block.reshape(len(block), L, 3) + self._space[:, _LANDMARK_JOINTS]
        return (at @ self.turn).reshape(len(block), -1)

    def landmarks(self, block: Tensor) -> Tensor:
        """The block (N, LANDMARKS) of after."""
        lm = block.reshape(len(block), L, 6)
        space = self.space(lm[..., 3:].reshape(len(block), -1)).reshape(len(block), L, 3)
        return torch.cat([self.points(lm[..., :2], _LANDMARK_JOINTS), lm[..., 2:3], space], -1).reshape(len(block), -1)

    def place(self, block: Tensor) -> Tensor:
        """The block (N, PLACE) of after."""
        out = block.clone()
        out[:, 0] += torch.log(self.grown)
        out[:, 1:3] += self.step
        out[:, 3] += self.wider
        return out


def _flat(points: Tensor) -> Tensor:
    return points[..., :2] / points[..., 2:].clamp(min=0.3)
