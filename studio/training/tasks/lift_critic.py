"""A critic of lifted people: it learns to tell them from true ones, and lifting to please it.

What is only likely in the mean, such as hands that hardly move, is what it sees through. Points
that nobody knows are hidden from it, of true and of lifted people alike.

Sources: Goodfellow et al. 2014, "Generative adversarial nets"; Mao et al. 2017, "Least squares
generative adversarial networks".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from studio.perception.lifting.normalise import BODY

_BODY_M, _HAND_M, _STEP_M = 0.4, 0.08, 0.05
_POINTS = BODY + 42
_WIDTH = 256
_SHAKE = 0.02
_RATE = 2e-4


class Critic(nn.Module):
    """How true a person looks: 1 true, 0 not. Sees a frame and the way from the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.judge = nn.Sequential(
            nn.Linear(_POINTS * 8, _WIDTH), nn.LeakyReLU(0.2),
            nn.Linear(_WIDTH, _WIDTH), nn.LeakyReLU(0.2), nn.Linear(_WIDTH, 1),
        )  # fmt: skip

    def forward(self, body_m: Tensor, hands_m: Tensor, known: Tensor) -> Tensor:
        """(batch, frames) of bodies (batch, frames, 25, 3; from the pelvis), hands (..., 2, 21, 3;
        from the wrists) and which of these points, the body's first, are known (..., 67)."""
        points = torch.cat([body_m / _BODY_M, hands_m.flatten(-3, -2) / _HAND_M], -2)
        points = torch.where(known[..., None], points, 0.0)
        size = points.new_tensor([_BODY_M / _STEP_M] * BODY + [_HAND_M / _STEP_M] * 42)
        both = known.clone()
        both[:, 1:] &= known[:, :-1]
        both[:, :1] = False
        step = torch.zeros_like(points)
        step[:, 1:] = (points[:, 1:] - points[:, :-1]) * size[:, None]
        step = torch.where(both[..., None], step, 0.0)
        masks = torch.stack([known, both], -1).to(points.dtype)
        return self.judge(torch.cat([points, step, masks], -1).flatten(-2))[..., 0]


class Judging:
    """A critic that learns beside what it judges. It is kept in no checkpoint: a run that goes on
    begins with a new one, which knows nothing and so asks for nothing at first."""

    def __init__(self) -> None:
        self._critic: Critic | None = None
        self._optimiser: torch.optim.Optimizer | None = None

    def __call__(
        self, body_m: Tensor, hands_m: Tensor, true_body_m: Tensor, true_hands_m: Tensor
    ) -> Tensor:
        """How far lifted people are from passing for true ones, after the critic learned a step
        from both. Points whose truth is NaN are hidden from it."""
        truth = true_body_m.float(), true_hands_m.float()
        known = torch.cat([torch.isfinite(truth[0]).all(-1),
                           torch.isfinite(truth[1]).all(-1).flatten(-2)], -1)  # fmt: skip
        told = body_m.float(), hands_m.float()
        with torch.autocast(body_m.device.type, enabled=False):
            critic = self._learn([t.detach() for t in told], [t.nan_to_num() for t in truth], known)
            critic.requires_grad_(False)
            return (critic(*told, known) - 1).square().mean()

    def _learn(self, told: list[Tensor], truth: list[Tensor], known: Tensor) -> Critic:
        if self._critic is None or self._optimiser is None:
            self._critic = Critic().to(known.device)
            self._optimiser = torch.optim.Adam(self._critic.parameters(), _RATE, (0.5, 0.9))
        critic, optimiser = self._critic, self._optimiser
        critic.requires_grad_(True)
        shaken = [[one + _SHAKE * scale * torch.randn_like(one)
                   for one, scale in zip(side, (_BODY_M, _HAND_M), strict=True)]
                  for side in (truth, told)]  # fmt: skip
        with torch.enable_grad():
            off = (critic(*shaken[0], known) - 1).square() + critic(*shaken[1], known).square()
            optimiser.zero_grad(set_to_none=True)
            off.mean().backward()
        optimiser.step()
        return critic
