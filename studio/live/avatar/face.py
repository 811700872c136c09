"""The 52 weights of a performance as weights of an avatar's own shapes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from scipy.optimize import nnls

from studio.human.rig import ACTIONS
from studio.media.formats.avatar import Avatar
from studio.media.formats.avatar.faces import Drives
from studio.media.formats.vrm.expressions import PRESETS

MIXED = ("aa", "ih", "ou", "ee", "oh", "happy", "angry", "sad", "surprised")
ENOUGH = 20
"""An avatar with so many of ARKit's shapes needs no mixture."""
SPARING = 0.15
"""How unwilling the mixture is to use a preset that explains little."""
_EYES = tuple(name for name in ACTIONS if name.startswith(("eyeLook", "eyeBlink")))


class Face:
    """Maps weights to an avatar's shapes (:mod:`studio.media.formats.avatar.faces`)."""

    def __init__(self, avatar: Avatar) -> None:
        self._column = {name: k for k, name in enumerate(avatar.character.morph_names)}
        self._direct = self._matrix(avatar.actions)
        presets = avatar.presets
        known = {name for name in avatar.actions if name not in _EYES}
        self._mixed = tuple(m for m in MIXED if m in presets) if len(known) < ENOUGH else ()
        self._by_preset = {name: self._row(shapes) for name, shapes in presets.items()}
        self._told = np.array([k for k, name in enumerate(ACTIONS)
                               if name not in _EYES and name not in known], int)  # fmt: skip
        basis = np.zeros((len(ACTIONS), len(self._mixed)))
        for k, preset in enumerate(self._mixed):
            for name, weight in PRESETS[preset].items():
                basis[ACTIONS.index(name), k] = weight
        self._basis = np.vstack([basis[self._told], SPARING * np.eye(len(self._mixed))])
        self._blinks = {side: f"eyeBlink{side}" in avatar.actions for side in ("Left", "Right")}
        self._looks = not any(name.startswith("eyeLook") for name in avatar.actions)
        self._reach = avatar.gaze_deg

    def shapes(
        self, weights: Float[np.ndarray, "52"], gaze_deg: tuple[float, float]
    ) -> Float[np.ndarray, " shapes"]:
        """The weights of the character's morph targets, 0 to 1.

        ``gaze_deg`` is used where gaze is told by presets alone.
        """
        weights = np.asarray(weights, np.float64)
        out = weights @ self._direct
        if self._mixed:
            wanted = np.concatenate([weights[self._told], np.zeros(len(self._mixed))])
            shares, _ = nnls(self._basis, wanted)
            for preset, share in zip(self._mixed, shares, strict=True):
                out = out + min(float(share), 1.0) * self._by_preset[preset]
        out = self._blinked(out, weights)
        if self._looks:
            out = self._looked(out, gaze_deg)
        return np.clip(out, 0.0, 1.0)

    def _blinked(self, out: np.ndarray, weights: np.ndarray) -> np.ndarray:
        if all(self._blinks.values()):
            return out
        shut = {side: float(weights[ACTIONS.index(f"eyeBlink{side}")]) for side in self._blinks}
        sides = [f"blink{side}" for side in self._blinks]
        if all(side in self._by_preset for side in sides):
            for side in self._blinks:
                out = out + shut[side] * self._by_preset[f"blink{side}"]
        elif "blink" in self._by_preset:
            out = out + sum(shut.values()) / 2 * self._by_preset["blink"]
        return out

    def _looked(self, out: np.ndarray, gaze_deg: tuple[float, float]) -> np.ndarray:
        across, up = gaze_deg[0] / self._reach[0], gaze_deg[1] / self._reach[1]
        for preset, share in (("lookLeft", across), ("lookRight", -across),
                              ("lookUp", up), ("lookDown", -up)):  # fmt: skip
            if share > 0 and preset in self._by_preset:
                out = out + min(share, 1.0) * self._by_preset[preset]
        return out

    def _matrix(self, drives: Drives) -> np.ndarray:
        out = np.zeros((len(ACTIONS), len(self._column)))
        for k, name in enumerate(ACTIONS):
            out[k] = self._row(drives.get(name, {}))
        return out

    def _row(self, shapes: Mapping[str, float]) -> np.ndarray:
        row = np.zeros(len(self._column))
        for shape, weight in shapes.items():
            if shape in self._column:
                row[self._column[shape]] = weight
        return row
