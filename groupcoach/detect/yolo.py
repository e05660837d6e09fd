"""YOLO11n-pose: everybody's box and 17 keypoints in one pass.

``ultralytics`` loads the vendor's weights and exports them once to OpenVINO (on a CUDA machine its torch model is used
as it is). Per frame we feed the exported network directly: the package's own predictor costs as much again as
the network in resizing, copying and result objects.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import shutil
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from statistics import median
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from groupcoach import assets
from groupcoach.detect.letterbox import InputPlan, fill_input, plan_input
from groupcoach.detect.network import NetworkClock, compile_pictures, read_network
from groupcoach.detect.suppress import suppress_duplicates
from groupcoach.errors import AssetError
from groupcoach.records import Frame, Observations
from groupcoach.runtime import quiet

WEIGHTS = "yolo11n-pose.pt"
BASE_PIXELS = 640 * 384
"""Input for a picture of 1280 x 720: 15 ms on two cores."""
LONGEST = 1280
_ALONE_EVERY, _ALONE_KEPT = 32, 5
"""So often a frame is not begun ahead: what the network takes alone has to stay known (``NetworkClock``)."""


def quiet_ultralytics() -> Any:
    """Import ``ultralytics`` with its downloads, package installs, usage reports and log chatter off.

    Its settings folder is moved into our cache, so that nothing is written to the user's home.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    home = assets.cache_dir() / "ultralytics"
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update(YOLO_CONFIG_DIR=str(home), YOLO_OFFLINE="true", YOLO_AUTOINSTALL="false", YOLO_VERBOSE="false")
    import ultralytics

    ultralytics.settings.update({"sync": False})
    logging.getLogger("ultralytics").setLevel(logging.ERROR)
    return ultralytics


def export_openvino(weights: Path) -> Path:
    """The exported network (``.xml``) of ``weights``, made on first use and kept beside them."""
    folder = assets.derived_path(WEIGHTS)
    done = folder / "openvino" / "yolo11n-pose.xml"
    if done.is_file() and done.with_suffix(".bin").is_file():
        return done
    ultralytics = quiet_ultralytics()
    with tempfile.TemporaryDirectory(dir=folder) as scratch, quiet(), contextlib.redirect_stdout(io.StringIO()):
        copy = Path(scratch) / weights.name
        shutil.copyfile(weights, copy)
        made = Path(ultralytics.YOLO(str(copy)).export(format="openvino", dynamic=True, imgsz=640, verbose=False))
        if not (made / "yolo11n-pose.xml").is_file():
            raise AssetError(f"{WEIGHTS}: the export to OpenVINO left no network in {made}. Run `groupcoach doctor`.")
        try:
            made.rename(folder / "openvino")
        except OSError:  # another process was first
            if not done.is_file():
                raise
    return done


class _Network(Protocol):
    """Answers one batch at a time: (1, H, W, 3) 8-bit pictures -> (1, 56, A)."""

    def start(self, batch: NDArray[np.uint8]) -> None:
        """Begin; ``batch`` is left alone until the result is there."""

    def result(self) -> NDArray[np.float32]:
        """Wait for the answer; it is good until the next start."""


class _OpenVino:
    def __init__(self, plan: InputPlan, threads: int) -> None:
        weights = assets.locate(WEIGHTS)
        try:
            model = read_network(export_openvino(weights))
        except RuntimeError:  # a damaged export: it is ours, so it is made again
            shutil.rmtree(assets.derived_path(WEIGHTS) / "openvino", ignore_errors=True)
            model = read_network(export_openvino(weights))
        model.reshape([1, 3, plan.height, plan.width])
        self._request = compile_pictures(model, threads=threads, to_nchw=True).create_infer_request()

    def start(self, batch: NDArray[np.uint8]) -> None:
        self._request.start_async([batch], share_inputs=True)

    def result(self) -> NDArray[np.float32]:
        self._request.wait()
        result: NDArray[np.float32] = self._request.get_output_tensor(0).data
        return result


