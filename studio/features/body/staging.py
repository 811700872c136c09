"""An avatar that was made stands and moves otherwise: in a T or an A, or by a motion file."""

from __future__ import annotations

from dataclasses import replace

from studio.core.errors import StudioError
from studio.core.types import Posed
from studio.document.folder import Assets
from studio.document.project import AvatarItem, Recipe
from studio.features.body.filmed import is_film
from studio.features.body.followed import as_drawn, followed
from studio.features.body.moving import moved
from studio.features.body.params import Params
from studio.human.bodies.canonical import CanonicalPose, canonical
from studio.human.design import Design
from studio.human.fit import Fit
from studio.human.stored import fit_arrays, fit_from
from studio.jobs import Context, Engine
from studio.synth import designed
from studio.synth.avatars.making import canonical_turns
from studio.synth.stored import avatar_of

STAGED = ("pose", "motion", "film")
"""The params by which a made avatar only stands or moves otherwise."""


def standing(fit: Fit, design: Design, pose: CanonicalPose) -> Fit:
    """A person's fit of one frame: at rest in a T or an A."""
    rest, _ = designed.resting(design)
    still = canonical(rest, pose)
    root = still.bones_world[0, :3, 3]
    base = designed.still(design)
    return replace(base, turns_rad=canonical_turns(still)[None], root_m=root[None],
                   height_m=fit.height_m)  # fmt: skip


def staged(
    item: AvatarItem, params: Params, assets: Assets, context: Context
) -> Engine[Posed, AvatarItem]:
    """A made avatar in another pose, or moving as the params tell. Yields it in every picture of a
    film that it follows.

    Raises StudioError if it has no design, or the motion cannot be read.
    """
    if item.design is None or item.recipe is None:
        raise StudioError("This avatar is of an older version.", "Make it again.")
    arrays = dict(assets.arrays(item.data))
    fit = standing(fit_from(arrays), item.design, params.pose)
    if params.motion is not None and is_film(params.motion):
        character = avatar_of(arrays, item.name, item.design)
        at_s = params.at_s if params.motion == params.film else None
        steps = followed(params.motion, at_s, item.design, fit, context)
        fit = (yield from as_drawn(steps, character)).fit
    elif params.motion is not None:
        _, bones = designed.resting(item.design)
        fit = moved(params.motion, bones, fit)
    arrays |= fit_arrays(fit)
    recipe = Recipe.of("body", params, item.recipe.seconds)
    return item.model_copy(update={"data": assets.put_arrays(arrays), "recipe": recipe})
