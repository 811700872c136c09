"""Fabric: what lies under each texel of a garment's picture, and weaves and stitches on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from studio.human.wardrobe.asset import Picture
from studio.synth.tailor.unwrapping import Layout, Panel


@dataclass(frozen=True, eq=False)
class Texels:
    """For each texel (row 0 at the top): its place on the average person, its place in the flat
    panel (metres), how far it is from hems and from seams (metres), and its panel's number."""

    coat_m: np.ndarray
    flat_m: np.ndarray
    hem_m: np.ndarray
    seam_m: np.ndarray
    panel: np.ndarray
    texel_m: float

    def of(self, *panels: int) -> np.ndarray:
        """Where these panels are."""
        return np.isin(self.panel, panels)


def texels(
    pieces: list[Panel], layout: Layout, coat_m: np.ndarray, hems: set[tuple[int, int]], size: int
) -> Texels:
    """Look up every texel; ``hems`` are the garment's own edges (sorted pairs of vertices)."""
    values = np.zeros((size, size, 6))
    known = np.zeros((size, size), bool)
    hem_line, seam_line = np.zeros((2, size, size), np.uint8)
    for number, (piece, uv) in enumerate(zip(pieces, layout.uv, strict=True)):
        at = np.stack([uv[:, 0] * size - 0.5, (1 - uv[:, 1]) * size - 0.5], axis=1)
        table = np.column_stack([coat_m[piece.vertices], piece.flat_m, np.full(len(uv), number)])
        _sample(at, piece.faces, table, values, known)
        pairs = np.sort(piece.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        edges, count = np.unique(pairs, axis=0, return_counts=True)
        for a, b in edges[count == 1]:
            own = tuple(sorted((int(piece.vertices[a]), int(piece.vertices[b]))))
            line = np.rint(at[[a, b]]).astype(np.int32)
            cv2.polylines(hem_line if own in hems else seam_line, [line], False, 255)
    nearest: Any = distance_transform_edt(~known, return_distances=False, return_indices=True)
    values = values[nearest[0], nearest[1]]
    texel_m = layout.side_m / size
    hem, seam = (
        texel_m * cv2.distanceTransform(255 - line, cv2.DIST_L2, 5) if line.any()
        else np.full((size, size), 9.0)
        for line in (hem_line, seam_line)
    )  # fmt: skip
    return Texels(
        values[..., :3], values[..., 3:5], hem, seam, np.rint(values[..., 5]).astype(int), texel_m
    )


def _sample(
    at: np.ndarray, faces: np.ndarray, table: np.ndarray, values: np.ndarray, known: np.ndarray
) -> None:
    size = len(values)
    corners = at[faces]
    span = (corners.max(axis=1) - corners.min(axis=1)).max(axis=1)
    cuts = np.ceil(span * 1.6).astype(int) + 1
    for n in np.unique(cuts):
        some = cuts == n
        i, j = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
        keep = i + j <= n
        share = np.stack([i[keep], j[keep], n - i[keep] - j[keep]], axis=-1) / n
        texel = np.rint(np.einsum("sc,fcd->fsd", share, corners[some])).astype(int)
        texel = texel.clip(0, size - 1)
        values[texel[..., 1], texel[..., 0]] = np.einsum("sc,fcd->fsd", share, table[faces[some]])
        known[texel[..., 1], texel[..., 0]] = True


def noise(at_m: np.ndarray, scale_m: float, seed: int) -> np.ndarray:
    """Smooth noise of unit size over flat places (..., 2) or points (..., 3)."""
    rng = np.random.default_rng(seed)
    total = np.zeros(at_m.shape[:-1])
    for _ in range(10):
        wave = rng.normal(size=at_m.shape[-1])
        wave *= 2 * np.pi / (scale_m * rng.uniform(0.6, 1.7) * np.linalg.norm(wave))
        total += np.sin(at_m @ wave + rng.uniform(0, 2 * np.pi))
    return total / np.sqrt(5)


def grain(shape: tuple[int, int], seed: int, blur: float = 0.0) -> np.ndarray:
    """Noise from texel to texel, of unit size."""
    found = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    if blur:
        found = cv2.GaussianBlur(found, (0, 0), blur)
        found /= found.std()
    return found


@dataclass
class Cloth2D:
    """A garment's picture while it is made: height above the cloth (metres) and brightness (1 is
    plain), row 0 at the top."""

    on: Texels
    height_m: np.ndarray
    shade: np.ndarray

    @classmethod
    def plain(cls, on: Texels) -> Cloth2D:
        shape = on.seam_m.shape
        return cls(on, np.zeros(shape), np.ones((*shape, 3)))

    def weave(self, kind: str, seed: int = 0) -> None:
        """``jersey``, ``cotton``, ``denim``, ``knit``, ``fleece``, ``rib``, ``leather``."""
        u, v = self.on.flat_m[..., 0], self.on.flat_m[..., 1]
        shape, texel = u.shape, self.on.texel_m
        fine, soft = grain(shape, seed), grain(shape, seed + 1, 1.5)
        cloudy = noise(self.on.flat_m, 0.05, seed + 2)
        bump, shade = 0.00004 * soft, 0.01 * soft + 0.01 * fine + 0.004 * cloudy
        if kind == "denim":
            slub = grain(shape, seed + 3)
            slub = cv2.GaussianBlur(slub.astype(np.float32), (0, 0), sigmaX=0.5, sigmaY=6)
            twill = np.sin(2 * np.pi * (u + v) / max(0.0022, 3 * texel))
            shade = 0.035 * fine + 0.12 * slub + 0.03 * twill + 0.02 * cloudy
            bump = 0.00006 * twill + 0.00005 * fine
        elif kind == "knit":
            wide, high = max(0.0065, 5 * texel), max(0.0055, 4.5 * texel)
            across = np.abs(np.mod(u / wide, 1.0) - 0.5) * 2
            stitch = np.cos(2 * np.pi * (v / high - 0.42 * across))
            bump = 0.0009 * (0.6 * stitch + 0.8 * np.sin(np.pi * across)) + 0.0001 * soft
            shade = 0.06 * (stitch - 1) * 0.5 + 0.07 * (np.sin(np.pi * across) - 1) + 0.03 * soft
        elif kind == "fleece":
            fuzz = grain(shape, seed + 4, 2.2)
            bump, shade = 0.00016 * fuzz + 0.0001 * soft, 0.02 * fuzz + 0.02 * fine + 0.015 * cloudy
        elif kind == "rib":
            line = np.sin(2 * np.pi * u / max(0.005, 4 * texel))
            bump, shade = 0.0005 * line, 0.05 * (line - 1) + 0.012 * fine
        elif kind == "cotton":
            bump = 0.00003 * soft + 0.00002 * fine
            shade = 0.01 * fine + 0.008 * cloudy
        elif kind == "leather":
            pebble = grain(shape, seed + 5, 2.0)
            bump, shade = 0.00008 * pebble, 0.03 * pebble + 0.03 * cloudy
        self.height_m += bump
        self.shade *= (1 + shade)[..., None]

    def wrinkle(self, height_m: float, scale_m: float, where: np.ndarray, seed: int) -> None:
        """Small folds: noise stretched along the folds' direction, in ridges."""
        at = self.on.flat_m * np.array([1.0, 0.35])
        at = at + 0.25 * scale_m * np.stack(
            [
                noise(self.on.flat_m, 2.2 * scale_m, seed),
                noise(self.on.flat_m, 2 * scale_m, seed + 1),
            ],
            axis=-1,
        )
        ridge = 1 - np.abs(noise(at, scale_m, seed + 2))
        ridge = np.clip(ridge, -1, 1)
        self.height_m += height_m * ridge * where
        self.shade *= (1 + 0.014 * (ridge - 0.4) * where)[..., None]

    def groove(self, distance_m: np.ndarray, width_m: float = 0.0022, deep_m: float = 0.0006):
        """A sewn seam along where the distance is zero."""
        line = np.exp(-((distance_m / width_m) ** 2))
        self.height_m -= deep_m * line
        self.height_m += 0.4 * deep_m * np.exp(-(((distance_m - 2.2 * width_m) / width_m) ** 2))
        self.shade *= (1 - 0.22 * line)[..., None]

    def stitch(
        self,
        distance_m: np.ndarray,
        along_m: np.ndarray,
        tint: tuple[float, float, float] = (0.8, 0.8, 0.8),
        width_m: float = 0.0009,
    ) -> None:
        """A row of stitches where the distance is zero, its dashes along ``along_m``."""
        width = max(width_m, 0.75 * self.on.texel_m)
        dash = np.clip(
            0.5 + 3 * np.sin(2 * np.pi * along_m / max(0.0042, 4 * self.on.texel_m)), 0, 1
        )
        line = np.exp(-((distance_m / width) ** 2)) * (0.35 + 0.65 * dash)
        self.height_m += 0.0003 * line - 0.00035 * np.exp(-((distance_m / (3 * width)) ** 2))
        self.shade *= 1 + line[..., None] * (np.array(tint) - 1)

    def layer(self, inside_m: np.ndarray, thick_m: float = 0.0012) -> None:
        """A second layer of cloth where ``inside_m`` is positive (a pocket, a placket, a hem)."""
        edge = 1 / (1 + np.exp(-np.clip(inside_m / (0.6 * self.on.texel_m), -30, 30)))
        self.height_m += thick_m * edge
        shadow = np.exp(-((np.minimum(inside_m, 0) / 0.003) ** 2)) * (1 - edge)
        self.shade *= (1 - 0.35 * shadow)[..., None]

    def hemmed(self, depth_m: float = 0.02, tint: float = 0.85) -> None:
        """The hem turned in and sewn down."""
        self.layer(depth_m - self.on.hem_m, 0.0005)
        along = self.on.flat_m.sum(axis=-1)
        self.stitch(self.on.hem_m - 0.85 * depth_m, along, (tint, tint, tint))

    def pictures(self, name: str, quality: tuple[int, int] = (72, 70)) -> dict[str, Picture]:
        """Diffuse and normal map as WebP."""
        texel = self.on.texel_m
        dy, dx = np.gradient(self.height_m, texel)
        normal = np.stack([-dx, dy, np.ones_like(dx)], axis=-1)
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        bumps = np.clip(127.5 + 127.5 * normal, 0, 255).astype(np.uint8)
        colour = np.clip(255 * self.shade * PLAIN, 0, 255).astype(np.uint8)
        return {
            "diffuse": _webp(f"{name}_diffuse.webp", colour, quality[0]),
            "normal": _webp(f"{name}_normal.webp", bumps, quality[1]),
        }


PLAIN = 0.82
"""Plain cloth in pictures that are dyed (sRGB), so that stitches may be brighter."""


def _webp(name: str, rgb: np.ndarray, quality: int) -> Picture:
    order = cv2.COLOR_RGBA2BGRA if rgb.shape[2] == 4 else cv2.COLOR_RGB2BGR
    data = cv2.imencode(".webp", cv2.cvtColor(rgb, order), [cv2.IMWRITE_WEBP_QUALITY, quality])[1]
    return Picture(name, data.tobytes())
