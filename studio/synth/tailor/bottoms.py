"""Patterns of trousers and skirts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.human.wardrobe.asset import Asset
from studio.synth.tailor.cutting import Cut, cut, dummy
from studio.synth.tailor.draping import Cloth
from studio.synth.tailor.fabric import Cloth2D, Texels
from studio.synth.tailor.patterns import (
    KNEE_Z,
    WAIST_Z,
    body,
    box,
    card,
    deleted,
    hung,
    loosened,
    rib_rows,
    step,
    top_ring,
)  # fmt: skip
from studio.synth.tailor.regions import trouser_region
from studio.synth.tailor.sewing import Look, Shell, band, sew, shell

BAND_M = 0.036
"""How high waistbands are."""


def _legs(
    inside: np.ndarray,
    ease: Callable[[np.ndarray], np.ndarray],
    fabric: Cloth,
    seed: int,
    rounds: int = 8,
) -> tuple[Cut, Shell]:
    piece = cut("tights", inside)
    pattern = loosened(piece, ease, rounds)
    held = step(piece.coat_m[:, 2], WAIST_Z - 0.045, WAIST_Z - 0.02)
    return piece, shell(piece, hung(piece, pattern, fabric, held, seed), pattern)


def _waist(tx: Texels) -> np.ndarray:
    """How far below the waist's edge."""
    return WAIST_Z - tx.coat_m[..., 2]


def _waistband(on: Cloth2D, loops_at: tuple[float, ...] = ()) -> None:
    tx = on.on
    low = _waist(tx)
    on.layer(BAND_M - low, 0.0012)
    along = tx.coat_m[..., 0] + tx.coat_m[..., 1]
    for edge in (0.004, BAND_M - 0.004):
        on.stitch(low - edge, along, (0.86, 0.82, 0.72))
    for x in loops_at:
        loop = box(np.abs(tx.coat_m[..., 0]) - x, low - 0.5 * BAND_M, 0.006, 0.026, 0.002)
        on.layer(loop, 0.0016)


def jeans() -> Asset:
    inside = trouser_region(-0.388)

    def ease(at: np.ndarray) -> np.ndarray:
        return 0.003 + 0.004 * step(at[:, 2], 0.08, -0.05) + 0.014 * step(at[:, 2], -0.2, -0.55)

    _, main = _legs(inside, ease, Cloth(stiff=0.55, ease=1.025, uneven=0.03), 11)
    tan = (1.25, 1.1, 0.8)

    def paint(on: Cloth2D) -> None:
        tx = on.on
        x, y, z = (tx.coat_m[..., k] for k in range(3))
        ax = np.abs(x)
        front, back = y < -0.01, y > 0.0
        on.weave("denim", 11)
        worn = 0.20 * step(z, -0.02, -0.14) * step(z, -0.42, -0.24) * (y < -0.05)
        seat = 0.10 * (y > 0.06) * step(z, -0.12, -0.02) * step(z, 0.1, 0.02)
        on.shade *= (1 + worn + seat)[..., None]
        whisker = np.abs(np.sin(2 * np.pi * (0.75 * z - 0.35 * ax) / 0.036)) ** 3
        hips = front * step(z, -0.10, -0.04) * step(z, 0.05, 0.0) * step(ax, 0.02, 0.05)
        on.shade *= (1 + 0.10 * hips * whisker)[..., None]
        on.height_m -= 0.0006 * hips * whisker
        bend = np.exp(-(((z - KNEE_Z) / 0.09) ** 2)) + np.exp(-(((z + 0.66) / 0.09) ** 2))
        on.wrinkle(0.0014, 0.05, 0.25 + 0.75 * bend, 12)
        on.groove(tx.seam_m, 0.003, 0.0008)
        on.stitch(tx.seam_m - 0.006, tx.flat_m[..., 1], tan)
        crotch = np.where(ax < 0.05, ax, 9)
        on.groove(np.where(z < WAIST_Z - BAND_M, crotch, 9))
        on.stitch(np.where(z < WAIST_Z - BAND_M, crotch - 0.006, 9), z, tan)
        pocket = np.hypot(ax - 0.165, (z - 0.082) * 0.8) - 0.066
        on.stitch(np.where(front & (z < 0.08) & (ax > 0.09), pocket, 9), z + x, tan)
        on.stitch(np.where(front & (z < 0.08) & (ax > 0.09), pocket + 0.007, 9), z + x, tan)
        on.groove(np.where(front & (z < 0.08) & (ax > 0.09), pocket + 0.012, 9))
        fly = x - 0.034
        on.stitch(np.where(front & (z > -0.045) & (z < 0.078) & (x > 0), fly, 9), z, tan)
        patch = np.where(back, box(ax - 0.075, z - 0.005, 0.052, 0.058, 0.012), -9)
        on.layer(patch, 0.0013)
        for inset in (0.004, 0.010):
            on.stitch(np.where(patch > -0.02, patch - inset, 9), z + x, tan)
        on.stitch(np.where(patch > 0.012, z - 0.025 + 0.35 * np.abs(ax - 0.075), 9), x, tan)
        on.stitch(np.where(back, z - 0.072 + 0.14 * (0.12 - ax), 9), x, tan)
        _waistband(on, (0.0, 0.07, 0.125))
        button = np.where(front, 0.0085 - np.hypot(x, _waist(tx) - 0.5 * BAND_M), -9)
        on.layer(button, 0.0022)
        on.shade[button > 0] = np.array([1.35, 1.2, 1.0])
        on.hemmed(0.018, 1.15)

    look = Look("jeans", card("Jeans", "bottom", "#4d5f7c"), 50, deleted(inside), 0.9,
                ("Trousers",))  # fmt: skip
    return sew([main], look, paint)


