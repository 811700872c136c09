"""Clothes over skin and over one another: nothing pokes through, what is covered is left out."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
import torch

from studio.core.parts import PartLabel
from studio.human.person import PosedPerson, Rest, Shape, whole
from studio.human.rig import BONE_NAMES
from studio.human.wardrobe.asset import Asset, AssetMaterial, AssetMesh, Card, Picture
from studio.human.wardrobe.fitting import base_weights, bind
from studio.human.wardrobe.layers import (
    Below,
    contact,
    covered,
    laid_over,
    linings,
    push_out,
    pushed_by,
    rim,
    spread_matrix,
)
from studio.human.wardrobe.materials import material_of
from studio.human.wardrobe.wearing import Item, vertex_normals, wear


@cache
def resting(**phenotypes: float) -> Rest:
    with torch.no_grad():
        return whole().rest(Shape.of(**phenotypes))


def skin_of(**phenotypes: float) -> np.ndarray:
    return resting(**phenotypes).vertices_m.double().numpy()


@cache
def skin_faces() -> np.ndarray:
    faces = whole().model.get_triangular_faces().numpy()
    return faces[(faces < 13_380).all(axis=1)]


def leg_tube(name: str, out_m: float, z_depth: int, reach: float = 0.5) -> Asset:
    """A trouser leg: the thigh and the calf, ``out_m`` away from the average person's skin."""
    base = skin_of()
    bones = [BONE_NAMES.index(f"{bone}.L") for bone in ("upperleg01", "upperleg02", "lowerleg01")]
    share = np.asarray(base_weights()[:, bones].sum(axis=1)).ravel()
    faces = skin_faces()[(share[skin_faces()] > reach).all(axis=1)]
    ids, own = np.unique(faces, return_inverse=True)
    own = own.reshape(-1, 3)
    points = base[ids] + out_m * vertex_normals(base[ids], own)
    quads = np.column_stack([own, np.full(len(own), -1)])
    mesh = AssetMesh(points, quads, np.zeros((0, 2)), np.full_like(quads, -1))
    binding = bind(points, base, skin_faces())
    return Asset(name, Card(name, "bottom", "CC0-1.0"), (AssetMaterial(name),), mesh, binding,
                 z_depth=z_depth)  # fmt: skip


def kneeling(rest: Rest) -> tuple[PosedPerson, np.ndarray]:
    turns = torch.eye(3).repeat(1, len(BONE_NAMES), 1, 1)
    for bone, angle in (("upperleg01.L", 1.4), ("lowerleg01.L", -1.9)):
        c, s = np.cos(angle), np.sin(angle)
        turns[0, BONE_NAMES.index(bone)] = torch.tensor([[1, 0, 0], [0, c, s], [0, -s, c]])
    with torch.no_grad():
        posed = whole().pose(rest, turns, torch.zeros(1, 3))
    carried = np.tile(np.eye(4), (len(BONE_NAMES), 1, 1))
    carried[:, :3, :3] = posed.turns[0].double().numpy()
    heads = rest.heads_m.double().numpy()
    carried[:, :3, 3] = posed.joints_m[0].double().numpy() - np.einsum(
        "bij,bj->bi", carried[:, :3, :3], heads
    )
    return posed, carried


