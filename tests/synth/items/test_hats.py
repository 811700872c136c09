"""Hats lie over the scalp of every build, and end above the ears and the brows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.human import anchors
from studio.human.person import Shape, whole
from studio.human.rig import BONE_NAMES
from studio.synth.items.hats import HATS, hat
from studio.synth.items.skull import CENTRE_M


def _farthest(corners: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """How far away along each ray from the origin the last triangle is (Möller and Trumbore)."""
    a, b, c = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    q = np.cross(-a, b)
    found = np.zeros(len(ways))
    for k, way in enumerate(ways):
        p = np.cross(way, c)
        det = np.where(np.abs(d := (p * b).sum(1)) < 1e-15, np.inf, d)
        u, v, t = (-a * p).sum(1) / det, (q @ way) / det, (q * c).sum(1) / det
        hit = (u >= -1e-6) & (v >= -1e-6) & (u + v <= 1 + 1e-6)
        found[k] = t[hit].max(initial=0.0)
    return found


@pytest.mark.parametrize("name", HATS)
@pytest.mark.parametrize("build", [{}, {"gender": 0.0, "weight": 0.8}, {"age": 0.45}])
def test_no_scalp_shows(name: str, build: dict[str, float]) -> None:
    model = HATS[name]
    person = whole()
    with torch.no_grad():
        rest = person.rest(Shape.of(None, **build), actions=False)
    found = anchors.of_rest(rest)
    worn = anchors.placed(hat(model), found.frames, found.sizes_m)
    strongest = person.bones.numpy()[np.arange(len(person.ids)), person.weights.numpy().argmax(1)]
    own = np.flatnonzero(strongest[:13_380] == BONE_NAMES.index("head"))
    skin = rest.vertices_m.numpy()[own]
    local = (np.c_[skin, np.ones(len(skin))] @ np.linalg.inv(worn.bones_world[0]).T)[:, :3]
    high = max(model.front_m, model.side_m) + 0.006
    scalp = local[local[:, 2] > high]
    assert len(scalp) > 100
    corners = np.concatenate([
        part.mesh.vertices_m[part.mesh.faces]
        for part in worn.character.parts if part.name not in ("lining", "visor")
    ])  # fmt: skip
    away = np.linalg.norm(scalp - CENTRE_M, axis=1)
    reach = _farthest(corners - CENTRE_M, (scalp - CENTRE_M) / away[:, None])
    assert (reach > away).all()


@pytest.mark.parametrize("name", HATS)
def test_ears_and_brows_stay_free(name: str) -> None:
    frames = anchors.average().frames
    points = np.concatenate([part.mesh.vertices_m for part in hat(HATS[name]).character.parts])
    brow = (np.linalg.inv(frames["head"]) @ frames["eyes"])[2, 3] + 0.018
    ahead = points[(np.abs(points[:, 0]) < 0.03) & (points[:, 1] < -0.05)]
    near = ahead[ahead[:, 1] > -0.10]
    assert near[:, 2].min() > brow
    beside = points[(np.abs(points[:, 0]) > 0.07) & (np.abs(points[:, 1] - 0.02) < 0.01)]
    assert beside[:, 2].min() > 0.014
