"""Licensed body files as their authors wrote them: Python 2 pickles with chumpy and scipy in them, and what else may be
in a pickle. The test writes them itself; reading needs neither chumpy nor scipy's own unpickling."""

from __future__ import annotations

import io
import os
import pickle
import struct
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from groupcoach.errors import AssetError
from groupcoach.mesh import smpl_file
from groupcoach.mesh.body_model import BodyModel, default_path
from groupcoach.mesh.smpl_file import read_fields

RAN: list[str] = []


def ran(*words: Any) -> dict[str, Any]:
    """What a malicious file would call; it writes down that it was."""
    RAN.append(repr(words))
    return {}


class Calls:
    """An object whose pickle is a call."""

    def __init__(self, function: Any, *words: Any) -> None:
        self.how = function, words

    def __reduce__(self) -> Any:
        return self.how


class Python2(pickle._Pickler):
    """Writes text and bytes as Python 2 did: both as its one kind of string."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_string(self, value: Any) -> None:
        raw = value.encode("latin1") if isinstance(value, str) else value
        if self.proto:
            self.write(pickle.BINSTRING + struct.pack("<i", len(raw)) + raw)
        else:
            self.write(pickle.STRING + repr(raw)[1:].encode() + b"\n")
        self.memoize(value)

    dispatch[str] = dispatch[bytes] = save_string


def python2(value: Any, protocol: int) -> bytes:
    out = io.BytesIO()
    Python2(out, protocol).dump(value)
    raw = out.getvalue()
    for new, old in (("numpy._core.", "numpy.core."), ("scipy.sparse._c", "scipy.sparse.c")):
        raw = raw.replace(f"c{new}".encode(), f"c{old}".encode())
    return raw


@pytest.fixture
def chumpy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module of that name with two of its classes, there while a file is written."""
    top = types.ModuleType("chumpy")
    for module, name in (("ch", "Ch"), ("reordering", "Select")):
        inner = types.ModuleType(f"chumpy.{module}")
        made = type(name, (), {"__module__": f"chumpy.{module}"})
        setattr(inner, name, made)
        setattr(top, name, made)
        monkeypatch.setitem(sys.modules, f"chumpy.{module}", inner)
    monkeypatch.setitem(sys.modules, "chumpy", top)

    def of(name: str, **state: Any) -> Any:
        value = getattr(top, name)()
        value.__dict__.update(state, _dirty_vars={"x"}, _itr=None)
        return value

    yield of
    assert not RAN


def fields(n: int = 1229, components: int = 10) -> dict[str, Any]:
    """Our light body stretched to ``n`` vertices (each stands there several times), as SMPL's files hold theirs."""
    with np.load(default_path()) as file:
        ours = {name: file[name] for name in file}
    rows = np.arange(n) % 1229
    share = 1 / np.bincount(rows)[rows]
    tree = ours["kintree_table"].astype(np.uint32)
    tree[0, 0] = 2**32 - 1
    more = np.zeros((n, 3, components - 10))
    out = {
        "v_template": ours["v_template"][rows].astype(float), "f": ours["f"].astype(np.uint32), "kintree_table": tree,
        "shapedirs": np.concatenate([ours["shapedirs"][rows], more], axis=2),
        "posedirs": np.zeros((n, 3, 207), np.float32), "weights": ours["weights"][rows].astype(float),
        "J_regressor": ours["J_regressor"][:, rows] * share,
    }  # fmt: skip
    return out if n == 6890 else out | {"extra_regressor": ours["extra_regressor"][:, rows] * share}


def as_authors_write(data: dict[str, Any], chumpy: Any, part: bool = False) -> dict[str, Any]:
    from scipy.sparse import csc_matrix, csr_matrix

    leaf = chumpy("Ch", x=data["shapedirs"])
    picked = np.arange(data["shapedirs"].size)
    ten = chumpy("Select", a=leaf, idxs=picked, preferred_shape=data["shapedirs"].shape)
    return data | {
        "J_regressor": csc_matrix(data["J_regressor"]), "J_regressor_prior": csr_matrix(data["J_regressor"]),
        "shapedirs": ten if part else leaf, "v_template": chumpy("Ch", x=data["v_template"]), "bs_type": "lrotmin",
        "pose_training_info": {"gender": "neutral", "n": np.float64(3)}, "J": chumpy("Ch", a=1),
    }  # fmt: skip


