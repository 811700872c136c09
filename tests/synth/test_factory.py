"""The factory: the same shot on every run, whatever was made before, and truth that is true."""

from __future__ import annotations

import pickle
from collections.abc import Generator
from dataclasses import replace

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.core.parts import PartLabel
from studio.human.keypoints import keypoints
from studio.human.layouts import layout
from studio.human.person import Shape, whole
from studio.synth.cast import random_phenotype
from studio.synth.closet import UNDER
from studio.synth.factory.factory import Factory
from studio.synth.factory.people import bared, by_kind, make_member, random_clothes, random_jacket
from studio.synth.factory.points import places_m
from studio.synth.factory.recipe import RECIPES, Recipe, find_recipe
from studio.synth.factory.shot import Shot
from studio.synth.factory.streams import SPLITS, identity, stream
from studio.vision.camera import project

SMALL = replace(
    find_recipe("whole_body"), size_px=(96, 96), cast=1, places=1, people=(1.0, 0.0, 0.0),
    layouts=("whole_body", "coco_17"),
)  # fmt: skip


@pytest.fixture(scope="module")
def factory() -> Generator[Factory]:
    with Factory(SMALL, "train", 3) as made:
        yield made


@pytest.fixture(scope="module")
def shots(factory: Factory) -> list[Shot]:
    return [factory.shot(number) for number in range(4)]


def test_a_shot_depends_on_its_number_alone(factory: Factory, shots: list[Shot]) -> None:
    """Shot 1, made again after others and by another factory, has the same truth."""
    other = pickle.loads(pickle.dumps(factory))
    with other:
        for again in (factory.shot(1), other.shot(1)):
            first = shots[1].people[0].points["whole_body"].xy_px
            np.testing.assert_array_equal(first, again.people[0].points["whole_body"].xy_px)
            np.testing.assert_array_equal(shots[1].rgb, again.rgb)
    assert np.abs(shots[0].rgb.astype(int) - shots[2].rgb).mean() > 2


def test_maps_agree_with_each_other(shots: list[Shot]) -> None:
    """What xyz says lies where the camera and the depth map say."""
    for shot in shots:
        assert shot.depth_m is not None
        assert shot.xyz_m is not None
        assert shot.normal is not None
        assert shot.instances is not None
        hit = np.isfinite(shot.depth_m)
        rows, columns = np.nonzero(hit)
        at = project(shot.camera, shot.xyz_m[hit].astype(float))
        assert np.abs(at - np.stack([columns, rows], axis=-1)).max() < 0.1
        np.testing.assert_allclose(np.linalg.norm(shot.normal[hit], axis=1), 1, atol=1e-3)
        assert set(np.unique(shot.instances)) <= {0, 1}
        assert (shot.instances == 1).mean() > 0.02
        assert shot.parts is not None
        np.testing.assert_array_equal(shot.parts > 0, shot.instances > 0)
        assert {PartLabel.TOP, PartLabel.HAIR} & set(np.unique(shot.parts))
        assert shot.uv is not None
        skin = np.isin(shot.parts, [PartLabel.FACE, PartLabel.HANDS, PartLabel.SKIN])
        assert skin[np.isfinite(shot.uv).all(axis=-1)].all()


def test_visible_points_lie_on_the_person(shots: list[Shot]) -> None:
    for shot in shots:
        points = shot.people[0].points["coco_17"]
        assert shot.instances is not None
        on = np.rint(points.xy_px[points.visible]).astype(int)
        assert len(on)
        near = [shot.instances[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3].any() for x, y in on]
        assert np.mean(near) > 0.95
        outside = ((points.xy_px < -1) | (points.xy_px > 97)).any(axis=1)
        assert not points.visible[outside].any()


