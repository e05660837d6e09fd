"""One person's motion out of a run folder, as ``.npz`` files in the layout of AMASS (Mahmood et al. 2019).

What is in a file, for T frames a fixed time apart:

==================  ==========  ======================================================================================
``poses``           (T, 156)    axis and angle of SMPL-H's 52 joints: the body's orientation, 21 joints of the body that
                                SMPL and SMPL-H share, then 30 of the hands, which are zero: SMPL's two hand joints have
                                no counterpart among the fingers
``betas``           (16,)       shape: ours in the first ten, zeros after
``trans``           (T, 3)      metres; the root joint is at its rest place plus this
``mocap_framerate`` ()          frames a second: the median of the run's
``gender``          ()          ``neutral``
``body_model``      ()          the file that ``betas`` belong to; another body makes another person of them
``t_s``             (T,)        seconds since the start of the source
``seen``            (T,)        False where the frame is bridged between two sightings and not seen
==================  ==========  ======================================================================================

AMASS has z up; we have camera axes (x right, y down, z away). The camera is taken to be level, so up is against the
picture's y: a camera that looks down by ten degrees gives a floor that slopes by ten. x stays, away becomes y.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import RecordError, near_miss
from groupcoach.mesh.body_model import N_BETAS, BodyModel
from groupcoach.records import Floats
from groupcoach.store.reading import Run

N_POSES: Final = 156
N_SHAPE: Final = 16
#: Joints that SMPL and SMPL-H share, in the same order.
N_BODY: Final = 22
#: Nobody is bridged for longer: the motion goes on in another file.
LONGEST_GAP_S: Final = 0.5
#: Shorter pieces are left out.
SHORTEST_S: Final = 0.5
#: Camera axes -> z up.
TO_WORLD: Final = ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """One unbroken stretch, or everything with the gaps bridged; fields as in the module's table."""

    poses: Floats
    betas: Floats
    trans: Floats
    mocap_framerate: float
    t_s: Floats
    seen: NDArray[np.bool_]


def motions_of(run: Run, name: str, body: BodyModel, *, whole: bool = False) -> list[Motion]:
    """What one person did in a run, at its median frame rate: rotations by slerp, places by straight lines.

    Args:
        run: The run folder, made with ``--save-poses``.
        name: The person's, in any case.
        body: That the run was made with: it says where the root joint is.
        whole: One motion, the gaps bridged, instead of one per stretch without a gap over :data:`LONGEST_GAP_S`.

    Returns:
        In the order of time, each at least :data:`SHORTEST_S` long.

    Raises:
        RecordError: Nobody of that name; no poses, or of an earlier version; the person was hardly seen.
    """
    wanted = name.strip().casefold()
    names = [str(p.get("name", "")).strip() for p in run.people]
    if wanted not in [n.casefold() for n in names]:
        everybody = ", ".join(names) or "nobody"
        raise RecordError(
            f"{run.folder}: nobody is called {name!r} there.{near_miss(name, names)} In the run: {everybody}."
        )
    ids = [int(p["id"]) for p in run.people if str(p.get("name", "")).strip().casefold() == wanted]
    columns = run.poses()
    again = f"Run the class again: groupcoach run {run.summary.get('source', 'SOURCE')} --save-poses --out DIR"
    if columns is None:
        raise RecordError(f"{run.folder} keeps no poses, so there is no motion to write. {again}")
    if "transl_m" not in columns:
        raise RecordError(
            f"{run.folder} was made by an earlier version, which did not keep where in the room people were. {again}"
        )
    own = np.flatnonzero(np.isin(columns["person"], ids))
    t_s, first = np.unique(columns["t_s"][own].astype(np.float64), return_index=True)
    own = own[first]
    turns, shape, place = (columns[c][own].astype(np.float64) for c in ("rotmats", "betas", "transl_m"))
    known = np.isfinite(turns).all(axis=(1, 2, 3)) & np.isfinite(shape).all(axis=1) & np.isfinite(place).all(axis=1)
    t_s, turns, shape, place = t_s[known], turns[known], shape[known], place[known]
    breaks = np.flatnonzero(np.diff(t_s) > LONGEST_GAP_S) + 1
    pieces = [np.arange(len(t_s))] if whole else np.split(np.arange(len(t_s)), breaks)
    pieces = [p for p in pieces if len(p) > 1 and t_s[p[-1]] - t_s[p[0]] >= SHORTEST_S]
    if not pieces:
        raise RecordError(
            f"{run.folder}: {name} was never seen for {SHORTEST_S:g} seconds at a stretch, so there is no motion to "
            "write. --whole bridges the gaps, where the parts together are long enough."
        )
    step = float(np.median(np.diff(t_s)))
    mean = np.median(shape, axis=0)
    # The root is the fixed point: it stays where it was, whatever one shape for all frames does to the rest place.
    root = (body.rest_joints(shape)[:, 0] + place) @ np.array(TO_WORLD).T - body.rest_joints(mean[None])[0, 0]
    turns[:, 0] = np.array(TO_WORLD) @ turns[:, 0]
    betas = np.concatenate([mean, np.zeros(N_SHAPE - N_BETAS)])
    return [_at_even_times(t_s[p], turns[p, :N_BODY], root[p], betas, step) for p in pieces]


def _at_even_times(t_s: Floats, turns: Floats, root: Floats, betas: Floats, step: float) -> Motion:
    from scipy.spatial.transform import Rotation, Slerp

    # Up to a hundredth of a step past the end is rounding.
    even = t_s[0] + step * np.arange(int((t_s[-1] - t_s[0]) / step + 0.01) + 1)
    inside = np.minimum(even, t_s[-1])
    poses = np.zeros((len(even), N_POSES))
    for j in range(N_BODY):
        poses[:, 3 * j : 3 * j + 3] = Slerp(t_s, Rotation.from_matrix(turns[:, j]))(inside).as_rotvec()
    trans = np.stack([np.interp(inside, t_s, root[:, i]) for i in range(3)], axis=1)
    after = np.clip(np.searchsorted(t_s, inside), 1, len(t_s) - 1)
    near = np.minimum(np.abs(inside - t_s[after - 1]), np.abs(inside - t_s[after]))
    return Motion(poses, betas, trans, 1 / step, even, near <= 0.75 * step)


def file_names(out: Path, count: int) -> list[Path]:
    """``out`` itself for one motion, ``NAME_01.npz``, ``NAME_02.npz``, ... beside it for several."""
    out = out if out.suffix == ".npz" else out.with_name(out.name + ".npz")
    return [out] if count == 1 else [out.with_name(f"{out.stem}_{k:02d}.npz") for k in range(1, count + 1)]


def write_motion(motion: Motion, body: BodyModel, path: Path) -> None:
    """Write one file.

    Raises:
        RecordError: It cannot be written.
    """
    values: dict[str, Any] = {
        "poses": motion.poses, "betas": motion.betas, "trans": motion.trans, "t_s": motion.t_s, "seen": motion.seen,
        "mocap_framerate": np.float64(motion.mocap_framerate), "gender": np.array("neutral"),
        "body_model": np.array(f"groupcoach {body.path.name}"),
    }  # fmt: skip
    partial = path.with_name(path.name + ".tmp")
    try:
        with partial.open("wb") as file:
            np.savez(file, **values)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise RecordError(f"{path} cannot be written ({error.strerror}). Choose another --out.") from error
