"""From a fitted body to an avatar that is kept, moved and drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.spatial import KDTree

from studio.core.errors import StudioError
from studio.core.types import Camera, Keypoints
from studio.human.bodies.canonical import canonical
from studio.human.bodies.field import MergedField, neck_cuts, template_field
from studio.human.bodies.fitted import BodyFit, BodyPhoto, BodyView
from studio.human.character import bones_world, skinned
from studio.human.design import Design
from studio.human.layouts import layout
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.human.stored import fit_arrays
from studio.media.formats.levels import levels
from studio.synth import designed
from studio.synth.avatars import completing, making
from studio.synth.avatars.hairline import scalp_of, strands
from studio.synth.avatars.keeping import (
    backs_from,
    has_part,
    paint_arrays,
    part_arrays,
    told_from,
)
from studio.synth.avatars.looking import Seen, Texels, _odd
from studio.synth.avatars.making import Look, Made, canonical_turns, in_pose, made
from studio.synth.avatars.necks import cloth_of, necked
from studio.synth.figure import make_figure
from studio.synth.stored import avatar_of
from studio.vision.camera import project

RED, BLUE = (190, 40, 40), (40, 60, 170)


def _fit() -> BodyFit:
    """Somebody in a red shirt and blue trousers, as a photograph from ahead shows them."""
    design = Design()
    rest, bones = designed.resting(design, actions=False)
    turns = np.zeros((len(BONE_NAMES), 3))
    root = bones.rest_world[0, :3, 3]
    matrix = np.array([[520.0, 0, 127.5], [0, 520.0, 159.5], [0, 0, 1]])
    look = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    camera = Camera("photo", (256, 320), matrix, np.zeros(0), look,
                    -look @ np.array([0.0, -3.2, 0.9]))  # fmt: skip
    skin = designed.body_of(rest, bones)
    mask = np.zeros((320, 256), np.uint8)
    faces = make_figure().surface.faces["skin"]
    for triangle in np.rint(project(camera, skin)).astype(np.int32)[faces]:
        cv2.fillConvexPoly(mask, triangle, 255)
    rgb = np.full((320, 256, 3), 120, np.uint8)
    waist = round(float(project(camera, bones.rest_world[[0], :3, 3])[0, 1]))
    rgb[:waist][mask[:waist] > 0] = RED
    rgb[waist:][mask[waist:] > 0] = BLUE
    points = Keypoints("photo", 0.0, layout("whole_body"), *_none("whole_body"))
    view = BodyView(BodyPhoto("photo", rgb, mask, points), camera, root, turns,
                    np.zeros(len(ACTIONS)), 1.0, 1.0, 0.0)  # fmt: skip
    return BodyFit(design, (view,), np.zeros(len(skin)), 1.7)


def _none(name: str) -> tuple[np.ndarray, np.ndarray]:
    count = len(layout(name))
    return np.full((count, 2), np.nan), np.zeros(count)


@pytest.fixture(scope="module")
def avatar() -> Made:
    skin = np.full((64, 64, 3), (200, 150, 130), np.uint8)
    fit = _fit()
    field = template_field(canonical(designed.resting(fit.design)[0]))  # no network: it takes long
    look = Look(triangles=19_000, texture_px=256, spacing_m=0.016)
    return made(fit, skin, [None], look, "Ada", field)


def _colour(found: Made, at_m: tuple[float, float, float]) -> np.ndarray:
    """The texture's colour at the vertex nearest to a canonical place."""
    part = found.character.parts[0]
    picture = part.material.texture
    assert picture is not None
    assert part.mesh.uv is not None
    near = np.linalg.norm(found.body.shell.vertices_m - at_m, axis=1).argmin()
    face, _ = np.argwhere(part.mesh.faces == near)[0]
    u, v = part.mesh.uv[face].mean(0)
    side = len(picture)
    return picture[int((1 - v) * side), int(u * side)].astype(int)


