"""Anchor points lie where they are said to, turn with their parts, and tell true sizes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.core.items import ANCHOR_POINTS, Item
from studio.core.types import Armature, Character
from studio.human import anchors
from studio.human.anchors import REFERENCE_M
from studio.human.person import Rest, Shape, whole
from studio.human.rig import BONE_NAMES, BONE_PARENTS


def _rest(**phenotypes: float) -> Rest:
    with torch.no_grad():
        return whole().rest(Shape.of(None, **phenotypes), actions=False)


def _carried(rest: Rest, turns: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The skin in a pose, and what carries the bones there."""
    with torch.no_grad():
        posed = whole().pose(rest, turns[None], torch.zeros(1, 3))
    at_rest = np.tile(np.eye(4), (len(BONE_NAMES), 1, 1))
    at_rest[:, :3, :3], at_rest[:, :3, 3] = rest.orientations.numpy(), rest.heads_m.numpy()
    return posed.vertices_m[0].numpy(), posed.bones_world[0].numpy() @ np.linalg.inv(at_rest)


def test_the_average_has_the_reference_sizes() -> None:
    assert anchors.average().sizes_m == pytest.approx(REFERENCE_M, abs=2e-5)


@pytest.mark.parametrize("build", [{}, {"gender": 0.0, "weight": 0.9}, {"gender": 1.0}])
def test_frames_are_right_handed_and_lie_on_the_body(build: dict[str, float]) -> None:
    rest = _rest(**build)
    found = anchors.of_rest(rest)
    skin = rest.vertices_m.numpy()[:13_380]
    assert tuple(found.frames) == ANCHOR_POINTS
    for name, frame in found.frames.items():
        turn = frame[:3, :3]
        assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-9), name
        assert np.linalg.det(turn) == pytest.approx(1.0), name
    for side, sign in (("L", 1), ("R", -1)):
        ear = found.frames[f"ear.{side}"][:3, 3]  # pyright: ignore[reportArgumentType]
        near = skin[np.linalg.norm(skin - ear, axis=1) < 0.012]
        assert near[:, 2].min() > ear[2] - 0.004, "the lobe's lowest point"
        foot = found.frames[f"foot.{side}"]  # pyright: ignore[reportArgumentType]
        assert foot[2, 3] == pytest.approx(skin[:, 2].min(), abs=0.004)
        toes = (skin - foot[:3, 3]) @ foot[:3, :3]
        toes = toes[np.linalg.norm(toes, axis=1) < 0.28]
        assert -toes[:, 1].min() > 1.8 * toes[toes[:, 2] < 0.02, 1].max(), "toes lie on -y"
        wrist = found.frames[f"wrist.{side}"]  # pyright: ignore[reportArgumentType]
        elbow = rest.heads_m.numpy()[BONE_NAMES.index(f"lowerarm01.{side}")]
        local = np.linalg.inv(wrist) @ [*elbow, 1]
        assert local[2] > 0.9 * np.linalg.norm(local[:3])
        assert sign * wrist[0, 1] < 0, "the back of the hand is turned out"


def test_they_turn_with_their_parts_and_earrings_hang() -> None:
    rest = _rest()
    turns = torch.eye(3).repeat(len(BONE_PARENTS), 1, 1)
    a = 0.5
    nod = torch.tensor([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    turns[BONE_NAMES.index("head")] = nod.float()
    skin, moves = _carried(rest, turns)
    found = anchors.average().carried(moves)
    assert found["eyes"][:3, 3] == pytest.approx(skin[132], abs=2e-4)
    assert found["eyes"][:3, :3] == pytest.approx(nod.numpy(), abs=1e-5)
    assert found["ear.L"][:3, :3] == pytest.approx(np.eye(3), abs=1e-5)
    assert found["ear.L"][:3, 3] == pytest.approx(skin[12340], abs=4e-3)
    assert found["neck"] == pytest.approx(anchors.average().frames["neck"], abs=1e-5)


def test_a_thing_is_scaled_about_its_anchor_only_where_it_goes_with_the_wearer() -> None:
    armature = Armature(("head",), np.array([-1]), np.eye(4)[None], np.zeros((1, 3)))
    hat = Character("Hat", armature, ())
    small = anchors.of_rest(_rest(age=0.4))
    assert small.sizes_m["head"] < REFERENCE_M["head"]
    worn = anchors.placed(Item("Hat", "hat", hat, "wearer"), small.frames, small.sizes_m)
    share = small.sizes_m["head"] / REFERENCE_M["head"]
    assert worn.bones_world[0, :3, 3] == pytest.approx(small.frames["head"][:3, 3])
    assert np.linalg.norm(worn.bones_world[0, :3, 0]) == pytest.approx(share)
    true = anchors.placed(Item("Hat", "hat", hat, "true"), small.frames, small.sizes_m)
    assert np.linalg.norm(true.bones_world[0, :3, 0]) == pytest.approx(1.0)
    other = anchors.placed(
        Item("Hat", "hat", hat), small.frames, small.sizes_m, 0.0, {"head": "eyes"}
    )
    assert other.bones_world[0] == pytest.approx(small.frames["eyes"])
