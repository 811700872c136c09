"""Hats: a cap with a visor, a knitted beanie and a wide-brimmed hat, lined and with thickness."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from studio.human.wardrobe.asset import Asset, AssetMaterial
from studio.human.wardrobe.fitting import HEAD_SCALES, bind
from studio.synth.figure import make_figure
from studio.synth.solids import Piece, grid, joined, unit

from .body import body
from .pack import asset, calm_faces, webp

_CENTRE = np.array([0.0, -0.047, 0.735])
_COLUMNS = 56


def _band(turn: np.ndarray, front_z: float, back_z: float) -> np.ndarray:
    """Heights of a hat's lower edge around the head (0 is in front)."""
    return 0.5 * (front_z + back_z) + 0.5 * (front_z - back_z) * np.cos(turn)


def _shell(
    front_z: float, back_z: float, room_m: Callable[[np.ndarray, np.ndarray], np.ndarray], rows: int
) -> np.ndarray:
    """A shell over the head (rows, columns, 3), from the lower edge to the crown: ``room_m`` gives
    its distance from the head by height (0 edge, 1 crown) and turn."""
    turn = np.linspace(0, 2 * np.pi, _COLUMNS, endpoint=False)
    h = np.linspace(0, 1, rows)[:, None]
    edge = _band(turn, front_z, back_z)
    level = np.arcsin(np.clip((edge - _CENTRE[2]) / 0.09, -0.9, 0.9))
    rise = level + h * (np.pi / 2 - 0.02 - level)
    way = np.stack([np.cos(rise) * np.sin(turn), -np.cos(rise) * np.cos(turn), np.sin(rise)], -1)
    solid = body()
    far = np.full(way.shape[:2], 0.16)
    for _ in range(40):
        high, _ = solid.near(_CENTRE + far[..., None] * way, 3)
        far -= 0.8 * np.clip(high - 0.001, -0.01, 0.02)
    for _ in range(6):  # a hat bridges what is hollow
        wide = np.pad(far, ((1, 1), (0, 0)), mode="edge")
        round_ = 0.25 * (np.roll(far, 1, 1) + np.roll(far, -1, 1) + wide[:-2] + wide[2:])
        far = np.maximum(far, round_)
    return _CENTRE + (far + room_m(h, turn[None]))[..., None] * way


def _uv(rows: int, low: float, high: float, repeat: float = 1.0) -> np.ndarray:
    u = np.linspace(0, repeat, _COLUMNS + 1)
    v = np.linspace(low, high, rows)
    return np.stack(np.broadcast_arrays(u[None], v[:, None]), axis=-1)


def _lined(
    outer: np.ndarray, thick_m: float, uv: np.ndarray, in_v: float, back: int
) -> list[Piece]:
    """The shell, a rounded lower edge, and the lining ``back`` rows up on the inside."""
    turned = outer[: back + 1][::-1]
    middle = _CENTRE * [1, 1, 0] + turned * [0, 0, 1]
    inner = turned + thick_m * unit(middle - turned)
    lip = 0.5 * (outer[:1] + inner[-1:]) - [0, 0, 0.5 * thick_m]
    sheet = np.concatenate([inner, lip, outer])
    low = np.linspace(in_v, in_v, back + 2)
    lining = np.stack(np.broadcast_arrays(uv[:1, :, 0], low[:, None]), axis=-1)
    return [_out(grid(sheet, np.concatenate([lining, uv]), True), outer, back + 2)]


