"""Curves of the live cameras over the last minute: rate, lost frames, latency. No Qt."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from studio.media.live.stats import WINDOW_S, Stats
from studio.ui.series import Chart, Series

SPAN_S = 60.0
START_S = 1.0
_AT_ONCE = np.array([True, False, True, True, True, True])
"""The columns of a history that mean something from the first row on: all but the rate."""


def live_charts(stats: Mapping[str, Stats], now_s: float) -> tuple[Chart, ...]:
    """One chart a figure, one curve a camera; time runs from a minute ago to now (0)."""
    rows = {name: one.history for name, one in stats.items()}
    near = {}
    for name, table in rows.items():
        shown = now_s - table[:, 0] <= SPAN_S
        near[name] = np.where(_settled(table)[:, None] | _AT_ONCE, table, np.nan)[shown]

    def curves(figure: str) -> tuple[Series, ...]:
        return tuple(
            Series(name, table[:, 0] - now_s, _figure(table, figure))
            for name, table in near.items()
        )

    return (
        Chart("Frames a second", "fps", curves("rate"), from_zero=True),
        Chart("Lost frames", "a second", curves("lost"), from_zero=True),
        Chart("Latency", "ms", curves("latency"), from_zero=True),
    )


def _settled(table: np.ndarray) -> np.ndarray:
    """Rows whose rate is of whole seconds: not those soon after a camera opened, when a buffer
    that had filled is handed over at once. A row comes about every half second."""
    time_s = table[:, 0]
    opened = np.diff(time_s, prepend=-np.inf) > WINDOW_S
    since = time_s - np.maximum.accumulate(np.where(opened, time_s, -np.inf))
    return since > WINDOW_S + START_S


def _figure(table: np.ndarray, figure: str) -> np.ndarray:
    if figure == "rate":
        return table[:, 1]
    if figure == "latency":
        return 1000 * table[:, 5]
    lost, span = table[:, 2] + table[:, 4], np.diff(table[:, 0], prepend=table[:1, 0] - 0.5)
    return lost / np.maximum(span, 0.1)
