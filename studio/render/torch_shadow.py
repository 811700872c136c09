"""Shadows of the key light in torch: what the light itself sees, asked around every place."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from studio.render.torch_raster import Cameras, rasterise
from studio.render.torch_shading import Light

_AWAY = 24.0  # the light looks from so many radii: its rays are nearly parallel
_BIAS_M = 0.004
_TAPS = (
    (0.25, 0.0), (-0.32, 0.29), (0.05, -0.56), (0.40, 0.53), (-0.74, -0.13), (0.70, -0.45),
    (-0.23, 0.87),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Shadows:
    """How far the light's rays reach, ``depth_m`` (B, side, side), as its ``cameras`` see it."""

    cameras: Cameras
    depth_m: Tensor
    texel_m: float
    soft_px: float

    def lit(self, at_m: Tensor, normal: Tensor, image: Tensor, seed: Tensor) -> Tensor:
        """How much of the light arrives at places (P, 3) whose surfaces face ``normal``: (P, 1).

        Seven rays are asked around each, on a disc that is turned by ``seed`` (P,), an integer.
        """
        side = self.depth_m.shape[1]
        raised = at_m + normal * (0.006 + 1.5 * self.texel_m)
        rotation = self.cameras.rotation[image]
        local = (rotation @ raised[..., None])[..., 0] + self.cameras.translation_m[image]
        seen = (self.cameras.matrix[image] @ local[..., None])[..., 0]
        centre, depth = seen[:, :2] / seen[:, 2:], local[:, 2]
        turn = (seed * 2654435761 % (1 << 32)).to(at_m.dtype) / (1 << 32) * 2 * math.pi
        cos, sin = turn.cos() * self.soft_px, turn.sin() * self.soft_px
        flat = self.depth_m.reshape(-1)
        arrived = torch.zeros_like(depth)
        for x, y in _TAPS:
            column = (centre[:, 0] + x * cos - y * sin).round().long().clamp(0, side - 1)
            row = (centre[:, 1] + x * sin + y * cos).round().long().clamp(0, side - 1)
            found = flat[(image * side + row) * side + column]
            arrived = arrived + (found >= depth - _BIAS_M)
        outside = (centre < 0).any(dim=1) | (centre > side - 1).any(dim=1)
        return torch.where(outside, torch.ones_like(arrived), arrived / len(_TAPS))[:, None]


def cast(vertices_m: Tensor, faces: Tensor, light: Light, side_px: int) -> Shadows:
    """The shadows that faces (F, 3) of posed vertices (B, V, 3) cast inside the light's sphere.

    They carry no gradients.
    """
    with torch.no_grad():
        batch = len(vertices_m)
        towards = light.towards.expand(batch, 3)
        forward = -towards
        up = torch.zeros_like(forward)
        steep = forward[:, 2].abs() >= 0.95
        up[~steep, 2] = 1
        up[steep, 1] = 1
        side = torch.nn.functional.normalize(torch.linalg.cross(forward, up), dim=-1)
        rotation = torch.stack([side, torch.linalg.cross(forward, side), forward], dim=1)
        eye = towards.new_tensor(light.centre_m) + _AWAY * light.radius_m * towards
        focal = (_AWAY - 1) * side_px / 2
        middle = (side_px - 1) / 2
        matrix = towards.new_tensor([[focal, 0, middle], [0, focal, middle], [0, 0, 1]])
        cameras = Cameras(
            matrix.expand(batch, 3, 3), rotation, -(rotation @ eye[..., None])[..., 0]
        )
        hits = rasterise(cameras.project(vertices_m), faces, (side_px, side_px))
        texel_m = 2 * light.radius_m / side_px
        return Shadows(cameras, hits.fill(hits.depth_m, math.inf), texel_m, light.soft_m / texel_m)
