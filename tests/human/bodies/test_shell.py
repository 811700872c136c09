"""Cutting and joining meshes, the surface of a field, and a body as one closed mesh."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.human.bodies.canonical import SKIN, Canonical, canonical
from studio.human.bodies.field import MeshField
from studio.human.bodies.joining import cut, loops, zipped
from studio.human.bodies.shell import (
    Shell,
    beyond,
    neck_band,
    neck_jump_deg,
    shell_of,
    template_uv,
)
from studio.human.bodies.surface import Surface, genus, polished, simplified, surface_of, volume_m3
from studio.human.person import Shape, whole
from studio.human.wardrobe.layers import vertex_normals


class _Ball:
    def __init__(self, radius_m: float) -> None:
        self.radius_m = radius_m

    def inside(self, points_m: np.ndarray) -> np.ndarray:
        away = self.radius_m - np.linalg.norm(points_m, axis=1)
        return np.clip(away, -0.05, 0.05).astype(np.float32)


def _ball(radius_m: float = 0.2037, spacing_m: float = 0.01) -> Surface:
    box = np.full(3, radius_m + 0.05)
    return surface_of(_Ball(radius_m), -box, box, spacing_m)


def test_a_ball_is_found_closed_and_in_its_place():
    ball = _ball()
    assert genus(ball) == 0
    np.testing.assert_allclose(np.linalg.norm(ball.vertices_m, axis=1), 0.2037, atol=2e-4)
    assert volume_m3(ball) == pytest.approx(4 / 3 * np.pi * 0.2037**3, rel=0.01)
    assert (
        np.einsum("vk,vk->v", vertex_normals(ball.vertices_m, ball.faces), ball.vertices_m) > 0
    ).all()
    smooth = simplified(polished(ball), 600)
    assert len(smooth.faces) <= 600
    assert genus(smooth) == 0
    assert volume_m3(smooth) == pytest.approx(volume_m3(ball), rel=0.03)


def test_an_empty_field_is_said():
    with pytest.raises(StudioError):
        surface_of(_Ball(-1.0), np.full(3, -0.1), np.full(3, 0.1))


def test_two_halves_of_a_ball_are_zipped_into_a_closed_one():
    ball = _ball()
    parts = [cut(ball.faces, sign * ball.vertices_m[:, 2] - 0.004) for sign in (1, -1)]
    points = [part.mix @ ball.vertices_m for part in parts]
    count = len(points[0])
    both = np.concatenate(points)
    faces = [parts[0].faces, parts[1].faces + count]
    rings = [loops(part.faces) for part in parts]
    assert [len(ring) for ring in rings] == [1, 1]
    band, places = zipped(both, rings[0][0], rings[1][0] + count)
    assert places.shape == (len(band), 3, 2)
    closed = Surface(both, np.concatenate([*faces, band]))
    assert genus(closed) == 0
    assert volume_m3(closed) == pytest.approx(volume_m3(ball), rel=0.01)
    corners = ball.vertices_m[ball.faces[parts[0].origin]]
    inside = np.einsum("fcb,fbk->fck", parts[0].corners, corners)
    np.testing.assert_allclose(inside, points[0][parts[0].faces], atol=1e-9)


def test_an_open_mesh_has_no_genus():
    ball = _ball(spacing_m=0.03)
    with pytest.raises(ValueError, match="open"):
        genus(Surface(ball.vertices_m, ball.faces[1:]))


@pytest.fixture(scope="module")
def person() -> Canonical:
    return canonical(whole().rest(Shape.of(), actions=False))


def _flat(surface: Surface) -> np.ndarray:
    return surface.vertices_m[surface.faces][..., [0, 2]]


@pytest.fixture(scope="module")
def clothed(person: Canonical) -> MeshField:
    """The body in clothes that stand off its skin by a centimetre, right up to the chin."""
    wide = person.vertices_m[:SKIN].copy()
    wide += 0.01 * vertex_normals(wide, person.faces)
    return MeshField(wide, person.faces)


@pytest.fixture(scope="module")
def shell(person: Canonical, clothed: MeshField) -> Shell:
    """That body with the bare head and hands."""
    return shell_of(clothed, person, person.vertices_m, _flat, 8000, 0.016)


def test_a_body_is_one_closed_mesh_with_the_templates_head_and_hands(
    shell: Shell, person: Canonical, clothed: MeshField
):
    assert genus(shell.surface) <= 2  # toes may touch on so coarse a grid
    assert set(np.unique(shell.part)) == {0, 1, 2}
    kept = shell.faces[shell.part == 1]
    assert (beyond(person, shell.vertices_m[np.unique(kept)]) > -0.06).mean() > 0.99
    assert np.isfinite(shell.texture[shell.part == 1]).all()
    assert np.isfinite(shell.uv[shell.part != 1]).all()
    body = np.setdiff1d(np.arange(len(shell.vertices_m)), shell.faces[shell.part != 0])
    off = np.abs(clothed.inside(shell.vertices_m[body]))
    assert np.median(off) < 1e-3
    assert np.percentile(off, 99) < 0.008


def test_no_seam_is_seen_where_a_collar_stands_off_the_neck(shell: Shell):
    band = neck_band(shell)
    assert len(band) > 50
    assert neck_jump_deg(shell) < 20
    rough = shell.vertices_m.copy()
    rough[band[::2]] += 0.004 * vertex_normals(rough, shell.faces)[band[::2]]
    assert neck_jump_deg(replace(shell, vertices_m=rough)) > 20, "a seam would be seen"


def test_weights_are_the_templates_and_go_back_and_forth(shell: Shell, person: Canonical):
    np.testing.assert_allclose(np.asarray(shell.weights.sum(1)).ravel(), 1, atol=1e-9)
    back = person.to_reference(shell.vertices_m, shell.weights)
    blend = (shell.weights @ person.carried[:, :3].reshape(-1, 12)).reshape(-1, 3, 4)
    again = np.einsum("vij,vj->vi", blend[..., :3], back) + blend[..., 3]
    np.testing.assert_allclose(again, shell.vertices_m, atol=1e-9)


def test_the_templates_texture_is_in_the_order_of_its_faces(person: Canonical):
    assert template_uv().shape == (len(person.faces), 3, 2)
