"""A clothed person from one picture: a tensor and a pose, and what is inside.

The first model turns a square of a picture into a volumetric tensor, whose third axis is depth
about the root, and at the same time into the pose: the turn of every part, the root's place and the
build. The second model is asked about points of the canonical space. A point is told by the parts
on which it hangs and by its place in their frames; the pose carries it before the camera, where the
tensor is sampled, and what comes out says how far inside the person it is, and what colour and
normal the surface has there. Heads have two models of the same kind, which see the face's points
besides and are told where points lie to the features of the face.

What is told is how far the fit with its clothes, as the outline has them, is off: a network that
has learned nothing is that fit. It also says how far off it may be itself.

Sources: US 12394154 (tensor and pose predicted jointly, canonical points classified); Saito et al.
2019 (pixel-aligned features); Huang et al. 2020 (canonical space); Zheng et al. 2021 (the body's
own surface as a prior); Zhou et al. 2019 (turns as six numbers); Tancik et al. 2020 (Fourier
features).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.human.phenotypes import PHENOTYPES
from studio.perception.bodies.crops import FINE, SIDE_PX
from studio.perception.bodies.parts import (
    FEATURES,
    PARTS,
    Kind,
    chain,
    mirrored,
    mirrored_features,
)
from studio.perception.trunk import Block, Decoder, Gate, conv

CHANNELS, BINS = 16, 8
"""The tensor: what each of its places holds, and how many there are in depth, at a quarter of the
picture's size."""
REACH_M: dict[Kind, float] = {"body": 0.8, "head": 0.25}
"""How far before and behind the root (the head's, for heads) the tensor reaches."""
USUAL_M: dict[Kind, float] = {"body": 2.1, "head": 0.42}
"""How large a square is, about, where the person stands (metres)."""
UNIT_M = 0.05
"""Values are told in this unit; what is further off is clipped."""
SURE_M = 0.008
"""How far off a network is, about, that has learned nothing."""
SOFT_M = 0.006
"""How far from the surface the network may be in two minds."""
_WIDTHS = (20, 32, 56, 80, 96)
_OUT = (40, 56, 80)
_HIDDEN = (128, 128, 128, 64)
_OCTAVES = 6


@dataclass(frozen=True)
class Asked:
    """Points of the canonical space (batch, n), and what is known of them.

    ``points_m`` (batch, n, 3) lie in the reference pose of a fit whose parts begin at ``heads_m``
    (batch, parts, 3), ``weights`` (batch, n, parts) say on which parts they hang, ``bare_m`` and
    ``clothed_m`` (batch, n) how far inside the fit's skin and its clothes they are, ``facing``
    (batch, n, 3) which way the skin looks before the camera. ``features_m`` (batch, features, 3)
    are the middles of the features of the face.
    """

    points_m: Tensor
    heads_m: Tensor
    weights: Tensor
    bare_m: Tensor
    clothed_m: Tensor
    facing: Tensor
    features_m: Tensor


