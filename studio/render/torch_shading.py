"""How surfaces look in a light, in torch: the OpenGL renderer's model.

Light of the surroundings comes as nine spherical harmonics (Ramamoorthi and Hanrahan 2001, see
:mod:`studio.render.environment`), a key light from one direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

MATT = (1.0, 2 / 3, 1 / 4)
"""How much of the harmonics of each degree a matt surface keeps."""


@dataclass(frozen=True, eq=False)
class Light:
    """A key light and the surroundings; the same for all images, (3,) and (9, 3), or one for
    each, (B, 3) and (B, 9, 3). ``towards`` is a unit vector to the light. Shadows are cast inside
    the sphere ``centre_m``, ``radius_m``; ``soft_m`` is half the width of their edge."""

    towards: Tensor
    radiance: Tensor
    ambient: Tensor
    fill: Tensor
    exposure: float = 1.0
    background: tuple[float, float, float] = (0.5, 0.52, 0.55)
    soft_m: float = 0.02
    centre_m: tuple[float, float, float] = (0.0, 0.0, 1.0)
    radius_m: float = 3.0

    @staticmethod
    def of(
        lighting: Any, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
    ) -> Light:
        """From a :class:`~studio.render.scene.Lighting`: its first light and its surroundings."""

        def tensor(values: Any) -> Tensor:
            return torch.as_tensor(values, dtype=dtype).to(device)

        ambient = torch.zeros(9, 3) if lighting.ambient is None else lighting.ambient
        return Light(
            tensor(lighting.towards[0]), tensor(lighting.radiance[0]), tensor(ambient),
            tensor(lighting.fill), lighting.exposure, lighting.background,
            float(lighting.soft_m[0]), lighting.centre_m, lighting.radius_m,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Surface:
    """What is lit, one row a hit: unit ``normal`` and ``view`` (to the eye), linear ``colour``, and
    the material's numbers, (P, 1) or (P, 3) for ``scatter``; ``open`` is 1 where nothing nearby
    hides the surroundings, ``lit`` where the whole key light arrives."""

    normal: Tensor
    view: Tensor
    colour: Tensor
    roughness: Tensor
    metallic: Tensor
    open: Tensor
    scatter: Tensor
    sheen: Tensor
    specular: Tensor
    glow: Tensor
    lit: Tensor


def basis(directions: Tensor) -> Tensor:
    """The nine real spherical harmonics (..., 9) of unit vectors (..., 3)."""
    x, y, z = directions.unbind(-1)
    return torch.stack(
        [
            torch.full_like(x, 0.28209479177387814),
            0.4886025119029199 * y, 0.4886025119029199 * z, 0.4886025119029199 * x,
            1.0925484305920792 * x * y, 1.0925484305920792 * y * z,
            0.31539156525252005 * (3 * z * z - 1),
            1.0925484305920792 * x * z, 0.5462742152960396 * (x * x - y * y),
        ],
        dim=-1,
    )  # fmt: skip


def around(ambient: Tensor, directions: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """The surroundings (P, 3) along directions, harmonics of degree 1 and 2 weakened so much."""
    keep = torch.cat([torch.ones_like(first), first.expand(-1, 3), second.expand(-1, 5)], dim=-1)
    shares = (basis(directions) * keep)[:, None]
    return (shares @ ambient.expand(len(directions), 9, 3))[:, 0].clamp(min=0)


def shade(s: Surface, light: Light, image: Tensor) -> Tensor:
    """The linear light (P, 3) that surfaces send to the eye; ``image`` (P,) is each row's."""
    towards, radiance = _own(light.towards, image), _own(light.radiance, image)
    fill = _own(light.fill, image)
    ambient = light.ambient if light.ambient.dim() == 2 else light.ambient[image]
    one = torch.ones_like(s.roughness)
    diffuse = s.colour * (1 - s.metallic)
    nv = _dot(s.normal, s.view).clamp(min=0.001)
    nl = _dot(s.normal, towards)
    f0 = 0.08 * s.specular + s.metallic * (s.colour - 0.08 * s.specular)
    matt = around(ambient, s.normal, MATT[1] * one, MATT[2] * one)
    reflected = 2 * _dot(s.normal, s.view) * s.normal - s.view
    mirrored = around(
        ambient, reflected, 1 - s.roughness / 3, 1 - 0.75 * s.roughness
    )  # a rough surface sees less of the finer harmonics
    c, o = s.colour, s.open
    bounced = ((2.04 * c - 0.33) * o - (4.80 * c - 0.64)) * o + (2.76 * c + 0.69)
    total = diffuse * (fill + matt) * torch.maximum(o, o * bounced)
    total = total + o * (f0 + (1 - f0) * (1 - nv) ** 5 * (1 - s.roughness)) * mirrored
    wrapped = ((nl + s.scatter) / (1 + s.scatter)).clamp(0, 1)
    middle = torch.nn.functional.normalize(s.view + towards, dim=-1)
    a2 = s.roughness.clamp(min=0.05) ** 4
    nh = _dot(s.normal, middle).clamp(min=0)
    d = nh * nh * (a2 - 1) + 1
    gloss = a2 / (d * d) * 0.25 / (nv + s.roughness * (1 - nv) + 0.05)
    fresnel = f0 + (1 - f0) * (1 - _dot(s.view, middle).clamp(min=0)) ** 5
    total = total + radiance * s.lit * (diffuse * wrapped + fresnel * gloss * nl.clamp(min=0))
    total = total + s.colour * s.sheen * (1 - nv) ** 3 * (fill * 4 + total)
    return total + s.colour * s.glow


def display(values: Tensor) -> Tensor:
    """The renderer's tone curve: linear light to sRGB, 0 to 1."""
    curve = values * (2.51 * values + 0.03) / (values * (2.43 * values + 0.59) + 0.14)
    curve = curve.clamp(0, 1)
    high = 1.055 * curve.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(curve > 0.0031308, high, curve * 12.92)


def _own(values: Tensor, image: Tensor) -> Tensor:
    return values if values.dim() == 1 else values[image]


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(dim=-1, keepdim=True)
