"""The outline of a posed person in a picture, and where a photograph's outline has it instead."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int, UInt8
from scipy.spatial import KDTree

from studio.core.types import Camera
from studio.vision.camera import in_camera
from studio.vision.triangles import Triangles

TALL_PX = 400
"""Silhouettes are compared in pictures in which people are about so high."""
_ALONG_PX, _SAME_WAY = 3.0, 0.5


@dataclass(frozen=True, eq=False)
class Edge:
    """An outline as places (pixels of the photograph) and their normals, outwards."""

    xy_px: Float[np.ndarray, "places 2"]
    normals: Float[np.ndarray, "places 2"]


@dataclass(frozen=True, eq=False)
class Window:
    """The part of a photograph that the person fills, at ``scale`` of its pixels."""

    left: int
    top: int
    width: int
    height: int
    scale: float

    @classmethod
    def of(cls, mask: UInt8[np.ndarray, "height width"], room: float = 0.12) -> Window:
        """The window about a person's mask."""
        rows, columns = np.flatnonzero((mask > 127).any(1)), np.flatnonzero((mask > 127).any(0))
        tall = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
        edge = int(room * tall) + 2
        scale = min(1.0, TALL_PX / tall)
        width = int(scale * (columns[-1] - columns[0] + 1 + 2 * edge))
        height = int(scale * (rows[-1] - rows[0] + 1 + 2 * edge))
        return cls(int(columns[0]) - edge, int(rows[0]) - edge, width, height, scale)

    def cut(self, mask: UInt8[np.ndarray, "height width"]) -> Bool[np.ndarray, "rows columns"]:
        """A mask in the window; nothing lies beyond the picture."""
        return (
            cv2.warpAffine(
                cv2.blur(mask, (3, 3)) if self.scale < 0.5 else mask, self.matrix,
                (self.width, self.height), flags=cv2.INTER_LINEAR,
            )
            > 127
        )  # fmt: skip

    @property
    def matrix(self) -> Float[np.ndarray, "2 3"]:
        """From the photograph's pixels to the window's."""
        shift = self.scale * (0.5 - np.array([self.left, self.top])) - 0.5
        return np.column_stack([self.scale * np.eye(2), shift])

    def back(self, xy: np.ndarray) -> np.ndarray:
        """The window's pixels in the photograph's."""
        return (xy - self.matrix[:, 2]) / self.scale

    def rays(self, camera: Camera) -> Float[np.ndarray, "rows columns 6"]:
        """A ray through each pixel: where it begins and its way, in the camera's axes."""
        columns, rows = np.meshgrid(np.arange(self.width), np.arange(self.height))
        at = self.back(np.stack([columns, rows], -1).astype(float))
        way = np.ones((self.height, self.width, 3))
        way[..., :2] = (at - camera.matrix[:2, 2]) / camera.matrix[[0, 1], [0, 1]]
        return np.concatenate([np.zeros_like(way), way], -1)


def hits(
    window: Window,
    camera: Camera,
    vertices_m: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
) -> tuple[Float[np.ndarray, "rows columns"], Int[np.ndarray, "rows columns"]]:
    """How far ahead the mesh is in each pixel of a window (inf: nothing), and which face it is."""
    found = Triangles.of(in_camera(camera, vertices_m), faces).hits(window.rays(camera))
    return found.far, found.faces


def overlap(a: Bool[np.ndarray, "rows columns"], b: Bool[np.ndarray, "rows columns"]) -> float:
    """Intersection over union."""
    return float((a & b).sum() / max((a | b).sum(), 1))


def edge_of(mask: Bool[np.ndarray, "rows columns"], window: Window) -> Edge:
    """The outline of a mask of the window, holes and all, about every pixel and a half."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2.0)
    rings = [ring[:, 0] for ring in found if len(ring) >= 12]
    if not rings:
        return Edge(np.zeros((0, 2)), np.zeros((0, 2)))
    xy = np.concatenate(rings).astype(int)
    across = np.stack([cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)], -1)
    way = -across[xy[:, 1], xy[:, 0]].astype(float)
    way /= np.fmax(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    on_edge = (xy > 1).all(1) & (xy < np.array(mask.shape[::-1]) - 2).all(1)
    # The ring runs through the outermost pixels' centres: the edge is half a pixel further out.
    return Edge(window.back(xy + 0.5 * way)[on_edge], way[on_edge])


def matched(
    wanted: Edge, own: Edge, reach_px: float
) -> tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]]:
    """Pairs of places of the wanted outline and of our own that face the same way and are nearest
    to each other, from either side."""
    if not len(wanted.xy_px) or not len(own.xy_px):
        return np.zeros(0, int), np.zeros(0, int)
    turn = 0.5 * reach_px
    a = np.column_stack([wanted.xy_px, turn * wanted.normals])
    b = np.column_stack([own.xy_px, turn * own.normals])
    away, to = KDTree(a).query(b)
    back_away, back = KDTree(b).query(a)
    pairs = np.concatenate(
        [np.column_stack([to, np.arange(len(b))]), np.column_stack([np.arange(len(a)), back])]
    )
    far = np.concatenate([away, back_away])
    same = (wanted.normals[pairs[:, 0]] * own.normals[pairs[:, 1]]).sum(1) > _SAME_WAY
    kept = pairs[(far < reach_px) & same]
    return kept[:, 0], kept[:, 1]
