"""Skin, lips, brows, eyes and lashes: painted on the average person, worn by everybody."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from scipy.ndimage import map_coordinates

from studio.core.types import Material
from studio.human.names import face_vertices
from studio.render.scene import Finish
from studio.synth.atlas import skin_atlas
from studio.synth.figure import Figure, make_figure
from studio.synth.iris import painted

Colour = tuple[float, float, float]

_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
_BROWS = (
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
)
_EYES = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
)
_PX_M = 0.00025
_LEFT_M, _TOP_M = -0.1, 0.82


@dataclass(frozen=True)
class Looks:
    """Colours (sRGB 0 to 1) of skin, lips, brows and iris."""

    skin: Colour = (0.83, 0.64, 0.54)
    lips: Colour = (0.72, 0.43, 0.40)
    brows: Colour = (0.20, 0.14, 0.10)
    iris: Colour = (0.33, 0.24, 0.14)


def _outline(points: tuple[int, ...]) -> np.ndarray:
    """Face-mesh points on the average person, in the front picture's pixels."""
    template = make_figure().template_m
    places = [template[list(face_vertices(f"mesh_{k}"))].mean(axis=0) for k in points]
    return np.array([[(p[0] - _LEFT_M) / _PX_M, (_TOP_M - p[2]) / _PX_M] for p in places])


def _mask(outlines: list[np.ndarray], blur_px: float, grow_px: int = 0) -> np.ndarray:
    """Filled outlines, seen from the front, 0 to 1, with soft edges."""
    canvas = np.zeros((1040, 800), np.float32)
    for outline in outlines:
        cv2.fillPoly(canvas, [np.rint(outline).astype(np.int32)], 1.0)
    if grow_px:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(grow_px) + 1,) * 2)
        canvas = cv2.dilate(canvas, kernel) if grow_px > 0 else cv2.erode(canvas, kernel)
    return cv2.GaussianBlur(canvas, (0, 0), blur_px)


def _brow_hairs(rng: np.random.Generator) -> np.ndarray:
    """Short strokes along both brows, seen from the front, 0 to 1."""
    canvas = np.zeros((1040, 800), np.float32)
    for brow in _BROWS:
        points = _outline(brow)
        upper, lower = points[:5], points[5:][::-1]
        for _ in range(420):
            t, across = rng.uniform(0, 4), rng.uniform(0.0, 1.0)
            k = min(int(t), 3)
            top = upper[k] + (t - k) * (upper[k + 1] - upper[k])
            low = lower[k] + (t - k) * (lower[k + 1] - lower[k])
            start = low + across * (top - low) * 0.9
            out = upper[0] - upper[4]
            way = out / np.linalg.norm(out) * rng.uniform(10, 20) + (top - low) * 0.25
            ends = [tuple(int(v) for v in np.rint(p)) for p in (start, start + way)]
            cv2.line(canvas, ends[0], ends[1], float(rng.uniform(0.5, 1.0)), 2, cv2.LINE_AA)
    return np.clip(cv2.GaussianBlur(canvas, (0, 0), 1.0) * 1.2, 0, 1)


def _cloud(rng: np.random.Generator, xyz: np.ndarray, scale_m: float) -> np.ndarray:
    """Smooth 3D noise of unit size at points, without seams between islands of the atlas."""
    grid = rng.standard_normal((24, 24, 24)).astype(np.float32)
    return map_coordinates(grid, (xyz / scale_m).reshape(-1, 3).T, order=1, mode="grid-wrap") \
        .reshape(xyz.shape[:-1])  # fmt: skip


def skin_texture(looks: Looks, size: int = 1024, seed: int = 3) -> np.ndarray:
    """The skin's sRGB texture (size, size, 3): tone, blush, lips, brows, lids, knuckles, nails."""
    rng = np.random.default_rng(seed)
    atlas = skin_atlas(size)
    p = atlas.xyz_m
    base = np.array(looks.skin)
    colour = np.tile(base, (size, size, 1))
    cloudy = 0.5 * _cloud(rng, p, 0.03) + 0.3 * _cloud(rng, p, 0.008) + 0.2 * _cloud(rng, p, 0.003)
    colour *= 1 + 0.035 * cloudy[..., None] * [0.6, 1.0, 1.1]
    red = base * [1.02, 0.80, 0.78]
    face = p[..., 2] > 0.57
    front = face & (p[..., 1] < -0.06)
    where = np.stack([(_TOP_M - p[..., 2]) / _PX_M, (p[..., 0] - _LEFT_M) / _PX_M])

    def seen(mask: np.ndarray) -> np.ndarray:
        return map_coordinates(mask, where, order=1, mode="nearest") * front

    def blend(share: np.ndarray, into: np.ndarray | Colour) -> None:
        nonlocal colour
        colour = colour + share[..., None] * (np.asarray(into) - colour)

    def blob(x: float, y: float, z: float, radius: float) -> np.ndarray:
        away = (np.abs(p[..., 0]) - x) ** 2 + (p[..., 1] - y) ** 2 + (p[..., 2] - z) ** 2
        return np.exp(-away / radius**2)

    blend(0.5 * blob(0.04, -0.12, 0.655, 0.02) * face, red)
    blend(0.45 * blob(0.0, -0.158, 0.658, 0.012) * face, red)
    blend(0.5 * blob(0.075, -0.03, 0.69, 0.025) * face, red)
    lips = [_outline(_LIPS)]
    blend(0.85 * seen(_mask(lips, 3.0)), looks.lips)
    eyes = [_outline(eye) for eye in _EYES]
    blend(0.35 * seen(_mask(eyes, 14.0, 12)), base * [0.80, 0.68, 0.66])
    rim = seen(_mask(eyes, 2.0, 4)) * (1 - seen(_mask(eyes, 2.0, -3)))
    blend(0.3 * rim, np.array(looks.brows) * 0.9 + 0.04)
    blend(0.92 * seen(_brow_hairs(rng)), looks.brows)
    heads = make_figure()
    for finger in range(1, 6):
        for side in "LR":
            knuckle = heads.head(f"finger{finger}-2.{side}")
            near = np.exp(-((p - knuckle) ** 2).sum(-1) / 0.012**2)
            blend(0.35 * near, red)
    row, column = np.mgrid[:size, :size] / size
    blend(1.0 * (face & (column > 0.75) & (column < 0.93) & (row > 0.85)), (0.42, 0.18, 0.17))
    return np.clip(255 * colour, 0, 255).astype(np.uint8)


