"""Sessions that several tests of calibration solve."""

from __future__ import annotations

import pytest

from studio.core.calibration import Solution
from studio.vision.calibration.simulated.sessions import Session, simulate
from studio.vision.calibration.solve import solve


@pytest.fixture(scope="session")
def session() -> Session:
    """Four cameras without a fault, all views equally good."""
    return simulate(4, 5, moments=40, noise_px=0.3)


@pytest.fixture(scope="session")
def solution(session: Session) -> Solution:
    """The same, solved with the lenses given."""
    return solve(
        session.target, session.views, session.sizes_px, intrinsics=session.given, refine="never"
    )
