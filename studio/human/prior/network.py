"""The pose prior: a density over body poses, and over how one pose follows another.

A normalising flow (affine couplings: Dinh et al. 2017, "Density estimation using Real NVP"; scale
and shear before them: Kingma and Dhariwal 2018) carries poses to a standard normal. In that space
each coordinate moves as a Gaussian process with the Matérn 3/2 kernel, whose time is learned: so a
walk through it passes through likely poses only. Because little was learned from, a tenth of the
density is a wide normal with independent angles: what nobody showed is unlikely, never impossible,
and gradients lead back from there. Torch alone.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

ANGLES = 48
"""The size of :class:`studio.human.prior.space.PoseSpace`."""
_HIDDEN, _COUPLINGS, _BOUND = 64, 4, 1.2
_WIDE, _WIDER = 0.1, 1.3
"""The share of the wide density, and how much wider it is than what was learned from."""
_LOG_2PI = math.log(2 * math.pi)
_NUGGET = 0.02
"""Share of a latent coordinate's variance that is new at every moment, however close."""


class PosePrior(nn.Module):
    """Vectors ``x`` are poses (..., angles) in radians, ``z`` their latent coordinates.

    Densities are in nats, per pose, over radians. All functions are differentiable: minus
    :meth:`log_density` is a term for pose fitting and lifting.
    """

    mean: Tensor
    spread: Tensor
    order: Tensor

    def __init__(self, angles: int = ANGLES, hidden: int = _HIDDEN, couplings: int = _COUPLINGS):
        super().__init__()
        self.register_buffer("mean", torch.zeros(angles))
        self.register_buffer("spread", torch.full((angles,), 0.3))
        half = self.first = angles // 2
        self.shear = nn.Parameter(torch.zeros(angles, angles))
        self.scale = nn.Parameter(torch.zeros(angles))
        orders = torch.stack([torch.randperm(angles) for _ in range(couplings)])
        self.register_buffer("order", orders)
        self.couplings = nn.ModuleList(_Coupling(half, angles - half, hidden) for _ in orders)
        self.wide_mean = nn.Parameter(torch.zeros(angles))
        self.wide_log = nn.Parameter(torch.full((angles,), math.log(0.3)))
        self.log_time = nn.Parameter(torch.full((angles,), math.log(0.6)))

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Latent coordinates of poses, and the logarithm of the map's volume."""
        y = (x - self.mean) / self.spread
        y = y * self.scale.exp() + y @ self.shear.tril(-1).T
        volume = (self.scale - self.spread.log()).sum().expand(y.shape[:-1])
        for order, coupling in zip(self.order.long(), self.couplings, strict=True):
            y = y[..., order]
            a, b = y[..., : self.first], y[..., self.first :]
            log_s, shift = coupling(a)
            y = torch.cat([a, b * log_s.exp() + shift], -1)
            volume = volume + log_s.sum(-1)
        return y, volume

    def decode(self, z: Tensor) -> Tensor:
        """The poses that have these latent coordinates."""
        y = z
        for order, coupling in zip(
            self.order.long().flip(0), reversed(self.couplings), strict=True
        ):
            a, b = y[..., : self.first], y[..., self.first :]
            log_s, shift = coupling(a)
            y = torch.cat([a, (b - shift) * (-log_s).exp()], -1)[..., order.argsort()]
        lower = torch.diag(self.scale.exp()) + self.shear.tril(-1)
        flat = y.reshape(-1, y.shape[-1])
        y = torch.linalg.solve_triangular(lower, flat.T, upper=False).T.reshape(y.shape)
        return y * self.spread + self.mean

    def log_density(self, x: Tensor) -> Tensor:
        """log p of poses (...)."""
        z, volume = self.encode(x)
        return self._mixed(volume - 0.5 * (z.square() + _LOG_2PI).sum(-1), x)

    def log_apart(self, x: Tensor, wider: float = 1.0) -> Tensor:
        """log p of poses (...) as if their angles had nothing to do with each other."""
        log_s = self.wide_log + math.log(wider)
        off = (x - self.wide_mean) * (-log_s).exp()
        return -(0.5 * (off.square() + _LOG_2PI) + log_s).sum(-1)

    def _mixed(self, log_p: Tensor, x: Tensor) -> Tensor:
        wide = self.log_apart(x, _WIDER)
        return torch.logaddexp(log_p + math.log(1 - _WIDE), wide + math.log(_WIDE))

    def log_following(self, x: Tensor, after: Tensor, seconds: Tensor) -> Tensor:
        """log p of the poses ``after``, so many ``seconds`` (...) after the poses ``x``."""
        z, _ = self.encode(x)
        then, volume = self.encode(after)
        bound = self.kinship(seconds)
        free = 1 - bound.square()
        off = (then - bound * z).square() / free
        return self._mixed(volume - 0.5 * (off + free.log() + _LOG_2PI).sum(-1), after)

    def kinship(self, seconds: Tensor) -> Tensor:
        """How much of each latent coordinate (..., angles) is still there after so long."""
        a = math.sqrt(3) * seconds[..., None].abs() / self.log_time.exp()
        return (1 - _NUGGET) * (1 + a) * (-a).exp()

    @torch.no_grad()
    def complete(
        self, x: Tensor, known: Tensor, error_rad: float = 0.03, steps: int = 150
    ) -> Tensor:
        """The likeliest poses whose ``known`` angles (a mask) are as in ``x``, within an error."""
        z = torch.zeros_like(x).requires_grad_()
        descent = torch.optim.Adam([z], 0.06)
        with torch.enable_grad():
            for step in range(steps):
                descent.param_groups[0]["lr"] = 0.06 * (1 - step / steps) + 1e-3
                off = (self.decode(z) - x) * known / error_rad
                loss = 0.5 * off.square().sum() + 0.5 * z.square().sum()
                (z.grad,) = torch.autograd.grad(loss, z)
                descent.step()
        with torch.no_grad():
            return torch.where(known.bool(), x, self.decode(z))


class _Coupling(nn.Module):
    """From one half of the coordinates: logarithmic scales and shifts of the other."""

    def __init__(self, known: int, other: int, hidden: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(known, hidden), nn.SiLU(), nn.Dropout(0.1), nn.Linear(hidden, hidden),
            nn.SiLU(), nn.Dropout(0.1),
        )  # fmt: skip
        self.head = nn.Linear(hidden, 2 * other)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, known: Tensor) -> tuple[Tensor, Tensor]:
        log_s, shift = self.head(self.body(known)).chunk(2, -1)
        return _BOUND * torch.tanh(log_s / _BOUND), shift