def skin_finish() -> Finish:
    """Skin: soft red shadow edges, pores."""
    return Finish((0.32, 0.14, 0.09), specular=0.45, grain=0.02, bump_m=0.0005,
                  grain_m=(0.0035, 0.0035, 0.0035))  # fmt: skip


def _eye_uv(figure: Figure) -> np.ndarray:
    """Texture coordinates of the eyes' faces: the direction from each eyeball's centre, its front
    in the middle of the picture, 60 degrees off at the rim."""
    faces = figure.surface.faces["eyes"]
    template, average = figure.template_m, make_figure()
    uv = np.zeros((len(template), 2))
    for side in "LR":
        centre = average.head(f"eye.{side}") - np.array([0, 0.0022, 0])
        own = template[:, 0] * centre[0] > 0
        out = (template - centre)[own]
        angle = np.degrees(np.arctan2(np.hypot(out[:, 0], out[:, 2]), -out[:, 1]))
        way = np.stack([out[:, 0], out[:, 2]], axis=-1)
        way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
        uv[own] = 0.5 + 0.5 * way * np.minimum(angle / 60, 0.98)[:, None]
    return uv[faces]


WHITE = (0.84, 0.82, 0.79)
"""The whites of eyes: duller than paper, else they shine in dark faces."""
_RIM_DEG, _PUPIL_DEG = 26.0, 10.0
_RING = (1.45, 1.3, 1.15)
"""How much lighter an iris is about its pupil than at its rim."""
_EDGE_DEG = 2.5
"""How wide the edges of iris and pupil are, from one colour to the next."""


def eye_texture(looks: Looks, size: int = 256) -> np.ndarray:
    """An eyeball seen from the front, out to 60 degrees: sclera, limbus, iris, pupil. The iris's
    mean is ``looks.iris``."""
    y, x = np.mgrid[1 : -1 : size * 1j, -1 : 1 : size * 1j]
    angle, turn = 60 * np.hypot(x, y), np.arctan2(y, x)
    r = np.clip((angle - _PUPIL_DEG) / (_RIM_DEG - _PUPIL_DEG), 0, 1)
    inner = (*(np.array(looks.iris) * _RING).clip(0, 1).tolist(),)
    iris = painted(r, turn, inner, looks.iris, np.random.default_rng(2))
    ring = (r > 0) & (r < 1)
    iris *= np.array(looks.iris) / np.fmax(iris[ring].mean(0), 1e-3)
    colour = np.tile(np.array(WHITE), (size, size, 1))
    colour = colour - 0.1 * np.clip((angle - 30) / 30, 0, 1)[..., None] * [0.5, 1, 1]
    for limit, paint in ((_RIM_DEG, iris), (_PUPIL_DEG, np.full_like(iris, 0.02))):
        inside = np.clip((limit - angle) / _EDGE_DEG + 0.5, 0, 1)
        colour = colour + inside[..., None] * (paint - colour)
    return np.clip(255 * colour, 0, 255).astype(np.uint8)


TONGUE = Material("tongue", (0.66, 0.33, 0.32, 1.0), roughness=0.35)


@cache
def body_parts() -> dict[str, tuple[np.ndarray, np.ndarray | None]]:
    """The parts of a person that are not cloth, teeth aside, by name: their triangles of base
    vertices, and where they have a picture, the texture coordinates of the corners."""
    figure = make_figure()
    surface = figure.surface
    return {
        "body": (surface.faces["skin"], surface.uv["skin"]),
        "eyes": (surface.faces["eyes"], _eye_uv(figure)),
        **{name: (surface.faces[name], None) for name in ("tongue", "lashes")},
    }
