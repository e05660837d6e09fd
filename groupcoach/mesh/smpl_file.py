"""Reads body files in SMPL's layout: ``.npz`` of plain arrays, and SMPL's own pickles without running them.

A pickle is a small program that may call anything it can name. This reader lets it name a dozen things, and gives it a
dead stand-in for each: an object that remembers what it was made from and can do nothing. Arrays are then made from the
stand-ins' bytes here. Neither chumpy (in which the older files are written) nor scipy is imported.
"""

from __future__ import annotations

import io
import math
import pickle
import re
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import AssetError

#: SMPL's neutral body with 300 shapes, written as text, is 0.27 GB.
MAX_BYTES: Final = 600_000_000
#: A sparse matrix is made dense: 24 joints times this many vertices at most.
_MAX_CELLS: Final = 24 * 1_000_000

#: What a pickle may name, and the kind of its stand-in. Python 2 and 3, numpy 1 and 2, scipy before and after 1.8.
_KNOWN: Final[dict[str, str]] = {
    "numpy.core.multiarray._reconstruct": "array", "numpy._core.multiarray._reconstruct": "array",
    "numpy.core.multiarray.scalar": "scalar", "numpy._core.multiarray.scalar": "scalar",
    "numpy.ndarray": "class", "numpy.dtype": "dtype",
    **{f"scipy.sparse.{m}{k}.{k}_matrix": k for m in ("", "_") for k in ("csc", "csr")},
    **{f"scipy.sparse._{k}.{k}_array": k for k in ("csc", "csr")},
    "copy_reg._reconstructor": "make", "copyreg._reconstructor": "make",
    "__builtin__.object": "class", "builtins.object": "class",
    "__builtin__.set": "set", "builtins.set": "set",
    "_codecs.encode": "bytes", "__builtin__.bytes": "bytes", "builtins.bytes": "bytes",
}  # fmt: skip
#: Steps of pickle's machine that data needs (protocols 0 to 4). Left out: everything that finds or calls by other ways.
_STEPS: Final = re.findall(
    r"\w+",
    "PROTO FRAME STOP MARK POP POP_MARK DUP NONE INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT NEWTRUE "
    "NEWFALSE STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES "
    "BINBYTES8 EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_LIST LIST APPEND APPENDS EMPTY_DICT DICT SETITEM SETITEMS "
    "GET BINGET LONG_BINGET PUT BINPUT LONG_BINPUT MEMOIZE GLOBAL STACK_GLOBAL REDUCE BUILD NEWOBJ",
)


class _Refused(Exception):
    """The pickle asks for something that is no data; the text names it."""


class _Inert:
    """What stands for an object of the file: what it was made from, what state it was given, nothing else."""

    kind: ClassVar[str] = ""
    made_from: tuple[Any, ...]
    state: Any

    def __new__(cls, *made_from: Any) -> Any:
        self = super().__new__(cls)
        self.made_from, self.state = made_from, None
        return self

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Bytes(_Inert):
    """Python 3 writes bytes into a Python 2 pickle as text and a call of ``_codecs.encode``."""

    def __new__(cls, text: str = "", *_: Any) -> Any:
        return text.encode("latin1")


class _Make(_Inert):
    """Protocols 0 and 1 make an object by a call of ``copy_reg._reconstructor(its class, object, None)``."""

    def __new__(cls, of: Any, *_: Any) -> Any:
        if not (isinstance(of, type) and issubclass(of, _Inert)):
            raise _Refused("copyreg._reconstructor of something that is no class")
        return of()


# The interpreter in Python and not the one in C: its steps can be left out one by one, and a number in the file
# (the place of a remembered object) cannot make it reserve gigabytes.
class _Reader(pickle._Unpickler):
    dispatch = {  # noqa: RUF012 - declared by the base class
        code: step for code, step in pickle._Unpickler.dispatch.items()
        if code in {getattr(pickle, name)[0] for name in _STEPS}
    }  # fmt: skip

    def find_class(self, module: str, name: str) -> Any:
        """A dead stand-in, made anew each time so that nothing a file does to it stays."""
        full = f"{module}.{name}"
        kind = full if module.partition(".")[0] == "chumpy" else _KNOWN.get(full)
        if kind is None:
            raise _Refused(full)
        base = {"bytes": _Bytes, "make": _Make}.get(kind, _Inert)
        return type("Inert", (base,), {"kind": kind})


