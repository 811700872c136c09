"""A fit as named arrays and back: what an avatar item of a project holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch

from studio.core.errors import StudioError
from studio.human.fit import Fit, facts_of
from studio.human.person import PHENOTYPES, Shape
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.human.segments import SEGMENT_NAMES


def fit_arrays(fit: Fit) -> dict[str, np.ndarray]:
    """A fit's arrays, each with the names of its columns beside it."""
    return {
        "phenotypes": fit.shape.phenotypes.numpy(),
        "phenotype_names": np.array(PHENOTYPES),
        "scales": fit.shape.scales.numpy(),
        "segment_names": np.array(SEGMENT_NAMES),
        "times_s": fit.times_s,
        "turns_rad": fit.turns_rad.astype(np.float32),
        "bone_names": np.array(BONE_NAMES),
        "root_m": fit.root_m,
        "actions": fit.actions.astype(np.float32),
        "action_names": np.array(ACTIONS),
        "points": np.array(fit.points),
        "residual_m": fit.residual_m.astype(np.float32),
        "floor_m": np.array(np.nan if fit.floor_m is None else fit.floor_m),
        "height_m": np.array(fit.height_m),
        "slide_mm": np.array(fit.slide_mm),
        "swapped": np.array(fit.swapped),
    }


def _ordered(
    arrays: Mapping[str, np.ndarray], values: str, names: str, wanted: tuple[str, ...], axis: int
) -> np.ndarray:
    have = [str(name) for name in arrays[names]]
    if sorted(have) != sorted(wanted):
        raise StudioError(
            "This avatar was made with another rig.", "Run the avatar step again to renew it."
        )
    return np.take(arrays[values], [have.index(name) for name in wanted], axis=axis)


def fit_from(arrays: Mapping[str, np.ndarray]) -> Fit:
    """Inverse of :func:`fit_arrays`. Raises StudioError if it was made with another rig."""
    phenotypes = _ordered(arrays, "phenotypes", "phenotype_names", PHENOTYPES, 0)
    scales = _ordered(arrays, "scales", "segment_names", SEGMENT_NAMES, 0)
    floor = float(arrays["floor_m"])
    fit = Fit(
        shape=Shape(torch.tensor(phenotypes).float(), torch.tensor(scales).float()),
        times_s=arrays["times_s"].astype(np.float64),
        turns_rad=_ordered(arrays, "turns_rad", "bone_names", BONE_NAMES, 1).astype(np.float64),
        root_m=arrays["root_m"].astype(np.float64),
        actions=_ordered(arrays, "actions", "action_names", ACTIONS, 1).astype(np.float64),
        points=tuple(str(point) for point in arrays["points"]),
        residual_m=arrays["residual_m"].astype(np.float64),
        floor_m=None if np.isnan(floor) else floor,
        height_m=float(arrays["height_m"]),
        slide_mm=float(arrays["slide_mm"]),
        swapped=bool(arrays["swapped"]),
    )
    return replace(fit, facts=facts_of(fit)) if fit.points else fit
