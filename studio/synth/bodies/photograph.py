"""A photograph of somebody made up, and what is true of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.core.types import Camera
from studio.human.bodies.fitted import BodyView
from studio.perception.bodies.template import SKIN
from studio.synth.bodies.people import Subject


@dataclass(frozen=True, eq=False)
class Photograph:
    """Somebody's picture, their mask, the camera (no distortion), who they are, and what carries
    their bones before the camera (bones, 4, 4)."""

    rgb: np.ndarray
    mask: np.ndarray
    camera: Camera
    subject: Subject
    carried: np.ndarray

    @property
    def height_m(self) -> float:
        """How tall they are."""
        return float(np.ptp(self.subject.figure.vertices_m[:SKIN, 2]))

    def scaled(
        self, scale: float, lens: float
    ) -> tuple[Float[np.ndarray, "bones 3"], Float[np.ndarray, "bones 4 4"]]:
        """Where their bones begin at rest, and what carries them before the camera, for whoever
        takes them for so many times as large, and the lens for so many times as long."""
        heads, carried = scale * self.subject.figure.heads_m, self.carried.copy()
        carried[:, :3, 3] *= scale
        carried[:, 2, 3] += (lens - 1) * begin_m(heads, carried)[0, 2]
        return heads, carried


def begin_m(
    heads_m: Float[np.ndarray, "bones 3"], carried: Float[np.ndarray, "bones 4 4"]
) -> Float[np.ndarray, "bones 3"]:
    """Where bones begin before a camera."""
    return np.einsum("bij,bj->bi", carried[:, :3, :3], heads_m) + carried[:, :3, 3]


def lens_of(taken: Photograph, view: BodyView) -> float:
    """For how many times as long as it is a fit takes a photograph's lens."""
    return float(view.camera.matrix[0, 0] / taken.camera.matrix[0, 0])
