"""The body: SMPL's file format, read once; joints in plain numpy, vertices through ``smplx`` (imported only here).

``joints`` is what runs in every frame for everybody and needs neither torch nor vertices. ``vertices`` loads torch the
first time it is called. A licensed SMPL file converted to ``.npz`` (plain arrays, no pickles) works in place of ours.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import AssetError, DataError
from groupcoach.skeleton import INDEX, JOINTS, N_SMPL, SMPL_PARENTS

Floats = NDArray[np.floating[Any]]

N_BETAS: Final = 10
#: What ``regions`` counts in: an index into this.
REGIONS: Final = ("skin", "hair", "shirt", "trousers", "shoes")
#: SMPL joint that carries each of ``JOINTS[24:]``.
EXTRA_OWNER: Final = tuple(
    INDEX["head" if name in ("nose", "left_ear", "right_ear") else name.split("_")[0] + suffix]
    for name in JOINTS[N_SMPL:]
    for suffix in [{"heel": "_ankle", "toe": "_foot"}.get(name.split("_")[-1], "")]
)

#: Fields of SMPL's layout and their shapes; a letter stands for any number, the same one wherever it stands.
_SHAPES: Final[dict[str, tuple[int | str, ...]]] = {
    "v_template": ("V", 3), "shapedirs": ("V", 3, "B"), "posedirs": ("V", 3, 9 * (N_SMPL - 1)),
    "J_regressor": (N_SMPL, "V"), "weights": ("V", N_SMPL), "kintree_table": (2, N_SMPL), "f": ("F", 3),
}  # fmt: skip
#: Our own additions; a plain SMPL file has none and gets stand-ins.
_EXTRA_SHAPES: Final[dict[str, tuple[int | str, ...]]] = {
    "extra_regressor": (len(JOINTS) - N_SMPL, "V"), "vertex_part": ("V",), "region": ("V",),
}  # fmt: skip
#: Vertices of nose, ears, heels and big toes in SMPL's own mesh of 6890 (the numbers ``smplx`` uses for them).
_SMPL_EXTRA_VERTICES: Final = (332, 583, 4071, 3387, 6787, 3216, 6617)


def default_path() -> Path:
    """``models/body.npz`` beside the package; an installation without a checkout has it inside the package."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "models" / "body.npz"
    return inside if inside.exists() else package.parent / "models" / "body.npz"


