"""What is known of a person in photographs before a body is fitted, and after."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, UInt8
from scipy.spatial.transform import Rotation

from studio.core.types import Camera, Keypoints
from studio.human.design import Design
from studio.human.person import PosedPerson, Rest, whole


@dataclass(frozen=True, eq=False)
class BodyPhoto:
    """What one photograph shows of a person.

    ``mask`` is 255 on the person, 0 elsewhere, in between where a pixel holds both; ``keypoints``
    are of the layout ``whole_body`` (pixels). ``space_m`` are the first 33 of them in 3D as a
    network guesses (metres, axes of the camera, any origin), ``face_px`` the face's 478 with depth
    (pixels), None where it is not seen. ``camera`` is known where somebody calibrated it, its world
    with Z up; ``focal_px`` is what the file tells of the lens. ``corrected`` names the points that
    somebody put right by hand. ``warnings`` say what is wrong.
    """

    name: str
    rgb: UInt8[np.ndarray, "height width 3"]
    mask: UInt8[np.ndarray, "height width"]
    keypoints: Keypoints
    space_m: Float[np.ndarray, "33 3"] | None = None
    face_px: Float[np.ndarray, "478 3"] | None = None
    camera: Camera | None = None
    focal_px: float | None = None
    corrected: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.rgb.shape[1], self.rgb.shape[0]


@dataclass(frozen=True, eq=False)
class BodyView:
    """A person in one photograph, as fitted: in the world with Z up, the floor at z = 0.

    ``turns_rad`` are the bones' own turns as rotation vectors and ``root_m`` where the root is
    (:mod:`studio.human.person`), ``actions`` the face's 52 actions. ``silhouette_iou`` compares the
    clothed body with the mask, ``bare_iou`` the body without its offsets; ``reprojection_px`` is
    the mean distance of the points of body and feet that are surely seen.
    """

    photo: BodyPhoto
    camera: Camera
    root_m: Float[np.ndarray, " 3"]
    turns_rad: Float[np.ndarray, "bones 3"]
    actions: Float[np.ndarray, " actions"]
    silhouette_iou: float
    bare_iou: float
    reprojection_px: float

    @torch.no_grad()
    def posed(self, rest: Rest) -> PosedPerson:
        """The person of a design at rest (:meth:`BodyFit.rest`) in this photograph's pose."""
        turns = Rotation.from_rotvec(self.turns_rad).as_matrix()
        return whole().pose(
            rest,
            torch.from_numpy(turns[None]).float(),
            torch.from_numpy(self.root_m[None]).float(),
            torch.from_numpy(self.actions[None]).float() if len(rest.actions_m) else None,
        )


@dataclass(frozen=True, eq=False)
class BodyFit:
    """A person fitted to photographs: one design, and a pose and a camera for each of them.

    ``offsets_m`` is how far the clothed surface lies outside the skin, along its normals, at every
    vertex of the person; ``height_m`` the person's height, ``height_told`` whether somebody told
    it. ``notes`` say what is doubtful, in words.
    """

    design: Design
    views: tuple[BodyView, ...]
    offsets_m: Float[np.ndarray, " vertices"]
    height_m: float
    height_told: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def main(self) -> BodyView:
        """The first photograph's view."""
        return self.views[0]

    @property
    def camera(self) -> Camera:
        """The first photograph's camera."""
        return self.main.camera

    @property
    def root_m(self) -> Float[np.ndarray, " 3"]:
        """Where the root is in the first photograph."""
        return self.main.root_m

    @property
    def turns_rad(self) -> Float[np.ndarray, "bones 3"]:
        """The bones' own turns in the first photograph."""
        return self.main.turns_rad

    @property
    def mask(self) -> UInt8[np.ndarray, "height width"]:
        """The person's mask in the first photograph."""
        return self.main.photo.mask

    @property
    def rgb(self) -> UInt8[np.ndarray, "height width 3"]:
        """The first photograph."""
        return self.main.photo.rgb

    @property
    def keypoints(self) -> Keypoints:
        """The points of the first photograph."""
        return self.main.photo.keypoints

    @property
    def silhouette_iou(self) -> float:
        """How well the clothed body covers the masks: the mean over the photographs."""
        return float(np.mean([view.silhouette_iou for view in self.views]))

    @property
    def reprojection_px(self) -> float:
        """The mean over the photographs."""
        return float(np.mean([view.reprojection_px for view in self.views]))
