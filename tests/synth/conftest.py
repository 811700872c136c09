from __future__ import annotations

import pytest

from studio.synth.figure import Figure, make_figure


@pytest.fixture(scope="session")
def figure() -> Figure:
    return make_figure(gender=0.3, age=0.6, height=0.6, weight=0.5)
