"""Several people in the scene: each in a colour of their own, under their name."""

from __future__ import annotations

import numpy as np

from studio.core.types import Skeleton
from studio.human.layouts import layout
from studio.scene.items.person import NamedSkeleton, PersonItem
from studio.scene.palette import DARK, LIGHT, PALETTES

COCO = layout("coco_17")


def named(number: int, name: str = "Ada", height: float = 1.7) -> NamedSkeleton:
    xyz = np.linspace([0, 0, 0], [0.2, 0.1, height], 17)
    return NamedSkeleton(Skeleton(0.0, COCO, xyz, np.full(17, 0.01)), name, number)


def test_a_person_has_a_name_over_the_head_and_a_colour():
    item = PersonItem("p", DARK)
    item.update(named(2))
    (label,) = item.labels
    assert label.actor.GetInput() == "Ada"
    assert 1.75 < label.actor.GetPosition()[2] < 2.0
    np.testing.assert_allclose(item._colour[0], DARK.person(2), atol=1e-6)
    left, right = item._colour[5], item._colour[6]
    assert left.sum() > item._colour[0].sum() > right.sum()
    item.update(named(3, "Ben", 1.2))
    assert label.actor.GetInput() == "Ben"
    np.testing.assert_allclose(item._colour[0], DARK.person(3), atol=1e-6)
    item.recolour(LIGHT)
    np.testing.assert_allclose(item._colour[0], LIGHT.person(3), atol=1e-6)


def test_who_is_not_there_has_no_name():
    item = PersonItem("p", DARK)
    nobody = Skeleton(0.0, COCO, np.full((17, 3), np.nan), np.full(17, np.nan))
    item.update(NamedSkeleton(nobody, "Ada", 1))
    assert item.labels == ()
    item.update(named(1))
    item.show(False)
    assert item.labels == ()


def test_people_can_be_told_apart_by_colour():
    for palette in PALETTES.values():
        colours = np.array(palette.people)
        apart = np.linalg.norm(colours[:, None] - colours, axis=-1)
        assert apart[~np.eye(len(colours), dtype=bool)].min() > 0.2
        assert palette.person(len(colours) + 1) == palette.person(1)
