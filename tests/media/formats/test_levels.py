"""Levels of detail: fewer triangles with the same rig, in files of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.core.types import Material, Mesh, Part
from studio.media.formats.levels import coarser, level_paths


@pytest.fixture(scope="module")
def globe() -> Part:
    """A globe of a grid whose texture is cut open along one meridian; one morph lifts its top."""
    rows, columns = 24, 48
    up = np.linspace(-np.pi / 2, np.pi / 2, rows + 1)
    around = np.linspace(-np.pi, np.pi, columns, endpoint=False)
    up, around = np.meshgrid(up, around, indexing="ij")
    places = np.stack([np.cos(up) * np.sin(around), -np.cos(up) * np.cos(around), np.sin(up)], -1)
    faces, uv = [], []
    for r in range(rows):
        for c in range(columns):
            a, b = (r, c), (r, c + 1)
            d, e = (r + 1, c), (r + 1, c + 1)
            for corners in ((a, b, e), (a, e, d)):
                faces.append([i * columns + j % columns for i, j in corners])
                uv.append([(j / columns, i / rows) for i, j in corners])
    vertices = places.reshape(-1, 3)
    joints = np.tile([0, 1, 0, 0], (len(vertices), 1))
    share = np.clip(0.5 + vertices[:, 2] / 2, 0, 1)
    weights = np.column_stack([1 - share, share, 0 * share, 0 * share])
    lifted = np.zeros_like(vertices)
    lifted[:, 2] = np.clip(vertices[:, 2], 0, 1)
    texture = np.zeros((1024, 1024, 3), np.uint8)
    mesh = Mesh(vertices, np.array(faces), np.array(uv))
    return Part("globe", mesh, Material("globe", texture=texture), joints, weights, {"up": lifted})


def test_a_coarser_part_keeps_rig_morphs_and_seam(globe: Part):
    few = coarser(globe, 0.25)
    count = len(globe.mesh.faces)
    assert 0.2 * count < len(few.mesh.faces) < 0.32 * count
    assert np.linalg.norm(few.mesh.vertices_m, axis=1) == pytest.approx(1)
    share = np.clip(0.5 + few.mesh.vertices_m[:, 2] / 2, 0, 1)
    assert few.weights[:, 1] == pytest.approx(share)
    assert few.morphs["up"][:, 2] == pytest.approx(np.clip(few.mesh.vertices_m[:, 2], 0, 1))
    assert few.material.texture is not None
    assert few.material.texture.shape == (256, 256, 3)
    uv = few.mesh.uv
    assert uv is not None
    # No triangle runs back across the whole texture: the seam is still one.
    assert np.ptp(uv[..., 0], axis=1).max() < 0.5
    edges = np.sort(few.mesh.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    apart = edges[:, 0] != edges[:, 1]
    _, times = np.unique(edges[apart], axis=0, return_counts=True)
    z = few.mesh.vertices_m[:, 2]
    assert (times[np.abs(z[np.unique(edges[apart], axis=0)]).max(1) < 0.98] == 2).all(), "no crack"


def test_files_are_numbered_from_the_finest():
    assert level_paths(Path("a/b.glb"), 1) == (Path("a/b.glb"),)
    names = [path.name for path in level_paths(Path("a/b.vrm"), 3)]
    assert names == ["b_LOD0.vrm", "b_LOD1.vrm", "b_LOD2.vrm"]
