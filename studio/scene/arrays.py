"""VTK data rewritten in place, so that nothing is allocated while things move."""

from __future__ import annotations

from typing import Any

import numpy as np


def refill(data: Any, points: np.ndarray | None = None, **arrays: np.ndarray) -> None:
    """Overwrite points and point arrays of a dataset and mark them as changed."""
    if points is not None:
        np.asarray(data.points)[...] = points
        data.GetPoints().Modified()
    for name, values in arrays.items():
        np.asarray(data.point_data[name])[...] = values
        data.GetPointData().GetArray(name).Modified()
    data.Modified()
