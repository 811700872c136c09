"""Mouth shapes of lip sync beside the 52 of the face."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.core.types import Animation
from studio.human.design import Design
from studio.human.rig import ACTIONS
from studio.media.formats.gltf import write_glb
from studio.media.formats.gltf.read import read_gltf
from studio.media.formats.levels import within
from studio.media.formats.visemes import VISEMES, with_visemes
from studio.synth import designed


@pytest.fixture(scope="module")
def person():
    return designed.person_of(Design(), "Ada")


def lips_apart(character, name: str) -> float:
    """How much further open a shape makes the mouth: by how far the lower lip goes down (m)."""
    body = character.parts[0]
    moved = body.morphs[name]
    return float(-moved[:, 2].min())


def test_visemes_are_mixed_of_actions_that_the_face_has(person):
    assert {shape for mix in VISEMES.values() for shape in mix} <= set(ACTIONS)
    world = np.repeat(person.armature.rest_world[None], 2, 0)
    moving = replace(person, animation=Animation(
        np.array([0.0, 1.0]), world, np.full((2, len(person.morph_names)), 0.5)))  # fmt: skip
    spoken = with_visemes(moving)
    assert spoken.morph_names[: len(person.morph_names)] == person.morph_names
    assert spoken.morph_names[len(person.morph_names) :] == tuple(VISEMES)
    assert spoken.animation is not None
    assert spoken.animation.morphs.shape == (2, len(spoken.morph_names))
    assert not spoken.animation.morphs[:, -len(VISEMES) :].any()
    body = spoken.parts[0]
    told = 0.4 * body.morphs["jawOpen"] + 0.65 * body.morphs["mouthFunnel"]
    assert body.morphs["viseme_O"] == pytest.approx(told)
    assert lips_apart(spoken, "viseme_aa") > 2 * lips_apart(spoken, "viseme_SS")
    assert lips_apart(spoken, "viseme_PP") < 0.004, "lips are shut"
    assert with_visemes(spoken).morph_names == spoken.morph_names, "once is enough"
    eyes = next(part for part in spoken.parts if part.name == "eyes")
    assert not any(name.startswith("viseme") for name in eyes.morphs) or not any(
        eyes.morphs[name].any() for name in VISEMES)  # fmt: skip


def test_a_budget_is_kept_and_what_is_written_still_speaks(person, tmp_path):
    every = sum(len(part.mesh.faces) for part in person.parts)
    few = within(person, 12_000)
    count = sum(len(part.mesh.faces) for part in few.parts)
    assert 11_000 < count < 12_700
    assert within(person, every) is person
    sizes = [
        part.material.texture.shape for part in person.parts if part.material.texture is not None
    ]
    assert [p.material.texture.shape for p in few.parts if p.material.texture is not None] == sizes
    path = tmp_path / "a.glb"
    write_glb(path, with_visemes(few))
    back = read_gltf(path).character
    body = next(part for part in back.parts if part.name == "body")
    assert set(VISEMES) <= set(body.morphs)
    assert lips_apart(replace(back, parts=(body,)), "viseme_aa") > 0.01
