"""Off-screen scenes, and small things to put into them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from studio.core.types import Camera, CameraRig, Layout, Mesh, Skeleton
from studio.scene.scene import Scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


@pytest.fixture
def triangle_layout() -> Layout:
    return Layout(
        "three",
        ("nose", "left_hand", "right_hand"),
        ((0, 1), (0, 2)),
        (0, 2, 1),
        {"body": (0, 1, 2)},
    )


@pytest.fixture
def three(triangle_layout: Layout) -> Skeleton:
    xyz = np.array([[0.0, 0, 1.6], [0.5, 0, 1.0], [-0.5, 0, 1.0]])
    return Skeleton(0.0, triangle_layout, xyz, np.full(3, 0.002))


def looking(name: str, centre: tuple[float, float, float], distortion: list[float]) -> Camera:
    """A camera at ``centre`` that looks at (0, 0, 1), with a skewed, off-centre lens."""
    forward = np.array([0, 0, 1.0]) - centre
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.array([right, np.cross(forward, right), forward])
    matrix = np.array([[610.0, 3.0, 330.0], [0, 604.0, 222.0], [0, 0, 1]])
    translation = -rotation @ np.array(centre)
    return Camera(name, (640, 480), matrix, np.array(distortion), rotation, translation)


@pytest.fixture
def rig() -> CameraRig:
    return CameraRig(
        (
            looking("left", (2.5, -3.0, 1.5), [0.06, -0.03, 0.001, -0.002]),
            looking("right", (-2.5, -3.0, 1.8), []),
        )
    )


def ball(radius_m: float = 0.5, rings: int = 60) -> Mesh:
    """A sphere standing on the floor."""
    theta = np.linspace(0.05, np.pi - 0.05, rings)
    phi = np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False)
    t, p = np.meshgrid(theta, phi, indexing="ij")
    unit = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], -1)
    index = np.arange(unit[..., 0].size).reshape(rings, 2 * rings)
    a, b = index[:-1], np.roll(index, -1, 1)[:-1]
    c, d = np.roll(index, -1, 1)[1:], index[1:]
    faces = np.concatenate([np.stack([a, d, b], -1), np.stack([b, d, c], -1)]).reshape(-1, 3)
    vertices = radius_m * unit.reshape(-1, 3) + [0, 0, radius_m]
    return Mesh(vertices, faces)


@pytest.fixture
def sphere() -> Mesh:
    return ball()


@pytest.fixture
def small() -> Mesh:
    return ball(rings=16)