def test_what_was_seen_is_told_and_kept(avatar: Made):
    told = avatar.paint.told
    chest, nape = avatar.canonical.head_m("spine02"), avatar.canonical.head_m("spine03")
    at = avatar.body.shell.vertices_m

    def near(place):
        return np.linalg.norm(at - place, axis=1).argmin()

    assert told[near(np.add(chest, (0, -0.12, 0))), 0] > 0.6
    assert told[near(np.add(nape, (0, 0.12, 0)))].max() < 0.1
    arrays = paint_arrays(avatar.paint)
    assert told_from(arrays) == pytest.approx(told.clip(0, 1), abs=0.003)
    backs = backs_from(arrays)
    assert set(backs) == {"paint", "plain", "mirror"}
    assert backs["mirror"].shape[2] == 4
    few = levels(avatar.character, 2)[1]
    assert len(few.parts[0].mesh.faces) < 0.55 * len(avatar.character.parts[0].mesh.faces)
    assert set(few.parts[0].morphs) == set(avatar.character.parts[0].morphs)


def test_front_and_back_wear_what_the_photograph_shows(avatar: Made):
    chest = avatar.canonical.head_m("spine02")
    knee = avatar.canonical.head_m("lowerleg01.L")
    for ahead in (-0.2, 0.2):
        shirt = _colour(avatar, (chest[0], chest[1] + ahead, chest[2]))
        trousers = _colour(avatar, (knee[0], knee[1] + ahead, knee[2]))
        assert np.abs(shirt - RED).max() < 40, shirt
        assert np.abs(trousers - BLUE).max() < 40, trousers
    assert 0.1 < avatar.seen < 0.7


