"""What a detector is: one picture in, the people in it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.types import Keypoints, Layout

LENS = 0.9
"""The focal length that pictures of unknown cameras are taken to have, by their longer side."""


@dataclass(frozen=True, eq=False)
class InSpace:
    """Somebody in one metric frame, as a single picture tells it: metres in the axes of the camera
    (right, down, ahead), whose picture is ``size_px`` large and whose lens is :data:`LENS`.

    Points that were not found are NaN with zero confidence.
    """

    layout: Layout
    xyz_m: Float[np.ndarray, "points 3"]
    confidence: Float[np.ndarray, " points"]
    size_px: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Person2D:
    """One person in one picture. Points that were not found are NaN with zero confidence.

    ``track`` stays the same while the detector follows the person from picture to picture.
    ``space`` is the same person in 3D, where the detector's network tells it; its points may be
    others than those in 2D. ``looks`` are the colours of patches of the body
    (:mod:`studio.perception.looks`), NaN where unknown; detectors leave that to whoever reads the
    pictures.
    """

    layout: Layout
    xy_px: Float[np.ndarray, "points 2"]
    confidence: Float[np.ndarray, " points"]
    track: int = 0
    space: InSpace | None = None
    looks: Float[np.ndarray, "patches 3"] | None = None

    def part_confidence(self, part: str) -> float:
        """Mean confidence of a part (``body``, ``left_hand``, ``face`` ...) of the layout."""
        return float(self.confidence[list(self.layout.parts[part])].mean())

    def keypoints(self, camera: str, time_s: float) -> Keypoints:
        """The same, as it is shown and passed on."""
        return Keypoints(camera, time_s, self.layout, self.xy_px, self.confidence, self.track)


class Detector(Protocol):
    """Finds people in pictures. Used by one thread at a time; close it when done.

    ``identity`` names everything the result depends on besides the pictures: the same identity
    and the same pictures give the same points.
    """

    @property
    def layout(self) -> Layout: ...

    @property
    def identity(self) -> str: ...

    def detect(
        self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float = 0.0
    ) -> tuple[Person2D, ...]:
        """The people in a picture, the most prominent first. Pictures come in time order."""
        ...

    def follow(self, people: Sequence[Person2D]) -> None:
        """Take up tracking from these people, as if they had just been detected."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class InTwo(Protocol):
    """A detector that knows where bodies are before it has looked at hands and faces.

    What is found of bodies alone is told by one such detector, hands and faces by another: they
    may work at once, on pictures of different moments.
    """

    @property
    def in_two(self) -> bool:
        """Whether it has anything to look for after the bodies."""
        ...

    def bodies(
        self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float = 0.0
    ) -> tuple[Person2D, ...]:
        """The people of a picture, without hands and faces."""
        ...

    def parts(
        self, rgb: UInt8[np.ndarray, "height width 3"], people: Sequence[Person2D]
    ) -> tuple[Person2D, ...]:
        """The people whose bodies were found in this picture, with hands and faces; of nobody, the
        hands and the face that fill the picture."""
        ...
