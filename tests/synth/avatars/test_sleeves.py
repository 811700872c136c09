"""Arms that are seen from one side go round."""

from __future__ import annotations

import numpy as np
import pytest

from studio.synth.avatars.sleeves import around

BLACK, WHITE, SHIRT = (20.0, 20, 24), (240.0, 240, 240), (90.0, 20, 20)


def test_a_cuff_goes_round_the_arm_and_comes_from_the_other_where_none_is_seen():
    rng = np.random.default_rng(0)
    side = np.repeat([-1, 1], 6000)
    at = np.column_stack([side * rng.uniform(0.1, 0.56, 12_000), rng.uniform(-0.05, 0.05, 12_000),
                          np.full(12_000, 1.4)])  # fmt: skip
    away = np.abs(at[:, 0])
    colour = np.where(((away > 0.5) & (away < 0.54))[:, None], WHITE, BLACK)
    colour[away < 0.15] = SHIRT
    colour[(away > 0.3) & (away < 0.312)] = WHITE  # a print
    seen = (at[:, 1] < 0) & ((side > 0) | (away < 0.45))
    given = np.where(seen[:, None], colour, 128.0)
    arms = away > 0.15
    found, share = around(given, seen.astype(float), at, arms, 0.15)
    cuff = (away > 0.511) & (away < 0.529)
    assert np.abs(found[cuff] - WHITE).max() < 1
    upper = (away > 0.26) & (away < 0.49)
    assert np.abs(found[upper] - BLACK).max() < 1
    assert (share[upper] == 1).all()
    assert (share[~arms] == 0).all()
    assert share[arms & (away < 0.18)].max() == pytest.approx(0, abs=0.01)
    nothing, none = around(given, np.zeros(12_000), at, arms, 0.15)
    assert (none == 0).all()
    assert (nothing == given).all()


def test_behind_a_printed_sleeve_is_plain_cloth_but_a_bare_arm_is_bare():
    rng = np.random.default_rng(1)
    at = np.column_stack([rng.uniform(-0.7, 0.7, 20_000), rng.normal(0, 0.05, (20_000, 1)),
                          rng.uniform(1.1, 1.45, 20_000)])  # fmt: skip
    arms = (np.abs(at[:, 0]) > 0.15) & (at[:, 2] > 1.35)
    white, black, skin = (
        np.array(c, float) for c in ((240, 240, 245), (20, 20, 25), (190, 140, 120))
    )
    shirt = np.where(rng.random((20_000, 1)) < 0.8, white, black)
    printed = np.where(rng.random((20_000, 1)) < 0.3, white, black)
    seen = np.ones(20_000)
    upper = arms & (np.abs(at[:, 0]) > 0.3) & (np.abs(at[:, 0]) < 0.55)
    for worn, wanted in ((printed, white), (np.tile(skin, (20_000, 1)), skin)):
        given = np.where(arms[:, None], worn, shirt)
        found, _ = around(given, seen, at, arms, 0.15)
        assert np.abs(found[upper] - wanted).max() < 3
