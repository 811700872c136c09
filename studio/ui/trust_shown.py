"""How far a project's rig is to be trusted, as the viewport draws it."""

from __future__ import annotations

import numpy as np

from studio.document.project import RigItem
from studio.scene.items.trust import TrustMarks, trust_marks


def marks_of(item: RigItem | None) -> TrustMarks | None:
    """Error ellipsoids of the cameras and error bars of the volume; None where nothing is known.

    A camera that was held still has no ellipsoid, a place that too few cameras see no bar. The
    first place (the centre) and the worst have their figure beside them: more would overlap.
    """
    if item is None or item.trust is None or not item.trust.bars:
        return None
    spread = {one.camera: one.centre_mm for one in item.trust.cameras}
    unknown = (None, None, None)
    bars_mm = np.array([bar.mm for bar in item.trust.bars], np.float64)
    worst = int(np.nan_to_num(bars_mm).argmax())
    texts = [
        "unseen" if bar.mm is None else f"{bar.mm:.1f} mm" if number in (0, worst) else ""
        for number, bar in enumerate(item.trust.bars)
    ]
    return trust_marks(
        item.rig(),
        np.array([spread.get(camera.name, unknown) for camera in item.cameras], np.float64),
        np.array([bar.xyz_m for bar in item.trust.bars]),
        bars_mm,
        texts,
    )