class BodyModel:
    """A body in SMPL's layout: rotations, shape and place in; joints and vertices out.

    Axes of the body's own frame: x to its left, y up, z to its front, the root at about the origin.
    ``rel_rotmats[:, 0]`` turns that frame into the camera's, so an upright body that faces the camera has
    ``diag(1, -1, -1)`` there.
    Every method takes N = 0.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Reads the file.

        Args:
            path: An ``.npz`` in SMPL's layout; the project's own body when left out.

        Raises:
            AssetError: The file is missing, not an ``.npz`` of plain arrays, or not in SMPL's layout.
        """
        self.path = path if path is not None else default_path()
        data = _read(self.path)
        self._data = data
        self._smplx: Any = None
        self.faces: NDArray[np.int32] = data["f"].astype(np.int32)
        """(F, 3) rows of vertices."""
        self.regions: NDArray[np.int8] = data["region"].astype(np.int8)
        """(V,) index into :data:`REGIONS`."""
        self.vertex_part: NDArray[np.int8] = data["vertex_part"].astype(np.int8)
        """(V,) SMPL joint that moves the vertex most."""
        both = np.concatenate([data["J_regressor"], data["extra_regressor"]]).astype(np.float64)
        # Rest joints are linear in the betas: regressing template and components once makes vertices unnecessary.
        self._rest = both @ data["v_template"].astype(np.float64)
        self._rest_dirs = np.einsum("jv,vib->bji", both, data["shapedirs"][:, :, :N_BETAS].astype(np.float64))

    def rest_joints(self, betas: Floats) -> Floats:
        """(N, 24, 3) metres: SMPL's joints of unposed bodies with shapes ``betas`` (N, 10)."""
        return self._rest_points(betas)[:, :N_SMPL]

    def rest_extra(self, betas: Floats) -> Floats:
        """(N, 7, 3) metres: nose, ears, heels and toes (``JOINTS[24:]``) of unposed bodies, ``betas`` (N, 10)."""
        return self._rest_points(betas)[:, N_SMPL:]

    def joints(self, rel_rotmats: Floats, betas: Floats, transl: Floats) -> Floats:
        """Where the joints of posed bodies are.

        Args:
            rel_rotmats: (N, 24, 3, 3) rotations relative to the parent joint.
            betas: (N, 10) shapes.
            transl: (N, 3) metres, added to every point (the root joint ends at ``rest_joints[:, 0] + transl``).

        Returns:
            (N, 31, 3) metres in the order of ``skeleton.JOINTS``. Face and feet move stiffly with head, ankle and foot.
        """
        n = self._check(rel_rotmats, betas, transl)
        rest = self._rest_points(betas)
        turn = np.empty((n, N_SMPL, 3, 3))
        place = np.empty((n, len(JOINTS), 3))
        turn[:, 0] = rel_rotmats[:, 0]
        place[:, 0] = rest[:, 0]
        for j in range(1, N_SMPL):
            p = SMPL_PARENTS[j]
            turn[:, j] = turn[:, p] @ rel_rotmats[:, j]
            place[:, j] = place[:, p] + (turn[:, p] @ (rest[:, j] - rest[:, p])[:, :, None])[:, :, 0]
        owner = list(EXTRA_OWNER)
        arm = rest[:, N_SMPL:] - rest[:, owner]
        place[:, N_SMPL:] = place[:, owner] + (turn[:, owner] @ arm[..., None])[..., 0]
        return place + np.asarray(transl)[:, None]

    def vertices(self, rel_rotmats: Floats, betas: Floats, transl: Floats) -> NDArray[np.float32]:
        """(N, V, 3) metres: the skin of posed bodies (arguments as in :meth:`joints`), through ``smplx``."""
        return self._forward(rel_rotmats, betas, transl)[0]

    def smplx_joints(self, rel_rotmats: Floats, betas: Floats, transl: Floats) -> NDArray[np.float32]:
        """(N, 24, 3) metres: SMPL's joints as ``smplx`` itself gives them; :meth:`joints` is checked against it."""
        return self._forward(rel_rotmats, betas, transl)[1]

    def _rest_points(self, betas: Floats) -> Floats:
        betas = np.asarray(betas, dtype=np.float64)
        if betas.ndim != 2 or betas.shape[1] != N_BETAS:
            raise DataError(f"BodyModel: betas: expected (N, {N_BETAS}), got {betas.shape}.")
        return np.asarray(self._rest + np.tensordot(betas[:, : len(self._rest_dirs)], self._rest_dirs, axes=1))

    def _check(self, rel_rotmats: Floats, betas: Floats, transl: Floats) -> int:
        n = len(rel_rotmats)
        for name, value, shape in (("rel_rotmats", rel_rotmats, (n, N_SMPL, 3, 3)), ("betas", betas, (n, N_BETAS)),
                                   ("transl", transl, (n, 3))):  # fmt: skip
            if np.shape(value) != shape:
                raise DataError(f"BodyModel: {name}: expected {shape}, got {np.shape(value)}.")
        return n

    def _forward(
        self, rel_rotmats: Floats, betas: Floats, transl: Floats
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        n = self._check(rel_rotmats, betas, transl)
        if n == 0:
            return np.zeros((0, len(self.vertex_part), 3), np.float32), np.zeros((0, N_SMPL, 3), np.float32)
        import torch

        if self._smplx is None:
            self._smplx = self._build()
        tensors = [torch.as_tensor(np.ascontiguousarray(a, dtype=np.float32)) for a in (rel_rotmats, betas, transl)]
        with torch.no_grad():
            out = self._smplx(
                global_orient=tensors[0][:, :1],
                body_pose=tensors[0][:, 1:],
                betas=tensors[1],
                transl=tensors[2],
                pose2rot=False,
            )
        return out.vertices.numpy(), out.joints[:, :N_SMPL].numpy()

    def _build(self) -> Any:
        from smplx import SMPLLayer
        from smplx.utils import Struct

        # smplx picks 21 named vertices as extra joints; which ones does not matter here, but they have to exist.
        names = ["nose", "reye", "leye", "rear", "lear"]
        names += [side + place for side in "LR" for place in ("BigToe", "SmallToe", "Heel")]
        names += [side + tip for side in "lr" for tip in ("thumb", "index", "middle", "ring", "pinky")]
        # It also announces on stdout that a file has ten shape components, which is what a SMPL file has.
        with contextlib.redirect_stdout(io.StringIO()):
            layer = SMPLLayer(
                model_path=str(self.path),
                data_struct=Struct(**{name: self._data[name] for name in _SHAPES}),
                num_betas=N_BETAS,
                vertex_ids=dict.fromkeys(names, 0),
            )
        return layer.eval()


def _read(path: Path) -> dict[str, NDArray[Any]]:
    advice = (
        "Restore models/body.npz from the repository, or build it again with `python -m groupcoach.training.body` "
        "(needs the extra: pip install 'groupcoach[body]')."
    )
    if not path.is_file():
        raise AssetError(f"The body model {path} does not exist. {advice}")
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            data = {name: file[name] for name in (*_SHAPES, *_EXTRA_SHAPES) if name in file}
    except Exception as error:  # a damaged file fails in numpy, zipfile or zlib, each with errors of its own
        raise AssetError(f"The body model {path} is not an .npz of plain arrays ({error}). {advice}") from error
    missing = [name for name in _SHAPES if name not in data]
    if missing:
        raise AssetError(f"The body model {path} is not in SMPL's layout: it has no {', '.join(missing)}. {advice}")
    sizes: dict[str, int] = {}
    for name, shape in (_SHAPES | _EXTRA_SHAPES).items():
        if name not in data:
            continue
        got = data[name].shape
        fits = len(got) == len(shape) and all(
            g == (sizes.setdefault(w, g) if isinstance(w, str) else w) for g, w in zip(got, shape, strict=True)
        )
        if not fits:
            want = "(" + ", ".join(str(sizes.get(w, w) if isinstance(w, str) else w) for w in shape) + ")"
            raise AssetError(
                f"The body model {path}: field {name} should have the shape {want}, it has {got}. {advice}"
            )
        if data[name].dtype.kind not in "fiu":
            raise AssetError(f"The body model {path}: field {name} holds {data[name].dtype}, not numbers. {advice}")
        if not np.isfinite(data[name]).all():
            raise AssetError(f"The body model {path}: field {name} holds values that are not finite. {advice}")
    if sizes["B"] < N_BETAS:
        raise AssetError(
            f"The body model {path}: field shapedirs has {sizes['B']} components, {N_BETAS} are needed. {advice}"
        )
    if data["f"].min() < 0 or data["f"].max() >= sizes["V"]:
        raise AssetError(f"The body model {path}: field f names vertices that do not exist. {advice}")
    # SMPL files write the root's parent as 2**32 - 1.
    if tuple(int(p) for p in data["kintree_table"][0][1:]) != SMPL_PARENTS[1:]:
        raise AssetError(f"The body model {path}: field kintree_table is not SMPL's tree of 24 joints. {advice}")
    data["kintree_table"] = np.array([SMPL_PARENTS, range(N_SMPL)], dtype=np.int64)
    return _with_stand_ins(data, path, advice)


def _with_stand_ins(data: dict[str, NDArray[Any]], path: Path, advice: str) -> dict[str, NDArray[Any]]:
    n = len(data["v_template"])
    data.setdefault("vertex_part", data["weights"].argmax(axis=1).astype(np.int8))
    data.setdefault("region", np.full(n, REGIONS.index("skin"), np.int8))
    if "extra_regressor" not in data:
        if n != 6890:
            raise AssetError(
                f"The body model {path} has no field extra_regressor (nose, ears, heels, toes), which only SMPL's own "
                f"mesh of 6890 vertices can do without; it has {n}. {advice}"
            )
        data["extra_regressor"] = np.eye(n, dtype=np.float32)[list(_SMPL_EXTRA_VERTICES)]
    return data
