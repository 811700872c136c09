"""One person in 3D at one moment, from the pictures of several calibrated cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import nn

from studio.core.card import find_card
from studio.core.types import Camera, Layout
from studio.human.layouts import layout
from studio.perception.heatmaps.network import HEIGHT_PX, WIDTH_PX
from studio.perception.own import placed, quick_type, unpack
from studio.perception.trunk import fused
from studio.perception.views.crop import Box, Crop, crop_at
from studio.perception.views.geometry import middle_of, moved
from studio.perception.views.network import AlgebraicNetwork, confidence
from studio.perception.views.seen import JOINTS, LAYOUT, Seen
from studio.perception.views.volume import aggregation
from studio.perception.views.volumetric import VolumetricNetwork

Way = Literal["algebraic", "volumetric"]
MARGIN = 1.2
"""The height of a crop in heights of a person's box."""
_SIZE = (WIDTH_PX, HEIGHT_PX)


@dataclass(frozen=True, eq=False)
class Sight:
    """A moment as a network sees it, in the order of the layout halpe_26.

    ``xyz_m`` are the joints in the world, NaN where fewer cameras saw the person than are needed;
    ``xy_px`` where each camera sees them, in pixels of its picture as the lens bends it, NaN for
    cameras that did not look; ``sigma_px`` the standard deviations of those, in the same pixels,
    and ``confidence`` how sure that is, 0 to 1.
    """

    xyz_m: Float[np.ndarray, "joints 3"]
    xy_px: Float[np.ndarray, "views joints 2"]
    sigma_px: Float[np.ndarray, "views joints"]
    confidence: Float[np.ndarray, "views joints"]


class Quick:
    """A network in use: in what its device is quickest in, geometry always in single precision."""

    def __init__(self, network: nn.Module, device: str = "cpu") -> None:
        """``network`` is an AlgebraicNetwork or a VolumetricNetwork."""
        self.volumetric = isinstance(network, VolumetricNetwork)
        self._network = placed(network, device).eval()
        self._device, self._type = device, quick_type(device)

    @torch.inference_mode()
    def solve(
        self, rgb: torch.Tensor, projections: torch.Tensor, there: torch.Tensor
    ) -> tuple[torch.Tensor, Seen]:
        """Joints (batch, 26, 3) from crops, projections and the views that are there."""
        given = rgb.to(self._device), projections.to(self._device), there.to(self._device)
        with torch.autocast(self._device, self._type, enabled=self._type is not torch.float32):
            told, seen = self._network(*given)
        return (told.xyz_m if self.volumetric else told), seen


class Viewer:
    """Looks at several pictures of a person at once."""

    def __init__(self, network: nn.Module, device: str = "cpu") -> None:
        """``network`` is an AlgebraicNetwork or a VolumetricNetwork."""
        self._network = Quick(network, device)

    @classmethod
    def load(cls, way: Way, weights: Path | None = None, device: str = "cpu") -> Viewer:
        """From published weights: those of Doppel or of the user, or a file.

        Raises StudioError if there are none.
        """
        card = find_card(way) if weights is None else None
        how = str(card.facts.get("aggregation", "")) if card is not None else ""
        network = AlgebraicNetwork() if way == "algebraic" else VolumetricNetwork(aggregation(how))
        path = weights or find_card(way).weights
        return cls(fused(unpack(network, path)), device)

    @property
    def layout(self) -> Layout:
        """The layout of the joints."""
        return layout(LAYOUT)

    @property
    def least(self) -> int:
        """How many cameras must see a person: the algebraic network needs two."""
        return 1 if self._network.volumetric else 2

    @torch.inference_mode()
    def look(
        self,
        cameras: Sequence[Camera],
        pictures: Sequence[np.ndarray | None],
        boxes: Sequence[Box | None],
    ) -> Sight:
        """The joints of the person in the boxes (left, top, right, bottom; pixels).

        A camera without a picture or a box does not look.
        """
        views = len(cameras)
        given = np.zeros((views, HEIGHT_PX, WIDTH_PX, 3), np.uint8)
        projections = np.tile(np.eye(3, 4), (views, 1, 1))
        crops: list[Crop | None] = []
        for view, (camera, rgb, box) in enumerate(zip(cameras, pictures, boxes, strict=True)):
            crop = None
            if rgb is not None and box is not None:
                crop = crop_at(camera, box, _SIZE, MARGIN, upright=True)
                given[view], projections[view] = crop.take(rgb), crop.projection
            crops.append(crop)
        there = np.array([crop is not None for crop in crops])
        return self._solve(given, projections, there, crops)

    def _solve(
        self,
        given: np.ndarray,
        projections: np.ndarray,
        there: Bool[np.ndarray, " views"],
        crops: Sequence[Crop | None],
    ) -> Sight:
        views = len(there)
        xy = np.full((views, JOINTS, 2), np.nan)
        nothing = np.full((views, JOINTS), np.nan)
        xyz = np.full((JOINTS, 3), np.nan)
        seeing = np.flatnonzero(there).tolist()
        if len(seeing) < self.least:
            return Sight(xyz, xy, nothing, np.zeros((views, JOINTS)))
        rgb = torch.from_numpy(given[seeing]).permute(0, 3, 1, 2)[None] / 255
        matrices = torch.from_numpy(projections[seeing])[None]
        shown = torch.ones(1, len(seeing), dtype=torch.bool)
        origin = middle_of(matrices, shown, _SIZE)
        told, seen = self._network.solve(rgb, moved(matrices, origin).float(), shown)
        xyz = told[0].double().cpu().numpy() + origin[0].numpy()
        at = seen.xy_px[0].double().cpu().numpy()
        sigma = seen.sigma_px[0].double().cpu().numpy()
        sure = confidence(seen.sigma_px[0]).double().cpu().numpy()
        spread, trust = nothing.copy(), np.zeros((views, JOINTS))
        for place, view in enumerate(seeing):
            crop = crops[view]
            assert crop is not None
            xy[view] = crop.in_picture(at[place])
            spread[view] = sigma[place] * crop.step_px
            trust[view] = sure[place]
        return Sight(xyz, xy, spread, trust)


def box_around(xy_px: Float[np.ndarray, "points 2"], sure: np.ndarray) -> Box | None:
    """The box of the points of a person that are sure; None if they are fewer than four."""
    chosen = xy_px[sure & np.isfinite(xy_px).all(-1)]
    if len(chosen) < 4:
        return None
    (left, top), (right, bottom) = chosen.min(0), chosen.max(0)
    room = 0.03 * max(bottom - top, right - left)
    return float(left - room), float(top - room), float(right + room), float(bottom + room)
