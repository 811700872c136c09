"""The tailor's tools: cloth that hangs, panels that lie flat, quads, bands, pictures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import KDTree

from studio.render.scene import vertex_normals
from studio.synth import cloth
from studio.synth.tailor.cutting import cut, dummy
from studio.synth.tailor.draping import Body, Cloth, drape, springs
from studio.synth.tailor.fabric import Cloth2D, texels
from studio.synth.tailor.patterns import loosened, rib_rows, top_ring
from studio.synth.tailor.sewing import band, quads, shell, three
from studio.synth.tailor.unwrapping import pack, panels


def sheet(n: int, side_m: float) -> tuple[np.ndarray, np.ndarray]:
    """A flat square in the XY plane."""
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, n) * side_m, np.linspace(-0.5, 0.5, n) * side_m)
    points = np.column_stack([x.ravel(), y.ravel(), np.zeros(n * n)])
    k = np.arange(n * n).reshape(n, n)
    a, b, c, d = k[:-1, :-1].ravel(), k[:-1, 1:].ravel(), k[1:, 1:].ravel(), k[1:, :-1].ravel()
    return points, np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])


def ball(radius_m: float) -> Body:
    n = np.random.default_rng(0).normal(size=(4000, 3))
    n /= np.linalg.norm(n, axis=1, keepdims=True)
    return Body(radius_m * n, n, KDTree(radius_m * n))


def test_cloth_hangs_over_a_ball_without_stretching_or_entering() -> None:
    points, faces = sheet(17, 0.4)
    points = points + np.array([0, 0, 0.105])
    fabric = Cloth(ease=1.0, uneven=0.0, weight_m=0.0004, steps=120)
    found = drape(points, points, faces, ball(0.1), fabric, np.zeros(len(points)))
    assert found[0, 2] < 0.05  # the corners have sunk
    assert np.linalg.norm(found, axis=1).min() > 0.1
    edges, _ = springs(faces)
    before, after = (np.linalg.norm(at[edges[:, 0]] - at[edges[:, 1]], axis=1)
                     for at in (points, found))  # fmt: skip
    assert np.median(after / before) == pytest.approx(1, abs=0.04)


def test_pinned_cloth_stays_where_it_is_held() -> None:
    points, faces = sheet(9, 0.2)
    held = (points[:, 1] > 0.09).astype(float)
    found = drape(points, points, faces, ball(0.01), Cloth(steps=30), held)
    assert np.array_equal(found[held > 0], points[held > 0])
    assert found[0, 2] < -0.01


def test_a_rolled_sheet_lies_flat_without_stretch() -> None:
    flat, faces = sheet(13, 0.3)
    angle = flat[:, 0] / 0.1
    rolled = np.column_stack([0.1 * np.sin(angle), -0.1 * np.cos(angle), flat[:, 1]])
    (panel,) = panels(rolled, faces, np.ones(len(faces)))
    edges, _ = springs(faces)
    true = np.linalg.norm(flat[edges[:, 0]] - flat[edges[:, 1]], axis=1)
    laid = np.linalg.norm(panel.flat_m[edges[:, 0]] - panel.flat_m[edges[:, 1]], axis=1)
    assert laid / true == pytest.approx(1, abs=0.03)
    a, b, c = (panel.flat_m[panel.faces[:, k]] for k in range(3))
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert (area > 0).all()  # none is mirrored


def test_packed_panels_keep_apart_and_inside() -> None:
    flat, faces = sheet(5, 0.3)
    seen = np.column_stack([flat[:, 0], np.zeros(25), flat[:, 1]])
    one = np.ones(len(faces))
    pieces = [panels(scale * seen, faces, one)[0] for scale in (1.0, 0.5, 0.7)]
    layout = pack(pieces)
    boxes = [(uv.min(axis=0), uv.max(axis=0)) for uv in layout.uv]
    for k, (low, high) in enumerate(boxes):
        assert (low > 0).all()
        assert (high < 1).all()
        for other_low, other_high in boxes[k + 1 :]:
            assert ((low > other_high) | (other_low > high)).any()


def test_triangles_pair_into_quads() -> None:
    points, faces = sheet(4, 0.3)
    found, _, _ = quads(points, faces, points[:, :2], faces)
    assert (found[:, 3] >= 0).all()
    assert len(found) == 9
    a, b, c, d = (points[found[:, k]] for k in range(4))
    assert (np.cross(c - a, d - b)[:, 2] > 0).all()  # they still run counter-clockwise


def tube():
    figure = dummy()
    z = figure.template_m[:, 2]
    return cut(
        "tights", np.where(np.abs(figure.template_m[:, 0]) < 0.25, 0.06 - np.abs(z - 0.25), -1)
    )


def test_a_cut_follows_its_line_and_knows_its_base() -> None:
    piece = tube()
    rim = np.unique(cloth.border(piece.faces))
    assert np.abs(np.abs(piece.coat_m[rim, 2] - 0.25) - 0.06).max() < 1e-6
    base, shares = three(piece)
    figure = dummy()
    assert np.einsum("vk,vkd->vd", shares, figure.vertices_m[base]) == pytest.approx(
        piece.at(figure.vertices_m), abs=1e-6
    )
    assert {*np.sign(piece.front)} == {-1.0, 1.0}


def test_a_rib_stands_over_its_edge_facing_outwards() -> None:
    piece = tube()
    pattern = loosened(piece, lambda at: np.full(len(at), 0.01))
    main = shell(piece, pattern, pattern)
    ring = top_ring(piece)
    rib = band(main, piece, ring, rib_rows(len(ring), 0.02))
    n = len(ring)
    assert (rib.vertices_m[3 * n : 4 * n, 2] - pattern[ring, 2]).mean() > 0.015
    out = vertex_normals(rib.vertices_m, rib.faces)[n : 2 * n]
    assert np.einsum("ij,ij->i", out, vertex_normals(pattern, piece.faces)[ring]).min() > 0.8
    turned = band(main, piece, ring, rib_rows(n, 0.02), turned=True)
    back = vertex_normals(turned.vertices_m, turned.faces)[n : 2 * n][::-1]
    assert np.einsum("ij,ij->i", back, out).max() < -0.8


def test_texels_know_hems_from_seams() -> None:
    flat, faces = sheet(9, 0.2)
    points = np.column_stack([flat[:, 0], np.zeros(81), flat[:, 1]])
    pieces = panels(points, faces, np.ones(len(faces)))
    low = points[:, 2] < -0.099
    hems = {(int(min(edge)), int(max(edge))) for edge in cloth.border(faces) if low[edge].all()}
    layout = pack(pieces)
    found = texels(pieces, layout, points, hems, 128)
    middle = np.abs(found.coat_m[..., 0]) < 0.02
    inside = middle & (np.abs(found.coat_m[..., 2]) < 0.09)
    assert found.hem_m[inside] == pytest.approx(found.coat_m[..., 2][inside] + 0.1, abs=0.004)
    assert found.seam_m[inside].min() > 0.005
    canvas = Cloth2D.plain(found)
    canvas.weave("denim")
    canvas.hemmed()
    pictures = canvas.pictures("x")
    normal = pictures["normal"].pixels()
    assert pictures["diffuse"].pixels().shape == (128, 128, 3)
    assert np.median(normal[..., 2]) > 200
    assert normal[..., 0].std() > 1
