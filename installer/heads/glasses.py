"""Glasses: rims with thickness, bridges, pads, temples over the ears, and lenses to see through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from studio.human.wardrobe.asset import Asset, AssetMaterial, Binding, Colour
from studio.human.wardrobe.fitting import HEAD_SCALES, bind
from studio.synth.figure import make_figure
from studio.synth.solids import Piece, grid, joined, tube

from .pack import asset, webp

NOSE = 131
"""The base vertex on which glasses sit; they also rest over both ears."""
EAR_M = np.array([0.0765, -0.040, 0.7085])
_FRAME, _METAL, _PAD = (0.125, 0.75), (0.375, 0.75), (0.625, 0.75)


@dataclass(frozen=True)
class Frame:
    """One model: half the lens's width and height and how square it is, the rim's half thickness,
    colours (sRGB), and how dark its lenses are at the top and at the bottom."""

    title: str
    wide_m: float
    tall_m: float
    square: float
    rim_m: float
    colour: Colour
    lens: tuple[Colour, float, float]
    metal: bool
    droop: float = 0.0
    drop_m: float = 0.0


FRAMES: dict[str, Frame] = {
    "glasses_metal": Frame("Metal glasses", 0.0245, 0.0205, 2.3, 0.0008, (0.62, 0.58, 0.50),
                           ((0.85, 0.90, 0.95), 0.10, 0.08), True),
    "glasses_thick": Frame("Thick-rimmed glasses", 0.0265, 0.0190, 3.0, 0.0021, (0.07, 0.06, 0.06),
                           ((0.85, 0.90, 0.95), 0.10, 0.08), False, 0.10),
    "sunglasses": Frame("Sunglasses", 0.0290, 0.0225, 2.7, 0.0014, (0.10, 0.08, 0.07),
                        ((0.05, 0.045, 0.04), 0.93, 0.80), False, 0.16, 0.001),
}  # fmt: skip
_CENTRE_X, _CENTRE_Z, _FRONT_Y = 0.0325, 0.6925, -0.1535


def _surface(x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Where the front of glasses lies: curved around the face, leaning in at the bottom."""
    y = _FRONT_Y + 2.6 * x**2 - 0.11 * (z - _CENTRE_Z)
    return np.stack(np.broadcast_arrays(x, y, z), axis=-1)


def _outline(frame: Frame, sign: int, count: int = 36) -> np.ndarray:
    a = np.linspace(0, 2 * np.pi, count, endpoint=False)
    c, s = np.cos(a), np.sin(a)
    power = 2 / frame.square
    x = np.sign(c) * np.abs(c) ** power * frame.wide_m
    z = np.sign(s) * np.abs(s) ** power * frame.tall_m
    z = z - frame.droop * 0.2 * np.clip(-x, 0, None) * (z < 0) * -1
    x = x * (1 + frame.droop * z / frame.tall_m * 0.5)
    return np.stack([sign * (_CENTRE_X + x), _CENTRE_Z - frame.drop_m + z], axis=-1)


def frame_piece(frame: Frame) -> Piece:
    """The whole pair, lenses last."""
    opaque: list[Piece] = []
    lenses: list[Piece] = []
    place = _METAL if frame.metal else _FRAME
    forward = np.array([0, -1.0, 0])
    for sign in (1, -1):
        edge = _outline(frame, sign)
        line = _surface(edge[:, 0], edge[:, 1])
        deep = frame.rim_m * (1.0 if frame.metal else 1.15)
        opaque.append(
            tube(line, deep, frame.rim_m, forward, place, True, 8, 1.0 if frame.metal else 1.8)
        )
        lenses.append(_lens(frame, sign))
        opaque.append(_temple(frame, sign, place))
        if frame.metal:
            opaque += _pad(sign)
    opaque.append(_bridge(frame, place))
    return joined([*opaque, *lenses])


def _lens(frame: Frame, sign: int) -> Piece:
    edge = _outline(frame, sign, 28)
    middle = edge.mean(axis=0)
    share = np.array([0.02, 0.4, 0.75, 1.0])[:, None, None]
    flat = middle + share * (edge - middle)
    v = _surface(flat[..., 0], flat[..., 1])
    v[..., 1] -= 0.0010 * (1 - share[..., 0] ** 2)
    high = (flat[..., 1] - _CENTRE_Z) / (2.4 * frame.tall_m) + 0.5
    wide = (sign * flat[..., 0] - _CENTRE_X) / (2.4 * frame.wide_m) + 0.5
    uv = np.stack([0.03 + 0.94 * wide, 0.03 + 0.44 * high], axis=-1)
    uv = np.concatenate([uv, uv[:, :1]], axis=1)
    piece = grid(v, uv, True)
    return piece if sign < 0 else Piece(piece.vertices, piece.faces[:, ::-1], piece.uv[:, ::-1])


def _bridge(frame: Frame, place: tuple[float, float]) -> Piece:
    inner = _CENTRE_X - frame.wide_m
    t = np.linspace(-1, 1, 13)
    rise = 0.0035 if frame.metal else 0.002
    z = _CENTRE_Z + 0.30 * frame.tall_m + rise * (1 - t**2)
    line = _surface(t * (inner + 0.4 * frame.rim_m), z)
    line[:, 1] -= 0.0022 * (1 - t**2)
    tall = 0.0010 if frame.metal else 0.0026
    deep, square = (0.0010, 1.0) if frame.metal else (0.0019, 1.6)
    return tube(line, deep, tall, np.array([0, -1.0, 0.0]), place, False, 8, square)