def test_an_old_licensed_pickle_is_the_body_it_holds(tmp_path: Path, chumpy: Any) -> None:
    data = fields(6890, components=300)
    path = tmp_path / "SMPL_NEUTRAL.pkl"
    path.write_bytes(python2(as_authors_write(data, chumpy), 2))
    for name in [name for name in sys.modules if name.startswith("chumpy")]:
        del sys.modules[name]
    body, ours = BodyModel(path), BodyModel()
    assert "chumpy" not in sys.modules
    assert len(body.regions) == 6890
    assert not body.ours
    assert ours.ours
    betas = np.random.default_rng(0).normal(size=(3, 10))
    assert np.abs(body.rest_joints(betas) - ours.rest_joints(betas)).max() < 1e-5


@pytest.mark.parametrize("protocol", [0, 1, 2])
@pytest.mark.parametrize("part", [False, True])
def test_every_old_protocol_gives_the_same_numbers(tmp_path: Path, chumpy: Any, protocol: int, part: bool) -> None:
    data = {k: v[:5] if k in ("v_template", "shapedirs", "posedirs") else v for k, v in fields().items()}
    path = tmp_path / "body.pkl"
    path.write_bytes(python2(as_authors_write(data, chumpy, part), protocol))
    got = read_fields(path, data, "")
    assert got.keys() == data.keys()
    for name, value in data.items():
        assert np.array_equal(got[name], value), name


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_a_pickle_of_today_is_read_too(tmp_path: Path, protocol: int) -> None:
    from scipy.sparse import csc_matrix

    data = {"f": np.arange(6, dtype=">u4").reshape(2, 3, order="F"), "J_regressor": csc_matrix(np.eye(3, 4, 1))}
    path = tmp_path / "body.pkl"
    path.write_bytes(pickle.dumps(data, protocol))
    got = read_fields(path, ["f", "J_regressor", "weights"], "")
    assert np.array_equal(got["f"], data["f"])
    assert np.array_equal(got["J_regressor"], np.eye(3, 4, 1))
    assert "weights" not in got


def test_a_body_of_ours_as_a_pickle_moves_like_the_file(tmp_path: Path) -> None:
    path = tmp_path / "body.pickle"
    path.write_bytes(pickle.dumps(fields(), 2))
    args = np.tile(np.eye(3), (2, 24, 1, 1)), np.ones((2, 10)), np.zeros((2, 3))
    assert np.abs(BodyModel(path).vertices(*args) - BodyModel().vertices(*args)).max() < 1e-5


def malicious() -> dict[str, tuple[bytes, str]]:
    arrays = {"f": np.arange(6), "weights": np.eye(3)}
    deep = [{"x": ({"y": Calls(ran, 1)},)}]
    call = f"{__name__}.ran"
    return {
        "a shell": (b"cos\nsystem\n(S'echo hacked'\ntR.", "os.system"),
        "a shell by reduce": (pickle.dumps(Calls(os.system, "echo hacked"), 2), f"{os.system.__module__}.system"),
        "eval": (b"c__builtin__\neval\n(S'1/0'\ntR.", "__builtin__.eval"),
        "eval of today": (pickle.dumps(arrays | {"bs_type": Calls(eval, "1/0")}, 4), "builtins.eval"),
        "a field": (pickle.dumps(arrays | {"J": Calls(ran, 1)}, 2), call),
        "deep inside": (pickle.dumps(arrays | {"pose_training_info": deep}, 4), call),
        "in a state": (pickle.dumps({"f": np.array([Calls(ran, 1)], dtype=object)}, 2), call),
        "getattr": (b"c__builtin__\ngetattr\n(cnumpy\nndarray\nS'x'\ntR.", "__builtin__.getattr"),
        "numpy's own door": (b"cnumpy.testing\nrundocs\n(S'/tmp/x'\ntR.", "numpy.testing.rundocs"),
        "a dotted name": (b"\x80\x04\x8c\x05numpy\x8c\x11ndarray.__class__\x93.", "numpy.ndarray.__class__"),
        "scipy's door": (b"cscipy.sparse.csc\nnp\n.", "scipy.sparse.csc.np"),
    }  # fmt: skip


