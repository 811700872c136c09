"""The whole take at once: smooth in time, feet planted, joints within their limits.

Gauss-Newton over all frames of a window. Only smoothness joins frames, and it acts on every
unknown by itself, so the system is banded and solved in time linear in the number of frames.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from studio.human.contacts import Contacts, find_contacts
from studio.human.descent import Prior, Target, assemble, cost
from studio.human.solver import ROOT, Kinematics, Poses
from studio.vision.banded import solveh_banded

TURN_RAD_S2, PLACE_M_S2 = 40.0, 6.0
"""Accelerations that are usual; multiplied by what the user asks for as smoothing."""
PLANT_M = 0.004
WINDOW, OVERLAP = 240, 40
PINNED = 1e9


@dataclass(frozen=True, eq=False)
class Plan:
    """What a refinement is told: frame rate, smoothing (1 is usual, 0 none), plant the feet."""

    rate_hz: float
    smoothing: float = 1.0
    plant: bool = True
    steps: int = 6


def differences(poses: Poses) -> Float[np.ndarray, "steps unknowns"]:
    """What each frame's unknowns change by to the next frame's."""
    turn = poses.root_turn[1:] @ poses.root_turn[:-1].transpose(0, 2, 1)
    return np.concatenate(
        [Rotation.from_matrix(turn).as_rotvec(), np.diff(poses.root_m, axis=0),
         np.diff(poses.angles, axis=0)],
        axis=1,
    )  # fmt: skip


def smoothness(kinematics: Kinematics, plan: Plan) -> Float[np.ndarray, " unknowns"]:
    """Weight of every unknown's second difference."""
    usual = np.full(kinematics.unknowns, TURN_RAD_S2)
    usual[3:ROOT] = PLACE_M_S2
    for i, dof in enumerate(kinematics.dofs):
        if dof.usual_deg < 20:
            usual[ROOT + i] *= 0.5
    return plan.smoothing * plan.rate_hz**2 / usual


def with_contacts(target: Target, soles: np.ndarray, contacts: Contacts) -> Target:
    """The target, with planted soles held to their anchors and sunken ones lifted."""
    count = soles.shape[1]
    xyz, weight = target.xyz_m.copy(), target.weight.copy()
    goal, hold = soles.copy(), np.zeros(soles.shape[:2])
    if contacts.floor_m is not None:
        sunk = soles[..., 2] < contacts.floor_m
        goal[sunk, 2] = contacts.floor_m
        hold[sunk] = 1 / (2 * PLANT_M)
    goal[contacts.planted] = contacts.anchor_m[contacts.planted]
    hold[contacts.planted] = 1 / PLANT_M
    xyz[:, -count:], weight[:, -count:] = goal, hold
    return Target(xyz, weight)


def _banded(
    H: np.ndarray, weight: np.ndarray, damping: float
) -> Float[np.ndarray, "bands unknowns"]:
    frames, n, _ = H.shape
    band = np.zeros((2 * n + 1, frames, n))
    for d in range(n):
        band[2 * n - d, :, d:] = np.diagonal(H, d, 1, 2)
    square = weight**2
    if frames >= 3:
        middle = np.zeros(frames)
        middle[:-2] += 1
        middle[1:-1] += 4
        middle[2:] += 1
        band[2 * n] += middle[:, None] * square
        side = np.zeros(frames)
        side[1:-1] -= 2
        side[2:] -= 2
        band[n] += side[:, None] * square
        band[0, 2:] += square
    band[2 * n] += damping * band[2 * n] + 1e-6
    return band.reshape(2 * n + 1, -1)


def _smooth_gradient(acceleration: np.ndarray, weight: np.ndarray, frames: int) -> np.ndarray:
    g = np.zeros((frames, len(weight)))
    if frames >= 3:
        pull = acceleration * weight**2
        g[:-2] += pull
        g[1:-1] -= 2 * pull
        g[2:] += pull
    return g


def refine_window(
    kinematics: Kinematics,
    target: Target,
    poses: Poses,
    contacts: Contacts | None,
    plan: Plan,
    pinned: int = 0,
    step: Callable[[], object] = lambda: None,
) -> Poses:
    """Refine consecutive frames; the first ``pinned`` of them stay as they are."""
    weight = smoothness(kinematics, plan)
    priors = (Prior.usual(kinematics),)
    damping, count = 1e-4, 8

    def total(at: Poses, goal: Target) -> float:
        acceleration = np.diff(differences(at), axis=0)
        return float(
            cost(kinematics, goal, at, priors).sum() + ((acceleration * weight) ** 2).sum()
        )

    for _ in range(plan.steps):
        step()
        goal = target
        if contacts is not None:
            goal = with_contacts(target, kinematics.points(poses)[:, -count:], contacts)
        system = assemble(kinematics, goal, poses, priors)
        acceleration = np.diff(differences(poses), axis=0)
        g = system.g + _smooth_gradient(acceleration, weight, len(poses))
        H = system.H
        index = np.arange(kinematics.unknowns)
        H[:pinned, index[:, None] == index] += PINNED
        before = total(poses, goal)
        for _try in range(5):
            try:
                move = solveh_banded(_banded(H, weight, damping), -g.ravel()).reshape(g.shape)
            except np.linalg.LinAlgError:
                damping *= 100
                continue
            move[:pinned] = 0
            tried = poses.moved(move)
            after = total(tried, goal)
            if after < before:
                poses, damping = tried, max(damping / 10, 1e-8)
                break
            damping *= 30
        else:
            break
        if before - after < 1e-4 * before:
            break
    return poses


def refine(
    kinematics: Kinematics,
    target: Target,
    poses: Poses,
    plan: Plan,
    report: Callable[[float], object] = lambda fraction: None,
) -> tuple[Poses, Contacts]:
    """Refine a take. The kinematics' last 8 landmarks are the soles (see ``keypoints.soles``)."""
    none = find_contacts(kinematics.points(poses)[:, -8:], plan.rate_hz)
    contacts = none
    for sweep in range(2 if plan.plant else 1):
        done: list[Poses] = []
        start = 0
        while start < len(poses):
            stop = min(start + WINDOW, len(poses))
            pinned = min(2, start)
            part = slice(start - pinned, stop)
            window = poses[part]
            if pinned:
                window = Poses.joined([done[-1][-pinned:], poses[slice(start, stop)]])
            held = _part(contacts, part) if plan.plant else None
            share = (sweep + start / len(poses)) / 2
            window = refine_window(
                kinematics, target[part], window, held, plan, pinned, lambda at=share: report(at)
            )[slice(pinned, None)]
            keep = len(window) if stop == len(poses) else max(WINDOW - OVERLAP, 2)
            done.append(window[slice(0, keep)])
            start += keep
        poses = Poses.joined(done)
        contacts = find_contacts(kinematics.points(poses)[:, -8:], plan.rate_hz)
    return poses, contacts


def _part(contacts: Contacts, at: slice) -> Contacts:
    return Contacts(contacts.planted[at], contacts.anchor_m[at], contacts.floor_m)
