"""Anchor poses: clusters in 3D, means in 2D, left hands as mirrored right ones."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.perception.dope.anchors import anchors, clusters, mirrored
from studio.perception.dope.kinds import KINDS
from studio.perception.dope.network import stored_anchors

_DICE = np.random.default_rng(3)


def _blobs(count: int, points: int) -> tuple[np.ndarray, np.ndarray]:
    centres = _DICE.normal(size=(3, points, 3))
    which = np.arange(count) % 3
    return centres, centres[which] + 0.01 * _DICE.normal(size=(count, points, 3))


def test_clusters_find_the_poses_that_there_are() -> None:
    centres, poses = _blobs(60, 5)
    found, of = clusters(poses, 3)
    apart = np.linalg.norm(found[:, None] - centres[None], axis=-1).mean(-1)
    assert sorted(apart.argmin(1)) == [0, 1, 2]
    assert apart.min(1).max() < 0.01
    assert len(np.unique(of.reshape(-1, 3).T, axis=1)) == 3


def test_an_anchor_is_the_mean_of_its_cluster_and_family() -> None:
    _, poses = _blobs(90, 4)
    flat = _DICE.uniform(size=(90, 4, 2))
    family = np.arange(90) // 3 % 2
    two, three = anchors(poses, flat, family, 2, 3)
    _, of = clusters(poses, 3)
    for f in range(2):
        for k in range(3):
            mine = (of == k) & (family == f)
            np.testing.assert_allclose(two[3 * f + k], flat[mine].mean(0))
            np.testing.assert_allclose(three[3 * f + k], poses[mine].mean(0))


def test_left_hands_are_right_ones_in_the_mirror() -> None:
    _, poses = _blobs(30, 4)
    flat, mirror = _DICE.uniform(size=(30, 4, 2)), (0, 1, 3, 2)
    family = np.arange(30) % 2
    two, three = anchors(poses, flat, family, 2, 3, mirror)
    np.testing.assert_allclose(three[:3], mirrored(three[3:], mirror))
    np.testing.assert_allclose(two[:3], mirrored(two[3:], mirror, 1.0))


def test_too_few_poses_are_said_to_be_too_few() -> None:
    with pytest.raises(StudioError, match="2 poses do not make 5 anchors"):
        clusters(np.zeros((2, 4, 3)), 5)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_stored_anchors_lie_in_their_boxes_and_around_their_origin(name: str) -> None:
    kind, known = KINDS[name], stored_anchors()
    flat, deep = known[f"{name} flat"].float().numpy(), known[f"{name} deep"].float().numpy()
    assert flat.shape == (kind.classes, kind.points, 2)
    assert deep.shape == (kind.classes, kind.points, 3)
    assert np.abs(deep[:, list(kind.origin)].mean(1)).max() < 0.002
    inside = (flat > -0.2) & (flat < 1.2)
    assert inside.mean() > 0.9
    apart = np.linalg.norm(deep[:, None] - deep[None], axis=-1).mean(-1)
    family = np.arange(kind.classes) // kind.clusters
    other = (family[:, None] == family[None]) & ~np.eye(kind.classes, dtype=bool)
    assert apart[other].min() > (0.05 if name == "body" else 0.005)
