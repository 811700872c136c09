"""A photograph as it is asked what covers a head, at places of the head."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from studio.human.heads.fit import View
from studio.vision.sampling import sampled


@dataclass(frozen=True, eq=False)
class Shot:
    """A photograph of a head: its view, the skin as it is there (metres, in the head's frame), its
    pixels, where it shows what covers the head, and where bare skin."""

    view: View
    skin_m: Float[np.ndarray, "vertices 3"]
    rgb: UInt8[np.ndarray, "height width 3"]
    hair: Bool[np.ndarray, "height width"]
    bare: Bool[np.ndarray, "height width"]

    @cached_property
    def tall(self) -> float:
        """How high or wide what covers the head is (pixels)."""
        rows, columns = np.nonzero(self.hair)
        return float(max(np.ptp(rows), np.ptp(columns), 1)) if len(rows) else 1.0

    @cached_property
    def _soft(self) -> tuple[np.ndarray, np.ndarray]:
        wide = max(0.004 * self.tall, 0.6)
        soft = [cv2.GaussianBlur(mask.astype(np.float32), (0, 0), wide)
                for mask in (self.hair, self.hair | self.bare)]  # fmt: skip
        return soft[0], soft[1]

    def shown(self, xyz_m: np.ndarray) -> np.ndarray:
        """How much of hair is shown at places of the head."""
        return self._at(self._soft[0], xyz_m)

    def told(self, xyz_m: np.ndarray) -> np.ndarray:
        """How surely it is told there whether there is hair."""
        return self._at(self._soft[1], xyz_m)

    def _at(self, soft: np.ndarray, xyz_m: np.ndarray) -> np.ndarray:
        found = sampled(soft, self.view.project(xyz_m.reshape(-1, 3)))
        return found.reshape(xyz_m.shape[:-1])
