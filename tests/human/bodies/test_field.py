"""Fields over the canonical space: signs, distances, surfaces through themselves, necks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from studio.human.bodies.canonical import SKIN, Canonical, canonical
from studio.human.bodies.clothed import SHOE_M, ClothedField, shod
from studio.human.bodies.field import MergedField, MeshField, NeckCuts, neck_cuts, template_field
from studio.human.person import Shape, whole
from studio.human.wardrobe.fitting import base_weights

BOX = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
FACES = np.array([
    [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
    [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3],
])  # fmt: skip


@dataclass(frozen=True)
class _Flat:
    value: float

    def inside(self, points_m: np.ndarray) -> np.ndarray:
        return np.full(len(points_m), self.value, np.float32)


@pytest.fixture(scope="module")
def person() -> Canonical:
    return canonical(whole().rest(Shape.of(), actions=False))


def test_a_box_is_metric_and_clipped():
    points = np.array([[0.5, 0.5, 0.98], [0.5, 0.5, 1.02], [0.5, 0.5, 0.5], [3.0, 0.5, 0.5]])
    found = MeshField(BOX, FACES).inside(points)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [0.02, -0.02, 0.05, -0.05], atol=1e-5)


def test_what_lies_in_two_overlapping_limbs_is_inside():
    both = np.vstack([BOX, BOX + np.array([0.5, 0, 0])])
    field = MeshField(both, np.vstack([FACES, FACES + 8]))
    points = np.array([[0.75, 0.5, 0.5], [0.25, 0.5, 0.5], [1.25, 0.5, 0.5], [1.6, 0.5, 0.5]])
    assert (np.sign(field.inside(points)) == [1, 1, 1, -1]).all()


def test_the_person_stands_in_a_t(person: Canonical):
    skin = person.vertices_m[np.unique(person.faces)]
    assert skin[:, 2].min() == pytest.approx(0, abs=1e-9)
    for side, out in (("L", 1), ("R", -1)):
        arm = person.head_m(f"wrist.{side}") - person.head_m(f"upperarm01.{side}")
        assert arm[0] * out > 0.99 * np.linalg.norm(arm)
    on_bones = np.array([person.head_m(b) for b in ("spine03", "lowerarm01.L", "lowerleg01.R")])
    assert (template_field(person).inside(on_bones) > 0.01).all()
    assert template_field(person).inside(np.array([[0, -0.5, 1.0]])) == pytest.approx(-0.05)


def test_canonical_points_go_back_to_the_reference_exactly(person: Canonical):
    ids = np.unique(person.faces)[::50]
    weights = base_weights()[ids]
    back = person.to_reference(person.vertices_m[ids], weights)
    still = canonical(whole().rest(Shape.of(), actions=False), "A")
    np.testing.assert_allclose(back, still.vertices_m[ids], atol=1e-5)


def test_shoes_have_no_toes_but_bare_feet_do(person: Canonical):
    top = [person.head_m(f"toe{k}-2.L") for k in (1, 2, 3, 4, 5)]
    between = np.array([(a + b) / 2 for a, b in pairwise(top[1:4])])
    gaps = between + np.array([0, -0.004, 0])
    bare, worn = np.zeros(len(person.vertices_m)), np.full(len(person.vertices_m), 2 * SHOE_M)
    np.testing.assert_array_equal(shod(person.vertices_m, bare), person.vertices_m)
    filled = shod(person.vertices_m, worn)
    moved = np.linalg.norm(filled - person.vertices_m, axis=1)
    assert 0.005 < moved.max() < 0.04
    assert (person.vertices_m[moved > 0, 2] < 0.1).all()
    assert (MeshField(filled[:SKIN], person.faces).inside(gaps) > 0).all()
    assert not (template_field(person).inside(gaps) > 0).all()
    assert (ClothedField(person, worn).inside(gaps) > 0).all()


def test_fields_are_blended_between_the_cuts_of_the_neck(person: Canonical):
    cuts = neck_cuts(person)
    merged = MergedField(_Flat(0.01), _Flat(-0.03), cuts)
    at = [cuts.bottom_m - 0.1, 0.5 * (cuts.bottom_m + cuts.top_m), cuts.top_m + 0.1]

    def along(places_m: object) -> np.ndarray:
        return cuts.on_m + (np.array(places_m) - cuts.on_m @ cuts.axis)[:, None] * cuts.axis

    found = merged.inside(along(at))
    np.testing.assert_allclose(found, [0.01, -0.01, -0.03], atol=1e-6)
    shoulder = person.head_m("upperarm01.L") + np.array([0.1, 0, 0.2])
    assert merged.inside(shoulder[None])[0] == pytest.approx(0.01)
    steps = np.linspace(cuts.bottom_m - 0.01, cuts.top_m + 0.01, 50)
    assert (np.diff(merged.inside(along(steps))) <= 1e-7).all()


def test_a_neck_has_room_between_its_cuts(person: Canonical):
    cuts = neck_cuts(person)
    assert isinstance(cuts, NeckCuts)
    assert 0.03 < cuts.top_m - cuts.bottom_m < 0.15
