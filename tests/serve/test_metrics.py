"""What Prometheus reads from an engine."""

from __future__ import annotations

import asyncio

import httpx
from prometheus_client.parser import text_string_to_metric_families

from groupcoach.cards import PersonCard, Snapshot
from groupcoach.records import Event
from groupcoach.serve.api import create_app
from groupcoach.serve.board import LiveBoard
from groupcoach.serve.metrics import Metrics


def card(person_id: int, present: bool = True) -> PersonCard:
    at = {"muted": False, "last_seen_s": 1.0, "box_xyxy": None}
    return PersonCard(person_id, "Mina", None, present, "squat", "Squat", 3, 2, 0.0, None, None, None, {}, **at)


def snapshot(dropped: int = 0, fps: float = 20.0) -> Snapshot:
    stages = {"detect": 30.0, "networks": 26.0}
    return Snapshot(1.0, 10, fps, dropped, stages, [card(1), card(2), card(3, present=False)], (), True, "en")


def figures(text: bytes) -> dict[str, float]:
    return {
        sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_a_class_in_figures() -> None:
    metrics = Metrics(reopened=lambda: 4, memory=lambda: 5e8)
    metrics.frame(snapshot(dropped=2), [Event(1.0, "rep_counted", 1, {"exercise": "squat"})])
    events = [Event(1.0, f"cue_{end}", 1, {}) for end in ("issued", "issued", "spoken", "withheld")]
    metrics.frame(snapshot(dropped=5, fps=18.5), [*events, Event(1.0, "camera_back", None, {"away_s": 3.0})])
    found = figures(metrics.text())
    assert found["groupcoach_frames_total"] == 2
    assert found["groupcoach_dropped_frames_total"] == 5
    assert found["groupcoach_frames_per_second"] == 18.5
    assert found["groupcoach_people"] == 2
    assert found["groupcoach_repetitions_total{squat}"] == 1
    cues = [found[f"groupcoach_cues_total{{{end}}}"] for end in ("issued", "spoken", "withheld", "dropped")]
    assert cues == [2, 1, 1, 0]
    assert (found["groupcoach_camera_gaps_total"], found["groupcoach_camera_reopened_total"]) == (1, 4)
    assert found["groupcoach_memory_bytes"] == 5e8
    assert found["groupcoach_stage_seconds_count{detect}"] == 2
    assert abs(found["groupcoach_stage_seconds_sum{detect}"] - 0.06) < 1e-9
    assert found["groupcoach_stage_seconds_bucket{0.02}{detect}"] == 0
    assert found["groupcoach_stage_seconds_bucket{0.04}{detect}"] == 2
    assert b"Mina" not in metrics.text()


def test_a_count_of_lost_frames_that_starts_anew_takes_nothing_away() -> None:
    metrics = Metrics()
    for dropped in (7, 0, 3, 9):
        metrics.frame(snapshot(dropped), [])
    assert figures(metrics.text())["groupcoach_dropped_frames_total"] == 9
    assert figures(metrics.text())["groupcoach_memory_bytes"] > 1e7


def ask(board: LiveBoard, token: str | None = None, **headers: str) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(board, token))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8765") as client:
            return await client.get("/metrics", headers=headers)

    return asyncio.run(asked())


def test_the_page_is_for_who_may_ask() -> None:
    board = LiveBoard()
    assert ask(board).status_code == 503
    board.metrics = Metrics()
    board.metrics.frame(snapshot(), [])
    answer = ask(board)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert figures(answer.content)["groupcoach_frames_total"] == 1
    assert ask(board, token="secret").status_code == 401
    assert ask(board, token="secret", Authorization="Bearer secret").status_code == 200
    assert ask(board, Host="evil.example").status_code == 403
