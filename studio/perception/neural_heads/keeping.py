"""A neural head as named arrays and back: what it has learned, to go on from another time.

All layers are kept, those that heads share too: the second part of fitting changes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float

from studio.core.errors import StudioError
from studio.perception.neural_heads.fitting import NeuralHead, begun
from studio.perception.neural_heads.network import HeadNetwork
from studio.perception.neural_heads.photographs import Photograph
from studio.perception.neural_heads.space import Space

LEARNED = "neural_"
"""How the names of all arrays begin."""
_OWN, _ALL = f"{LEARNED}own_", f"{LEARNED}all_"
_CAMERAS, _STEPS, _PHOTOS = f"{LEARNED}cameras", f"{LEARNED}steps", f"{LEARNED}photographs"


def kept(head: NeuralHead) -> dict[str, np.ndarray]:
    """A head's layers (float16), how its cameras are turned and moved, its steps, and by which
    names its photographs are known again."""
    own = {f"{_OWN}{k}": one for k, one in enumerate(head.own) if one is not None}
    every = {f"{_ALL}{name}": one for name, one in head.network.state_dict().items()}
    return {
        **{name: one.detach().numpy().astype(np.float16) for name, one in (own | every).items()},
        _CAMERAS: head.cameras.detach().numpy().astype(np.float32),
        _STEPS: np.array(head.steps), _PHOTOS: np.array([known_by(p) for p in head.photographs]),
    }  # fmt: skip


def known_by(photograph: Photograph) -> str:
    """By what name a photograph is known again, whatever its file is called."""
    return hashlib.sha256(photograph.rgb.tobytes()).hexdigest()[:16]


def is_of(arrays: Mapping[str, np.ndarray], photographs: Sequence[Photograph]) -> bool:
    """Whether kept arrays hold layers that learned from one of these photographs."""
    known = {str(name) for name in arrays.get(_PHOTOS, ())}
    return any(known_by(one) in known for one in photographs)


def taken_up(
    arrays: Mapping[str, np.ndarray], network: HeadNetwork, space: Space,
    photographs: Sequence[Photograph], marks_m: Float[np.ndarray, "marks 3"] | None = None,
) -> NeuralHead:  # fmt: skip
    """A head as it was kept. Cameras of photographs that are new stand as the fit has them.

    Raises StudioError if the layers are damaged, or those of another network.
    """
    head = begun(network, space, photographs, marks_m=marks_m)
    try:
        state = {
            name: _tensor(arrays[f"{_ALL}{name}"], value)
            for name, value in head.network.state_dict().items()
        }
        own = [
            None if one is None else _tensor(arrays[f"{_OWN}{k}"], one)
            for k, one in enumerate(head.own)
        ]
        cameras = dict(zip(map(str, arrays[_PHOTOS]), arrays[_CAMERAS], strict=True))
        first, second = arrays[_STEPS].astype(int).tolist()
    except (KeyError, ValueError) as error:
        raise StudioError(
            "These layers are damaged, or those of another network.",
            "Let the surface be learned anew.",
        ) from error
    head.network.load_state_dict(state)
    head.own[:] = own
    for k, one in enumerate(photographs):
        if known_by(one) in cameras:
            head.cameras[k] = torch.from_numpy(np.asarray(cameras[known_by(one)], np.float32))
    head.steps = first, second
    return head


def _tensor(values: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    found = torch.from_numpy(np.asarray(values, np.float32))
    if found.shape != like.shape or not bool(torch.isfinite(found).all()):
        raise ValueError("of another shape")
    return found
