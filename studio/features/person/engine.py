"""A design as an engine: the person shown as soon as they are built, then kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from studio.core.types import Character, Fact, Posed
from studio.features.person.params import Params
from studio.human.design import Design
from studio.human.fit import Fit
from studio.human.rig import BONE_NAMES
from studio.jobs import Context, Engine
from studio.synth import closet, designed
from studio.synth.figure import figure_of
from studio.synth.people import preset
from studio.synth.take import ankle_height


@dataclass(frozen=True)
class Inputs:
    """Nothing is needed to make somebody."""


@dataclass(frozen=True, eq=False)
class Made:
    """A designed person: the design, the character in its pose, and the same as a fit of one
    frame, as projects keep people."""

    name: str
    design: Design
    character: Character
    fit: Fit
    facts: tuple[Fact, ...]


def design(params: Params, inputs: Inputs, context: Context) -> Engine[Posed, Made]:
    """Build a person. Yields them posed, returns them with their facts.

    Raises StudioError for a preset that does not exist.
    """
    wanted = params.design or preset(params.preset)
    name = params.name or (params.preset if params.design is None else "Person")
    for path in params.paths:
        context.report(0.0, f"Adding {path.name} to the wardrobe")
        closet.add(path)
    context.report(0.1, "Building the body")
    fit = designed.still(wanted)
    if params.seconds:
        context.report(0.2, "Finding a motion")
        fit = moving(wanted, fit, params)
    context.check()
    context.report(0.3, "Dressing")
    character = designed.avatar_of(fit, wanted, name)
    animation = character.animation
    assert animation is not None
    yield Posed(character, 0.0, animation.bones_world[0], animation.morphs[0])
    context.report(1.0, "Done")
    return Made(name, wanted, character, fit, facts_of(wanted, fit))


def moving(wanted: Design, fit: Fit, params: Params) -> Fit:
    """The same person in a motion by chance, 30 frames a second."""
    from studio.synth.prior.motion import sample_motion

    figure = figure_of(*designed.resting(wanted, actions=False))
    rng = np.random.default_rng(params.motion)
    poses = sample_motion(figure, rng, params.seconds, variety=params.variety)
    frames = len(poses)
    root = poses.root_m - [0.0, 0.0, ankle_height(figure) - ankle_height(figure, 0.0)]
    return replace(
        fit,
        times_s=poses.times_s,
        turns_rad=Rotation.from_matrix(poses.turns.reshape(-1, 3, 3)).as_rotvec().reshape(
            frames, -1, 3),
        root_m=root,
        actions=np.repeat(fit.actions, frames, axis=0),
        residual_m=np.zeros((frames, 0)),
    )  # fmt: skip


def facts_of(wanted: Design, fit: Fit) -> tuple[Fact, ...]:
    """How tall, what is worn, and whether something of it is not on this machine."""
    worn = [piece.title.lower() for piece, _ in closet.pieces(wanted.worn)]
    lost = [one.item for one in wanted.worn if closet.piece(one.item) is None]
    facts = [
        Fact("Height", f"{fit.height_m:.2f} m"),
        Fact("Wears", ", ".join(worn) or "plain sportswear"),
        Fact("Bones", f"{len(BONE_NAMES)}, 52 facial actions", "good"),
    ]
    if lost:
        facts.insert(0, Fact("Not here", ", ".join(lost), "look",
                             "this machine's wardrobe lacks it"))  # fmt: skip
    return tuple(facts)
