"""Legs that are kept apart, and skirts that are not cut."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.human.bodies.canonical import canonical
from studio.human.bodies.field import template_field
from studio.human.bodies.parting import PartedField, between, crotch_m, halfway, parted
from studio.human.person import Shape, whole


@pytest.fixture(scope="module")
def space():
    with torch.no_grad():
        return canonical(whole().rest(Shape.of(), actions=False), "T")


class Filled:
    """A person, and between their thighs something so deep (metres)."""

    def __init__(self, space, deep_m):
        self._own, self._deep_m = template_field(space), deep_m
        self._hip, self._knee = space.head_m("upperleg01.L"), space.head_m("lowerleg01.L")

    def inside(self, points_m):
        away = np.abs(points_m - [0, self._hip[1], 0]) - [0.1, self._deep_m / 2, 0]
        held = (points_m[:, 2] > self._knee[2] - 0.1) & (points_m[:, 2] < self._hip[2])
        box = np.where(held, -away[:, :2].max(1), -0.05).clip(-0.05, 0.05)
        return np.fmax(self._own.inside(points_m), box)


def test_what_fills_the_gap_between_thighs_is_cut_and_a_skirt_is_not(space):
    crotch = crotch_m(space)
    assert space.head_m("lowerleg01.L")[2] + 0.2 < crotch < space.head_m("upperleg01.L")[2]
    web, skirt = Filled(space, 0.04), Filled(space, 0.3)
    assert between(template_field(space), space, crotch) < 0.05
    assert 0.05 < between(web, space, crotch) < 0.6
    assert between(skirt, space, crotch) > 0.9
    assert parted(skirt, web, space) == (skirt, web)
    cut, like = parted(web, None, space)
    assert like is None
    assert isinstance(cut, PartedField)
    assert isinstance(parted(web, skirt, space)[1], PartedField)
    middle = np.array([[0, space.head_m("upperleg01.L")[1], crotch - far] for far in (0.1, 0.25)])
    assert (web.inside(middle) > 0.01).all()
    assert (cut.inside(middle) < 0).all()
    beside = middle + np.array([0.02, 0, 0])
    assert (cut.inside(beside) > 0.01).all(), "the web's two halves stay with the legs"
    above = np.array([[0, 0, crotch + 0.01], [0, 0, space.head_m("spine03")[2]]])
    np.testing.assert_allclose(cut.inside(above), web.inside(above), atol=1e-6)


def test_only_what_lies_between_thighs_is_evened_out(space):
    crotch, knee = crotch_m(space), space.head_m("lowerleg01.L")
    places = {
        "between": (0.0, 0.0, crotch - 0.05), "beside": (0.02, 0.0, crotch - 0.05),
        "on the thigh's outside": (0.1, 0.0, crotch - 0.05),
        "on the belly": (0.0, -0.1, crotch + 0.1), "between the shins": (0.0, 0.0, knee[2] - 0.1),
    }  # fmt: skip
    found = dict(zip(places, halfway(np.array(list(places.values())), space, 0.05), strict=True))
    assert found.pop("between") == 1.0
    assert 0.5 < found.pop("beside") < 1
    assert not any(found.values())
