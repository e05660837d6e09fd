"""What every mesh regressor takes and gives: ``lifter.py`` (keypoints, the default) and ``hmr.py`` (the picture)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import ConfigError, near_miss
from groupcoach.mesh.body_model import BodyModel
from groupcoach.mesh.camera import Camera
from groupcoach.records import BodyPose, Floats, Landmarks

HMR_NEEDS: Final = (
    "--regressor hmr needs --checkpoint FILE: the weights of FrankMocap's body module, or of SPIN, which have the same "
    "layout (a .pt file with the entry 'model', or its tensors as .safetensors). groupcoach neither ships nor "
    "downloads such a file; where you get it and whether its licence allows your use is your matter. "
    "--regressor lifter needs none."
)


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
    landmarks_age_s: float = 0.0
    """So much older than the keypoints: people take turns with the landmark network."""


class Regressor(Protocol):
    """Keypoints and landmarks of everybody -> one ``BodyPose`` each, in one batch."""

    name: str

    def fit(
        self, people: Sequence[PersonInput], camera: Camera, t_s: float, image: NDArray[np.uint8] | None = None
    ) -> list[BodyPose]:
        """One pose per person, in order. N may be 0.

        ``image`` (H, W, 3) RGB is given to those that look at the picture and say so: they have ``needs_image = True``.
        """
        ...

    def forget(self, track_id: int) -> None:
        """A track ended."""
        ...


def build_regressor(name: str, body: BodyModel | None = None, *, checkpoint: Path | None = None) -> Regressor:
    """The regressor called ``name``.

    Args:
        name: ``lifter`` or ``hmr``.
        body: what people are made of; the project's own body when left out.
        checkpoint: weights of ``hmr``, which needs them; nobody else takes any.

    Raises:
        ConfigError: another name, or a checkpoint too many or too few.
        AssetError: a file that cannot be used.
    """
    if checkpoint is not None and name == "lifter":
        raise ConfigError(f"--checkpoint {checkpoint} is for --regressor hmr; --regressor lifter takes none.")
    if name == "lifter":
        from groupcoach.mesh.lifter import Lifter

        return Lifter(body)
    if name == "hmr":
        if checkpoint is None:  # said before the seconds that loading torch takes
            raise ConfigError(HMR_NEEDS)
        from groupcoach.mesh.hmr import HmrRegressor

        return HmrRegressor(checkpoint, body)
    raise ConfigError(f"--regressor {name}: unknown; choose lifter or hmr.{near_miss(name, ('lifter', 'hmr'))}")
