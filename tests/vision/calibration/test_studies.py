"""Over many sessions that the limits were not set on: who is caught, who is falsely accused."""

from __future__ import annotations

import pytest

from studio.vision.calibration.studies import studies


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_faults_are_named_and_the_healthy_left_alone() -> None:
    study = studies(10, 7000, sizes=(3, 4, 5, 6))
    assert study.false_alarms <= 0.1
    assert study.within >= 0.9
    for row in study.rows:
        assert row.named >= 0.8, row
