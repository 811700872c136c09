"""The same networks learned apart, to be compared with: three that never hear of each other."""

from __future__ import annotations

from torch import Tensor, nn

from studio.perception.bodies.network import (
    CHANNELS,
    REACH_M,
    Asked,
    BodyNetwork,
    Encoder,
    Seen,
    sampled,
)
from studio.perception.bodies.parts import Kind


class _Both(nn.Module):
    """An encoder for the tensor and one for the pose, where else one makes both."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.volume, self.turns = Encoder(kind), Encoder(kind)

    def forward(self, given: Tensor) -> tuple[Tensor, Tensor]:
        return self.volume(given)[0], self.turns(given)[1]


class ApartNetwork(BodyNetwork):
    """A network for the pose, one whose tensor tells what is inside by itself (linearly, in the
    posed space), and a classifier that takes the tensor as it is: no loss of one moves another."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self.encoder = _Both(kind)  # pyright: ignore
        self.readout = nn.Linear(CHANNELS, 1)

    def ask(
        self, seen: Seen, asked: Asked, placed_m: Tensor, root_m: Tensor, lens: Tensor, edge: Tensor
    ) -> Tensor:
        """The classifier's answer, by a tensor that it does not move."""
        held = Seen(seen.tensor.detach(), seen.turns, seen.root_m, seen.build)
        return super().ask(held, asked, placed_m.detach(), root_m.detach(), lens, edge)

    def told(
        self, seen: Seen, placed_m: Tensor, root_m: Tensor, lens: Tensor, edge: Tensor
    ) -> Tensor:
        """How far inside the tensor alone says that places before the camera are (batch, n), in
        units of ``UNIT_M``."""
        known = sampled(seen.tensor, edge, placed_m, root_m, lens, REACH_M[self.kind])
        return self.readout(known[..., :CHANNELS])[..., 0]
