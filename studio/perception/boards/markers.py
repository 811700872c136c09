"""Square markers of OpenCV's dictionaries: where they are in a picture, what they look like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from studio.core.errors import StudioError
from studio.vision.gaps import runs

DICTIONARIES: tuple[str, ...] = (
    *(f"DICT_{n}X{n}_{count}" for n in (4, 5, 6, 7) for count in (50, 100, 250, 1000)),
    "DICT_ARUCO_ORIGINAL", "DICT_ARUCO_MIP_36H12",
    "DICT_APRILTAG_16H5", "DICT_APRILTAG_25H9", "DICT_APRILTAG_36H10", "DICT_APRILTAG_36H11",
)  # fmt: skip


_MOST_WRONG_CELLS = 2


@dataclass(frozen=True, eq=False)
class Seen:
    """Markers in a picture: corners clockwise from each one's own top left, and ids."""

    corners: Float[np.ndarray, "markers 4 2"]
    ids: Int[np.ndarray, " markers"]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def none(cls) -> Seen:
        return cls(np.zeros((0, 4, 2), np.float32), np.zeros(0, np.int64))


@cache
def dictionary(name: str) -> Any:
    """OpenCV's dictionary. Raises StudioError for a name it does not know."""
    if name not in DICTIONARIES:
        raise StudioError(
            f"“{name}” is not a dictionary of markers Doppel knows.",
            f"There are {', '.join(DICTIONARIES)}.",
        )
    return cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, name))


@cache
def marker_bits(name: str, id: int) -> Int[np.ndarray, "bits bits"]:
    """What a marker carries inside its border: 1 light, 0 dark."""
    held = dictionary(name)
    return cv2.aruco.Dictionary.getBitsFromByteList(held.bytesList[id : id + 1], held.markerSize)


@dataclass(frozen=True)
class MarkerFinder:
    """Looks for certain markers of a dictionary, and for their mirror images.

    Knowing which ids there can be, it forgives as many wrong cells as still leave no doubt among
    those, which is more than the whole dictionary allows.
    """

    name: str
    ids: tuple[int, ...]
    border_bits: int = 1
    mirrored_too: bool = False

    def __call__(self, gray: UInt8[np.ndarray, "height width"]) -> tuple[Seen, Seen]:
        """The markers, and those seen as in a mirror.

        A marker that is seen twice is left out: nobody can say which of the two is meant.
        """
        corners, index, _ = self._detector.detectMarkers(gray)
        if index is None or not len(index):
            return Seen.none(), Seen.none()
        index, corners = index.ravel(), np.concatenate(corners)
        found, counts = np.unique(index, return_counts=True)
        once = np.isin(index, found[counts == 1])
        index, corners = index[once], corners[once]
        back = index >= len(self.ids)
        ids = np.asarray(self.ids)[index % len(self.ids)]
        return Seen(corners[~back], ids[~back]), Seen(corners[back][:, [1, 0, 3, 2]], ids[back])

    @cached_property
    def _detector(self) -> Any:
        bits = [marker_bits(self.name, id) for id in self.ids]
        if self.mirrored_too:
            bits += [np.ascontiguousarray(one[:, ::-1]) for one in bits]
        own = cv2.aruco.Dictionary(
            np.concatenate([cv2.aruco.Dictionary.getByteListFromBits(one) for one in bits]),
            len(bits[0]), min(_least_distance(bits) // 2, _MOST_WRONG_CELLS),
        )  # fmt: skip
        wanted = cv2.aruco.DetectorParameters()
        wanted.markerBorderBits = self.border_bits
        wanted.minMarkerPerimeterRate = 0.015
        wanted.errorCorrectionRate = 1.0
        return cv2.aruco.ArucoDetector(own, wanted)


def _least_distance(bits: Sequence[np.ndarray]) -> int:
    """In how many cells two of the markers differ at least, in any quarter turn."""
    turned = np.stack([[np.rot90(one, k).ravel() for k in range(4)] for one in bits])
    upright = turned[:, 0].astype(np.int16)
    apart = np.abs(turned[:, :, None].astype(np.int16) - upright).sum(-1)
    apart[np.arange(len(bits)), :, np.arange(len(bits))] = apart.max(initial=0)
    return max(int(apart.min()) - 1, 0)


def refined(
    gray: UInt8[np.ndarray, "height width"],
    corners: Float[np.ndarray, "markers 4 2"],
    share: float = 0.08,
) -> Float[np.ndarray, "markers 4 2"]:
    """The markers' corners, sub-pixel, looked for within a share of the smallest side."""
    side = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=-1).min()
    window = int(np.clip(share * side, 2, 11))
    until = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 40, 1e-3)
    fine = cv2.cornerSubPix(
        gray, corners.reshape(-1, 1, 2).astype(np.float32), (window, window), (-1, -1), until
    )
    return fine.reshape(-1, 4, 2).astype(np.float64)


def plane_misfit(
    plane: Float[np.ndarray, "points 2"], xy_px: Float[np.ndarray, "points 2"]
) -> float:
    """How far points lie from one plane through all of them, mean pixels."""
    found: Any = cv2.findHomography(plane, xy_px.astype(np.float64), 0)[0]
    if found is None:
        return float("inf")
    moved = cv2.perspectiveTransform(plane[:, None].astype(np.float64), found)[:, 0]
    return float(np.linalg.norm(moved - xy_px, axis=-1).mean())


@cache
def marker_cells(name: str, id: int, border_bits: int = 1) -> Float[np.ndarray, "cells 4"]:
    """The dark cells of a marker whose side is 1: x, y, width, height, runs of a row joined."""
    bits = dictionary(name).markerSize + 2 * border_bits
    picture = cv2.aruco.generateImageMarker(dictionary(name), id, bits, borderBits=border_bits)
    cells: list[tuple[float, float, float, float]] = []
    for y, row in enumerate(picture == 0):
        cells += [(start, y, end - start, 1) for start, end in runs(row)]
    return np.array(cells, np.float64) / bits
