"""A thing is taken in the picture and put elsewhere: what a hand's way there means in metres.

A placing is a matrix that takes the model's own coordinates into its anchor point's frame: turned,
equally scaled, moved. Handles lie at the model's middle: arrows along the anchor's axes that move
it, rings about them that turn it; beside them it is moved across the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from studio.core.types import Camera

Tool = Literal["move", "turn", "size"]
Handle = Literal["x", "y", "z", "free"]
AXES: tuple[Handle, ...] = ("x", "y", "z")
ARM_PX = 64.0
"""How long arrows are, and how wide rings, where nothing is foreshortened."""
NEAR_PX = 10.0
RING_POINTS = 48
_END_ON = 0.2
_DOUBLE_PX = 110.0
"""So far a hand goes up until a thing is e times as large."""

Placing = Float[np.ndarray, "4 4"]


@dataclass(frozen=True, eq=False)
class Grip:
    """The handles of a model in a picture. ``frame`` is its anchor point's (to the world, axes of
    any one length), ``middle`` the middle of the model in its own coordinates; ``fine`` says how
    many of the picture's pixels are one on the screen."""

    camera: Camera
    frame: Float[np.ndarray, "4 4"]
    middle: Float[np.ndarray, "3"]
    fine: float = 1.0

    # -- where the handles are

    def at_px(self, placing: Placing) -> Float[np.ndarray, "2"]:
        """Where the middle of the model is seen."""
        return self._seen(self._pivot(placing)[None])[0]

    def arrow_px(self, placing: Placing, axis: Handle) -> Float[np.ndarray, "2"]:
        """The tip of an axis' arrow."""
        return self.at_px(placing) + self.fine * ARM_PX * self._way(placing, AXES.index(axis))

    def usable(self, placing: Placing, axis: Handle) -> bool:
        """Whether an arrow is seen from the side: one that points at the viewer cannot be held."""
        return float(np.linalg.norm(self._way(placing, AXES.index(axis)))) > _END_ON

    def ring_px(self, placing: Placing, axis: Handle) -> Float[np.ndarray, "points 2"]:
        """A closed ring about an axis."""
        k = AXES.index(axis)
        angle = np.linspace(0, 2 * np.pi, RING_POINTS + 1)
        one, other = self._axes()[:, (k + 1) % 3], self._axes()[:, (k + 2) % 3]
        reach = self.fine * ARM_PX / self._px_per_m(placing)
        round_ = np.cos(angle)[:, None] * one + np.sin(angle)[:, None] * other
        return self._seen(self._pivot(placing) + reach * round_)

    def taken(self, placing: Placing, tool: Tool, at_px: tuple[float, float]) -> Handle:
        """Which handle is under the hand."""
        hand = np.array(at_px)
        best: tuple[float, Handle] = (self.fine * NEAR_PX, "free")
        for axis in AXES:
            if tool == "move" and self.usable(placing, axis):
                start, tip = self.at_px(placing), self.arrow_px(placing, axis)
                away = _from_line(hand, start + 0.25 * (tip - start), tip)
            elif tool == "turn":
                away = float(np.linalg.norm(self.ring_px(placing, axis) - hand, axis=1).min())
            else:
                continue
            if away < best[0]:
                best = (away, axis)
        return best[1]

    # -- what a hand's way means

    def led(
        self, placing: Placing, tool: Tool, handle: Handle, start_px: tuple[float, float],
        end_px: tuple[float, float],
    ) -> Placing:  # fmt: skip
        """The placing after a handle was led from one pixel to another."""
        start, end = np.array(start_px), np.array(end_px)
        if tool == "size":
            return self.sized(
                placing, float(np.exp((start[1] - end[1]) / (self.fine * _DOUBLE_PX)))
            )
        if tool == "turn":
            return self._turned(placing, handle, start, end)
        if handle == "free":
            across, down = (end - start) / self._px_per_m(placing)
            shift = across * self.camera.rotation[0] + down * self.camera.rotation[1]
            return moved(placing, np.linalg.solve(self.frame[:3, :3], shift))
        k = AXES.index(handle)
        way = self._way(placing, k) * self._px_per_m(placing)
        metres = float((end - start) @ way) / max(float(way @ way), 1e-9)
        shift = np.zeros(3)
        shift[k] = metres / self._unit()
        return moved(placing, shift)

    def sized(self, placing: Placing, factor: float) -> Placing:
        """The thing so many times as large, about its middle."""
        return self._about(placing, factor * np.eye(3))

    def turned(self, placing: Placing, axis: Handle, degrees: float) -> Placing:
        """The thing turned about one of its anchor's axes, through its middle."""
        way = np.zeros(3)
        way[AXES.index(axis)] = 1.0
        return self._about(placing, about(way, np.radians(degrees)))

    def _turned(
        self, placing: Placing, handle: Handle, start: np.ndarray, end: np.ndarray
    ) -> Placing:
        centre = self.at_px(placing)
        one, other = start - centre, end - centre
        if min(np.linalg.norm(one), np.linalg.norm(other)) < 1:
            return placing
        angle = float(np.arctan2(one[0] * other[1] - one[1] * other[0], one @ other))
        towards = self._ray(placing)
        if handle == "free":
            way = np.linalg.solve(self.frame[:3, :3], towards)
            return self._about(placing, about(way / np.linalg.norm(way), angle))
        k = AXES.index(handle)
        faces_away = float(self._axes()[:, k] @ towards)
        way = np.zeros(3)
        way[k] = 1.0
        return self._about(placing, about(way, angle if faces_away > 0 else -angle))

    # -- inside

    def _about(self, placing: Placing, change: np.ndarray) -> Placing:
        """A change of the model about its middle, which stays where it is."""
        out = placing.copy()
        out[:3, :3] = change @ placing[:3, :3]
        middle = placing[:3, :3] @ self.middle + placing[:3, 3]
        out[:3, 3] = middle - out[:3, :3] @ self.middle
        return out

    def _pivot(self, placing: Placing) -> np.ndarray:
        own = placing[:3, :3] @ self.middle + placing[:3, 3]
        return self.frame[:3, :3] @ own + self.frame[:3, 3]

    def _axes(self) -> np.ndarray:
        return self.frame[:3, :3] / self._unit()

    def _unit(self) -> float:
        return float(np.linalg.norm(self.frame[:3, 0]))

    def _ray(self, placing: Placing) -> np.ndarray:
        """From the camera to the model's middle, a unit vector in the world."""
        ray = self._pivot(placing) - self.camera.centre_m
        return ray / np.linalg.norm(ray)

    def _depth(self, placing: Placing) -> float:
        at = self.camera.rotation @ self._pivot(placing) + self.camera.translation_m
        return max(float(at[2]), 1e-3)

    def _px_per_m(self, placing: Placing) -> float:
        return float(self.camera.matrix[0, 0]) / self._depth(placing)

    def _way(self, placing: Placing, k: int) -> np.ndarray:
        """How an axis is seen (2,): as long as the share of it that lies across the picture."""
        reach = 0.01
        ends = self._pivot(placing) + np.outer([-0.5, 0.5], reach * self._axes()[:, k])
        seen = self._seen(ends)
        return (seen[1] - seen[0]) / (reach * self._px_per_m(placing))

    def _seen(self, points_m: np.ndarray) -> np.ndarray:
        at = points_m @ self.camera.rotation.T + self.camera.translation_m
        seen = at @ self.camera.matrix.T
        return seen[:, :2] / np.maximum(seen[:, 2:], 1e-6)


def moved(placing: Placing, shift: Float[np.ndarray, "3"]) -> Placing:
    """A placing that lies so much further on its anchor's axes (in the frame's own lengths)."""
    out = placing.copy()
    out[:3, 3] += shift
    return out


def about(way: Float[np.ndarray, "3"], angle: float) -> Float[np.ndarray, "3 3"]:
    """A turn by ``angle`` (radians) about a unit vector (Rodrigues)."""
    x, y, z = way
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def scale_of(placing: Placing) -> float:
    """How much larger a placing makes a thing."""
    return float(np.cbrt(abs(np.linalg.det(placing[:3, :3]))))


def _from_line(at: np.ndarray, one: np.ndarray, other: np.ndarray) -> float:
    along = other - one
    share = float(np.clip((at - one) @ along / max(float(along @ along), 1e-9), 0, 1))
    return float(np.linalg.norm(at - one - share * along))
