"""Error against the number of cameras as charts: of the take on show, and of held-out rigs beside
the thesis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.types import Fact
from studio.features.triangulate.curves import SEED_CAMERAS, SEED_MM, Curve, held_out, of_take
from studio.features.triangulate.fewer import CAMERAS, LEFT_OUT
from studio.ui.series import Chart, Series, Tone

HELD_OUT, TAKE, UNSEEN = (
    f"Held-out rigs (dots at {SEED_MM:g} mm: thesis)", "From where all cameras put it",
    "In cameras left out",
)  # fmt: skip
_SHORT = {"without confidences": "DLT", "oracle weights": "oracle"}
"""Methods that the card calls otherwise: a panel is narrow."""


def charts(facts: Sequence[Fact], used: str = "") -> tuple[Chart, ...]:
    """All curves that there are. ``used`` is the method of the motion on show."""
    own = [
        _chart(title, unit, of_take(facts, prefix), used)
        for title, unit, prefix in ((TAKE, "mm", CAMERAS), (UNSEEN, "px", LEFT_OUT))
    ]
    measured = held_out()
    chart = _chart(HELD_OUT, "mm", measured, used, limit=SEED_MM, published=bool(measured))
    return tuple(c for c in (*own, chart) if c.series)


def _chart(
    title: str, unit: str, curves: Sequence[Curve], used: str, limit: float | None = None,
    published: bool = False,
) -> Chart:  # fmt: skip
    series: list[Series] = []
    for curve in curves:
        x, y = _points(curve.values)
        if published and (cameras := SEED_CAMERAS.get(curve.method)):
            x, y = np.append(x, [np.nan, cameras]), np.append(y, [np.nan, SEED_MM])
        name = _SHORT.get(curve.method, curve.method)
        series.append(Series(name, x, y, _tone(name, used), dots=True))
    return Chart(title, unit, tuple(series), x_unit="cameras", limit=limit, from_zero=True)


def _tone(name: str, used: str) -> Tone:
    if name == "oracle":
        return "faint"
    return "accent" if name.lower() == used else "plain"


def _points(values: dict[int, float]) -> tuple[np.ndarray, np.ndarray]:
    at = sorted(values)
    return np.array(at, float), np.array([values[k] for k in at])
