"""Poses by chance from the learned prior: on the floor, in balance, not through themselves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import cast

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from studio.core.card import find_card
from studio.human.design import Design, Turn
from studio.human.prior.network import PosePrior
from studio.human.prior.space import pose_space
from studio.human.rig import BONE_NAMES
from studio.perception.own import unpack
from studio.synth.factory.hands import hand
from studio.synth.figure import Figure, carry
from studio.synth.posing import Arm, Stance, upper_turns
from studio.synth.prior.standing import Stood, stand, turns_of_angles
from studio.synth.prior.touch import depth

NAME = "pose_prior"
DEEP_M = 0.012
"""How deep limbs may press into the body: as skin gives way."""
UNSTEADY_M = 0.0
_TRIES = 60
_FINGERS = tuple(
    k for k, name in enumerate(BONE_NAMES) if name.startswith(("finger", "metacarpal"))
)


@cache
def prior() -> PosePrior:
    """The trained prior. Raises StudioError if it is not here."""
    return cast(PosePrior, unpack(PosePrior(), find_card(NAME).weights))


def latent(rng: np.random.Generator, count: int, variety: float = 1.0) -> np.ndarray:
    """Latent coordinates (count, angles) by chance."""
    return variety * rng.standard_normal((count, pose_space().size))


def decoded(z: np.ndarray) -> np.ndarray:
    """The poses of latent coordinates (..., angles), within the limits of the joints."""
    with torch.no_grad():
        x = prior().decode(torch.from_numpy(z).float()).double().numpy()
    low, high = pose_space().limits
    return np.clip(x, low, high)


def acceptable(figure: Figure, turns: np.ndarray) -> Stood | None:
    """The pose on the floor, or None if it would fall over or goes through itself."""
    stood = stand(figure, turns)
    if stood.off_balance_m > UNSTEADY_M:
        return None
    if depth(figure, carry(figure, stood.root_m, stood.turns)) > DEEP_M:
        return None
    return stood


def sample(figure: Figure, rng: np.random.Generator, variety: float = 1.0) -> Stood:
    """A standing pose by chance, its fingers as hands are when they do nothing much.

    ``variety`` 0 is the prior's middle, 1 as varied as what it learned from.
    """
    for _ in range(_TRIES):
        turns = turns_of_angles(figure, decoded(latent(rng, 1, variety)))[0]
        found = acceptable(figure, with_fingers(figure, turns, rng))
        if found is not None:
            return found
        variety *= 0.97  # what cannot be had is sought nearer to the usual
    best = acceptable(figure, with_fingers(figure, turns_of_angles(figure, decoded(
        latent(rng, 1, 0.0)))[0], rng))  # fmt: skip
    return best or stand(figure, turns_of_angles(figure, decoded(latent(rng, 1, 0.0)))[0])


def with_fingers(figure: Figure, turns: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The pose with fingers by chance: the prior knows none."""
    names = ("relaxed", "relaxed", "relaxed", "open", "flat", "fist")
    kinds = [str(rng.choice(names)) for _ in range(2)]
    left, right = (hand(Arm(), kind, rng) for kind in kinds)
    fingers = upper_turns(figure, Stance(left=left, right=right))
    out = turns.copy()
    out[list(_FINGERS)] = fingers[list(_FINGERS)]
    return out


def posed_by_chance(design: Design, seed: int, variety: float = 1.0) -> Design:
    """The design in a standing pose by chance; the same for the same seed, build and variety."""
    from studio.synth.designed import resting
    from studio.synth.figure import figure_of

    figure = figure_of(*resting(design, actions=False))
    stood = sample(figure, np.random.default_rng(seed), variety)
    return design.but(pose=as_pose(stood.turns))


def as_pose(turns: np.ndarray) -> dict[str, Turn]:
    """Turns as a design holds them: the bones' own turns by name, without those that are nil."""
    vectors = Rotation.from_matrix(turns).as_rotvec()
    found: dict[str, Turn] = {}
    for bone, (x, y, z) in zip(BONE_NAMES, vectors.tolist(), strict=True):
        if max(abs(x), abs(y), abs(z)) > 1e-3:
            found[bone] = (round(x, 4), round(y, 4), round(z, 4))
    return found


def turns_of_pose(pose: Mapping[str, Turn]) -> np.ndarray:
    """The turns (bones, 3, 3) of a pose as designs hold it."""
    vectors = np.array([pose.get(bone, (0.0, 0.0, 0.0)) for bone in BONE_NAMES])
    return Rotation.from_rotvec(vectors).as_matrix()
