"""Patterns of tops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from studio.human.wardrobe.asset import Asset
from studio.synth.tailor.cutting import Cut, cut, dummy
from studio.synth.tailor.draping import Cloth
from studio.synth.tailor.fabric import Cloth2D
from studio.synth.tailor.patterns import (
    around,
    box,
    card,
    deleted,
    evened,
    hung,
    loosened,
    rib_rows,
    step,
    top_ring,
)  # fmt: skip
from studio.synth.tailor.regions import shirt_region
from studio.synth.tailor.sewing import Look, Shell, band, hanging, sew, shell
from studio.synth.tailor.trims import buttons, cords

ARM = np.array([0.162, -0.017, 0.467]), np.array([0.446, -0.179, 0.164])
"""Where the arm begins and ends on the average person."""


def armhole(coat_m: np.ndarray) -> np.ndarray:
    """How far places are from the line where a sleeve is set in (metres, positive outside)."""
    x, z = np.abs(coat_m[..., 0]), coat_m[..., 2]
    return x - 0.155 - 0.10 * np.clip(z - 0.36, -0.1, 0.2)


def sleeve_share(coat_m: np.ndarray) -> np.ndarray:
    """How far down the arm places are, 0 at the shoulder, 1 at the wrist."""
    start, end = ARM
    at = coat_m * np.where(coat_m[..., :1] < 0, [-1.0, 1, 1], [1.0, 1, 1])
    return (at - start) @ (end - start) / ((end - start) @ (end - start))


def _top(
    inside: np.ndarray, low_m: float, sleeve_m: float, tight_m: float, fabric: Cloth, seed: int,
    cuff: bool = False, also: Callable[[np.ndarray], np.ndarray] | None = None,
) -> tuple[Cut, Shell]:  # fmt: skip
    """A top's body: ``low_m`` looser towards the hem, ``sleeve_m`` along the arms; ``cuff`` draws
    the ends in."""
    piece = cut("tights", inside, also=also)

    def ease(at: np.ndarray) -> np.ndarray:
        arm = step(np.abs(at[:, 0]), 0.17, 0.28)
        loose = tight_m + low_m * step(at[:, 2], 0.36, 0.08) * (1 - arm) + sleeve_m * arm
        if cuff:
            end = step(sleeve_share(at), 0.93, 1.0) * arm
            end = np.maximum(end, step(at[:, 2], 0.045, 0.0) * (1 - arm))
            loose = loose * (1 - 0.75 * end)
        return loose

    pattern = loosened(piece, ease)
    main = shell(piece, hung(piece, pattern, fabric, seed=seed), pattern)
    return piece, replace(main, weights=hanging(main))


def profile(*rows: tuple[np.ndarray | float, np.ndarray | float]) -> np.ndarray:
    """A band's rows (see :func:`band`), each how far out and beyond, the same or by vertex."""
    count = max(np.size(value) for row in rows for value in row)
    return np.stack([np.stack([np.broadcast_to(v, count) for v in row], -1) for row in rows])


def _tee(region: tuple[float, float, float], look: tuple[str, str, str, int], seed: int) -> Asset:
    """A jersey top with a ribbed neck; ``look`` is its name, title, colour and depth."""
    inside = shirt_region(*region)
    piece, main = _top(inside, 0.010, 0.012, 0.008, Cloth(), seed)
    ring = top_ring(piece)
    rib = band(main, piece, ring, rib_rows(len(ring), 0.02))

    def paint(on: Cloth2D) -> None:
        tx = on.on
        collar = tx.of(len(main.panels))
        on.weave("jersey", seed)
        on.wrinkle(0.0008, 0.05, (~collar) * (0.35 + step(tx.coat_m[..., 2], 0.25, 0.05)), seed + 2)
        on.groove(np.where(collar, 9, np.abs(armhole(tx.coat_m))))
        on.groove(np.where(collar, 9, tx.seam_m))
        on.hemmed()

    name, title, colour, depth = look
    return sew([main, rib], Look(name, card(title, "top", colour), depth, deleted(inside), 0.9,
                                 ("Shirt",)), paint)  # fmt: skip


def t_shirt() -> Asset:
    return _tee((0.74, -0.045, 0.012), ("tshirt", "T-shirt", "#7d9cb8", 55), 1)


def long_sleeve() -> Asset:
    return _tee((1.88, -0.04, 0.015), ("long_sleeve", "Long-sleeved tee", "#bdb3a2", 56), 8)


