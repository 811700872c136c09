"""The quick renderer agrees with skinning by hand, and lights what faces the light."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import moderngl
import numpy as np
import pytest
from avatar_people import person
from scipy.spatial.transform import Rotation

from studio.core.types import Camera, Character, Material, Mesh, Part, Posed
from studio.human.character import skinned
from studio.render.environment import MATT
from studio.render.openness import openness
from studio.render.programs import Programs
from studio.render.quick import QuickRenderer, Shine, clusters, studio_light, visible

SIZE = (96, 128)
AHEAD = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])


def camera(at: tuple[float, float, float] = (0.0, -3.0, 0.9), focal: float = 170.0) -> Camera:
    matrix = np.array([[focal, 0, 47.5], [0, focal, 63.5], [0, 0, 1.0]])
    return Camera("c", SIZE, matrix, np.zeros(0), AHEAD, -AHEAD @ np.array(at))


def resting(character: Character) -> Posed:
    shapes = np.zeros(len(character.morph_names))
    return Posed(character, 0.0, character.armature.rest_world, shapes)


def test_what_is_drawn_is_where_skinning_puts_it() -> None:
    own = person().character
    world = own.armature.rest_world.copy()
    turn = Rotation.from_euler("z", 25, degrees=True).as_matrix()
    world[:, :3] = turn @ world[:, :3]
    shapes = np.zeros(len(own.morph_names))
    shapes[own.morph_names.index("jawOpen")] = 1.0
    view = camera()
    with QuickRenderer(SIZE) as renderer:
        alpha = renderer.draw(Posed(own, 0.0, world, shapes), view, studio_light())[..., 3]
        again = renderer.draw(resting(own), view, studio_light())[..., 3]
    for part in own.parts:
        places = skinned(part, own.armature, world, shapes, own.morph_names)
        seen = places @ view.rotation.T + view.translation_m
        pixel = seen @ view.matrix.T
        at = np.rint(pixel[:, :2] / pixel[:, 2:]).astype(int)
        inside = ((at > 0) & (at < np.array(SIZE) - 1)).all(1)
        # every vertex lies on or beside a pixel that is covered
        x, y = at[inside].T
        near = np.max([alpha[y + dy, x + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)], axis=0)
        assert (near > 0).all()
    assert 0.08 < (alpha > 0).mean() < 0.5
    assert (again != alpha).any()


def ball(faces_in: bool = False) -> Character:
    import trimesh

    mesh = trimesh.creation.icosphere(3, 0.4)
    faces = mesh.faces[:, ::-1] if faces_in else mesh.faces
    joints = np.zeros((len(mesh.vertices), 4), int)
    weights = np.tile((1.0, 0, 0, 0), (len(joints), 1))
    part = Part(
        "ball",
        Mesh(mesh.vertices + np.array((0, 0, 0.9)), faces),
        Material("white"),
        joints,
        weights,
    )
    armature = person().character.armature
    return Character("ball", armature, (part,))


def test_light_comes_from_where_it_is_said() -> None:
    ambient = np.zeros((9, 3))
    ambient[0], ambient[3] = 1.2, (0.5, 0.5, 0.9)  # more from the left of the world, and bluish
    shine = Shine(ambient / MATT[:, None])
    with QuickRenderer(SIZE) as renderer:
        drawn = renderer.draw(resting(ball()), camera(), shine).astype(float)
    row = drawn[64]
    left, right = row[30], row[66]
    assert row[48, 3] == 255
    assert right[:3].mean() > left[:3].mean() + 15  # +X is to the right of the picture
    assert right[2] - right[0] > left[2] - left[0]


def test_alpha_of_the_material_is_kept_and_multiplied_in() -> None:
    own = ball()
    glass = replace(own.parts[0], material=Material("glass", base=(1.0, 0.0, 0.0, 0.5)))
    with QuickRenderer(SIZE) as renderer:
        drawn = renderer.draw(resting(replace(own, parts=(glass,))), camera(), studio_light())
    middle = drawn[64, 48].astype(int)
    assert 120 < middle[3] < 200
    assert middle[:3].max() <= middle[3]
    assert not drawn[2, 2].any()


def test_what_is_out_of_the_picture_is_not_drawn() -> None:
    own = person().character
    told, order = clusters(own.parts[0])
    assert sorted(order) == list(range(len(own.parts[0].mesh.faces)))
    still = np.tile(np.eye(4), (len(own.armature.names), 1, 1))
    from studio.render.scene import clip_from_world

    near = camera((0.0, -0.8, 1.6), 400.0)
    far = camera((0.0, -6.0, 0.9))
    counts = [
        sum(n for _, n in visible(told, still, clip_from_world(
            c.matrix, c.rotation, c.translation_m, SIZE, 0.05, 30)))
        for c in (near, far)
    ]  # fmt: skip
    assert counts[1] == len(order)
    assert 0 < counts[0] < 0.75 * counts[1]


def test_creases_are_less_open_than_the_crown_of_the_head() -> None:
    own = person().character
    options: dict[str, Any] = {"backend": "egl", "require": 330}
    gl = moderngl.create_context(standalone=True, **options)
    with gl:
        body, *_ = openness(gl, Programs(gl), own.parts)
    gl.release()
    vertices = own.parts[0].mesh.vertices_m
    crown = vertices[:, 2] > vertices[:, 2].max() - 0.02
    head = own.armature.rest_world[person().bones["head"], :3, 3]
    mouth = (np.abs(vertices - head - (0, -0.06, 0.02)) < 0.02).all(1)
    assert body[crown].mean() > 0.85
    assert body[mouth].mean() == pytest.approx(0.12, abs=0.2)
