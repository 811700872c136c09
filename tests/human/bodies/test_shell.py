"""Cutting and joining meshes, the surface of a field, and a body as one closed mesh."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.human.bodies.canonical import Canonical, canonical
from studio.human.bodies.field import template_field
from studio.human.bodies.joining import cut, loops, zipped
from studio.human.bodies.shell import Shell, beyond, shell_of, template_uv
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


@pytest.fixture(scope="module")
def shell(person: Canonical) -> Shell:
    def flat(surface: Surface) -> np.ndarray:
        return surface.vertices_m[surface.faces][..., [0, 2]]

    return shell_of(template_field(person), person, person.vertices_m, flat, 8000, 0.016)


def test_a_body_is_one_closed_mesh_with_the_templates_head_and_hands(
    shell: Shell, person: Canonical
):
    assert genus(shell.surface) <= 2  # toes may touch on so coarse a grid
    assert set(np.unique(shell.part)) == {0, 1, 2}
    kept = shell.faces[shell.part == 1]
    assert (beyond(person, shell.vertices_m[np.unique(kept)]) > -0.06).mean() > 0.99
    assert np.isfinite(shell.texture[shell.part == 1]).all()
    assert np.isfinite(shell.uv[shell.part != 1]).all()
    off = np.abs(template_field(person).inside(shell.vertices_m))
    assert np.median(off) < 1e-3
    assert np.percentile(off, 99) < 0.008


def test_no_seam_is_seen_where_body_and_template_meet(shell: Shell):
    soft = vertex_normals(shell.vertices_m, shell.faces)
    ring = np.unique(shell.faces[shell.part == 2])
    rows = np.concatenate([shell.faces[:, [0, 1]], shell.faces[:, [1, 2]], shell.faces[:, [2, 0]]])
    middle = shell.vertices_m[rows].mean(1)
    neck = (np.abs(middle[:, 0]) < 0.2) & (middle[:, 2] > shell.canonical.head_m("neck01")[2])
    rows = rows[np.isin(rows, ring).all(1) & neck]
    assert len(rows) > 100
    jump = np.einsum("ek,ek->e", soft[rows[:, 0]], soft[rows[:, 1]])
    assert np.percentile(np.degrees(np.arccos(np.clip(jump, -1, 1))), 99) < 20


def test_weights_are_the_templates_and_go_back_and_forth(shell: Shell, person: Canonical):
    np.testing.assert_allclose(np.asarray(shell.weights.sum(1)).ravel(), 1, atol=1e-9)
    back = person.to_reference(shell.vertices_m, shell.weights)
    blend = (shell.weights @ person.carried[:, :3].reshape(-1, 12)).reshape(-1, 3, 4)
    again = np.einsum("vij,vj->vi", blend[..., :3], back) + blend[..., 3]
    np.testing.assert_allclose(again, shell.vertices_m, atol=1e-9)


def test_the_templates_texture_is_in_the_order_of_its_faces(person: Canonical):
    assert template_uv().shape == (len(person.faces), 3, 2)
