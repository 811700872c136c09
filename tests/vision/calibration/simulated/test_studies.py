"""Over many sessions that the limits were not set on: who is caught, who is falsely accused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.vision.calibration.simulated import studies as module
from studio.vision.calibration.simulated.studies import Outcome, studies


def test_a_study_cut_short_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: list[tuple[str, int, int]] = []

    def one(fault: str | None, cameras: int, seed: int) -> Outcome:
        if len(run) == 5 and not path.with_suffix(".cut").exists():
            path.with_suffix(".cut").touch()
            raise KeyboardInterrupt
        run.append((fault or "", cameras, seed))
        return Outcome(fault or "", cameras, seed, bool(fault), seed % 2 == 0, True, ("a", "b"))

    monkeypatch.setattr(module, "session", one)
    path = tmp_path / "study.jsonl"
    settings = {"sizes": (2, 3), "faults": ("moved camera",), "healthy": 4, "kept": path}
    with pytest.raises(KeyboardInterrupt):
        studies(4, 10, **settings)  # type: ignore[arg-type]
    with path.open("a") as file:
        file.write('{"fault": "mo')
    study = studies(4, 10, **settings)  # type: ignore[arg-type]
    assert len(run) == len(set(run)) == 8
    assert [json.loads(line)["seed"] for line in path.read_text().splitlines()] == [
        10, 11, 12, 13, 10, 11, 12, 13
    ]  # fmt: skip
    assert study.healthy == 4
    assert [(row.cameras, row.runs, row.named) for row in study.rows] == [
        ("3-16", 2, 0.0), ("2", 2, 1.0),
    ]  # fmt: skip
    assert studies(4, 10, **settings) == study  # type: ignore[arg-type]
    path.write_text("[1]\n")
    with pytest.raises(StudioError, match="no outcomes"):
        studies(4, 10, **settings)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_faults_are_named_and_the_healthy_left_alone() -> None:
    study = studies(10, 7000, sizes=(3, 4, 5, 6), healthy=50)
    assert study.false_alarms <= 0.02
    assert study.within >= 0.95
    runs = sum(row.runs for row in study.rows)
    assert sum(row.runs * row.caught for row in study.rows) >= 0.95 * runs
    for row in study.rows:
        assert row.named >= 0.9, row
