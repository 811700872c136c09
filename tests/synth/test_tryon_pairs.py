"""Pairs for the occluder: wearers, items on them, and what of the items is seen."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from studio.core.items import ANCHORED, Item, ItemKind
from studio.core.types import Armature, Character, Material, Part
from studio.human.anchors import anchors
from studio.human.wardrobe.library import find
from studio.render.scene_depths import SceneDepths
from studio.synth.actor import Actor, Choice
from studio.synth.figure import make_figure
from studio.synth.rig import camera_at
from studio.synth.shapes import box
from studio.synth.tryon.displaced import in_the_way
from studio.synth.tryon.pairs import FAR, FINE_PX, ITEMS, SIDE_PX, VIEWS, PairFactory
from studio.synth.tryon.wearers import Wearer, make_wearer


def block(kind: ItemKind, rng: np.random.Generator) -> Item:
    """A block at every anchor point of a kind."""
    names = ANCHORED[kind]
    half = rng.uniform(0.02, 0.04)
    mesh = box((-half, -half - 0.06, -half), (half, half - 0.06, half), (220, 40, 40))
    count = len(mesh.vertices_m)
    ones = np.zeros((count, 4))
    ones[:, 0] = 1
    parts = tuple(
        Part(name, mesh, Material(name), np.full((count, 4), k), ones)
        for k, name in enumerate(names)
    )
    rest = np.tile(np.eye(4), (len(names), 1, 1))
    bones = Armature(names, np.full(len(names), -1), rest, np.zeros((len(names), 3)))
    return Item("block", kind, Character("block", bones, parts))


@pytest.fixture(scope="module")
def some():
    with PairFactory("train", 3, block) as factory:
        return [factory.pair(number) for number in range(3)]


def test_a_pair_is_whole(some):
    for pair in some:
        assert pair.rgb.shape == (SIDE_PX, SIDE_PX, 3)
        assert pair.items.shape == (ITEMS, SIDE_PX, SIDE_PX, 4)
        assert pair.hides.shape == (FINE_PX, FINE_PX)
        assert pair.item_depths.shape == (ITEMS, FINE_PX, FINE_PX)
        assert pair.proxies.shape == (ITEMS, SIDE_PX, SIDE_PX)
        assert pair.rgb.std() > 5
        assert (pair.proxies < FAR).mean() > 0.02


def test_items_lie_in_their_boxes_and_near_their_anchors(some):
    for pair in some:
        for rgba, depth, (left, top, right, bottom) in zip(
            pair.items, pair.item_depths, pair.boxes_px, strict=True
        ):
            ys, xs = np.nonzero(rgba[..., 3] > 128)
            assert left - 1 <= xs.min()
            assert xs.max() <= right + 1
            assert top - 1 <= ys.min()
            assert ys.max() <= bottom + 1
            there = depth[depth < FAR]
            assert np.abs(there).max() < 2500  # 25 cm


def test_a_pair_depends_on_its_number_alone(some):
    with PairFactory("train", 3, block) as again:
        pair = again.pair(1)
    np.testing.assert_array_equal(pair.hides, some[1].hides)
    np.testing.assert_array_equal(pair.boxes_px, some[1].boxes_px)
    assert VIEWS["train"] > 1
    assert not np.array_equal(some[0].hides, some[1].hides)


def test_some_hair_is_kept_for_tests():
    hairs = {
        split: {make_wearer(9, split, k, "watch").looks.get("hair") for k in range(2)}
        for split in ("train", "test")
    }
    held = {"bob", "swept_back"}
    assert held <= {entry.name for entry in find()}
    assert not hairs["train"] & held
    assert hairs["test"] & held


@pytest.mark.parametrize(("top", "hidden"), [("jumper", True), ("tshirt", False)])
def test_no_watch_comes_through_a_sleeve(top, hidden):
    figure = make_figure()
    actor = Actor(figure, (Choice("woman_amber"), Choice(top)))
    wearer = Wearer(actor, anchors(figure.vertices_m, figure.heads_m), {"top": top})
    posed = actor.posed(figure.heads_m[0], np.tile(np.eye(3), (len(figure.heads_m), 1, 1)))
    frame = wearer.frames(posed)["wrist.L"]
    turn, middle = frame[:3, :3], frame[:3, 3]
    eye = middle - 0.6 * turn[:, 1]
    local = (posed.vertices_m[:13_380] - middle) @ turn
    back = local[(np.abs(local[:, [0, 2]]) < 0.015).all(1), 1].min()
    dial = np.array([[x, back - 0.011, z] for x in (-0.012, 0.012) for z in (-0.012, 0.012)])
    dial = dial @ turn.T + middle
    found = in_the_way("watch", "wrist.L", wearer, posed, (), wearer.frames(posed), eye)
    camera = camera_at("eye", tuple(eye), tuple(middle), (96, 96), 1400.0)
    ahead = dial @ camera.rotation.T + camera.translation_m
    at = np.rint((ahead @ camera.matrix.T)[:, :2] / ahead[:, 2:]).astype(int)
    with closing(SceneDepths((96, 96))) as depths:
        for drawables, covers in ((posed.drawables, False), (found, hidden)):
            depth = depths.draw(drawables, camera)[at[:, 1], at[:, 0]]
            assert ((depth < ahead[:, 2]) == covers).all()
