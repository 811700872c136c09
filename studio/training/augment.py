"""Variations of pictures with their labels and points, a batch at a time, on any device, by dice.

Only torch is used, so that the same variations run beside the network on a graphics card. Pictures
are floats in 0..1 (batch, 3, height, width); labels (batch, height, width).
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

Dice = torch.Generator


def uniform(dice: Dice, low: float, high: float, *shape: int) -> torch.Tensor:
    """Evenly distributed numbers."""
    return low + (high - low) * torch.rand(*shape, generator=dice, device=dice.device)


def chance(dice: Dice, share: float, batch: int) -> torch.Tensor:
    """For each of a batch, whether it happens."""
    return torch.rand(batch, generator=dice, device=dice.device) < share


def some(dice: Dice, share: float, batch: int) -> torch.Tensor:
    """The places in a batch of those to whom it happens."""
    return chance(dice, share, batch).nonzero()[:, 0]


def placements(
    dice: Dice,
    centres: torch.Tensor,
    scales: torch.Tensor,
    *,
    turn_deg: float | torch.Tensor,
    shift: float,
    flip: float = 0.5,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Where a new picture looks at an old one: matrices (batch, 2, 3) and who is mirrored.

    They take coordinates of the new picture, -1..1 along its height, to old pixels. ``centres``
    (batch, 2) and ``scales`` (batch; half the height that is seen) are in old pixels; the centre is
    shifted by up to ``shift`` of the scale. ``turn_deg``, of all or of each (batch), is the
    standard deviation of how far they are turned.
    """
    batch = len(scales)
    angle = torch.randn(batch, generator=dice, device=dice.device) * turn_deg * (math.pi / 180)
    mirrored = chance(dice, flip, batch)
    cos, sin = torch.cos(angle) * scales, torch.sin(angle) * scales
    sign = torch.where(mirrored, -1.0, 1.0)
    moved = centres + uniform(dice, -shift, shift, batch, 2) * scales[:, None]
    rows = torch.stack([cos * sign, -sin, moved[:, 0], sin * sign, cos, moved[:, 1]], 1)
    return rows.view(batch, 2, 3), mirrored


def grid(matrices: torch.Tensor, height: int, width: int, old: tuple[int, int]) -> torch.Tensor:
    """The sampling grid (batch, height, width, 2) of placements, for ``grid_sample``.

    ``old`` is the height and width of the picture that is looked at.
    """
    device = matrices.device
    y = (torch.arange(height, device=device) + 0.5) * 2 / height - 1
    x = ((torch.arange(width, device=device) + 0.5) * 2 - width) / height
    size = torch.tensor([old[1], old[0]], device=device)
    shares = matrices * (2 / size)[:, None]
    start = shares[:, :, 2] + 1 / size - 1
    across = shares[:, :, 0, None] * x + start[:, :, None]
    down = shares[:, :, 1, None] * y
    found = torch.empty(len(matrices), height, width, 2, device=device)
    for axis in range(2):
        torch.add(across[:, axis, None], down[:, axis, :, None], out=found[..., axis])
    return found


def turns(dice: Dice, share: float, batch: int, most_deg: float) -> torch.Tensor:
    """For each of a batch, how its camera is turned aside: rotations (batch, 3, 3) from the new
    camera's axes (right, down, ahead) to the old one's, by up to ``most_deg`` to the side and up or
    down; of all but a ``share`` not at all. What a picture shows is then in another perspective."""
    angles = math.radians(most_deg) * uniform(dice, -1.0, 1.0, batch, 2)
    angles = angles * chance(dice, share, batch)[:, None]
    (cos_a, cos_b), (sin_a, sin_b) = torch.cos(angles).T, torch.sin(angles).T
    none, one = torch.zeros_like(cos_a), torch.ones_like(cos_a)
    aside = torch.stack([cos_a, none, sin_a, none, one, none, -sin_a, none, cos_a], 1)
    up = torch.stack([one, none, none, none, cos_b, -sin_b, none, sin_b, cos_b], 1)
    return aside.view(-1, 3, 3) @ up.view(-1, 3, 3)


