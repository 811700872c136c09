"""What the networks for bodies and heads are told of a point, and where they look for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.human.bodies.canonical import canonical
from studio.human.person import Shape, whole
from studio.perception.bodies.crops import FINE, SIDE_PX
from studio.perception.bodies.network import (
    BINS,
    CHANNELS,
    REACH_M,
    UNIT_M,
    Asked,
    BodyNetwork,
    encoded,
    encoded_size,
    sampled,
)
from studio.perception.bodies.parts import FEATURES, PARTS, Kind, bones_of_parts, part_weights
from studio.perception.bodies.template import SKIN

SIDE, AWAY_M, FOCAL = 64, 3.0, 250.0


def _place(column: int, row: int, deep: int) -> torch.Tensor:
    """Where the middle of a cell of the tensor lies before the camera, the root ``AWAY_M`` away."""
    z = AWAY_M + REACH_M["body"] * ((2 * deep + 1) / BINS - 1)
    x, y = ((torch.tensor([column, row]) + 0.5) * 4 - 0.5 - SIDE_PX["body"] / 2) / FOCAL * z
    return torch.tensor([float(x), float(y), z])


def test_a_point_is_looked_for_where_the_pose_carries_it() -> None:
    side = SIDE_PX["body"]
    tensor = torch.zeros(1, CHANNELS, BINS, SIDE, SIDE)
    tensor[0, 3, 5, 20, 40] = 7
    edge = torch.zeros(1, 1, FINE * side, FINE * side)
    edge[..., : FINE * side // 2] = 10  # the left half is inside, ten pixels far
    lens = torch.tensor([[FOCAL, FOCAL, side / 2, side / 2]])
    asked = [(40, 20, 5), (40, 20, 4), (41, 20, 5), (10, 20, 5)]
    places = torch.stack([_place(*one) for one in asked])[None]
    found = sampled(tensor, edge, places, torch.tensor([[0, 0, AWAY_M]]), lens, REACH_M["body"])[0]
    assert found.shape == (4, CHANNELS + 2)
    torch.testing.assert_close(found[:, 3], torch.tensor([7.0, 0, 0, 0]), atol=1e-3, rtol=0)
    assert found[:, [*range(3), *range(4, CHANNELS)]].abs().max() == 0
    far = 10 * float(places[0, 3, 2]) / FOCAL / UNIT_M
    torch.testing.assert_close(found[:, -2], torch.tensor([0, 0, 0, min(far, 2.0)]))


@pytest.mark.parametrize("kind", ["body", "head"])
def test_tensor_and_pose_come_out_of_one_look(kind: Kind) -> None:
    torch.manual_seed(0)
    network, side = BodyNetwork(kind).eval(), SIDE_PX[kind]
    given = torch.rand(2, 5 + (len(FEATURES) if kind == "head" else 0), side, side)
    with torch.no_grad():
        seen = network.see(given, torch.tensor([[FOCAL, FOCAL, side / 2, side / 2]] * 2))
    assert seen.tensor.shape == (2, CHANNELS, BINS, side // 4, side // 4)
    assert seen.turns.shape == (2, len(PARTS[kind]), 3, 3)
    assert (seen.root_m[:, 2] > 0).all()
    assert (seen.tensor[0] - seen.tensor[1]).abs().max() > 0


def _asked(kind: Kind, bones: list[str]) -> Asked:
    """The vertices that hang on bones' parts most, asked about."""
    with torch.no_grad():
        space = canonical(whole().rest(Shape.of(), actions=False), "A")
    weights = part_weights(kind)[:SKIN]
    names = list(PARTS[kind])
    ids = [int(weights[:, names.index(bone)].argmax()) for bone in bones]
    heads = space.armature.rest_world[bones_of_parts(kind), :3, 3]

    def tensor(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.asarray(values, np.float32))[None]

    count = len(ids)
    return Asked(
        tensor(space.vertices_m[ids]), tensor(heads), tensor(weights[ids]),
        tensor(np.zeros(count)), tensor(np.zeros(count)), tensor(np.zeros((count, 3))),
        tensor(np.tile(space.vertices_m[ids[0]], (len(FEATURES), 1))),
    )  # fmt: skip


def test_each_part_of_the_body_is_told_apart() -> None:
    bones = ["upperarm01.L", "upperleg01.L", "spine03", "head", "wrist.L", "foot.L"]
    asked = _asked("body", bones)
    told = encoded(asked, "body")[0]
    assert told.shape == (len(bones), encoded_size("body"))
    parts = told[:, : len(PARTS["body"])]
    assert [list(PARTS["body"])[int(k)] for k in parts.argmax(1)] == bones
    # In a part's frame: who carries the whole part elsewhere tells the same of it.
    shift = torch.tensor([0.3, -0.2, 0.5])
    moved = replace(asked, points_m=asked.points_m + shift, heads_m=asked.heads_m + shift)
    torch.testing.assert_close(encoded(moved, "body")[0], told, atol=1e-3, rtol=0)


def test_heads_are_told_how_near_each_feature_of_the_face_is() -> None:
    asked = _asked("head", ["head", "neck01"])
    told = encoded(asked, "head")[0]
    near = told[:, -len(FEATURES) :]
    torch.testing.assert_close(near[0], torch.ones(len(FEATURES)))
    assert (near[1] < 0.5).all()
