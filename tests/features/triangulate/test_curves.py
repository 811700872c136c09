"""Error against cameras: what the card tells, what the thesis tells, and of the take on show."""

from __future__ import annotations

import numpy as np

from studio.core.card import find_card
from studio.core.types import Fact
from studio.features.triangulate.charts import HELD_OUT, charts
from studio.features.triangulate.curves import SEED_CAMERAS, SEED_MM, held_out
from studio.features.triangulate.fewer import CAMERAS, LEFT_OUT, Fewer, read


def test_the_cards_figures_are_a_curve_of_each_method() -> None:
    curves = {curve.method: curve.values for curve in held_out()}
    figures = {row["what"]: row for row in find_card("volumetric").figures}
    four, two = figures["held-out rigs: MPJPE"], figures["held-out rigs: MPJPE with 2 cameras"]
    assert curves["volumetric"][4] == four["value"]
    assert curves["RANSAC"][2] == two["baselines"]["RANSAC"]
    assert list(curves["algebraic"]) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_thesis_is_drawn_beside_them() -> None:
    (chart,) = charts(())
    assert chart.title == HELD_OUT
    assert chart.limit == SEED_MM
    for series in chart.series:
        dot = SEED_CAMERAS.get(series.name)
        assert bool(dot) == bool(np.isnan(series.y).any()), series.name
        if dot:
            assert (series.x[-1], series.y[-1]) == (dot, SEED_MM)
            assert np.isfinite(series.y[:-2]).all()


def test_lines_of_a_take_are_read_as_they_were_written() -> None:
    fewer = Fewer("dlt", {2: 31.0, 3: 12.0}, {2: 8.2, 3: 4.5})
    moved, unseen = fewer.facts()
    assert (moved.label, unseen.label) == (f"{CAMERAS}dlt", f"{LEFT_OUT}dlt")
    assert read(moved.text) == fewer.off_mm
    assert read(unseen.text) == fewer.left_out_px
    told = charts([moved, unseen, Fact("Agreement", "4 cameras, 2 px")], "dlt")
    assert [chart.y_unit for chart in told] == ["mm", "px", "mm"]
    assert told[0].series[0].tone == "accent"
    assert read("") == {}
