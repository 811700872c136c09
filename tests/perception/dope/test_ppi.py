"""Pose proposal integration."""

from __future__ import annotations

import numpy as np
import pytest
from dope_people import parts, person_m

from studio.perception.dope.kinds import KINDS, LEGS
from studio.perception.dope.ppi import Part, integrate

BODY = KINDS["body"]


def _integrated(boxes: list[tuple[np.ndarray, np.ndarray, dict[int, float]]]) -> list[Part]:
    """What becomes of boxes that each tell one pose with some classes."""
    count = len(boxes)
    scores = np.zeros((count, BODY.classes))
    xy = np.zeros((count, BODY.classes, 13, 2))
    xyz = np.zeros((count, BODY.classes, 13, 3))
    for k, (flat, deep, shares) in enumerate(boxes):
        xy[k], xyz[k] = flat, deep
        for which, share in shares.items():
            scores[k, which] = share
    return integrate(BODY, scores, xy, xyz, np.full((count, 13), 0.8))


def test_proposals_of_two_people_become_two_people() -> None:
    dice = np.random.default_rng(0)
    one = parts(person_m(5, (-0.8, 0.0, 3.5)))["body"][0]
    two = parts(person_m(0, (0.8, 0.0, 3.5)))["body"][0]
    told = []
    for _ in range(6):
        for part in (one, two):
            noise = dice.normal(size=(13, 5)) * [2, 2, 0.02, 0.02, 0.02]
            told.append((part.xy_px + noise[:, :2], part.xyz_m + noise[:, 2:], {5: 0.5, 2: 0.3}))
    found = _integrated(told)
    assert len(found) == 2
    by_x = sorted(found, key=lambda part: part.xy_px[:, 0].mean())
    for part, truth in zip(by_x, (one, two), strict=True):
        assert np.linalg.norm(part.xy_px - truth.xy_px, axis=1).mean() < 2
        assert np.linalg.norm(part.xyz_m - truth.xyz_m, axis=1).mean() < 0.02
        assert part.score == pytest.approx(0.8)
        assert part.seen == pytest.approx(0.8)


def test_another_opinion_about_the_same_place_is_dropped_not_averaged() -> None:
    part = parts(person_m())["body"][0]
    turned = part.xyz_m * [-1, 1, -1]
    found = _integrated([(part.xy_px, part.xyz_m, {5: 0.6}),
                                         (part.xy_px, turned + 0.5, {3: 0.35})])  # fmt: skip
    assert len(found) == 1
    np.testing.assert_allclose(found[0].xyz_m, part.xyz_m)


def test_upper_bodies_have_little_to_say_about_legs() -> None:
    part = parts(person_m())["body"][0]
    wrong = part.xy_px.copy()
    wrong[list(LEGS)] += [0.0, 8.0]
    found = _integrated([(part.xy_px, part.xyz_m, {5: 0.5}),
                                         (wrong, part.xyz_m, {15: 0.45})])  # fmt: skip
    assert len(found) == 1
    assert np.abs(found[0].xy_px[list(LEGS)] - part.xy_px[list(LEGS)]).max() < 1.0
    assert found[0].family == 0


def test_weak_proposals_are_nobody() -> None:
    part = parts(person_m())["body"][0]
    assert not _integrated([(part.xy_px, part.xyz_m, {5: 0.1})])
