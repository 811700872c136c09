"""The truth of every pixel, layers of items, normal and occlusion maps, and what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from studio.core.parts import PART_COLOURS, PART_TITLES, PartLabel
from studio.core.types import Camera, Material, Mesh
from studio.render.raster import Renderer
from studio.render.scene import Drawable, Finish, Lighting
from studio.synth.rig import camera_at
from studio.synth.shapes import box, lathe, panel, quad

SIZE = (64, 64)
SUN = Lighting(np.array([[0.0, -0.6, 0.8]]), np.full((1, 3), 1.5), np.array([0.01]))


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer(SIZE) as made:
        yield made


@pytest.fixture
def front() -> Camera:
    return camera_at("front", (0, -3, 0.5), (0, 0, 0.5), SIZE, 120.0)


def card(y: float, left: float, right: float) -> Mesh:
    mesh = quad((left, y, 0), (right, y, 0), (right, y, 1), (left, y, 1))
    return replace(mesh, uv=np.array([[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 1], [0, 1]]], "f8"))


def test_every_label_has_a_title_and_a_colour_of_its_own() -> None:
    assert [int(label) for label in PartLabel] == list(range(9))
    assert len(set(PART_TITLES.values())) == len(PartLabel)
    assert len({tuple(colour) for colour in PART_COLOURS}) == len(PartLabel)


def test_parts_persons_faces_and_texels(renderer: Renderer, front: Camera) -> None:
    labels = np.array([PartLabel.FACE, PartLabel.HANDS], np.uint8)
    scene = (
        Drawable(card(0.0, -0.6, 0.0), Material("skin"), 4, part=labels, instance=2),
        Drawable(card(0.0, 0.1, 0.6), Material("shirt"), 9, part=PartLabel.TOP, instance=1),
    )
    seen = renderer.render(scene, front, SUN, geometry=True)
    assert seen.parts is not None
    assert seen.instances is not None
    assert seen.drawn is not None
    assert seen.faces is not None
    assert seen.uv is not None
    assert seen.ids is not None
    assert seen.xyz_m is not None
    hit = seen.drawn >= 0
    np.testing.assert_array_equal(seen.parts[seen.drawn == 0], labels[seen.faces[seen.drawn == 0]])
    assert (np.bincount(seen.parts[seen.drawn == 0])[[2, 3]] > 200).all()
    assert set(np.unique(seen.parts[seen.drawn == 1])) == {PartLabel.TOP}
    np.testing.assert_array_equal(seen.instances, np.where(hit, 2 - np.maximum(seen.drawn, 0), 0))
    np.testing.assert_array_equal(seen.ids, np.where(hit, 4 + 5 * np.maximum(seen.drawn, 0), 0))
    assert (seen.faces[~hit] == -1).all()
    assert np.isnan(seen.uv[~hit]).all()
    own = seen.drawn == 0
    np.testing.assert_allclose(seen.uv[own, 0], (seen.xyz_m[own, 0] + 0.6) / 0.6, atol=1e-5)
    np.testing.assert_allclose(seen.uv[own, 1], seen.xyz_m[own, 2], atol=1e-5)


def test_normals_face_the_camera(renderer: Renderer, front: Camera) -> None:
    mesh = card(0.0, -0.6, 0.6)
    for faces in (mesh.faces, mesh.faces[:, ::-1]):
        drawable = Drawable(replace(mesh, faces=faces.copy(), uv=None), Material("card"))
        seen = renderer.render((drawable,), front, SUN, geometry=True)
        assert seen.normal is not None
        assert seen.ids is not None
        np.testing.assert_allclose(
            seen.normal[seen.ids == 1], [[0, -1, 0]] * int((seen.ids == 1).sum()), atol=1e-5
        )


def test_alpha_is_what_the_scene_covers(renderer: Renderer, front: Camera) -> None:
    """The sum of alpha is the area; a backdrop shows through the rest, in the edges mixed."""
    scene = (Drawable(card(0.0, -0.53, 0.47), Material("card", (0.1, 0.1, 0.1, 1.0))),)
    seen = renderer.render(scene, front, SUN)
    assert seen.alpha.sum() / 255 == pytest.approx(40 * 40, rel=0.015)
    backdrop = np.full((*SIZE[::-1], 3), (10, 200, 30), np.uint8)
    before = renderer.render(scene, front, SUN, backdrop=backdrop)
    np.testing.assert_array_equal(before.rgb[seen.alpha == 0], backdrop[seen.alpha == 0])
    inside = seen.alpha == 255
    np.testing.assert_array_equal(before.rgb[inside], seen.rgb[inside])
    edge = (seen.alpha > 60) & (seen.alpha < 200)
    assert edge.any()
    assert (before.rgb[edge, 1] < 200).all()
    assert (before.rgb[edge, 1] > before.rgb[inside, 1].max()).all()


def test_layer_of_items_and_what_hides_them(renderer: Renderer, front: Camera) -> None:
    """A hand's width before the left half of a hat: hidden there, whole in the layer."""
    hat = Drawable(card(0.0, -0.5, 0.5), Material("hat"), part=PartLabel.ITEMS)
    hand = Drawable(card(-0.2, -0.6, 0.013), Material("hand"))
    wall = Drawable(card(0.4, -1.0, 1.0), Material("wall"))
    layer = renderer.item_layer((hand, hat, wall), (hat,), front, SUN)
    alpha = layer.rgba[..., 3].astype(int)
    assert alpha.sum() / 255 == pytest.approx(1600, rel=0.02)
    assert layer.occlusion.sum() / 255 == pytest.approx(
        1600 * 0.5 + 0.013 * 3 / 2.8 * 1600, rel=0.04
    )
    assert (layer.occlusion[:, 40:] == 0).all()
    assert (layer.occlusion[20:40, 15:25] == 255).all()
    np.testing.assert_allclose(layer.depth_m[20:40, 15:45], 3.0, atol=1e-4)
    assert np.isinf(layer.depth_m[:, :5]).all()
    alone = renderer.item_layer((hat, wall), (hat,), front, SUN)
    assert alone.occlusion.max() == 0
    with pytest.raises(ValueError, match="not in its scene"):
        renderer.item_layer((hand,), (hat,), front, SUN)


