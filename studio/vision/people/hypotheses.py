"""New people: groups of detections, one a camera, that can only be one body.

Every pair whose rays meet in a human shape is a hypothesis. Other cameras are asked for it, the
points are solved from all that agree, and the best hypothesis takes its detections before the
next is heard; so each detection explains one person, and every group is consistent all round,
not only pair by pair. A camera that should see the person and does not speaks against it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from studio.vision.people.affinity import covered, fit_pairs, fit_people, in_picture
from studio.vision.people.seen import Seen
from studio.vision.people.solve import AGREE_M, solve

PAIR_M = 0.12
JOIN_M = 0.18
MISSED = 0.7
"""What a camera that should see somebody and does not takes from a score; one that agrees
perfectly gives 1."""
_MOST = 80
_IN, _COVERED = 0.7, 0.5


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """Somebody who may be there, and the place of each view that shows them (-1: none)."""

    xyz_m: Float[np.ndarray, "joints 3"]
    places: Int[np.ndarray, " views"]
    mirrored: Bool[np.ndarray, " views"]
    score: float


def support(
    off: Float[np.ndarray, "views people joints"],
) -> Float[np.ndarray, "views people"]:
    """How well each view agrees with a person: 1 perfectly, 0 not at all."""
    known = np.isfinite(off)
    near = np.where(known, np.clip(1 - off / AGREE_M, 0, 1), 0.0).sum(-1)
    return near / np.fmax(known.sum(-1), 1)


def should_see(
    seen: Seen, xyz_m: Float[np.ndarray, "people joints 3"], others_m: np.ndarray | None = None
) -> Bool[np.ndarray, "views people"]:
    """Which cameras have a person well in the picture, and nobody (of these or the others, people
    as rows) before them."""
    count = len(xyz_m)
    every = xyz_m if others_m is None else np.concatenate([xyz_m, others_m])
    free = covered(seen, every)[:, :count] < _COVERED
    return (in_picture(seen, xyz_m) > _IN) & free


def propose(
    seen: Seen,
    frame: int,
    free: Bool[np.ndarray, "views places"],
    known_m: Float[np.ndarray, "people joints 3"],
) -> list[Hypothesis]:
    """People made of the free detections of a frame, the best first, sharing none.

    ``known_m`` are the people who are known already: they may hide somebody.
    """
    nodes = np.argwhere(free)
    if len(set(nodes[:, 0].tolist())) < 2:
        return []
    off, xyz, pairs = fit_pairs(seen, frame, nodes)
    cost = off[pairs[:, 0], pairs[:, 1]]
    order = np.argsort(cost)[:_MOST]
    order = order[cost[order] < PAIR_M]
    if not len(order):
        return []
    xyz, pairs = xyz[order], pairs[order]
    fit, mirrored = fit_people(seen, frame, xyz)
    fit = np.where(free[:, None], fit, np.inf)
    places = np.where(fit.min(-1) < JOIN_M, fit.argmin(-1), -1).T
    for row, (i, j) in enumerate(pairs):
        places[row, nodes[i, 0]], places[row, nodes[j, 0]] = nodes[i, 1], nodes[j, 1]
    places, first = np.unique(places, axis=0, return_index=True)
    xyz = xyz[first]
    at = np.where(places >= 0, places, 0)
    turn = mirrored[np.arange(seen.views), first[:, None], at] & (places >= 0)
    xyz, away = solve(seen, frame, places, turn, xyz)
    agree = support(away).T
    missed = should_see(seen, xyz, known_m).T & (agree < 0.2)
    places = np.where(agree < 0.2, -1, places)
    score = agree.sum(1) - MISSED * missed.sum(1)
    score = np.where((places >= 0).sum(1) >= 2, score, -np.inf)
    chosen: list[Hypothesis] = []
    taken = np.zeros_like(free)
    for row in np.argsort(-score):
        views = np.flatnonzero(places[row] >= 0)
        if score[row] <= 0 or taken[views, places[row, views]].any():
            continue
        taken[views, places[row, views]] = True
        chosen.append(Hypothesis(xyz[row], places[row], turn[row], float(score[row])))
    return chosen
