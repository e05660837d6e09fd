"""``GET /metrics``: how the engine does, for Prometheus. Numbers of the machine and the class, nobody's name.

    scrape_configs:
      - job_name: groupcoach
        static_configs: [{targets: ["127.0.0.1:8765"]}]

The page stands behind the same guard as everything else here: without a password it answers this machine only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from groupcoach.cards import Snapshot
from groupcoach.records import Event

BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 1.0)
"""40 ms is a frame at 25 a second, 150 ms the age that an angle may have."""
_CUES: Final = {f"cue_{end}": end for end in ("issued", "spoken", "expired", "dropped", "withheld")}


class Metrics:
    """What one class has come to, kept as Prometheus wants it."""

    def __init__(self, reopened: Callable[[], int] = lambda: 0, memory: Callable[[], float] | None = None) -> None:
        """Nothing has happened yet.

        Args:
            reopened: how often the camera was opened again so far.
            memory: bytes that this process holds; asked of the system when left out.
        """
        self.registry = CollectorRegistry()
        words: dict[str, Any] = {"registry": self.registry}
        self._frames = Counter("groupcoach_frames", "Frames recorded and shown", **words)
        self._dropped = Counter("groupcoach_dropped_frames", "Frames that came while others were worked on", **words)
        self._fps = Gauge("groupcoach_frames_per_second", "Frames a second, over the last seconds", **words)
        self._people = Gauge("groupcoach_people", "People in the picture", **words)
        self._stages = Histogram(
            "groupcoach_stage_seconds", "Time of a stage in one frame", ("stage",), buckets=BUCKETS_S, **words
        )
        self._reps = Counter("groupcoach_repetitions", "Repetitions counted", ("exercise",), **words)
        self._cues = Counter("groupcoach_cues", "Cues by what became of them", ("outcome",), **words)
        self._gaps = Counter("groupcoach_camera_gaps", "Times without pictures of two seconds and more", **words)
        Gauge("groupcoach_memory_bytes", "Memory that the engine holds", **words).set_function(memory or _resident)
        for outcome in _CUES.values():
            self._cues.labels(outcome)  # a rate needs the zero before the first
        self.registry.register(_Reopened(reopened))
        self._dropped_before = 0

    def frame(self, now: Snapshot, events: Iterable[Event]) -> None:
        """A frame was shown."""
        self._frames.inc()
        self._dropped.inc(max(0, now.dropped - self._dropped_before))
        self._dropped_before = max(now.dropped, self._dropped_before)
        self._fps.set(now.fps)
        self._people.set(sum(card.present for card in now.people))
        for stage, ms in now.stage_ms.items():
            self._stages.labels(stage).observe(ms / 1000)
        for event in events:
            if event.type == "rep_counted":
                self._reps.labels(str(event.data.get("exercise", "unknown"))).inc()
            elif event.type in _CUES:
                self._cues.labels(_CUES[event.type]).inc()
            elif event.type == "camera_back":
                self._gaps.inc()

    def text(self) -> bytes:
        """Everything in Prometheus' own format."""
        return generate_latest(self.registry)


class _Reopened(Collector):
    """Counted elsewhere, in another thread, and also while no frame comes."""

    def __init__(self, reopened: Callable[[], int]) -> None:
        self._reopened = reopened

    def collect(self) -> Iterator[CounterMetricFamily]:
        yield CounterMetricFamily(
            "groupcoach_camera_reopened", "Times the camera was opened again", value=self._reopened()
        )


def _resident() -> float:
    import psutil

    return float(psutil.Process().memory_info().rss)


def add_metrics_route(app: FastAPI, metrics: Callable[[], Metrics | None]) -> None:
    """``/metrics`` on the engine's interface."""

    @app.get("/metrics")
    def page() -> Response:
        found = metrics()
        if found is None:
            return JSONResponse({"detail": "This engine keeps no metrics."}, status_code=503)
        return Response(found.text(), media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})
