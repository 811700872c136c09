"""From the planes that the geometry shader fills to the truth about every pixel."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from studio.core.types import Camera
from studio.render.scene import Drawable, Rendered


@dataclass(frozen=True, eq=False)
class Planes:
    """What the geometry pass left at each pixel (height, width, channels).

    ``place`` is x, y, z in the world and u; ``facing`` the normal and v; ``which`` the drawable's
    place in the scene plus one (0 where nothing is) and the face.
    """

    place: np.ndarray
    facing: np.ndarray
    which: np.ndarray

    @property
    def hit(self) -> np.ndarray:
        """Where something is."""
        return self.which[..., 0] > 0

    def depth_m(self, camera: Camera) -> np.ndarray:
        """Depth along the optical axis, infinite where nothing is."""
        depth = self.place[..., :3] @ camera.rotation[2].astype(np.float32)
        return np.where(self.hit, depth + np.float32(camera.translation_m[2]), np.float32(np.inf))


def resolve(
    seen: Rendered, planes: Planes, scene: tuple[Drawable, ...], camera: Camera
) -> Rendered:
    """The picture with the truth of every pixel."""
    hit = planes.hit
    known = hit[..., None]
    drawn = planes.which[..., 0] - 1
    faces = np.where(hit, planes.which[..., 1], -1)
    ids = np.array([*(drawable.number for drawable in scene), 0], np.int32)
    instances = np.array([*(drawable.instance for drawable in scene), 0], np.int32)
    return replace(
        seen,
        depth_m=planes.depth_m(camera),
        xyz_m=np.where(known, planes.place[..., :3], np.float32(np.nan)),
        normal=np.where(known, planes.facing[..., :3], np.float32(0)),
        ids=ids[drawn],
        parts=_parts(scene, drawn, faces),
        instances=instances[drawn],
        uv=np.where(
            known,
            np.stack([planes.place[..., 3], planes.facing[..., 3]], axis=-1),
            np.float32(np.nan),
        ),
        drawn=drawn,
        faces=faces,
    )


def _parts(scene: tuple[Drawable, ...], drawn: np.ndarray, faces: np.ndarray) -> np.ndarray:
    whole = [0 if isinstance(d.part, np.ndarray) else int(d.part) for d in scene]
    parts = np.array([*whole, 0], np.uint8)[drawn]
    for number, drawable in enumerate(scene):
        if isinstance(drawable.part, np.ndarray):
            own = drawn == number
            parts[own] = drawable.part[faces[own]]
    return parts