def shorts() -> Asset:
    inside = trouser_region(0.06)

    def ease(at: np.ndarray) -> np.ndarray:
        return 0.004 + 0.018 * step(at[:, 2], 0.07, -0.15)

    _, main = _legs(inside, ease, Cloth(stiff=0.5), 12)

    def paint(on: Cloth2D) -> None:
        tx = on.on
        ax, z = np.abs(tx.coat_m[..., 0]), tx.coat_m[..., 2]
        front = tx.coat_m[..., 1] < 0.0
        on.weave("cotton", 12)
        on.wrinkle(0.0010, 0.05, 0.6 + 0 * z, 13)
        on.groove(tx.seam_m)
        on.groove(np.where((ax < 0.04) & (z < WAIST_Z - BAND_M), ax, 9))
        slant = 0.65 * (ax - 0.115) + 0.76 * (z - 0.02)
        on.groove(np.where(front & (ax > 0.08) & (z < 0.078) & (z > -0.05), slant - 0.005, 9))
        on.stitch(np.where(front & (ax > 0.08) & (z < 0.078) & (z > -0.05), slant, 9), z)
        _waistband(on, (0.06, 0.12))
        on.hemmed(0.025)

    look = Look("shorts", card("Shorts", "bottom", "#a08f73"), 50, deleted(inside, 0.06), 0.9,
                ("Shorts",))  # fmt: skip
    return sew([main], look, paint)


def wide_trousers() -> Asset:
    inside = trouser_region(-0.392)

    def ease(at: np.ndarray) -> np.ndarray:
        return 0.004 + 0.012 * step(at[:, 2], 0.08, -0.05) + 0.030 * step(at[:, 2], -0.08, -0.6)

    _, main = _legs(inside, ease, Cloth(stiff=0.3, uneven=0.045, steps=110), 13)

    def paint(on: Cloth2D) -> None:
        tx = on.on
        x, z = tx.coat_m[..., 0], tx.coat_m[..., 2]
        ax = np.abs(x)
        on.weave("cotton", 13)
        on.wrinkle(0.0010, 0.06, 0.6 + 0 * z, 15)
        on.groove(tx.seam_m)
        on.groove(np.where((ax < 0.04) & (z < WAIST_Z - BAND_M), ax, 9))
        crease = ax - (0.095 + 0.07 * (0.05 - z) / 0.8)
        sharp = np.exp(-((crease / 0.004) ** 2)) * (z < 0.03)
        on.height_m += 0.0009 * sharp
        on.shade *= (1 + 0.05 * sharp)[..., None]
        _waistband(on)
        on.hemmed(0.03, 0.93)

    look = Look("wide_trousers", card("Wide trousers", "bottom", "#56504c"), 50,
                deleted(inside, 0.06), 0.85, ("Trousers",))  # fmt: skip
    return sew([main], look, paint)


