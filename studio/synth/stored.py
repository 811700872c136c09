"""An avatar item's arrays as a character: as it was fitted, or as somebody designed it since."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from studio.core.types import Animation, Character
from studio.human.character import bones_world
from studio.human.design import Design
from studio.human.fit import Fit
from studio.human.rig import ACTIONS
from studio.human.stored import fit_from
from studio.synth import designed
from studio.synth.avatars.assembling import besides
from studio.synth.avatars.keeping import has_part, part_from
from studio.synth.designed import resting


def avatar_of(
    arrays: Mapping[str, np.ndarray], name: str, design: Design | None, clothed: bool = True
) -> Character:
    """The person with their animation. ``clothed`` counts where there is no design.

    Raises StudioError if the arrays were made with another rig.
    """
    fit = fit_from(arrays)
    if has_part(arrays) and design is not None:
        return _reconstructed(arrays, fit, design, name)
    return designed.avatar_of(fit, design or designed.filmed(fit.shape, clothed), name)


def _reconstructed(
    arrays: Mapping[str, np.ndarray], fit: Fit, design: Design, name: str
) -> Character:
    """A person with the surface that photographs gave them (:mod:`studio.synth.avatars`)."""
    rest, bones = resting(design)
    parts = (part_from(arrays), *besides(rest, bones, design))
    world = bones_world(bones, fit.turns_rad, fit.root_m)
    return Character(name, bones, parts, ACTIONS, Animation(fit.times_s, world, fit.actions))