def read_fields(path: Path, wanted: Collection[str], advice: str) -> dict[str, NDArray[Any]]:
    """Those of the ``wanted`` fields that the file has, as they stand in it.

    Args:
        path: An ``.npz``, or a pickle (``.pkl``, ``.pickle``) of protocol 0 to 4.
        wanted: Names of fields; others are not looked at.
        advice: What to do instead, the end of every message.

    Raises:
        AssetError: There is no such file, it is too large, damaged, of another kind, or carries code.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise FileNotFoundError
        with path.open("rb") as file:
            start = file.read(4)
    except FileNotFoundError:
        raise AssetError(f"The body model {path} does not exist. {advice}") from None
    except OSError as error:
        raise AssetError(f"The body model {path} cannot be read ({error.strerror or error}). {advice}") from None
    _check_size(path, size, advice)
    if start != b"PK\x03\x04" and path.suffix.lower() in (".pkl", ".pickle"):
        return _from_pickle(path, wanted, advice)
    try:
        with zipfile.ZipFile(path) as members:
            size = sum(m.file_size for m in members.infolist() if m.filename.removesuffix(".npy") in wanted)
        _check_size(path, size, advice)
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in wanted if name in arrays}
    except AssetError:
        raise
    except Exception as error:  # a damaged file fails in numpy, zipfile or zlib, each with errors of its own
        raise AssetError(f"The body model {path} is not an .npz of plain arrays ({error}). {advice}") from error


def _check_size(path: Path, size: int, advice: str) -> None:
    if size > MAX_BYTES:
        raise AssetError(
            f"The body model {path} holds {size / 1e9:.1f} GB; no body in SMPL's layout has more than "
            f"{MAX_BYTES / 1e9:.1f} GB. {advice}"
        )


def _from_pickle(path: Path, wanted: Collection[str], advice: str) -> dict[str, NDArray[Any]]:
    try:
        whole = _Reader(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except _Refused as refused:
        raise AssetError(
            f"The body model {path} carries code ({refused}): SMPL's files hold arrays only. None of it was run and "
            f"the file is not used; get it again from where SMPL is licensed. {advice}"
        ) from None
    except KeyError as error:
        code = error.args[0]
        what = f"a step of kind {bytes([code])!r}" if isinstance(code, int) and code < 256 else "a reference to nothing"
        raise AssetError(
            f"The body model {path} is not a pickle of arrays in protocols 0 to 4: it has {what}. {advice}"
        ) from None
    except Exception as error:  # cut off, not a pickle at all, or made to break the reader: errors of every kind
        raise AssetError(
            f"The body model {path} is damaged or not a pickle ({error or type(error).__name__}). {advice}"
        ) from None
    if not isinstance(whole, dict):
        raise AssetError(f"The body model {path} is not in SMPL's layout: it holds no named fields. {advice}")
    out = {}
    for name in wanted:
        if name not in whole:
            continue
        try:
            out[name] = _array(whole[name])
        except Exception as error:
            reason = error or type(error).__name__
            raise AssetError(f"The body model {path}: field {name} is not an array ({reason}). {advice}") from None
    return out


def _array(value: Any) -> NDArray[Any]:
    """The array that a stand-in stands for."""
    if not isinstance(value, _Inert):
        raise ValueError(f"it is a {type(value).__name__}")
    if value.kind == "array":
        return _dense(value)
    state = value.state
    if isinstance(state, dict):
        if value.kind in ("csc", "csr"):
            return _from_sparse(state, value.kind)
        if "x" in state:  # chumpy: a leaf of its graph of expressions holds its value as x
            return _array(state["x"])
        if value.kind == "chumpy.reordering.Select":  # some of the components of another one
            chosen: NDArray[Any] = _array(state["a"]).ravel()[_array(state["idxs"])]
            return np.reshape(chosen, [int(n) for n in state.get("preferred_shape", chosen.shape)])
    raise ValueError(f"it is a {value.kind}")


def _dense(value: _Inert) -> NDArray[Any]:
    shape, kind, fortran, raw = value.state[-4:]
    if not (isinstance(kind, _Inert) and kind.kind == "dtype"):
        raise ValueError("its numbers are of no known kind")
    code, order = str(kind.made_from[0]), str(kind.state[1])
    if not re.fullmatch(r"[fiu][1248]|b1", code) or order not in "<>|=":
        raise ValueError(f"it holds {code}, not numbers")
    data = raw.encode("latin1") if isinstance(raw, str) else raw
    if not isinstance(data, bytes):
        raise ValueError("its numbers are not written as bytes")
    form = np.dtype(order + code)
    lengths = tuple(int(n) for n in shape)
    if min(lengths, default=0) < 0 or math.prod(lengths) * form.itemsize != len(data):
        raise ValueError(f"{len(data)} bytes do not make the shape {lengths}")
    flat = np.frombuffer(data, form).astype(form.newbyteorder("="))
    out: NDArray[Any] = flat.reshape(lengths, order="F" if fortran else "C")
    return out


def _from_sparse(state: dict[str, Any], kind: str) -> NDArray[Any]:
    rows, columns = (int(n) for n in state["_shape"])
    data, indices, starts = (_array(state[name]) for name in ("data", "indices", "indptr"))
    lanes, across = (columns, rows) if kind == "csc" else (rows, columns)
    if rows < 0 or columns < 0 or rows * columns > _MAX_CELLS:
        raise ValueError(f"its shape is {rows} x {columns}")
    if starts.shape != (lanes + 1,) or starts[0] != 0 or (np.diff(starts) < 0).any():
        raise ValueError("its columns do not follow one another")
    n = int(starts[-1])
    if data.shape != indices.shape or n > len(data) or (n and not 0 <= indices[:n].min() <= indices[:n].max() < across):
        raise ValueError("its indices point outside")
    out = np.zeros((lanes, across))
    np.add.at(out, (np.repeat(np.arange(lanes), np.diff(starts)), indices[:n]), data[:n])
    return out.T.copy() if kind == "csc" else out