def _temple(frame: Frame, sign: int, place: tuple[float, float]) -> Piece:
    x0 = _CENTRE_X + frame.wide_m
    z0 = _CENTRE_Z - frame.drop_m + (0.30 if frame.metal else 0.45) * frame.tall_m
    start = _surface(np.array(x0), np.array(z0))
    hinge, ear = start + np.array([0.0055, 0.004, 0.0]), EAR_M
    middle = 0.55 * hinge + 0.45 * ear
    steps = (
        (start, (-0.001, -0.0004, 0)), (start, (0.0035, 0.0006, 0)), (hinge, (0, 0, 0)),
        (hinge, (0.0015, 0.010, 0.0002)), (middle, (0.0055, 0, 0)),
        (ear, (0.0012, -0.012, 0.0004)), (ear, (0, 0, 0)), (ear, (-0.0015, 0.010, -0.004)),
        (ear, (-0.0045, 0.018, -0.014)), (ear, (-0.0075, 0.022, -0.027)),
    )  # fmt: skip
    knots = np.array([place_m + np.array(step) for place_m, step in steps])
    away = np.concatenate([[0], np.linalg.norm(np.diff(knots, axis=0), axis=1).cumsum()])
    at = np.linspace(0, away[-1], 30)
    line = np.stack([np.interp(at, away, knots[:, k]) for k in range(3)], axis=-1)
    for _ in range(2):
        line[1:-1] = 0.5 * line[1:-1] + 0.25 * (line[:-2] + line[2:])
    line[:, 0] *= sign
    t = np.linspace(0, 1, 30)
    if frame.metal:
        tall = np.where(t > 0.72, 0.0019, 0.0008)
        wide = np.where(t > 0.72, 0.0013, 0.0008)
    else:
        tall, wide = 0.0040 - 0.0018 * np.clip(t * 1.5, 0, 1), np.full(30, 0.0014)
    return tube(line, tall, wide, np.array([0, 0, 1.0]), place, False, 8, 1.5)


def _pad(sign: int) -> list[Piece]:
    line = np.array([[0.0098, -0.1475, 0.6935], [0.0102, -0.1468, 0.690], [0.0112, -0.1455, 0.686]])
    line = line * [sign, 1, 1] + [0, -0.0015, -0.001]
    arm = np.array([[0.0105, -0.1535, 0.697], [0.0088, -0.151, 0.695], [0.0098, -0.1488, 0.691]])
    wide = np.array([0.0008, 0.0022, 0.0008])
    return [
        tube(line, wide, 0.4 * wide, np.array([0, -0.7, 0.3]), _PAD, False, 8),
        tube(arm * [sign, 1, 1], 0.0005, 0.0005, np.array([0, 0, 1.0]), _METAL, False, 6),
    ]


def frame_picture(frame: Frame) -> np.ndarray:
    """Frame, metal and pads in the upper half, the lens in the lower, with alpha."""
    size = 128
    rgba = np.zeros((size, size, 4), np.float32)
    rgba[: size // 2, :, 3] = 1
    rgba[: size // 2, : size // 4, :3] = frame.colour
    rgba[: size // 2, size // 4 : size // 2, :3] = (
        frame.colour if frame.metal else (0.75, 0.72, 0.66)
    )
    rgba[: size // 2, size // 2 :, :3] = (0.86, 0.80, 0.74)
    tint, top, bottom = frame.lens
    rgba[size // 2 :, :, :3] = tint
    rgba[size // 2 :, :, 3] = np.linspace(top, bottom, size // 2)[:, None]
    return np.clip(255 * rgba, 0, 255).astype(np.uint8)


def resting(piece: Piece) -> Binding:
    """Bound to the bridge of the nose and the head over both ears, so that glasses keep their
    shape, sit on every nose and reach over every pair of ears."""
    figure = make_figure()
    template, skin = figure.template_m, np.unique(figure.surface.faces["skin"])
    side = []
    for sign in (1, -1):
        wanted = np.array([0.073 * sign, -0.045, 0.712])
        side.append(int(skin[np.linalg.norm(template[skin] - wanted, axis=1).argmin()]))
    corners = np.array([[NOSE, *side]])
    found = bind(piece.vertices, template, corners, HEAD_SCALES)
    base = np.repeat(corners, len(piece.vertices), axis=0)
    a, b, c = template[corners[0]]
    across = (piece.vertices - a) @ np.array([1.0, 0, 0]) / (b[0] - c[0])
    back = np.clip((piece.vertices[:, 1] - a[1]) / (0.5 * (b[1] + c[1]) - a[1]), -0.1, 1.3)
    shares = np.stack([1 - back, 0.5 * back + across, 0.5 * back - across], axis=-1)
    middle = np.einsum("vk,vkd->vd", shares, template[base])
    return Binding(base, shares, piece.vertices - middle, found.scales)


def make() -> Iterator[Asset]:
    """Every model."""
    for name, frame in FRAMES.items():
        piece = frame_piece(frame)
        material = AssetMaterial(
            name, specular=(0.6, 0.6, 0.6), shininess=0.85, roughness=0.22,
            metallic=0.55 if frame.metal else 0.0, opacity=0.99, transparent=True,
            backface_cull=False,
            pictures={"diffuse": webp(f"{name}.webp", frame_picture(frame), 95)},
        )  # fmt: skip
        yield asset(
            name, frame.title, "glasses", piece, resting(piece), (material,), tags=("glasses",),
            z_depth=70,
        )  # fmt: skip