def scooped(strap_m: float, deep_m: float) -> Callable[[np.ndarray], np.ndarray]:
    """A top's region without sleeves, ``strap_m`` the shoulders' half width, ``deep_m`` how far
    the neck is cut out in front."""

    def inside(p: np.ndarray) -> np.ndarray:
        strap = strap_m + 0.16 * np.clip(0.40 - p[:, 2], 0, 0.05)
        strap += 0.9 * np.clip(0.35 - p[:, 2], 0, 9)
        deep = 0.085 + (deep_m - 0.085) * step(p[:, 1], 0.0, -0.05)
        wide = strap_m - 0.046
        scoop = wide * (np.hypot(p[:, 0] / wide, (p[:, 2] - 0.56) / deep) - 1)
        return np.minimum(strap - np.abs(p[:, 0]), scoop)

    return inside


def tank_top() -> Asset:
    inside = shirt_region(0.3, -0.02, 0.035)
    neck = scooped(0.118, 0.150)
    _, main = _top(inside, 0.004, 0.0, 0.005, Cloth(ease=1.01), 2, also=neck)
    inside = np.minimum(inside, neck(dummy().template_m))

    def paint(on: Cloth2D) -> None:
        on.weave("rib", 2)
        on.wrinkle(0.0005, 0.05, 0.3 + step(on.on.coat_m[..., 2], 0.3, 0.05), 4)
        on.groove(on.on.seam_m)
        on.hemmed(0.012)

    look = Look("tank_top", card("Tank top", "top", "#c9c4ba"), 54, deleted(inside), 0.9,
                ("Shirt",))  # fmt: skip
    return sew([main], look, paint)


def shirt() -> Asset:
    inside = shirt_region(1.9, -0.06, 0.004)
    piece, main = _top(inside, 0.011, 0.012, 0.008, Cloth(stiff=0.35), 3, cuff=True)
    ring = top_ring(piece)
    turn = around(main, ring)
    open_ = step(turn, np.pi - 0.02, np.pi - 0.22)  # no collar at the very front
    point = step(turn, 1.6, 2.7)
    rows = profile(
        (0.0005, -0.002), (0.0012, 0.012), (0.0005, 0.027 - 0.006 * point),
        (0.0035, 0.031 - 0.006 * point), (0.0085, 0.026 - 0.006 * point),
        (0.0125 + 0.004 * point, 0.008 - 0.010 * point),
        (0.0145 + 0.007 * point, -0.008 - 0.026 * point),
        (0.0125 + 0.007 * point, -0.008 - 0.026 * point),
    )  # fmt: skip
    rows[..., 1] *= open_
    collar = band(main, piece, ring, rows, turned=True)
    heights = np.array([0.485, 0.41, 0.335, 0.26, 0.185, 0.11, 0.04])
    front = np.stack([np.zeros(7), np.full(7, -1.0), heights], axis=1)
    studs = buttons(main, piece, front, 0.0055)

    def paint(on: Cloth2D) -> None:
        tx = on.on
        x, z = tx.coat_m[..., 0], tx.coat_m[..., 2]
        body = tx.of(*range(len(main.panels)))
        fore = body & (tx.coat_m[..., 1] < 0.0)
        on.weave("cotton", 3)
        on.wrinkle(0.0011, 0.045, body * (0.4 + step(z, 0.25, 0.0)), 5)
        placket = np.where(fore & (np.abs(x) < 0.06), 0.016 - np.abs(x), -9)
        on.layer(placket, 0.0010)
        for edge in (-0.013, 0.013):
            on.stitch(np.where(fore & (np.abs(x) < 0.05), x - edge, 9), tx.flat_m[..., 1])
        on.groove(np.where(body, np.abs(armhole(tx.coat_m)), 9))
        on.groove(np.where(body, tx.seam_m, 9))
        yoke = np.where(body & (tx.coat_m[..., 1] > 0), np.abs(z - 0.45), 9)
        on.groove(yoke)
        cuff = np.where(body & (sleeve_share(tx.coat_m) > 0.7), 0.058 - tx.hem_m, -9)
        on.layer(cuff, 0.0010)
        on.stitch(np.where(cuff > -0.02, cuff - 0.004, 9), tx.flat_m[..., 0])
        on.hemmed(0.008)
        on.shade[tx.of(len(main.panels) + 1)] *= 1.12

    look = Look("shirt", card("Shirt", "top", "#c6d3e0"), 58, deleted(inside), 0.85, ("Shirt",))
    return sew([main, collar, studs], look, paint)


def _ribbed(on: Cloth2D, where: np.ndarray) -> None:
    """Ribbing instead of plain cloth, drawn in a little."""
    tx = on.on
    line = np.sin(2 * np.pi * tx.flat_m[..., 0] / max(0.0055, 4 * tx.texel_m))
    on.height_m += where * 0.0006 * line
    on.shade *= (1 + where * 0.07 * (line - 1))[..., None]


