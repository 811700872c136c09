"""The starter set's garments: complete, small, CC0, and nothing pokes through them in any pose."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from studio.core.resources import resource
from studio.core.types import Camera, Material, Mesh
from studio.human.wardrobe import library
from studio.human.wardrobe.fitting import fit, hidden
from studio.human.wardrobe.layers import covered
from studio.human.wardrobe.wearing import CLOTHES, Dressed, Item, wear
from studio.render.raster import Renderer
from studio.render.scene import Drawable
from studio.synth.cast import random_score
from studio.synth.factory.regions import region
from studio.synth.figure import Figure, carry, make_figure, skin
from studio.synth.rig import camera_at
from studio.synth.room import studio_light
from studio.synth.take import perform

PLAIN, OUTER = Material("plain"), 90
GARMENTS = ("top", "jacket", "bottom", "dress", "shoes")
PEOPLE: dict[str, dict[str, float]] = {
    "man": {"gender": 0.0, "age": 0.6, "muscle": 0.6, "weight": 0.45},
    "woman": {"gender": 1.0, "age": 0.6, "weight": 0.4, "cupsize": 0.6},
    "heavy": {"gender": 0.4, "age": 0.65, "weight": 1.0},
}
OUTFITS = (
    ("tshirt", "jeans", "trainers"), ("shirt", "wide_trousers", "flats"),
    ("hoodie", "joggers", "trainers"), ("tank_top", "shorts", "sandals"),
    ("jumper", "pencil_skirt", "boots"), ("jacket", "tank_top", "jeans", "boots"),
    ("cardigan", "shirt", "wide_trousers", "flats"),
    ("jacket", "long_sleeve", "shorts", "trainers"), ("summer_dress", "sandals"),
    ("knit_dress", "flats"), ("cardigan", "summer_dress", "boots"),
    ("long_sleeve", "leggings", "trainers"),
)  # fmt: skip


def names(*kinds: str) -> list[str]:
    return [entry.name for entry in library.find() if entry.card.kind in kinds]


def test_there_is_something_of_everything() -> None:
    count = Counter(entry.card.kind for entry in library.find())
    assert count["top"] >= 6
    assert count["jacket"] >= 2
    assert count["bottom"] >= 6
    assert count["dress"] >= 2
    assert count["shoes"] >= 4
    cards = [entry.card for entry in library.find() if entry.card.kind in GARMENTS]
    assert all(card.free and card.colours["main"] for card in cards)
    files = [file for kind in GARMENTS for file in resource(f"wardrobe/{kind}").rglob("*.*")]
    assert sum(file.stat().st_size for file in files) < 20_000_000


@pytest.mark.parametrize("name", names("top", "bottom", "dress"))
def test_garments_leave_the_hands(name: str) -> None:
    hands = np.concatenate([region("left_hand"), region("right_hand")])
    assert not np.isin(hands, library.load(name).deletes).any()


@pytest.mark.parametrize("name", names(*GARMENTS))
def test_garments_are_whole(name: str) -> None:
    asset = library.load(name)
    assert asset.mesh is not None
    assert asset.mesh.triangle_uv is not None
    assert asset.mesh.uv.min() >= 0
    assert asset.mesh.uv.max() <= 1
    quads = (asset.mesh.faces[:, 3] >= 0).mean()
    assert quads > 0.6
    material = asset.material
    assert material.missing == ()
    assert {"diffuse", "normal"} <= {*material.pictures}
    assert material.pictures["normal"].pixels().shape[0] in (512, 768, 1024)
    worn = fit(asset, make_figure(**PEOPLE["woman"]).vertices_m)
    edges = worn[asset.mesh.triangles[:, 0]] - worn[asset.mesh.triangles[:, 1]]
    assert np.linalg.norm(edges, axis=1).max() < 0.12  # nothing is torn apart


@cache
def someone(person: str) -> Figure:
    return make_figure(**PEOPLE[person])


def dressed(person: str, outfit: tuple[str, ...]) -> Dressed:
    figure = someone(person)
    items = [Item(library.load(name)) for name in outfit]
    return wear(items, figure.vertices_m, figure.surface.faces["skin"])


@dataclass(frozen=True, eq=False)
class Risk:
    """Faces that lie under clothes at rest, hems left aside, and are drawn nevertheless: of the
    skin (place -1) or of what is worn at a place. ``open`` are the faces beside them."""

    place: int
    faces: np.ndarray
    open: np.ndarray


def risks(person: str, of: Dressed) -> list[Risk]:
    """Everything that might poke through something."""
    figure = someone(person)
    skin_faces = figure.surface.faces["skin"]
    found: list[Risk] = []
    drawn = skin_faces[~hidden(skin_faces, of.deletes)]
    layers = [(-1, figure.vertices_m, drawn)]
    layers += [(k, w.vertices_m, w.faces) for k, w in enumerate(of.worn) if w.kind in CLOTHES]
    for place, vertices, faces in layers:
        below = np.zeros(len(vertices), bool)
        for one in of.worn[place + 1 :]:
            if one.kind in CLOTHES:
                below |= covered(vertices, one.surface, 0.09)
        risky = below[faces].all(axis=1)
        found.append(Risk(place, faces[risky], faces[~risky]))
    return found


def sides(vertices: np.ndarray, faces: np.ndarray, camera: Camera) -> list[Drawable]:
    """A garment as it is seen: the faces that show their right side (OUTER), and the others, where
    one looks into it, as under a hem."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    shown = np.einsum("fk,fk->f", np.cross(b - a, c - a), camera.centre_m - a) > 0
    mesh = [(faces[shown], OUTER), (faces[~shown], OUTER + 1)]
    return [Drawable(Mesh(vertices, some), PLAIN, number) for some, number in mesh if len(some)]


