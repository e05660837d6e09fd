"""The lifter's network and its loss, in torch, for training.

The running program has the same in numpy (``mesh/lift_network.py``); a test holds the two together.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from groupcoach.mesh.body_model import EXTRA_OWNER, N_BETAS, BodyModel
from groupcoach.skeleton import INDEX, INNER_ANGLES, JOINTS, N_SMPL, SMPL_PARENTS

J, A = len(JOINTS), len(INNER_ANGLES)
#: 6D rotations of all parts, shape, logarithms of the deviations of the joints (cm) and of the inner angles (degrees).
OUT: Final = 6 * N_SMPL + N_BETAS + J + A
_ENDS: Final = torch.tensor([[INDEX[n] for n in names] for names in INNER_ANGLES.values()])


class LiftNet(nn.Module):
    """Input (N, WIDTH) -> (N, OUT): a layer in, ``blocks`` residual blocks of two layers, a layer out."""

    mean: Tensor
    scale: Tensor

    def __init__(self, width_in: int, width: int = 640, blocks: int = 3, dropout: float = 0.1) -> None:
        """Args: width_in: of the input; width: of the layers; blocks: how many; dropout: within a block."""
        super().__init__()
        self.enter = nn.Linear(width_in, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(blocks + 1))
        self.up = nn.ModuleList(nn.Linear(width, width) for _ in range(blocks))
        self.down = nn.ModuleList(nn.Linear(width, width) for _ in range(blocks))
        self.leave = nn.Linear(width, OUT)
        self.drop = nn.Dropout(dropout)
        self.register_buffer("mean", torch.zeros(width_in))
        self.register_buffer("scale", torch.ones(width_in))
        with torch.no_grad():
            self.leave.weight.mul_(0.1)
            rest = torch.tensor([1.0, 0, 0, 0, 1.0, 0]).repeat(N_SMPL)
            self.leave.bias[: 6 * N_SMPL] = rest
            self.leave.bias[6 * N_SMPL :] = 0.0

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        h = self.enter(((x - self.mean) * self.scale).clamp(-6, 6))
        for norm, up, down in zip(self.norms, self.up, self.down, strict=False):
            h = h + down(self.drop(torch.relu(up(norm(h)))))
        out: Tensor = self.leave(self.norms[-1](h))
        return out


def orthonormal(six: Tensor) -> Tensor:
    """(..., 6) -> rotations (..., 3, 3): the first two columns, made square to each other (Zhou et al. 2019)."""
    a, b = six[..., :3], six[..., 3:]
    x = nn.functional.normalize(a, dim=-1)
    y = nn.functional.normalize(b - (x * b).sum(-1, keepdim=True) * x, dim=-1)
    return torch.stack([x, y, torch.cross(x, y, dim=-1)], dim=-1)


class Skeleton(nn.Module):
    """Where joints are, from whole rotations (relative to nothing but the axes): sums of bones along the tree."""

    bones: Tensor
    dirs: Tensor
    above: Tensor
    parent: Tensor

    def __init__(self, body: BodyModel) -> None:
        """Args: body: the body model."""
        super().__init__()
        zero, one = np.zeros((1, N_BETAS)), np.eye(N_BETAS)

        def points(betas: Any) -> Any:
            return np.concatenate([body.rest_joints(betas), body.rest_extra(betas)], axis=1)

        rest = points(zero)[0]
        parent = [*SMPL_PARENTS, *EXTRA_OWNER]
        parent[0] = 0
        bones = rest - rest[parent]
        each = points(one) - rest
        dirs = each - each[:, parent]
        above = np.zeros((J, J))
        for j in range(1, J):
            k = j
            while k > 0:
                above[j, k] = 1
                k = parent[k]
        self.register_buffer("bones", torch.tensor(bones, dtype=torch.float32))
        self.register_buffer("dirs", torch.tensor(dirs, dtype=torch.float32))
        self.register_buffer("above", torch.tensor(above, dtype=torch.float32))
        self.register_buffer("parent", torch.tensor(parent))

    def forward(self, turns: Tensor, betas: Tensor) -> Tensor:
        """(N, 24, 3, 3), (N, 10) -> (N, 31, 3) metres from the root joint."""
        bones = self.bones + torch.einsum("nb,bji->nji", betas, self.dirs)
        turned = torch.einsum("njik,njk->nji", turns[:, self.parent], bones)
        return torch.einsum("jk,nki->nji", self.above, turned)


def inner_angles(joints: Tensor) -> Tensor:
    """(N, J, 3) -> (N, inner angles) radians, with a gradient also near straight."""
    u, v = (joints[:, _ENDS[:, k]] - joints[:, _ENDS[:, 1]] for k in (0, 2))
    return torch.atan2(torch.cross(u, v, dim=-1).norm(dim=-1), (u * v).sum(-1))


def losses(out: Tensor, skeleton: Skeleton, turns: Tensor, joints: Tensor, betas: Tensor) -> Tensor:
    """(parts,) of the loss: joints, angles, rotations, shape, deviations of joints, deviations of angles."""
    n = 6 * N_SMPL
    mine = orthonormal(out[:, :n].reshape(-1, N_SMPL, 6))
    shape = out[:, n : n + N_BETAS]
    at = skeleton(mine, shape)
    away = (at - joints).norm(dim=-1)
    inner = inner_angles(at)
    off = (inner - inner_angles(joints)).abs()
    turned = (mine - turns).pow(2).sum((-1, -2)).sqrt().mean()
    # the root joint is never off: without a floor its logarithm would fall for ever
    log_joint, log_angle = (v.clamp(-3, 6) for v in (out[:, n + N_BETAS : n + N_BETAS + J], out[:, -A:]))
    known = off.detach() * 180 / np.pi
    # a Laplace distribution: rare large errors do not widen everything
    say_joint = (away.detach() * 100 / torch.exp(log_joint) + log_joint).mean()
    say_angle = (known / torch.exp(log_angle) + log_angle).mean()
    return torch.stack([10 * away.mean(), 3 * off.mean(), 0.5 * turned, 0.02 * (shape - betas).pow(2).mean(),
                        0.1 * say_joint, 0.1 * say_angle])  # fmt: skip