def turned_grid(
    grid: torch.Tensor, turn: torch.Tensor, matrices: torch.Tensor, old: tuple[int, int],
    focal: float,
) -> torch.Tensor:  # fmt: skip
    """The grid of :func:`grid` where the camera of the new picture is turned aside (see
    :func:`turns`); ``focal`` is its focal length in half heights of the new picture."""
    height, width = grid.shape[1:3]
    device = grid.device
    y = (torch.arange(height, device=device) + 0.5) * 2 / height - 1
    x = ((torch.arange(width, device=device) + 0.5) * 2 - width) / height
    ahead = torch.ones(height, width, device=device)
    rays = torch.stack([x.expand(height, width), y[:, None].expand(height, width), focal * ahead])
    there = torch.einsum("bij,jhw->bhwi", turn, rays)
    there = focal * there[..., :2] / there[..., 2:].clamp_min(1e-3)
    at = torch.einsum("bij,bhwj->bhwi", matrices[:, :, :2], there) + matrices[:, None, None, :, 2]
    size = torch.tensor([old[1], old[0]], device=device)
    return (2 * at + 1) / size - 1


def turned_points(
    xy: torch.Tensor, turn: torch.Tensor, height: int, width: int, focal: float
) -> torch.Tensor:
    """Pixels (batch, points, 2) of a new picture, as :func:`move_points` tells them, where its
    camera is turned aside; NaN behind it."""
    half = torch.tensor([width, height], device=xy.device) / 2
    flat = (xy + 0.5 - half) * 2 / height
    rays = torch.cat([flat, torch.full_like(flat[..., :1], focal)], -1) @ turn
    rays = torch.where(rays[..., 2:] > 0, rays, torch.nan)
    return focal * rays[..., :2] / rays[..., 2:] * height / 2 + half - 0.5


