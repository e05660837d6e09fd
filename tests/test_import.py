"""Importing the package and asking for help load nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

HEAVY = {"torch", "torchvision", "cv2", "streamlit", "pyttsx3", "openvino", "smplx", "ultralytics",
         "scipy", "sqlalchemy", "pandas", "matplotlib", "uvicorn", "fastapi"}  # fmt: skip


def loaded_by(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter after ``code``."""
    script = f"import json, sys\n{code}\nprint(json.dumps(sorted(m.partition('.')[0] for m in sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("module", ["records", "cli", "store.report", "exercises.catalogue"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import groupcoach.{module}") & HEAVY == set()


def test_the_line_loads_its_libraries_when_it_is_built() -> None:
    built_later = {"torch", "torchvision", "streamlit", "pyttsx3", "openvino", "smplx", "ultralytics"}
    assert loaded_by("import groupcoach.engine, groupcoach.outputs") & built_later == set()


def test_the_package_alone_loads_not_even_numpy() -> None:
    assert loaded_by("import groupcoach") & (HEAVY | {"numpy", "pydantic", "typer"}) == set()


def test_importing_takes_less_than_three_tenths_of_a_second() -> None:
    def seconds(code: str) -> float:
        times = []
        for _ in range(3):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
            times.append(time.perf_counter() - start)
        return min(times)

    # the interpreter's own start is not ours, and a busy machine makes it slow
    assert seconds("import groupcoach") - seconds("pass") < 0.3
