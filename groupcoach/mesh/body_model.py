"""The body: SMPL's file format, read once; joints and the live skin in numpy, the rest by ``smplx`` (only here).

``joints`` is what runs in every frame for everybody and needs neither torch nor vertices. ``vertices`` of the light
body is a few products and sums in numpy; the full mesh and bodies with pose correctives (SMPL's own) go through
``smplx``, which loads torch the first time. A licensed SMPL file (``.npz`` or ``.pkl``) works in place of ours.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import AssetError, DataError
from groupcoach.mesh.smpl_file import read_fields
from groupcoach.shipped import shipped
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


#: Up to so many vertices numpy poses a body without correctives; see ``BodyModel.vertices``.
_LIVE_VERTICES: Final = 2000
#: Vertices of all bodies together that ``smplx`` poses at once: 150 MB of its tables.
_AT_ONCE: Final = 1_000_000


def default_path() -> Path:
    """``models/body.npz`` beside the package; an installation without a checkout has it inside the package."""
    return shipped("body.npz")


def full_path() -> Path:
    """``models/body_full.npz``: the same body with 13,718 vertices, for export. The same betas are the same person."""
    return shipped("body_full.npz")


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
            path: An ``.npz`` or a pickle in SMPL's layout; the project's own light body when left out. Of more than
                ten shape directions the first ten are used.

        Raises:
            AssetError: The file is missing, holds anything but arrays, or is not in SMPL's layout.
        """
        self.path = path if path is not None else default_path()
        data = _read(self.path)
        self._data = data
        self._smplx: Any = None
        self.ours: bool = self.path.resolve() in (default_path().resolve(), full_path().resolve())
        """Shape values learned on the project's body mean the same on this one. A licensed body has shapes of its own:
        regressors that were trained on ours give it betas of zero, the file's average person."""
        self.correctives: bool = bool(data["posedirs"].any())
        """The skin also changes with the pose (SMPL's own files), not only by following the bones."""
        self.faces: NDArray[np.int32] = data["f"].astype(np.int32)
        """(F, 3) rows of vertices."""
        self.regions: NDArray[np.int8] = data["region"].astype(np.int8)
        """(V,) index into :data:`REGIONS`."""
        self.vertex_part: NDArray[np.int8] = data["vertex_part"].astype(np.int8)
        """(V,) SMPL joint that moves the vertex most."""
        both = np.concatenate([data["J_regressor"], data["extra_regressor"]]).astype(np.float64)
        # Rest joints are linear in the betas: regressing template and components once makes vertices unnecessary.
        self._rest = both @ data["v_template"].astype(np.float64)
        self._rest_dirs = np.einsum("jv,vib->bji", both, data["shapedirs"].astype(np.float64))
        # The skin as rows of one product: template and directions (1 + B, 3 V), bones to vertices (24, V).
        skin = np.concatenate([data["v_template"][:, :, None], data["shapedirs"]], axis=2)
        self._skin = np.ascontiguousarray(skin.transpose(2, 1, 0), np.float32).reshape(skin.shape[2], -1)
        self._pull = np.ascontiguousarray(data["weights"].T, np.float32)

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
        self._check(rel_rotmats, betas, transl)
        rest = self._rest_points(betas)
        turn, place = self._chain(np.asarray(rel_rotmats), rest[:, :N_SMPL])
        owner = list(EXTRA_OWNER)
        arm = rest[:, N_SMPL:] - rest[:, owner]
        extra = place[:, owner] + (turn[:, owner] @ arm[..., None])[..., 0]
        return np.concatenate([place, extra], axis=1) + np.asarray(transl)[:, None]

    def vertices(self, rel_rotmats: Floats, betas: Floats, transl: Floats) -> NDArray[np.float32]:
        """(N, V, 3) metres: the skin of posed bodies (arguments as in :meth:`joints`).

        The light body is posed here, 20 people within a frame's time; the full one and bodies with correctives by
        ``smplx``.
        """
        if self.correctives or len(self.vertex_part) > _LIVE_VERTICES:
            return self.smplx_vertices(rel_rotmats, betas, transl)
        n = self._check(rel_rotmats, betas, transl)
        rest = self._rest_points(betas)[:, :N_SMPL]
        turn, place = self._chain(np.asarray(rel_rotmats), rest)
        moved = np.empty((n, 3, 4, N_SMPL), np.float32)
        moved[:, :, :3] = turn.transpose(0, 2, 3, 1)
        moved[:, :, 3] = (place - (turn @ rest[..., None])[..., 0]).transpose(0, 2, 1)
        blend = (moved.reshape(-1, N_SMPL) @ self._pull).reshape(n, 3, 4, self._pull.shape[1])
        amount = np.concatenate([np.ones((n, 1)), betas], axis=1).astype(np.float32)
        skin = (amount @ self._skin).reshape(n, 3, self._pull.shape[1])
        out = np.empty((n, skin.shape[2], 3), np.float32)
        for i in range(3):
            part = blend[:, i, 3] + np.asarray(transl, np.float32)[:, i, None]
            for k in range(3):
                part += blend[:, i, k] * skin[:, k]
            out[:, :, i] = part
        return out

    def smplx_vertices(self, rel_rotmats: Floats, betas: Floats, transl: Floats) -> NDArray[np.float32]:
        """(N, V, 3) metres: :meth:`vertices` by ``smplx`` whatever the body; the numpy way is checked against it."""
        return self._forward(rel_rotmats, betas, transl)[0]

    def smplx_joints(self, rel_rotmats: Floats, betas: Floats, transl: Floats) -> NDArray[np.float32]:
        """(N, 24, 3) metres: SMPL's joints as ``smplx`` itself gives them; :meth:`joints` is checked against it."""
        return self._forward(rel_rotmats, betas, transl)[1]

    @staticmethod
    def _chain(rel: Floats, rest: Floats) -> tuple[Floats, Floats]:
        """Turns (N, 24, 3, 3) against the body's axes, and places (N, 24, 3) of the joints, before translation."""
        turn, place = np.empty((*rest.shape, 3)), np.empty(rest.shape)
        turn[:, 0], place[:, 0] = rel[:, 0], rest[:, 0]
        for j in range(1, N_SMPL):
            p = SMPL_PARENTS[j]
            turn[:, j] = turn[:, p] @ rel[:, j]
            place[:, j] = place[:, p] + (turn[:, p] @ (rest[:, j] - rest[:, p])[:, :, None])[:, :, 0]
        return turn, place

    def _rest_points(self, betas: Floats) -> Floats:
        betas = np.asarray(betas, dtype=np.float64)
        if betas.ndim != 2 or betas.shape[1] != N_BETAS:
            raise DataError(f"BodyModel: betas: expected (N, {N_BETAS}), got {betas.shape}.")
        return np.asarray(self._rest + np.tensordot(betas, self._rest_dirs, axes=1))

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
        skins, joints = [], []
        step = max(1, _AT_ONCE // len(self.vertex_part))
        for i in range(0, n, step):
            turns, shapes, places = (
                torch.as_tensor(np.ascontiguousarray(a[i : i + step], dtype=np.float32))
                for a in (rel_rotmats, betas, transl)
            )
            with torch.no_grad():
                out = self._smplx(global_orient=turns[:, :1], body_pose=turns[:, 1:], betas=shapes, transl=places,
                                  pose2rot=False)  # fmt: skip
            skins.append(out.vertices.numpy())
            joints.append(out.joints[:, :N_SMPL].numpy())
        return np.concatenate(skins), np.concatenate(joints)

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
    if path in (default_path(), full_path()):
        advice = (
            f"Restore models/{path.name} from the repository, or build it again with "
            "`python -m groupcoach.training.body` (needs the extra: pip install 'groupcoach[body]')."
        )
    else:
        advice = (
            "A body is SMPL_NEUTRAL.pkl, its .npz, or a file of `python -m groupcoach.training.body`; without "
            "--body-model the project's own is used."
        )
    data = read_fields(path, (*_SHAPES, *_EXTRA_SHAPES), advice)
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
    data["shapedirs"] = data["shapedirs"][:, :, :N_BETAS]
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
