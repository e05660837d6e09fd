"""The scripts of ``tests/endurance`` as modules, for the tests of their arithmetic."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType


def load(name: str) -> ModuleType:
    path = Path(__file__).parent / "endurance" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"endurance_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
