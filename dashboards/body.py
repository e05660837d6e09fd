"""The body in 3D, turning through a repetition: rows of ``poses.npz`` in, a plotly figure out."""

from __future__ import annotations

from collections.abc import Mapping
from math import cos, pi, sin
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.skeleton import BONES

FRAMES: Final = 40
"""A repetition is shown in at most so many steps."""
AROUND_S: Final = 0.3
"""So much is shown before and after it."""


def frames_of(poses: Mapping[str, NDArray[Any]], person: int, start_s: float, end_s: float) -> NDArray[np.float64]:
    """Joints of one person over a repetition, (T, J, 3) m: x right, y away from the camera, z up, pelvis at the origin.

    Args:
        poses: columns of ``poses.npz``.
        person: id in the run.
        start_s: of the repetition.
        end_s: of it. T is 0 where no pose was kept.
    """
    when = (poses["t_s"] >= start_s - AROUND_S) & (poses["t_s"] <= end_s + AROUND_S)
    joints = np.asarray(poses["joints_m"][(poses["person"] == person) & when], dtype=np.float64)
    joints = joints[np.isfinite(joints).all((1, 2))]
    if len(joints) > FRAMES:
        joints = joints[np.linspace(0, len(joints) - 1, FRAMES).astype(int)]
    joints = joints[:, :, [0, 2, 1]] * (1, 1, -1)  # the camera looks along z and its y points down
    return joints - joints[:, :1] if len(joints) else joints


def turning(joints: NDArray[np.float64], names: list[str], play: str, flagged: str = "") -> Any:
    """A plotly figure: the stick figure moves while the view goes around it once; it can be turned by hand too.

    Args:
        joints: (T, J, 3) m, T at least 1.
        names: of the joints, (J,).
        play: label of the button.
        flagged: joint to mark with a ring, with or without its side; empty marks none.
    """
    import plotly.graph_objects as go

    row = {name: i for i, name in enumerate(names)}
    bones = [(row[a], row[b]) for a, b in BONES if a in row and b in row]
    marked = [row[n] for n in (flagged, f"left_{flagged}", f"right_{flagged}") if flagged and n in row]

    def traces(body: NDArray[np.float64]) -> list[Any]:
        gap = np.full((1, 3), np.nan)  # plotly breaks a line at NaN
        line = np.concatenate([np.concatenate([body[[a, b]], gap]) for a, b in bones])
        head = body[[row["head"]]] if "head" in row else body[:0]
        ring = body[marked]
        return [
            go.Scatter3d(x=line[:, 0], y=line[:, 1], z=line[:, 2], mode="lines", hoverinfo="skip",
                         line={"width": 9, "color": "#0072b2"}),
            go.Scatter3d(x=head[:, 0], y=head[:, 1], z=head[:, 2], mode="markers", hoverinfo="skip",
                         marker={"size": 9, "color": "#0072b2"}),
            go.Scatter3d(x=ring[:, 0], y=ring[:, 1], z=ring[:, 2], mode="markers", hoverinfo="skip",
                         marker={"size": 13, "color": "#c1001b", "symbol": "circle-open", "line": {"width": 5}}),
        ]  # fmt: skip

    def eye(step: int) -> dict[str, Any]:
        turn = 2 * pi * step / max(len(joints), 2) - pi / 2
        return {"eye": {"x": 1.6 * cos(turn), "y": 1.6 * sin(turn), "z": 0.35}}

    low, high = joints.min((0, 1)), joints.max((0, 1))
    middle, half = (low + high) / 2, float((high - low).max()) / 2 + 0.05
    axes = {
        f"{axis}axis": {"range": [middle[i] - half, middle[i] + half], "visible": False} for i, axis in enumerate("xyz")
    }
    frames = [go.Frame(data=traces(body), layout={"scene": {"camera": eye(i)}}) for i, body in enumerate(joints)]
    speed = {"frame": {"duration": 80, "redraw": True}, "fromcurrent": False, "transition": {"duration": 0}}
    button = {"label": f"▶ {play}", "method": "animate", "args": [None, speed]}
    return go.Figure(data=traces(joints[0]), frames=frames, layout={
        "scene": {**axes, "aspectmode": "cube", "camera": eye(0)}, "showlegend": False, "height": 420,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0}, "updatemenus": [{"type": "buttons", "buttons": [button]}],
    })  # fmt: skip
