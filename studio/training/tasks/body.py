"""Training of the networks for bodies and heads: tensor, pose and inside, all from each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.perception.bodies.network import (
    SOFT_M,
    SURE_M,
    UNIT_M,
    BodyNetwork,
    Encoder,
    Seen,
)
from studio.perception.bodies.parts import Kind
from studio.perception.own import unpack
from studio.training.bodies import DATA, Of, pairs
from studio.training.muon import Muon
from studio.training.task import Batch, Bench, Row, Source, Split
from studio.training.tasks.body_apart import ApartNetwork
from studio.training.tasks.body_pictures import Pairs, keys_of, varied

REACH_M = (1.15, 1.15, 0.8)
"""How far the posed truth reaches from the root: right, down, away."""
_POINTS: dict[Kind, int] = {"body": 1536, "head": 1024}
_NEAR_M = 0.01
_POSE = 4.0
"""How much the pose says where what it is learned from is learned for the tensor, too."""
_VALIDATED = 24
_TESTED: dict[Kind, int] = {"body": 16, "head": 24}


class BodyTask:
    """A clothed person is told by points of the canonical space: inside, or not.

    Scored by how far off distances are near the surface, where a fit as good as fits are carries
    the points; ``fit`` and ``own`` poses are both learned from. ``apart`` learns pose, tensor and
    classifier each for itself instead, to be compared with.
    """

    name = "body"
    does = "Say from one picture which points about a body are inside it and its clothes"
    score = "distance off"
    better: Literal["higher", "lower"] = "lower"
    kind: Kind = "body"

    def __init__(
        self, data: str | None = None, apart: bool | str = False, trunk: str | None = None,
        pose: float | str = _POSE,
    ) -> None:  # fmt: skip
        """``data`` is a folder of packs; ``trunk`` are weights of this network to start from;
        ``pose`` is how much the pose says beside the surface."""
        self._data = Path(data) if data else None
        self._trunk = Path(trunk) if trunk else None
        self._apart = str(apart).lower() in ("true", "1", "yes")
        self._pose = float(pose)

    def network(self) -> nn.Module:
        network = (ApartNetwork if self._apart else BodyNetwork)(self.kind)
        if self._trunk is not None:
            unpack(network, self._trunk).train().requires_grad_(True)
        return network

    def optimiser(self, network: nn.Module, decay: float) -> torch.optim.Optimizer:
        assert isinstance(network, BodyNetwork)
        last: list[nn.Module] = [network.classifier.last]
        if isinstance(network, ApartNetwork):
            last.append(network.readout)
        for one in network.modules():
            if isinstance(one, Encoder):
                last += [one.tensor, one.pose[2], one.stem[0]]
        return Muon(network, last, decay)

    def data(self, split: Split, seed: int) -> Source:
        return Of(pairs(self._data, split, seed), keys_of(self.kind))

    def prepare(self, batch: Batch, dice: torch.Generator) -> Batch:
        return {"pairs": varied(batch, self.kind, _POINTS[self.kind], dice)}  # pyright: ignore

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        given: Any = batch["pairs"]
        return losses(network, given, self.kind, self._pose)

    def validate(self, network: nn.Module, device: str) -> Mapping[str, float]:
        from studio.training.tasks.body_figures import judged

        return judged(network, self.data("validation", 0), _VALIDATED, device, self.kind)

    def evaluate(self, network: nn.Module, device: str, bench: Bench) -> Iterator[Row]:
        from studio.training.tasks import body_real
        from studio.training.tasks.body_figures import table
        from studio.training.tasks.body_photographs import PEOPLE, Truth, fitted, judged_rows, rows

        if self._data is not None:  # what is published is decided by these, without detectors
            held_out = pairs(self._data, "test", 0)
            yield from table(network, device, held_out, _TESTED[self.kind], self.kind)
        people: list[Truth] = []
        for one in fitted(bench.find, PEOPLE) if bench.find is not None else ():
            people.append(one)
            bench.told(f"{len(people)} of {PEOPLE} held-out people fitted")
        yield from rows(network, people, bench.told)
        yield from judged_rows(network, people)
        if self.kind == "body":
            yield from body_real.rows(network, bench)

    def sample_pictures(self, network: nn.Module, device: str) -> np.ndarray:
        from studio.training.tasks.body_figures import drawn

        return drawn(network, device, pairs(self._data, "validation", 0), 4, self.kind)

    def facts(self) -> Mapping[str, Any]:
        return {
            "inputs": "256 × 256: RGB, the person's mask and its distances; points by the parts on "
            "which they hang, their place in those parts' frames, how far inside a fit's skin and "
            "its clothes they are and which way the skin looks",
            "outputs": "how far inside the clothed person points are, normal and colour of the "
            "surface there, and how far off that may be; the pose as turns of 24 parts, the root's "
            "place, the build",
            "data": DATA,
        }


class BodyHeadTask(BodyTask):
    """The same for heads, which have a network of their own: it sees more of them."""

    name = "body_head"
    does = "Say from one picture which points about a person's head are inside it and its hair"
    kind: Kind = "head"

    def facts(self) -> Mapping[str, Any]:
        return {
            "inputs": "160 × 160: RGB, mask and distances, heat maps of 7 features of the face; "
            "points as for bodies, and where they lie to the features",
            "outputs": "how far inside the head and its hair points are, normal and colour; the "
            "turns of head, neck and chest, the head's place, the build",
            "data": DATA,
        }


def losses(
    network: nn.Module, pairs: Pairs, kind: Kind, weight: float = _POSE
) -> dict[str, Tensor]:
    """Template space: whether points are inside, and how far, where a fit carries them and where
    the predicted pose does. Posed space: the predicted pose carries points to where they are as far
    inside the posed person as they are said to be. Pose, normals, colour, how sure
    the answer is. All but the last three move both models. Networks that learn apart have none that
    move two."""
    seen, by_fit, by_pose, own_m = network(
        pairs.given().contiguous(memory_format=torch.channels_last), pairs.lens, pairs.edge,
        pairs.asked, pairs.placed_m, pairs.root_m,
    )  # fmt: skip
    truth = (pairs.inside_m / UNIT_M).clamp(-1, 1)
    found = {
        "inside": _inside(by_fit[..., 0], truth), "distance": 2 * _off(by_fit[..., 0], truth),
        **_surface(by_fit, pairs),
    }  # fmt: skip
    pose = _pose(seen, pairs, kind)
    if isinstance(network, ApartNetwork):
        said = network.told(seen, pairs.placed_m, pairs.root_m, pairs.lens, pairs.edge)
        return {**found, **pose, "tensor": _off(said, truth)}
    found |= {name: weight * value for name, value in pose.items()}
    found["inside, own pose"] = _inside(by_pose[..., 0], truth)
    found["distance, own pose"] = 2 * _off(by_pose[..., 0], truth)
    if kind == "body":
        about = (own_m - pairs.centre_m[:, None]) @ pairs.to_grid.mT
        size = torch.linalg.det(pairs.to_grid)[:, None] ** (-1 / 3)
        there = size * posed(pairs.grid_m, about) / UNIT_M
        wanted = (pairs.inside_m / UNIT_M).clamp(-2, 2)
        found["posed"] = 0.25 * (there.clamp(-2, 2) - wanted).abs().mean()
        said = by_pose[..., 0].clamp(-1, 1)
        found["posed"] = found["posed"] + 0.05 * (there.clamp(-1, 1) - said).abs().mean()
    return found


def _inside(said: Tensor, truth: Tensor) -> Tensor:
    wanted = (truth * (UNIT_M / SOFT_M) / 2).sigmoid()
    logits = said * (UNIT_M / SOFT_M) / 2
    return functional.binary_cross_entropy_with_logits(logits, wanted)


def _off(said: Tensor, truth: Tensor) -> Tensor:
    return (said.clamp(-1.2, 1.2) - truth).abs().mean()


def _surface(answer: Tensor, pairs: Pairs) -> dict[str, Tensor]:
    near = (pairs.inside_m.abs() < _NEAR_M).float()
    total = near.sum().clamp_min(1)
    along = functional.cosine_similarity(answer[..., 1:4] + 1e-4, pairs.normals, dim=-1)
    colour = (0.5 + answer[..., 4:7] - pairs.colours).abs().mean(-1)
    log = answer[..., 7].clamp(-4, 4)
    off = (answer[..., 0].detach() * UNIT_M - pairs.inside_m).abs().clamp_max(UNIT_M) / SURE_M
    return {"normal": 0.1 * ((1 - along) * near).sum() / total,
            "colour": 0.2 * (colour * near).sum() / total,
            "sure": 0.03 * ((off * (-log).exp() + log) * near).sum() / total}  # fmt: skip


def _pose(seen: Seen, pairs: Pairs, kind: Kind) -> dict[str, Tensor]:
    joints = seen.joints_m(pairs.asked.heads_m, kind)
    off = joints - pairs.joints_m
    flat = joints[..., :2] / joints[..., 2:].clamp_min(0.1) * pairs.lens[:, None, :2]
    true = pairs.joints_m[..., :2] / pairs.joints_m[..., 2:] * pairs.lens[:, None, :2]
    away = off - off[:, :1]
    return {
        "turns": 0.3 * (seen.turns - pairs.turns).abs().mean(),
        "joints": away.abs().mean() + 0.1 * off[:, 0].abs().mean(),
        "reprojection": 0.01 * (flat - true).abs().mean(),
        "build": 0.05 * (seen.build - pairs.build).abs().mean(),
    }


def posed(grid_m: Tensor, places_m: Tensor) -> Tensor:
    """How far inside the posed truth (batch, away, down, right) places (batch, n, 3) about the root
    are (batch, n; metres); differentiable in the places."""
    reach = torch.tensor(REACH_M, device=places_m.device)
    where = (places_m / reach)[:, None, None]
    found = functional.grid_sample(grid_m[:, None], where, align_corners=True,
                                   padding_mode="border")  # fmt: skip
    return found[:, 0, 0, 0]
