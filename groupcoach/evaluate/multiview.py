"""``evaluate multiview``: each camera alone, as the product sees it, against what all calibrated cameras say together.

``evaluate_regressor`` is a pure function of what the networks saw (``views.look``), the slow part.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from groupcoach.angles import measure_joints
from groupcoach.errors import ConfigError
from groupcoach.evaluate.closer import JOINTS
from groupcoach.evaluate.reference import ANGLES, Reference, make_reference, raw_angles
from groupcoach.evaluate.text import figure
from groupcoach.evaluate.views import View, load_views, look, save_views
from groupcoach.mesh.camera import Camera
from groupcoach.mesh.regressor import Regressor, build_regressor
from groupcoach.records import Floats
from groupcoach.skeleton import ANGLE_INDEX

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]  # only installed below Python 3.11

if TYPE_CHECKING:
    from rich.table import Table

Say = Callable[[str], None]
#: The angles of the headline.
KNEE_HIP: Final = tuple(k for k, name in enumerate(ANGLES) if name.endswith(("knee", "hip")))


def evaluate_multiview(
    folder: Path, *, landmarks: bool = True, regressor: str = "lifter", keep: Path | None = None,
    say: Say = lambda text: None,
) -> dict[str, Any]:  # fmt: skip
    """The JSON object of FORMATS for a folder of calibrated cameras.

    Args:
        folder: calibration and one video per camera.
        landmarks: whether the regressor gets the 33 landmarks beside the detector's keypoints.
        regressor: its name.
        keep: what the networks saw is read from this file where it exists, else written there.
        say: told what is going on.

    Raises:
        ConfigError: what is missing or wrong in the folder.
    """
    build_regressor(regressor)  # a wrong name is refused before the long part
    if keep is not None and keep.is_file():
        views = load_views(keep)
    else:
        views = look(folder, say)
        if keep is not None:
            save_views(keep, views)
    reference = make_reference(views, read_lags(folder, [v.camera.name for v in views]))
    return evaluate_regressor(views, lambda: build_regressor(regressor), reference, landmarks=landmarks)


def read_lags(folder: Path, names: Sequence[str]) -> list[int] | None:
    """Lags of the cameras from ``lags.toml`` (``cam03 = 4``: its frame t + 4 shows what others show at t), if there.

    Raises:
        ConfigError: the file names no camera, or no whole number.
    """
    path = folder / "lags.toml"
    if not path.is_file():
        return None
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read ({error}). It has a line like cam03 = 4 per camera.") from error
    for name, lag in data.items():
        if name not in names or type(lag) is not int:
            raise ConfigError(f"{path}: {name} = {lag!r}: a whole number of frames is needed for a camera "
                              f"({', '.join(names)}).")  # fmt: skip
    first = data.get(names[0], 0)
    return [data.get(name, 0) - first for name in names]


def regress(view: View, regressor: Regressor, landmarks: bool = True) -> Floats:
    """(T, 8) ``ANGLES`` that a regressor gives for one camera, frames in order; NaN where it gives none."""
    camera = Camera.guess(*view.size)
    columns = [ANGLE_INDEX[name] for name in ANGLES]
    out = np.full((len(view.t_s), len(ANGLES)), np.nan)
    for t, t_s in enumerate(view.t_s):
        person = view.person(t, landmarks)
        poses = regressor.fit([] if person is None else [person], camera, float(t_s))
        if poses:
            out[t] = measure_joints(poses[0].joints_m[None], poses[0].sigma_m[None])[0][0, columns]
    return out


def evaluate_regressor(
    views: Sequence[View], make_regressor: Callable[[], Regressor], reference: Reference | None = None, *,
    landmarks: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """A regressor on each view alone, against the reference of all.

    Args:
        views: of one person.
        make_regressor: gives a new one, without memory, for each camera.
        reference: made from the views where None.
        landmarks: whether the regressor gets the landmarks.

    Returns:
        The JSON object of FORMATS ``evaluate multiview`` and more; ``spread`` is the standard deviation (numpy's)
        between the views of an instant, averaged; ``..._without_offset`` is the error after one constant per angle,
        the same for all cameras and frames, was taken out: what remains when joints are defined alike.
    """
    reference = make_reference(views) if reference is None else reference
    ours = _at_instants([regress(v, make_regressor(), landmarks) for v in views], reference)
    raw = _at_instants([raw_angles(v) for v in views], reference)
    true = reference.deg[None]
    judged = np.isfinite(ours) & np.isfinite(raw) & np.isfinite(true)
    miss, raw_miss = (np.where(judged, x - true, np.nan) for x in (ours, raw))
    plain, offset = _errors(miss), _mean(miss, (0, 1))
    raw_plain, raw_offset = _errors(raw_miss), _mean(raw_miss, (0, 1))
    spread, raw_spread = (_spread(np.where(judged, x, np.nan)) for x in (ours, raw))
    rows = list(KNEE_HIP)

    def pair(mine: float, theirs: float) -> dict[str, float | None]:
        return {"error_deg": _number(mine), "raw_error_deg": _number(theirs)}

    names = [v.camera.name for v in views]
    return {
        "reprojection_px": reference.reprojection_px,
        "knee_hip_error_deg": _number(_mean(_mean(plain[:, rows], 1), 0)),
        "knee_hip_spread_deg": _number(_mean(spread[rows], 0)),
        "raw_knee_hip_error_deg": _number(_mean(_mean(raw_plain[:, rows], 1), 0)),
        "raw_knee_hip_spread_deg": _number(_mean(raw_spread[rows], 0)),
        "by_camera": {
            name: {**pair(_mean(plain[c, rows], 0), _mean(raw_plain[c, rows], 0)),
                   "reprojection_px": reference.reprojection_by_camera[c],
                   "bias_deg": _named(_mean(miss[c], 0)), "raw_bias_deg": _named(_mean(raw_miss[c], 0)),
                   **_left_out(views[c], reference, c, ours[c], raw[c], judged[c])}
            for c, name in enumerate(names)
        },
        "by_angle": {
            name: {**pair(_mean(plain[:, a], 0), _mean(raw_plain[:, a], 0)), "spread_deg": _number(spread[a]),
                   "raw_spread_deg": _number(raw_spread[a]), "offset_deg": _number(offset[a]),
                   "raw_offset_deg": _number(raw_offset[a]), "reference_sigma_deg": float(reference.sigma_deg[a])}
            for a, name in enumerate(ANGLES)
        },
        "knee_hip_error_without_offset_deg": _number(_mean(_mean(_errors(miss - offset)[:, rows], 1), 0)),
        "raw_knee_hip_error_without_offset_deg": _number(_mean(_mean(_errors(raw_miss - raw_offset)[:, rows], 1), 0)),
        "reference_sigma_deg": float(np.mean(reference.sigma_deg[rows])),
        "reference_sigma_cm": float(100 * np.mean(reference.sigma_m)),
        "reference_sigma_by_joint_cm": {j: float(100 * s) for j, s in zip(JOINTS, reference.sigma_m, strict=True)},
        "reprojection_outliers": reference.outliers,
        "lags_frames": dict(zip(names, reference.lags, strict=True)),
        "lags_estimated_frames": {
            name: {"lag": _number(lag), "sigma": _number(sigma)}
            for name, lag, sigma in zip(names, reference.lags_fine, reference.lags_sigma, strict=True)
        },
        "landmarks": landmarks, "instants": int(judged[..., rows].any((0, 2)).sum()),
    }  # fmt: skip


def _at_instants(tracks: Sequence[Floats], reference: Reference) -> Floats:
    """(C, T, 8): each camera's angles at the instants of the reference; NaN outside its frames."""
    total = len(reference.deg)
    out = np.full((len(tracks), total, len(ANGLES)), np.nan)
    for c, (track, lag) in enumerate(zip(tracks, reference.lags, strict=True)):
        t = np.arange(total)
        inside = (t + lag >= 0) & (t + lag < len(track))
        out[c, inside] = track[t[inside] + lag]
    return out


def _left_out(
    view: View, reference: Reference, camera: int, ours: Floats, raw: Floats, judged: Floats
) -> dict[str, Any]:
    """How many frames were judged, and why others were not (the first reason that holds)."""
    rows = list(KNEE_HIP)
    frames, lag = len(view.t_s), reference.lags[camera]
    at = np.arange(len(reference.deg)) + lag
    inside = (at >= 0) & (at < frames)
    used = judged[:, rows].any(1)
    left = inside & ~used
    reasons: dict[str, int] = {"outside_common_time": frames - int(inside.sum())}
    lost = np.ones(len(at), bool)
    lost[inside] = ~np.isfinite(view.box_xyxy[at[inside], 0])
    for name, holds in (
        ("person_not_found", lost),
        ("no_landmarks_for_raw", ~np.isfinite(raw[:, rows]).any(1)),
        ("no_reference", ~np.isfinite(reference.deg[:, rows]).any(1)),
        ("no_angle_from_regressor", ~np.isfinite(ours[:, rows]).any(1)),
    ):
        reasons[name] = int((left & holds).sum())
        left = left & ~holds
    return {"frames": frames, "frames_judged": int(used.sum()), "left_out": reasons}


def _mean(values: Floats, axis: int | tuple[int, ...]) -> Any:
    """Of the finite ones; NaN without any."""
    known = np.isfinite(values)
    count = known.sum(axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, np.where(known, values, 0.0).sum(axis) / count, np.nan)


def _errors(miss: Floats) -> Floats:
    """(C, T, 8) -> mean absolute (C, 8)."""
    return np.asarray(_mean(np.abs(miss), 1))


def _spread(deg: Floats) -> Floats:
    """(C, T, 8) -> (8,): standard deviation between the views, averaged over the instants that all cameras have."""
    return np.asarray(_mean(deg.std(0), 0))


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _named(values: Floats) -> dict[str, float | None]:
    return {name: _number(values[a]) for a, name in enumerate(ANGLES)}


def multiview_table(result: dict[str, Any]) -> Table:
    """Angles in rows: error and spread, ours and raw."""
    from rich.table import Table

    table = Table(title="Each camera alone against all cameras together, degrees")
    for head in ("angle", "error", "raw error", "spread", "raw spread", "offset", "reference +-"):
        table.add_column(head, justify="left" if head == "angle" else "right")
    for name, row in result["by_angle"].items():
        keys = ("error_deg", "raw_error_deg", "spread_deg", "raw_spread_deg", "offset_deg", "reference_sigma_deg")
        table.add_row(name, *(figure(row[k], 1) for k in keys))
    return table


def multiview_lines(result: dict[str, Any]) -> list[str]:
    """The headline, in words."""
    fine = result["lags_estimated_frames"]
    lags = ", ".join(f"{name} {lag:+d} (estimate {figure(fine[name]['lag'], 1)} +- {figure(fine[name]['sigma'], 1)})"
                     for name, lag in result["lags_frames"].items())  # fmt: skip
    lines = [f"{name}: error {figure(row['error_deg'], 1)} (raw {figure(row['raw_error_deg'], 1)}) degrees, "
             f"{row['frames_judged']} of {row['frames']} frames judged, reprojection {row['reprojection_px']:.1f} px"
             for name, row in result["by_camera"].items()]  # fmt: skip
    return [
        *lines,
        f"frames behind the first camera: {lags}",
        f"reference: reprojection {result['reprojection_px']:.1f} px "
        f"({100 * result['reprojection_outliers']:.0f} % of the observations left out as outliers), standard deviation "
        f"{result['reference_sigma_cm']:.1f} cm a joint, {result['reference_sigma_deg']:.1f} degrees",
        f"knee and hip: error {figure(result['knee_hip_error_deg'], 1)} degrees "
        f"(raw {figure(result['raw_knee_hip_error_deg'], 1)}), spread between views "
        f"{figure(result['knee_hip_spread_deg'], 1)} (raw {figure(result['raw_knee_hip_spread_deg'], 1)}); without one "
        f"constant per angle {figure(result['knee_hip_error_without_offset_deg'], 1)} "
        f"(raw {figure(result['raw_knee_hip_error_without_offset_deg'], 1)})",
    ]
