"""Bones that are turned onto a photograph's outline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from studio.core.types import Camera, Keypoints
from studio.human.bodies import bending
from studio.human.bodies.bending import bent, in_view
from studio.human.bodies.canonical import SKIN, canonical
from studio.human.bodies.fitted import BodyPhoto, BodyView
from studio.human.bodies.hanging import Hung, Sight
from studio.human.bodies.outline import Window, hits, overlap
from studio.human.bodies.surface import Surface
from studio.human.layouts import layout
from studio.human.person import Shape, whole
from studio.human.rig import BONE_NAMES
from studio.perception.bodies.field import template_of

WIDE, TALL = 300, 300
ARM, LEG = BONE_NAMES.index("upperarm01.L"), BONE_NAMES.index("upperleg01.R")


@pytest.fixture(scope="module")
def rest():
    with torch.no_grad():
        return whole().rest(Shape.of(), actions=False)


def _view(rest, turns) -> BodyView:
    """Somebody in a pose, and their own mask."""
    matrix = np.array([[450.0, 0, WIDE / 2], [0, 450.0, TALL / 2], [0, 0, 1]])
    turn = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    camera = Camera("p", (WIDE, TALL), matrix, np.zeros(0), turn, np.array([0, 0.9, 3.3]))
    points = layout("whole_body")
    nothing = Keypoints("p", 0.0, points, np.zeros((len(points), 2)), np.zeros(len(points)))
    photo = BodyPhoto("p", np.zeros((TALL, WIDE, 3), np.uint8), np.zeros((TALL, WIDE), np.uint8),
                      nothing)  # fmt: skip
    view = BodyView(photo, camera, np.array([0, 0, 0.95]), turns, np.zeros(52), 0.9, 0.8, 3.0)
    posed = view.posed(rest).vertices_m[0, :SKIN].double().numpy()
    everything = Window(0, 0, WIDE, TALL, 1.0)
    seen = np.isfinite(hits(everything, camera, posed, canonical(rest, "A").faces)[0])
    return replace(view, photo=replace(photo, mask=255 * seen.astype(np.uint8)))


def test_a_limb_that_hangs_beside_its_outline_is_turned_onto_it(rest, monkeypatch):
    monkeypatch.setattr(bending, "_ROUNDS", 3)
    space = canonical(rest, "A")
    heads = space.armature.rest_world[:, :3, 3]
    true = np.zeros((104, 3))
    true[ARM, 1], true[LEG, 1] = np.radians(4), np.radians(3)
    seen, wrong = _view(rest, true), np.zeros((104, 3))
    fitted = replace(seen, turns_rad=wrong)
    carried = template_of(rest, fitted, np.zeros(19_158)).carried
    sight = Sight.of(seen.photo, seen.camera, carried)
    hung = Hung(Surface(space.vertices_m[:SKIN], space.faces), space, space.vertices_m[:SKIN])
    found = bent(hung, sight, heads)
    before, after = (overlap(hung.shown(one), sight.mask) for one in (sight, found))
    assert before < 0.9
    assert after > before + 0.03
    turned = in_view(fitted, found, heads)

    def joints(view: BodyView) -> np.ndarray:
        return view.posed(rest).joints_m[0].double().numpy()

    for name in ("wrist.L", "foot.R"):
        bone = BONE_NAMES.index(name)
        off = [np.linalg.norm(joints(one)[bone] - joints(seen)[bone]) for one in (fitted, turned)]
        assert off[1] < 0.5 * off[0]
    head = BONE_NAMES.index("head")
    assert np.linalg.norm(joints(turned)[head] - joints(fitted)[head]) < 0.001, "the face tells it"
    # The view and the sight tell the same pose.
    again = template_of(rest, turned, np.zeros(19_158)).carried
    np.testing.assert_allclose(again[:, :3], found.carried[:, :3], atol=2e-3)


def test_what_lies_on_its_outline_stays(rest):
    space = canonical(rest, "A")
    view = _view(rest, np.zeros((104, 3)))
    carried = template_of(rest, view, np.zeros(19_158)).carried
    sight = Sight.of(view.photo, view.camera, carried)
    hung = Hung(Surface(space.vertices_m[:SKIN], space.faces), space, space.vertices_m[:SKIN])
    found = bent(hung, sight, space.armature.rest_world[:, :3, 3])
    turns = found.carried[:, :3, :3] @ carried[:, :3, :3].transpose(0, 2, 1)
    assert np.degrees(Rotation.from_matrix(turns).magnitude()).max() < 0.5
