"""The rasteriser puts every point where the camera model says, and lights it plausibly."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from studio.core.types import Camera, Material, Mesh
from studio.render.raster import Renderer
from studio.render.scene import MAX_LIGHTS, Drawable, Finish, Lighting, vertex_normals
from studio.synth.rig import camera_at
from studio.synth.shapes import box, lathe, panel, quad
from studio.vision.camera import in_camera, project

SIZE = (96, 80)


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer(SIZE) as made:
        yield made


@pytest.fixture
def camera() -> Camera:
    return camera_at(
        "c", (1.1, -2.4, 1.3), (0.05, 0, 0.4), SIZE, 88.0, roll_deg=7, offset_px=(3.2, -2.1)
    )


def lighting(towards: tuple[float, float, float] = (0.3, -0.5, 0.8), **other) -> Lighting:
    way = np.array([towards]) / np.linalg.norm(towards)
    return Lighting(way, np.array([[1.5, 1.5, 1.5]]), np.array([0.01]), **other)


def scene() -> tuple[Drawable, ...]:
    ball = lathe((0, 0, 0.3), [(0.0, 0), (0.25, 0.1), (0.32, 0.3), (0.2, 0.55), (0, 0.6)],
                 (200, 120, 90))  # fmt: skip
    floor = panel((-1, -1, 0), (2, 0, 0), (0, 2, 0), 20, (200, 200, 200))
    return (
        Drawable(ball, Material("ball"), 3),
        Drawable(box((0.4, -0.4, 0), (0.7, -0.1, 0.5)), Material("box", (0.2, 0.3, 0.9, 1.0)), 7),
        Drawable(floor, Material("floor"), 9, casts_shadow=False),
    )


def test_positions_lie_on_the_rays_of_their_pixels(renderer: Renderer, camera: Camera) -> None:
    seen = renderer.render(scene(), camera, lighting(), geometry=True)
    assert seen.xyz_m is not None
    hit = np.isfinite(seen.xyz_m[..., 0])
    v, u = np.nonzero(hit)
    off = project(camera, seen.xyz_m[hit].astype(np.float64)) - np.stack([u, v], -1)
    assert hit.mean() > 0.3
    assert np.abs(off).max() < 0.01


def test_depth_is_along_the_optical_axis(renderer: Renderer, camera: Camera) -> None:
    seen = renderer.render(scene(), camera, lighting(), geometry=True)
    assert seen.depth_m is not None
    assert seen.xyz_m is not None
    hit = np.isfinite(seen.depth_m)
    local = in_camera(camera, seen.xyz_m[hit].astype(np.float64))
    np.testing.assert_allclose(seen.depth_m[hit], local[:, 2], atol=1e-4)


def test_vertices_in_sight_are_found_in_the_buffers(renderer: Renderer, camera: Camera) -> None:
    """Mesh points, projected by the camera model, meet the same depth in the picture to 1 mm."""
    sheet = panel((-0.6, 0, 0.05), (1.2, 0, 0), (0, 0.2, 0.9), 12, (255, 255, 255))
    seen = renderer.render((Drawable(sheet, Material("s")),), camera, lighting(), geometry=True)
    assert seen.xyz_m is not None
    at = project(camera, sheet.vertices_m)
    inside = ((at > 2) & (at < np.array(SIZE) - 3)).all(axis=1)
    normal = np.cross([1.2, 0, 0], [0, 0.2, 0.9])
    normal /= np.linalg.norm(normal)
    checked = 0
    for (u, v), place in zip(
        np.rint(at[inside]).astype(int), sheet.vertices_m[inside], strict=True
    ):
        found = seen.xyz_m[v, u]
        if np.isfinite(found).all():
            assert abs((found - place) @ normal) < 1e-3
            checked += 1
    assert checked > 40


def test_ids_and_normals(renderer: Renderer, camera: Camera) -> None:
    seen = renderer.render(scene(), camera, lighting(), geometry=True)
    assert seen.ids is not None
    assert seen.normal is not None
    assert set(np.unique(seen.ids)) == {0, 3, 7, 9}
    floor = seen.normal[seen.ids == 9]
    np.testing.assert_allclose(np.abs(floor[:, 2]), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(seen.normal[seen.ids == 3], axis=1), 1, atol=1e-4)


def test_what_lies_in_shadow_is_darker(renderer: Renderer) -> None:
    camera = camera_at("top", (0, -0.6, 3), (0, 0, 0), SIZE, 110.0)
    floor = panel((-1, -1, 0), (2, 0, 0), (0, 2, 0), 20, (180, 180, 180), edge_shade=0)
    lid = quad((-0.2, -0.2, 0.5), (0.2, -0.2, 0.5), (0.2, 0.2, 0.5), (-0.2, 0.2, 0.5))
    things = (Drawable(lid, Material("lid"), 2), Drawable(floor, Material("floor"), 1,
                                                         casts_shadow=False))  # fmt: skip
    seen = renderer.render(things, camera, lighting((1, 0, 1)), geometry=True)
    assert seen.xyz_m is not None
    assert seen.ids is not None
    x, y = seen.xyz_m[..., 0], seen.xyz_m[..., 1]
    floor_seen = seen.ids == 1
    shaded = floor_seen & (np.abs(x + 0.5) < 0.12) & (np.abs(y) < 0.12)
    sunny = floor_seen & (np.abs(x - 0.6) < 0.2) & (np.abs(y) < 0.2)
    assert seen.rgb[shaded].mean() < 0.6 * seen.rgb[sunny].mean()


def test_a_region_is_the_same_as_in_the_whole_picture(renderer: Renderer, camera: Camera) -> None:
    things, light = scene(), lighting()
    whole = renderer.render(things, camera, light).rgb
    part = renderer.render(things, camera, light, region_px=(20, 10, 40, 50)).rgb
    np.testing.assert_array_equal(part[10:60, 20:60], whole[10:60, 20:60])


def test_same_scene_same_picture(renderer: Renderer, camera: Camera) -> None:
    first = renderer.render(scene(), camera, lighting()).rgb
    np.testing.assert_array_equal(first, renderer.render(scene(), camera, lighting()).rgb)


def test_textures_stand_upright_and_cut_out(renderer: Renderer) -> None:
    picture = np.full((8, 8, 4), 255, np.uint8)
    picture[:4, :, 1:3] = 0  # the upper half red
    picture[:, 4:, 3] = 0  # the right half cut away
    card = quad((-0.5, 0, 0), (0.5, 0, 0), (0.5, 0, 1), (-0.5, 0, 1))
    front = camera_at("front", (0, -3, 0.5), (0, 0, 0.5), SIZE, 200.0)
    drawable = Drawable(card, Material("card", texture=picture), finish=Finish(specular=0))
    seen = renderer.render((drawable,), front, lighting((0, -1, 0.2)), geometry=True)
    assert seen.ids is not None
    assert (seen.ids[40, 20:44] == 1).all()
    assert (seen.ids[40, 52:76] == 0).all()
    red, white = seen.rgb[20, 30].astype(int), seen.rgb[60, 30].astype(int)
    assert red[0] > 2 * red[1]
    assert abs(white[0] - white[1]) < 5


def test_two_renderers_do_not_disturb_each_other(renderer: Renderer, camera: Camera) -> None:
    before = renderer.render(scene(), camera, lighting()).rgb
    with Renderer((32, 32)) as other:
        other.render(scene(), camera, lighting())
        np.testing.assert_array_equal(renderer.render(scene(), camera, lighting()).rgb, before)


def test_another_thread_is_refused(renderer: Renderer, camera: Camera) -> None:
    caught: list[BaseException] = []

    def misuse() -> None:
        try:
            renderer.render(scene(), camera, lighting())
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=misuse)
    thread.start()
    thread.join()
    assert len(caught) == 1


def test_too_many_lights_are_refused(renderer: Renderer, camera: Camera) -> None:
    many = np.tile([[0, 0, 1.0]], (MAX_LIGHTS + 1, 1))
    light = Lighting(many, many, np.full(len(many), 0.1))
    with pytest.raises(ValueError, match="lights"):
        renderer.render(scene(), camera, light)


def test_normals_of_a_sphere_point_outwards() -> None:
    turn, height = np.meshgrid(np.linspace(0, 2 * np.pi, 40)[:-1], np.linspace(0.1, 3.04, 30))
    points = np.stack(
        [np.sin(height) * np.cos(turn), np.sin(height) * np.sin(turn), np.cos(height)], -1
    ).reshape(-1, 3)
    index = np.arange(len(points)).reshape(turn.shape)
    a, b = index[:-1], np.roll(index, -1, 1)[:-1]
    c, d = index[1:], np.roll(index, -1, 1)[1:]
    faces = np.concatenate([np.stack([a, c, b], -1), np.stack([b, c, d], -1)]).reshape(-1, 3)
    mesh = Mesh(points, faces)
    normals = vertex_normals(mesh.vertices_m, mesh.faces)
    assert (np.sum(normals * points, axis=1) > 0.95).all()