def test_what_is_left_of_the_ground_between_arm_and_trunk_is_told_by_its_tone(avatar: Made):
    photo = _fit().main.photo
    rgb = photo.rgb.copy()
    row, column = np.argwhere(photo.mask > 0)[len(np.argwhere(photo.mask > 0)) // 2]
    rgb[row : row + 4, column : column + 4] = (90, 150, 110)
    still = avatar.body.shell.vertices_m
    odd = _odd(Seen(rgb, photo.mask, _fit().camera, still), 300.0) > 0
    assert odd[row + 1, column + 1]
    assert odd.sum() < 120, "shirt and trousers are theirs"


def test_cloth_about_the_neck_is_told_from_skin(avatar: Made):
    shell = avatar.body.shell
    at, own = shell.vertices_m, shell.kept
    line = shell.canonical.head_m("neck01")[2] - 0.02
    colour = np.where((at[:, 2] < line)[:, None], RED, (200, 150, 130)).astype(float)
    ahead = (at[:, 1] < shell.canonical.head_m("neck01")[1]).astype(float)
    many = [np.repeat(each, 20, axis=0) for each in (colour, ahead, at, own)]
    cloth = cloth_of(shell, *many)
    assert cloth is not None
    assert at[:, 2].repeat(20)[cloth].max() == pytest.approx(line, abs=0.02)
    assert not (cloth & ((many[1] == 0) | many[3])).any(), "behind nothing is seen"
    bare = np.broadcast_to((200.0, 150.0, 130.0), many[0].shape)
    assert cloth_of(shell, bare, *many[1:]) is None


def test_a_neck_goes_over_into_the_head_without_a_seam(avatar: Made):
    shell = avatar.body.shell
    count = len(shell.faces)
    texels = Texels(64, np.zeros(count, int), np.zeros(count, int), np.arange(count),
                    np.full((count, 3), 1 / 3, np.float32))  # fmt: skip
    at = texels.at(shell.faces, shell.vertices_m)
    own, dark, pale = shell.part == 1, np.array((110.0, 80, 60)), np.array((210.0, 160, 140))
    before, say = np.where(own[:, None], dark, pale), (~own).astype(float)
    few = texels.some(own)
    scalp, _ = scalp_of(shell, few, strands(shell, at[own]))
    after = necked(shell, texels, before, say, at, own, scalp)
    assert np.abs(after[~own] - pale).max() < 1, "what is seen stays"
    head = own & (np.abs(at[:, 0]) < 0.1)
    off = KDTree(at[~own]).query(at[head])[0]
    light = (after[head] - dark)[:, 0] / (pale - dark)[0]
    assert light[off < 0.007].mean() > 0.5
    assert np.abs(light[off > 0.05]).max() < 0.01


def test_what_cannot_be_joined_is_the_fits_and_says_so(monkeypatch, avatar: Made):
    asked: list[object] = []
    fits, networks, others = (template_field(avatar.canonical) for _ in range(3))

    def shell_of(field: object, *rest: object) -> object:
        asked.append(field)
        if field in (networks, merged):
            raise StudioError("Two openings of the body touch.")
        return avatar.body.shell

    monkeypatch.setattr(making, "shell_of", shell_of)
    still, look = avatar.canonical, Look()
    merged = MergedField(networks, others, neck_cuts(still))
    ways = ((networks, [networks, fits]), (others, [others]), (None, [fits]),
            (merged, [merged, networks, fits]))  # fmt: skip
    for field, tried in ways:
        asked.clear()
        found, said = making._shell(field, fits, still, np.zeros(19_158), look)
        assert found is avatar.body.shell
        assert said == ((making.NOTE,) if fits in tried[1:] else ())
        assert asked == tried
    with pytest.raises(StudioError, match="openings"):
        making._shell(None, networks, still, np.zeros(19_158), look)
    monkeypatch.setattr(making, "genus", lambda surface: 1)
    assert making._shell(others, fits, still, np.zeros(19_158), look)[1] == (making.NOTE,)


def test_it_has_the_rig_the_face_and_eyes(avatar: Made):
    parts = {part.name: part for part in avatar.character.parts}
    assert {"person", "eyes", "teeth", "tongue"} <= set(parts)
    person = parts["person"]
    assert {"jawOpen", "eyeBlinkLeft", "mouthSmileRight"} <= set(person.morphs)
    np.testing.assert_allclose(person.weights.sum(1), 1, atol=1e-6)
    low = np.abs(person.morphs["jawOpen"][person.mesh.vertices_m[:, 2] < 1.0])
    assert low.max() < 1e-6


def test_the_t_is_the_a_carried_over(avatar: Made):
    t, a = in_pose(avatar, "T"), in_pose(avatar, "A")
    np.testing.assert_allclose(t.parts[0].mesh.vertices_m, avatar.body.shell.vertices_m, atol=1e-6)
    world = avatar.canonical.bones_world
    np.testing.assert_allclose(
        skinned(a.parts[0], a.armature, world), t.parts[0].mesh.vertices_m, atol=1e-6
    )
    turns = canonical_turns(avatar.canonical)
    again = bones_world(a.armature, turns[None], world[None, 0, :3, 3])[0]
    np.testing.assert_allclose(again, world, atol=1e-6)


def test_a_project_keeps_it(avatar: Made):
    arrays = {**fit_arrays(designed.still(Design())), **part_arrays(avatar.character)}
    assert has_part(arrays)
    back = avatar_of(arrays, "Ada", Design())
    first, again = avatar.character.parts[0], back.parts[0]
    np.testing.assert_allclose(again.mesh.vertices_m, first.mesh.vertices_m, atol=1e-6)
    np.testing.assert_array_equal(again.mesh.faces, first.mesh.faces)
    np.testing.assert_allclose(again.morphs["jawOpen"], first.morphs["jawOpen"], atol=2e-6)
    assert back.animation is not None
    assert again.material.texture is not None
    assert first.material.texture is not None
    off = np.abs(again.material.texture.astype(int) - first.material.texture)
    assert off.mean() < 8


@pytest.mark.parametrize("back", ["mirror", "plain", "paint"])
def test_backs_differ_in_what_is_printed_on_them(back: completing.Back):
    rgb = np.full((80, 120, 3), 200, np.float32)
    rgb[30:50, 50:70] = 20
    ones = np.ones((80, 120), np.float32)
    front = completing.Front(rgb, ones, 0 * ones, ones > 0, 0, 0)
    found = completing.back_of(front, back)
    print_left = 200 - float(found[40, 60].mean())
    assert print_left > 150 if back == "mirror" else print_left < 60
    assert abs(float(found[5, 5].mean()) - 200) < 15
