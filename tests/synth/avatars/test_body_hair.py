"""Hair in a photograph of a whole body is worn by the avatar, not grown into its surface."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from studio.core.types import Camera, Keypoints
from studio.human.bodies.fitted import BodyFit, BodyPhoto, BodyView
from studio.human.character import armature
from studio.human.design import Design
from studio.human.heads import model
from studio.human.keypoints import HEAD_TOP, SOLES
from studio.human.layouts import layout
from studio.human.rig import ACTIONS, BONE_NAMES, bones_of
from studio.human.wardrobe.fitting import base_weights, share_of
from studio.perception.portraits import Looked
from studio.synth import closet, designed
from studio.synth.avatars.assembling import besides
from studio.synth.avatars.hair import hair_of, wearing, without_islands
from studio.vision.camera import project

SIZE = (200, 200)
BROWN = (90, 60, 40)


@pytest.fixture(scope="module")
def photographed() -> tuple[BodyFit, Looked]:
    """The head and shoulders of somebody whose hair reaches the shoulders."""
    design = Design()
    rest, bones = designed.resting(design)
    head = bones.rest_world[BONE_NAMES.index("head"), :3, 3]
    look = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    matrix = np.array([[900.0, 0, 99.5], [0, 900.0, 99.5], [0, 0, 1]])
    camera = Camera("photo", SIZE, matrix, np.zeros(0), look, -look @ np.add(head, (0, -2.0, 0.03)))
    ids, means = model.marks()
    skin = rest.vertices_m.double().numpy() + bones.rest_world[0, :3, 3] - rest.heads_m[0].numpy()
    face = project(camera, means @ skin[ids])
    low, high = face.min(0), face.max(0)
    hair = np.zeros(SIZE[::-1], np.uint8)
    left, right = (round(float(x)) for x in (low[0] - 9, high[0] + 9))
    top, end = round(float(low[1])) - 25, round(float(high[1])) + 15
    cv2.rectangle(hair, (left, top), (right, end), 1, -1)
    inner = np.rint(face).astype(np.int32)
    cv2.fillConvexPoly(hair, cv2.convexHull(inner), 0)
    rgb = np.full((*hair.shape, 3), (210, 170, 150), np.uint8)
    rgb[hair > 0] = BROWN
    mask = np.full(hair.shape, 255, np.uint8)
    count = len(layout("whole_body"))
    points = Keypoints("photo", 0.0, layout("whole_body"), np.full((count, 2), np.nan),
                       np.zeros(count))  # fmt: skip
    photo, turns = BodyPhoto("photo", rgb, mask, points), np.zeros((len(BONE_NAMES), 3))
    root, calm = bones.rest_world[0, :3, 3], np.zeros(len(ACTIONS))
    view = BodyView(photo, camera, root, turns, calm, 1.0, 1.0, 0.0)
    xyz = np.zeros((478, 3))
    xyz[: len(face), :2] = face
    looked = Looked("photo", rgb, xyz, np.zeros(len(ACTIONS)), hair == 0, hair > 0, ())
    return BodyFit(design, (view,), np.full(len(skin), 0.02), 1.7), looked


def test_hair_is_worn_and_what_is_under_it_is_bare(photographed: tuple[BodyFit, Looked]):
    fit, looked = photographed
    hair = hair_of(fit, [looked])
    assert hair is not None
    found = wearing(fit, hair, "Ada L.")
    pieces = [piece for piece, _ in closet.pieces(found.design.worn)]
    assert [piece.kind for piece in pieces] == ["hair"]
    red, green, blue = found.design.hair
    assert red > green > blue, "brown as it was"
    assert found.offsets_m[HEAD_TOP] == pytest.approx(0, abs=1e-3)
    assert found.offsets_m[SOLES["left"][0]] == pytest.approx(0.02)
    neck = share_of(base_weights(), bones_of(("neck",))) > 0.9
    assert found.offsets_m[neck].max() < 0.008
    rest, _ = designed.resting(found.design)
    bones = armature(rest)
    worn = next(part for part in besides(rest, bones, found.design) if part.name.startswith("hair"))
    chin, top = (bones.rest_world[BONE_NAMES.index(name), 2, 3] for name in ("neck03", "head"))
    at = worn.mesh.vertices_m
    assert at[:, 2].max() > top + 0.15, "over the crown"
    assert at[:, 2].min() < chin, "down to the shoulders"


def test_who_has_no_hair_or_no_face_keeps_the_surface_there_is(
    photographed: tuple[BodyFit, Looked],
):
    fit, looked = photographed
    assert hair_of(fit, [None]) is None
    assert hair_of(fit, [replace(looked, hair=np.zeros_like(looked.hair))]) is None


def test_specks_of_hair_go():
    rgba = np.zeros((60, 60, 4), np.uint8)
    rgba[:30, :, 3] = 255
    rgba[50:53, 10:13, 3] = 255
    found = without_islands(rgba)
    assert (found[:30, :, 3] == 255).all()
    assert not found[40:, :, 3].any()
