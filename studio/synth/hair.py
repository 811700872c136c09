"""Hair: layers over the scalp whose strands thin out towards the tips and the hairline."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.sparse import csr_matrix

from studio.core.types import Material
from studio.render.scene import Finish, vertex_normals
from studio.synth import cloth
from studio.synth.figure import Figure
from studio.synth.wardrobe import Garment, average_noise

Colour = tuple[float, float, float]

# The hairline on the average person, seen from the side: at depth y, hair grows above z (metres).
_LINE_Y = (
    -0.155,
    -0.142,
    -0.125,
    -0.105,
    -0.088,
    -0.076,
    -0.066,
    -0.060,
    -0.028,
    -0.016,
    0.0,
    0.06,
)
_LINE_Z = (
    0.7610,
    0.7560,
    0.7520,
    0.7450,
    0.7240,
    0.7030,
    0.6950,
    0.7230,
    0.7220,
    0.6870,
    0.655,
    0.625,
)


@dataclass(frozen=True)
class Hairstyle:
    """Colour (sRGB 0 to 1), length on top and at the sides (metres), and where it is parted."""

    colour: Colour = (0.17, 0.11, 0.07)
    top_m: float = 0.034
    side_m: float = 0.012
    layers: int = 6
    combed: tuple[float, float, float] = (0.35, -0.25, 0.0)


def _strands(rng: np.random.Generator, size: int = 512) -> np.ndarray:
    """A tile of strands: grey level (tone) and height of growth, both 0 to 1."""
    tall = rng.random((size // 16, size)).astype(np.float32)
    noise = cv2.resize(tall, (size, size), interpolation=cv2.INTER_CUBIC)
    fine = rng.random((size, size)).astype(np.float32)
    return np.clip(0.75 * noise + 0.25 * cv2.GaussianBlur(fine, (0, 0), 1.0), 0, 1)


def hairline(points: np.ndarray) -> np.ndarray:
    """How far above the hairline points of the average person are (metres)."""
    return points[:, 2] - np.interp(points[:, 1], _LINE_Y, _LINE_Z)


def make_hair(figure: Figure, style: Hairstyle, seed: int = 5) -> tuple[Garment, ...]:
    """Short hair of a style on a figure: one skinned layer after another, roots first."""
    rng = np.random.default_rng(seed)
    scalp = cloth.cut_out(figure.surface.faces["skin"], len(figure.vertices_m))
    template = scalp.of_base @ figure.template_m
    top = template[scalp.faces][..., 2].min(axis=1) > 0.6
    scalp = cloth.cut_out(figure.surface.faces["skin"][top], len(figure.vertices_m))
    scalp = cloth.refine(scalp)
    template = scalp.of_base @ figure.template_m
    ear = (np.abs(template[:, 0]) > 0.0735) & (template[:, 1] < -0.02) & (template[:, 2] < 0.7235)
    edge = hairline(template) + 0.0014 * average_noise(template, seed, 0.012)
    scalp = cloth.clip(scalp, np.where(ear, -0.01, edge))
    coat = scalp.of_base @ figure.template_m
    rest = scalp.of_base @ figure.vertices_m
    inside = hairline(coat)
    mean = cloth.neighbour_mean(scalp.faces, len(scalp))
    normals = vertex_normals(cloth.smooth(rest, mean, 12), scalp.faces)
    weights = csr_matrix(scalp.of_base @ figure.weights)
    upness = np.clip((coat[:, 2] - 0.70) / 0.075, 0, 1) ** 1.3
    length = style.side_m + (style.top_m - style.side_m) * upness
    length = length * np.clip(0.25 + inside / 0.02, 0.25, 1)
    length = length * (1 + 0.16 * average_noise(coat, seed + 1, 0.03))
    comb = np.array(style.combed) - normals * (normals @ np.array(style.combed))[:, None]
    comb = comb + 0.15 * np.stack([average_noise(coat, seed + k, 0.025) for k in (2, 3, 4)], -1)
    around = np.arctan2(coat[:, 0], -(coat[:, 1] + 0.05))
    uv = np.stack([around * 2.2, coat[:, 2] * 7.0], axis=-1)[scalp.faces]
    growth = _strands(rng)
    layers: list[Garment] = []
    for layer in range(style.layers):
        h = layer / (style.layers - 1)
        lift = h**0.85 * length
        vertices = rest + lift[:, None] * (normals + 0.9 * h * comb) + 0.0012 * normals
        tone = np.array(style.colour) * (0.5 + 0.75 * h)
        sheet = np.empty((*growth.shape, 4), np.uint8)
        sheet[..., :3] = np.clip(255 * tone * (0.75 + 0.5 * growth[..., None]), 0, 255)
        sheet[..., 3] = 255 * (growth > 0.12 + 0.5 * h) if layer else 255
        colours = np.full((len(vertices), 3), 255, np.uint8)
        layers.append(
            Garment(
                "hair", vertices, scalp.faces, weights, coat, colours,
                Material("hair", roughness=0.42, texture=sheet),
                Finish((0.15, 0.1, 0.08), specular=0.5, grain=0.15, bump_m=0.004,
                       grain_m=(0.004, 0.004, 0.02)),
                5, uv, layer == style.layers // 2,
            )
        )  # fmt: skip
    return tuple(layers)
