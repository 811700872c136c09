"""What a model is, how large and which way up: told by its file, and honest where it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from studio.core.errors import StudioError
from studio.core.items import ANCHORED
from studio.core.types import Armature, Character, Material, Part
from studio.media.catalogue.guess import Axis, Unit, answered, guess
from studio.media.catalogue.models import points_of
from studio.media.formats.gltf import write_glb
from studio.media.formats.obj import write_obj
from studio.synth.items.glasses import FRAMES, glasses
from studio.synth.items.hats import HATS, hat
from studio.synth.shapes import box


def _changed(character: Character, scale: float, turn: np.ndarray) -> Character:
    parts = tuple(
        replace(p, mesh=replace(p.mesh, vertices_m=scale * p.mesh.vertices_m @ turn.T))
        for p in character.parts
    )
    return replace(character, parts=parts)


@pytest.mark.parametrize(("unit", "scale"), [("m", 1.0), ("mm", 1000.0), ("cm", 100.0)])
def test_the_unit_of_glasses_is_told_by_their_size(
    tmp_path: Path, unit: Unit, scale: float
) -> None:
    item = glasses(FRAMES["square"])
    path = tmp_path / "my_glasses.glb"
    write_glb(path, _changed(item.character, scale, np.eye(3)))
    told = guess(path)
    assert told.kind.value == "glasses"
    assert told.unit.value == unit
    assert told.questions == ()
    assert told.size_m[0] == pytest.approx(np.ptp(points_of(item.character)[:, 0]), rel=1e-4)
    assert np.abs(told.placement.offset_m).max() < 0.008, "made for the place where they are put"


def test_a_size_that_nothing_has_is_asked_for(tmp_path: Path) -> None:
    item = glasses(FRAMES["square"])
    path = tmp_path / "glasses.glb"
    write_glb(path, _changed(item.character, 13.0, np.eye(3)))
    told = guess(path)
    assert told.unit.value == "none"
    assert told.questions == ("unit",)
    assert any("true size" in note for note in told.notes)
    mended = answered(told, unit="dm")
    assert mended.questions == ()
    assert mended.size_m[0] == pytest.approx(1.3 * np.ptp(points_of(item.character)[:, 0]))
    assert not any("true size" in note for note in mended.notes)


@pytest.mark.parametrize(
    ("axis", "degrees", "up", "front"),
    [("z", 0, "y", "z"), ("z", 90, "y", "x"), ("x", 90, "z", "-y"), ("x", 180, "-y", "-z")],
)
def test_glasses_are_stood_up_by_their_shape(
    tmp_path: Path, axis: str, degrees: float, up: Axis, front: Axis
) -> None:
    item = glasses(FRAMES["panto"])
    turn = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    path = tmp_path / "spectacles.glb"
    write_glb(path, _changed(item.character, 1.0, turn))
    told = guess(path)
    assert (told.up.value, told.front.value) == (up, front)
    back = told.placement.moved(points_of(told.character))
    assert np.ptp(back, axis=0) == pytest.approx(
        np.ptp(points_of(item.character), axis=0), abs=4e-3
    )


def test_what_the_user_says_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "thing.obj"
    write_obj(path, glasses(FRAMES["square"]).character, up="z")
    told = guess(path)
    assert "kind" in told.questions
    said = answered(told, kind="glasses", unit="m", up=("z", "-y"))
    assert said.questions == ()
    assert said.placement.scale == 1.0
    assert (said.up.value, said.front.value) == ("z", "-y")
    with pytest.raises(StudioError, match="same line"):
        answered(told, kind="glasses", up=("z", "-z"))


@pytest.mark.parametrize("name", ["cap", "fedora", "beanie"])
def test_hats_are_put_on_by_their_opening(tmp_path: Path, name: str) -> None:
    item = hat(HATS[name])
    path = tmp_path / "a hat.glb"
    write_glb(path, _changed(item.character, 7.0, np.eye(3)))
    told = guess(path)
    assert told.kind.value == "hat"
    assert told.questions == (), "hats are scaled to the wearer"
    assert told.placement.scale * 7 == pytest.approx(1.0, abs=0.2)
    assert np.abs(told.placement.offset_m).max() < 0.04


def test_the_khronos_sunglasses_are_151_mm_wide(footage: Callable[[str], Path]) -> None:
    told = guess(footage("tryon_khronos") / "SunglassesKhronos.glb")
    assert (told.kind.value, told.unit.value, told.questions) == ("sunglasses", "m", ())
    assert told.size_m[0] == pytest.approx(0.151, rel=0.01)


def test_models_of_other_makers(footage: Callable[[str], Path]) -> None:
    mindar = footage("tryon_mindar")
    ears = guess(mindar / "earring" / "scene.gltf")
    assert (ears.kind.value, ears.unit.value, ears.pair) == ("earrings", "cm", False)
    thug = guess(mindar / "glasses" / "scene.gltf")
    assert (thug.kind.value, thug.unit.value) == ("glasses", "mm")
    sideways = guess(mindar / "glasses2" / "scene.gltf")
    assert (sideways.up.value, sideways.front.value) == ("y", "x")
    assert "unit" in sideways.questions
    jester = guess(mindar / "hat" / "scene.gltf")
    assert jester.kind.value == "hat"
    worn = jester.placement.moved(points_of(jester.character))
    ring = worn[np.abs(worn[:, 2] - 0.05) < 0.01]
    assert 0.15 < np.ptp(ring[:, 0]) < 0.24
    old = guess(footage("tryon_jeeliz") / "glasses.obj")
    assert (old.kind.value, old.up.value, old.front.value) == ("glasses", "y", "z")
    assert any("andy.mtl" in note for note in old.notes)
    bottle = guess(footage("tryon_khronos") / "WaterBottle.glb")
    assert "kind" in bottle.questions


@pytest.mark.parametrize(
    ("name", "kind", "wide_m", "at_m"),
    [("red_handbag", "bag", 0.3, (0.15, 0.0, 0.085)), ("team_logo", "logo", 0.1, (0.06, -0.15, 0))],
)
def test_bags_hang_at_the_shoulder_and_logos_lie_on_the_chest(tmp_path, name, kind, wide_m, at_m):
    half = np.array([wide_m / 2, 0.01, wide_m / 2])
    mesh = box(tuple(-half), tuple(half), (200, 30, 30))
    first = np.zeros((len(mesh.vertices_m), 4), np.int64)
    part = Part(name, mesh, Material(name), first, np.eye(4)[first[:, 0]])
    bones = Armature(("root",), np.array([-1]), np.eye(4)[None], np.zeros((1, 3)))
    path = tmp_path / f"{name}.glb"
    write_glb(path, Character(name, bones, (part,)))
    told = answered(guess(path), unit="m", up=("y", "z"))
    assert told.kind.value == kind
    worn = told.placement.moved(points_of(told.character))
    low, high = worn.min(0), worn.max(0)
    assert (low + high)[0] / 2 == pytest.approx(at_m[0], abs=1e-3)
    assert high[1 if kind == "logo" else 2] == pytest.approx(at_m[1 if kind == "logo" else 2])
    assert ANCHORED[kind] == ("torso",)