def test_a_layer_of_glass_is_see_through(renderer: Renderer, front: Camera) -> None:
    glass = Drawable(card(0.0, -0.5, 0.5), Material("lens", (0.2, 0.2, 0.2, 0.25)))
    hand = Drawable(card(-0.2, -0.6, 0.0), Material("hand"))
    layer = renderer.item_layer((glass, hand), (glass,), front, SUN)
    assert set(np.unique(layer.rgba[20:40, 15:45, 3])) <= {63, 64}
    assert (layer.occlusion[20:40, 15:25] >= 63).all()
    assert (layer.occlusion[20:40, 40:45] == 0).all()
    half = np.full((4, 4, 4), (255, 255, 255, 128), np.uint8)
    lace = replace(glass, material=replace(glass.material, texture=half))
    assert renderer.item_layer((lace,), (lace,), front, SUN).occlusion.max() == 0


def test_soft_edges_of_textures_are_soft_and_their_truth_is_sharp(
    renderer: Renderer, front: Camera
) -> None:
    ramp = np.full((4, 64, 4), 255, np.uint8)
    ramp[..., 3] = np.linspace(0, 255, 64)
    drawable = Drawable(card(0.0, -0.5, 0.5), Material("veil", texture=ramp))
    seen = renderer.render((drawable,), front, SUN, geometry=True)
    assert seen.drawn is not None
    column = seen.alpha[20:44].mean(axis=0)[12:52] / 255
    assert len(np.unique(column[1:-1].round(2))) >= 4
    assert (np.diff(column[1:-1]) > -0.01).all()
    assert column[13] == 0
    assert column[26] == 1
    edge = (seen.drawn[32] == 0).argmax()
    assert abs(edge - 32) <= 1
    layer = renderer.item_layer((drawable,), (drawable,), front, SUN)
    assert layer.occlusion.max() == 0


def test_a_normal_map_tilts_along_the_texture(renderer: Renderer, front: Camera) -> None:
    """A map that leans right (left) looks brighter when the light comes from there."""
    relief = np.full((8, 8, 3), (218, 128, 218), np.uint8)
    relief[:, :4, 0] = 37
    drawable = Drawable(
        card(0.0, -0.5, 0.5), Material("m", normal_map=relief), finish=Finish(specular=0.0)
    )
    right = replace(SUN, towards=np.array([[0.6, -0.8, 0.0]]))
    rgb = renderer.render((drawable,), front, right).rgb.astype(int)
    left_half, right_half = rgb[20:40, 16:28, 0].mean(), rgb[20:40, 36:48, 0].mean()
    assert right_half > left_half + 60
    upper = np.full((8, 8, 3), (128, 218, 218), np.uint8)
    up = replace(drawable, material=Material("m", normal_map=upper))
    down = replace(drawable, material=Material("m", normal_map=255 - upper))
    high = replace(SUN, towards=np.array([[0.0, -0.6, 0.8]]))
    assert renderer.render((up,), front, high).rgb[32, 32, 0] > (
        renderer.render((down,), front, high).rgb[32, 32, 0] + 60
    )