@pytest.mark.parametrize("name", ["whole_body", "coco_133", "dope_13", "h36m_17"])
def test_points_are_those_of_the_parametric_person(name: str) -> None:
    """The factory's sums give what the person's own landmarks give."""
    import torch

    person = whole()
    with torch.no_grad():
        rest = person.rest(Shape.of(gender=0.3, height=0.7))
        turns = torch.eye(3).repeat(1, len(rest.heads_m), 1, 1)
        turns[0, 8] = torch.tensor([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
        posed = person.pose(rest, turns, torch.zeros(1, 3))
        wanted = keypoints(person, rest, posed, layout(name))[0].numpy()
    found = places_m(name, posed.vertices_m[0].numpy(), posed.bones_world[0].numpy(), marked=False)
    off = np.linalg.norm(found - wanted, axis=1)
    assert off.max() < 0.012  # the landmarks keep each vertex's four strongest bones
    assert np.median(off) < 1e-4


def test_splits_share_nobody() -> None:
    seen = {s: {identity(stream("x", k, s), s) % 10 for k in range(40)} for s in SPLITS}
    assert not seen["train"] & seen["validation"]
    assert not seen["train"] & seen["test"]
    assert not seen["validation"] & seen["test"]


def test_a_rig_sees_one_moment_through_lenses() -> None:
    rig = replace(find_recipe("rig"), size_px=(96, 96), cast=1, places=1, views=2)
    with Factory(rig, "validation", 1) as factory:
        first, second = factory.moment(0)
    assert first.rig is second.rig
    assert np.any(first.camera.distortion)
    a, b = first.people[0].points["whole_body"], second.people[0].points["whole_body"]
    np.testing.assert_array_equal(a.xyz_m, b.xyz_m)
    assert np.nanmax(np.abs(a.xy_px - b.xy_px)) > 5
    assert first.xyz_m is not None
    hit = np.isfinite(first.xyz_m).all(axis=-1)
    rows, columns = np.nonzero(hit)
    at = project(first.camera, first.xyz_m[hit].astype(float))
    assert np.abs(at - np.stack([columns, rows], axis=-1)).max() < 1.2  # nearest, not mixed


def test_wrong_wishes_are_explained() -> None:
    for wrong in (
        lambda: Factory("nonsense"),
        lambda: Factory("heads", "other"),  # type: ignore[arg-type]
        lambda: Recipe("x", size_px=(4, 4)),
        lambda: Recipe("x", views=9),
        lambda: Recipe("x", views=3),
        lambda: Factory("heads").shot(-1),
    ):
        with pytest.raises(StudioError) as told:
            wrong()
        assert told.value.hint
    assert set(RECIPES) == {"whole_body", "parts", "heads", "hands", "tryon", "rig", "views"}


def test_strangers_wear_jackets_only_over_something_that_fits_under_them() -> None:
    wardrobe, jackets = by_kind(), 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        clothes = random_clothes(wardrobe, random_phenotype(rng), rng)
        over = random_jacket(wardrobe, clothes, rng)
        if over:
            jackets += 1
            assert {choice.name for choice in clothes.values()} & UNDER
    assert 6 < jackets < 40


def test_some_men_wear_no_top_and_nobody_goes_without_trousers() -> None:
    left = {
        (gender > 0.5, kind)
        for gender in (0.2, 0.8)
        for seed in range(30)
        for kind in bared({"gender": gender}, 0.4, np.random.default_rng(seed))
    }
    assert left == {(False, "top"), (False, "jacket"), (False, "shoes"), (True, "shoes")}
    assert bared({"gender": 0.1}, 0.0, np.random.default_rng(0)) == ()


def test_somebody_who_is_bare_is_the_same_person_otherwise() -> None:
    dressed, bare = (make_member(0, "train", 0, 0, 1, share) for share in (0.0, 1.0))
    assert dressed.identity == bare.identity
    assert "shoes" in dressed.looks
    gone = {"shoes", "top", "jacket"} if dressed.phenotype["gender"] < 0.5 else {"shoes"}
    kept = {kind: name for kind, name in dressed.looks.items() if kind not in gone}
    assert bare.looks == kept
