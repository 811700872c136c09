"""Photographs made worse, and how many of them are told."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.human.heads import model
from studio.journeys.head_hidden import covers, figures


@pytest.fixture(scope="module")
def photograph():
    """A grey picture with a face's points in the middle."""
    points = model.points_of(model.usual())
    at = np.column_stack([points[:, 0], -points[:, 2], points[:, 1]])
    at = 1000 * (at - at.mean(0)) + (150, 150, 0)
    rgb = np.full((300, 300, 3), 128, np.uint8)
    return SimpleNamespace(name="grey", rgb=rgb, xyz_px=at, warnings=())


def test_covers_hide_the_mouth_or_a_half_and_leave_the_brow(photograph):
    every = list(covers(photograph))
    assert len(every) == 6
    x, y = np.rint(photograph.xyz_px[:, :2]).astype(int).T
    hidden = [(one != photograph.rgb).any(-1) for one in every]
    assert all(h[y[17], x[17]] for k, h in enumerate(hidden) if k != 3)
    assert hidden[3][y[411], x[411]]  # one cheek, not the other
    assert not hidden[3][y[187], x[187]]
    assert not any(h[y[10], x[10]] for k, h in enumerate(hidden) if k != 3)


def test_what_is_told_is_counted(photograph):
    class Looker:
        def look(self, name, rgb):
            if rgb[0, 0, 0] != 128:
                raise StudioError("The head in “grey” is upside down.", "Turn it.")
            dark = bool((rgb < 60).all(-1).any())
            return SimpleNamespace(warnings=("something lies before the face",) if dark else ())

    first, second = figures(Looker(), [photograph])
    assert first.value == "2 of 6; 0 of 1"
    assert not first.met
    assert second.value == "0 of 2"