def _out(piece: Piece, outer: np.ndarray, skip: int) -> Piece:
    count = outer.shape[1]
    own = piece.faces.min(axis=1) >= skip * count
    corners = piece.vertices[piece.faces[own]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    if ((normal * (corners.mean(axis=1) - _CENTRE)).sum(axis=1) < 0).mean() > 0.5:
        return Piece(piece.vertices, piece.faces[:, ::-1], piece.uv[:, ::-1])
    return piece


def cap() -> Piece:
    """Six panels, a button, and a curved visor of two sides."""

    def room(h: np.ndarray, turn: np.ndarray) -> np.ndarray:
        front = 0.5 + 0.5 * np.cos(turn)
        seams = 0.0009 * np.abs(np.cos(3 * turn)) ** 0.35
        return 0.009 + 0.006 * front * np.sin(np.pi * h) ** 0.7 - seams * h**0.2

    outer = _shell(0.752, 0.712, room, 14)
    pieces = _lined(outer, 0.0022, _uv(14, 0.5, 1.0), 0.46, 2)
    t = np.linspace(-1, 1, 23)
    turn = t * 0.95
    ring = np.concatenate([outer[1], outer[1, :1]])
    places = np.linspace(0, 2 * np.pi, _COLUMNS + 1)
    root = np.stack([np.interp(turn % (2 * np.pi), places, ring[:, k]) for k in range(3)], -1)
    depth = np.linspace(0, 1, 8)[:, None, None]
    reach = 0.072 * (1 - t**2) ** 0.42
    fall = 0.020 * t**2 + 0.006
    tip = root + np.stack([0.22 * t * reach, -reach, -fall - 0.10 * reach], axis=-1)
    top = root + depth * (tip - root) + depth * (1 - depth) * np.array([0, 0, 0.012])
    under = top - [0, 0, 0.0026]
    sheet = np.concatenate([top, under[::-1]])
    v = np.concatenate([np.linspace(0.30, 0.06, 8), np.linspace(0.06, 0.30, 8)])
    u = np.linspace(0.02, 0.98, 23)
    visor = grid(sheet, np.stack(np.broadcast_arrays(u[None], v[:, None]), axis=-1))
    corners = visor.vertices[visor.faces[:60]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).mean(axis=0)
    if normal[2] < 0:
        visor = Piece(visor.vertices, visor.faces[:, ::-1], visor.uv[:, ::-1])
    return joined([*pieces, visor, _button(outer[-1].mean(axis=0))])


def _button(at: np.ndarray) -> Piece:
    a = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    rows = np.array([[0.008, -0.001], [0.0085, 0.0018], [0.006, 0.0042], [0.0005, 0.005]])
    v = np.stack([rows[:, :1] * np.cos(a), rows[:, :1] * np.sin(a), rows[:, 1:] + 0 * a], -1) + at
    uv = np.tile([0.5, 0.98], (4, 13, 1))
    return grid(v, uv, True)


def beanie() -> Piece:
    """Knitted, with a turned-up cuff and some slack at the top."""

    def room(h: np.ndarray, turn: np.ndarray) -> np.ndarray:
        cuff = 0.006 * (1 - np.clip((h - 0.30) / 0.03, 0, 1))
        slack = 0.016 * np.clip((h - 0.55) / 0.45, 0, 1) ** 1.5
        fold = 0.0012 * np.sin(5 * turn + 9 * h) * np.clip((h - 0.35) / 0.3, 0, 1)
        return 0.0085 + cuff + slack + fold

    outer = _shell(0.742, 0.690, room, 22)
    outer[-6:] += np.array([0, 0.006, 0]) * np.linspace(0, 1, 6)[:, None, None]
    return joined(_lined(outer, 0.004, _uv(22, 0.0, 1.0, 6.0), 0.02, 2))


def brimmed() -> Piece:
    """Felt: a pinched crown with a ribbon, and a wide brim that dips in front."""

    def room(h: np.ndarray, turn: np.ndarray) -> np.ndarray:
        straight = 0.012 + 0.030 * np.clip(h / 0.75, 0, 1) ** 1.3
        ribbon = 0.0016 * (h < 0.26)
        beside = np.exp(-((np.abs(np.sin(turn)) - 0.55) ** 2) / 0.05) * (np.cos(turn) > 0)
        pinch = 0.020 * np.clip((h - 0.6) / 0.4, 0, 1) * beside
        return straight + ribbon - pinch

    outer = _shell(0.752, 0.722, room, 20)
    top = np.clip((outer[..., 2] - 0.838) / 0.03, 0, 1)[..., None]
    dent = 0.016 * np.exp(-((outer[..., 0] / 0.03) ** 2))
    outer[..., 2] = np.where(
        top[..., 0] > 0, np.minimum(outer[..., 2], 0.846) - dent * top[..., 0], outer[..., 2]
    )
    crown = _out(grid(outer, _uv(20, 0.42, 1.0), True), outer, 0)
    edge = outer[0]
    flat = edge - _CENTRE
    way = unit(flat * [1, 1, 0])
    turn = np.linspace(0, 2 * np.pi, _COLUMNS, endpoint=False)
    s = np.array([0.0, 0.12, 0.35, 0.6, 0.82, 0.97, 1.0])[:, None, None]
    wide = 0.072 + 0.006 * np.cos(turn) ** 2
    dip = (-0.016 * np.cos(turn) + 0.016 * np.sin(turn) ** 2)[None, :, None] * s**1.6
    brim = edge + s * wide[:, None] * way + dip * [0, 0, 1]
    brim[..., 2] -= 0.003 * s[..., 0] * (1 - s[..., 0])
    under = brim - [0, 0, 0.0028]
    low = under[:1] + 0.003 * -way
    sheet = np.concatenate([low + np.array([0, 0, 0.006]), low, under, brim[::-1]])
    v = np.concatenate([[0.02, 0.02], np.linspace(0.05, 0.30, 7), np.linspace(0.30, 0.05, 7)])
    u = np.linspace(0, 1, _COLUMNS + 1)
    flat_brim = grid(sheet, np.stack(np.broadcast_arrays(u[None], v[:, None]), axis=-1), True)
    upper = flat_brim.faces.min(axis=1) >= 9 * _COLUMNS
    corners = flat_brim.vertices[flat_brim.faces[upper]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).mean(axis=0)
    if normal[2] < 0:
        flat_brim = Piece(flat_brim.vertices, flat_brim.faces[:, ::-1], flat_brim.uv[:, ::-1])
    return joined([crown, flat_brim])


def _woven(seed: int, panels: bool, ribbon: tuple[float, float] | None) -> np.ndarray:
    """Cloth, with the seams of six panels and a visor's stitches, or with a ribbon between two
    heights of the picture."""
    rng = np.random.default_rng(seed)
    size = 512
    y, x = np.mgrid[:size, :size]
    weave = 0.5 + 0.25 * np.sin(x * np.pi / 3) * np.sin(y * np.pi / 3)
    cloudy = cv2.GaussianBlur(rng.standard_normal((size, size)).astype(np.float32), (0, 0), 9)
    tone = 0.80 + 0.12 * (weave - 0.5) + 0.9 * cloudy + 0.03 * rng.standard_normal((size, size))
    colour = np.repeat(tone[..., None], 3, axis=-1)
    if panels:
        near = np.abs((x / size * 6 + 0.5) % 1 - 0.5) * size / 6
        colour *= (1 - 0.35 * np.exp(-((near / 2.0) ** 2)) * (y < size / 2))[..., None]
        stitch = (np.abs(y - size * 0.82) < 1.5) | (np.abs(y - size * 0.88) < 1.5)
        colour *= np.where(stitch & (x % 12 < 7), 1.18, 1.0)[..., None]
    if ribbon is not None:
        row = 1 - y / size
        band = (row > ribbon[0]) & (row < ribbon[1])
        colour[band] *= 0.30 + 0.04 * np.sin(y[band] * 2.1)[:, None]
    return np.clip(255 * colour, 0, 255).astype(np.uint8)


def _knit(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Ribbed knitting and its relief."""
    size = 512
    y, x = np.mgrid[:size, :size].astype(np.float32)
    rib = np.abs(((x / 32) % 1) - 0.5) * 2
    loop = np.abs(((y / 10 + 0.9 * np.abs(((x / 16) % 1) - 0.5)) % 1) - 0.5) * 2
    height = (0.55 + 0.45 * (1 - rib**2)) * (0.55 + 0.45 * loop)
    noise = np.random.default_rng(seed).standard_normal((size, size)) * 0.03
    tone = 0.45 + 0.5 * height + noise
    down, right = np.gradient(cv2.GaussianBlur(height, (0, 0), 1.0))
    n = np.dstack([-4 * right, 4 * down, np.ones_like(height)])
    n /= np.linalg.norm(n, axis=-1, keepdims=True)
    normal = np.clip(127.5 * (n + 1), 0, 255).astype(np.uint8)
    return np.clip(255 * np.repeat(tone[..., None], 3, -1), 0, 255).astype(np.uint8), normal


def covered(front_z: float, back_z: float) -> np.ndarray:
    """The scalp's base vertices under a hat: hair that is bound to them is hidden with them."""
    figure = make_figure()
    skin = np.unique(figure.surface.faces["skin"])
    p = figure.template_m[skin]
    turn = np.arctan2(p[:, 0], -(p[:, 1] - _CENTRE[1]))
    return skin[(p[:, 2] > 0.66) & (p[:, 2] > _band(turn, front_z, back_z) + 0.004)]


def make() -> Iterator[Asset]:
    """Every hat."""
    plain = {"diffuse": webp("hat_cap.webp", _woven(1, True, None), 80)}
    felt = {"diffuse": webp("hat_brimmed.webp", _woven(2, False, (0.42, 0.57)), 80)}
    tone, normal = _knit(3)
    knit = {
        "diffuse": webp("hat_beanie.webp", tone, 75),
        "normal": webp("hat_beanie_normal.webp", normal, 75),
    }
    for name, title, piece, pictures, colour, edge in (
        ("hat_cap", "Cap", cap(), plain, "#2f4a73", (0.752, 0.712)),
        ("hat_beanie", "Beanie", beanie(), knit, "#8a3f36", (0.742, 0.690)),
        ("hat_brimmed", "Wide-brimmed hat", brimmed(), felt, "#8d7558", (0.752, 0.722)),
    ):
        red, green, blue = (int(colour[j : j + 2], 16) / 255 for j in (1, 3, 5))
        material = AssetMaterial(
            name, (red, green, blue), (0.1, 0.1, 0.1), 0.1, 0.9, backface_cull=False,
            pictures=pictures,
        )  # fmt: skip
        binding = bind(piece.vertices, make_figure().template_m, calm_faces(True), HEAD_SCALES)
        yield asset(
            name, title, "hat", piece, binding, (material,), {"main": colour}, ("hat",), 80,
            covered(*edge),
        )  # fmt: skip
