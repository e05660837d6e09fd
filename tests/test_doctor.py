"""What the doctor finds on a machine that lacks something."""

from __future__ import annotations

import ctypes.util
import io
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from groupcoach import doctor
from groupcoach.doctor import Check


def only(checks: list[Check], name: str) -> Check:
    return next(check for check in checks if check.name == name)


def test_python_out_of_range(monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(doctor.python(), "Python").ok
    monkeypatch.setattr(doctor, "sys", SimpleNamespace(version_info=(3, 9, 1), version="3.9.1 x", executable="python"))
    found = only(doctor.python(), "Python")
    assert not found.ok
    assert found.needed
    assert "3.10 to 3.13" in found.fix


def test_missing_models_name_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUPCOACH_CACHE", str(tmp_path))
    found = only(doctor.models(), "yolo11n-pose.pt")
    assert not found.ok
    assert "groupcoach models pull" in found.fix
    assert not doctor.ready(doctor.models())


def test_speech_is_looked_for_and_the_command_fits_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/dnf" if name == "dnf" else None)
    found = only(doctor.speech(), "speech")
    assert not found.ok
    assert not found.needed
    assert "sudo dnf install espeak-ng" in found.fix
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: "libespeak-ng.so.1" if "ng" in name else None)
    assert only(doctor.speech(), "speech").ok


def test_library_that_does_not_load_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "RUNTIMES", {"json": "numpy", "no_such_module": "none"})
    good, bad = doctor.runtimes()
    assert good.ok
    assert not bad.ok
    assert "does not load" in bad.detail


def test_missing_distribution_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LIBRARIES", ("numpy", "no-such-distribution"))
    (found,) = doctor.libraries()
    assert not found.ok
    assert "no-such-distribution" in found.detail


def test_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**kwargs: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    found = doctor._writable("working folder", tmp_path / "not" / "yet", "Use --out.")
    assert not found.ok
    assert "Read-only" in found.detail
    assert str(tmp_path) in found.detail


def test_one_broken_check_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[Check]:
        raise RuntimeError("driver")

    quick = ("speed", "models", "runtimes", "libraries", "machine", "speech", "writing", "graphics")
    for name in quick:
        monkeypatch.setattr(doctor, name, lambda: [])
    monkeypatch.setattr(doctor, "camera", broken)
    found = doctor.run_checks()
    assert only(found, "Python").ok
    assert only(found, "broken").detail == "could not be checked: driver"
    assert doctor.ready(found)


def test_table_shows_each_check_with_what_to_do() -> None:
    from rich.console import Console

    checks = [Check("a", True, "fine"), Check("b", False, "none [here]", "install [it]", needed=False)]
    text = io.StringIO()
    Console(file=text, width=100).print(doctor.table(checks))
    assert "ready for a class" in text.getvalue()
    assert "none [here]" in text.getvalue()
    assert "install [it]" in text.getvalue()
    text = io.StringIO()
    Console(file=text, width=100).print(doctor.table([Check("c", False, "gone", "mend")]))
    assert "not ready" in text.getvalue()
