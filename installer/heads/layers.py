"""Layers of hair: ribbons rooted over a part of the scalp, alike in length, width and height."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from studio.synth.solids import Piece, unit

from . import combs
from .body import Scalp, roots
from .grow import Flow, grow, ribbons
from .strands import DENSE

EDGE_WIDTH_M, EDGE_WIDENS = 0.006, 0.9
"""Ribbons are no wider than this at the hairline, and than that share of their way inside more."""
UP_AND_BACK = np.array([0.0, 0.45, 1.0])


@dataclass(frozen=True)
class Layer:
    """Ribbons of one layer: how densely they are rooted, how long, wide and high they are.

    ``rise`` makes them leave the head more upwards than its surface would have it; they are rooted
    ``inside_m`` to ``within_m`` inside the hairline.
    """

    spacing_m: float
    length_m: float
    width_m: float
    height_m: float
    columns: tuple[int, ...] = DENSE
    steps: int = 6
    lift: float = 0.5
    bend_m: float = 0.015
    hug: float = 0.25
    roll: float = 0.25
    taper: float = 0.5
    arch: float = 0.0
    inside_m: float = 0.0
    ruffle: float = 0.12
    spread: float = 0.18
    weight: float = 1.0
    root: float = 0.0
    rise: float = 0.0
    within_m: float = 1.0


def layer(
    spec: Layer, flow: Flow, ground: Scalp, seed: int,
    length: Callable[[np.ndarray], np.ndarray] | None = None,
    where: Callable[[np.ndarray], np.ndarray] | None = None,
    shape: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None,
) -> Piece:  # fmt: skip
    """Ribbons of a layer; ``length`` scales their length and ``where`` keeps roots by place."""
    rng = np.random.default_rng(seed)
    at, normal, inside = roots(ground, spec.spacing_m, rng, spec.inside_m)
    keep = inside < spec.within_m
    if where is not None:
        keep &= where(at)
    at, normal, inside = at[keep], normal[keep], inside[keep]
    normal = unit(normal + spec.rise * UP_AND_BACK)
    count = len(at)
    long = spec.length_m * np.exp(rng.normal(0, spec.spread, count))
    if length is not None:
        long = long * length(at)
    high = spec.height_m * rng.uniform(0.55, 1.25, count)
    path = grow(
        at, normal, long, combs.ruffled(flow, spec.ruffle, seed), spec.steps, high,
        spec.lift, spec.bend_m, spec.hug, spec.weight,
    )  # fmt: skip
    if shape is not None:
        path = shape(path, rng)
    column = rng.choice(spec.columns, count)
    width = spec.width_m * rng.uniform(0.7, 1.3, count)
    width = np.minimum(width, EDGE_WIDTH_M + EDGE_WIDENS * np.maximum(inside, 0))
    return ribbons(
        path,
        width,
        column,
        rng.normal(0, spec.roll, count),
        spec.taper,
        (spec.root, 1.0),
        spec.arch,
    )


def edged(spec: Layer) -> Layer:
    """The narrow ribbons with which a layer begins along the hairline."""
    return replace(
        spec, spacing_m=0.0076, width_m=0.0112, inside_m=-0.001, within_m=0.013, columns=DENSE[2:5],
        height_m=min(spec.height_m, 0.004), lift=min(spec.lift, 0.3), steps=min(spec.steps, 6),
    )  # fmt: skip
