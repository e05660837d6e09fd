"""Rooms over a cluster, with a stand-in for Ray; the real one is in ``tests/endurance/two_nodes.py``."""

import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from groupcoach.errors import ConfigError, GroupCoachError
from groupcoach.fleet import cluster
from groupcoach.fleet.cluster import DetectorActor, RayFleet, RoomActor, SharedEyes, import_ray
from groupcoach.fleet.rooms import Fleet, Room


class RayError(Exception):
    pass


class Method:
    def __init__(self, ray: "FakeRay", call: Callable[..., Any]) -> None:
        self._ray, self._call = ray, call

    def remote(self, *args: Any) -> Any:
        return lambda: self._call(*args)


class Handle:
    """An actor in this process."""

    def __init__(self, ray: "FakeRay", made: Any) -> None:
        self._ray, self.made = ray, made

    def __getattr__(self, name: str) -> Method:
        return Method(self._ray, getattr(self.made, name))


class FakeRay(SimpleNamespace):
    """What ``cluster`` uses of the package."""

    exceptions = SimpleNamespace(RayError=RayError)

    def __init__(self, gpus: int = 0) -> None:
        super().__init__(options=[], killed=[], lost=False, inits=[], gpus=gpus)

    def is_initialized(self) -> bool:
        return bool(self.inits)

    def init(self, **words: Any) -> None:
        self.inits.append(words)

    def cluster_resources(self) -> dict[str, float]:
        return {"GPU": float(self.gpus)} if self.gpus else {}

    def remote(self, kind: Any) -> Any:
        def options(**words: Any) -> Any:
            self.options.append((kind.__name__, words))
            return SimpleNamespace(remote=lambda *args: Handle(self, kind(*args)))

        return SimpleNamespace(options=options)

    def get(self, asked: Callable[[], Any], timeout: float) -> Any:
        if self.lost:
            raise RayError("the actor is gone")
        return asked()

    def wait(self, asked: Any, num_returns: int, timeout: float) -> None:
        for one in asked:
            one()

    def kill(self, actor: Any) -> None:
        self.killed.append(actor)

    def get_runtime_context(self) -> Any:
        return SimpleNamespace(get_node_id=lambda: "node-1")


class Engine:
    """In place of a room's engine."""

    made: "list[Engine]" = []  # noqa: RUF012

    def __init__(self, room: Room, eyes: Any = None) -> None:
        self.room, self.eyes, self.ended = room, eyes, False
        Engine.made.append(self)

    def start(self) -> None:
        pass

    def state(self) -> dict[str, Any]:
        return {"room": self.room.name, "key": self.room.key, "error": None, "reps": 4, "t_s": 1.0, "ended": self.ended}

    def end(self) -> None:
        self.ended = True


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> FakeRay:
    made = FakeRay()
    monkeypatch.setitem(sys.modules, "ray", made)  # type: ignore[arg-type]
    monkeypatch.setattr(cluster, "RoomEngine", Engine)
    monkeypatch.setattr(cluster, "_ASK_S", 0.01)
    monkeypatch.setattr(Engine, "made", [])
    return made


ROOMS = tuple(Room(name, name.lower(), "0", "/tmp/nowhere") for name in ("A", "B"))


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5.0
    while not true():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.005)


def test_every_room_is_an_actor_that_is_started_again_for_ever(ray: FakeRay) -> None:
    fleet = RayFleet(Fleet(ROOMS), "127.0.0.1:6379")
    assert ray.inits[0]["address"] == "127.0.0.1:6379"
    assert [s["t_s"] for s in fleet.states()] == [None, None]
    fleet.start()
    assert [kind for kind, _ in ray.options] == ["RoomActor", "RoomActor"]
    assert all(words["max_restarts"] == -1 and words["scheduling_strategy"] == "SPREAD" for _, words in ray.options)
    until(lambda: all(s["t_s"] == 1.0 for s in fleet.states()))
    assert {s["node"] for s in fleet.states()} == {"node-1"}
    assert all(engine.eyes is None for engine in Engine.made)
    fleet.stop()
    assert all(engine.ended for engine in Engine.made)
    assert len(ray.killed) == 2


def test_a_lost_room_keeps_what_was_known_and_says_so_until_it_is_back(ray: FakeRay) -> None:
    fleet = RayFleet(Fleet(ROOMS[:1]))
    fleet.start()
    until(lambda: fleet.states()[0]["reps"] == 4)
    ray.lost = True
    until(lambda: bool(fleet.states()[0]["error"]))
    assert fleet.states()[0]["reps"] == 4
    assert "started again elsewhere" in fleet.states()[0]["error"]
    heard = fleet.states()[0]["heard_s"]
    time.sleep(0.05)
    assert fleet.states()[0]["heard_s"] > heard
    ray.lost = False
    until(lambda: fleet.states()[0]["error"] is None)
    fleet.stop()


@pytest.mark.parametrize(("gpus", "wanted"), [(0, {"num_gpus": 0, "num_cpus": 1}), (2, {"num_gpus": 1, "num_cpus": 0})])
def test_one_detector_serves_all_rooms_on_a_graphics_card_where_there_is_one(
    ray: FakeRay, monkeypatch: pytest.MonkeyPatch, gpus: int, wanted: dict[str, int]
) -> None:
    ray.gpus = gpus
    monkeypatch.setattr("groupcoach.detect.build_detector", lambda name: SimpleNamespace(detect=lambda f: (name, f)))
    fleet = RayFleet(Fleet(ROOMS, shared_detector=True))
    fleet.start()
    kind, words = ray.options[0]
    assert kind == DetectorActor.__name__
    assert words.items() >= wanted.items()
    frame: Any = "a frame"
    assert [engine.eyes.detect(frame) for engine in Engine.made] == [("yolo", "a frame")] * 2  # type: ignore[comparison-overlap]
    assert Engine.made[0].eyes.clock.take() > 0.0  # waiting for it is the networks' time
    fleet.stop()


def test_a_shared_detector_that_is_away_is_waited_for_but_not_for_ever(
    ray: FakeRay, monkeypatch: pytest.MonkeyPatch
) -> None:
    eyes = SharedEyes(Handle(ray, SimpleNamespace(detect=lambda frame: "found")))
    asked = []

    def back_soon(seconds: float) -> None:
        asked.append(seconds)
        ray.lost = False

    monkeypatch.setattr(cluster.time, "sleep", back_soon)
    ray.lost = True
    frame: Any = "a frame"
    assert eyes.detect(frame) == "found"  # type: ignore[comparison-overlap]
    assert len(asked) == 1
    ray.lost = True
    monkeypatch.setattr(cluster, "_EYES_S", 0.0)
    monkeypatch.setattr(cluster.time, "sleep", lambda seconds: None)
    with pytest.raises(GroupCoachError, match="shared detector did not answer"):
        eyes.detect(frame)


def test_an_actor_says_where_it_is(ray: FakeRay) -> None:
    actor = RoomActor(ROOMS[0].plain())
    assert actor.state() == {**Engine.made[0].state(), "node": "node-1"}
    actor.end()
    assert actor.state()["ended"]


def test_without_the_package_the_way_without_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"groupcoach\[fleet\].*--local"):
        import_ray()
