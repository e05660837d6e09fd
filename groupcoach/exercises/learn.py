"""The source method's way to a reference: photos or clips of good form -> angles, mean and spread -> a definition.

Every picture goes through the pipeline's own stages (detector, landmarks, mesh). A photo with nobody in it, or with
more than one person, is named and skipped. Of a clip the stillest moment of the deepest posture is taken, so a
repetition filmed whole serves as well as a photo of its turn. One lead side: the mirror image of a photo is taken where
it fits the others better. What lies far from the middle of all is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import ConfigError, GroupCoachError
from groupcoach.records import Floats, Frame
from groupcoach.skeleton import ANGLE_INDEX, ANGLES, mirrored

PHOTOS: Final = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
OUTLIER: Final = 3.0
"""Robust standard deviations from the middle beyond which an angle of a photo is dropped."""
_LEAST_SPREAD_DEG: Final = 3.0
FEWEST: Final = 3
"""So many pictures make a reference; from fewer no outlier can be told."""
_MIRROR: Final = np.array([ANGLE_INDEX[mirrored(name)] for name in ANGLES])
_PAIRED: Final = tuple(name for name in ANGLES if name.startswith(("left_", "right_")))
_STANDING_DEG: Final = 20.0
_REPEAT: Final = 4
"""A photo is shown to the stages so often: the lifter looks back a little."""

See = Callable[[Frame], "list[tuple[Floats, Floats, Floats]]"]
"""One frame -> per person angles (A,), their deviations (A,), box (4,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One picture of good form."""

    path: Path
    t_s: float
    deg: Floats
    """(A,)"""
    box_xyxy: Floats
    image: NDArray[np.uint8]


@dataclass(slots=True)
class Learned:
    """What the pictures say."""

    mean_deg: dict[str, float]
    spread_deg: dict[str, float]
    used: list[Sample]
    turned: list[bool]
    """Of each used one: its mirror image was taken."""
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """File, why."""
    dropped: dict[str, int] = field(default_factory=dict)
    """Readings left out as outliers, by angle."""


def samples_of(paths: Sequence[Path], see: See, progress: Callable[[int], None] = lambda done: None
               ) -> tuple[list[Sample], list[tuple[str, str]]]:  # fmt: skip
    """One sample per photo or clip, and who was skipped.

    Args:
        paths: photos and clips.
        see: the stages.
        progress: told how many are done.
    """
    samples: list[Sample] = []
    skipped: list[tuple[str, str]] = []
    for done, path in enumerate(paths, 1):
        try:
            found = _photo(path, see) if path.suffix.lower() in PHOTOS else _clip(path, see)
        except GroupCoachError as bad:
            found = str(bad)
        if isinstance(found, str):
            skipped.append((path.name, found))
        else:
            samples.append(found)
        progress(done)
    return samples, skipped


def _photo(path: Path, see: See) -> Sample | str:
    import cv2

    if not path.is_file():
        return "there is no such file"
    raw = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) if path.stat().st_size else None
    if raw is None:
        return "cannot be read as a picture"
    image = np.asarray(cv2.cvtColor(raw, cv2.COLOR_BGR2RGB), np.uint8)
    people: list[tuple[Floats, Floats, Floats]] = []
    for k in range(_REPEAT):
        people = see(Frame(k, 0.1 * k, image))
    return _one(path, 0.0, people, image)


def _one(path: Path, t_s: float, people: list[tuple[Floats, Floats, Floats]], image: NDArray[np.uint8]
         ) -> Sample | str:  # fmt: skip
    if not people:
        return "nobody is seen in it"
    if len(people) > 1:
        return f"{len(people)} people are in it: one is needed"
    deg, _, box = people[0]
    height, width = image.shape[:2]
    if box[0] < 1 or box[1] < 1 or box[2] > width - 1 or box[3] > height - 1:
        return "part of the body is outside the picture"
    return Sample(path, t_s, deg, box, image) if np.isfinite(deg).any() else "the body is not seen well enough"


def _clip(path: Path, see: See) -> Sample | str:
    from groupcoach.source import open_source

    seen: list[Sample] = []
    crowd = frames = 0
    source = open_source(str(path))
    try:
        for frame in source.frames():
            people = see(frame)
            frames += 1
            crowd += len(people) > 1
            one = _one(path, frame.t_s, people, frame.image)
            if isinstance(one, Sample):
                seen.append(one)
    finally:
        source.close()
    if crowd > 0.2 * max(frames, 1):
        return "more than one person is in it: one is needed"
    if not seen:
        return "nobody is seen in it"
    return seen[_posture([s.t_s for s in seen], np.stack([s.deg for s in seen]))]


def _posture(t_s: Sequence[float], deg: Floats) -> int:
    """Index of the moment in a clip that is farthest from how it begins, and there the stillest one."""
    angles = np.nan_to_num(deg - np.nanmedian(deg[: max(1, len(deg) // 10)], axis=0))
    away = np.sqrt((angles**2).mean(1))
    if len(t_s) < 3:
        return int(away.argmax())
    speed = np.abs(np.gradient(angles, np.asarray(t_s), axis=0)).mean(1)
    far = away >= 0.9 * away.max()
    return int(np.where(far, speed, np.inf).argmin())


def learn(samples: Sequence[Sample], skipped: Sequence[tuple[str, str]] = ()) -> Learned:
    """Mean and spread per angle over the samples, all turned to one lead side, outliers left out.

    Raises:
        ConfigError: too few pictures are left.
    """
    if len(samples) < FEWEST:
        why = "; ".join(f"{name}: {reason}" for name, reason in skipped)
        raise ConfigError(
            f"{len(samples)} of the pictures can be used, {FEWEST} are needed for a reference."
            + (f" Skipped: {why}." if why else "")
            + " Give photos of one person each, with the whole body in the picture."
        )
    deg, turned = one_side(np.stack([s.deg for s in samples]))
    mean: dict[str, float] = {}
    spread: dict[str, float] = {}
    dropped: dict[str, int] = {}
    for k, name in enumerate(ANGLES):
        seen = deg[np.isfinite(deg[:, k]), k]
        if len(seen) < FEWEST:
            continue
        middle = float(np.median(seen))
        wide = max(1.4826 * float(np.median(np.abs(seen - middle))), _LEAST_SPREAD_DEG)
        good = seen[np.abs(seen - middle) <= OUTLIER * wide]
        if len(good) < len(seen):
            dropped[name] = len(seen) - len(good)
        mean[name], spread[name] = float(good.mean()), float(good.std())
    return Learned(mean, spread, list(samples), [bool(x) for x in turned], list(skipped), dropped)


def one_side(deg: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Every row (N, A) or its mirror image, whichever lies nearer to the middle of the others, and which were turned.

    The lead side is the first row's.
    """
    out, turned = deg.copy(), np.zeros(len(deg), bool)
    # the row that differs most between its sides says what a lead side is
    sides = np.nansum(np.abs(deg - deg[:, _MIRROR]), axis=1)
    centre = deg[int(sides.argmax())]
    for _ in range(10):
        flipped = deg[:, _MIRROR]
        want = _distance(flipped, centre) < _distance(deg, centre)
        out = np.where(want[:, None], flipped, deg)
        if (want == turned).all() and _ > 0:
            break
        turned = want
        with np.errstate(all="ignore"):
            centre = np.array([np.median(c[np.isfinite(c)]) if np.isfinite(c).any() else np.nan for c in out.T])
    if turned[0]:  # the lead side of the first picture
        out, turned = out[:, _MIRROR], ~turned
    return out, turned


def _distance(deg: Floats, centre: Floats) -> Floats:
    gap = np.abs(deg - centre)
    seen = np.isfinite(gap)
    result: Floats = np.where(seen, gap, 0.0).sum(1) / np.maximum(seen.sum(1), 1)
    return result


def template_angles(learned: Learned) -> tuple[str, ...]:
    """The angles that say most of the posture: those of hips and knees, of the arms where they do not hang."""
    names = ["left_knee", "right_knee", "waist"]
    for name, standing in (("elbow", 165.0), ("shoulder", 18.0)):
        both = [f"left_{name}", f"right_{name}"]
        moved = all(n in learned.mean_deg and abs(learned.mean_deg[n] - standing) > _STANDING_DEG for n in both)
        few = 0.15 * len(learned.used)
        steady = all(learned.spread_deg.get(n, 99.0) <= 10.0 and learned.dropped.get(n, 0) <= few for n in both)
        if moved and steady:
            names += both
    return tuple(n for n in names if n in learned.mean_deg)


def definition_text(name: str, learned: Learned, angles: Sequence[str]) -> str:
    """The TOML file: a definition that the catalogue loads, counted by its template."""
    title = name.replace("_", " ").capitalize()
    ways = ", ".join(f"{a} = {learned.mean_deg[a]:.2f}" for a in angles)
    rows = [
        f'id = "{name}"',
        "aliases = []",
        f'source = "learned from {len(learned.used)} pictures"',
        "",
        "[names]",
        f'en = "{title}"',
        f'ko = "{title}"             # give it its Korean name',
        "",
        "[count]",
        'method = "template"',
        "",
        "# The source method: every error below enter_deg for hold_s, then below count_deg for hold_s, counts on the",
        "# return to standing. One lead side; the other one is its mirror image.",
        "[template]",
        f"angles = {{ {ways} }}",
        "enter_deg = 20",
        "count_deg = 10",
        "hold_s = 0.53",
        "",
        "# mean and spread of every angle over the pictures, degrees",
        *(f"#   {a:18s} {learned.mean_deg[a]:7.2f} +- {learned.spread_deg[a]:.2f}" for a in learned.mean_deg),
        "",
    ]
    return "\n".join(rows)


def contact_sheet(learned: Learned, across: int = 6, cell: int = 220) -> NDArray[np.uint8]:
    """(H, W, 3) RGB: every picture that was used, cut to the person, with its file and whether it was turned."""
    import cv2

    rows = -(-len(learned.used) // across)
    sheet = np.full((rows * (cell + 24), min(across, len(learned.used)) * cell, 3), 245, np.uint8)
    for k, (sample, turned) in enumerate(zip(learned.used, learned.turned, strict=True)):
        y, x = (k // across) * (cell + 24), (k % across) * cell
        picture = _cut(sample)
        scale = (cell - 6) / max(picture.shape[:2])
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        small: Any = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        small = small[:, ::-1] if turned else small
        top, left = y + (cell - size[1]) // 2, x + (cell - size[0]) // 2
        sheet[top : top + size[1], left : left + size[0]] = small
        label = sample.path.name[-24:] + (" (turned)" if turned else "")
        cv2.putText(sheet, label, (x + 4, y + cell + 14), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (30, 30, 30), 1, cv2.LINE_AA)
    return sheet


def _cut(sample: Sample) -> NDArray[np.uint8]:
    height, width = sample.image.shape[:2]
    x1, y1, x2, y2 = sample.box_xyxy
    pad = 0.08 * max(x2 - x1, y2 - y1)
    rows = slice(int(max(0, y1 - pad)), int(min(height, y2 + pad + 1)))
    columns = slice(int(max(0, x1 - pad)), int(min(width, x2 + pad + 1)))
    cut = sample.image[rows, columns]
    return np.ascontiguousarray(cut if cut.size else sample.image)
