"""What following people in 3D is compared with: every frame for itself, and numbers of 2D trackers
believed."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment

from studio.vision.people.affinity import fit_pairs
from studio.vision.people.follow import apart_m
from studio.vision.people.hypotheses import PAIR_M, propose
from studio.vision.people.seen import Seen
from studio.vision.people.solve import solve

_STEP_M = 0.5
_EVERY = 5
_LEAST_FRAMES = 6


def frame_by_frame(seen: Seen) -> Float[np.ndarray, "people frames joints 3"]:
    """The best hypotheses of every frame, greedily, without any memory; a person is then whoever
    is nearest in the next frame."""
    frames, joints = len(seen.times_s), len(seen.joints)
    nobody = np.empty((0, joints, 3))
    people: list[dict[int, np.ndarray]] = []
    before: list[int] = []
    for frame in range(frames):
        found = [h.xyz_m for h in propose(seen, frame, seen.there[frame], nobody)]
        cost = np.array([[apart_m(people[i][frame - 1], xyz) for xyz in found] for i in before])
        names = dict.fromkeys(range(len(found)), -1)
        if cost.size:
            for row, column in zip(*linear_sum_assignment(np.fmin(cost, 1e3)), strict=True):
                if cost[row, column] < _STEP_M:
                    names[int(column)] = before[row]
        before = []
        for index, xyz in enumerate(found):
            if names[index] < 0:
                people.append({})
                names[index] = len(people) - 1
            people[names[index]][frame] = xyz
            before.append(names[index])
    kept = [person for person in people if len(person) >= _LEAST_FRAMES]
    out = np.full((len(kept), frames, joints, 3), np.nan)
    for number, person in enumerate(kept):
        for frame, xyz in person.items():
            out[number, frame] = xyz
    return out


def tracks_believed(seen: Seen) -> Float[np.ndarray, "people frames joints 3"]:
    """Whole 2D tracks put together by how far their rays pass each other, the best pairs first;
    whoever has a number keeps it."""
    places: dict[tuple[int, int], np.ndarray] = {}
    frames = len(seen.times_s)
    for frame, view, place in np.argwhere(seen.there).tolist():
        key = (view, int(seen.track[frame, view, place]))
        places.setdefault(key, np.full(frames, -1))[frame] = place
    costs: defaultdict[tuple[tuple[int, int], tuple[int, int]], list[float]] = defaultdict(list)
    for frame in range(0, frames, _EVERY):
        nodes = np.argwhere(seen.there[frame])
        off, _, pairs = fit_pairs(seen, frame, nodes)
        names = [(int(v), int(seen.track[frame, v, p])) for v, p in nodes]
        for i, j in pairs:
            costs[names[i], names[j]].append(float(off[i, j]))
    groups: dict[tuple[int, int], list[tuple[int, int]]] = {key: [key] for key in places}
    for (one, other), cost in sorted(costs.items(), key=lambda entry: np.mean(entry[1])):
        a, b = groups[one], groups[other]
        clash = any(
            first[0] == second[0] and ((places[first] >= 0) & (places[second] >= 0)).any()
            for first in a for second in b
        )  # fmt: skip
        if np.mean(cost) < PAIR_M and a is not b and not clash:
            a.extend(b)
            for key in b:
                groups[key] = a
    people: list[np.ndarray] = []
    for group in {id(group): group for group in groups.values() if len(group) > 1}.values():
        at = np.full((frames, seen.views), -1)
        for view, track in group:
            at[:, view] = np.maximum(at[:, view], places[view, track])
        people.append(at)
    out = np.full((len(people), frames, len(seen.joints), 3), np.nan)
    if people:
        every, unknown = np.stack(people), np.full((len(people), len(seen.joints), 3), np.nan)
        straight = np.zeros((len(people), seen.views), bool)
        for frame in range(frames):
            out[:, frame], _ = solve(seen, frame, every[:, frame], straight, unknown)
    return out