@pytest.mark.parametrize("name", malicious())
def test_code_in_a_pickle_is_named_and_never_run(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, said = malicious()[name]
    monkeypatch.setattr(os, "system", ran)
    path = tmp_path / "SMPL_NEUTRAL.pkl"
    path.write_bytes(raw)
    with pytest.raises(AssetError) as refused:
        BodyModel(path)
    assert "\n" not in str(refused.value)
    assert f"carries code ({said})" in str(refused.value)
    assert not RAN
    assert "hacked" not in capfd.readouterr().out


def test_the_malicious_files_would_have_run() -> None:
    for name in ("a field", "deep inside", "in a state"):
        pickle.loads(malicious()[name][0])
        assert RAN, name
        RAN.clear()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (pickle.dumps({"f": np.arange(600)}, 2)[:-40], "damaged or not a pickle"),
        (pickle.dumps({"f": np.arange(600)}, 0)[:300], "damaged or not a pickle"),
        (b"", "damaged or not a pickle"),
        (b"Sign in to download", "not a pickle"),
        (pickle.dumps([1, 2], 2), "holds no named fields"),
        (pickle.dumps({"f": [1, 2]}, 2), "field f is not an array"),
        (pickle.dumps({"f": np.array(["a"])}, 2), "field f is not an array"),
        (pickle.dumps({"f": np.arange(3)}, 2).replace(b"K\x03", b"K\x63"), "do not make the shape"),
        (pickle.dumps({"weights": np.eye(24)}, 2), "it has no v_template"),
        (b"\x80\x02}(X\x01\x00\x00\x00fPperson\nu.", "a step of kind b'P'"),
        (b"\x80\x02\x82\x01.", "a step of kind"),
        (b"\x80\x04" + b"(" * 200_000, "damaged"),
        (b"r\xff\xff\xff\xff.", "damaged"),
    ],
)
def test_damaged_and_foreign_files_are_refused_in_a_paragraph(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / "SMPL_NEUTRAL.pkl"
    path.write_bytes(raw)
    with pytest.raises(AssetError) as refused:
        BodyModel(path)
    assert said in str(refused.value)
    assert "SMPL_NEUTRAL.pkl" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "changes",
    [{"indices": np.array([0, 9], np.int32)}, {"indices": np.array([0, -1], np.int32)},
     {"indptr": np.array([0, 2, 1, 2], np.int32)}, {"indptr": np.array([0, 1], np.int32)}, {"_shape": (10**6, 10**6)}],
)  # fmt: skip
def test_a_sparse_matrix_that_points_outside_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    from scipy.sparse import csc_matrix

    matrix = csc_matrix(np.array([[1.0, 0, 2], [0, 0, 0]]))
    matrix.__dict__.update(changes)
    path = tmp_path / "body.pkl"
    path.write_bytes(pickle.dumps({"J_regressor": matrix}, 2))
    with pytest.raises(AssetError, match="field J_regressor is not an array"):
        read_fields(path, ["J_regressor"], "")


def test_files_beyond_any_body_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpl_file, "MAX_BYTES", 100_000)
    path = tmp_path / "huge.pkl"
    path.write_bytes(bytes(100_001))
    with pytest.raises(AssetError, match="no body in SMPL's layout has more"):
        BodyModel(path)
    bomb = tmp_path / "bomb.npz"
    np.savez_compressed(bomb, v_template=np.zeros((100_000, 3)))
    assert bomb.stat().st_size < 100_000
    with pytest.raises(AssetError, match="no body in SMPL's layout has more"):
        BodyModel(bomb)
