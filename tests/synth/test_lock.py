"""Locked test sets do not change unnoticed."""

from __future__ import annotations

import numpy as np
import pytest

from studio.synth.factory.lock import decisions, first_points, locked
from studio.synth.factory.recipe import RECIPES


def test_every_recipe_is_locked_at_its_version() -> None:
    assert {name: row.version for name, row in locked().items()} == {
        name: recipe.version for name, recipe in RECIPES.items()
    }


@pytest.mark.parametrize("name", ["heads", "rig"])
def test_first_shots_are_those_that_were_locked(name: str) -> None:
    assert decisions(name, 4) == locked()[name].first_sha256
    now, then = np.array(first_points(name)), np.array(locked()[name].points_px)
    assert np.abs(now - then).max() < 1.0


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(RECIPES))
def test_locked_sets_are_those_that_were_locked(name: str) -> None:
    assert decisions(name) == locked()[name].sha256
