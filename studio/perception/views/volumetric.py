"""The volumetric network: what all views show, brought together in space before it is judged.

After Iskakov et al. 2019: maps of every view are unprojected into a grid about the pelvis,
aggregated, and read by a 3D network whose volumes' softmax gives the joints. Two things differ.
The views' own heatmaps, as evidence that may be wrong, are in the grid too, and the 3D network adds
to it what a body can be; so it begins where the algebraic one stands. Around each joint that is
found, the evidence is looked at a second time on a fine grid, so that a voxel may be large. Last,
all joints are judged together (:mod:`studio.perception.views.refiner`).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from studio.perception.heatmaps.network import STRIDE_PX
from studio.perception.views.geometry import (
    cells,
    grid_axes,
    in_maps,
    mean_place,
    metric,
    unprojected,
    unprojected_sum,
)
from studio.perception.views.network import AlgebraicNetwork, confidence, solved
from studio.perception.views.refiner import First, Refiner
from studio.perception.views.seen import JOINTS, PELVIS, Seen
from studio.perception.views.sides import agreed
from studio.perception.views.volume import Aggregation, VoxelNetwork, aggregated

VOXELS, SIDE_M = 24, 2.5
STEP_M = SIDE_M / VOXELS
FINE, FINE_STEP_M = 9, 0.03
_LATENT, _WIDTHS = 8, (16, 32, 64)
_MISTAKEN = 0.005
"""The share of what a view says that is not believed: it is spread over all places, seen or not."""
_BLUR_PX = 3.5
"""How much wider points are taken on the coarse grid, so that none falls between its voxels."""


@dataclass
class Volumes:
    """Joints ``xyz_m`` (batch, 26, 3); the ``first`` solution, before they were judged together;
    the coarse volumes ``logits`` (batch, 26, voxels³) at ``places_m`` (batch, voxels³, 3); the
    middle of the grid, ``centre_m`` (batch, 3), and how it is turned, ``turns`` (batch, 3, 3).
    Lengths in metres from where people are expected."""

    xyz_m: torch.Tensor
    first: First
    logits: torch.Tensor
    places_m: torch.Tensor
    centre_m: torch.Tensor
    turns: torch.Tensor


class VolumetricNetwork(nn.Module):
    """The inputs of :class:`AlgebraicNetwork` to :class:`Volumes` and what was :class:`Seen`."""

    def __init__(self, aggregation: Aggregation = "softmax") -> None:
        super().__init__()
        self.aggregation: Aggregation = aggregation
        self.algebraic = AlgebraicNetwork()
        self.latent = nn.Conv2d(64, _LATENT, 1)
        self.voxels = VoxelNetwork(_LATENT + JOINTS + 1, JOINTS, _WIDTHS)
        self.shares = nn.Parameter(torch.tensor([-1.5, 0.0]))
        self.refiner = Refiner()

    def outputs(self) -> list[nn.Module]:
        """The last layers."""
        return [*self.algebraic.outputs(), self.voxels.last[1], self.refiner.last]

    def forward(
        self, rgb: torch.Tensor, projections: torch.Tensor, there: torch.Tensor,
        turn: torch.Tensor | None = None,
    ) -> tuple[Volumes, Seen]:  # fmt: skip
        """``turn`` (batch; radians) turns the grid about the vertical."""
        seen = self.algebraic.look(rgb)
        return self.solve(seen, projections, there, turn), seen

    def solve(
        self, seen: Seen, projections: torch.Tensor, there: torch.Tensor,
        turn: torch.Tensor | None = None, centre: torch.Tensor | None = None,
    ) -> Volumes:  # fmt: skip
        """The joints in space by what was seen; the grid stands about ``centre`` (batch, 3), else
        about the pelvis of the algebraic solution."""
        if not self.training:
            seen = agreed(seen, projections, there)
        if turn is None:
            turn = projections.new_zeros(len(projections))
        latent = self.latent(seen.features.flatten(0, 1)).unflatten(0, there.shape)
        with torch.autocast(projections.device.type, enabled=False):
            projections = metric(projections.float())
            points = solved(seen, projections, there).detach()
            if centre is None:
                centre = points[:, PELVIS].clamp(-SIDE_M / 2, SIDE_M / 2)
            trust = confidence(seen.sigma_px) * there[..., None]
            by_maps = self.shares[0].exp() * (evidence_of(seen.maps) - LEAST)
            by_maps = by_maps * trust[..., None, None]
            grid, turns = grid_axes(VOXELS, STEP_M, turn)
            places = grid + centre[:, None]
            told, blurred = (
                by_maps + self._by_points(seen, there, blur) for blur in (0.0, _BLUR_PX)
            )
            shape = (told.shape[3], told.shape[4])
            where, inside = in_maps(projections, places, STRIDE_PX, shape)
            says = unprojected_sum(blurred, where)
            inside = inside & there[..., None]
            weight = inside * trust.mean(2, keepdim=True)
            latents = aggregated(unprojected(latent.float(), where), weight, self.aggregation)
            in_view = inside.float().mean(1, keepdim=True)
            given = torch.cat([latents, 0.2 * says, in_view], 1)
        cube = given.unflatten(2, (VOXELS,) * 3)
        cube = cube.contiguous(memory_format=torch.channels_last_3d)
        learned = self.voxels(cube).flatten(2)
        with torch.autocast(projections.device.type, enabled=False):
            learned = learned.float().contiguous()
            logits = says + learned
            coarse = mean_place(logits, places)
            fine = self.again(coarse, learned, told, projections, centre, turns)
            first = First(fine, coarse, points, _spread(logits, places, coarse), seen.xy_px,
                          seen.sigma_px, projections, there)  # fmt: skip
            xyz = self.refiner(first.known())
        return Volumes(xyz, first, logits, places, centre, turns)

    def _by_points(self, seen: Seen, there: torch.Tensor, blur_px: float) -> torch.Tensor:
        """What the views' points say, by how sure they are, in maps like the heatmaps."""
        rows, columns = seen.maps.shape[3:]
        at = cells(seen.xy_px, STRIDE_PX)
        narrow = 2 * (seen.sigma_px.square() + blur_px**2)[..., None] / STRIDE_PX**2
        x = torch.arange(columns, device=at.device)
        y = torch.arange(rows, device=at.device)
        across = (-(x - at[..., :1]).square() / narrow).exp()
        down = (-(y - at[..., 1:]).square() / narrow).exp()
        share = down[..., :, None] * across[..., None, :]
        told = ((1 - _MISTAKEN) * share + _MISTAKEN).log() - LEAST
        return self.shares[1].exp() * told * there[..., None, None, None]

    def again(
        self, coarse: torch.Tensor, learned: torch.Tensor, told: torch.Tensor,
        projections: torch.Tensor, centre: torch.Tensor, turns: torch.Tensor,
    ) -> torch.Tensor:  # fmt: skip
        """A second look at what the views told, on a fine grid about every joint, with what the 3D
        network holds likely there."""
        batch = len(coarse)
        fine, _ = grid_axes(FINE, FINE_STEP_M, coarse.new_zeros(1))
        about = coarse.detach()[:, :, None] + fine[0]
        count = fine.shape[1]
        own = told.transpose(1, 2).flatten(0, 1)[:, :, None]
        cameras = projections[:, None].expand(-1, JOINTS, -1, -1, -1).flatten(0, 1)
        shape = (told.shape[3], told.shape[4])
        where, _ = in_maps(cameras, about.flatten(0, 1), STRIDE_PX, shape)
        says = unprojected_sum(own, where).view(batch, JOINTS, count)
        local = torch.einsum("bji,bknj->bkni", turns, about - centre[:, None, None])
        grid = (local / (SIDE_M / 2)).flip(-1)[:, :, :, None, None]
        cube = learned.view(batch * JOINTS, 1, VOXELS, VOXELS, VOXELS)
        likely = functional.grid_sample(
            cube, grid.flatten(0, 1), "bilinear", "border", align_corners=False
        ).view(batch, JOINTS, count)
        return mean_place(says + likely, about)


def _spread(logits: torch.Tensor, places: torch.Tensor, mean: torch.Tensor) -> torch.Tensor:
    """How far volumes spread along each axis (batch, joints, 3)."""
    return (mean_place(logits, places.square()) - mean.square()).clamp_min(1e-6).sqrt()


LEAST = float(torch.tensor(_MISTAKEN).log())
"""What a view says of a place where it sees nothing of a joint, or does not look."""


def evidence_of(maps: torch.Tensor) -> torch.Tensor:
    """Heatmap logits (..., rows, columns) as the logarithm of how much more likely a joint is in a
    cell than in the likeliest, with a share that is mistaken: 0 at the peak, never below
    ``LEAST``, which is also what is said of places out of view."""
    share = maps.flatten(-2).softmax(-1)
    share = share / share.amax(-1, keepdim=True)
    return ((1 - _MISTAKEN) * share + _MISTAKEN).log().view_as(maps)
