"""Thinned meshes lie where whole ones do, and keep their bone, their picture and their shape."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from studio.core.types import Material, Mesh, Part
from studio.render.thinning import thinned

OFF_M = 0.00015


def ball(uv: bool = False, picture: bool = False) -> Part:
    """A ball of 5 cm, finely divided."""
    made = trimesh.creation.icosphere(subdivisions=4, radius=0.025)
    vertices, faces = np.array(made.vertices), np.array(made.faces)
    flat = 0.5 + 10 * vertices[:, :2]
    mesh = Mesh(vertices, faces, flat[faces] if uv else None)
    material = Material("ball", texture=np.zeros((4, 4, 3), np.uint8) if picture else None)
    joints = np.tile([2, 0, 0, 0], (len(vertices), 1))
    weights = np.tile([1.0, 0, 0, 0], (len(vertices), 1))
    return Part("ball", mesh, material, joints, weights)


def test_a_ball_of_fewer_triangles_is_the_same_ball() -> None:
    whole = ball(uv=True, picture=True)
    few = thinned(whole, OFF_M)
    assert len(few.mesh.faces) < 0.6 * len(whole.mesh.faces)
    np.testing.assert_allclose(np.linalg.norm(few.mesh.vertices_m, axis=1), 0.025, atol=2e-4)
    assert (few.joints[:, 0] == 2).all()
    assert few.mesh.uv is not None
    at = few.mesh.vertices_m[few.mesh.faces][..., :2]
    np.testing.assert_allclose(few.mesh.uv, 0.5 + 10 * at, atol=0.02)


def test_what_would_look_different_stays_as_it_is() -> None:
    whole = ball()
    assert thinned(whole, 1e-9) is whole
    two = whole.joints.copy()
    two[:5, 0] = 1
    assert (bent := replace(whole, joints=two)) is thinned(bent, OFF_M)
    morphs = {"jawOpen": np.zeros_like(whole.mesh.vertices_m)}
    assert (moving := replace(whole, morphs=morphs)) is thinned(moving, OFF_M)
    seamed = ball(uv=True, picture=True)
    assert seamed.mesh.uv is not None
    apart = seamed.mesh.uv.copy()
    apart[0] += 0.5
    seamed = replace(seamed, mesh=replace(seamed.mesh, uv=apart))
    assert thinned(seamed, OFF_M) is seamed
    # Without a picture its seams tell nothing.
    plain = replace(seamed, material=Material("plain"))
    assert len(thinned(plain, OFF_M).mesh.faces) < len(plain.mesh.faces)


@pytest.mark.parametrize("count", [0, 12])
def test_small_meshes_are_left_alone(count: int) -> None:
    whole = ball()
    small = replace(whole, mesh=replace(whole.mesh, faces=whole.mesh.faces[:count]))
    assert thinned(small, OFF_M) is small
