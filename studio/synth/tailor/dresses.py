"""Patterns of dresses: a bodice and a skirt that meet under a belt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.human.wardrobe.asset import Asset
from studio.synth.tailor.bottoms import tube
from studio.synth.tailor.cutting import cut, dummy
from studio.synth.tailor.draping import Cloth
from studio.synth.tailor.fabric import Cloth2D, noise
from studio.synth.tailor.patterns import (
    card,
    deleted,
    hung,
    loosened,
    rib_rows,
    step,
    top_ring,
)  # fmt: skip
from studio.synth.tailor.regions import shirt_region
from studio.synth.tailor.sewing import Look, Shell, band, sew, shell
from studio.synth.tailor.tops import armhole, scooped, sleeve_share

WAIST = 0.15
BODICE = Cloth(ease=0.985, uneven=0.01, weight_m=0.00002, steps=40)
"""Bodices are cut close and are held by their waist."""


def _dress(
    inside: np.ndarray, ease: Callable[[np.ndarray], np.ndarray], low_z: float, flare: float,
    fabric: Cloth, seed: int, also: Callable[[np.ndarray], np.ndarray] | None = None,
) -> tuple[list[Shell], int]:  # fmt: skip
    """The dress's shells (bodice, skirt, belt), and how many panels the bodice has."""
    bodice_cut = cut("tights", inside, also=also)
    pattern = loosened(bodice_cut, ease)
    held = step(bodice_cut.coat_m[:, 2], WAIST + 0.03, WAIST)
    bodice = shell(bodice_cut, hung(bodice_cut, pattern, BODICE, held, seed), pattern)
    skirt_cut, skirt = tube(
        low_z, lambda at: np.full(len(at), 0.007),
        lambda z: 1 + flare * step(z, 0.10, low_z), fabric, seed, WAIST,
    )  # fmt: skip
    ring = top_ring(skirt_cut)
    belt = band(skirt, skirt_cut, ring, rib_rows(len(ring), 0.024, 0.0, 0.004))
    return [bodice, skirt, belt], len(bodice.panels)


def summer_dress() -> Asset:
    p = dummy().template_m
    inside = np.minimum(shirt_region(0.3, -0.035, 0.0), p[:, 2] - WAIST + 0.012)
    neck = scooped(0.100, 0.165)
    shells, _ = _dress(
        inside, lambda at: np.full(len(at), 0.0045), -0.27, 0.42,
        Cloth(stiff=0.22, uneven=0.05, steps=120), 21, neck,
    )  # fmt: skip
    inside = np.minimum(inside, neck(p))
    hidden = np.minimum(np.maximum(inside, WAIST + 0.02 - p[:, 2]), p[:, 2] + 0.02)
    hidden = np.where(p[:, 2] > WAIST, inside, hidden)

    def paint(on: Cloth2D) -> None:
        tx = on.on
        on.weave("cotton", 21)
        low = tx.coat_m[..., 2] < WAIST
        on.wrinkle(0.0008, 0.05, 0.4 + 0.3 * low, 22)
        on.groove(tx.seam_m)
        on.hemmed(0.014)
        cell = 0.034
        u, v = tx.flat_m[..., 0] / cell, tx.flat_m[..., 1] / cell
        row = np.floor(v)
        du, dv = np.mod(u + 0.5 * np.mod(row, 2), 1) - 0.5, np.mod(v, 1) - 0.5
        wobble = 0.08 * noise(tx.flat_m, 0.06, 23)
        radius, angle = np.hypot(du + wobble, dv + wobble), np.arctan2(dv, du)
        petals = np.clip((0.23 + 0.08 * np.cos(5 * angle) - radius) / 0.05, 0, 1)[..., None]
        heart = np.clip((0.085 - radius) / 0.04, 0, 1)[..., None]
        on.shade *= 1 + petals * (np.array([1.22, 1.20, 1.12]) - 1)
        on.shade *= 1 + heart * (np.array([0.85, 0.70, 0.35]) - 1)

    look = Look("summer_dress", card("Summer dress", "dress", "#c7655d"), 55, deleted(hidden), 0.9,
                ("Dress",))  # fmt: skip
    return sew(shells, look, paint)


def knit_dress() -> Asset:
    p = dummy().template_m
    top = shirt_region(1.9, -0.035, 0.016)
    inside = np.minimum(top, p[:, 2] - WAIST + 0.012)

    def ease(at: np.ndarray) -> np.ndarray:
        arm = step(np.abs(at[:, 0]), 0.17, 0.28)
        return 0.005 + 0.008 * arm * (1 - 0.7 * step(sleeve_share(at), 0.9, 1.0))

    shells, bodice = _dress(inside, ease, -0.30, 0.06, Cloth(stiff=0.4, uneven=0.03), 24)
    hidden = np.where(p[:, 2] > WAIST, inside, p[:, 2] + 0.06)
    hidden = np.where(np.abs(p[:, 0]) > 0.3, top, hidden)

    def paint(on: Cloth2D) -> None:
        tx = on.on
        body = tx.of(*range(bodice))
        on.weave("jersey", 24)
        line = np.sin(2 * np.pi * tx.flat_m[..., 0] / max(0.009, 4 * tx.texel_m))
        on.height_m += 0.0004 * line
        on.shade *= (1 + 0.03 * (line - 1))[..., None]
        on.wrinkle(0.0008, 0.05, 0.4 + 0 * tx.hem_m, 25)
        on.groove(np.where(body, np.abs(armhole(tx.coat_m)), 9))
        on.groove(tx.seam_m)
        on.hemmed(0.02)

    look = Look("knit_dress", card("Long-sleeved dress", "dress", "#3f5f5a"), 55, deleted(hidden),
                0.95, ("Dress",))  # fmt: skip
    return sew(shells, look, paint)


DRESSES = (summer_dress, knit_dress)