def joggers() -> Asset:
    inside = trouser_region(-0.375)

    def ease(at: np.ndarray) -> np.ndarray:
        loose = 0.006 + 0.014 * step(at[:, 2], 0.08, -0.05)
        return loose * (1 - 0.8 * step(at[:, 2], -0.66, -0.71))

    piece, main = _legs(inside, ease, Cloth(stiff=0.35, uneven=0.04, gap_m=0.005), 14)
    ring = top_ring(piece)
    waist = band(main, piece, ring, rib_rows(len(ring), 0.03, 0.05, 0.004))

    def paint(on: Cloth2D) -> None:
        tx = on.on
        ax, z = np.abs(tx.coat_m[..., 0]), tx.coat_m[..., 2]
        belt = tx.of(len(main.panels))
        cuff = z < -0.665
        on.weave("fleece", 14)
        on.wrinkle(0.0014, 0.05, ~(cuff | belt) * (0.5 + 0.5 * step(z, -0.4, -0.6)), 16)
        line = np.sin(2 * np.pi * tx.flat_m[..., 0] / max(0.0055, 4 * tx.texel_m))
        on.height_m += (cuff | belt) * 0.0006 * line
        on.shade *= (1 + (cuff | belt) * 0.07 * (line - 1))[..., None]
        on.groove(np.where(~belt, z + 0.665, 9))
        on.groove(np.where(~cuff & ~belt, tx.seam_m, 9))
        slant = 0.65 * (ax - 0.115) + 0.76 * (z - 0.02)
        on.groove(
            np.where((tx.coat_m[..., 1] < 0) & (ax > 0.08) & (z < 0.09) & (z > -0.06), slant, 9)
        )

    look = Look("joggers", card("Joggers", "bottom", "#5c6066"), 50, deleted(inside), 0.95,
                ("Trousers",))  # fmt: skip
    return sew([main, waist], look, paint)


def tube(
    low_z: float,
    ease: Callable[[np.ndarray], np.ndarray],
    taper: Callable[[np.ndarray], np.ndarray],
    fabric: Cloth,
    seed: int,
    top_z: float = WAIST_Z,
) -> tuple[Cut, Shell]:
    """A skirt down to ``low_z``: the skirt volume, ``taper`` times as wide (of heights)."""
    p = dummy().template_m
    piece = cut("skirt", np.minimum(top_z - p[:, 2], p[:, 2] - low_z), 1)
    pattern = loosened(piece, ease, 6)
    pattern[:, :2] *= taper(piece.coat_m[:, 2])[:, None]
    pattern += body().out(pattern, 0.005)[0]
    held = step(piece.coat_m[:, 2], top_z - 0.05, top_z - 0.02)
    return piece, shell(piece, hung(piece, pattern, fabric, held, seed), pattern)


def pencil_skirt() -> Asset:
    _, main = tube(
        -0.33, lambda at: np.full(len(at), 0.002),
        lambda z: 1 - 0.16 * step(z, -0.02, -0.33), Cloth(stiff=0.6, ease=1.0, uneven=0.012), 16,
    )  # fmt: skip
    p = dummy().template_m
    inside = np.minimum(WAIST_Z - p[:, 2], p[:, 2] + 0.06)

    def paint(on: Cloth2D) -> None:
        tx = on.on
        x, y, z = (tx.coat_m[..., k] for k in range(3))
        on.weave("cotton", 16)
        on.wrinkle(0.0006, 0.06, 0.5 + 0 * z, 17)
        on.groove(tx.seam_m)
        on.groove(np.where(y > 0, np.abs(x), 9))
        for dart in (-0.07, 0.07):
            on.groove(np.where((z > 0.0) & (z < WAIST_Z - BAND_M), x - dart, 9), 0.0015, 0.0004)
        _waistband(on)
        on.hemmed(0.03, 0.93)

    look = Look("pencil_skirt", card("Pencil skirt", "bottom", "#4b4754"), 50, deleted(inside),
                0.85, ("Skirt",))  # fmt: skip
    return sew([main], look, paint)


def leggings() -> Asset:
    inside = trouser_region(-0.36)

    def ease(at: np.ndarray) -> np.ndarray:
        return np.full(len(at), 0.002)

    fabric = Cloth(stiff=0.9, ease=0.99, uneven=0.004, gap_m=0.003)
    _, main = _legs(inside, ease, fabric, 19, rounds=4)

    def paint(on: Cloth2D) -> None:
        tx = on.on
        ax, z = np.abs(tx.coat_m[..., 0]), tx.coat_m[..., 2]
        on.weave("jersey", 19)
        bend = np.exp(-(((z - KNEE_Z) / 0.05) ** 2)) + np.exp(-(((z + 0.68) / 0.04) ** 2))
        on.wrinkle(0.0005, 0.03, 0.15 + 0.85 * bend, 20)
        on.groove(tx.seam_m, 0.002, 0.0004)
        on.groove(np.where((ax < 0.04) & (z < WAIST_Z - 0.06), ax, 9), 0.002, 0.0004)
        low = _waist(tx)
        on.layer(0.06 - low, 0.0008)
        on.stitch(low - 0.056, tx.coat_m[..., 0] + tx.coat_m[..., 1])
        on.hemmed(0.015)

    look = Look("leggings", card("Leggings", "bottom", "#3a3d46"), 48, deleted(inside), 0.8,
                ("Leggings",))  # fmt: skip
    return sew([main], look, paint)


BOTTOMS = (jeans, shorts, wide_trousers, joggers, pencil_skirt, leggings)
