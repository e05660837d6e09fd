"""The network of the image regressor ``hmr`` and its checkpoint: names and shapes of FrankMocap's body module.

SPIN's are the same. Written for that layout from the papers (Kanazawa 2018, Kolotouros 2019) and the names in such
files. A file that names anything besides tensors and plain values is refused: weights are numbers, not code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torchvision.models import resnet50  # type: ignore[import-untyped]

from groupcoach.errors import AssetError
from groupcoach.mesh.body_model import N_BETAS
from groupcoach.mesh.regressor import HMR_NEEDS
from groupcoach.runtime import quiet
from groupcoach.skeleton import N_SMPL

ITERATIONS: Final = 3
_TRUNK: Final = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")


class HmrNetwork(nn.Module):
    """The network; names and shapes of its state are those of SPIN's and FrankMocap's checkpoints."""

    init_pose: Tensor
    init_shape: Tensor
    init_cam: Tensor

    def __init__(self) -> None:
        super().__init__()
        trunk = resnet50(weights=None)
        for name in _TRUNK:
            self.add_module(name, getattr(trunk, name))
        pose, shape, cam = 6 * N_SMPL, N_BETAS, 3
        self.fc1 = nn.Linear(2048 + pose + shape + cam, 1024)
        self.drop1 = nn.Dropout()
        self.fc2 = nn.Linear(1024, 1024)
        self.drop2 = nn.Dropout()
        self.decpose = nn.Linear(1024, pose)
        self.decshape = nn.Linear(1024, shape)
        self.deccam = nn.Linear(1024, cam)
        for name, size in (("init_pose", pose), ("init_shape", shape), ("init_cam", cam)):
            self.register_buffer(name, torch.zeros(1, size))

    def backbone(self) -> nn.Module:
        """What the crops go through first and nearly all of the cost is in: (N, 3, 224, 224) -> (N, 2048, 1, 1)."""
        return nn.Sequential(*(self.get_submodule(name) for name in _TRUNK), nn.AdaptiveAvgPool2d(1))

    def features(self, crops: Tensor) -> Tensor:
        """(N, 3, 224, 224) normalised RGB -> (N, 2048)."""
        x = crops
        for name in _TRUNK:
            x = self.get_submodule(name)(x)
        return x.mean(dim=(2, 3))

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(N, 3, 224, 224) -> rotations as 6 numbers (N, 144), shape (N, 10), camera scale, x, y (N, 3)."""
        seen = self.features(crops)
        n = len(crops)
        pose, shape, cam = self.init_pose.repeat(n, 1), self.init_shape.repeat(n, 1), self.init_cam.repeat(n, 1)
        for _ in range(ITERATIONS):
            hidden = self.drop1(self.fc1(torch.cat([seen, pose, shape, cam], dim=1)))
            hidden = self.drop2(self.fc2(hidden))  # no bend between the two: the layout has none
            pose, shape, cam = pose + self.decpose(hidden), shape + self.decshape(hidden), cam + self.deccam(hidden)
        return pose, shape, cam


def load_network(checkpoint: Path) -> HmrNetwork:
    """The network with the weights of ``checkpoint``, ready to run on the CPU.

    Raises:
        AssetError: The file is missing, holds more than weights, or has another layout.
    """
    with torch.device("meta"):
        network = HmrNetwork()
    network.load_state_dict(_matching(_weights_of(_read(checkpoint), checkpoint), network, checkpoint), assign=True)
    return network.eval().requires_grad_(False)


def _read(path: Path) -> Any:
    if not path.is_file():
        raise AssetError(f"There is no checkpoint {path}. {HMR_NEEDS}")
    try:
        with quiet():
            if path.suffix == ".safetensors":
                from safetensors.torch import load_file

                return load_file(path)
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch, zipfile, pickle and safetensors each have errors of their own for a bad file
        named = re.search(r"GLOBAL ([\w.]+)", str(error))
        if named:
            raise AssetError(
                f"The checkpoint {path} is refused: besides weights it names {named[1]}, and a file that names Python "
                "objects can run code when it is opened. Nothing of it was run. Use a file that holds tensors alone: "
                "the entry 'model' saved on its own, best as .safetensors, by somebody who trusts the original."
            ) from None
        words = str(error).strip().splitlines() or [type(error).__name__]
        raise AssetError(f"The checkpoint {path} cannot be read ({words[0][:120]}). {HMR_NEEDS}") from None


def _weights_of(data: Any, path: Path) -> dict[str, Tensor]:
    if isinstance(data, Mapping) and isinstance(data.get("model"), Mapping):
        data = data["model"]
    if not isinstance(data, Mapping) or not data or not all(isinstance(k, str) for k in data):
        raise AssetError(
            f"The checkpoint {path} has no weights with names in it, nor an entry 'model' that has. {HMR_NEEDS}"
        )
    if all(name.startswith("module.") for name in data):  # saved from several GPUs
        data = {name.removeprefix("module."): value for name, value in data.items()}
    return dict(data)


def _matching(found: Mapping[str, Any], network: nn.Module, path: Path) -> dict[str, Tensor]:
    """The weights that the network has, all there and of its shapes."""
    wanted = network.state_dict()
    ours = {name.split(".")[0] for name in wanted}
    weights: dict[str, Tensor] = {}
    missing, other, infinite = [], [], []
    for name, like in wanted.items():
        value, shape = found.get(name), tuple(like.shape)
        if value is None and name.endswith("num_batches_tracked"):  # not in files of old torch versions, nor needed
            weights[name] = torch.zeros((), dtype=torch.int64)
        elif value is None:
            missing.append(name)
        elif not isinstance(value, Tensor) or value.layout != torch.strided or value.is_complex() or value.is_quantized:
            other.append(f"{name} is no plain array of numbers")
        elif tuple(value.shape) != shape:
            other.append(f"{name} should have the shape {shape}, it has {tuple(value.shape)}")
        elif not bool(torch.isfinite(value).all()):
            infinite.append(name)
        else:
            weights[name] = value.to(like.dtype)
    # what belongs to none of the parts (a body model saved along) changes nothing; more in a part is another network
    more = [name for name in found if name.split(".")[0] in ours and name not in wanted]
    wrong = [
        f"{title}: {'; '.join(names[:4])}{f' and {len(names) - 4} more' if len(names) > 4 else ''}"
        for title, names in (("missing", missing), ("different", other), ("not finite", infinite), ("unknown", more))
        if names
    ]
    if wrong:
        raise AssetError(
            f"The checkpoint {path} is not in the layout of FrankMocap's body module ({len(wanted)} entries). "
            f"{'. '.join(wrong)}. Use that module's own checkpoint or SPIN's, or --regressor lifter, which needs none."
        )
    return weights
