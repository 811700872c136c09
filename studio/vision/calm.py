"""A causal filter for points whose errors are known: still where they hold still, quick where they
move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

SHARE = 0.42
"""How large a movement counts, by the error of a point."""
_SHARPNESS = 4
_ALL_OF_IT = 0.95
_LISTENS_S, _LONGEST_S = 0.16, 10.0


@dataclass(eq=False)
class _State:
    at: np.ndarray
    moved: np.ndarray
    frames: np.ndarray


class Calm:
    """Remembers a group of points, such as a body, that mostly moves as a whole.

    While nobody moves a point is the mean of all that was seen of it (of ten seconds at most), so
    its tremble fades as one over the root of their number. Movement is told from noise by how far
    the points go from there over 0.16 s, by ``share`` of the errors that their source predicts:
    beyond that the mean is forgotten within a frame or two, so that a movement is followed with a
    lag of hardly more than a frame.
    """

    def __init__(self, step_s: float, share: float = SHARE) -> None:
        self._step_s, self._share = step_s, share
        self._listen = 1 - np.exp(-step_s / _LISTENS_S)
        self._state: _State | None = None

    def __call__(
        self,
        xyz_m: Float[np.ndarray, "frames points 3"],
        error_m: Float[np.ndarray, "frames points"],
    ) -> Float[np.ndarray, "frames points 3"]:
        """The next frames, calmer: one by one or together, with the same result."""
        out = np.empty_like(xyz_m)
        for frame, (xyz, error) in enumerate(zip(xyz_m, error_m, strict=True)):
            out[frame] = self._next(xyz, error)
        return out

    def _next(self, xyz: np.ndarray, error: np.ndarray) -> np.ndarray:
        if self._state is None:
            self._state = _State(xyz.copy(), np.zeros_like(xyz), np.ones(len(xyz)))
            return xyz
        state = self._state
        off = xyz - state.at
        state.moved += self._listen * (off - state.moved)
        far = (state.moved**2).sum(-1) / np.maximum(self._share * error, 1e-6) ** 2
        far = (1 - _ALL_OF_IT) * far + _ALL_OF_IT * far.mean()
        seconds = _LONGEST_S / (1 + np.minimum(far, 1e3) ** _SHARPNESS)
        state.frames = np.minimum(state.frames + 1, 1 + seconds / self._step_s)
        state.at = state.at + off / state.frames[:, None]
        return state.at
