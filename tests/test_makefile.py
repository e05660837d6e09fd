"""The two commands of the README on machines that lack something. No installation is started here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAKE = shutil.which("make")
pytestmark = pytest.mark.skipif(MAKE is None or os.name == "nt", reason="needs make and a POSIX shell")


def make(folder: Path, target: str, **pythons: str) -> subprocess.CompletedProcess[str]:
    """Run a target on a machine whose only programs are the given scripts (``{name: shell lines}``)."""
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("requirements.lock", "pyproject.toml"):
        (folder / name).touch()
    programs = folder / "bin"
    programs.mkdir()
    for name, lines in pythons.items():
        script = programs / name.replace("_", ".")
        script.write_text(f"#!/bin/sh\n{lines}\n")
        script.chmod(0o755)
    assert MAKE is not None
    return subprocess.run(
        [MAKE, "--no-print-directory", target],
        cwd=folder,
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )


OUT_OF_RANGE = "exit 1"
WITHOUT_VENV = 'case "$2" in *ensurepip*) exit 1;; esac; exit 0'


def test_no_python_at_all(tmp_path: Path) -> None:
    done = make(tmp_path, ".venv/.ready")
    assert done.returncode != 0
    assert "No Python 3.10 to 3.13 was found" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_only_a_python_out_of_range(tmp_path: Path) -> None:
    done = make(tmp_path, ".venv/.ready", python3=OUT_OF_RANGE, python3_13=OUT_OF_RANGE)
    assert "No Python 3.10 to 3.13 was found" in done.stderr


def test_python_without_venv_names_the_package(tmp_path: Path) -> None:
    done = make(tmp_path, ".venv/.ready", python3_11=WITHOUT_VENV)
    assert done.returncode != 0
    assert "python3.11 has no venv module" in done.stderr
    assert "python3-venv" in done.stderr


def test_next_python_is_taken_when_the_first_lacks_venv(tmp_path: Path) -> None:
    takes = 'case "$1" in -m) echo "asked: $@" >&2; exit 9;; esac; exit 0'
    done = make(tmp_path, ".venv/.ready", python3_12=WITHOUT_VENV, python3_10=takes)
    assert "Making .venv with python3.10" in done.stdout
    assert "asked: -m venv --clear .venv" in done.stderr
    assert done.returncode != 0


def test_every_target_is_declared() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = next(line for line in text.splitlines() if line.startswith(".PHONY")).split()[1:]
    assert {"demo", "test", "lint", "dashboard", "bench", "lock", "clean"} <= set(phony)
    assert all(f"\n{target}:" in text for target in phony)


def test_set_up_names_no_registry() -> None:
    for name in ("Makefile", ".ci/run", "requirements.lock", "pyproject.toml"):
        text = (ROOT / name).read_text()
        assert "://" not in text, name
        assert not re.search(r"(?<!emit)-index-url[ =]\S|--index-url", text), name
