"""Materials of assets as they are drawn."""

from __future__ import annotations

import cv2
import numpy as np

from studio.core.types import Material
from studio.human.wardrobe.asset import AssetMaterial, Colour


def material_of(material: AssetMaterial, colour: Colour | None = None) -> Material:
    """A material as it is drawn: ``colour`` takes the place of the file's own diffuse colour.

    Raises StudioError for a damaged picture.
    """
    base = material.diffuse if colour is None else colour
    texture = _pixels(material, "diffuse")
    if texture is not None and not material.transparent:
        texture = np.ascontiguousarray(texture[..., :3])
    orm = _shares(material)
    return Material(
        material.name,
        (*base, material.opacity),
        1.0 if "metallic" in material.pictures else material.metallic,
        1.0 if "roughness" in material.pictures else material.rough,
        texture,
        _bumps(material),
        orm,
    )


def _pixels(material: AssetMaterial, role: str) -> np.ndarray | None:
    picture = material.pictures.get(role)
    return None if picture is None else picture.pixels()


def _bumps(material: AssetMaterial) -> np.ndarray | None:
    """The normal map, flattened by the strength that the file gives."""
    normal = _pixels(material, "normal")
    if normal is None:
        return None
    normal = np.ascontiguousarray(normal[..., :3])
    if material.normal_strength == 1:
        return normal
    slope = (normal[..., :2] - 127.5) * material.normal_strength + 127.5
    return np.dstack([np.clip(slope, 0, 255).astype(np.uint8), normal[..., 2]])


def _shares(material: AssetMaterial) -> np.ndarray | None:
    """Occlusion, roughness and metal as one picture, of the size of the first that there is."""
    planes = [_pixels(material, role) for role in ("ao", "roughness", "metallic")]
    sizes = [plane.shape[1::-1] for plane in planes if plane is not None]
    if not sizes:
        return None
    found: list[np.ndarray] = []
    for plane in planes:
        if plane is None:
            found.append(np.full(sizes[0][::-1], 255, np.uint8))
        else:
            found.append(cv2.resize(plane[..., 0], sizes[0], interpolation=cv2.INTER_AREA))
    lit = 255 - (255 - found[0].astype(np.float32)) * material.ao_strength
    return np.dstack([np.clip(lit, 0, 255).astype(np.uint8), *found[1:]])
