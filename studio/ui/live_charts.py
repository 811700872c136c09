"""Curves of the live cameras over the last minute: rate, lost frames, latency. No Qt."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from studio.media.live.stats import Stats
from studio.ui.series import Chart, Series

SPAN_S = 60.0


def live_charts(stats: Mapping[str, Stats], now_s: float) -> tuple[Chart, ...]:
    """One chart a figure, one curve a camera; time runs from a minute ago to now (0)."""
    rows = {name: one.history for name, one in stats.items()}
    near = {name: table[now_s - table[:, 0] <= SPAN_S] for name, table in rows.items()}

    def curves(figure: str) -> tuple[Series, ...]:
        return tuple(
            Series(name, table[:, 0] - now_s, _figure(table, figure))
            for name, table in near.items()
        )

    return (
        Chart("Frames a second", "fps", curves("rate")),
        Chart("Lost frames", "a second", curves("lost")),
        Chart("Latency", "ms", curves("latency")),
    )


def _figure(table: np.ndarray, figure: str) -> np.ndarray:
    if figure == "rate":
        return table[:, 1]
    if figure == "latency":
        return 1000 * table[:, 5]
    lost, span = table[:, 2] + table[:, 4], np.diff(table[:, 0], prepend=table[:1, 0] - 0.5)
    return lost / np.maximum(span, 0.1)
