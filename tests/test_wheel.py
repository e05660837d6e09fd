"""What an installation without a checkout has: every package, and the model files inside it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def setuptools() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    return found


def test_every_package_of_the_checkout_is_named(setuptools: dict[str, Any]) -> None:
    there = {
        ".".join(p.parent.relative_to(ROOT).parts) for top in ("groupcoach", "dashboards")
        for p in (ROOT / top).rglob("__init__.py")
    }  # fmt: skip
    assert set(setuptools["packages"]) == there | {"groupcoach.models"}


def test_every_shipped_model_goes_along(setuptools: dict[str, Any]) -> None:
    folder = ROOT / setuptools["package-dir"]["groupcoach.models"]
    taken = {p.name for pattern in setuptools["package-data"]["groupcoach.models"] for p in folder.glob(pattern)}
    assert taken >= {"body.npz", "body_full.npz", "classifier.safetensors", "manifest.toml"}
    assert taken == {p.name for p in folder.iterdir() if p.is_file()}


@pytest.mark.parametrize("name", ["groupcoach", "dashboards"])
def test_every_other_data_file_of_the_package_goes_along(setuptools: dict[str, Any], name: str) -> None:
    package = ROOT / name
    taken = {p for pattern in setuptools["package-data"][name] for p in package.glob(pattern)}
    there = {p for p in package.rglob("*") if p.is_file() and p.suffix != ".pyc" and p.suffix != ".py"}
    assert taken == there