class _Torch:
    def __init__(self, device: str) -> None:
        self._device = device
        self._model = quiet_ultralytics().YOLO(str(assets.locate(WEIGHTS))).model.to(device).eval().half()
        self._answer: Any = None

    def start(self, batch: NDArray[np.uint8]) -> None:
        import torch

        with torch.inference_mode():  # CUDA works beside us until the answer is fetched
            x = torch.from_numpy(batch).to(self._device).permute(0, 3, 1, 2).half() / 255.0
            y = self._model(x)
            self._answer = y[0] if isinstance(y, list | tuple) else y

    def result(self) -> NDArray[np.float32]:
        result: NDArray[np.float32] = self._answer.float().cpu().numpy()
        return result


class YoloPose:
    """The default detector. Not thread-safe: one per engine."""

    name = "yolo"

    def __init__(self, device: str = "cpu", *, threads: int = 2, min_score: float = 0.10) -> None:
        """Locate the weights and load them.

        Args:
            device: ``cpu`` (OpenVINO) or ``cuda`` (torch, half precision).
            threads: of the CPU runtime.
            min_score: lowest box score handed on; the tracker decides what a low score is good for.
        """
        assets.locate(WEIGHTS)
        self.device = device
        self._threads = threads
        self._min_score = min_score
        self._size: tuple[int, int] | None = None
        self.clock = NetworkClock()
        self._begun: Frame | None = None
        self._offered = 0
        self._alone_ms: deque[float] = deque(maxlen=_ALONE_KEPT)
        if device == "cpu":
            export_openvino(assets.locate(WEIGHTS))

    def _prepare(self, h: int, w: int) -> None:
        self._plan = plan_input(h, w, BASE_PIXELS, LONGEST)
        self._batch = np.full((1, self._plan.height, self._plan.width, 3), 114, np.uint8)
        self._network: _Network = _OpenVino(self._plan, self._threads) if self.device == "cpu" else _Torch(self.device)
        self._size = (h, w)

    def begin(self, frame: Frame) -> None:
        """Start on the frame that is asked for next; ``detect`` waits for the rest of it."""
        if self._begun is not None or frame.image.shape[:2] != self._size:
            return
        self._offered += 1
        if len(self._alone_ms) < _ALONE_KEPT or self._offered % _ALONE_EVERY == 0:
            return
        fill_input(frame.image, self._plan, self._batch[0])
        self._network.start(self._batch)
        self._begun = frame

    def detect(self, frame: Frame) -> Observations:
        """Everybody in the frame, best score first; an empty ``Observations`` for an empty room."""
        h, w = frame.image.shape[:2]
        begun, self._begun = self._begun, None
        if begun is frame:
            # begun beside other work it takes longer than it would alone, and the waiting is shorter than either
            self.clock.add(median(self._alone_ms))
            return self._decode(self._network.result()[0], h, w)
        if begun is not None:  # another frame came
            self._network.result()
        if (h, w) != self._size:
            self._prepare(h, w)
        fill_input(frame.image, self._plan, self._batch[0])
        start = time.perf_counter()
        self._network.start(self._batch)
        raw = self._network.result()[0]
        self._alone_ms.append(1000 * (time.perf_counter() - start))
        self.clock.add(self._alone_ms[-1])
        return self._decode(raw, h, w)

    def _decode(self, raw: NDArray[np.float32], h: int, w: int) -> Observations:
        """``raw`` (56, A): centre x, y, width, height, score, 17 x (x, y, score), in pixels of the input."""
        raw = raw[:, raw[4] > self._min_score].T.astype(np.float64)
        raw = raw[np.argsort(-raw[:, 4], kind="stable")][:300]
        shift = np.array([self._plan.pad_x, self._plan.pad_y], np.float64)
        centre, half = (raw[:, 0:2] - shift) / self._plan.scale, raw[:, 2:4] / (2 * self._plan.scale)
        boxes = np.concatenate([centre - half, centre + half], axis=1).clip(0, [w, h, w, h])
        kept = raw[:, 5:].reshape(-1, 17, 3)
        points = (kept[..., :2] - shift) / self._plan.scale
        obs = Observations(boxes, raw[:, 4], points, kept[..., 2])
        return suppress_duplicates(obs)
