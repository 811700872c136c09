"""The panel of synchronisation: the step's own, and the cameras' curves before and after."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtWidgets import QVBoxLayout

from studio.document.project import Asset, TakeItem
from studio.registry import Feature
from studio.ui.aligned_curves import Aligned, AlignedCurves
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Studio


class Panel(StepPanel):
    """Shows with the newest result how the cameras' curves lie over each other."""

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self._strip = AlignedCurves()
        self._shown: Asset | None = None
        self._strip.hide()
        super().__init__(studio, feature)

    def build(self, place: QVBoxLayout) -> None:
        super().build(place)
        place.addWidget(self._strip)

    def refresh(self) -> None:
        super().refresh()
        if not self.loaded:
            return
        done = [t for t in self.studio.project.all(TakeItem) if t.curves is not None]
        chosen = [t for t in done if t.id in self.studio.selection.ids]
        take = (chosen or done or [None])[-1]
        curves = take.curves if take is not None else None
        if curves == self._shown:
            return
        self._shown = curves
        if take is None or curves is None:
            self._strip.set_curves(())
            return
        assets = self.studio.assets
        self.studio.watch.call(
            self.studio.lanes["io"].submit(lambda: aligned(take, assets.arrays(curves))),
            lambda found: self._strip.set_curves(found) if curves == self._shown else None,
        )


def aligned(take: TakeItem, arrays: Mapping[str, np.ndarray]) -> tuple[Aligned, ...]:
    """The curves of a take, with the clocks of its clips before and after."""
    found: list[Aligned] = []
    for clip in take.clips:
        if f"{clip.camera}:values" not in arrays:
            continue
        offset, pace = arrays[f"{clip.camera}:before"]
        found.append(
            Aligned(
                clip.camera,
                arrays[f"{clip.camera}:times_s"],
                arrays[f"{clip.camera}:values"].astype(np.float64),
                (float(offset), float(pace)),
                (clip.offset_s, clip.pace),
            )
        )
    return tuple(found)