def in_mirror(asked: Asked, kind: Kind) -> Asked:
    """The same points of the same people as a mirror shows them: their left is their right."""
    way = asked.points_m.new_tensor([-1.0, 1.0, 1.0])
    swap, order = mirrored(kind).tolist(), mirrored_features().tolist()
    return Asked(
        asked.points_m * way, asked.heads_m[:, swap] * way, asked.weights[..., swap],
        asked.bare_m, asked.clothed_m, asked.facing * way, asked.features_m[:, order] * way,
    )  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What the first model makes of pictures: ``tensor`` (batch, channels, bins, side, side),
    ``turns`` (batch, parts, 3, 3) from the reference pose into the camera's axes, ``root_m``
    (batch, 3) where the first part begins before the camera, ``build`` (batch, phenotypes)."""

    tensor: Tensor
    turns: Tensor
    root_m: Tensor
    build: Tensor

    def joints_m(self, heads_m: Tensor, kind: Kind) -> Tensor:
        """Where the parts begin (batch, parts, 3) before the camera, given where they do in the
        reference pose."""
        found = [self.root_m]
        for part, beside, turns in chain(kind):
            off = heads_m[:, part] - heads_m[:, beside]
            found.append(found[beside] + (self.turns[:, turns] @ off[..., None])[..., 0])
        return torch.stack(found, 1)

    def carried(self, asked: Asked, kind: Kind) -> Tensor:
        """Where the predicted pose carries points (batch, n, 3)."""
        return carried(self.turns, self.joints_m(asked.heads_m, kind), asked)


def carried(turns: Tensor, joints_m: Tensor, asked: Asked) -> Tensor:
    """Where a pose carries points (batch, n, 3), given the turns of its parts (batch, parts, 3, 3)
    and where they begin (batch, parts, 3): linear blend skinning."""
    shift = joints_m - (turns @ asked.heads_m[..., None])[..., 0]
    blend = torch.cat([turns, shift[..., None]], -1).flatten(2)
    matrices = (asked.weights @ blend).unflatten(-1, (3, 4))
    return (matrices[..., :3] @ asked.points_m[..., None])[..., 0] + matrices[..., 3]


class Encoder(nn.Module):
    """The first model: picture, mask and its distances (and, for heads, heat maps of the face's
    features) to a :class:`Seen`."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind: Kind = kind
        given = 5 + (len(FEATURES) if kind == "head" else 0)
        self.stem = conv(given, _WIDTHS[0], stride=2)
        self.stages = nn.ModuleList(
            nn.Sequential(conv(before, width, stride=2), Block(width))
            for before, width in pairwise(_WIDTHS)
        )
        self.gate = Gate(_WIDTHS[-1])
        self.decoder = Decoder(_WIDTHS, _OUT, finest=1)
        self.tensor = nn.Conv2d(_OUT[0], CHANNELS * BINS, 3, 1, 1)
        parts = len(PARTS[kind])
        self.pooled = nn.Conv2d(_WIDTHS[-1], 24, 1)
        cells = (SIDE_PX[kind] // 32) ** 2
        self.pose = nn.Sequential(
            nn.Linear(24 * cells, 128), nn.ReLU(), nn.Linear(128, parts * 6 + 3 + len(PHENOTYPES))
        )

    def forward(self, given: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures (batch, channels, side, side; about 0..1) to the tensor and the raw pose."""
        features = [self.stem(given - 0.5)]
        for stage in self.stages:
            features.append(stage(features[-1]))
        features[-1] = self.gate(features[-1])
        flat = self.tensor(self.decoder(features))
        tensor = flat.unflatten(1, (CHANNELS, BINS))
        return tensor, self.pose(functional.relu(self.pooled(features[-1])).flatten(1))


class Classifier(nn.Module):
    """The second model: what is sampled and told of a point to (..., 8): how much further inside
    than the fit's clothes (in units of ``UNIT_M``), normal in the canonical axes, colour, and the
    logarithm of how far off that may be (in units of ``SURE_M``)."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        known = CHANNELS + 2 + encoded_size(kind)
        layers: list[nn.Module] = []
        for before, width in pairwise((known, *_HIDDEN)):
            layers += [nn.Linear(before, width), nn.ReLU()]
        self.last = nn.Linear(_HIDDEN[-1], 8)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)
        self.layers = nn.Sequential(*layers)

    def forward(self, known: Tensor) -> Tensor:
        return self.last(self.layers(known))


class BodyNetwork(nn.Module):
    """Both models of a kind, learned together."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind: Kind = kind
        self.encoder = Encoder(kind)
        self.classifier = Classifier(kind)

    def forward(
        self, given: Tensor, lens: Tensor, edge: Tensor, asked: Asked, placed_m: Tensor,
        root_m: Tensor,
    ) -> tuple[Seen, Tensor, Tensor, Tensor]:  # fmt: skip
        """Pictures and points at once: what is seen, the answers (see :meth:`ask`) where a fit
        carries the points, those where the predicted pose does, and where that is. What is asked
        there moves tensor and classifier; how it is seen elsewhere tells the pose too little."""
        seen = self.see(given, lens)
        by_fit = self.ask(seen, asked, placed_m, root_m, lens, edge)
        own_m = seen.carried(asked, self.kind)
        by_pose = self.ask(seen, asked, own_m.detach(), seen.root_m.detach(), lens, edge)
        return seen, by_fit, by_pose, own_m

    def see(self, given: Tensor, lens: Tensor) -> Seen:
        """What pictures (see :func:`given_of`) taken through a ``lens`` (batch, 4) show."""
        tensor, raw = self.encoder(given)
        raw = raw.float()
        parts = len(PARTS[self.kind])
        six, root, build = raw.split([6 * parts, 3, len(PHENOTYPES)], 1)
        usual = torch.tensor([1.0, 0, 0, 0, 0, 1], device=raw.device)  # upright, looking at us
        turns = turned(0.5 * six.unflatten(1, (parts, 6)) + usual)
        side = SIDE_PX[self.kind]
        away = lens[:, 0] / side * USUAL_M[self.kind] * (0.3 * root[:, 2]).exp()
        middle = (side - 1) / 2 + 0.25 * side * root[:, :2]
        flat = (middle - lens[:, 2:]) / lens[:, :2]
        place = torch.cat([flat * away[:, None], away[:, None]], 1)
        return Seen(tensor, turns, place, 0.5 + 0.3 * build)

    def ask(
        self, seen: Seen, asked: Asked, placed_m: Tensor, root_m: Tensor, lens: Tensor, edge: Tensor
    ) -> Tensor:
        """The second model's answer (batch, n, 8; see :class:`Classifier`, the first how far inside
        the person they are) about points that a pose carries to ``placed_m``
        (batch, n, 3), before the camera, its root at ``root_m`` (batch, 3); ``edge`` (batch, 1,
        fine, fine) are the fine mask's distances in pixels."""
        looked = sampled(seen.tensor, edge, placed_m, root_m, lens, REACH_M[self.kind])
        known = torch.cat([looked, encoded(asked, self.kind)], -1)
        answer = self.classifier(known.to(self.classifier.last.weight.dtype)).float()
        inside = asked.clothed_m / UNIT_M + answer[..., 0]
        return torch.cat([inside[..., None], answer[..., 1:]], -1)


