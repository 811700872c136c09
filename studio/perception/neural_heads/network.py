"""Multi-NeuS: signed distances and colours of many heads by one network, of which some layers are
each head's own.

What the network tells is how much further outside the head with its hair a place is than the skin
of a fit: to begin with nothing, so that every head begins as its fit (in place of NeuS' sphere).
Places are told where they would be about the average head. Sources: Wang et al. 2021 (NeuS), the
thesis' 4.3 (Multi-NeuS), Atzmon and Lipman 2020 (geometric initialisation), Mildenhall et al. 2020
(positional encoding).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from studio.perception.neural_heads.layers import Kind, SceneLinear
from studio.perception.neural_heads.space import Space, asked

UNIT_M = 0.1
"""The network's unit of distance."""
HEADS, RANK, WIDTH = 64, 32, 64
"""How many heads are learned from where nothing tells, of how many copies low-rank layers consist,
and how wide all are."""
Placement = Literal["usual", "first", "last", "surface", "colour", "all", "none"]
"""Which layers are each head's own."""
OWN: dict[Placement, tuple[str, ...]] = {
    "usual": ("surface0", "surface1", "surface2", "surface3", "colour0", "colour1"),
    "first": ("surface0", "surface1", "colour0"),
    "last": ("surface2", "surface3", "surface4", "colour1", "colour2"),
    "surface": ("surface0", "surface1", "surface2", "surface3"),
    "colour": ("colour0", "colour1"),
    "all": ("surface0", "surface1", "surface2", "surface3", "surface4", "colour0", "colour1",
            "colour2"),
    "none": (),
}  # fmt: skip
_OCTAVES, _COLOUR_OCTAVES = 5, 2
_SPAN_M = 0.2
_RESIDUAL = 0.3
Own = Sequence[Tensor | None]
"""What is each head's own: for each layer its rows of ``sets``, None for shared layers."""


@dataclass(frozen=True, eq=False)
class Fields:
    """The grids of some heads on a device: distances with their gradients (heads, 4, z, y, x), and
    the way to the average head with its derivatives (heads, 12, z, y, x); units of ``UNIT_M``."""

    outside: Tensor
    moved: Tensor

    @classmethod
    def of(cls, spaces: Sequence[Space]) -> Fields:
        """The grids of heads."""
        outside, moved = zip(*(one.tensor() for one in spaces), strict=True)
        return cls.made(torch.cat(outside), torch.cat(moved))

    @classmethod
    def made(cls, outside_m: Tensor, moved_m: Tensor) -> Fields:
        """The grids from distances (heads, 1, z, y, x) and ways (heads, 3, z, y, x) in metres."""
        fine, coarse = outside_m.float(), moved_m.float()
        return cls(
            torch.cat([fine / UNIT_M, _slopes(fine)], 1),
            torch.cat([coarse, _slopes(coarse)], 1),
        )

    def rows(self, which: Tensor) -> Fields:
        """The grids of some of the heads."""
        return Fields(self.outside[which], self.moved[which])


def _slopes(grid: Tensor) -> Tensor:
    """How each channel of a grid changes along x, y and z, a metre (heads, 3 channels, z, y, x)."""
    from studio.perception.neural_heads.space import HIGH_M, LOW_M

    found = []
    for channel in range(grid.shape[1]):
        for axis, dim in ((0, 4), (1, 3), (2, 2)):
            step = float(HIGH_M[axis] - LOW_M[axis]) / (grid.shape[dim] - 1)
            found.append(torch.gradient(grid[:, channel], spacing=step, dim=dim - 1)[0])
    return torch.stack(found, 1)


@dataclass(frozen=True, eq=False)
class Told:
    """What the network tells of places (heads, n): ``outside`` (units of ``UNIT_M``), ``features``
    (..., width), where they are about the average head (``average``, ..., 3), and which way the
    distance grows (``ways``, ..., 3; of length 1 where it is a distance), if asked."""

    outside: Tensor
    features: Tensor
    average: Tensor
    ways: Tensor | None


