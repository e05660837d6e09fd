"""What every mesh regressor takes and gives (``lifter.py`` today; ``hmr`` and the learned lifter: their own issues)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from groupcoach.errors import ConfigError
from groupcoach.mesh.camera import Camera
from groupcoach.records import BodyPose, Floats, Landmarks


@dataclass(frozen=True, slots=True, eq=False)
class PersonInput:
    """One tracked person in one frame."""

    track_id: int
    box_xyxy: Floats
    keypoints_px: Floats
    """(17, 2) COCO order"""
    keypoint_scores: Floats
    """(17,)"""
    landmarks: Landmarks | None


class Regressor(Protocol):
    """Keypoints and landmarks of everybody -> one ``BodyPose`` each, in one batch."""

    name: str

    def fit(self, people: Sequence[PersonInput], camera: Camera, t_s: float) -> list[BodyPose]:
        """One pose per person, in order. N may be 0."""
        ...

    def forget(self, track_id: int) -> None:
        """A track ended."""
        ...


def build_regressor(name: str) -> Regressor:
    """The regressor called ``name``."""
    if name == "lifter":
        from groupcoach.mesh.lifter import AnalyticLifter

        return AnalyticLifter()
    if name == "hmr":
        raise ConfigError(
            "--regressor hmr: the image regressor in FrankMocap's layout is not part of this version. "
            "Use --regressor lifter, which needs no checkpoint."
        )
    raise ConfigError(f"--regressor {name}: unknown; choose lifter or hmr.")