def turned(six: Tensor) -> Tensor:
    """Rotations (..., 3, 3) of six numbers: their first two columns before they are made square."""
    first = functional.normalize(six[..., :3], dim=-1)
    second = six[..., 3:] - (first * six[..., 3:]).sum(-1, keepdim=True) * first
    second = functional.normalize(second, dim=-1)
    return torch.stack([first, second, torch.linalg.cross(first, second, dim=-1)], -1)


def sampled(
    tensor: Tensor, edge: Tensor, placed_m: Tensor, root_m: Tensor, lens: Tensor, reach_m: float
) -> Tensor:
    """The tensor (batch, n, channels + 2) where points lie before the camera, and how far inside
    the mask's edge that is, in units of ``UNIT_M``: as it is, and near the edge."""
    at = _at(placed_m, lens, edge.shape[-1] // FINE)
    deep = (placed_m[..., 2] - root_m[:, None, 2]) / reach_m
    where = torch.cat([at, deep[..., None]], -1)[:, None, None]
    sample = partial(functional.grid_sample, padding_mode="border", align_corners=False)
    volume = sample(tensor.float(), where)[:, :, 0, 0].transpose(1, 2)
    off = within_m(edge, placed_m, lens) / UNIT_M
    return torch.cat([volume, off.clamp(-2, 2)[..., None], (5 * off).tanh()[..., None]], -1)


def within_m(edge: Tensor, placed_m: Tensor, lens: Tensor) -> Tensor:
    """How far inside a mask's edge (batch, 1, fine, fine; pixels) points before the camera (batch,
    n, 3) are seen (batch, n): metres where they are, negative outside."""
    at = _at(placed_m, lens, edge.shape[-1] // FINE)
    off = functional.grid_sample(edge, at[:, None], padding_mode="border", align_corners=False)
    return off[:, 0, 0] * placed_m[..., 2].clamp_min(0.05) / lens[:, None, 0]


def _at(placed_m: Tensor, lens: Tensor, side: int) -> Tensor:
    """Where in a square of pixels points before the camera are seen: -1 to 1 (batch, n, 2)."""
    z = placed_m[..., 2:].clamp_min(0.05)
    flat = placed_m[..., :2] / z * lens[:, None, :2] + lens[:, None, 2:]
    return (flat + 0.5) * (2 / side) - 1


def encoded_size(kind: Kind) -> int:
    """How many numbers tell of a point's place."""
    more = 4 * len(FEATURES) if kind == "head" else 0
    return len(PARTS[kind]) + 3 + 6 * _OCTAVES + 6 + 3 + more


def encoded(asked: Asked, kind: Kind) -> Tensor:
    """Where points are (batch, n, numbers): the parts on which they hang, their place in those
    parts' frames as it is and as waves, how far inside the fit's skin and clothes they are, which
    way the skin looks, and, for heads, where they lie to the features of the face."""
    local = asked.points_m - asked.weights @ asked.heads_m
    scale = 2.0 if kind == "head" else 1.0
    waves = [local * (scale * torch.pi * 2.0**k) for k in range(_OCTAVES)]
    told = [asked.weights, local, *(w.sin() for w in waves), *(w.cos() for w in waves)]
    for far in (asked.bare_m[..., None], asked.clothed_m[..., None]):
        told += [(far / 0.01).tanh(), far / UNIT_M, (far / UNIT_M) ** 2]
    told.append(asked.facing)
    if kind == "head":
        way = (asked.points_m[:, :, None] - asked.features_m[:, None]) / 0.1
        told += [way.flatten(2), (-(way**2).sum(-1) * 4).exp()]
    return torch.cat(told, -1)


def given_of(rgb: Tensor, mask: Tensor, edge: Tensor, heat: Tensor | None = None) -> Tensor:
    """What the first model is given: ``rgb`` (batch, 3, side, side) and the fine ``mask`` (batch,
    1, fine, fine) in 0..1, what is beside the person blacked out, the fine mask's distances
    ``edge`` (pixels), and for heads the ``heat`` maps
    (:func:`studio.perception.bodies.crops.heat`)."""
    mask, edge = functional.avg_pool2d(mask, FINE), functional.avg_pool2d(edge, FINE)
    planes = [torch.lerp(torch.full_like(rgb, 0.5), rgb, mask), mask, edge / 64 + 0.5]
    return torch.cat([*planes, heat + 0.5] if heat is not None else planes, 1)
