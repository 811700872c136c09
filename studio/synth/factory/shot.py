"""What the factory gives: a finished picture, and all that is true of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

from studio.core.types import Camera, CameraRig, Floats
from studio.synth.factory.recipe import Framing


@dataclass(frozen=True, eq=False)
class Points:
    """The points of a layout on one person, in its order.

    ``xy_px`` are pixels of the picture as the lens bends it, also outside it; NaN behind the
    camera. ``visible`` is False outside the picture and where the depth map shows that something
    (another limb, a thing, another person) is before the point.
    """

    layout: str
    xyz_m: Float32[Floats, "points 3"]
    xy_px: Float32[Floats, "points 2"]
    visible: Bool[Floats, " points"]


@dataclass(frozen=True, eq=False)
class PersonTruth:
    """One person of a picture. Instance ``number`` (1, 2 ...) of its map.

    ``points`` has the points of every layout that the recipe names. ``boxes_px`` are left, top,
    right, bottom of ``body``, ``face``, ``left_hand``, ``right_hand``, ``left_foot`` and
    ``right_foot`` (of the whole part, wherever it is hidden or cut), or NaN behind the camera.
    ``bones_world`` are bone-to-world matrices of the ``anny`` rig and ``actions`` its 52 facial
    actions; ``looks`` tells in words what they wear and hold.
    """

    number: int
    identity: int
    motion: str
    points: Mapping[str, Points]
    boxes_px: Mapping[str, Float[Floats, " 4"]]
    phenotype: Mapping[str, float]
    bones_world: Float32[Floats, "bones 4 4"]
    actions: Mapping[str, float]
    looks: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Shot:
    """A finished picture with its truth; all maps have its size. Maps not asked for are None.

    ``camera`` is the calibrated camera with its lens, ``rig`` all cameras of the moment; ``place``
    says in words where it is. The maps
    are taken at pixel centres: ``parts`` are the classes of :mod:`studio.core.parts`;
    ``instances`` are 0 where nobody is, else the person's number; ``depth_m`` runs along the
    optical axis and is infinite where nothing is near; ``normal`` and ``xyz_m`` are in the world,
    ``uv`` in the skin's atlas (NaN elsewhere). ``item`` is a picture of the worn item alone, with
    its coverage; ``item_depth_m`` its depth; ``occlusion`` (255 is hidden) says where something
    is before it.
    """

    number: int
    moment: int
    framing: Framing
    place: str
    rgb: UInt8[Floats, "height width 3"]
    camera: Camera
    rig: CameraRig
    people: tuple[PersonTruth, ...]
    parts: UInt8[Floats, "height width"] | None = None
    instances: UInt8[Floats, "height width"] | None = None
    depth_m: Float32[Floats, "height width"] | None = None
    normal: Float32[Floats, "height width 3"] | None = None
    xyz_m: Float32[Floats, "height width 3"] | None = None
    uv: Float32[Floats, "height width 2"] | None = None
    item: UInt8[Floats, "height width 4"] | None = None
    item_depth_m: Float32[Floats, "height width"] | None = None
    occlusion: UInt8[Floats, "height width"] | None = None

    def maps(self) -> dict[str, np.ndarray]:
        """The maps that there are, by name."""
        names = ("parts", "instances", "depth_m", "normal", "xyz_m", "uv", "item",
                 "item_depth_m", "occlusion")  # fmt: skip
        found = {name: getattr(self, name) for name in names}
        return {name: value for name, value in found.items() if value is not None}