def test_occlusion_in_a_map_darkens_only_light_from_around(
    renderer: Renderer, front: Camera
) -> None:
    orm = np.full((4, 4, 3), (60, 255, 0), np.uint8)
    surroundings = np.zeros((9, 3))
    surroundings[0] = 1.0
    for light, darker in (
        (replace(SUN, radiance=np.zeros((1, 3)), ambient=surroundings), True),
        (replace(SUN, fill=(0.0, 0.0, 0.0)), False),
    ):
        plain = Drawable(card(0.0, -0.5, 0.5), Material("p"), finish=Finish(specular=0.0))
        mapped = replace(plain, material=Material("p", orm_map=orm))
        bright = int(renderer.render((plain,), front, light).rgb[32, 32, 0])
        dim = int(renderer.render((mapped,), front, light).rgb[32, 32, 0])
        assert (dim < bright - 30) == darker
        assert darker or abs(dim - bright) <= 1


def test_a_corner_is_darker_than_the_open_where_contact_is_asked_for(renderer: Renderer) -> None:
    camera = camera_at("c", (0.0, -1.6, 1.2), (0, 0, 0.1), SIZE, 70.0)
    floor = panel((-1, -1, 0), (2, 0, 0), (0, 2, 0), 6, (200, 200, 200))
    wall = panel((-1, 0.15, 0), (2, 0, 0), (0, 0, 1), 6, (200, 200, 200))
    even = np.zeros((9, 3))
    even[0] = 1.5
    light = replace(SUN, radiance=np.zeros((1, 3)), ambient=even)
    scene = (Drawable(floor, Material("floor")), Drawable(wall, Material("wall")))
    plain = renderer.render(scene, camera, light, geometry=True)
    close = renderer.render(scene, camera, replace(light, contact_m=0.2))
    assert plain.xyz_m is not None
    corner = (np.abs(plain.xyz_m - [0, 0.14, 0.01])[..., 1:] < 0.04).all(axis=-1)
    corner[:, :5] = corner[:, -5:] = False
    away = (plain.xyz_m[..., 1] < -0.3) & (plain.xyz_m[..., 1] > -0.6)
    lost = plain.rgb[..., 0].astype(int) - close.rgb[..., 0]
    assert lost[corner].mean() > 15
    assert np.abs(lost[away]).mean() < 3


def test_what_is_kept_draws_what_is_new(renderer: Renderer) -> None:
    """Same faces with moved vertices, other colours, other textures: as if drawn for the first
    time."""
    camera = camera_at("c", (0.3, -2.5, 1.2), (0, 0, 0.4), SIZE, 70.0)
    ball = lathe((0, 0, 0.3), [(0.0, 0), (0.25, 0.1), (0.32, 0.3), (0.2, 0.55), (0, 0.6)],
                 (200, 120, 90))  # fmt: skip
    floor = panel((-1, -1, 0), (2, 0, 0), (0, 2, 0), 6, (200, 200, 200))
    grainy = Finish(grain=0.4, bump_m=0.01)
    first = (Drawable(ball, Material("b"), finish=grainy), Drawable(floor, Material("f")))
    moved = replace(ball, vertices_m=ball.vertices_m + np.array([0.2, 0.1, 0.1]))
    painted = replace(moved, colours=np.full_like(ball.vertices_m, 90).astype(np.uint8))
    again = (
        Drawable(painted, Material("b"), finish=grainy, coat_m=ball.vertices_m),
        Drawable(floor, Material("f")),
        Drawable(box((0.5, -0.5, 0), (0.7, -0.2, 0.5)), Material("new")),
    )
    renderer.render(first, camera, SUN)
    kept = renderer.render(again, camera, SUN, geometry=True)
    with Renderer(SIZE) as fresh:
        new = fresh.render(again, camera, SUN, geometry=True)
    np.testing.assert_array_equal(kept.rgb, new.rgb)
    np.testing.assert_array_equal(kept.drawn, new.drawn)
    np.testing.assert_array_equal(kept.xyz_m, new.xyz_m)
