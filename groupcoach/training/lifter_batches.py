"""Batches for the lifter's training: what the networks saw, late, lost, moved, and in poses that nobody filmed."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from groupcoach.mesh.features import (
    BASE,
    GLANCE,
    KEYPOINTS,
    LAGS_S,
    LANDMARKS,
    LONGEST,
    MARKS,
    PLACE,
    TAKEN,
    K,
    L,
    with_angles,
)  # fmt: skip
from groupcoach.skeleton import BLAZEPOSE, BLAZEPOSE_INDEX, COCO, mirrored
from groupcoach.training.lifter_data import Rows
from groupcoach.training.lifter_free import Moved, bend, draw_change, grown
from groupcoach.training.lifter_net import Skeleton, inner_angles

Change = tuple[Tensor, Tensor, Tensor]

#: The keypoint and the landmark on the other side.
SIDES_2D: Final = [COCO.index(mirrored(n)) for n in COCO]
SIDES_3D: Final = [TAKEN.index(BLAZEPOSE_INDEX[mirrored(BLAZEPOSE[k])]) for k in TAKEN]
#: Knees, hips and elbows of both sides decide how rare a pose is; at most so many times as often as the usual one.
_BENT, _BIN_DEG, _MOST = 6, 20.0, 5.0


class Sampler:
    """Batches of network inputs out of the rows: landmarks late or missing, glances lost, poses that nobody filmed."""

    def __init__(self, rows: Rows, skeleton: Skeleton) -> None:
        """Args: rows: of training or validation; skeleton: of the body model."""

        def padded(values: Any) -> Tensor:  # row -1 is nothing
            return torch.from_numpy(np.concatenate([values, np.zeros_like(values[:1])]))

        self.keypoints, self.landmarks, self.space = (padded(v) for v in (rows.keypoints, rows.landmarks, rows.space))
        self.has, self.place = padded(rows.has), padded(rows.place)
        self.longest, self.shown_s = padded(rows.longest), padded(rows.shown_s)
        self.before = torch.from_numpy(rows.before)
        self.turns, self.joints, self.root, self.betas = (
            padded(v) for v in (rows.turns, rows.joints, rows.root, rows.betas)
        )
        self.visible, self.skeleton = torch.from_numpy(rows.visible), skeleton
        self._often = torch.cumsum(_rarity(torch.from_numpy(rows.joints)), 0)

    def take(
        self, rows: Tensor, *, late: Tensor, blind: Tensor, lost: Tensor, new: Tensor, change: Change | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        """Inputs (B, BASE), and the answers: rotations, joints, shape.

        Args:
            rows: (B,)
            late: (B,) bool, the landmarks are those of the frame before.
            blind: (B,) bool, no landmarks at all, now or before.
            lost: (B, lags) bool, glances that are not there.
            new: (B,) bool, nobody knows yet how long the limbs are.
            change: of pose, view and body (``lifter_free``), B of each.
        """
        late = late & (self.before[rows, 0] >= 0)
        at = [rows, *self.before[rows].unbind(1)]
        keypoints, space = [self.keypoints[k] for k in at], [self.space[k] for k in at]
        marks, place = [self.landmarks[k] for k in at[:2]], self.place[rows]
        turns, joints, betas = self.turns[rows], self.joints[rows], self.betas[rows]
        long = self.longest[rows]
        if change is not None:
            moved: list[Moved] = []
            for row in at:
                bent, shape, at_new = bend(self.skeleton, self.turns[row], self.betas[row], change)
                one = Moved(
                    self.skeleton(self.turns[row], self.betas[row]), at_new, self.root[row], self.place[row, 0] - 2.0
                )
                if not moved:
                    long = long * grown(self.skeleton, betas, shape)
                    turns, betas = one.turn.transpose(-1, -2)[:, None] @ bent, shape
                    joints = at_new @ one.turn
                moved.append(one)
            keypoints = [m.keypoints(block) for m, block in zip(moved, keypoints, strict=True)]
            space = [m.space(block) for m, block in zip(moved, space, strict=True)]
            marks = [m.landmarks(block) for m, block in zip(moved, marks, strict=False)]
            place = moved[0].place(place)
        has = torch.where(late, self.has[at[1]], self.has[rows]) & ~blind
        mark = torch.where(late[:, None], marks[1], marks[0]) * has[:, None]
        half = torch.exp(place[:, :1] - 2.0)
        block = torch.cat([(long / half).clamp(0, 4), torch.tanh(self.shown_s[rows] / 10.0)[:, None]], 1)
        block = block * ~new[:, None]
        parts = [keypoints[0], mark, has[:, None].float(), (has & late)[:, None].float(), place, block]
        for k in range(len(LAGS_S)):
            seen = (at[k + 1] >= 0) & ~lost[:, k]
            spatial = seen & self.has[at[k + 1]] & ~blind
            parts += [keypoints[k + 1] * seen[:, None], space[k + 1] * spatial[:, None], seen[:, None].float(),
                      spatial[:, None].float()]  # fmt: skip
        return torch.cat(parts, 1), (turns, joints, betas)

    def draw(self, count: int, gen: torch.Generator, free: float) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        """A random batch, rare poses more often, a share ``free`` of it in poses that nobody filmed."""
        rows = torch.searchsorted(self._often, torch.rand(count, generator=gen).double() * self._often[-1])
        rows = rows.clamp(max=len(self.before) - 1)
        chance = torch.rand(count, 4 + len(LAGS_S), generator=gen)
        lost, new = (chance[:, 4:] < 0.1) | (chance[:, :1] < 0.12), chance[:, 3] < 0.08
        late, blind, some = chance[:, 1] < 0.3, chance[:, 2] < 0.25, round(free * count)
        parts = []
        for part, change in ((slice(some), draw_change(some, gen) if some else None), (slice(some, None), None)):
            if len(rows[part]):
                parts.append(self.take(rows[part], late=late[part], blind=blind[part], lost=lost[part], new=new[part],
                                       change=change))  # fmt: skip
        x = torch.cat([p[0] for p in parts])
        x = torch.from_numpy(with_angles(_blurred(x, gen).numpy()))
        return x, tuple(torch.cat(v) for v in zip(*(p[1] for p in parts), strict=True))  # type: ignore[return-value]


def _rarity(joints: Tensor) -> Tensor:
    """(R,) how much more often each row of true joints (R, J, 3) is shown: people stand straight most of the time.

    Shown as often as they are, deep squats and closed elbows are read too straight.
    """
    bins = (torch.rad2deg(inner_angles(joints))[:, :_BENT] / _BIN_DEG).long()
    weight = torch.zeros(bins.shape, dtype=torch.float64)
    for k in range(_BENT):
        share = torch.bincount(bins[:, k], minlength=int(180 / _BIN_DEG) + 1).double() / len(bins)
        weight[:, k] = share[bins[:, k]].clamp(min=1e-4) ** -0.5
    mean = weight.mean(1)
    return (mean / mean.median()).clamp(max=_MOST)


def _blurred(x: Tensor, gen: torch.Generator) -> Tensor:
    """Keypoints lost, sides exchanged, everything off: what other people and cameras add to what was seen here."""
    n = len(x)

    def some(share: float, *shape: int) -> Tensor:
        return torch.rand(n, *shape, generator=gen) < share

    points = x[:, :KEYPOINTS].reshape(n, K, 3)
    legs = torch.arange(K) >= 11
    lost = some(0.02, K) | (some(0.04, 1) & (legs == some(0.7, 1)))  # the lower or the upper body behind something
    points = torch.where(lost[..., None], torch.zeros(()), points)
    points = torch.where(some(0.02)[:, None, None], points[:, SIDES_2D], points)
    end = KEYPOINTS + LANDMARKS
    marks = x[:, KEYPOINTS:end].reshape(n, L, 6)
    # from behind, the landmark network takes left for right now and then
    marks = torch.where(some(0.03)[:, None, None], marks[:, SIDES_3D], marks)
    x = torch.cat([points.reshape(n, -1), marks.reshape(n, -1), x[:, end:]], 1)
    x = _shifted(x, gen)
    noise = torch.randn(x.shape, generator=gen) * (0.006 + 0.03 * torch.rand(n, 1, generator=gen) ** 2)
    first = KEYPOINTS + MARKS + PLACE
    noise[:, KEYPOINTS + MARKS : first] = 0
    noise[:, first + LONGEST - 1] = 0
    return x + noise * (x != 0)


def _shifted(x: Tensor, gen: torch.Generator) -> Tensor:
    """Keypoints and landmarks beside the joints, now and in all glances back alike.

    Real networks err by 1.3 times what they do on simulated people, and for seconds in the same direction: clothes,
    build and view decide where they see a joint. Errors drawn for each glance apart would be averaged out.
    """
    n = len(x)
    amount = torch.rand(n, 1, 1, generator=gen)
    points, flat = (torch.randn(n, k, 2, generator=gen) * 0.03 * amount for k in (K, L))
    deep = torch.randn(n, L, 3, generator=gen) * torch.tensor([0.03, 0.03, 0.06]) * amount
    size = 1 + torch.randn(n, 1, 3, generator=gen) * torch.tensor([0.05, 0.05, 0.12])
    out = x.clone()

    def keypoints(first: int) -> None:
        block = x[:, first : first + KEYPOINTS].reshape(n, K, 3)
        moved = torch.cat([block[..., :2] + points * (block[..., :2] != 0), block[..., 2:]], -1)
        out[:, first : first + KEYPOINTS] = moved.reshape(n, -1)

    def space(block: Tensor) -> Tensor:
        return (block * size + deep) * (block != 0)

    keypoints(0)
    marks = x[:, KEYPOINTS : KEYPOINTS + LANDMARKS].reshape(n, L, 6)
    moved = [marks[..., :2] + flat * (marks[..., :2] != 0), marks[..., 2:3], space(marks[..., 3:])]
    out[:, KEYPOINTS : KEYPOINTS + LANDMARKS] = torch.cat(moved, -1).reshape(n, -1)
    for k in range(len(LAGS_S)):
        first = BASE - (len(LAGS_S) - k) * GLANCE
        keypoints(first)
        last = first + KEYPOINTS + 3 * L
        out[:, first + KEYPOINTS : last] = space(x[:, first + KEYPOINTS : last].reshape(n, L, 3)).reshape(n, -1)
    return out