def hoodie() -> Asset:
    inside = shirt_region(1.9, -0.04, 0.012)
    fabric = Cloth(stiff=0.4, gap_m=0.007, uneven=0.03)
    piece, main = _top(inside, 0.018, 0.016, 0.013, fabric, 4, cuff=True)
    ring = top_ring(piece)
    turn = around(main, ring)
    full = 0.30 + 0.70 * step(turn, 2.9, 0.9)
    roll = np.array([
        (0.001, -0.004), (0.006, 0.018), (0.004, 0.045), (0.012, 0.062), (0.030, 0.066),
        (0.052, 0.055), (0.068, 0.030), (0.074, -0.004), (0.066, -0.045), (0.048, -0.078),
        (0.026, -0.090), (0.012, -0.080),
    ])  # fmt: skip
    rows = roll[:, None] * np.stack([full, full], axis=-1)[None]
    rows[:, :, 1] *= np.where(rows[:, :, 1] > 0, 0.55 + 0.45 * full, 1.0)
    hood = band(main, piece, ring, rows, turned=True)
    strings = cords(main, piece, ((0.035, 0.505), (-0.035, 0.505)), (0.20, 0.185), 0.0028)

    def paint(on: Cloth2D) -> None:
        tx = on.on
        x, z = tx.coat_m[..., 0], tx.coat_m[..., 2]
        body = tx.of(*range(len(main.panels)))
        fore = body & (tx.coat_m[..., 1] < 0.01)
        ends = body & (tx.hem_m < 0.055) & ((sleeve_share(tx.coat_m) > 0.8) | (z < 0.1))
        on.weave("fleece", 4)
        on.wrinkle(0.0013, 0.06, (body & ~ends) * (0.5 + 0.5 * step(z, 0.3, 0.05)), 6)
        _ribbed(on, ends.astype(float))
        on.groove(np.where(body & (tx.hem_m < 0.08) & (tx.hem_m > 0.03), tx.hem_m - 0.055, 9))
        width = 0.115 - 0.055 * step(z, 0.10, 0.185)
        pocket = np.minimum(width - np.abs(x), np.minimum(z - 0.055, 0.195 - z))
        pocket = np.where(fore & (np.abs(x) < 0.2), pocket, -9)
        on.layer(pocket, 0.0022)
        on.stitch(np.where(pocket > -0.02, pocket - 0.006, 9), x + z)
        on.groove(np.where(body, np.abs(armhole(tx.coat_m)), 9))
        on.groove(np.where(body & ~ends, tx.seam_m, 9))
        on.groove(np.where(tx.of(len(main.panels)), np.abs(x) + (tx.coat_m[..., 1] < 0), 9))

    look = Look("hoodie", card("Hoodie", "top", "#7f8790"), 62, deleted(inside), 0.95,
                ("Sweater",))  # fmt: skip
    return sew([main, hood, strings], look, paint)


def jumper() -> Asset:
    inside = shirt_region(1.9, -0.03, 0.008)
    fabric = Cloth(stiff=0.5, gap_m=0.006, uneven=0.025)
    piece, main = _top(inside, 0.014, 0.014, 0.011, fabric, 5, cuff=True)
    ring = top_ring(piece)
    rib = band(main, piece, ring, rib_rows(len(ring), 0.028, 0.15, 0.005))

    def paint(on: Cloth2D) -> None:
        tx = on.on
        collar = tx.of(len(main.panels))
        ends = (tx.hem_m < 0.05) & ((sleeve_share(tx.coat_m) > 0.8) | (tx.coat_m[..., 2] < 0.1))
        ends = collar | (ends & ~collar)
        on.weave("knit", 5)
        on.height_m[ends] *= 0.25
        on.shade[ends] = 0.96
        _ribbed(on, 1.6 * ends)
        on.groove(np.where(~collar, tx.hem_m - 0.05, 9), 0.003)
        on.groove(np.where(~collar, np.abs(armhole(tx.coat_m)), 9), 0.003, 0.001)

    look = Look("jumper", card("Knitted jumper", "top", "#a6705a"), 60, deleted(inside), 1.0,
                ("Sweater",))  # fmt: skip
    return sew([main, rib], look, paint)


def _open(
    region: tuple[float, float, float], wide: Callable[[np.ndarray], np.ndarray],
    fit: tuple[float, float, float], fabric: Cloth, seed: int, collar_m: float, cuff: bool = False,
) -> tuple[np.ndarray, Cut, Shell, Shell]:  # fmt: skip
    """Something worn open over a top: where it is cut (of base vertices), its body, and the band
    along neck and fronts, which stands up by ``collar_m`` about the neck. ``region`` is that of
    :func:`shirt_region`, ``wide`` half the gap in front (of heights), ``fit`` how loose hem,
    sleeves and the whole are."""

    def gap(p: np.ndarray) -> np.ndarray:
        return np.where(p[:, 1] < 0.0, np.abs(p[:, 0]) - wide(p[:, 2]), 0.3)

    inside = shirt_region(*region)
    low, sleeve, all_ = fit
    piece, main = _top(inside, low, sleeve, all_, fabric, seed, cuff, gap)
    ring = top_ring(piece)
    neck = evened(step(main.coat_m[ring, 2], 0.47, 0.54), 12) * collar_m
    rows = profile(
        (0.0005, -0.002), (0.0024 + 0.1 * neck, 0.004 + 0.4 * neck),
        (0.0026 + 0.4 * neck, 0.011 + 0.8 * neck), (0.0004 + 0.4 * neck, 0.0125 + 0.84 * neck),
        (-0.0012 + 0.2 * neck, 0.006 + 0.5 * neck), (-0.0026, -0.006),
    )  # fmt: skip
    return np.minimum(inside, gap(dummy().template_m)), piece, main, band(main, piece, ring, rows)


