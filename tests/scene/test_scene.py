"""What the scene draws, where it draws it, and what it answers."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from studio.core.types import CameraRig, Frame, FrameSet, Layout, Mesh, Skeleton
from studio.human.sides import sides
from studio.scene.camera import picture_to_window, to_window
from studio.scene.items.skeleton import trust
from studio.scene.items.trail import Cloud, Trail
from studio.scene.scene import Scene
from studio.scene.surface import adopt, plan
from studio.vision.camera import project, undistort


def drawn(scene: Scene) -> np.ndarray:
    scene.render()
    return np.asarray(scene.plotter.screenshot(return_img=True))


def near(picture: np.ndarray, at: np.ndarray, colour: tuple[float, float, float]) -> float:
    """Smallest colour distance (0..1) to a colour in a 5 x 5 window around a pixel."""
    column, row = np.round(at).astype(int)
    patch = picture[row - 2 : row + 3, column - 2 : column + 3] / 255
    return float(np.abs(patch - colour).max(-1).min())


def test_joints_are_drawn_where_they_are_and_coloured_by_side(
    scene: Scene, three: Skeleton
) -> None:
    scene.update("person", three)
    scene.frame()
    picture = drawn(scene)
    eye = scene.eye()
    at, _ = to_window(three.xyz_m, eye.view, eye.clip, eye.window_px)
    palette = scene._palette
    assert near(picture, at[0], palette.middle) < 0.12
    assert near(picture, at[1], palette.left) < 0.12
    assert near(picture, at[2], palette.right) < 0.12


def test_doubtful_joints_fade(scene: Scene, three: Skeleton) -> None:
    np.testing.assert_allclose(trust(np.array([0.0, 0.2, np.nan])), [1.0, 0.15, 1.0])
    doubtful = Skeleton(0.0, three.layout, three.xyz_m, np.array([0.001, 0.08, 0.001]))
    scene.update("person", doubtful)
    scene.frame()
    picture = drawn(scene)
    eye = scene.eye()
    at, _ = to_window(three.xyz_m, eye.view, eye.clip, eye.window_px)
    assert near(picture, at[1], scene._palette.left) > 0.2
    assert near(picture, at[2], scene._palette.right) < 0.12


def test_missing_joints_are_not_drawn(scene: Scene, three: Skeleton) -> None:
    empty = drawn(scene)
    nothing = Skeleton(0.0, three.layout, np.full((3, 3), np.nan), np.full(3, np.nan))
    scene.update("person", nothing)
    assert np.abs(drawn(scene).astype(int) - empty).max() == 0
    np.testing.assert_allclose(scene.outline_m().max(0), [0.6, 0.5, 1.8])


@pytest.mark.parametrize(
    ("point", "side"),
    [("left_wrist", 1), ("RKnee", -1), ("LBigToe", 1), ("upper_neck", 0), ("wrist.L", 1)],
)
def test_sides_are_known_by_name(point: str, side: int) -> None:
    layout = Layout("one", (point, "other"), (), (1, 0))
    assert sides(layout)[0] == side


@pytest.mark.parametrize("name", ["left", "right"])
def test_looking_through_a_camera_coincides_with_its_projection(
    scene: Scene, rig: CameraRig, three: Skeleton, name: str
) -> None:
    scene.update("rig", rig)
    scene.update("person", three)
    assert scene.look_through(name)
    eye = scene.eye()
    seen, _ = to_window(three.xyz_m, eye.view, eye.clip, eye.window_px)
    camera = rig[name]
    ideal = undistort(camera, project(camera, three.xyz_m))
    wanted = picture_to_window(ideal, camera.size_px, eye.window_px)
    assert np.abs(seen - wanted).max() < 0.01
    picture = drawn(scene)
    palette = scene._palette
    for at, colour in zip(wanted, (palette.middle, palette.left, palette.right), strict=True):
        assert near(picture, at, colour) < 0.15


@pytest.mark.parametrize("name", ["left", "right"])
def test_the_picture_behind_coincides_with_the_scene(
    scene: Scene, rig: CameraRig, three: Skeleton, name: str
) -> None:
    camera = rig[name]
    spots = project(camera, three.xyz_m)
    v, u = np.mgrid[: camera.size_px[1], : camera.size_px[0]]
    rgb = np.zeros((*v.shape, 3), np.uint8)
    for x, y in spots:
        bright = np.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * 4.0**2))
        rgb[..., 1] = np.maximum(rgb[..., 1], (255 * bright).astype(np.uint8))
    scene.update("rig", rig)
    scene.pictures(FrameSet(0, 0.0, {name: Frame(name, 0.0, rgb)}))
    scene.look_through(name)
    picture = drawn(scene)[..., 1].astype(float)
    eye = scene.eye()
    at, _ = to_window(three.xyz_m, eye.view, eye.clip, eye.window_px)
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    for x, y in at:
        close = (np.abs(columns - x) < 12) & (np.abs(rows - y) < 12) & (picture > 60)
        weight = picture * close
        centre = np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()
        assert np.hypot(*(centre - [x, y])) < 1.0


def test_named_views_leave_the_camera(scene: Scene, rig: CameraRig) -> None:
    scene.update("rig", rig)
    scene.look_through("left")
    assert scene.through == "left"
    scene.view("top")
    assert scene.through is None
    assert not scene.look_through("nobody")


def test_picking_names_joints_cameras_and_surfaces(
    scene: Scene, rig: CameraRig, three: Skeleton, sphere: Mesh
) -> None:
    scene.update("rig", rig)
    scene.update("person", three)
    scene.orbit = scene.orbit.framing(np.array([[-3.0, -3, 0], [3, 3, 2]]), 1.6)
    eye = scene.eye()
    at, _ = to_window(three.xyz_m, eye.view, eye.clip, eye.window_px)
    pick = scene.pick(*at[1])
    assert pick is not None
    assert (pick.key, pick.kind, pick.name) == ("person", "joint", "left_hand")
    at, _ = to_window(rig["right"].centre_m[None], eye.view, eye.clip, eye.window_px)
    pick = scene.pick(*at[0])
    assert pick is not None
    assert (pick.kind, pick.name) == ("camera", "right")
    scene.remove("person")
    scene.update("body", sphere)
    at, _ = to_window(np.array([[0, 0, 0.5]]), eye.view, eye.clip, eye.window_px)
    pick = scene.pick(*at[0])
    assert pick is not None
    assert (pick.kind, pick.name) == ("mesh", "body")
    assert np.linalg.norm(np.array(pick.xyz_m) - [0, 0, 0.5]) == pytest.approx(0.5, abs=0.01)
    assert scene.pick(2, 2) is None


def test_a_selected_joint_stands_out(scene: Scene, three: Skeleton) -> None:
    scene.update("person", three)
    scene.frame()
    eye = scene.eye()
    at, _ = to_window(three.xyz_m, eye.view, eye.clip, eye.window_px)
    scene.select(scene.pick(*at[2]))
    assert near(drawn(scene), at[2], scene._palette.accent) < 0.12
    scene.select(None)
    assert near(drawn(scene), at[2], scene._palette.right) < 0.12


def test_light_comes_from_above_and_the_ball_shadows_the_floor(scene: Scene, sphere: Mesh) -> None:
    scene.view("three-quarter")
    scene.frame()
    empty = drawn(scene).astype(int)
    scene.update("ball", sphere)
    picture = drawn(scene).astype(int)
    eye = scene.eye()
    spots = np.array([[0.0, -0.1, 0.98], [0.0, -0.25, 0.1]])
    at, _ = to_window(spots, eye.view, eye.clip, eye.window_px)
    brightness = [picture[round(y), round(x)].sum() for x, y in at]
    assert brightness[0] > brightness[1] + 60
    darker = (empty - picture).sum(-1) / empty.sum(-1)
    assert 0.25 < darker.max() < 0.7


def test_the_five_looks_differ(scene: Scene, small: Mesh) -> None:
    scene.update("ball", small)
    scene.frame()
    pictures = []
    for shading in ("studio", "flat", "wireframe", "normals", "x-ray"):
        scene.shade(shading)
        pictures.append(drawn(scene).astype(int))
    for first in range(5):
        for second in range(first):
            assert np.abs(pictures[first] - pictures[second]).max() > 8
    scene.shade("normals")
    eye = scene.eye()
    at, _ = to_window(np.array([[0, -0.02, 1.0]]), eye.view, eye.clip, eye.window_px)
    assert drawn(scene)[round(at[0, 1]) + 2, round(at[0, 0])][2] > 230


def test_a_coarse_picture_shows_the_same_and_leaves_nothing_behind(
    scene: Scene, sphere: Mesh, three: Skeleton
) -> None:
    scene.update("ball", sphere)
    scene.update("person", three)
    scene.frame()
    scene.render()
    size, whole = scene.size_px, scene.plotter.screenshot(return_img=True).astype(int)
    scene.render(coarse=True)
    assert scene.plotter.render_window.GetSize() == (size[0] // 2, size[1] // 2)
    assert scene.size_px == scene.eye().window_px == size
    coarse = scene.plotter.screenshot(return_img=True).astype(int)
    assert np.abs(coarse - whole[::2, ::2]).mean() < 3
    scene.update("ball", Mesh(sphere.vertices_m + np.array([0.3, 0, 0]), sphere.faces))
    scene.render(coarse=True)
    scene.update("ball", sphere)
    scene.render()
    assert np.abs(scene.plotter.screenshot(return_img=True).astype(int) - whole).max() == 0


def test_a_thinned_surface_keeps_its_form(sphere: Mesh) -> None:
    thin = plan(sphere).thinned
    assert len(thin.triangles) < 0.3 * len(sphere.faces)
    kept = np.asarray(sphere.vertices_m)[thin.points]
    middles = kept[thin.triangles].mean(1) - [0, 0, 0.5]
    assert np.linalg.norm(middles, axis=1).min() > 0.45


def test_light_is_worked_out_anew_only_for_what_has_moved(sphere: Mesh) -> None:
    known = plan(sphere)
    there = Mesh(np.array(sphere.vertices_m), sphere.faces)
    adopt(there, sphere, exact=True)
    assert plan(there).openness is known.openness
    vertices = np.array(sphere.vertices_m)
    vertices[:, 2] += np.where(vertices[:, 0] > 0, 0.4, 0.0)
    dragged = Mesh(vertices, sphere.faces)
    adopt(dragged, there)
    assert plan(dragged).openness is known.openness
    released = Mesh(vertices.copy(), sphere.faces)
    adopt(released, dragged, exact=True)
    assert np.abs(plan(released).openness - known.openness).max() > 0.05


def test_vertex_colours_are_drawn(scene: Scene, sphere: Mesh) -> None:
    red = np.tile(np.array([220, 20, 20], np.uint8), (len(sphere.vertices_m), 1))
    scene.update("ball", Mesh(sphere.vertices_m, sphere.faces, colours=red))
    scene.frame()
    middle = drawn(scene)[300, 480].astype(int)
    assert middle[0] > 2 * max(middle[1], middle[2])


def test_trails_clouds_and_unknown_values(scene: Scene) -> None:
    path = np.column_stack([np.linspace(-1, 1, 50), np.zeros(50), np.full(50, 1.0)])
    path[20] = np.nan
    empty = drawn(scene).astype(int)
    assert scene.update("trail", Trail("wrist", path))
    trail = drawn(scene).astype(int)
    assert np.abs(trail - empty).max() > 60
    scene.remove("trail")
    assert scene.update("cloud", Cloud(path, np.full((50, 3), 255, np.uint8), 0.02))
    assert np.abs(drawn(scene).astype(int) - empty).max() > 60
    scene.clear()
    assert np.abs(drawn(scene).astype(int) - empty).max() == 0
    assert not scene.update("words", "hello")


def test_hidden_items_stay_hidden_while_they_move(scene: Scene, three: Skeleton) -> None:
    empty = drawn(scene).astype(int)
    scene.update("person", three)
    scene.show("person", False)
    scene.update("person", three)
    assert np.abs(drawn(scene).astype(int) - empty).max() == 0
    scene.show("person", True)
    assert np.abs(drawn(scene).astype(int) - empty).max() > 60


def test_pictures_have_the_size_asked_for_and_can_be_transparent(
    scene: Scene, sphere: Mesh
) -> None:
    scene.update("ball", sphere)
    scene.frame()
    plain = scene.screenshot((300, 200))
    assert plain.shape == (200, 300, 3)
    clear = scene.screenshot((300, 200), transparent=True)
    assert clear.shape == (200, 300, 4)
    assert clear[0, 0, 3] == 0
    assert clear[100, 150, 3] == 255
    assert np.abs(clear[100, 150, :3].astype(int) - plain[100, 150]).max() < 12


def test_four_hundred_updates_leave_nothing_behind(
    scene: Scene, three: Skeleton, small: Mesh
) -> None:
    rng = np.random.default_rng(0)

    def step() -> None:
        noise = rng.normal(0, 0.01, (3, 3))
        scene.update("person", Skeleton(0.0, three.layout, three.xyz_m + noise, three.error_m))
        scene.update("ball", Mesh(small.vertices_m + noise[0], small.faces))

    for _ in range(50):
        step()
    actors = scene.renderer.GetViewProps().GetNumberOfItems()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(400):
        step()
        if number % 100 == 0:
            scene.render()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert scene.renderer.GetViewProps().GetNumberOfItems() == actors
    assert grown < 120_000


def test_both_themes_keep_the_grid_readable(scene: Scene) -> None:
    for theme, dark in (("dark", True), ("light", False)):
        scene.set_theme(theme)
        picture = drawn(scene).astype(float)
        assert bool(picture.mean() < 128) is dark
        assert picture[300:].std() > 4
