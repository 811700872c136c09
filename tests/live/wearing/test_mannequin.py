"""Somebody of clay: things hang at their places, and move as they are moved."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from studio.core.items import ANCHORED, Item, ItemKind
from studio.core.types import Armature, Character, Material, Mesh, Part
from studio.live.wearing.gripping import Grip
from studio.live.wearing.mannequin import Mannequin, View, camera_of, clay, usual_view

SIZE = (160, 160)


def cube(kind: ItemKind, side_m: float = 0.03) -> Item:
    """A red cube at every point of a kind."""
    points = ANCHORED[kind]
    count = len(points)
    bones = Armature(points, np.full(count, -1), np.tile(np.eye(4), (count, 1, 1)),
                     np.zeros((count, 3)))  # fmt: skip
    box = trimesh.creation.box((side_m,) * 3)
    mesh = Mesh(np.array(box.vertices), np.array(box.faces))
    own = len(mesh.vertices_m)
    weights = np.tile([1.0, 0, 0, 0], (own, 1))
    parts = tuple(
        Part(name, mesh, Material("red", (0.8, 0.05, 0.05, 1.0)), np.tile([k, 0, 0, 0], (own, 1)),
             weights)
        for k, name in enumerate(points)
    )  # fmt: skip
    return Item("cube", kind, Character("cube", bones, parts))


def red(rgb: np.ndarray) -> np.ndarray:
    """The middle of what is red (x, y), and how many pixels are."""
    r, g = rgb[..., 0].astype(int), rgb[..., 1].astype(int)
    rows, columns = np.nonzero(r - g > 60)
    return np.array([columns.mean(), rows.mean(), len(rows)]) if len(rows) else np.zeros(3)


@pytest.fixture(scope="module")
def mannequin():
    with Mannequin(SIZE) as made:
        yield made


def test_a_thing_hangs_where_it_belongs_and_follows_its_placing(mannequin) -> None:
    thing = cube("glasses")
    fitted = mannequin.draw(thing, np.eye(4), usual_view("glasses"))
    x, y, count = red(fitted.rgb)
    assert count > 100
    assert (x, y) == pytest.approx((80, 80), abs=8)
    aside = np.eye(4)
    aside[0, 3] = 0.03  # to the wearer's left: to the right of the picture, and nearly across
    moved = mannequin.draw(thing, aside, View(0, 0))
    assert red(moved.rgb)[0] - red(mannequin.draw(thing, np.eye(4), View(0, 0)).rgb)[0] > 10
    grip = Grip(moved.camera, moved.frame, np.zeros(3))
    assert red(moved.rgb)[:2] == pytest.approx(grip.at_px(aside), abs=4)


def test_what_lies_within_the_body_is_hidden(mannequin) -> None:
    inside = np.eye(4)
    inside[1, 3] = 0.09  # behind the bridge of the nose
    assert red(mannequin.draw(cube("glasses", 0.02), inside, View(0, 0)).rgb)[2] == 0


@pytest.mark.parametrize("kind", ["watch", "shoes", "necklace"])
def test_every_kind_is_looked_at_where_it_is_worn(mannequin, kind: ItemKind) -> None:
    fitted = mannequin.draw(cube(kind, 0.1), np.eye(4), usual_view(kind))
    assert red(fitted.rgb)[2] > 100
    own = clay()[1].frames[ANCHORED[kind][0]]
    nearer = camera_of(kind, own, View(10, 5, 2.0), SIZE)
    farther = camera_of(kind, own, View(10, 5, 1.0), SIZE)
    away = [np.linalg.norm(each.centre_m - own[:3, 3]) for each in (nearer, farther)]
    assert away[1] == pytest.approx(2 * away[0])
