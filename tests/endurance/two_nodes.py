"""Four rooms on two Ray nodes of one machine; the node with rooms on it is killed. Are they back, with their counts?

    python tests/endurance/two_nodes.py CLASS.mp4 [--rooms 4] [--shared]

Needs the extra ``fleet``. Each room is CLASS.mp4 as a camera (``loop:``). A second node stands ready when the first is
killed. "Back" is a new picture of the room after the kill; its counts must be at least those before. Prints one line of
JSON; exits 1 where a room took longer than 15 s or lost a count. Both nodes share this machine's cores: what is shown
is the way back, not the speed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LIMIT_S = 15.0
#: a dead node is noticed after about three seconds instead of fifteen; read by Ray's head when it starts
NOTICE = {
    "RAY_health_check_initial_delay_ms": "1000", "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "1000", "RAY_health_check_failure_threshold": "3",
}  # fmt: skip


def counts(states: list[dict[str, Any]]) -> dict[str, int]:
    return {state["room"]: state["reps"] for state in states}


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("film", type=Path)
    parser.add_argument("--rooms", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=40.0, help="of class before the kill")
    parser.add_argument("--patience", type=float, default=120.0, help="seconds to wait for all rooms")
    parser.add_argument("--shared", action="store_true", help="one detector for all rooms")
    args = parser.parse_args()
    os.environ.update(NOTICE)

    import ray
    from ray.cluster_utils import Cluster

    from groupcoach.fleet.cluster import RayFleet
    from groupcoach.fleet.rooms import Fleet, Room

    place = tempfile.TemporaryDirectory()
    rooms = tuple(
        Room(f"Room {k}", f"room_{k}", f"loop:{args.film.resolve()}", f"{place.name}/room_{k}")
        for k in range(1, args.rooms + 1)
    )
    memory = 200_000_000
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": memory})
    far = cluster.add_node(num_cpus=args.rooms + 1, object_store_memory=memory)
    ray.init(address=cluster.address, namespace="groupcoach", log_to_driver=False)
    fleet = RayFleet(Fleet(rooms, args.shared))
    fleet.start()
    try:
        began = time.monotonic()
        while any(state["t_s"] is None for state in fleet.states()):
            assert time.monotonic() - began < args.patience, f"not all rooms began: {fleet.states()}"
            time.sleep(0.2)
        started_s = time.monotonic() - began
        print(f"all rooms run after {started_s:.1f} s", flush=True)
        time.sleep(args.seconds)
        before = fleet.states()
        print(f"before: {counts(before)}, {[s['fps'] for s in before]} frames a second", flush=True)
        # the second node stands ready, as another machine of the cluster would
        cluster.add_node(num_cpus=args.rooms + 1, object_store_memory=memory)
        time.sleep(3.0)
        pids = {state["room"]: state["pid"] for state in before}
        before = fleet.states()
        killed = time.monotonic()
        cluster.remove_node(far, allow_graceful=False)
        back: dict[str, float] = {}
        while len(back) < len(rooms) and time.monotonic() - killed < args.patience:
            for state in fleet.states():
                if state["room"] not in back and state["pid"] != pids[state["room"]] and state["t_s"] is not None:
                    back[state["room"]] = round(time.monotonic() - killed, 1)
                    print(
                        f"{state['room']} back after {back[state['room']]} s, {state['reps']} repetitions", flush=True
                    )
            time.sleep(0.1)
        after, old = counts(fleet.states()), counts(before)
        lost = {name: (old[name], after[name]) for name in old if after[name] < old[name]}
        print(json.dumps({
            "rooms": args.rooms, "shared_detector": args.shared, "all_began_s": round(started_s, 1), "back_s": back,
            "before": old, "after": after, "lost": lost, "resumed": [s.get("resumed") for s in fleet.states()],
        }))  # fmt: skip
        failed = len(back) < len(rooms) or max(back.values()) > LIMIT_S or bool(lost)
    finally:
        fleet.stop()
        ray.shutdown()
        cluster.shutdown()
        place.cleanup()
    sys.exit(failed)


if __name__ == "__main__":
    main()
