from __future__ import annotations

import os
import subprocess
import sys
import warnings

import pytest

from groupcoach import runtime


@pytest.mark.parametrize(("cores", "want"), [(1, 1), (2, 2), (4, 4), (64, 4)])
def test_small_networks_get_at_most_four_threads(monkeypatch: pytest.MonkeyPatch, cores: int, want: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert runtime.threads() == want


def test_threads_where_the_system_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert runtime.threads() == 2


def test_a_machine_without_cuda_is_told_without_importing_torch() -> None:
    code = (
        "import ctypes.util, sys; ctypes.util.find_library = lambda name: None; from groupcoach import runtime;"
        "print(runtime.device(), 'torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["cpu", "False"]


def test_matrix_products_stay_on_one_thread() -> None:
    code = (
        "import numpy, scipy.linalg, threadpoolctl; from groupcoach import runtime; runtime.calm_arrays();"
        "print(*(m['num_threads'] for m in threadpoolctl.threadpool_info() if m['user_api'] == 'blas'))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(told.stdout.split()) == {"1"}


def test_quiet_swallows_native_noise_and_warnings_and_ends(capfd: pytest.CaptureFixture[str]) -> None:
    with runtime.quiet():
        os.write(2, b"native chatter\n")
        warnings.warn("python chatter", stacklevel=1)
    os.write(2, b"an error of ours\n")
    assert capfd.readouterr().err == "an error of ours\n"


def test_quiet_ends_after_an_exception_too(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="inside"), runtime.quiet():
        raise ValueError("inside")
    os.write(2, b"heard\n")
    assert capfd.readouterr().err == "heard\n"


def test_quiet_works_without_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)  # as under pythonw
    done = False
    with runtime.quiet():
        done = True
    assert done


def test_importing_the_core_is_light() -> None:
    heavy = ("torch", "ultralytics", "openvino", "streamlit", "smplx")
    modules = (
        "detect track.tracker track.identity mesh.lifter mesh.regressor angles measures classify.network classify.vote"
    )
    code = f"import sys; {'; '.join(f'import groupcoach.{m}' for m in modules.split())}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not set(heavy) & set(loaded)
