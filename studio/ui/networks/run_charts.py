"""The curves of one or more runs, as charts. No Qt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.training.runs import Curve, Run
from studio.ui.series import Chart, Series

_SMOOTH = 15


def run_charts(runs: Sequence[Run]) -> tuple[Chart, ...]:
    """Loss, each figure, its terms, learning rate and speed; several runs share each chart."""
    several = len(runs) > 1
    charts = [Chart("Loss", "", _curves(runs, "loss", several), "", log=True)]
    figures = list(dict.fromkeys(name for run in runs for name in run.figures))
    for name in figures:
        series = tuple(
            Series(run.name if several else name, run.figures[name].steps, run.figures[name].values,
                   "plain" if several else "accent")
            for run in runs if name in run.figures
        )  # fmt: skip
        charts.append(Chart(name, "", series, ""))
    if not several:
        terms = [name for name in runs[0].losses if name != "loss"]
        if len(terms) > 1:
            series = tuple(_smooth(name, runs[0].losses[name]) for name in terms)
            charts.append(Chart("Terms of the loss", "", series, "", log=True))
        for title, unit, curve in (
            ("Learning rate", "", runs[0].rate), ("Speed", "samples/s", runs[0].samples_per_s),
        ):  # fmt: skip
            charts.append(
                Chart(title, unit, (Series(title, curve.steps, curve.values, "accent"),), "",
                      from_zero=True)
            )  # fmt: skip
    return tuple(chart for chart in charts if any(len(s.x) for s in chart.series))


def _curves(runs: Sequence[Run], name: str, several: bool) -> tuple[Series, ...]:
    out: list[Series] = []
    for run in runs:
        curve = run.losses.get(name)
        if curve is None:
            continue
        if several:
            out.append(_smooth(run.name, curve))
        else:
            out += [Series("As told", curve.steps, curve.values, "faint"),
                    _smooth("Smoothed", curve, "accent")]  # fmt: skip
    return tuple(out)


def _smooth(name: str, curve: Curve, tone: str = "plain") -> Series:
    """A running mean that sees only the past."""
    values, width = curve.values, min(_SMOOTH, max(len(curve.values), 1))
    sums = np.cumsum(np.insert(np.nan_to_num(values), 0, 0.0))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - width, 0)
    mean = (sums[ends] - sums[starts]) / np.maximum(ends - starts, 1)
    return Series(name, curve.steps, mean, tone)  # type: ignore[arg-type]
