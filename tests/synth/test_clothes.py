"""Cloth is cut exactly, where patterns say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import identity

from studio.synth import cloth
from studio.synth.cast import random_phenotype, random_score
from studio.synth.looks import Looks, eye_texture, skin_texture
from studio.synth.tailor.regions import shirt_region, trouser_region


def grid(n: int = 8) -> tuple[np.ndarray, cloth.Piece]:
    """A flat square of unit side as a piece."""
    x, y = np.meshgrid(np.linspace(0, 1, n + 1), np.linspace(0, 1, n + 1))
    points = np.stack([x, y, np.zeros_like(x)], -1).reshape(-1, 3)
    index = np.arange(len(points)).reshape(n + 1, n + 1)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    faces = np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    return points, cloth.Piece(faces, identity(len(points), format="csr"))


def area(points: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (points[faces[:, k]] for k in range(3))
    return float(0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())


@pytest.mark.parametrize("cut", [0.31, 0.5001, 0.77])
def test_clipping_cuts_along_the_line(cut: float) -> None:
    points, piece = grid()
    slope = np.array([0.3, 1.0, 0.0])
    values = points @ slope - cut
    part = cloth.clip(piece, values)
    at = part.of_base @ points
    assert (at @ slope - cut).min() > -1e-12
    rest = cloth.clip(piece, -values)
    total = area(at, part.faces) + area(rest.of_base @ points, rest.faces)
    assert abs(total - 1) < 1e-9


def test_refining_keeps_the_surface() -> None:
    points, piece = grid(3)
    fine = cloth.refine(piece)
    assert len(fine.faces) == 4 * len(piece.faces)
    assert abs(area(fine.of_base @ points, fine.faces) - 1) < 1e-12
    np.testing.assert_allclose(fine.of_base.sum(axis=1), 1)


def test_border_of_a_square_is_its_outline() -> None:
    points, piece = grid(5)
    rim = cloth.border(piece.faces)
    assert len(rim) == 20
    edge = points[rim.ravel()]
    assert (np.isclose(edge[:, :2], 0) | np.isclose(edge[:, :2], 1)).any(axis=1).all()


def test_smoothing_keeps_hems_on_their_line() -> None:
    points, piece = grid()
    bumpy = points + np.random.default_rng(0).normal(0, [0, 0, 0.1], points.shape)
    smooth = cloth.smooth(bumpy, cloth.neighbour_mean(piece.faces, len(points)), 20)
    assert np.abs(smooth[:, 2]).max() < 0.3 * np.abs(bumpy[:, 2]).max()
    bottom = np.isclose(points[:, 1], 0) & (np.abs(points[:, 0] - 0.5) < 0.3)
    inner = np.isclose(points[:, 1], 1 / 8) & (np.abs(points[:, 0] - 0.5) < 0.3)
    assert smooth[bottom, 1].max() < 0.08  # only its corners pull a hem in
    assert smooth[bottom, 1].max() < smooth[inner, 1].min()


def test_hem_adds_depth() -> None:
    points, piece = grid()
    normals = np.tile([0, 0, 1.0], (len(points), 1))
    faces, vertices, source = cloth.hem(piece.faces, points, normals, 0.1)
    assert vertices[:, 2].min() == pytest.approx(-0.1)
    assert len(vertices) == len(points) + len(source)
    assert len(faces) == len(piece.faces) + 2 * 32


def test_longer_sleeves_and_trousers_cover_more() -> None:
    short, long = (shirt_region(sleeve, -0.035, 0.0) > 0 for sleeve in (0.5, 1.9))
    assert (short <= long).all()
    assert long.sum() > short.sum() + 100
    shorts, trousers = (trouser_region(end) > 0 for end in (0.08, -0.39))
    assert (shorts <= trousers).all()
    assert trousers.sum() > shorts.sum() + 100


def test_the_shirt_overlaps_the_trousers() -> None:
    assert np.minimum(shirt_region(0.72, -0.035, 0.0), trouser_region(-0.392)).max() > 0.03


def test_skin_has_lips_brows_and_no_body_paint() -> None:
    looks = Looks()
    skin = skin_texture(looks, size=256).astype(float)
    assert np.abs(np.median(skin, axis=(0, 1)) / 255 - looks.skin).max() < 0.05
    assert (skin.mean(axis=2) < 90).mean() < 0.04
    np.testing.assert_array_equal(skin, skin_texture(looks, size=256))


def test_eyes_have_a_dark_pupil_in_a_light_ball() -> None:
    eye = eye_texture(Looks(), 64).astype(int)
    assert eye[32, 32].max() < 20
    assert eye[4, 32].min() > 150


def test_an_iris_has_its_colour_fibres_and_a_dark_rim() -> None:
    looks = Looks(iris=(0.45, 0.5, 0.55))
    eye = eye_texture(looks, 512) / 255
    y, x = np.mgrid[1:-1:512j, -1:1:512j]
    angle_deg = 60 * np.hypot(x, y)
    inside, middle, rim = ((angle_deg > a) & (angle_deg < b) for a, b in
                           ((11, 25), (19.5, 20.5), (24.5, 25.5)))  # fmt: skip
    np.testing.assert_allclose(eye[inside].mean(0), looks.iris, rtol=0.1)
    assert eye[middle].mean(1).std() > 0.03
    assert eye[rim].mean() < 0.7 * eye[middle].mean()


def test_the_cast_is_the_same_for_the_same_seed() -> None:
    one, two = (np.random.default_rng(4) for _ in range(2))
    assert random_phenotype(one) == random_phenotype(two)
    assert random_score(one, 3) == random_score(two, 3)
