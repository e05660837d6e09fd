"""The classes of the bench, made from the people of the sample class.

Each is cut out with the ground around, scaled, mirrored and shifted in time, and set into a 1280x720 picture. The same
sizes give the same pictures everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import AssetError

SAMPLE: Final = Path(__file__).resolve().parents[2] / "sample_videos" / "class.mp4"
SIZE: Final = (1280, 720)
_TALLEST: Final = 480
"""px: one person alone is not shown larger than a class shows people."""
_FILM_S: Final = 5.0
"""How much of the sample is taken; played there and back it has no end."""
_FILM_FROM_S: Final = 2.5
"""Before that everybody stands and waits."""
_OTHERS: Final = 0.2
"""Of somebody else's body in a cut-out: more would be one more person to follow than the row says."""
_SHIFT_S: Final = 1.3
"""Each further figure is so much ahead of the one before, so that nobody moves in step."""

Picture = NDArray[np.uint8]
Box = tuple[int, int, int, int]


def cut_out(sample: Path) -> tuple[list[list[Picture]], float]:
    """The people of the sample, each as a film of their own: [person][frame] BGR pictures, and the frame rate.

    Where they are comes from the boxes of ``truth.npz`` beside the video, else the picture is cut into four.

    Raises:
        AssetError: The video has no frame.
    """
    import cv2

    video = cv2.VideoCapture(str(sample))
    fps = float(video.get(cv2.CAP_PROP_FPS)) or 30.0
    size = int(video.get(cv2.CAP_PROP_FRAME_WIDTH)), int(video.get(cv2.CAP_PROP_FRAME_HEIGHT))
    places = person_places(sample, *size)
    films: list[list[Picture]] = [[] for _ in places]
    length = int(video.get(cv2.CAP_PROP_FRAME_COUNT)) / fps
    start_s = _FILM_FROM_S if length > _FILM_FROM_S + _FILM_S else 0.0
    for k in range(round((start_s + _FILM_S) * fps)):
        ok, picture = video.read()
        if not ok:
            break
        if k < start_s * fps:
            continue
        for film, (x1, y1, x2, y2) in zip(films, places, strict=True):
            film.append(picture[y1:y2, x1:x2].copy())  # a view would hold the whole picture in memory
    video.release()
    if not films[0]:
        raise AssetError(f"The sample class {sample} has no frame that can be read. Fetch the checkout again.")
    return films, fps


def person_places(sample: Path, width: int, height: int) -> list[Box]:
    """The part of the picture that holds one person all the time, with a margin, for each who is alone in theirs."""
    truth = sample.with_name("truth.npz")
    if not truth.exists():
        quarter = width // 4
        return [(i * quarter, 0, (i + 1) * quarter, height) for i in range(4)]
    with np.load(truth, allow_pickle=False) as data:
        person, boxes = data["person"], np.asarray(data["box_xyxy"], dtype=np.float64)
    places: list[Box] = []
    alone: list[Box] = []
    for one in np.unique(person):
        own = boxes[(person == one) & np.isfinite(boxes).all(1)]
        margin = 0.06 * float((own[:, 3] - own[:, 1]).max())
        low, high = own[:, :2].min(0) - margin, own[:, 2:].max(0) + margin
        place = (max(0, int(low[0])), max(0, int(low[1])), min(width, int(high[0])), min(height, int(high[1])))
        places.append(place)
        if _share_inside(boxes[person != one], place) < _OTHERS:
            alone.append(place)
    return alone or places


def _share_inside(boxes: NDArray[np.float64], place: Box) -> float:
    """How much of a box (N, 4) lies inside ``place`` at the most."""
    boxes = boxes[np.isfinite(boxes).all(1)]
    if not len(boxes):
        return 0.0
    sides = np.minimum(boxes[:, 2:], place[2:]) - np.maximum(boxes[:, :2], place[:2])
    return float((sides.clip(0).prod(1) / (boxes[:, 2:] - boxes[:, :2]).prod(1)).max())


def grid(people: int, aspect: float) -> tuple[int, int]:
    """Columns and rows of a 1280x720 picture that show ``people`` figures of width / height ``aspect`` largest."""

    def figure_height(columns: int) -> float:
        rows = math.ceil(people / columns)
        return min(SIZE[1] / rows, SIZE[0] / columns / aspect)

    columns = max(range(1, people + 1), key=figure_height)
    return columns, math.ceil(people / columns)


def write_class(figures: Sequence[Sequence[Picture]], fps: float, people: int, out: Path, seconds: float) -> None:
    """A video of so many people: the figures in turn, every second round mirrored, each ahead of the one before."""
    import cv2

    aspect = float(np.median([film[0].shape[1] / film[0].shape[0] for film in figures]))
    columns, rows = grid(people, aspect)
    cell_w, cell_h = SIZE[0] // columns, SIZE[1] // rows
    ground = np.median(np.concatenate([film[0][0] for film in figures]), axis=0).astype(np.uint8)
    writer = cv2.VideoWriter(str(out), cv2.VideoWriter.fourcc(*"mp4v"), fps, SIZE)
    for k in range(round(seconds * fps)):
        picture = np.empty((SIZE[1], SIZE[0], 3), np.uint8)
        picture[:] = ground
        for i in range(people):
            film = figures[i % len(figures)]
            body = film[_there_and_back(k + round(i * _SHIFT_S * fps), len(film))]
            if i // len(figures) % 2:
                body = body[:, ::-1]
            scale = min(cell_w / body.shape[1], min(cell_h, _TALLEST) / body.shape[0])
            size = (max(1, int(body.shape[1] * scale)), max(1, int(body.shape[0] * scale)))
            body = cv2.resize(body, size, interpolation=cv2.INTER_AREA)
            x = i % columns * cell_w + (cell_w - size[0]) // 2
            y = (i // columns + 1) * cell_h - size[1]
            picture[y : y + size[1], x : x + size[0]] = body
        writer.write(picture)
    writer.release()


def _there_and_back(k: int, length: int) -> int:
    """Frame ``k`` of a film played forwards and backwards without a jump."""
    if length == 1:
        return 0
    k %= 2 * (length - 1)
    return k if k < length else 2 * (length - 1) - k
