"""The average person's face seen from the front: outlines of its features as pictures."""

from __future__ import annotations

import cv2
import numpy as np

from studio.human.names import face_vertices
from studio.synth.figure import make_figure

LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
LIPS_INNER = (
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191,
)  # fmt: skip
BROWS = (
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
)
EYES = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
)
"""Face-mesh points from the outer corner over the upper lid and back along the lower one."""
PX_M = 0.00025
LEFT_M, TOP_M = -0.1, 0.82


def points(mesh: tuple[int, ...]) -> np.ndarray:
    """Face-mesh points on the average person (n, 3), metres."""
    template = make_figure().template_m
    return np.array([template[list(face_vertices(f"mesh_{k}"))].mean(axis=0) for k in mesh])


def outline(mesh: tuple[int, ...]) -> np.ndarray:
    """Face-mesh points in the front picture's pixels (n, 2)."""
    p = points(mesh)
    return np.stack([(p[:, 0] - LEFT_M) / PX_M, (TOP_M - p[:, 2]) / PX_M], axis=-1)


def place(p: np.ndarray) -> np.ndarray:
    """Rows and columns of the front picture at which points are seen (2, ...)."""
    return np.stack([(TOP_M - p[..., 2]) / PX_M, (p[..., 0] - LEFT_M) / PX_M])


def canvas() -> np.ndarray:
    """An empty front picture."""
    return np.zeros((1040, 800), np.float32)


def filled(outlines: list[np.ndarray], blur_px: float, grow_px: int = 0) -> np.ndarray:
    """Filled outlines, grown or shrunk, with soft edges, 0 to 1."""
    mask = canvas()
    for line in outlines:
        cv2.fillPoly(mask, [np.rint(line).astype(np.int32)], 1.0)
    if grow_px:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(grow_px) + 1,) * 2)
        mask = cv2.dilate(mask, kernel) if grow_px > 0 else cv2.erode(mask, kernel)
    return cv2.GaussianBlur(mask, (0, 0), blur_px)
