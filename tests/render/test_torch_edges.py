"""Outlines are smooth, and their gradients are what small displacements really change."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from studio.core.types import Material, Mesh
from studio.render.environment import harmonics, sky
from studio.render.scene import Drawable, Finish, Lighting
from studio.render.torch_edges import Edges, antialias
from studio.render.torch_raster import Cameras, interpolate, rasterise
from studio.render.torch_render import render
from studio.render.torch_scene import Scene
from studio.render.torch_shading import Light
from studio.render.torch_texture import Texels
from studio.synth.rig import camera_at

PX = 48
CAMERA = camera_at("c", (0.3, -4, 1), (0.05, 0, 0.03), (PX, PX), 75.0)
WEIGHTS = torch.linspace(0.1, 1, PX, dtype=torch.float64)[None, :, None] * torch.linspace(
    1, 0.2, PX, dtype=torch.float64
)


def egg(rings: int) -> Mesh:
    """A closed, coloured body without symmetry about the vertical."""
    turn, down = np.meshgrid(
        np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False), np.linspace(0, np.pi, rings + 1)[1:-1]
    )
    side = np.stack([np.sin(down) * np.cos(turn), np.sin(down) * np.sin(turn), np.cos(down)], -1)
    points = np.concatenate([side.reshape(-1, 3), [[0, 0, 1.0], [0, 0, -1.0]]])
    index = np.arange(turn.size).reshape(turn.shape)
    a, b = index[:-1], np.roll(index, -1, 1)[:-1]
    c, d = index[1:], np.roll(index, -1, 1)[1:]
    top, bottom = np.full(2 * rings, turn.size), np.full(2 * rings, turn.size + 1)
    faces = np.concatenate(
        [
            np.stack([a, c, b], -1).reshape(-1, 3), np.stack([b, c, d], -1).reshape(-1, 3),
            np.stack([top, index[0], np.roll(index[0], -1)], -1),
            np.stack([bottom, np.roll(index[-1], -1), index[-1]], -1),
        ]
    )  # fmt: skip
    colours = (127 + 100 * np.sin(points @ [[2.0, 5, 1], [4, 1, 3], [1, 2, 4]])).astype(np.uint8)
    return Mesh(
        points * [0.75, 0.45, 0.6] + 0.1 * np.sin(points[:, ::-1] * 3), faces, None, colours
    )


def scene_of(mesh: Mesh, dtype: torch.dtype) -> Scene:
    drawable = Drawable(mesh, Material("egg", roughness=0.5), finish=Finish((0.2, 0.1, 0.1)))
    return Scene.of((drawable,)).to("cpu", dtype)


def light(dtype: torch.dtype) -> Light:
    way = np.array([[0.4, -0.6, 0.69]])
    ambient = 0.6 * harmonics(sky((0.4, -0.6, 0.69)))
    return Light.of(
        Lighting(way, np.full((1, 3), 1.2), np.array([0.01]), (0, 0, 0), ambient=ambient),
        dtype=dtype,
    )


def coverage(vertices: Tensor, faces: Tensor, edges: Edges | None, scale: int = 1) -> Tensor:
    screen = Cameras.of([CAMERA], dtype=torch.float64).scaled(scale).project(vertices[None])
    hits = rasterise(screen, faces, (PX * scale, PX * scale))
    seen = hits.fill(torch.ones_like(hits.depth_m)[:, None], 0.0)
    if edges is not None:
        seen = antialias(seen, hits.fill(hits.depth_m, math.inf), screen, edges)
    return seen[..., 0]


def turned(vector: Tensor) -> Tensor:
    """The rotation (3, 3) about a vector by its length."""
    x, y, z = vector.unbind()
    nought = torch.zeros_like(x)
    skew = torch.stack([nought, -z, y, z, nought, -x, -y, x, nought]).view(3, 3)
    return torch.linalg.matrix_exp(skew)


@pytest.mark.parametrize("rings", [5, 16, 60])
def test_outlines_are_the_mean_of_many_samples(rings: int) -> None:
    """Also where triangles are far smaller than pixels."""
    mesh = egg(rings)
    vertices, faces = torch.tensor(mesh.vertices_m), torch.tensor(mesh.faces)
    scale = 12
    fine = torch.roll(coverage(vertices, faces, None, scale), (scale // 2, scale // 2), (1, 2))
    exact = fine.reshape(1, PX, scale, PX, scale).mean(dim=(2, 4))
    hard = coverage(vertices, faces, None)
    smooth = coverage(vertices, faces, Edges.of(faces))
    assert float(smooth.sum()) == pytest.approx(float(exact.sum()), rel=2e-3)
    assert (smooth - exact).abs().sum() < 0.3 * (hard - exact).abs().sum()
    assert (smooth - exact).abs().max() < 0.2


def displaced(kind: str, vertices: Tensor, amount: Tensor) -> Tensor:
    if kind == "translation":
        return vertices + amount
    if kind == "rotation":
        return vertices @ turned(amount).T
    outermost = int(vertices[:, 0].argmax())
    return vertices.index_add(0, torch.tensor([outermost]), amount[None])


def slopes(loss: Callable[[Tensor], Tensor], step: float) -> tuple[Tensor, Tensor]:
    """The gradient at zero, and what central differences give."""
    amount = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(loss(amount), amount)
    with torch.no_grad():
        each = [step * row for row in torch.eye(3, dtype=torch.float64)]
        differences = [(loss(row) - loss(-row)) / (2 * step) for row in each]
    return gradient, torch.stack(differences)


@pytest.mark.parametrize("kind", ["translation", "rotation", "vertex"])
def test_gradients_of_an_outline(kind: str) -> None:
    mesh = egg(8)
    vertices, faces = torch.tensor(mesh.vertices_m), torch.tensor(mesh.faces)
    edges = Edges.of(faces)

    def loss(amount: Tensor) -> Tensor:
        return (coverage(displaced(kind, vertices, amount), faces, edges) * WEIGHTS).sum()

    gradient, differences = slopes(loss, 1e-5)
    assert gradient.abs().max() > 1
    torch.testing.assert_close(
        gradient, differences, rtol=0.01, atol=0.01 * float(differences.abs().max())
    )


@pytest.mark.parametrize("kind", ["translation", "rotation", "vertex"])
def test_gradients_of_a_picture(kind: str) -> None:
    """Colour, shading and outline together."""
    scene, sun = scene_of(egg(8), torch.float64), light(torch.float64)
    cameras, edges = Cameras.of([CAMERA], dtype=torch.float64), Edges.of(scene.faces)

    def loss(amount: Tensor) -> Tensor:
        vertices = displaced(kind, scene.vertices_m, amount)[None]
        rgb = render(scene, cameras, sun, (PX, PX), vertices, scale=1, edges=edges).rgb
        return (rgb * WEIGHTS[..., None] * rgb.new_tensor([1.0, -0.6, 0.3])).sum()

    gradient, differences = slopes(loss, 1e-5)
    assert gradient.abs().max() > 0.5
    torch.testing.assert_close(
        gradient, differences, rtol=0.02, atol=0.02 * float(differences.abs().max())
    )


def test_without_edges_an_outline_has_no_gradient() -> None:
    mesh = egg(8)
    vertices = torch.tensor(mesh.vertices_m, requires_grad=True)
    assert not coverage(vertices, torch.tensor(mesh.faces), None).requires_grad


def test_gradients_of_interpolation_and_textures() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)
    texels = Texels.of([image], colour=True)
    values = texels.values.double().requires_grad_()
    table = replace(texels, values=values)
    uv = torch.tensor(rng.uniform(0.1, 0.9, (6, 2)), requires_grad=True)
    which, footprint = torch.zeros(6, dtype=torch.long), torch.full((6,), 6e-3).double()
    assert torch.autograd.gradcheck(lambda at: table.sample(which, at, footprint), uv, eps=1e-7)
    table.sample(which, uv, footprint).sum().backward()
    assert values.grad is not None
    assert float(values.grad.sum()) == pytest.approx(6 * 4)
    mesh = egg(5)
    faces = torch.tensor(mesh.faces)
    cameras = Cameras.of([CAMERA], dtype=torch.float64)

    def seen(points: Tensor) -> Tensor:
        screen = cameras.project(points[None])
        hits = rasterise(screen, faces, (12, 12))
        return interpolate(points[None], faces, hits)

    assert torch.autograd.gradcheck(seen, torch.tensor(mesh.vertices_m, requires_grad=True))


def test_a_body_is_found_from_its_picture() -> None:
    """From 5 cm and 11 degrees off, by the colours of two small pictures alone."""
    scene, sun = scene_of(egg(10), torch.float32), light(torch.float32)
    edges = Edges.of(scene.faces)
    views = [CAMERA, camera_at("d", (-3.0, -2.4, 0.6), (0, 0, 0), (PX, PX), 75.0)]
    cameras = Cameras.of(views)

    def picture(amount: Tensor) -> Tensor:
        vertices = scene.vertices_m @ turned(amount[3:]).T + amount[:3]
        posed = vertices.expand(len(views), -1, -1)
        return render(scene, cameras, sun, (PX, PX), posed, scale=1, edges=edges).rgb

    with torch.no_grad():
        target = picture(torch.zeros(6))
    amount = torch.tensor([0.03, -0.02, 0.035, 0.1, -0.12, 0.1], requires_grad=True)
    steps = 70
    optimiser = torch.optim.Adam([amount], lr=0.02)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, eta_min=1e-4)
    for _ in range(steps):
        optimiser.zero_grad()
        (picture(amount) - target).square().mean().backward()
        optimiser.step()
        decay.step()
    found = amount.detach()
    assert found[:3].norm() < 1e-3
    assert math.degrees(float(found[3:].norm())) < 0.3
