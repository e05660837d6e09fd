"""Do the real networks see simulated people as they see real ones?

In simulation the truth is exact: recall, precision, landmark score, and the distance of the detector's keypoints from
the true joints. Real, calibrated cameras tell how far keypoints of real people scatter (``keypoints.py`` says how).

ratio = simulated error without the constant offset / real error corrected for the noise of the other cameras, each the
mean of the medians of the twelve joints of the limbs. It is an order of magnitude: what real views get wrong together
does not show in the real figure, and the one real trial at hand is a hard one (tilted cameras, fast limbs, lags).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from groupcoach.detect.landmarks import BlazePoseLandmarks, crop_from_keypoints
from groupcoach.detect.suppress import iou_matrix
from groupcoach.errors import ConfigError
from groupcoach.evaluate.cameras import read_cameras
from groupcoach.evaluate.keypoints import BODY, CONFIDENCE, FACE, by_name, keypoint_errors, quantile, real_cameras
from groupcoach.evaluate.text import figure, percent
from groupcoach.evaluate.truth import Truth, read_truth
from groupcoach.measures import facing
from groupcoach.records import Floats, Observations
from groupcoach.skeleton import COCO_INDEX
from groupcoach.source import open_source

if TYPE_CHECKING:
    from rich.table import Table

Say = Callable[[str], None]

#: A person less visible than this need not be found.
CLEAR: Final = 0.6
SIZES: Final = ("<80", "80-160", ">160")


def match(true: Floats, found: Floats, least: float) -> list[tuple[int, int]]:
    """Pairs (row of ``true``, row of ``found``) of boxes xyxy, one to one, overlap from ``least``; most pairs win."""
    overlap = iou_matrix(true, found)
    rows, columns = linear_sum_assignment(np.where(overlap >= least, 1 + overlap, 0.0), maximize=True)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if overlap[r, c] >= least]


def false_rows(found: Floats, right: Sequence[int], faint: Floats, mirrored: Floats) -> tuple[list[int], list[int]]:
    """Detections on nobody, and those on mirror images; those on people who need not be found are neither.

    Args:
        found: (N, 4) all detections that count.
        right: rows that lie on a person who ought to be found.
        faint: (M, 4) people less visible.
        mirrored: (K, 4) reflections.
    """
    wrong, images = [], []
    for row in sorted(set(range(len(found))) - set(right)):
        box = found[row : row + 1]
        if len(mirrored) and iou_matrix(box, mirrored).max() >= 0.5:
            images.append(row)
        elif not len(faint) or iou_matrix(box, faint).max() < 0.5:
            wrong.append(row)
    return wrong, images


def evaluate_detector(
    folder: Path, cameras: Path | None = None, every: int = 5, say: Say = lambda text: None
) -> dict[str, Any]:
    """What the product's detector and landmark network make of a simulated class, beside real cameras if given.

    Args:
        folder: The --out of ``simulate``.
        cameras: Folder of calibrated cameras (``models path multiview_single``), or one that holds several such.
        every: Take every n-th frame.
        say: Told what is going on.

    Returns:
        ``recall`` (any box handed on), ``recall_iou30``, ``recall_confident`` and ``precision`` (boxes from
        ``CONFIDENCE``), ``reflections`` (boxes on mirror images), ``landmark_score_median``, ``landmark_score_p05``,
        ``keypoint_error_median`` (torso lengths, without the constant offset), ``keypoint_error_raw_median``,
        ``by_joint``, ``by_exercise``, ``by_size``, ``by_view``, ``real``, ``ratio``; of people visible to ``CLEAR``.

    Raises:
        ConfigError: No such class or calibration, or something is missing in it.
    """
    from groupcoach.exercises.catalogue import load_catalogue

    if every < 1:
        raise ConfigError(f"--every {every}: every how many frames? 1 or more.")
    truth = read_truth(folder, load_catalogue().by_alias)
    columns = truth.columns
    if columns is None:
        raise ConfigError(
            f"{folder} has no truth.npz beside truth.json; `groupcoach simulate --out {folder}` writes one."
        )
    for name in ("visible", "joints_px", "joints_m", "joint_names", "rotmats"):
        if name not in columns:
            raise ConfigError(
                f"{folder / 'truth.npz'} has no column {name!r}. Make it again with `groupcoach simulate`."
            )
    if cameras is not None:
        read_cameras(cameras)  # a wrong folder is refused before the long part
    result = _simulated(truth, columns, folder / "class.mp4", every, say)
    result["real"] = result["ratio"] = None
    if cameras is not None:
        result["real"] = real = real_cameras(cameras, every, say)
        both = [j for j in BODY if result["by_joint"].get(j) and real["by_joint"].get(j)]
        if both:
            mine = np.mean([result["by_joint"][j]["apart_from_offset"] for j in both])
            result["ratio"] = float(mine / np.mean([real["by_joint"][j]["corrected"] for j in both]))
    return result


def _simulated(truth: Truth, columns: Mapping[str, Any], video: Path, every: int, say: Say) -> dict[str, Any]:
    from groupcoach import runtime
    from groupcoach.detect import build_detector

    if not video.is_file():
        raise ConfigError(f"{video} is not there: SIM_DIR is the --out of `groupcoach simulate`.")
    detector, network = build_detector("yolo"), BlazePoseLandmarks(runtime.threads())
    frames, boxes = np.asarray(columns["frame"]), np.asarray(columns["box_xyxy"], np.float64)
    clear = np.asarray(columns["visible"]) > CLEAR
    sound = np.isfinite(boxes).all(1) & ((boxes[:, 2:] - boxes[:, :2]) > 1).all(1)
    taken, hit30, score = np.zeros(len(frames), bool), np.zeros(len(frames), bool), np.zeros(len(frames))
    landmark = np.full(len(frames), np.nan)
    points, sure = np.full((len(frames), 17, 2), np.nan), np.zeros((len(frames), 17))
    right = wrong = images = 0
    say(f"{video} ...")
    with open_source(str(video)) as source:
        for frame in source.frames():
            mine = np.flatnonzero((frames == frame.index) & sound)
            if frame.index % every or not len(mine):
                continue
            taken[mine] = True
            found = detector.detect(frame)
            pairs = match(boxes[mine], found.boxes_xyxy, 0.5)
            near = match(boxes[mine], found.boxes_xyxy, 0.3)
            hit30[mine[[a for a, _ in near]]] = True
            rows, seen = mine[[a for a, _ in pairs]], [b for _, b in pairs]
            score[rows], points[rows], sure[rows] = (
                found.scores[seen],
                found.keypoints_px[seen],
                found.keypoint_scores[seen],
            )
            landmark[rows] = _landmark_scores(network, frame.image, found, seen)
            counted = np.flatnonzero(found.scores >= CONFIDENCE)
            on = [int(np.searchsorted(counted, b)) for a, b in pairs if clear[mine[a]] and b in counted]
            mirrored = np.zeros((0, 4))
            if "reflection_frame" in columns:
                mirrored = np.asarray(columns["reflection_xyxy"], float)[columns["reflection_frame"] == frame.index]
            faint = boxes[mine[(~clear[mine]) & (np.asarray(columns["visible"])[mine] >= 0)]]
            bad, mirror = false_rows(found.boxes_xyxy[counted], on, faint, mirrored)
            right, wrong, images = right + len(on), wrong + len(bad), images + len(mirror)
    use = np.flatnonzero(taken & clear)
    if not len(use):
        raise ConfigError(
            f"{video}: nobody is to be seen in every {every}-th frame; take more (--every 1) or another class."
        )
    raw, apart = keypoint_errors({k: np.asarray(columns[k])[use] for k in ("joints_px", "joints_m", "rotmats")},
                                 [str(n) for n in columns["joint_names"]], points[use], sure[use])  # fmt: skip
    done = _exercises(truth, frames[use], np.asarray(columns["person"])[use])
    size = np.array(SIZES)[np.digitize(boxes[use, 3] - boxes[use, 1], (80, 160))]
    view = np.array(facing(by_name(np.asarray(columns["joints_m"], float)[use], columns["joint_names"])))
    body = [COCO_INDEX[j] for j in BODY]

    def part(rows: NDArray[np.bool_]) -> dict[str, Any]:
        k = use[rows]
        return {"people": len(k), "recall": float((score[k] > 0).mean()), "recall_iou30": float(hit30[k].mean()),
                "recall_confident": float((score[k] >= CONFIDENCE).mean()),
                "landmark_score_median": quantile(landmark[k], 0.5), "landmark_score_p05": quantile(landmark[k], 0.05),
                "keypoint_error_median": quantile(apart[rows][:, body], 0.5)}  # fmt: skip

    def parts(of: NDArray[Any]) -> dict[str, Any]:
        return {str(name): part(of == name) for name in sorted(set(of.tolist()), key=_order)}

    whole = part(np.ones(len(use), bool))
    return {
        **whole, "precision": right / (right + wrong) if right + wrong else None, "reflections": images,
        "keypoint_error_raw_median": quantile(raw[:, body], 0.5), "by_joint": {
            name: {"raw": quantile(raw[:, COCO_INDEX[name]], 0.5),
                   "apart_from_offset": quantile(apart[:, COCO_INDEX[name]], 0.5)}
            for name in (*BODY, *FACE) if np.isfinite(raw[:, COCO_INDEX[name]]).any()
        },
        "by_exercise": parts(done), "by_size": parts(size), "by_view": parts(view),
    }  # fmt: skip


def _order(name: str) -> tuple[int, str]:
    return (SIZES.index(name) if name in SIZES else 0, name)


def _landmark_scores(network: BlazePoseLandmarks, image: Any, found: Observations, rows: Sequence[int]) -> Floats:
    crops = [crop_from_keypoints(found.keypoints_px[r], found.keypoint_scores[r], found.boxes_xyxy[r]) for r in rows]
    return np.array([0.0 if mark is None else mark.score for mark in network.locate(image, crops)])


def _exercises(truth: Truth, frames: NDArray[Any], people: NDArray[Any]) -> NDArray[np.str_]:
    """What each person does in each frame; ``between`` on the way from one thing to the next."""
    done = np.full(len(frames), "between", dtype="<U40")
    for person in truth.people:
        for s in person.segments:
            t = frames / truth.fps
            done[(people == person.id) & (t >= s.start_s) & (t <= s.end_s)] = s.exercise or s.listed
    return done


def detector_table(result: Mapping[str, Any]) -> Table:
    """The result for a person to read."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(caption="keypoint error in torso lengths, without the constant offset; only people more than "
                  f"{percent(CLEAR)} visible")  # fmt: skip
    for name in ("", "People", "Found", "IoU 0.3", f"Score {CONFIDENCE}", "Landmarks", "5th perc.", "Keypoints off"):
        table.add_column(name, justify="right" if name else "left")

    def row(name: str, part: Mapping[str, Any], last: bool = False) -> None:
        table.add_row(escape(name), str(part["people"]), percent(part["recall"]), percent(part["recall_iou30"]),
                      percent(part["recall_confident"]), figure(part["landmark_score_median"]),
                      figure(part["landmark_score_p05"]), figure(part["keypoint_error_median"], 3),
                      end_section=last)  # fmt: skip

    row("all", result, last=True)
    for key in ("by_exercise", "by_size", "by_view"):
        parts = list(result[key].items())
        for k, (name, part) in enumerate(parts):
            row(f"{name} px" if key == "by_size" else name, part, last=k == len(parts) - 1)
    return table


def detector_lines(result: Mapping[str, Any]) -> list[str]:
    """What the table does not say, in a few lines."""
    lines = [
        f"precision {percent(result['precision'])} of the boxes from {CONFIDENCE} on; on mirror images: "
        f"{result['reflections']}",
        f"keypoints off by {figure(result['keypoint_error_raw_median'], 3)} torso lengths, "
        f"{figure(result['keypoint_error_median'], 3)} without each joint's constant offset",
    ]
    real = result["real"]
    if real is not None:
        lines.append(
            f"real cameras: {figure(real['keypoint_error_raw_median'], 3)}, corrected for the other views "
            f"{figure(real['keypoint_error_median'], 3)} ({real['bodies']} bodies, lags {real['lags']} frames); "
            f"simulated / real {figure(result['ratio'])}"
        )
    return lines
