"""Occlusion and posing, beside slow twins."""

from __future__ import annotations

import numpy as np

from studio.core.types import Armature, Character, Material, Mesh, Part
from studio.render.environment import spread
from studio.scene.occlusion import ambient, floor_shadow, openness
from studio.scene.posing import PartPoser, moves_of, unrest_of
from studio.scene.scene import Scene
from studio.scene.surface import Surface


def test_directions_cover_the_sphere() -> None:
    directions = spread(500)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    assert np.abs(directions.mean(0)).max() < 0.01


def test_a_convex_body_is_open_and_a_cave_is_not(sphere: Mesh) -> None:
    normals = Surface(sphere, None, (0.8, 0.6, 0.5)).normals(sphere.vertices_m)
    outside = ambient(sphere.vertices_m, normals)
    inside = ambient(sphere.vertices_m, -normals)
    assert outside.mean() > 0.93
    assert inside.mean() < 0.25


def test_a_roof_hides_what_lies_below() -> None:
    grid = np.stack(np.meshgrid(np.linspace(0, 1, 80), np.linspace(0, 1, 80)), -1).reshape(-1, 2)
    low = np.column_stack([grid, np.zeros(len(grid))])
    roof = np.column_stack([grid, np.full(len(grid), 0.5)])[grid[:, 0] < 0.5]
    points = np.concatenate([low, roof])
    up = np.tile([0.0, 0, 1], (len(points), 1))
    light = openness(points, up, np.array([0.0, 0, 1]))[: len(low)]
    assert light[grid[:, 0] < 0.45].mean() < 0.02
    assert light[grid[:, 0] > 0.55].mean() > 0.98


def test_the_floor_is_darkest_under_the_feet() -> None:
    low = np.random.default_rng(0).normal(0, 0.05, (500, 3)) * [1, 1, 0]
    dark, centre = floor_shadow(low + np.array([3.0, -2.0, 0.0]), 3.2)
    row, column = np.unravel_index(dark.argmax(), dark.shape)
    assert abs(row - 48) < 4
    assert abs(column - 48) < 4
    assert np.hypot(centre[0] - 3, centre[1] + 2) < 0.05
    assert dark.max() > 0.8
    assert dark[:8].max() < 0.01


def slow_skinning(part: Part, armature: Armature, bones: np.ndarray, extra: np.ndarray):
    result = np.zeros((len(part.mesh.vertices_m), 3))
    for v, rest in enumerate(part.mesh.vertices_m + extra):
        for joint, weight in zip(part.joints[v], part.weights[v], strict=True):
            move = bones[joint] @ np.linalg.inv(armature.rest_world[joint])
            result[v] += weight * (move @ [*rest, 1.0])[:3]
    return result


def test_posing_is_linear_blend_skinning_after_morphs(sphere: Mesh) -> None:
    rng = np.random.default_rng(3)
    bones = 5
    rest = np.tile(np.eye(4), (bones, 1, 1))
    rest[:, :3, 3] = rng.normal(size=(bones, 3))
    armature = Armature(
        tuple("abcde"), np.array([-1, 0, 1, 2, 3]), rest, rest[:, :3, 3] + [0, 0.1, 0]
    )
    small = Mesh(sphere.vertices_m[:200], np.array([[0, 1, 2]]))
    weights = rng.dirichlet(np.ones(4), 200)
    smile = rng.normal(0, 0.01, (200, 3))
    joints = rng.integers(0, bones, (200, 4))
    part = Part("skin", small, Material("skin"), joints, weights, {"smile": smile})
    character = Character("twin", armature, (part,), ("blink", "smile"))
    pose = np.tile(np.eye(4), (bones, 1, 1))
    pose[:, :3, :3] = np.linalg.qr(rng.normal(size=(bones, 3, 3)))[0]
    pose[:, :3, 3] = rng.normal(size=(bones, 3))
    poser, morphs = PartPoser(part, character), np.array([0.9, 0.5])
    fast = poser(moves_of(pose, unrest_of(character)), morphs)
    np.testing.assert_allclose(fast, slow_skinning(part, armature, pose, 0.5 * smile), atol=2e-5)
    assert poser(moves_of(pose, unrest_of(character)), np.array([0.2, 0.5])) is fast
    still = poser(moves_of(rest, unrest_of(character)), np.zeros(2))
    np.testing.assert_allclose(still, small.vertices_m, atol=1e-6)


def test_near_ribbons_of_hair_hide_far_ones_and_gaps_show_what_is_behind(scene: Scene) -> None:
    square = np.array([[-0.3, 0, 0.7], [0.3, 0, 0.7], [0.3, 0, 1.3], [-0.3, 0, 1.3]])
    corners = np.array([[0, 0.0], [0.5, 0], [0.5, 1], [0, 1]])  # left half of the picture
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    hair = Mesh(
        np.vstack([square, square + np.array([0, 0.2, 0])]),  # the near one is drawn first
        np.vstack([faces, faces + 4]),
        np.concatenate([corners[faces], corners[faces] + np.array([0.5, 0])]),
    )
    picture = np.zeros((8, 8, 4), np.uint8)
    picture[:, :4] = (40, 80, 255, 255)
    picture[:, 4:] = (255, 40, 40, 255)
    picture[:4, :4, 3] = 0  # the upper half of the near ribbon is a gap
    rest = np.eye(4)[None]
    bones = Armature(("head",), np.array([-1]), rest, np.array([[0, 0, 1.8]]))
    weights = np.tile([1.0, 0, 0, 0], (8, 1))
    part = Part("hair", hair, Material("hair", texture=picture), np.zeros((8, 4), int), weights)
    scene.update("a", Character("twin", bones, (part,)))
    scene.view("front")
    scene.frame()
    seen = scene.screenshot((120, 120)).astype(int)
    above, below = seen[40, 60], seen[80, 60]
    assert below[2] > below[0] + 60
    assert above[0] > above[2] + 60
