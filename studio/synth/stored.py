"""An avatar item's arrays as a character: as it was fitted, or as somebody designed it since."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from studio.core.types import Character
from studio.human.design import Design
from studio.human.stored import fit_from
from studio.synth import designed


def avatar_of(
    arrays: Mapping[str, np.ndarray], name: str, design: Design | None, clothed: bool = True
) -> Character:
    """The person with their animation. ``clothed`` counts where there is no design.

    Raises StudioError if the arrays were made with another rig.
    """
    fit = fit_from(arrays)
    return designed.avatar_of(fit, design or designed.filmed(fit.shape, clothed), name)
