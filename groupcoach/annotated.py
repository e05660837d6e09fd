"""The annotated picture of a class: what the preview shows and ``--save-video`` keeps."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groupcoach import snapshot
from groupcoach.pipeline import Pipeline, Seen
from groupcoach.records import Frame


class Annotator:
    """Draws people into the frames of one class."""

    def __init__(self, pipeline: Pipeline, language: str) -> None:
        """Args: pipeline: of the class; language: of its names of exercises."""
        self._pipeline, self._language = pipeline, language
        self._rasterizer: Any = None

    def draw(self, frame: Frame, seen: Sequence[Seen], muted: Collection[int]) -> NDArray[np.uint8]:
        """(H, W, 3) RGB: boxes, names, bodies, counts, flagged joints in red."""
        from groupcoach.mesh.draw import Figure, draw_people
        from groupcoach.mesh.raster import Rasterizer

        body = getattr(self._pipeline.regressor, "body", None)
        poses = [s.pose for s in seen]
        if body is not None and seen:
            vertices = body.vertices(
                np.stack([p.rel_rotmats for p in poses]), np.stack([p.betas for p in poses]),
                np.stack([p.transl_m for p in poses]),
            )  # fmt: skip
            known = [bool(np.isfinite(p.joints_m).any()) for p in poses]
            poses = [replace(p, vertices_m=v) if k else p for p, v, k in zip(poses, vertices, known, strict=True)]
        figures = []
        for s, pose in zip(seen, poses, strict=True):
            shown = snapshot.card(s.participant, s.state, self._pipeline.catalogue, self._language, frame.t_s,
                                  muted)  # fmt: skip
            lines = [shown.name, f"{shown.exercise_name} {shown.reps}" if shown.reps else shown.exercise_name]
            if shown.worst_text:
                lines.append(shown.worst_text)
            flagged = (shown.worst_joint,) if shown.worst_joint else ()
            figures.append(Figure(shown.person_id, tuple(lines), s.box_xyxy, pose, flagged))
        height, width = frame.image.shape[:2]
        if self._rasterizer is None:
            self._rasterizer = Rasterizer(width, height)
        camera = self._pipeline.camera
        focal = camera.focal_px if camera else None
        return draw_people(frame.image, figures, body, focal, rasterizer=self._rasterizer)
