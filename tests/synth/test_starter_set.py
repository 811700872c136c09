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
from studio.human.wardrobe.layers import Below, covered, looks_out
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
class Layer:
    """Skin (place -1), or what is worn at a place: the faces that lie under clothes at rest, hems
    left aside, and are drawn nevertheless; the others; and which of both are its right side, not a
    lining or the edge of a hem."""

    place: int
    risky: np.ndarray
    open: np.ndarray
    right: np.ndarray
    lining: np.ndarray


def layers(person: str, of: Dressed) -> list[Layer]:
    """Everything that might poke through something, and what it might poke through."""
    figure = someone(person)
    skin_faces = figure.surface.faces["skin"]
    body = Below(figure.vertices_m, skin_faces)
    found: list[Layer] = []
    drawn = skin_faces[~hidden(skin_faces, of.deletes)]
    all_faces = [(-1, figure.vertices_m, drawn)]
    all_faces += [(k, w.vertices_m, w.faces) for k, w in enumerate(of.worn) if w.kind in CLOTHES]
    for place, vertices, faces in all_faces:
        below = np.zeros(len(vertices), bool)
        for one in of.worn[place + 1 :]:
            if one.kind in CLOTHES:
                below |= covered(vertices, one.surface, 0.09)
        risky, right = below[faces].all(axis=1), np.ones(len(faces), bool)
        if place >= 0:
            cloth = Below(vertices, faces)
            right = looks_out(cloth, body) & ~cloth.at_edge[faces].any(axis=1)
        found.append(Layer(place, faces[risky], faces[~risky], faces[right], faces[~right]))
    return found


def sides(vertices: np.ndarray, of: Layer, camera: Camera) -> list[Drawable]:
    """A garment as it is seen: what shows its right side (OUTER), and the rest, where one looks
    into it, as under a hem."""
    a, b, c = (vertices[of.right[:, k]] for k in range(3))
    shown = np.einsum("fk,fk->f", np.cross(b - a, c - a), camera.centre_m - a) > 0
    inner = np.concatenate([of.right[~shown], of.lining])
    mesh = [(of.right[shown], OUTER), (inner, OUTER + 1)]
    return [Drawable(Mesh(vertices, some), PLAIN, number) for some, number in mesh if len(some)]


def pokes_px(person: str, outfit: tuple[str, ...], poses: int, seed: int, size: int) -> int:
    """Pixels, over poses, in which something that clothes cover at rest, skin or other clothes, is
    seen closely before their right side."""
    figure, of = someone(person), dressed(person, outfit)
    parts = layers(person, of)
    taken = perform(
        figure, random_score(np.random.default_rng(seed), poses), np.arange(poses, dtype=float)
    )
    light = studio_light()
    total = 0
    with Renderer((size, size)) as renderer:
        for k in range(poses):
            carried = carry(figure, taken.root_m[k], taken.turns[k])
            body = skin(figure.vertices_m, figure.weights, carried)
            posed = (*of.posed(body, carried), body)  # the skin's place is -1
            middle = body[:13_380].mean(axis=0)
            for yaw in (0.4, 3.4):
                centre = middle + 3 * np.array([np.sin(yaw), -np.cos(yaw), 0.1])
                camera = camera_at(
                    "c", (centre[0], centre[1], centre[2]), (middle[0], middle[1], middle[2]),
                    (size, size), size * 1.35,
                )  # fmt: skip
                scene: list[Drawable] = []
                for one in parts:
                    if len(one.risky):
                        scene.append(
                            Drawable(Mesh(posed[one.place], one.risky), PLAIN, 2 + one.place)
                        )
                    if one.place >= 0 and len(one.open):
                        scene.append(Drawable(Mesh(posed[one.place], one.open), PLAIN, OUTER))
                both = renderer.render(tuple(scene), camera, light, geometry=True)
                assert both.ids is not None
                assert both.depth_m is not None
                for one in parts:
                    seen = both.ids == 2 + one.place
                    if not seen.any():
                        continue
                    over = [
                        drawn
                        for other in parts
                        if other.place > one.place
                        for drawn in sides(posed[other.place], other, camera)
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


def test_what_does_poke_through_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    posed = Dressed.posed

    def shifted(self: Dressed, *at: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(vertices + np.array([0.05, 0, 0]) for vertices in posed(self, *at))

    monkeypatch.setattr(Dressed, "posed", shifted)
    assert pokes_px("man", OUTFITS[0], 2, 7, 192) > 5


@pytest.mark.slow
@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("outfit", OUTFITS, ids=lambda outfit: "+".join(outfit))
def test_nothing_pokes_through_in_fifty_poses(person: str, outfit: tuple[str, ...]) -> None:
    assert pokes_px(person, outfit, 50, 3, 512) == 0


def test_soles_lift_whoever_wears_them() -> None:
    of = dressed("man", ("boots",))
    assert 0.02 < of.lift_m(someone("man").vertices_m) < 0.05
    assert dressed("man", ("jeans",)).lift_m(someone("man").vertices_m) == 0
