"""What a mesh costs by itself, and what others' cost on the same machine in the same run (``groupcoach bench --vs``).

One process for each class: the inputs of the lifter are recorded from the class as the detector and the landmark
network saw it, then everything compared takes turns, round by round, so that a machine that slows down slows all.

A peer is one function in ``PEERS``: it is set up once and gives the runners whose rounds are timed. Whole lines are
compared in ``lines.py``. The peer ``trackers`` needs no class: it follows recorded boxes (``public_trackers.py``).
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from groupcoach.bench.lines import LINES
from groupcoach.errors import ConfigError, GroupCoachError, near_miss
from groupcoach.evaluate.text import figure
from groupcoach.mesh.camera import Camera
from groupcoach.mesh.regressor import PersonInput, Regressor, build_regressor
from groupcoach.records import BodyPose

if TYPE_CHECKING:
    from rich.table import Table

ROUNDS: Final = 7
_WARM_UP: Final = 1
_RECORDED: Final = 24
"""Frames replayed in a round."""
_SETTLE: Final = 24
"""Frames before those, in which tracks become sure and everybody has had landmarks."""
ON_BOXES: Final = "trackers"
"""The peer that runs on recorded boxes."""


@dataclass(frozen=True)
class Runner:
    """One way to do a peer's work; ``run`` does it once for all ``people``."""

    runtime: str
    run: Callable[[], Any]
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One recorded call of the lifter."""

    people: list[PersonInput]
    camera: Camera
    t_s: float


def hmr(people: int) -> list[Runner]:
    """The backbone of ``--regressor hmr`` (ResNet-50 at 224 x 224, random weights) on a batch of ``people``, twice.

    Crops, the regression after it and its body come on top and are left out: the comparison favours the peer.
    """
    # importing openvino writes to the user's home and reports the import; with this module absent it has a stub instead
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino as ov
    import torch

    from groupcoach.mesh.hmr_network import HmrNetwork
    from groupcoach.runtime import quiet, threads

    backbone = HmrNetwork().backbone().eval()
    crops = torch.randn((people, 3, 224, 224), generator=torch.Generator().manual_seed(1))
    torch.set_num_threads(threads())
    with quiet(), contextlib.redirect_stdout(io.StringIO()):
        model = ov.convert_model(backbone, example_input=crops[:1], input=[list(crops.shape)])
    compiled = ov.Core().compile_model(
        model, "CPU", {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads()}
    )
    request, batch = compiled.create_infer_request(), crops.numpy()

    def in_torch() -> Any:
        with torch.inference_mode():
            return backbone(crops)

    precision = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    return [
        Runner("openvino", lambda: request.infer([batch], share_inputs=True), {"precision": precision}),
        Runner("torch", in_torch, {"precision": "f32"}),
    ]


PEERS: Final[Mapping[str, Callable[[int], list[Runner]]]] = {"hmr": hmr}


def check_peers(names: Sequence[str]) -> None:
    """Refuse what cannot be run, before anything is measured.

    Raises:
        ConfigError: naming the peer.
    """
    there = f"There is: {', '.join([*PEERS, *LINES, ON_BOXES])}."
    for name in names:
        if name == ON_BOXES:
            raise ConfigError(f"--vs {name}: this peer follows recorded boxes; give their folder by --mot.")
        if name not in PEERS and name not in LINES:
            known = near_miss(name, [*PEERS, *LINES, ON_BOXES])
            raise ConfigError(f"--vs {name}: there is no such peer.{known} {there}")


def on_classes(names: Sequence[str], mot: Path | None) -> list[str]:
    """The peers that run beside a class; what the one on recorded boxes needs is checked.

    Raises:
        ConfigError: ``trackers`` without a folder or without its package.
    """
    if ON_BOXES in names and mot is not None:
        from groupcoach.bench.public_trackers import check_package

        check_package()
        names = [name for name in names if name != ON_BOXES]
    check_peers(names)
    return list(names)


def beside(video: Path, people: int, peers: Sequence[str]) -> dict[str, Any]:
    """Measure a class of ``people`` in a process of its own: ``{"row": {...}, "peers": [{...}]}`` (:func:`measure`)."""
    return in_own_process("groupcoach.bench.peers", video, str(people), *peers)


def in_own_process(module: str, video: Path, *words: str) -> dict[str, Any]:
    """What ``python -m module VIDEO WORDS`` prints as its last line.

    Raises:
        GroupCoachError: with the last line of its complaint.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, str(video), *words], capture_output=True, text=True, check=False
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        complaint = done.stderr.strip().splitlines()
        raise GroupCoachError(
            f"The class {video.name} did not run: {complaint[-1] if complaint else 'it said nothing'}"
        )
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer


def record(video: Path) -> list[Call]:
    """The lifter's inputs in some frames of a class, as detector and landmark network (``auto``) give them.

    Raises:
        GroupCoachError: Nobody was followed.
    """
    from groupcoach.exercises.catalogue import load_catalogue
    from groupcoach.pipeline import build_pipeline
    from groupcoach.source import open_source

    calls: list[Call] = []
    pipeline = build_pipeline(
        detector="yolo", regressor="lifter", landmarks="auto", names=[], catalogue=load_catalogue()
    )
    pipeline.regressor = _Recorder(pipeline.regressor, calls)
    with open_source(str(video)) as source:
        for number, frame in enumerate(source.frames(), 1):
            pipeline.step(frame)
            if number == _SETTLE + _RECORDED:
                break
    calls = [call for call in calls[-_RECORDED:] if call.people]
    if not calls:
        raise GroupCoachError(f"Nobody was followed in {video.name}: there is nothing to measure the lifter with.")
    return calls


class _Recorder:
    """A regressor that notes what another one is given."""

    def __init__(self, inner: Regressor, calls: list[Call]) -> None:
        self.name, self._inner, self._calls = inner.name, inner, calls

    def fit(self, people: Sequence[PersonInput], camera: Camera, t_s: float, image: Any = None) -> list[BodyPose]:
        self._calls.append(Call(list(people), camera, t_s))
        return self._inner.fit(people, camera, t_s)

    def forget(self, track_id: int) -> None:
        self._inner.forget(track_id)


def measure(
    calls: Sequence[Call], people: int, peers: Mapping[str, Sequence[Runner]], lifter: Regressor, body: Any = None,
    rounds: int = ROUNDS,
) -> dict[str, Any]:  # fmt: skip
    """Time the lifter, the vertices of its bodies and every peer in turns.

    Args:
        calls: Recorded inputs.
        people: Size of the class: a peer's batch.
        peers: Runners by the name of the peer.
        lifter: What replays the calls.
        body: Whose vertices are made; the lifter's own body when left out.
        rounds: Counted rounds; one more goes before as warm-up.

    Returns:
        ``row``: milliseconds for one frame with everybody in it (``lifter_people`` of them on average), ``peers``: one
        entry for each runner, in FORMATS' words, with the cost of one person there and in the lifter.
    """
    body = body if body is not None else getattr(lifter, "body", None)
    span = (
        calls[-1].t_s - calls[0].t_s + 10.0
    )  # every round is a later part of the same class: nothing goes back in time
    lifting: list[float] = []
    each: list[float] = []
    skin: list[float] = []
    times: dict[tuple[str, int], list[float]] = {(name, i): [] for name in peers for i in range(len(peers[name]))}
    for number in range(-_WARM_UP, rounds):
        counted = number >= 0
        poses: list[BodyPose] = []
        for call in calls:
            start = time.perf_counter()
            poses = lifter.fit(call.people, call.camera, call.t_s + (number + _WARM_UP) * span)
            took = 1000 * (time.perf_counter() - start)
            if counted:
                lifting.append(took)
                each.append(took / len(call.people))
        if body is not None:
            arrays = [np.stack([getattr(p, name) for p in poses]) for name in ("rel_rotmats", "betas", "transl_m")]
            for _ in range(3):
                took = _ms(partial(body.vertices, *arrays))
                skin += [took] if counted else []
        for (name, i), spent in times.items():
            took = _ms(peers[name][i].run)
            spent += [took] if counted else []
    one = float(np.median(each))
    row: dict[str, Any] = {
        "lifter_people": float(np.mean([len(c.people) for c in calls])), "lifter_ms_p50": _share(lifting, 50),
        "lifter_ms_p95": _share(lifting, 95), "vertices_ms_p50": _share(skin, 50), "vertices_ms_p95": _share(skin, 95),
        "vertices": None if body is None else len(body.vertex_part),
    }  # fmt: skip
    found = []
    for (name, i), spent in times.items():
        ms = float(np.median(spent))
        found.append({
            "name": name, "people": people, "fps": 1000 / ms, "runtime": peers[name][i].runtime,
            "ms_per_person": ms / people, "lifter_ms_per_person": one,
            "lifter_runtime": getattr(lifter, "runtime", "numpy"), "ratio": ms / people / one, "rounds": rounds,
            **peers[name][i].details,
        })  # fmt: skip
    return {"row": row, "peers": found}


def _ms(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def _share(values: Sequence[float], percent: float) -> float | None:
    return float(np.percentile(values, percent)) if values else None


def peers_table(result: Mapping[str, Any]) -> Table:
    """The peers for a person to read."""
    from rich.table import Table

    table = Table(title="Beside others, in turns on this machine", caption="milliseconds a person; medians")
    for name in ("Peer", "Runtime", "People", "Frames/s", "Peer ms", "Lifter ms", "x lifter"):
        table.add_column(name, justify="left" if name in ("Peer", "Runtime") else "right")
    for row in result["peers"]:
        table.add_row(
            row["name"], row["runtime"], str(row["people"]), figure(row["fps"], 1), figure(row["ms_per_person"], 2),
            figure(row["lifter_ms_per_person"], 3), figure(row["ratio"], 1),
        )  # fmt: skip
    return table


def _main(video: Path, people: int, names: Sequence[str]) -> dict[str, Any]:
    calls = record(video)
    return measure(calls, people, {name: PEERS[name](people) for name in names}, build_regressor("lifter"))


if __name__ == "__main__":
    try:
        print(json.dumps(_main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])))
    except GroupCoachError as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