def outside_mm(points: np.ndarray, vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """How far points lie outside of a surface near by (negative inside)."""
    which, shares, _ = Below(vertices, faces).nearest(points)
    normals = vertex_normals(vertices, faces)[faces[which]]
    out = np.einsum("nk,nkd->nd", shares, normals)
    at = np.einsum("nk,nkd->nd", shares, vertices[faces[which]])
    return 1000 * np.einsum("nd,nd->n", points - at, out)


@pytest.mark.parametrize("shape", [{}, {"gender": 1.0, "weight": 1.0}], ids=["average", "heavy"])
def test_too_tight_clothes_are_pushed_out_of_the_skin(shape: dict[str, float]) -> None:
    skin = skin_of(**shape)
    dressed = wear([Item(leg_tube("tight", -0.006, 50))], skin, skin_faces())
    off = outside_mm(dressed.worn[0].vertices_m, skin, skin_faces())
    assert off.min() > 1.0
    assert off.max() < 12


def test_clothes_stay_outside_in_a_pose() -> None:
    rest = resting()
    skin = skin_of()
    dressed = wear([Item(leg_tube("a", 0.004, 40)), Item(leg_tube("b", 0.002, 50))], skin,
                   skin_faces())  # fmt: skip
    person, carried = kneeling(rest)
    below = person.vertices_m[0].double().numpy()
    inner, outer = dressed.posed(below, carried)
    for place, touching in dressed.worn[1].contacts:
        deep, _ = touching.depth(outer, below if place < 0 else inner)
        if place >= 0:
            assert deep.max() < 0.001
    loose = replace(dressed, worn=tuple(replace(one, contacts=()) for one in dressed.worn))
    free = loose.posed(below, carried)[1]
    touching = dressed.worn[1].contacts[-1][1]
    assert touching.depth(free, inner)[0].max() > 0.002  # it does poke through if it is let


def test_layers_go_by_depth_and_what_is_covered_is_left_out() -> None:
    skin = skin_of()
    items = [Item(leg_tube("outer", 0.012, 60)), Item(leg_tube("inner", 0.004, 40, 0.9))]
    dressed = wear(items, skin, skin_faces())
    inner, outer = dressed.worn
    assert (inner.asset.name, outer.asset.name) == ("inner", "outer")
    assert inner.part is PartLabel.BOTTOM
    mesh = inner.asset.mesh
    assert mesh is not None
    assert 0 < len(inner.faces) < 0.7 * len(mesh.triangles)
    alone = wear(items[1:], skin, skin_faces()).worn[0]
    assert len(alone.faces) == len(mesh.triangles)
    ((place, touching),) = [one for one in outer.contacts if one[0] >= 0]
    assert (place, len(touching.own) > 100) == (0, True)
    assert touching.depth(outer.vertices_m, inner.vertices_m)[0].max() < 1e-3


def test_skin_under_clothes_is_not_drawn_but_hems_do_not_gape() -> None:
    skin = skin_of()
    tube = leg_tube("tube", 0.004, 50)
    dressed = wear([Item(tube)], skin, skin_faces())
    faces = dressed.seen(skin_faces())
    gone = len(skin_faces()) - len(faces)
    assert gone > 600
    vertices, shown = dressed.worn[0].vertices_m, np.unique(faces)
    edge = vertices[rim(dressed.worn[0].faces)]
    hidden = np.setdiff1d(dressed.deletes, shown)
    apart = np.linalg.norm(skin[hidden][:, None] - edge[None], axis=2).min(axis=1)
    assert apart.min() > 0.02
    assert wear([Item(replace(tube, deletes=np.arange(10)))], skin, skin_faces()).deletes[0] == 0


def sheet_of(n: int) -> tuple[np.ndarray, np.ndarray]:
    """A level sheet of n × n vertices, a centimetre apart, and its triangles."""
    x, y = np.meshgrid(np.arange(n) * 0.01, np.arange(n) * 0.01)
    k = np.arange(n * n).reshape(n, n)
    a, b, c, d = k[:-1, :-1].ravel(), k[:-1, 1:].ravel(), k[1:, 1:].ravel(), k[1:, :-1].ravel()
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    return np.column_stack([x.ravel(), y.ravel(), np.zeros(n * n)]), faces


def test_a_pushed_vertex_takes_its_neighbours_along() -> None:
    n = 9
    flat, faces = sheet_of(n)
    cloth = flat + np.array([0, 0, 0.004])
    dented = cloth.copy()
    dented[40, 2] = -0.01
    touching = contact(cloth, Below(flat, faces), 0.002)
    fixed = push_out(dented, flat, touching, spread_matrix(faces, n * n))
    assert fixed[40, 2] == pytest.approx(0.002)
    assert 0.004 < fixed[41, 2] < 0.012
    assert fixed[0, 2] == pytest.approx(0.004)
    points = np.array([[0.04, 0.04, -0.01], [0.0, 0.0, -0.01], [0.04, 0.04, 0.01]])
    under = covered(points, Below(flat, faces))
    assert under.tolist() == [True, False, False]


def test_where_a_collar_is_sewn_on_is_no_hem() -> None:
    n = 9
    sheet, faces = sheet_of(n)
    collar = sheet + np.array([0, 0.06, 0.002])  # its lowest rows lie over the sheet's highest
    both = Below(np.vstack([sheet, collar]), np.vstack([faces, faces + n * n]))
    hems = both.vertices_m[both.hems]
    across = (hems[:, 0] > 0.005) & (hems[:, 0] < 0.075)
    assert {round(float(y), 3) for y in hems[across, 1]} == {0.0, 0.14}
    edges = both.vertices_m[both.at_edge][:, 1]
    assert {0.06, 0.08} <= {round(float(y), 3) for y in edges}
    facing = Below(
        np.vstack([sheet, sheet[: 3 * n] + np.array([0, 0, -0.002])]),
        np.vstack([faces, faces[(faces < 3 * n).all(1)] + n * n]),
    )  # turned in at y = 0: it ends where the sheet does
    ends = facing.vertices_m[facing.hems]
    assert {round(float(z), 3) for z in ends[(ends[:, 1] < 0.005) & (ends[:, 0] > 0.005), 2]} == {
        0.0,
        -0.002,
    }
    under = np.array([[0.04, 0.07, -0.003]])
    assert covered(under, both, hem_m=0.02).all()
    assert not covered(under, Below(sheet, faces), hem_m=0.02).any()


def test_a_lining_that_lay_in_the_skin_stays_inside_what_it_lines() -> None:
    n = 9
    skin_m, faces = sheet_of(n)
    skin = Below(skin_m, faces)
    rows = np.arange(n * n).reshape(n, n)[2:7, 2:7].ravel()
    outer = skin_m[rows] + np.array([0, 0, 0.001])
    inner = skin_m[rows] - np.array([0, 0, 0.002])
    square = sheet_of(5)[1]
    shirt, both = np.vstack([outer, inner]), np.vstack([square, square[:, ::-1] + 25])
    lining = linings(Below(shirt, both), skin)
    assert lining.tolist() == [False] * 25 + [True] * 25
    spread = spread_matrix(both, 50)
    laid, touching = laid_over(shirt, both, skin, 0.0025, spread, lining)
    assert (laid[:25, 2] >= 0.0025 - 1e-9).all()
    assert (laid[25:, 2] > 0).all()
    assert (laid[25:, 2] < laid[:25, 2] - 0.001).all()
    alike, _ = laid_over(shirt, both, skin, 0.0025, spread)
    assert (alike[25:, 2] > laid[25:, 2] + 0.001).all()
    sunk = laid - np.array([0, 0, 0.004])  # a pose brings them deeper: they come out as far again
    risen = push_out(sunk, skin_m, touching, spread)
    np.testing.assert_allclose(risen[:, 2], laid[:, 2], atol=2e-4)


def test_a_leg_pushes_a_skirt_away() -> None:
    n = 12
    flat, faces = sheet_of(n)
    cloth = flat[:, [0, 2, 1]]
    ball = np.random.default_rng(0).normal(size=(500, 3))
    ball /= np.linalg.norm(ball, axis=1, keepdims=True)
    limb = 0.03 * ball + [0.055, 0.02, 0.055]  # the ball's middle is behind the cloth's plane
    pushed = pushed_by(cloth, np.arange(n * n), limb, ball, spread_matrix(faces, n * n), 0.005)
    apart = np.linalg.norm(pushed - [0.055, 0.02, 0.055], axis=1)
    assert apart.min() > 0.031
    assert np.linalg.norm(cloth - [0.055, 0.02, 0.055], axis=1).min() < 0.022


def png(rgb: tuple[int, int, int]) -> Picture:
    pixels = np.full((4, 4, 3), rgb[::-1], np.uint8)
    return Picture("x.png", cv2.imencode(".png", pixels)[1].tobytes())


def test_materials_carry_all_maps() -> None:
    pictures = {"diffuse": png((10, 20, 30)), "normal": png((200, 128, 220)),
                "ao": png((100, 100, 100)), "roughness": png((50, 50, 50))}  # fmt: skip
    made = material_of(
        AssetMaterial("x", pictures=pictures, normal_strength=0.5, ao_strength=0.5),
        (0.1, 0.2, 0.3),
    )
    assert made.base == (0.1, 0.2, 0.3, 1.0)
    assert made.texture is not None
    assert made.texture[0, 0].tolist() == [10, 20, 30]
    assert made.normal_map is not None
    assert made.normal_map[0, 0] == pytest.approx([163, 127, 220], abs=1)
    assert made.orm_map is not None
    assert made.orm_map[0, 0] == pytest.approx([177, 50, 255], abs=1)
    assert (made.roughness, made.metallic) == (1.0, 0.0)


def test_what_only_colours_comes_as_a_material() -> None:
    iris = Asset("green", Card("Green", "eyes", "CC0-1.0"), (AssetMaterial("green"),))
    dressed = wear([Item(iris, (0.2, 0.5, 0.3))], skin_of(), skin_faces())
    assert dressed.worn == ()
    assert dressed.colours["eyes"].base[:3] == (0.2, 0.5, 0.3)
    assert dressed.seen(skin_faces()).shape == skin_faces().shape