def jacket() -> Asset:
    def wide(z: np.ndarray) -> np.ndarray:
        return 0.034 + 0.034 * step(z, 0.34, 0.52) + 0.02 * step(z, 0.25, 0.0)

    inside, _, main, facing = _open(
        (1.93, -0.06, 0.030), wide, (0.016, 0.014, 0.017),
        Cloth(stiff=0.6, gap_m=0.012, uneven=0.015), 6, 0.008,
    )  # fmt: skip

    def paint(on: Cloth2D) -> None:
        tx = on.on
        x, z = np.abs(tx.coat_m[..., 0]), tx.coat_m[..., 2]
        body = tx.of(*range(len(main.panels)))
        fore = body & (tx.coat_m[..., 1] < 0.0)
        on.weave("denim", 6)
        on.wrinkle(0.0012, 0.055, body * (0.5 + 0.5 * step(z, 0.3, 0.0)), 8)
        for cx, cz, wide_, tall in ((0.095, 0.385, 0.05, 0.055), (0.11, 0.075, 0.05, 0.06)):
            pocket = np.where(fore, box(x - cx, z - cz, wide_, tall, 0.01), -9)
            on.layer(pocket, 0.0012)
            on.stitch(np.where(pocket > -0.02, pocket - 0.004, 9), x + z)
            flap = np.where(
                fore, box(x - cx, z - cz - tall + 0.015, wide_ + 0.002, 0.017, 0.006), -9
            )
            on.layer(flap, 0.0012)
        for distance in (np.abs(armhole(tx.coat_m)), tx.seam_m):
            on.groove(np.where(body, distance, 9))
            on.stitch(np.where(body, np.abs(distance) - 0.006, 9), tx.flat_m[..., 1])
        on.groove(np.where(body & (tx.coat_m[..., 1] > 0), np.abs(z - 0.44), 9))
        on.hemmed(0.03)

    look = Look("jacket", card("Open jacket", "jacket", "#5d6b4f"), 70, deleted(inside, 0.05),
                0.9, ("Jacket",))  # fmt: skip
    return sew([main, facing], look, paint)


def cardigan() -> Asset:
    def wide(z: np.ndarray) -> np.ndarray:
        return 0.022 + 0.042 * step(z, 0.24, 0.50) + 0.012 * step(z, 0.2, 0.0)

    inside, piece, main, facing = _open(
        (1.9, -0.10, 0.028), wide, (0.012, 0.012, 0.012),
        Cloth(stiff=0.4, gap_m=0.009, uneven=0.02), 7, 0.004, cuff=True,
    )  # fmt: skip
    heights = np.array([0.25, 0.17, 0.09, 0.01])
    front = np.stack([wide(heights) + 0.007, np.full(4, -1.0), heights], axis=1)
    studs = buttons(main, piece, front, 0.0075)

    def paint(on: Cloth2D) -> None:
        tx = on.on
        edge, button = tx.of(len(main.panels)), tx.of(len(main.panels) + 1)
        body = ~(edge | button)
        ends = body & (tx.hem_m < 0.05)
        ends &= (sleeve_share(tx.coat_m) > 0.8) | (tx.coat_m[..., 2] < -0.02)
        on.weave("knit", 7)
        on.height_m[ends | edge] *= 0.25
        on.shade[ends | edge] = 0.95
        _ribbed(on, 1.6 * (ends | edge))
        on.groove(np.where(body & (tx.coat_m[..., 2] < 0.3), tx.hem_m - 0.05, 9), 0.003)
        on.groove(np.where(body, np.abs(armhole(tx.coat_m)), 9), 0.003, 0.001)
        on.height_m[button] = 0
        on.shade[button] = (0.42, 0.36, 0.34)

    look = Look("cardigan", card("Cardigan", "jacket", "#8d6b72"), 66, deleted(inside, 0.05),
                1.0, ("Cardigan",))  # fmt: skip
    return sew([main, facing, studs], look, paint)


TOPS = (t_shirt, long_sleeve, tank_top, shirt, hoodie, jumper)
JACKETS = (jacket, cardigan)
