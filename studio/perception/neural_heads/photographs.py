"""Photographs of a head as its neural surface learns from them: cut to the head, every pixel told
head, free or not known."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from studio.human.heads.fit import View
from studio.human.heads.shown import OVAL
from studio.perception.neural_heads.space import HIGH_M, LOW_M
from studio.perception.portraits import Looked

SIDE_PX = 256
FREE, HEAD, BARE, UNKNOWN = 0, 1, 2, 255
"""What pixels are: nothing of the head, the head or its hair, the head where its skin is seen, or
not to be told."""
_CHIN, _TOP = 152, 10
_GAP = 0.03
_BELOW = 0.08
"""So far below the chin, by the face's height, clothes begin that are not the head's."""


@dataclass(frozen=True, eq=False)
class Photograph:
    """A photograph cut to the head: ``lens`` (focal length across and down, middle; pixels) and
    ``pose`` (from the head's frame into the camera's axes, metres) are as the fit has them."""

    rgb: UInt8[np.ndarray, "side side 3"]
    labels: UInt8[np.ndarray, "side side"]
    lens: Float[np.ndarray, "4"]
    pose: Float[np.ndarray, "3 4"]

    @property
    def head(self) -> Bool[np.ndarray, "side side"]:
        """Where the head is seen, with its hair."""
        return headed(self.labels)


def headed(labels: UInt8[np.ndarray, "*pixels"]) -> Bool[np.ndarray, "*pixels"]:
    """Which pixels are of the head, by their labels."""
    return (labels == HEAD) | (labels == BARE)


def cut(looked: Looked, view: View, side_px: int = SIDE_PX) -> Photograph:
    """The square of a photograph in which the head's box is seen."""
    corners = np.array([[x, y, z] for x in (-0.13, 0.13) for y in (-0.12, 0.14)
                        for z in (LOW_M[2] + 0.06, HIGH_M[2] - 0.03)])  # fmt: skip
    at = view.project(corners)
    low, high = at.min(0), at.max(0)
    scale = side_px / float((high - low).max())
    shift = (side_px - 1) / 2 - scale * (low + high) / 2
    matrix = np.column_stack([scale * np.eye(2), shift])
    size = (side_px, side_px)
    soft = cv2.GaussianBlur(looked.rgb, (0, 0), 0.4 / scale) if scale < 0.7 else looked.rgb
    rgb = cv2.warpAffine(soft, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    head = _filled(
        looked.bare | looked.hair | _face(looked), 0.03 * float(np.ptp(looked.xyz_px[:, 1]))
    )
    share = cv2.warpAffine(head.astype(np.float32), matrix, size)
    there = cv2.warpAffine(np.ones(head.shape, np.float32), matrix, size) > 0.99
    skin = cv2.warpAffine(looked.bare.astype(np.float32), matrix, size) > 0.9
    labels = np.where(share > 0.5, np.where(skin, BARE, HEAD), FREE).astype(np.uint8)
    marks = scale * looked.xyz_px[:, :2] + shift
    down = marks[_CHIN] - marks[_TOP]
    tall = float(np.linalg.norm(down))
    rows, columns = np.mgrid[:side_px, :side_px]
    along = ((np.stack([columns, rows], -1) - marks[_CHIN]) @ (down / tall)) / tall
    labels[(along > _BELOW) & (labels == FREE)] = UNKNOWN
    labels[~there] = UNKNOWN
    lens = np.array([scale * view.focal_px] * 2 + [*(scale * np.array(view.centre_px) + shift)])
    return Photograph(rgb, labels, lens, np.column_stack([view.rotation, view.translation_m]))


def _face(looked: Looked) -> np.ndarray:
    """What the face's edge goes around."""
    out = np.zeros(looked.rgb.shape[:2], np.uint8)
    cv2.fillPoly(out, [np.rint(looked.xyz_px[list(OVAL), :2]).astype(np.int32)], 1)
    return out > 0


def _filled(mask: np.ndarray, gap_px: float) -> np.ndarray:
    """A mask without holes and narrow gaps, as eyes, lips and the chin's shadow make them."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * int(gap_px) + 1,) * 2)
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, disc)
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    out = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(out, outlines, -1, 1, cv2.FILLED)
    return out > 0
