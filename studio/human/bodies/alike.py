"""Somebody who stands alike in several photographs, as who turns before a camera or is walked
around: one pose, which each photograph tells from another side.

A photograph alone hardly tells which limbs lead towards it. Poses found one by one share the build
only, so that more photographs do not make them better: theirs must be one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from studio.human.bodies.fitted import BodyPhoto
from studio.human.bodies.solve import Found, Problem
from studio.human.bodies.wanted import BODY, LIMBS, off_px, size_px
from studio.human.solver import Kinematics, Poses

APART_M = 0.11
"""Poses of the same stance, each found alone, are apart by less, on average over the limbs."""
WORSE, WORSE_OF_SIZE = 1.5, 0.006
"""One pose for all may miss the points so many times as far, or so much further by the person's
height in the picture, as a pose for each."""


def as_one(photos: Sequence[BodyPhoto], problem: Problem, found: Found) -> tuple[Problem, Found]:
    """The problem with one pose for all photographs and its solution, where that explains them
    about as well as a pose for each; otherwise both as they were."""
    kinematics = problem.near.kinematics
    if len(photos) < 2 or _apart_m(kinematics, found.poses) > APART_M:
        return problem, found
    together = replace(problem, alike=True)
    angles = np.mean([pose.angles for pose in found.poses], 0)
    tried = together.solve([replace(pose, angles=angles) for pose in found.poses], found.down)
    for photo, ask, alone, shared in zip(
        photos, problem.wanted, found.poses, tried.poses, strict=True
    ):
        most = WORSE * off_px(alone, kinematics, ask) + WORSE_OF_SIZE * size_px(photo)
        if off_px(shared, kinematics, ask) > most:
            return problem, found
    return together, tried


def _apart_m(kinematics: Kinematics, poses: Sequence[Poses]) -> float:
    """How far apart the joints are in these poses, the pelvis on the pelvis."""
    found = []
    for pose in poses:
        still = replace(pose, root_turn=np.eye(3)[None], root_m=np.zeros((1, 3)))
        found.append(kinematics.points(still)[0][LIMBS:BODY])
    places = np.stack(found)
    return float(np.linalg.norm(places - places.mean(0), axis=-1).max(0).mean())
