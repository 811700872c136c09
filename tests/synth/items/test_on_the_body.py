"""Jewellery, watches and shoes lie on the skin of the average adult, neither in it nor off it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
import trimesh
from test_hats import _farthest

from studio.core.items import AnchorPoint, Item
from studio.human import anchors
from studio.human.person import Shape, whole
from studio.synth.items.earrings import EARRINGS, HOLE_M, earrings
from studio.synth.items.ears import EARS, ears
from studio.synth.items.necklaces import NECKLACES, necklace
from studio.synth.items.shoes import SHOES, shoes
from studio.synth.items.watches import WATCHES, watch


@cache
def skin(point: AnchorPoint) -> trimesh.Trimesh:
    """The average adult's skin in an anchor point's frame."""
    person = whole()
    with torch.no_grad():
        vertices = person.rest(Shape.of(), actions=False).vertices_m.numpy()[:13_380]
    frame = np.linalg.inv(anchors.average().frames[point])
    faces = person.model.faces.numpy()
    own = vertices @ frame[:3, :3].T + frame[:3, 3]
    return trimesh.Trimesh(own, faces[(faces < 13_380).all(1)], process=False)


def points(item: Item, part: str = "", bone: int = 0) -> np.ndarray:
    return np.concatenate([
        one.mesh.vertices_m[one.joints[:, 0] == bone]
        for one in item.character.parts if part in one.name
    ])  # fmt: skip


def over_skin(on: np.ndarray, point: AnchorPoint, within_m: float) -> np.ndarray:
    """How far points are outside the outline that the skin has at their height, seen from the
    middle; each height is cut by itself."""
    mesh = skin(point)
    near = np.linalg.norm(mesh.triangles_center[:, :2], axis=1) < within_m
    mesh = mesh.submesh([np.flatnonzero(near)], append=True)
    found: list[float] = []
    for level in np.unique(np.round(on[:, 2], 3)):
        here = on[np.round(on[:, 2], 3) == level]
        cut = trimesh.intersections.mesh_plane(mesh, (0.0, 0.0, 1.0), (0.0, 0.0, level))
        ends = cut.reshape(-1, 3)[:, :2]
        turn = np.arctan2(ends[:, 0], ends[:, 1])
        for x, y, _ in here:
            apart = np.abs(np.angle(np.exp(1j * (turn - np.arctan2(x, y)))))
            beside = np.linalg.norm(ends[apart < 0.09], axis=1)
            if len(beside):
                found.append(float(np.hypot(x, y) - beside.min()))
    return np.array(found)


@pytest.mark.parametrize("name", NECKLACES)
def test_a_necklace_rests_on_neck_and_chest(name: str) -> None:
    item = necklace(NECKLACES[name])
    part = "jewel" if name == "pearls" else "metal"
    on = points(item, part)
    off = over_skin(on[np.random.default_rng(0).permutation(len(on))[:300]], "neck", 0.15)
    assert len(off) > 200
    assert off.min() > -0.004
    assert np.median(off) < 0.016


@pytest.mark.parametrize("name", WATCHES)
def test_a_strap_goes_around_the_wrist_and_the_dial_looks_out(name: str) -> None:
    item = watch(WATCHES[name])
    strap = points(item, "strap")
    off = over_skin(strap[np.abs(strap[:, 2]) < 0.0075], "wrist.L", 0.05)
    assert off.min() > -0.0015
    assert np.median(off) < 0.009
    dial = points(item, "dial")
    assert dial[:, 1].max() < strap[:, 1].min() + 0.004
    assert np.ptp(dial[:, 1]) < 1e-6


@pytest.mark.parametrize("name", SHOES)
def test_the_foot_is_in_its_shoe(name: str) -> None:
    item = shoes(SHOES[name])
    middle = np.array([0.010, -0.075, 0.030])
    foot = skin("foot.L").vertices - middle
    foot = foot[(np.abs(foot[:, 0]) < 0.06) & (foot[:, 1] > -0.15) & (foot[:, 1] < 0.15)]
    foot = foot[(foot[:, 2] > 0) & (foot[:, 2] < 0.028)]
    assert len(foot) > 60
    corners = np.concatenate([
        part.mesh.vertices_m[part.mesh.faces[(part.joints[part.mesh.faces[:, 0], 0] == 0)]]
        for part in item.character.parts if part.name in ("upper", "sole")
    ])  # fmt: skip
    away = np.linalg.norm(foot, axis=1)
    assert (_farthest(corners - middle, foot / away[:, None]) > away).all()
    assert points(item)[:, 2].min() == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("name", EARRINGS)
def test_an_earring_goes_through_the_lobe_on_both_sides(name: str) -> None:
    item = earrings(EARRINGS[name])
    left, right = points(item, bone=0), points(item, bone=1)
    assert np.sort(left @ [-1, 1, 1]) == pytest.approx(np.sort(right @ [1, 1, 1]))
    metal = points(item, "metal")
    inside = HOLE_M - [0.003, 0, 0]
    assert np.linalg.norm(metal - inside, axis=1).min() < 0.0025
    if name != "hoops":
        assert points(item, "jewel")[:, 0].min() > 0.0


@pytest.mark.parametrize("name", EARS)
def test_a_band_goes_over_the_head_to_behind_both_ears(name: str) -> None:
    band = points(ears(EARS[name]), "band")
    ends = band[band[:, 2] < 0.03]
    assert set(np.sign(ends[:, 0])) == {-1.0, 1.0}
    assert np.abs(ends[:, 0]).min() > 0.06
    head = skin("head").vertices
    scalp = head[(np.abs(head[:, 1] - 0.02) < 0.006) & (head[:, 2] > 0.06)]
    near = [np.linalg.norm(band - at, axis=1).min() for at in scalp]
    assert max(near) < 0.016


def test_a_size_that_is_not_known_is_the_average_adults() -> None:
    item = shoes(SHOES["sneakers"])
    assert anchors.growth(item, {"head": 0.16}) == 1.0
    assert anchors.growth(item, {"foot": 2 * anchors.REFERENCE_M["foot"]}) == 2.0
