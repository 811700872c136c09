"""Two rows of single teeth in their gums, which the jaw moves as it does the base mesh's own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from studio.human.wardrobe.asset import Asset, AssetMaterial, Binding
from studio.human.wardrobe.fitting import bind
from studio.synth.figure import make_figure
from studio.synth.solids import Piece, grid, joined, outwards, tube

from .pack import asset, webp

UPPER_M = (0.0080, 0.0064, 0.0072, 0.0066, 0.0066, 0.0092, 0.0092)
LOWER_M = (0.0052, 0.0056, 0.0064, 0.0066, 0.0068, 0.0098, 0.0094)
"""Widths of the teeth from the middle backwards."""


def _arch(wide_m: float, front_y: float, back_y: float) -> np.ndarray:
    """A dental arch, from the middle to the back on the left (n, 2)."""
    a = np.linspace(0, np.pi / 2, 200)
    return np.stack([wide_m * np.sin(a) ** 0.92, back_y + (front_y - back_y) * np.cos(a)], axis=-1)


def _row(widths: tuple[float, ...], arch: np.ndarray, gum_z: float, edge_z: float) -> list[Piece]:
    away = np.concatenate([[0], np.linalg.norm(np.diff(arch, axis=0), axis=1).cumsum()])
    shrink = away[-1] / sum(widths)
    pieces: list[Piece] = []
    place = 0.0
    for number, wide in enumerate(widths):
        wide = wide * min(shrink, 1.0)
        s = place + wide / 2
        place += wide
        at = np.array([np.interp(s, away, arch[:, k]) for k in range(2)])
        ahead = np.array([np.interp(min(s + 0.001, away[-1]), away, arch[:, k]) for k in range(2)])
        behind = np.array([np.interp(s - 0.001, away, arch[:, k]) for k in range(2)])
        along = (ahead - behind) / np.linalg.norm(ahead - behind)
        deep = 0.0032 if number < 3 else 0.0052
        reach = {0: 1.0, 1: 0.94, 2: 1.02}.get(number, 0.90)
        pieces += [_tooth(at, along, wide, deep, gum_z, edge_z, reach, sign) for sign in (1, -1)]
    return pieces


def _tooth(
    at: np.ndarray, along: np.ndarray, wide: float, deep: float, gum_z: float, edge_z: float,
    reach: float, sign: int,
) -> Piece:  # fmt: skip
    rise = np.array([-0.12, 0.25, 0.6, 0.88, 1.0])
    thin = (
        np.array([0.90, 1.0, 0.92, 0.62, 0.20]) if deep < 0.004 else np.array([0.9, 1, 1, 0.9, 0.4])
    )
    full = np.array([0.80, 0.96, 1.0, 0.97, 0.80])
    turn = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    c, s = np.cos(turn), np.sin(turn)
    c, s = np.sign(c) * np.abs(c) ** 0.6, np.sign(s) * np.abs(s) ** 0.6
    out = np.array([along[1], -along[0]])
    if out[1] > 0 and at[0] < 0.01:
        out = -out
    flat = at + 0.485 * wide * (full[:, None] * c)[..., None] * along
    flat = flat + (deep * (thin[:, None] * s + 0.25 * thin[:, None] - 0.25))[..., None] * out
    z = gum_z + (edge_z - gum_z) * reach * rise
    v = np.concatenate([flat, np.broadcast_to(z[:, None, None], (5, 10, 1))], axis=-1)
    v = np.concatenate([v, v[-1:].mean(axis=1, keepdims=True) + 0 * v[-1:]])
    v[..., 0] *= sign
    u, high = np.linspace(0.02, 0.48, 11)[None], np.append(rise * 0.8 + 0.12, 0.95)[:, None]
    uv = np.stack(np.broadcast_arrays(u, high), axis=-1)
    return outwards(grid(v, uv, True), v.reshape(-1, 3).mean(axis=0)[None])


def _gum(arch: np.ndarray, z: float) -> Piece:
    some = arch[:: len(arch) // 14]
    line = np.concatenate([some[::-1] * [-1, 1], some[1:]])
    line = np.column_stack([line, np.full(len(line), z)])
    return tube(line, 0.0042, 0.0040, np.array([0, 0, 1.0]), (0.75, 0.5), False, 8)


def picture() -> np.ndarray:
    """Enamel, yellower at the neck, and gums."""
    size = 64
    rise = np.linspace(1, 0, size)[:, None, None]
    enamel = np.array([0.62, 0.55, 0.44]) * (1 - rise) + np.array([0.80, 0.77, 0.71]) * rise
    enamel = enamel * (1 - 0.35 * np.clip((0.16 - rise) / 0.16, 0, 1) * [0.6, 1, 1])
    gum = np.tile(np.array([0.52, 0.26, 0.25]), (size, size // 2, 1))
    both = np.concatenate([np.repeat(enamel, size // 2, axis=1), gum], axis=1)
    return np.clip(255 * both, 0, 255).astype(np.uint8)


def make() -> Iterator[Asset]:
    """One set of teeth."""
    figure = make_figure()
    template, faces = figure.template_m, figure.surface.faces["teeth"]
    upper = faces.min(axis=1) >= 15060
    pieces: list[Piece] = []
    bindings: list[Binding] = []
    for rows, widths, arch, gum_z, edge_z, own in (
        (0, UPPER_M, _arch(0.0255, -0.1312, -0.0945), 0.6400, 0.6298, faces[upper]),
        (1, LOWER_M, _arch(0.0238, -0.1288, -0.0945), 0.6220, 0.6300, faces[~upper]),
    ):
        way = 0.0036 if rows == 0 else -0.0036
        piece = joined([*_row(widths, arch, gum_z, edge_z), _gum(arch * [1, 1], gum_z + way)])
        pieces.append(piece)
        bindings.append(bind(piece.vertices, template, own, None, 64))
    binding = Binding(
        np.concatenate([b.base for b in bindings]), np.concatenate([b.shares for b in bindings]),
        np.concatenate([b.offsets_m for b in bindings]),
    )  # fmt: skip
    material = AssetMaterial(
        "teeth", specular=(0.5, 0.5, 0.5), shininess=0.8, roughness=0.25,
        pictures={"diffuse": webp("teeth.webp", picture(), 90)},
    )  # fmt: skip
    yield asset("teeth", "Teeth", "teeth", joined(pieces), binding, (material,), tags=("teeth",))
