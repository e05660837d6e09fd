"""One place that decides threads and device for every runtime, and keeps them quiet."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator


def threads() -> int:
    """Threads for one network: the cores of this machine, at most four (small networks gain nothing beyond)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    return max(1, min(4, cores))


def calm_arrays() -> None:
    """Matrix products of numpy and scipy on one thread, from now on in this process.

    Ours are small, and OpenBLAS lets its threads spin for tens of milliseconds after each: they took half of the next
    network call's time. Only libraries that are loaded by now are reached.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1, user_api="blas")


def device() -> str:
    """``cuda`` where torch finds one, else ``cpu``. Asking costs the import of torch: done only once needed."""
    import ctypes.util

    if ctypes.util.find_library("cuda") is None:
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Swallow what native libraries write to standard error, and Python warnings, while a network is loaded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            sys.stderr.flush()
            saved = os.dup(2)
        except (OSError, ValueError, AttributeError):  # no standard error to silence
            yield
            return
        sink = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(sink, 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            os.close(sink)
