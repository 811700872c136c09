"""Motions by chance from the learned prior: a smooth walk through its latent space from pose to
pose, over feet that stand, step or leave the floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from studio.human.rig import ACTIONS
from studio.synth.figure import Figure, carry
from studio.synth.posing import INDEX, leg_turns
from studio.synth.prior.sampled import (
    DEEP_M,
    acceptable,
    decoded,
    latent,
    prior,
    with_fingers,
)
from studio.synth.prior.standing import (
    Stood,
    ankle_from_ball,
    ball_height,
    foot_angles,
    foot_turn,
    highest,
    lay_toes,
    soles,
    turns_of_angles,
)
from studio.synth.prior.touch import depth
from studio.synth.take import SIDES, Poses, ankle_height, ease

_KEYS_S = (0.7, 1.3)
_STEP_M, _STEP_DEG = 0.03, 8.0
_LONGEST_M, _FARTHEST_DEG = 0.55, 60.0
_LIFT_M = 0.07
_TRIES = 24
_LOOKED = 5
"""So many moments between two keys are looked at."""


@dataclass(frozen=True)
class _Foot:
    """A foot at a key: where its ball is on the floor, and how it is turned (degrees)."""

    ball_m: np.ndarray
    yaw_deg: float
    pitch_deg: float
    stands: bool


@dataclass(frozen=True, eq=False)
class _Key:
    time_s: float
    z: np.ndarray
    root_m: np.ndarray
    yaw_deg: float
    feet: tuple[_Foot, _Foot]


def sample_motion(
    figure: Figure,
    rng: np.random.Generator,
    seconds: float,
    *,
    rate_hz: float = 30.0,
    variety: float = 1.0,
) -> Poses:
    """A motion of so many seconds: the person begins over the origin and faces -Y."""
    keys = [_first(figure, rng, variety)]
    while keys[-1].time_s < seconds:
        keys.append(_next(figure, rng, keys[-1], variety))
    times = np.arange(max(round(seconds * rate_hz), 2)) / rate_hz
    turns, root = _played(figure, keys, times)
    hands = with_fingers(figure, turns[0], rng)
    still = [k for name, k in INDEX.items() if name.startswith(("finger", "metacarpal"))]
    turns[:, still] = hands[still]
    return Poses(times, root, turns, np.zeros((len(times), len(ACTIONS))))


def _turns(figure: Figure, z: np.ndarray) -> np.ndarray:
    return turns_of_angles(figure, decoded(z))


def _first(figure: Figure, rng: np.random.Generator, variety: float) -> _Key:
    for _ in range(4 * _TRIES):
        z = latent(rng, 1, variety)
        stood = acceptable(figure, _turns(figure, z)[0])
        if stood is not None:
            return _placed(figure, 0.0, z[0], stood)
        variety *= 0.97
    z = latent(rng, 1, 0.0)
    stood = acceptable(figure, _turns(figure, z)[0])
    assert stood is not None, "the middle of the prior stands"
    return _placed(figure, 0.0, z[0], stood)


def _next(figure: Figure, rng: np.random.Generator, key: _Key, variety: float) -> _Key:
    """A key that can be gone to from a key; the same again if chance finds none."""
    later = float(rng.uniform(*_KEYS_S))
    with torch.no_grad():
        kin = prior().kinship(torch.tensor(later)).double().numpy()
    for attempt in range(_TRIES):
        near = kin + (1 - kin) * 0.6 * attempt / _TRIES  # what cannot be had is sought nearer
        z = near * key.z + np.sqrt(1 - near**2) * latent(rng, 1, variety)[0]
        stood = acceptable(figure, _turns(figure, z[None])[0])
        if stood is None:
            continue
        found = _after(key, _placed(figure, key.time_s + later, z, stood), rng)
        if found is not None and _clear(figure, key, found):
            return found
    return _Key(key.time_s + later, key.z, key.root_m, key.yaw_deg, key.feet)


def _placed(figure: Figure, time_s: float, z: np.ndarray, stood: Stood) -> _Key:
    """A key whose pose is over the origin."""
    carried = carry(figure, stood.root_m, stood.turns)
    feet: list[_Foot] = []
    for k, side in enumerate(SIDES):
        foot = carried[INDEX[f"foot.{side}"]]
        yaw, pitch = foot_angles(foot[:3, :3])
        ankle = foot[:3, :3] @ figure.head(f"foot.{side}") + foot[:3, 3]
        ball = ankle - ankle_from_ball(figure, side, yaw, pitch)
        if stood.planted[k]:
            ball[2] = ball_height(figure, side)
        feet.append(_Foot(ball, yaw, pitch, stood.planted[k]))
    return _Key(time_s, z, stood.root_m, 0.0, (feet[0], feet[1]))


def _after(key: _Key, new: _Key, rng: np.random.Generator) -> _Key | None:
    """The new key moved so that a foot that stands in both stays where it is."""
    both = [k for k in range(2) if key.feet[k].stands and new.feet[k].stands]
    if not both:
        return None
    kept = both[int(rng.integers(len(both)))]
    here, there = key.feet[kept], new.feet[kept]
    yaw = here.yaw_deg - there.yaw_deg
    turn = foot_turn(yaw, 0.0)
    shift = (here.ball_m - turn @ there.ball_m) * [1, 1, 0]
    feet = [
        _Foot(turn @ f.ball_m + shift, f.yaw_deg + yaw, f.pitch_deg, f.stands) for f in new.feet
    ]
    feet[kept] = _Foot(here.ball_m, here.yaw_deg, there.pitch_deg, True)
    other = 1 - kept
    a, b = key.feet[other], feet[other]
    if a.stands and b.stands:
        far = float(np.linalg.norm(a.ball_m - b.ball_m))
        if far > _LONGEST_M or abs(a.yaw_deg - b.yaw_deg) > _FARTHEST_DEG:
            return None
        if far < _STEP_M and abs(a.yaw_deg - b.yaw_deg) < _STEP_DEG:
            feet[other] = _Foot(a.ball_m, a.yaw_deg, b.pitch_deg, True)
    return _Key(new.time_s, new.z, turn @ new.root_m + shift, yaw, (feet[0], feet[1]))


def _clear(figure: Figure, a: _Key, b: _Key) -> bool:
    """Whether nobody goes through themselves on the way."""
    times = np.linspace(a.time_s, b.time_s, _LOOKED + 2)[1:-1]
    turns, root = _played(figure, [a, b], times)
    return all(depth(figure, carry(figure, root[k], turns[k])) < DEEP_M for k in range(len(times)))


def _played(figure: Figure, keys: list[_Key], times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turns and root places at the times."""
    at = np.array([key.time_s for key in keys])
    turns = _turns(figure, PchipInterpolator(at, np.stack([key.z for key in keys]))(times))
    root = PchipInterpolator(at, np.stack([key.root_m for key in keys]))(times)
    yaw = PchipInterpolator(at, [key.yaw_deg for key in keys])(times)
    for frame, angle in enumerate(yaw):
        turns[frame, 0] = foot_turn(float(angle), 0.0) @ turns[frame, 0]
    feet = [_feet(figure, keys, float(t), turns[f], root[f]) for f, t in enumerate(times)]
    free = np.array([highest(figure, turns[f, 0], root[f], feet[f]) for f in range(len(times))])
    low = np.maximum(root[:, 2] - free, 0)
    if len(times) > 2:  # the hips sink before the leg is too short, not when it is
        width = max(round(0.2 / float(times[1] - times[0])), 1)
        low = np.maximum(gaussian_filter1d(maximum_filter1d(low, width), width / 3), low)
    root[:, 2] -= low
    for frame, targets in enumerate(feet):
        for side, (ankle, turn) in targets.items():
            leg_turns(figure, side, ankle, turn, root[frame], turns[frame, 0], turns[frame])
    return turns, root


