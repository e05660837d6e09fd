"""``groupcoach fleet``: several rooms at once."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from groupcoach.commands.console import say


def fleet(
    file: Annotated[Path, typer.Argument(metavar="FLEET.toml", help="The rooms and their cameras.")],
    address: Annotated[
        str | None, typer.Option("--address", help="Of a running Ray cluster; this machine alone when left out.")
    ] = None,
    local: Annotated[bool, typer.Option("--local", help="All rooms on this machine, without Ray.")] = False,
    port: Annotated[int, typer.Option("--port", help="Of the overview page; 0 takes any free one.")] = 8790,
) -> None:
    """Run the classes of several rooms, with one page for all of them, until they end or are stopped (Ctrl-C)."""
    if local and address is not None:
        raise typer.BadParameter("--local runs without a cluster: give one of --local and --address.")
    from groupcoach.fleet.local import LocalFleet
    from groupcoach.fleet.overview import Overview
    from groupcoach.fleet.rooms import load_fleet

    rooms = load_fleet(file)
    if local:
        all_rooms = LocalFleet(rooms.rooms)
    else:
        from groupcoach.fleet.cluster import RayFleet

        all_rooms = RayFleet(rooms, address)  # type: ignore[assignment]  # the same three methods
    page = Overview(all_rooms.states, port)
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: over.set())
    say(f"All rooms: {page.start()}; Ctrl-C ends their classes.")
    all_rooms.start()
    try:
        while not over.wait(0.5) and not all(state["ended"] for state in all_rooms.states()):
            pass
    except KeyboardInterrupt:
        pass
    finally:
        last = all_rooms.states()
        all_rooms.stop()
        page.stop()
    for state in last:
        told = f": {state['error']}" if state["error"] else ""
        say(f"{state['room']}: {state['reps']} repetitions{told}")