class HeadNetwork(nn.Module):
    """Surface and colour of ``heads`` heads; ``kind`` and ``placement`` say what is each one's
    own."""

    def __init__(
        self, heads: int = HEADS, kind: Kind = "low-rank", rank: int = RANK,
        placement: Placement = "usual", width: int = WIDTH,
    ) -> None:  # fmt: skip
        super().__init__()
        self.heads = heads
        own = OWN["none"] if kind == "shared" else OWN[placement]
        first = 3 + 6 * _OCTAVES + 3
        second = 3 + 6 * _COLOUR_OCTAVES + 3 + 3 + width
        sizes = {
            **{f"surface{k}": (width if k else first, width) for k in range(4)},
            "surface4": (width, 1),
            "colour0": (second, width), "colour1": (width, width), "colour2": (width, 3),
        }  # fmt: skip
        self.layers = nn.ModuleDict({
            name: SceneLinear(*size, kind if name in own else "shared", heads, rank)
            for name, size in sizes.items()
        })  # fmt: skip
        with torch.no_grad():
            for name in ("surface4", "colour2"):
                layer = self.layer(name)
                for values in layer.parameters():
                    values.mul_(0.0 if layer.kind == "shared" else 0.02)
        self.sharp = nn.Parameter(torch.tensor(0.3))
        self.mirrored = nn.Parameter(torch.tensor(-3.0))

    def sized(self, state: Mapping[str, Tensor], heads: int | None = None) -> None:
        """Hold as many heads as these weights, or so many, and be of their layers: which are each
        head's own, how, and of what rank."""
        for name, layer in self.layers.items():
            assert isinstance(layer, SceneLinear)
            sets, bank = (state.get(f"layers.{name}.{what}") for what in ("sets", "bank"))
            if sets is None and bank is None:
                continue
            if sets is not None:
                self.heads = heads or len(sets)
            kind: Kind = "shared" if sets is None else "low-rank"
            kind = "independent" if bank is None else kind
            rank = layer.rank if bank is None else len(bank)
            if (kind, rank) != (layer.kind, layer.rank):
                sizes = layer.before, layer.after
                self.layers[name] = SceneLinear(*sizes, kind, self.heads, rank)
            elif layer.sets is not None:
                layer.sets = nn.Parameter(layer.sets.new_zeros(self.heads, layer.sets.shape[1]))

    def alike(self, other: HeadNetwork) -> bool:
        """Whether the same layers are each head's own, in the same way and of the same rank."""
        mine, theirs = ([(one.kind, one.rank) for one in n._every()] for n in (self, other))
        return mine == theirs

    def told(self) -> str:
        """Which layers are each head's own, and how, as a user may ask for them."""
        own = tuple(name for name in self.layers if self.layer(name).kind != "shared")
        if not own:
            return "shared by all"
        one = self.layer(own[0])
        rank = f" of rank {one.rank}" if one.kind == "low-rank" else ""
        where = [name for name, layers in OWN.items() if layers == own]
        return f"{one.kind}{rank}, own: {where[0] if where else ', '.join(own)}"

    @torch.no_grad()
    def follow(self, other: HeadNetwork, known: Sequence[int] = ()) -> None:
        """Take what heads share from a network of the same layers; every head of this one begins as
        the mean of its heads, but those that are ``known``, which are its heads; or, where there
        are as many of them, as the same."""
        same = other.heads == self.heads
        told = {name: value for name, value in other.state_dict().items() if "sets" not in name}
        self.load_state_dict(told, strict=False)
        for mine, theirs in zip(self.own_sets(), other.own_sets(), strict=True):
            if mine is not None and theirs is not None:
                mine.copy_(theirs if same else theirs.mean(0, keepdim=True).expand_as(mine))
                if known:
                    mine[list(known)] = theirs

    @property
    def inverse_spread(self) -> Tensor:
        """NeuS' inverse standard deviation, by ``UNIT_M``."""
        return (10 * self.sharp).clamp(max=7.5).exp()

    def own(self, which: Tensor) -> Own:
        """What is the own of heads by number."""
        return [None if one.sets is None else one.sets[which] for one in self._every()]

    def shared(self) -> Own:
        """What all heads share, layer by layer."""
        return [one.bank for one in self._every()]

    def own_sets(self) -> Own:
        """What is the own of all heads, layer by layer."""
        return [one.sets for one in self._every()]

    def average_own(self, heads: int | None = None) -> list[Tensor | None]:
        """What is the own of a head of which nothing is known: the mean of the first ``heads``."""
        return [
            None if one.sets is None else one.sets.detach()[:heads].mean(0, keepdim=True)
            for one in self._every()
        ]

    def layer(self, name: str) -> SceneLinear:
        """A layer by name."""
        found = self.layers[name]
        assert isinstance(found, SceneLinear)
        return found

    def _every(self) -> list[SceneLinear]:
        return [one for one in self.layers.values() if isinstance(one, SceneLinear)]

    def tell(
        self, points_m: Float[Tensor, "heads n 3"], fields: Fields, own: Own, ways: bool = True,
        bare: Tensor | None = None,
    ) -> Told:  # fmt: skip
        """The surface about places in the frames of fits. ``bare`` (heads, n) is how far outside
        the fits' skins they are (units), where that is known more exactly than by grids."""
        near = asked(fields.outside, points_m)
        moved = asked(fields.moved, points_m)
        average = points_m + moved[..., :3]
        base = near[..., 0] if bare is None else bare
        if not ways:
            outside, features = self._surface(average, base, own)
            return Told(outside, features, average, None)
        with torch.enable_grad():
            if not average.requires_grad:
                average, base = average.requires_grad_(), base.detach().requires_grad_()
            outside, features = self._surface(average, base, own)
            by_place, by_base = torch.autograd.grad(
                outside.sum(), (average, base), create_graph=True
            )
        turned = moved[..., 3:].unflatten(-1, (3, 3)) + torch.eye(3, device=moved.device)
        along = (by_place[..., None, :] @ turned)[..., 0, :] * UNIT_M
        return Told(outside, features, average, along + by_base[..., None] * near[..., 1:])

    def _surface(self, average_m: Tensor, base: Tensor, own: Own) -> tuple[Tensor, Tensor]:
        x = torch.cat([_waves(average_m / _SPAN_M, _OCTAVES), _shells(base)], -1)
        for k in range(4):
            x = functional.silu(self.layer(f"surface{k}")(x, own[k]))
        more = self.layer("surface4")(x, own[4])[..., 0]
        return base + _RESIDUAL * more, x

    def colour(self, told: Told, sight: Float[Tensor, "heads n 3"], own: Own) -> Tensor:
        """The colours (heads, n, 3; 0 to 1) of places looked at along ``sight``."""
        assert told.ways is not None
        normals = functional.normalize(told.ways, dim=-1)
        place = _waves(told.average / _SPAN_M, _COLOUR_OCTAVES)
        x = torch.cat([place, normals, sight, told.features], -1)
        for k in range(2):
            x = functional.relu(self.layer(f"colour{k}")(x, own[5 + k]))
        return self.layer("colour2")(x, own[7]).sigmoid()


def _waves(x: Tensor, octaves: int) -> Tensor:
    """Places and their waves of so many octaves."""
    every = [x * (torch.pi / 2 * 2.0**k) for k in range(octaves)]
    return torch.cat([x, *(w.sin() for w in every), *(w.cos() for w in every)], -1)


def _shells(base: Tensor) -> Tensor:
    """How far outside the skin, at three scales."""
    return torch.stack([base, (base / 0.3).tanh(), (base / 0.08).tanh()], -1)
