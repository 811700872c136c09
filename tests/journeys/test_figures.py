"""The table of figures: what is told, skipped and missed; and that calibration's parts are fed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from studio.core.errors import StudioError
from studio.journeys import calibration, evaluate
from studio.journeys.figures import Figure, measure
from studio.journeys.synth import wilson


def missing() -> Iterator[Figure]:
    raise FileNotFoundError("the footage x is not here")
    yield


def test_a_missed_goal_is_the_exit_code_and_missing_footage_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    good, bad = Figure("a", "1 px", "<= 2 px", True), Figure("b", "3 px", "<= 2 px", False, "why")
    assert measure([("one", lambda: [good]), ("two", missing)], json=True) == 0
    rows = json.loads(capsys.readouterr().out)["figures"]
    assert [row["what"] for row in rows] == ["a", "two"]
    assert rows[1]["value"] == "skipped: the footage x is not here"
    assert measure([("one", lambda: [good, bad])], json=False) == 1
    told = capsys.readouterr()
    assert "not met" in told.out
    assert "a: 1 px\nb: 3 px" in told.err


def test_figures_are_told_as_soon_as_they_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    def slow() -> Iterator[Figure]:
        yield Figure("first", "1 px")
        assert "first: 1 px" in capsys.readouterr().err

    measure([("one", slow)], json=False)


def test_parts_of_calibration_without_footage_are_skipped() -> None:
    real = ("stereo", "published", "one bad", "rig from a person, real")
    parts = [p for what, p in calibration.parts(None, None, 1, 0.1) if what.startswith(real)]
    assert len(parts) == 4
    for part in parts:
        with pytest.raises(FileNotFoundError, match="is not here"):
            list(part())


def test_nothing_to_measure_is_refused() -> None:
    with pytest.raises(StudioError, match="nothing to measure"):
        evaluate.main("calibration", runs=0)


@pytest.mark.slow
def test_clocks_are_within_milliseconds() -> None:
    figures = list(dict(calibration.parts(None, None, 1, 0.1))["synchronisation"]())
    assert len(figures) == 4
    assert all(float(figure.value.split()[0]) < 6 for figure in figures)


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [(0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (10, 10, 0.722, 1)],
)
def test_shares_have_wilsons_interval(hits: int, count: int, low: float, high: float) -> None:
    assert wilson(hits, count) == pytest.approx((low, high), abs=6e-4)
