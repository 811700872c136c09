"""The light of small pictures, from either side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.synth import portrait
from studio.training import heads
from studio.training.heads import TEST_SETS, HeadSweeps


def test_light_from_the_right_is_that_from_the_left_in_a_mirror_as_the_camera_sees_it() -> None:
    framing = portrait.Framing((0.0, 0.0, 1.5), 0.4, 0.0, 0.0)
    for turn in (0.0, 35.0):
        turned = replace(framing, turn_deg=turn)
        axes = portrait.camera(turned, (64, 64)).rotation
        left, right = (portrait.light(turned, side).towards @ axes.T for side in (False, True))
        assert left[0, 0] < 0 < right[0, 0]
        np.testing.assert_allclose(right * (-1, 1, 1), left, atol=1e-12)


def test_heads_to_learn_from_are_lit_from_both_sides_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bool] = []

    class Factory:
        def sweep(self, seed: int, sets: tuple[str, ...], both_sides: bool) -> int:
            asked.append(both_sides)
            return seed

    def made(source: HeadSweeps) -> Factory:
        source._kept = None
        return Factory()

    monkeypatch.setattr(HeadSweeps, "made", made)
    monkeypatch.setattr(heads, "sample_of", lambda sweep, name: {})
    for split in ("train", "validation", "test"):
        HeadSweeps(split, 0)[len(TEST_SETS)]
    assert asked == [True, False, False]
