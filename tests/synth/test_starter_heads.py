"""The head's part of the starter wardrobe: there, free, fitting anybody, following the face."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.spatial import KDTree

from studio.core.resources import resource
from studio.human.design import Design, Worn
from studio.human.rig import BONE_NAMES
from studio.human.wardrobe.asset import Asset
from studio.human.wardrobe.fitting import fit, weights_of
from studio.human.wardrobe.library import find, load
from studio.human.wardrobe.wearing import Item, wear
from studio.synth.designed import built
from studio.synth.figure import Figure, expression, make_figure

NEEDED = {
    "hair": 8,
    "brows": 3,
    "lashes": 1,
    "eyes": 1,
    "teeth": 1,
    "skin": 8,
    "glasses": 3,
    "hat": 3,
}
MOST_BYTES = 16_000_000
KINDS = tuple(NEEDED)


@cache
def people() -> tuple[Figure, ...]:
    return make_figure(gender=0.0, age=0.75, weight=0.8), make_figure(gender=1.0, african=1.0)


def entries(kind: str) -> list[Asset]:
    return [load(entry.name) for entry in find(kind) if entry.card.author == "Doppel"]


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_enough_to_choose_from_and_all_of_it_is_free(kind: str) -> None:
    found = entries(kind)
    assert len(found) >= NEEDED[kind]
    assert all(asset.card.free and asset.kind == kind for asset in found)
    assert not any(material.missing for asset in found for material in asset.materials)


def test_the_files_are_small() -> None:
    folders = ("hair", "brows", "lashes", "eyes", "teeth", "skins", "glasses", "hats")
    files = [file for name in folders for file in resource(f"wardrobe/{name}").rglob("*.*")]
    assert sum(file.stat().st_size for file in files) < MOST_BYTES


def test_eyes_come_in_several_colours() -> None:
    eyes = load("eyes")
    irises = [material.pictures["diffuse"].pixels() for material in eyes.materials]
    assert len(irises) >= 5
    middle = [iris[256, 256 + 70] for iris in irises]  # half way out on the iris
    assert len({tuple(int(v) // 8 for v in colour) for colour in middle}) >= 5
    assert all(iris[256, 256].max() < 30 for iris in irises)  # the pupil


def test_skins_are_of_many_tones_and_share_their_relief() -> None:
    skins = entries("skin")
    tones = sorted(float(s.material.pictures["diffuse"].pixels().mean()) for s in skins)
    assert tones[-1] > 2.5 * tones[0]
    assert len({skin.material.pictures["normal"].data for skin in skins}) == 1
    normal = skins[0].material.pictures["normal"].pixels()
    assert np.median(normal[..., 2]) > 230
    assert normal[..., 0].std() > 2


@pytest.mark.parametrize("name", [entry.name for entry in find("hair")])
def test_hair_stays_outside_the_head_and_near_it(name: str) -> None:
    hair = load(name)
    for figure in people():
        skin = figure.surface.faces["skin"]
        at = fit(hair, figure.vertices_m)
        corners = figure.vertices_m[skin]
        head = corners[:, :, 2].min(axis=1) > figure.head("head")[2] + 0.03
        middle = corners[head].mean(axis=1)
        out = np.cross(corners[head, 1] - corners[head, 0], corners[head, 2] - corners[head, 0])
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        high = at[at[:, 2] > figure.head("head")[2] + 0.06]
        away, nearest = KDTree(middle).query(high)
        above = ((high - middle[nearest]) * out[nearest]).sum(axis=1)
        assert np.mean(above < -0.004) < 0.02
        assert np.percentile(away, 99) < 0.14


def test_hair_is_carried_by_the_head_and_long_hair_by_the_shoulders_too() -> None:
    head = BONE_NAMES.index("head")
    short = weights_of(load("crop"))[:, [head]].toarray()
    assert short.min() > 0.5
    long = weights_of(load("long_straight"))[:, [head]].toarray()
    assert long.max() > 0.95
    assert long.min() < 0.05


def test_hair_does_not_move_with_the_face() -> None:
    figure = people()[0]
    face: dict[str, Any] = {"browInnerUp": 1.0, "jawOpen": 0.8, "mouthSmileLeft": 1.0}
    moved = expression(figure, face)
    for name in ("side_part", "hat_cap", "glasses_metal"):
        shift = fit(load(name), moved) - fit(load(name), figure.vertices_m)
        assert np.linalg.norm(shift, axis=1).max() < 0.003


@pytest.mark.parametrize(
    ("name", "action", "least_m"),
    [
        ("lashes", "eyeBlinkLeft", 0.005),
        ("brows_soft", "browInnerUp", 0.002),
        ("teeth", "jawOpen", 0.01),
        ("eyes", "eyeLookUpLeft", 0.001),
    ],
)
def test_what_belongs_to_the_face_follows_it(name: str, action: str, least_m: float) -> None:
    figure = people()[0]
    asset = load(name)
    shift = fit(asset, expression(figure, {action: 1.0})) - fit(asset, figure.vertices_m)
    far = np.linalg.norm(shift, axis=1)
    assert far.max() > least_m
    assert far.min() < 0.002


@pytest.mark.parametrize("name", ["glasses_metal", "glasses_thick", "sunglasses"])
def test_glasses_sit_before_the_eyes_and_reach_behind_the_ears(name: str) -> None:
    for figure in (*people(), make_figure()):
        at = fit(load(name), figure.vertices_m)
        eyes = fit(load("eyes"), figure.vertices_m)
        front = at[np.abs(at[:, 1] - at[:, 1].min()) < 0.012]
        assert front[:, 1].max() < eyes[:, 1].min() - 0.002
        assert front[:, 2].min() < eyes[:, 2].mean() < front[:, 2].max()
        assert at[:, 1].max() > figure.head("head")[1] - 0.005
        left, right = at[at[:, 0] > 0], at[at[:, 0] < 0]
        assert left[:, 0].max() == pytest.approx(-right[:, 0].min(), abs=0.002)


def test_hair_is_pressed_under_a_hat() -> None:
    figure = make_figure()
    skin = figure.surface.faces["skin"]
    items = [Item(load("afro"))]
    loose = wear(items, figure.vertices_m, skin).worn[0]
    worn = wear([*items, Item(load("hat_beanie"))], figure.vertices_m, skin)
    pressed = next(one for one in worn.worn if one.kind == "hair")
    assert len(pressed.faces) < 0.7 * len(loose.faces)
    under = load("hat_beanie").deletes
    root = figure.vertices_m[under]
    near, _ = KDTree(root).query(pressed.vertices_m[np.unique(pressed.faces)])
    assert near.min() < 0.01
    top = pressed.vertices_m[np.unique(pressed.faces)][:, 2].max()
    assert top < fit(load("hat_beanie"), figure.vertices_m)[:, 2].max() - 0.02


@pytest.mark.parametrize("name", ["long_straight", "wavy"])
def test_long_hair_lies_over_collars(name: str) -> None:
    figure = make_figure(gender=1.0)
    skin = figure.surface.faces["skin"]
    worn = wear([Item(load(name)), Item(load("shirt"))], figure.vertices_m, skin).worn
    shirt, hair = worn
    assert hair.kind == "hair"
    (place, touching), = hair.contacts  # fmt: skip
    assert place == 0
    collar = shirt.vertices_m[touching.corners].mean(axis=1)[:, 2] > figure.head("neck01")[2]
    assert collar.sum() > 10
    before, _ = touching.depth(fit(load(name), figure.vertices_m), shirt.vertices_m)
    after, _ = touching.depth(hair.vertices_m, shirt.vertices_m)
    assert (before > 0.004).sum() > 300  # left alone, it would be under the cloth
    assert (after > 0.004).sum() < 0.15 * (before > 0.004).sum()


def test_short_hair_stays_within_a_hood() -> None:
    figure = make_figure()
    worn = wear([Item(load("crop")), Item(load("hoodie"))], figure.vertices_m,
                figure.surface.faces["skin"]).worn  # fmt: skip
    assert np.array_equal(worn[-1].vertices_m, fit(load("crop"), figure.vertices_m))


def test_lenses_can_be_seen_through() -> None:
    picture = load("glasses_metal").material.pictures["diffuse"].pixels()
    assert picture.shape[2] == 4
    assert picture[-10, 40, 3] < 60
    assert picture[10, 40, 3] == 255
    dark = load("sunglasses").material.pictures["diffuse"].pixels()
    assert dark[-10, 40, 3] > 180


def test_worn_brows_and_lashes_of_a_designed_person_follow_the_face() -> None:
    names = ("brows_soft", "lashes_full", "crop")
    person = built(Design(worn=tuple(Worn(item=name) for name in names)))
    parts = {part.name: part for part in person.character.parts}
    assert np.abs(parts["brows_soft"].morphs["browInnerUp"]).max() > 0.002
    assert np.abs(parts["lashes_full"].morphs["eyeBlinkRight"]).max() > 0.004
    assert not parts["crop"].morphs
    assert "lashes" not in parts


@pytest.mark.parametrize("name", ["lashes", "lashes_full"])
def test_lashes_stand_evenly_along_every_lid(name: str) -> None:
    mesh = load(name).mesh
    assert mesh is not None
    uv, places = mesh.triangle_uv, mesh.vertices_m[mesh.triangles]
    assert uv is not None
    for top in (True, False):
        for left in (True, False):
            some = ((uv[..., 1].mean(1) > 0.5) == top) & ((places[..., 0].mean(1) > 0) == left)
            at, place = uv[some].reshape(-1, 2), places[some].reshape(-1, 3)
            root = at[:, 1] % 0.5 < 0.02
            _, first = np.unique(at[root, 0].round(3), return_index=True)
            along, line = at[root, 0][first], place[root][first]
            assert along[0] < 0.01
            assert along[-1] > 0.99
            step = np.linalg.norm(np.diff(line, axis=0), axis=1) / np.diff(along)
            assert step.max() < 1.2 * step.min(), "as many lashes a millimetre everywhere"
