"""Files of our own: where they lie (``models/`` of a checkout, ``groupcoach/models`` when installed), and weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import AssetError

Tensors = tuple[dict[str, str], Callable[[str], NDArray[np.float32]]]


def shipped(name: str) -> Path:
    """The path of ``models/NAME``, whether it exists or not."""
    package = Path(__file__).resolve().parent
    inside = package / "models" / name
    return inside if inside.exists() else package.parent / "models" / name


@contextmanager
def weights(path: Path, what: str) -> Iterator[Tensors]:
    """The notes of a weights file of ours (safetensors), and what reads one tensor of it as float32.

    Whatever goes wrong within the ``with`` says that the file does not fit.

    Args:
        path: of the file.
        what: ``lifter`` or ``classifier``, whose training makes the file again.

    Raises:
        AssetError: the file is missing or of another layout.
    """
    from safetensors import safe_open

    again = f"make it again with `python -m groupcoach.training.{what}`"
    if not path.is_file():
        raise AssetError(
            f"{what.capitalize()} weights not found: {path.name} should lie in the project's models/ folder. "
            f"Restore it from the repository, or {again}."
        )
    try:
        with safe_open(str(path), framework="numpy") as file:
            yield file.metadata() or {}, lambda name: np.asarray(file.get_tensor(name), np.float32)
    except Exception as bad:  # safetensors raises its own bare error class
        raise AssetError(
            f"{path.name}: not the weights of this {what} ({bad}). Restore the file from the repository, or {again}."
        ) from bad
