"""OpenVINO, in which every picture network runs on the CPU: read, cut to what is asked for, compiled. One place.

A network's time is kept apart from ours (``NetworkClock``), so that what we add to it can be stated.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class NetworkClock:
    """Milliseconds that networks took since it was last read."""

    def __init__(self) -> None:
        """Nothing has run."""
        self._ms = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """A network is at work inside."""
        start = time.perf_counter()
        yield
        self.add(1000 * (time.perf_counter() - start))

    def add(self, ms: float) -> None:
        """A network took so long."""
        self._ms += ms

    def take(self) -> float:
        """What has come together; the clock is at zero again."""
        ms, self._ms = self._ms, 0.0
        return ms


@cache
def core() -> Any:
    """The one OpenVINO core of this process."""
    # importing openvino writes to the user's home and reports the import; with this module absent it has a stub instead
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino.Core()


def read_network(path: Path, outputs: Sequence[tuple[int, ...]] = ()) -> Any:
    """The network in a file (OpenVINO's or TFLite), cut down to what leads to outputs of these shapes (all if none).

    BlazePose's body mask is a third of its work, and nobody looks at it.
    """
    core()
    import openvino

    model = core().read_model(str(path))
    if not outputs:
        return model
    kept = [o.node for o in model.outputs if tuple(o.shape) in set(outputs)]
    return openvino.Model(kept, model.get_parameters(), path.stem)


def compile_pictures(
    model: Any, *, threads: int, streams: int = 1, mean: float = 0.0, scale: float = 255.0, to_nchw: bool = False,
    exact: bool = False,
) -> Any:  # fmt: skip
    """Compile for the CPU; the input takes 8-bit pictures (1, H, W, 3).

    Args:
        model: from :func:`read_network`.
        threads: of all streams together.
        streams: pictures at a time.
        mean: taken from every pixel, then it is divided by ``scale``.
        scale: see ``mean``.
        to_nchw: the network itself wants its channels first.
        exact: full precision also where the processor has a faster one.
    """
    import openvino as ov
    from openvino.preprocess import PrePostProcessor

    prep = PrePostProcessor(model)
    prep.input().tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    prep.input().model().set_layout(ov.Layout("NCHW" if to_nchw else "NHWC"))
    steps = prep.input().preprocess().convert_element_type(ov.Type.f32)
    if mean:
        steps = steps.mean(mean)
    steps.scale(scale)
    wanted: dict[str, Any] = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": streams}
    if exact:
        wanted["INFERENCE_PRECISION_HINT"] = "f32"
    return core().compile_model(prep.build(), "CPU", wanted)


class PictureRequests:
    """A compiled network with a buffer for each picture that it takes at a time."""

    def __init__(self, compiled: Any, count: int, side: int, clock: NetworkClock) -> None:
        """Args: compiled: from :func:`compile_pictures`; count: pictures at a time; side: of the square input, px."""
        import openvino as ov

        self._clock = clock
        self._buffers = [np.empty((1, side, side, 3), np.uint8) for _ in range(count)]
        self._requests = [compiled.create_infer_request() for _ in range(count)]
        self._answers: list[dict[tuple[int, ...], NDArray[np.float32]]] = []
        for request, buffer in zip(self._requests, self._buffers, strict=True):
            request.set_input_tensor(ov.Tensor(buffer, shared_memory=True))
            shapes = [tuple(output.shape) for output in compiled.outputs]
            answer = {shape: np.empty(shape, np.float32) for shape in shapes}
            for k, shape in enumerate(shapes):
                request.set_output_tensor(k, ov.Tensor(answer[shape], shared_memory=True))
            self._answers.append(answer)

    def run(
        self, count: int, fill: Callable[[int, NDArray[np.uint8]], None], take: Callable[[int, Mapping[Any, Any]], None]
    ) -> None:  # fmt: skip
        """Answer ``count`` pictures, as many at a time as there are buffers.

        Args:
            count: pictures.
            fill: draws picture ``i`` into (side, side, 3).
            take: gets ``i`` and its outputs by shape; copies what it keeps.
        """
        with self._clock.running():
            turns = len(self._requests)
            for i in range(count + turns):
                slot = i % turns
                request = self._requests[slot]
                if 0 <= i - turns < count:
                    request.wait()
                    take(i - turns, self._answers[slot])
                if i < count:
                    fill(i, self._buffers[slot][0])
                    request.start_async()