def _feet(
    figure: Figure, keys: list[_Key], time_s: float, turns: np.ndarray, root: np.ndarray
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Where the ankles are, and how the feet are turned; lays the toes of ``turns``."""
    k = int(np.clip(np.searchsorted([key.time_s for key in keys], time_s) - 1, 0, len(keys) - 2))
    a, b = keys[k], keys[k + 1]
    share = float(np.clip((time_s - a.time_s) / (b.time_s - a.time_s), 0, 1))
    ground = ankle_height(figure)
    carried: np.ndarray | None = None
    out: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for k, side in enumerate(SIDES):
        here, there = a.feet[k], b.feet[k]
        moves = not np.allclose(here.ball_m, there.ball_m) or here.yaw_deg != there.yaw_deg
        s = ease(float(np.clip((share - 0.12) / 0.76, 0, 1)))
        ball = here.ball_m + s * (there.ball_m - here.ball_m)
        yaw = here.yaw_deg + s * (there.yaw_deg - here.yaw_deg)
        pitch = here.pitch_deg + s * (there.pitch_deg - here.pitch_deg)
        up = np.zeros(3)
        if moves and here.stands and there.stands:
            up[2] = _LIFT_M * np.sin(np.pi * s) ** 2
            pitch += 22 * np.sin(np.pi * s) * (1 - s)
        ankle = ball + up + ankle_from_ball(figure, side, yaw, pitch)
        laid = pitch
        if not (here.stands and there.stands):
            if carried is None:
                carried = carry(figure, root, turns)
            foot = carried[INDEX[f"foot.{side}"]]
            free = foot[:3, :3] @ figure.head(f"foot.{side}") + foot[:3, 3]
            free[2] = max(free[2], ground)
            air = 1 - s if there.stands else s if here.stands else 1.0
            stay = there if there.stands else here
            if air < 1:
                ball, yaw = stay.ball_m, stay.yaw_deg
            _, pitch = foot_angles(foot[:3, :3])
            pitch = (1 - air) * stay.pitch_deg + air * pitch
            yaw = (1 - air) * yaw + air * foot_angles(foot[:3, :3])[0]
            ankle = ball + ankle_from_ball(figure, side, yaw, pitch)
            ankle = (1 - air) * ankle + air * free
            laid = (1 - air) * pitch
        lay_toes(turns, side, laid)
        out[side] = ankle, foot_turn(yaw, pitch)
    return out


def slide_mm_s(figure: Figure, poses: Poses) -> float:
    """How fast soles that touch the floor slide over it: the mean over frames (mm/s)."""
    under = [
        np.concatenate(soles(figure).carried(carry(figure, root, turns)))
        for root, turns in zip(poses.root_m, poses.turns, strict=True)
    ]
    at = np.stack(under)
    floor = ankle_height(figure) - figure.head("foot.L")[2] + soles(figure).points_m[0][:, 2].min()
    touching = (at[1:, :, 2] < floor + 0.006) & (at[:-1, :, 2] < floor + 0.006)
    speed = np.linalg.norm(np.diff(at[..., :2], axis=0), axis=-1) / np.diff(poses.times_s)[:, None]
    return float(1000 * speed[touching].mean()) if touching.any() else 0.0