def look(rgb: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """The picture on a grid; beyond its edge it is mirrored."""
    return functional.grid_sample(rgb, places, "bilinear", "reflection", align_corners=False)


def look_labels(labels: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Labels on a grid, each that of the nearest old pixel."""
    found = functional.grid_sample(
        labels[:, None].float(), places, "nearest", "reflection", align_corners=False
    )
    return found[:, 0].to(labels.dtype)


def move_points(xy: torch.Tensor, matrices: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Old pixels (batch, points, 2) as pixels of the new picture."""
    back = torch.linalg.inv(matrices[:, :, :2])
    flat = (xy - matrices[:, None, :, 2]) @ back.transpose(1, 2)
    half = torch.tensor([width, height], device=xy.device) / 2
    return flat * height / 2 + half - 0.5


def texture(dice: Dice, batch: int, height: int, width: int) -> torch.Tensor:
    """Pictures of coloured blots of several sizes, as backgrounds and things that hide."""
    total = torch.zeros(batch, 3, height, width, device=dice.device)
    for cells in (2, 5, 24):
        blots = torch.rand(batch, 3, cells, cells, generator=dice, device=dice.device) - 0.5
        blots *= uniform(dice, 0.0, 1.0, batch, 1, 1, 1)
        mode = "nearest" if cells == 5 else "bilinear"
        total += functional.interpolate(blots, (height, width), mode=mode)
    return (total + uniform(dice, 0.1, 0.9, batch, 3, 1, 1)).clamp_(0, 1)


def blots(dice: Dice, batch: int, height: int, width: int) -> torch.Tensor:
    """Masks (batch, height, width) of one turned ellipse or box each, of up to half the side."""
    device = dice.device
    ys = torch.linspace(-1, 1, height, device=device)[:, None]
    xs = torch.linspace(-1, 1, width, device=device)[None]
    centre = uniform(dice, -1, 1, batch, 2, 1, 1)
    angle = uniform(dice, 0, math.pi, batch, 1, 1)
    radius = uniform(dice, 0.06, 0.5, batch, 2, 1, 1)
    dx, dy = xs - centre[:, 0], ys - centre[:, 1]
    u = (dx * torch.cos(angle) + dy * torch.sin(angle)) / radius[:, 0]
    v = (dy * torch.cos(angle) - dx * torch.sin(angle)) / radius[:, 1]
    round_ = chance(dice, 0.5, batch)[:, None, None]
    return torch.where(round_, u * u + v * v < 1, torch.maximum(u.abs(), v.abs()) < 1)


def coloured(rgb: torch.Tensor, dice: Dice, strength: float = 1.0) -> torch.Tensor:
    """Other light: white balance, saturation, contrast, brightness and gamma; a few are grey."""
    batch = len(rgb)

    def about_one(spread: float, channels: int = 1) -> torch.Tensor:
        return torch.exp(uniform(dice, -spread, spread, batch, channels, 1, 1) * strength)

    grey = rgb.mean(1, keepdim=True)
    vivid = about_one(0.45) * ~chance(dice, 0.06 * strength, batch)[:, None, None, None]
    rgb = torch.lerp(grey, rgb, vivid)
    mean = rgb.mean((1, 2, 3), keepdim=True)
    rgb = (rgb - mean) * about_one(0.4) + mean
    rgb = (rgb * (about_one(0.17, 3) * about_one(0.35))).clamp_(0, 1)
    chosen = some(dice, 0.4 * strength, batch)
    gamma = torch.exp(uniform(dice, -0.4, 0.4, len(chosen), 1, 1, 1))
    rgb[chosen] = rgb[chosen].clamp_min(1e-4).pow(gamma)
    return rgb


def blurred(rgb: torch.Tensor, dice: Dice) -> torch.Tensor:
    """Out of focus or moved: a mean over 3 × 3 pixels, or along one axis, one to four times."""
    kernel = ((3, 3), (3, 1), (1, 3))[
        int(torch.randint(3, (1,), generator=dice, device=dice.device))
    ]
    times = 1 + int(torch.randint(4, (1,), generator=dice, device=dice.device))
    around = (kernel[0] // 2, kernel[1] // 2)
    for _ in range(times):
        rgb = functional.avg_pool2d(rgb, kernel, 1, around, count_include_pad=False)
    return rgb


def coarse(rgb: torch.Tensor, dice: Dice) -> torch.Tensor:
    """From fewer pixels, as of someone far away."""
    height, width = rgb.shape[2:]
    factor = float(uniform(dice, 0.25, 0.8, 1))
    small = functional.interpolate(rgb, scale_factor=factor, mode="bilinear", antialias=True)
    return functional.interpolate(small, (height, width), mode="bilinear").clamp_(0, 1)


def noisy(rgb: torch.Tensor, dice: Dice) -> torch.Tensor:
    """Sensor noise of an even strength for each picture."""
    strength = uniform(dice, 0.005, 0.09, len(rgb), 1, 1, 1)
    noise = torch.randn(rgb.shape, generator=dice, device=dice.device)
    return (rgb + strength * noise).clamp_(0, 1)


_YCC = ((0.299, 0.587, 0.114), (-0.1687, -0.3313, 0.5), (0.5, -0.4187, -0.0813))


def compressed(rgb: torch.Tensor, dice: Dice) -> torch.Tensor:
    """As after JPEG: 8 × 8 cosines of luma and chroma, rounded more the finer they are.

    Sides are multiples of 8. Source: ITU-T T.81, with a smooth table in place of Annex K.
    """
    device = rgb.device
    place = torch.arange(8, device=device)
    cosines = torch.cos((2 * place[None] + 1) * place[:, None] * math.pi / 16) / 2
    cosines[0] /= math.sqrt(2)
    colours = torch.tensor(_YCC, device=device)
    batch, _, height, width = rgb.shape
    ycc = torch.einsum("ij,bjhw->bihw", colours, rgb * 255 - 128)
    cells = ycc.reshape(batch, 3, height // 8, 8, width // 8, 8)
    waves = torch.einsum("ui,bcyixj,vj->bcyuxv", cosines, cells, cosines)
    fineness = (place[:, None] + place[None]).float()
    table = 2.0 + fineness * float(uniform(dice, 0.5, 18.0, 1))
    step = torch.stack([table, 2 * table, 2 * table])[:, None, :, None, :]
    waves = torch.round(waves / step) * step
    back = torch.einsum("ui,bcyuxv,vj->bcyixj", cosines, waves, cosines)
    flat = back.reshape(batch, 3, height, width)
    return ((torch.einsum("ij,bjhw->bihw", torch.linalg.inv(colours), flat) + 128) / 255).clamp(
        0, 1
    )


def photographed(rgb: torch.Tensor, dice: Dice) -> torch.Tensor:
    """A camera's ways, each for some of the batch: light, blur, few pixels, noise, JPEG."""
    rgb = coloured(rgb, dice)
    for change, share in ((blurred, 0.2), (coarse, 0.15), (noisy, 0.3), (compressed, 0.2)):
        chosen = some(dice, share, len(rgb))
        if len(chosen):
            rgb[chosen] = change(rgb[chosen], dice)
    return rgb
