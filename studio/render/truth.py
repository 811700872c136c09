"""From the planes that the shaders fill to the truth about every pixel."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from studio.render.scene import Drawable, Rendered


@dataclass(frozen=True, eq=False)
class Planes:
    """What the shaders left at each pixel (height, width, 4).

    ``place`` is x, y, z in the world and the depth; ``facing`` the normal; ``which`` the drawable's
    place in the scene, the face, and the bits of u and v.
    """

    place: np.ndarray
    facing: np.ndarray
    which: np.ndarray

    @property
    def depth_m(self) -> np.ndarray:
        """Depth along the optical axis, infinite where nothing is."""
        return self.place[..., 3].copy()


def resolve(seen: Rendered, planes: Planes, scene: tuple[Drawable, ...]) -> Rendered:
    """The picture with the truth of every pixel."""
    drawn, faces = planes.which[..., 0].copy(), planes.which[..., 1].copy()
    ids = np.array([*(drawable.number for drawable in scene), 0], np.int32)
    instances = np.array([*(drawable.instance for drawable in scene), 0], np.int32)
    return replace(
        seen,
        depth_m=planes.depth_m,
        xyz_m=planes.place[..., :3],
        normal=planes.facing[..., :3],
        ids=ids[drawn],
        parts=_parts(scene, drawn, faces),
        instances=instances[drawn],
        uv=planes.which[..., 2:].copy().view(np.float32),
        drawn=drawn,
        faces=faces,
    )


def _parts(scene: tuple[Drawable, ...], drawn: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Each pixel's label: from one table of all faces, in which a whole drawable has one entry."""
    labels = [np.atleast_1d(np.asarray(drawable.part, np.uint8)) for drawable in scene]
    labels.append(np.zeros(1, np.uint8))
    first = np.cumsum([0, *(len(own) for own in labels[:-1])])
    many = np.array([len(own) > 1 for own in labels], np.intp)
    return np.concatenate(labels)[first[drawn] + many[drawn] * faces]
