"""The answers of ``groupcoach bench`` for a person to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from groupcoach.clock import BESIDE
from groupcoach.evaluate.text import figure

if TYPE_CHECKING:
    from rich.table import Table


def bench_table(result: Mapping[str, Any]) -> Table:
    """The result for a person to read."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(
        title=escape(result["machine"]),
        caption="1280x720, whole line with mesh, record and snapshot, no window; times are p50 / p95",
    )
    for name in ("People", "Tracked", "Frames/s", "Frame ms", "x floor", "Cores", "MB", "Start s", "Live: frames/s",
                 "dropped", "capture to snapshot ms"):  # fmt: skip
        table.add_column(name, justify="right")
    for row in result["rows"]:
        live = row["live"]
        table.add_row(
            str(row["people"]), str(row["tracked"]), figure(row["fps"], 1),
            _both(row["latency_ms_p50"], row["latency_ms_p95"]), figure(row["floor_ratio"]),
            figure(row["cpu_cores"], 1), figure(row["rss_mb"], 0), figure(row["start_s"], 1),
            figure(live["fps"], 1), str(live["dropped"]),
            _both(live["end_to_end_ms_p50"], live["end_to_end_ms_p95"]),
        )  # fmt: skip
    return table


def stages_table(result: Mapping[str, Any]) -> Table:
    """What each stage takes of a frame, for a person to read."""
    from rich.table import Table

    names = sorted({name for row in result["rows"] for name in row["stage_ms"]} - set(BESIDE), key=_stage_order)
    table = Table(title="Stages", caption="milliseconds of a frame, medians; lifter and vertices by themselves")
    for name in ("People", *names, "Lifter", "Vertices"):
        table.add_column(name, justify="right")
    for row in result["rows"]:
        stages = [figure(row["stage_ms"].get(name, {}).get("p50"), 1) for name in names]
        table.add_row(
            str(row["people"]), *stages, figure(row.get("lifter_ms_p50"), 2), figure(row.get("vertices_ms_p50"), 1)
        )
    return table


def _both(p50: float | None, p95: float | None) -> str:
    return f"{figure(p50, 0)} / {figure(p95, 0)}"


def _stage_order(name: str) -> int:
    order = ("source", "detect", "track", "landmarks", "mesh", "angles", "classify", "reps", "form", "cues", "store")
    return order.index(name) if name in order else len(order)
