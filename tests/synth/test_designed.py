"""A design as a character: it is built, clothed, posed, recoloured and keeps a filmed motion."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from studio.core.errors import StudioError
from studio.core.types import Character, Part
from studio.human.character import skinned
from studio.human.design import Design, Worn
from studio.human.fit import Fit
from studio.human.person import Shape
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.synth import closet, designed, poses
from studio.synth.figure import strongest
from studio.synth.live_person import LivePerson
from studio.synth.people import PRESETS, stranger

DRESSED = Design(
    phenotypes={"gender": 0.0},
    worn=tuple(Worn(item=name) for name in ("side_part", "tshirt", "jeans", "trainers")),
)


def walking(frames: int = 6) -> Fit:
    """A fit whose root wanders and whose arm swings."""
    turns = np.zeros((frames, len(BONE_NAMES), 3))
    turns[:, BONE_NAMES.index("upperarm01.L"), 0] = np.linspace(0, 1, frames)
    root = np.column_stack([np.linspace(0, 1, frames), np.zeros(frames), np.full(frames, 0.95)])
    actions = np.zeros((frames, len(ACTIONS)))
    actions[:, ACTIONS.index("jawOpen")] = np.linspace(0, 0.5, frames)
    return Fit(Shape.of(), np.arange(frames) / 30, turns, root, actions, (), np.zeros((frames, 0)),
               0.0, 1.7, 0.0, False)  # fmt: skip


def part(of: Character, name: str) -> Part:
    return next(part for part in of.parts if f"{part.name} ".startswith(f"{name} "))


def test_the_strongest_bones_are_those_of_the_whole_table() -> None:
    dense = np.random.default_rng(3).random((50, 30)) * (np.arange(30) % 4 == 0)
    dense[7, 4:] = 0  # one bone alone
    joints, share = strongest(csr_matrix(dense))
    order = np.argsort(-dense, axis=1)[:, :4]
    best = np.take_along_axis(dense, order, 1)
    assert share == pytest.approx(best / best.sum(1, keepdims=True))
    assert np.array_equal(joints[share > 0], order[best > 0])


def height_m(of: Character) -> float:
    return float(part(of, "body").mesh.vertices_m[:, 2].max())


def test_the_build_and_the_clothes_are_the_designs() -> None:
    short = designed.person_of(DRESSED)
    tall = designed.person_of(DRESSED.with_build({"height": 0.9}))
    assert height_m(tall) > height_m(short) + 0.15
    names = {one.name.split(" ")[0] for one in short.parts}
    assert {"body", "eyes", "teeth", "tongue", "lashes", "tshirt", "jeans"} <= names
    bare = designed.person_of(Design())
    assert {one.name for one in bare.parts} == {"body", "eyes", "teeth", "tongue", "lashes"}
    assert len(part(bare, "body").mesh.faces) > len(part(short, "body").mesh.faces)


def test_a_person_without_clothes_wears_painted_sportswear() -> None:
    bare = part(designed.person_of(Design()), "body").material.texture
    assert bare is not None
    sports = (np.abs(bare.astype(int) - [61, 69, 79]).max(axis=2) < 8).mean()
    assert sports > 0.03


def test_colours_are_those_that_were_chosen() -> None:
    red = DRESSED.but(worn=[{"item": "tshirt", "colour": (0.8, 0.1, 0.1)}], skin=(0.3, 0.2, 0.15))
    person = designed.person_of(red)
    cloth, skin = part(person, "tshirt").material.texture, part(person, "body").material.texture
    assert cloth is not None
    assert skin is not None
    r, g, b = np.median(cloth.reshape(-1, cloth.shape[2]), axis=0)[:3]
    assert r > 4 * g > 0
    assert r > 4 * b > 0
    assert np.median(skin.reshape(-1, 3), axis=0) == pytest.approx([76, 51, 38], abs=12)


def test_one_thing_of_a_kind_is_worn_and_a_second_click_takes_it_off() -> None:
    worn = closet.put_on(DRESSED.worn, "shorts")
    assert [w.item for w in worn] == ["side_part", "tshirt", "trainers", "shorts"]
    assert [w.item for w in closet.put_on(worn, "shorts")] == ["side_part", "tshirt", "trainers"]
    assert closet.put_on(worn, "nothing of the kind") == worn


def test_a_jacket_goes_over_a_top_or_a_dress() -> None:
    worn = closet.put_on(DRESSED.worn, "jacket")
    assert {"tshirt", "jacket"} <= {w.item for w in worn}
    worn = closet.put_on(worn, "cardigan")
    assert {"tshirt", "cardigan"} <= {w.item for w in worn}
    assert "jacket" not in {w.item for w in worn}
    worn = closet.put_on(worn, "summer_dress")
    assert {"summer_dress", "cardigan"} <= {w.item for w in worn}
    assert "tshirt" not in {w.item for w in worn}


def test_nobody_wears_a_jacket_over_nothing() -> None:
    everybody = [*PRESETS.values(), *(stranger(seed) for seed in range(40))]
    jackets = 0
    for design in everybody:
        kinds = {one.kind for one, _ in closet.pieces(design.worn)}
        if "jacket" in kinds:
            jackets += 1
            assert kinds & closet.TOPS
            assert {one.item for one in design.worn} & closet.UNDER
    assert jackets > 4


def test_what_stands_in_shoes_stands_on_the_floor() -> None:
    rest, bones = designed.resting(DRESSED, actions=False)
    person = designed.person_of(DRESSED)
    body_m = designed.body_of(rest, bones)
    now = designed.posed(DRESSED.but(pose=dict(poses.pose("Relaxed"))), person, body_m)
    low = min(
        skinned(one, bones, now.bones_world)[:, 2].min()
        for one in person.parts
        if one.name in ("trainers", "body", "jeans")
    )
    assert -0.008 < low < 0.008


@pytest.mark.parametrize("name", poses.NAMES)
def test_poses_stand_on_the_floor_and_bend_no_joint_out_of_it(name: str) -> None:
    design = DRESSED.but(pose=dict(poses.pose(name)))
    rest, bones = designed.resting(design, actions=False)
    world = designed.standing(design, bones, designed.body_of(rest, bones))
    assert -0.01 < world[:, 2, 3].min() < 0.12
    assert poses.pose_name(design.pose) == name
    assert np.isfinite(world).all()


def test_the_gaze_turns_both_eyes_one_way() -> None:
    actions = dict(zip(ACTIONS, designed.actions_of(Design(gaze_deg=(17.5, -35))), strict=True))
    assert actions["eyeLookOutLeft"] == actions["eyeLookInRight"] == 0.5
    assert actions["eyeLookDownLeft"] == actions["eyeLookDownRight"] == 1.0
    assert actions["eyeLookInLeft"] == actions["eyeLookUpLeft"] == 0.0


def test_a_filmed_person_keeps_their_motion_in_another_build() -> None:
    fit = walking()
    same = designed.avatar_of(fit, designed.design_of(fit.shape))
    tall = designed.avatar_of(fit, designed.design_of(fit.shape).with_build({"height": 0.9}))
    assert same.animation is not None
    assert tall.animation is not None
    assert same.animation.bones_world[:, 0, :3, 3] == pytest.approx(fit.root_m, abs=1e-3)
    assert tall.animation.bones_world[:, 0, :2, 3] == pytest.approx(fit.root_m[:, :2])
    assert (tall.animation.bones_world[:, 0, 2, 3] > fit.root_m[:, 2] + 0.05).all()
    arm = BONE_NAMES.index("upperarm01.L")
    swing = [a.animation.bones_world[:, arm, :3, :3] for a in (same, tall) if a.animation]
    assert swing[0] == pytest.approx(swing[1], abs=0.05)
    assert tall.animation.morphs == pytest.approx(fit.actions)


def test_a_drag_is_as_exact_as_a_new_build_and_makes_nothing_anew() -> None:
    live = LivePerson()
    first = live.at(DRESSED)
    wide = DRESSED.with_build({"height": 0.56, "weight": 0.62})
    quick, exact = live.at(wide, exact=False), live.at(wide)
    for name in ("eyes", "tshirt", "jeans", "trainers", "side_part"):
        a, b, c = (part(p.character, name) for p in (quick, exact, first))
        off = np.linalg.norm(a.mesh.vertices_m - b.mesh.vertices_m, axis=1)
        assert np.median(off) < (1e-4 if name == "eyes" else 1e-3), name
        assert off.max() < 0.015, name
        assert a.mesh.faces is c.mesh.faces
        assert a.weights is c.weights
    rest = [p.character.armature.rest_world for p in (quick, exact)]
    assert rest[0] == pytest.approx(rest[1], abs=1e-4)


def test_while_a_nose_grows_only_the_face_is_another() -> None:
    live = LivePerson()
    first = live.at(DRESSED).character
    nose = live.at(DRESSED.but(local={"nose-scale-depth": 0.5}), exact=False).character
    assert part(nose, "body").mesh is not part(first, "body").mesh
    for name in ("tshirt", "jeans", "trainers", "teeth"):
        assert part(nose, name) is part(first, name), name


def test_whoever_chose_no_teeth_has_some_and_a_choice_is_kept() -> None:
    undressed = designed.person_of(Design())
    assert [one.name for one in undressed.parts].count("teeth") == 1
    assert len(part(undressed, "teeth").mesh.faces) > 1000, "not the body's own bars"
    chosen = (Worn(item="teeth", colour=(0.5, 0.5, 0.4)),)
    assert closet.at_least(chosen, closet.TEETH) == chosen


def test_what_lies_on_the_same_body_is_not_fitted_again() -> None:
    whose = DRESSED.with_build({"height": 0.55})
    plain = designed.person_of(whose)
    other = whose.but(worn=[*closet.put_on(DRESSED.worn, "jumper")], hair=(0.6, 0.5, 0.3))
    again = designed.person_of(other)
    assert part(again, "jeans").mesh.vertices_m is part(plain, "jeans").mesh.vertices_m
    assert part(again, "side_part").material is not part(plain, "side_part").material
    closet.forget()
    anew = designed.built(other).character
    for one, two in zip(again.parts, anew.parts, strict=True):
        assert one.name == two.name
        np.testing.assert_array_equal(one.mesh.vertices_m, two.mesh.vertices_m)
        np.testing.assert_array_equal(one.mesh.faces, two.mesh.faces)


def test_a_drag_of_colour_repaints_only_what_has_it() -> None:
    live = LivePerson()
    first = live.at(DRESSED).character
    skin = live.at(DRESSED.but(skin=(0.4, 0.3, 0.2)), exact=False).character
    assert part(skin, "body").material is not part(first, "body").material
    assert part(skin, "jeans").material is part(first, "jeans").material
    blue = DRESSED.but(worn=[w.model_copy(update={"colour": (0.1, 0.1, 0.8)})
                             if w.item == "tshirt" else w for w in DRESSED.worn])  # fmt: skip
    dyed = live.at(blue, exact=False).character
    assert part(dyed, "tshirt").material is not part(first, "tshirt").material
    assert part(dyed, "tshirt").mesh is part(first, "tshirt").mesh


def test_while_a_filmed_person_is_designed_they_stay_in_their_motion() -> None:
    fit = walking()
    live = LivePerson(fit)
    design = designed.design_of(fit.shape)
    shown = live.at(taller(design), time_s=3 / 30, exact=False)
    whole = designed.avatar_of(fit, taller(design))
    assert whole.animation is not None
    assert shown.time_s == pytest.approx(0.1)
    assert shown.bones_world == pytest.approx(whole.animation.bones_world[3], abs=1e-6)
    assert shown.morphs == pytest.approx(fit.actions[3])


def taller(design: Design) -> Design:
    return design.with_build({"height": 0.7})


def test_a_still_person_is_exported_in_their_pose() -> None:
    fit = walking(1)
    still = designed.avatar_of(fit, DRESSED.but(pose=dict(poses.pose("Wave")), gaze_deg=(10, 0)))
    assert still.animation is not None
    assert len(still.animation) == 1
    hand = still.animation.bones_world[0, BONE_NAMES.index("wrist.R"), 2, 3]
    assert hand > 0.85 * height_m(still)
    assert still.animation.morphs[0].max() > 0.2


def test_local_sliders_move_the_skin_they_name_and_the_clothes_over_it() -> None:
    plain = designed.person_of(DRESSED)
    stout = designed.person_of(DRESSED.but(local={"measure-waist-circ": 1.0, "nose-hump": 1.0}))

    def moved(name: str) -> np.ndarray:
        one, other = (part(of, name).mesh.vertices_m for of in (plain, stout))
        return np.linalg.norm(other - one, axis=1)

    assert moved("tshirt").max() > 0.015
    head = part(plain, "body").mesh.vertices_m[:, 2] > height_m(plain) - 0.2
    assert 0.001 < moved("body")[head].max() < 0.02
    assert moved("eyes").max() < 0.001


def test_local_sliders_move_what_they_name() -> None:
    plain, long = DRESSED, DRESSED.but(local={"nose-scale-depth": 1.0})
    off = [np.linalg.norm(part(designed.person_of(long), name).mesh.vertices_m
                          - part(designed.person_of(plain), name).mesh.vertices_m, axis=1)
           for name in ("body", "jeans")]  # fmt: skip
    assert 0.003 < off[0].max() < 0.05
    assert off[1].max() < 1e-6
    with pytest.raises(StudioError, match="no slider"):
        designed.resting(DRESSED.but(local={"tail-length": 0.5}))
