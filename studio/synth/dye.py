"""Cloth as a picture: a garment's colours, its weave and its creases on a map of its own.

The map shows a garment cut for the average person from two sides, beside each other: its front and
its back, or the upper and the lower side of a shoe.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from typing import Literal

import cv2
import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.ndimage import distance_transform_edt

from studio.core.folders import cache_folder
from studio.render.scene import vertex_normals
from studio.synth.wardrobe import Garment, average_noise

MARGIN = 0.02
PAINTED = 2
"""Counts changes of how pictures are painted."""
Seen = Literal["front", "above"]


def unwrapped(garment: Garment, seen: Seen) -> np.ndarray:
    """Where each corner of a garment's faces lies on its picture, (faces, 3, 2)."""
    place, far = _chart(garment, seen)
    uv = place[garment.faces]
    return np.stack([0.5 * (uv[..., 0] + far[:, None]), uv[..., 1]], axis=-1)


def dyed(garment: Garment, seen: Seen, side_px: int, weave: float, crease: float) -> np.ndarray:
    """The picture, sRGB; ``weave`` and ``crease`` are how much they darken it (0 to 1)."""
    place, far = _chart(garment, seen)
    coat = garment.coat_m
    first = np.unique(coat, axis=0, return_index=True)[1]  # hems have the colour of their rim
    sides = [
        _side(
            coat, place, garment.colours, np.intersect1d(first, garment.faces[far == back]), side_px
        )
        for back in (False, True)
    ]
    colour = np.concatenate([shade for shade, _ in sides], axis=1)
    xyz = np.concatenate([at for _, at in sides], axis=1)
    rows, columns = np.mgrid[: colour.shape[0], : colour.shape[1]]
    grain = np.random.default_rng(7).normal(size=colour.shape[:2])
    knit = 0.5 * np.sin(rows * np.pi / 2) * np.sin(columns * np.pi / 2)
    knit = knit + cv2.GaussianBlur(grain, (0, 0), 0.8)
    points = xyz.reshape(-1, 3) * (1.0, 1.0, 0.6)
    folds = average_noise(points, 21, 0.16) + average_noise(points, 22, 0.05)
    shade = 1 + weave * knit + 0.5 * crease * folds.reshape(knit.shape)
    return np.clip(colour * shade[..., None], 0, 255).astype(np.uint8)


def kept(name: str, made_of: object, paint: Callable[[], np.ndarray]) -> np.ndarray:
    """A picture that is painted once and then read from the user's cache."""
    recipe = repr((name, made_of, version("doppel-studio"), PAINTED))
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:16]
    path = cache_folder("wardrobe") / f"{name}-{digest}.png"
    found = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    if found is not None:
        return np.ascontiguousarray(found[..., ::-1])
    picture = paint()
    _, png = cv2.imencode(".png", picture[..., ::-1])
    temp = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):  # a cache that cannot be written only costs time
        path.parent.mkdir(parents=True, exist_ok=True)
        temp.write_bytes(png.tobytes())
        temp.replace(path)
    return picture


def _chart(garment: Garment, seen: Seen) -> tuple[np.ndarray, np.ndarray]:
    """Where vertices lie on their side of the picture (0 to 1), and which faces are on the far."""
    across, up, depth = (0, 2, 1) if seen == "front" else (0, 1, 2)
    coat, faces = garment.coat_m, garment.faces
    low, high = coat.min(axis=0), coat.max(axis=0)
    place = (coat[:, [across, up]] - low[[across, up]]) / (high - low)[[across, up]]
    towards = vertex_normals(coat, faces)[:, depth] * (-1 if seen == "front" else 1)
    return MARGIN + (1 - 2 * MARGIN) * place, towards[faces].mean(axis=1) < 0


def _side(
    coat: np.ndarray, place: np.ndarray, colours: np.ndarray, used: np.ndarray, px: int
) -> tuple[np.ndarray, np.ndarray]:
    """One side's colours and places on the average person, without gaps."""
    v, u = np.mgrid[:px, :px]
    at = np.stack([(u + 0.5) / px, 1 - (v + 0.5) / px], axis=-1)
    table = np.column_stack([colours[used], coat[used]]).astype(float)
    found = LinearNDInterpolator(place[used], table)(at)
    missing = ~np.isfinite(found).all(axis=-1)
    nearest = distance_transform_edt(missing, return_distances=False, return_indices=True)
    found = found[tuple(np.asarray(nearest))]
    return found[..., :3], found[..., 3:]
