"""Rooms spread over a Ray cluster (extra ``fleet``): the only file that imports ``ray``.

One stateful actor for each room; Ray starts it again on another machine when its own is lost, and the engine in it goes
on from the room's record. With ``detector = "shared"`` one more actor runs the detector for all rooms.

A machine that dies is noticed after Ray's health checks, by default some fifteen seconds. Start the head with
``RAY_health_check_period_ms=1000 RAY_health_check_timeout_ms=1000 RAY_health_check_failure_threshold=3`` for three.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from groupcoach.detect.network import NetworkClock
from groupcoach.errors import ConfigError, GroupCoachError
from groupcoach.fleet.engine import RoomEngine
from groupcoach.fleet.gather import Gathered
from groupcoach.fleet.local import no_state
from groupcoach.fleet.rooms import Fleet, Room

if TYPE_CHECKING:
    from groupcoach.records import Frame, Observations

_ASK_S: Final = 0.5
_ANSWER_S: Final = 3.0
_EYES_S: Final = 30.0
"""The shared detector may be away for so long (it is started again elsewhere)."""


def import_ray() -> Any:
    """The package.

    Raises:
        ConfigError: it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no reports to its maker
    try:
        import ray
    except ImportError as error:
        raise ConfigError(
            "Rooms over several machines need Ray: pip install 'groupcoach[fleet]' on each. All rooms on this one "
            "machine run without it: groupcoach fleet FLEET.toml --local."
        ) from error
    return ray


class RoomActor:
    """Lives in a process of the cluster. Only Ray calls it."""

    def __init__(self, room: dict[str, Any], eyes: Any = None) -> None:
        self._engine = RoomEngine(Room(**room), SharedEyes(eyes) if eyes is not None else None)
        self._engine.start()

    def state(self) -> dict[str, Any]:
        """Of the room, with the node it is on."""
        ray = import_ray()
        return {**self._engine.state(), "node": ray.get_runtime_context().get_node_id()}

    def end(self) -> None:
        """End the class."""
        self._engine.end()


class DetectorActor:
    """The one detector of all rooms: frames that wait at the same moment go through it together."""

    def __init__(self) -> None:
        from groupcoach.detect import build_detector

        self._gathered = Gathered(build_detector("yolo"))

    def detect(self, frame: Frame) -> Observations:
        """Everybody in the frame."""
        return self._gathered.detect(frame)


class SharedEyes:
    """A room's end of the shared detector."""

    name = "yolo"

    def __init__(self, actor: Any) -> None:
        """Args: actor: handle of a :class:`DetectorActor`."""
        self._actor, self.clock = actor, NetworkClock()

    def detect(self, frame: Frame) -> Observations:
        """Ask; while the detector is being started again, wait.

        Raises:
            GroupCoachError: it did not come back.
        """
        ray = import_ray()
        deadline = time.monotonic() + _EYES_S
        while True:
            try:
                with self.clock.running():
                    found: Observations = ray.get(self._actor.detect.remote(frame), timeout=_EYES_S)
                return found
            except ray.exceptions.RayError as error:
                if time.monotonic() > deadline:
                    raise GroupCoachError(f"The shared detector did not answer for {_EYES_S:.0f} s.") from error
                time.sleep(0.2)


class RayFleet:
    """All rooms of a cluster, seen from here."""

    def __init__(self, fleet: Fleet, address: str | None = None) -> None:
        """Connect; ``address`` of a running cluster, or a cluster of this machine alone."""
        self._ray = import_ray()
        self._fleet = fleet
        if not self._ray.is_initialized():
            self._ray.init(address=address, namespace="groupcoach", log_to_driver=False, include_dashboard=False)
        self._actors: dict[str, Any] = {}
        self._states = {room.key: (no_state(room), time.monotonic()) for room in fleet.rooms}
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin all classes, spread over the machines."""
        ray, eyes = self._ray, None
        if self._fleet.shared_detector:
            gpus = 1 if ray.cluster_resources().get("GPU") else 0
            eyes = ray.remote(DetectorActor).options(
                num_gpus=gpus, num_cpus=0 if gpus else 1, max_concurrency=max(2, len(self._fleet.rooms)),
                max_restarts=-1, max_task_retries=-1,
            ).remote()  # fmt: skip
        for room in self._fleet.rooms:
            self._actors[room.key] = (
                ray.remote(RoomActor)
                .options(num_cpus=1, max_restarts=-1, max_concurrency=4, scheduling_strategy="SPREAD")
                .remote(room.plain(), eyes)
            )
            thread = threading.Thread(target=self._ask, args=(room,), name=f"groupcoach-ask-{room.key}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def states(self) -> list[dict[str, Any]]:
        """Each room as it last said, with ``heard_s``: seconds since then."""
        now = time.monotonic()
        return [{**state, "heard_s": round(now - heard, 2)} for state, heard in self._states.values()]

    def stop(self) -> None:
        """End all classes."""
        self._stop.set()
        self._each(lambda actor: actor.end.remote())
        for actor in self._actors.values():
            self._ray.kill(actor)

    def _each(self, call: Callable[[Any], Any]) -> None:
        asked = [call(actor) for actor in self._actors.values()]
        self._ray.wait(asked, num_returns=len(asked), timeout=30.0)

    def _ask(self, room: Room) -> None:
        while not self._stop.wait(_ASK_S):
            try:
                state = self._ray.get(self._actors[room.key].state.remote(), timeout=_ANSWER_S)
            except self._ray.exceptions.RayError as error:  # lost, or on its way to another machine
                before, heard = self._states[room.key]
                lost = f"Its machine does not answer ({type(error).__name__}); it is started again elsewhere."
                self._states[room.key] = ({**before, "error": lost}, heard)
                continue
            self._states[room.key] = (state, time.monotonic())
