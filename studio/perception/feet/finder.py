"""Feet in pictures of any size, from picture to picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import UInt8
from torch import nn

from studio.core.card import find_card
from studio.human.feet import MARKS
from studio.perception.crops import smoothed
from studio.perception.feet.network import SIDE_PX, SIDES, STRIDE_PX, FeetNetwork, marks
from studio.perception.feet.pose import SeenFoot
from studio.perception.own import placed, quick_type, unpack
from studio.perception.trunk import fused

LIKELY, SURE, STILL_SURE = 0.35, 0.6, 0.4
"""How sure a foot must be to be looked at from near, how sure then, and one that was there a
picture before."""
_ROOM, _LEAST_PX = 1.7, 24
_SAME = 0.4
"""Feet whose middles are nearer than this share of their size are one."""
_AGAIN = 12
"""While less than two feet are followed, each so manieth picture is looked at whole."""
Square = tuple[float, float, float]
"""Middle, and half the side, in pixels."""


class FeetFinder:
    """Finds the left and the right foot of whoever is nearest. For one thread."""

    def __init__(self, network: nn.Module, device: str = "cpu") -> None:
        self._device, self._type = device, quick_type(device)
        self._network = placed(network, device, self._type)
        self._known: tuple[SeenFoot, ...] = ()
        self._since = 0

    @classmethod
    def load(cls, weights: Path | None = None, device: str = "cpu") -> FeetFinder:
        """From published weights: those of Doppel or of the user, or a file.

        Raises StudioError if there are none.
        """
        path = weights or find_card("feet").weights
        return cls(fused(unpack(FeetNetwork(), path)), device)

    def forget(self) -> None:
        """The next picture is of another film."""
        self._known, self._since = (), 0

    def find(self, rgb: UInt8[np.ndarray, "height width 3"]) -> tuple[SeenFoot, ...]:
        """The feet in the next picture: none, one, or a left and a right one."""
        found = self._near(rgb, self._known)
        self._since += 1
        if not found or (len(found) < len(SIDES) and self._since >= _AGAIN):
            self._since = 0
            height, width = rgb.shape[:2]
            likely = chosen(self._looked(rgb, whole(width, height)), found, LIKELY)
            found = chosen(self._looked(rgb, [around(one) for one in likely]), found)
        self._known = found
        return found

    def _near(self, rgb: np.ndarray, feet: Sequence[SeenFoot]) -> tuple[SeenFoot, ...]:
        """Feet that were there a picture before, looked at again from near."""
        return chosen(self._looked(rgb, [around(one) for one in feet]), feet)

    @torch.inference_mode()
    def _looked(self, rgb: np.ndarray, squares: Sequence[Square]) -> list[SeenFoot]:
        """Both feet as each square shows them, however unsurely."""
        if not squares:
            return []
        crops = np.stack([_cut(rgb, square) for square in squares])
        given = torch.from_numpy(crops).to(self._device).permute(0, 3, 1, 2)
        told = marks(self._network, (given.float() / 255).to(self._type))
        xy, deep, sure, _ = (value.double().cpu().numpy() for value in told)
        seen: list[SeenFoot] = []
        for k, (x, y, half) in enumerate(squares):
            scale = 2 * half / SIDE_PX
            at = ((xy[k] + 0.5) * STRIDE_PX - SIDE_PX / 2) * scale + (x, y)
            for first, side in enumerate(SIDES):
                part = slice(first * len(MARKS), (first + 1) * len(MARKS))
                seen.append(SeenFoot(side, at[part], deep[k, part], sure[k, part]))
        return seen


def whole(width: int, height: int) -> list[Square]:
    """The squares in which feet are sought: all of a picture, and both its ends."""
    long, short = max(width, height), min(width, height)
    middle = ((width - 1) / 2, (height - 1) / 2, long / 2)
    if long < 1.1 * short:
        return [middle]
    first, last = (short - 1) / 2, long - 1 - (short - 1) / 2
    ends = [(at, middle[1]) if width > height else (middle[0], at) for at in (first, last)]
    return [middle, *((x, y, short / 2) for x, y in ends)]


def around(foot: SeenFoot) -> Square:
    """The square in which a foot is looked at again."""
    low, high = foot.xy_px.min(0), foot.xy_px.max(0)
    x, y = (low + high) / 2
    half = max(float((high - low).max()) / 2, 0.25 * foot.long_px) * _ROOM
    return float(x), float(y), max(half, _LEAST_PX)


def chosen(
    seen: Sequence[SeenFoot], known: Sequence[SeenFoot], sure: float = SURE
) -> tuple[SeenFoot, ...]:  # fmt: skip
    """The surest foot of each side, those that are ``known`` before others; no two in one place.
    Others must be so ``sure``."""

    def stays(one: SeenFoot) -> bool:
        return any(
            one.side == other.side
            and np.linalg.norm(one.middle_px - other.middle_px) < other.long_px
            for other in known
        )

    enough = [(one, stays(one)) for one in seen]
    enough = [(one, old) for one, old in enough if one.score > (STILL_SURE if old else sure)]
    enough.sort(key=lambda each: -(each[0].score + 0.2 * each[1]))
    found: list[SeenFoot] = []
    for one, _ in enough:
        size = _SAME * one.long_px
        taken = (
            one.side == other.side or np.linalg.norm(one.middle_px - other.middle_px) < size
            for other in found
        )  # fmt: skip
        if not any(taken):
            found.append(one)
    return tuple(found)


def _cut(rgb: np.ndarray, square: Square) -> np.ndarray:
    x, y, half = square
    scale = SIDE_PX / (2 * half)
    shift = (SIDE_PX - 1) / 2 - scale * np.array([x, y])
    into = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    return cv2.warpAffine(smoothed(rgb, 1 / scale), into, (SIDE_PX, SIDE_PX),
                          borderMode=cv2.BORDER_REFLECT)  # fmt: skip
