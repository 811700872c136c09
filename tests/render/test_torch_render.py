"""The rasteriser in torch agrees with OpenGL, works in batches, and needs nothing else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.core.parts import PartLabel
from studio.core.types import Camera, Material, Mesh
from studio.render import torch_raster
from studio.render.environment import harmonics, sky
from studio.render.raster import Renderer
from studio.render.scene import Drawable, Finish, Lighting, Rendered
from studio.render.torch_raster import Cameras, rasterise
from studio.render.torch_render import Frames, render
from studio.render.torch_scene import Scene
from studio.render.torch_shading import Light
from studio.synth.rig import camera_at
from studio.synth.shapes import box, lathe, panel

SIZE = (128, 96)
SUN = np.array([[0.3, -0.6, 0.74]])
LIGHT = Lighting(
    SUN, np.array([[1.2, 1.1, 1.0]]), np.array([0.01]), (0.02, 0.02, 0.02),
    ambient=0.7 * harmonics(sky((0.3, -0.6, 0.74))),
)  # fmt: skip
CAMERAS = (
    camera_at("a", (1.1, -2.4, 1.3), (0.05, 0, 0.4), SIZE, 110.0, roll_deg=7),
    camera_at("b", (-1.6, -1.7, 0.9), (0.05, 0, 0.3), SIZE, 120.0),
)


def checks(size: int, alpha: bool = False) -> np.ndarray:
    y, x = np.mgrid[:size, :size] // 8 % 2
    image = np.where((x ^ y)[..., None] > 0, (220, 120, 60), (40, 90, 160)).astype(np.uint8)
    if not alpha:
        return image
    holes = np.hypot(*(np.mgrid[:size, :size] % 16 - 7.5)) < 5
    return np.dstack([image, np.where(holes, 0, 255).astype(np.uint8)])


def things() -> tuple[Drawable, ...]:
    ball = lathe((0, 0, 0.3), [(0.0, 0), (0.25, 0.1), (0.32, 0.3), (0.2, 0.55), (0, 0.6)],
                 (200, 120, 90), 40)  # fmt: skip
    floor = panel((-1, -1, 0), (2, 0, 0), (0, 2, 0), 16, (255, 255, 255), repeat=1.0)
    veil = panel((-0.7, -0.5, 0), (0.5, -0.2, 0), (0, 0, 0.6), 3, (255, 255, 255), repeat=0.3)
    labels = np.where(np.arange(len(ball.faces)) % 3 == 0, 2, 4).astype(np.uint8)
    relief = np.full((32, 32, 3), (128, 128, 255), np.uint8)
    relief[8:24, 8:24] = (190, 90, 220)
    orm = np.full((16, 16, 3), (150, 200, 255), np.uint8)
    return (
        Drawable(ball, Material("ball", roughness=0.35), 3, Finish((0.3, 0.1, 0.1), 0.4),
                 part=labels, instance=1),
        Drawable(box((0.4, -0.4, 0), (0.7, -0.1, 0.5)), Material("box", (0.2, 0.3, 0.9, 1.0)), 7,
                 closed=True, part=PartLabel.TOP, instance=2),
        Drawable(floor, Material("floor", texture=checks(64), normal_map=relief, orm_map=orm), 9),
        Drawable(veil, Material("veil", texture=checks(64, alpha=True)), 11, part=PartLabel.HAIR),
    )  # fmt: skip


@pytest.fixture(scope="module")
def pictures() -> tuple[list[Rendered], Frames]:
    scene = tuple(replace(drawable, casts_shadow=False) for drawable in things())
    with Renderer(SIZE) as renderer:
        drawn = [renderer.render(scene, camera, LIGHT, geometry=True) for camera in CAMERAS]
    frames = render(Scene.of(scene), Cameras.of(CAMERAS), Light.of(LIGHT), SIZE)
    return drawn, frames


def inside(ids: np.ndarray) -> np.ndarray:
    """Where all neighbours are of the same drawable."""
    same = np.zeros(ids.shape, bool)
    middle = ids[1:-1, 1:-1]
    near = [ids[1 + y : ids.shape[0] - 1 + y, 1 + x : ids.shape[1] - 1 + x]
            for y in (-1, 0, 1) for x in (-1, 0, 1)]  # fmt: skip
    same[1:-1, 1:-1] = np.all([other == middle for other in near], axis=0)
    return same


@pytest.mark.parametrize("view", [0, 1])
def test_agrees_with_opengl(pictures: tuple[list[Rendered], Frames], view: int) -> None:
    gl, ours = pictures[0][view], pictures[1]
    assert gl.ids is not None
    own = {name: getattr(ours, name)[view].numpy() for name in vars(ours)}
    sure = inside(gl.ids) & inside(own["ids"])
    assert set(np.unique(gl.ids)) == {0, 3, 7, 9, 11}
    for name in ("ids", "parts", "instances", "drawn"):
        assert (getattr(gl, name) == own[name])[sure].mean() > 0.995
        assert (getattr(gl, name) == own[name]).mean() > 0.99
    hit = sure & (gl.ids > 0) & (own["ids"] == gl.ids)

    def off(name: str, of: float = 1.0) -> np.ndarray:
        return np.abs(getattr(gl, name)[hit].astype(float) - of * own[name][hit])

    assert np.median(off("depth_m")) < 1e-4
    assert np.median(off("xyz_m")) < 1e-4
    assert np.percentile(off("normal"), 99) < 2e-3
    assert np.percentile(off("uv"), 99) < 1e-4
    assert off("rgb", 255.0).mean() < 4.0  # textures are filtered a little otherwise
    assert off("rgb", 255.0)[gl.ids[hit] < 9].mean() < 1.2
    assert np.abs(gl.alpha - 255.0 * own["alpha"]).mean() < 1.0


def test_shadows_fall_where_opengl_lets_them_fall() -> None:
    scene = tuple(replace(drawable, casts_shadow=drawable.number != 9) for drawable in things())
    low = replace(LIGHT, towards=np.array([[0.6, -0.3, 0.74]]), centre_m=(0, 0, 0.3), radius_m=1.3)
    with Renderer(SIZE) as renderer:
        gl = renderer.render(scene, CAMERAS[0], low, geometry=True)
    cameras, sun = Cameras.of(CAMERAS[:1]), Light.of(low)
    without = 255 * render(Scene.of(scene), cameras, sun, SIZE).rgb[0].numpy()
    ours = 255 * render(Scene.of(scene), cameras, sun, SIZE, shadow_px=1024).rgb[0].numpy()
    assert gl.ids is not None
    floor = inside(gl.ids) & (gl.ids == 9)
    dark = (without - ours)[floor].mean(axis=1) > 15
    assert dark.mean() > 0.08
    assert np.abs(gl.rgb - ours)[floor].mean() < 4.5
    assert (((without - gl.rgb)[floor].mean(axis=1) > 15) == dark).mean() > 0.96


def test_barycentrics_give_the_place_on_the_face(pictures: tuple[list[Rendered], Frames]) -> None:
    frames, scene = pictures[1], Scene.of(things())
    hit = frames.faces >= 0
    corner = scene.vertices_m[scene.faces[frames.faces[hit]]]
    at = (corner * frames.barycentric[hit][..., None]).sum(dim=1)
    torch.testing.assert_close(at, frames.xyz_m[hit], atol=1e-5, rtol=0)


def test_a_batch_is_its_pictures_one_by_one_whatever_the_portions(
    pictures: tuple[list[Rendered], Frames], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_raster, "PORTION", 5000)
    scene = Scene.of(things())
    for view, camera in enumerate(CAMERAS):
        alone = render(scene, Cameras.of([camera]), Light.of(LIGHT), SIZE)
        for name in ("rgb", "depth_m", "faces", "uv"):
            torch.testing.assert_close(
                getattr(alone, name)[0], getattr(pictures[1], name)[view], equal_nan=True
            )


def test_posed_vertices_and_filled_up_faces() -> None:
    """Each image may have vertices and faces of its own; faces that only fill up are not seen."""
    triangle = torch.tensor([[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.0, 0.8]])
    moved = torch.stack([triangle, triangle + torch.tensor([0.4, 0.0, 0.0])])
    faces = torch.tensor([[[0, 1, 2], [0, 0, 0]], [[0, 0, 0], [0, 1, 2]]])
    camera = camera_at("c", (0, -3, 0.3), (0, 0, 0.3), SIZE, 120.0)
    screen = Cameras.of([camera, camera]).project(moved)
    hits = rasterise(screen, faces, SIZE)
    seen = hits.fill(hits.face, -1)
    assert set(seen[0].unique().tolist()) == {-1, 0}
    assert set(seen[1].unique().tolist()) == {-1, 1}
    shift = [float((picture >= 0).nonzero()[:, 1].float().mean()) for picture in seen]
    assert shift[1] - shift[0] == pytest.approx(0.4 / 3 * 120, abs=0.2)
    area = 0.5 * 1.0 * 0.8 * (120 / 3) ** 2
    assert int((seen[0] >= 0).sum()) == pytest.approx(area, rel=0.02)


def test_what_reaches_behind_the_camera_is_left_out() -> None:
    sheet = Mesh(np.array([[-9.0, -9, 0], [9, -9, 0], [0, 9, 0]]), np.array([[0, 1, 2]]))
    camera: Camera = camera_at("c", (0, -1, 0.5), (0, 0, 0.5), SIZE, 90.0)
    frames = render(
        Scene.of((Drawable(sheet, Material("s")),)), Cameras.of([camera]), Light.of(LIGHT), SIZE
    )
    assert bool((frames.faces == -1).all())
    assert bool(torch.isinf(frames.depth_m).all())
    assert frames.rgb.std(dim=(1, 2)).max() < 1e-6


def test_needs_torch_alone() -> None:
    """On a bare machine: without OpenGL, SciPy, OpenCV or the types of core."""
    code = (
        "import sys\n"
        "for name in ('moderngl', 'scipy', 'cv2', 'jaxtyping', 'pydantic', 'studio.core'):\n"
        "    sys.modules[name] = None\n"
        "import studio.render.torch_render, studio.render.torch_edges\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