def pokes_px(person: str, outfit: tuple[str, ...], poses: int, seed: int, size: int) -> int:
    """Pixels, over poses, in which something that clothes cover at rest, skin or other clothes, is
    seen closely before their right side."""
    figure, of = someone(person), dressed(person, outfit)
    at_risk = risks(person, of)
    taken = perform(
        figure, random_score(np.random.default_rng(seed), poses), np.arange(poses, dtype=float)
    )
    light = studio_light()
    total = 0
    with Renderer((size, size)) as renderer:
        for k in range(poses):
            carried = carry(figure, taken.root_m[k], taken.turns[k])
            body = skin(figure.vertices_m, figure.weights, carried)
            posed = of.posed(body, carried)
            middle = body[:13_380].mean(axis=0)
            for yaw in (0.4, 3.4):
                centre = middle + 3 * np.array([np.sin(yaw), -np.cos(yaw), 0.1])
                camera = camera_at(
                    "c", (centre[0], centre[1], centre[2]), (middle[0], middle[1], middle[2]),
                    (size, size), size * 1.35,
                )  # fmt: skip
                scene: list[Drawable] = []
                for risk in at_risk:
                    at = body if risk.place < 0 else posed[risk.place]
                    if len(risk.faces):
                        scene.append(Drawable(Mesh(at, risk.faces), PLAIN, 2 + risk.place))
                    if risk.place >= 0 and len(risk.open):
                        scene.append(Drawable(Mesh(at, risk.open), PLAIN, OUTER))
                both = renderer.render(tuple(scene), camera, light, geometry=True)
                assert both.ids is not None
                assert both.depth_m is not None
                for risk in at_risk:
                    seen = both.ids == 2 + risk.place
                    if not seen.any():
                        continue
                    over = [
                        one
                        for other in at_risk
                        if other.place > risk.place
                        for one in sides(
                            posed[other.place], np.concatenate([other.faces, other.open]), camera
                        )
                    ]
                    alone = renderer.render(tuple(over), camera, light, geometry=True)
                    assert alone.ids is not None
                    assert alone.depth_m is not None
                    seen &= alone.ids == OUTER
                    total += int((alone.depth_m[seen] - both.depth_m[seen] < 0.03).sum())
    return total


@pytest.mark.parametrize(("person", "outfit"), [("man", OUTFITS[0]), ("woman", OUTFITS[4])])
def test_nothing_pokes_through_in_a_few_poses(person: str, outfit: tuple[str, ...]) -> None:
    assert pokes_px(person, outfit, 3, 7, 192) == 0


@pytest.mark.slow
@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("outfit", OUTFITS, ids=lambda outfit: "+".join(outfit))
def test_nothing_pokes_through_in_fifty_poses(person: str, outfit: tuple[str, ...]) -> None:
    assert pokes_px(person, outfit, 50, 3, 512) == 0


def test_soles_lift_whoever_wears_them() -> None:
    of = dressed("man", ("boots",))
    assert 0.02 < of.lift_m(someone("man").vertices_m) < 0.05
    assert dressed("man", ("jeans",)).lift_m(someone("man").vertices_m) == 0
