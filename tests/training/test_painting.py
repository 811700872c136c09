"""Painting labels: what a stroke covers, that undo gives back every pixel, and edges found."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.training.painting import Painting, composite

SIZE = (60, 80)
place = st.tuples(st.floats(-20, 100), st.floats(-20, 80))


def blank() -> Painting:
    return Painting(np.zeros(SIZE, np.uint8))


@pytest.mark.parametrize("radius", [0.5, 2, 7.5, 20])
def test_a_stroke_is_as_wide_as_its_brush(radius: float) -> None:
    painting = blank()
    painting.line((10, 30), (70, 30), radius, 3)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    away = np.hypot(x - np.clip(x, 10, 70), y - 30)
    assert (painting.labels[away < radius - 1] == 3).all()
    assert (painting.labels[away > radius + 1.5] == 0).all()


@given(st.lists(st.tuples(place, place, st.floats(0.5, 15), st.integers(0, 8)), max_size=12))
@settings(max_examples=40, deadline=None)
def test_undo_and_redo_walk_through_every_stroke(strokes) -> None:
    painting = blank()
    history = [painting.labels.copy()]
    for start, end, radius, value in strokes:
        before = painting.labels.copy()
        region = painting.line(start, end, radius, value)
        outside = np.ones(SIZE, bool)
        outside[region] = False
        np.testing.assert_array_equal(painting.labels[outside], before[outside])
        if painting.end():
            history.append(painting.labels.copy())
    for wanted in history[-2::-1]:
        assert painting.undo()
        np.testing.assert_array_equal(painting.labels, wanted)
    assert not painting.undo()
    for wanted in history[1:]:
        assert painting.redo()
        np.testing.assert_array_equal(painting.labels, wanted)
    assert not painting.redo()


def test_a_stroke_after_undo_forgets_what_was_undone() -> None:
    painting = blank()
    painting.line((5, 5), (9, 5), 2, 1)
    painting.end()
    painting.undo()
    painting.line((50, 50), (55, 50), 2, 2)
    painting.end()
    assert not painting.can_redo
    assert set(np.unique(painting.labels)) == {0, 2}


def test_a_lasso_fills_its_inside_and_two_points_fill_nothing() -> None:
    painting = blank()
    painting.fill([(10, 10), (40, 10), (40, 40), (10, 40)], 5)
    assert painting.labels[12:39, 12:39].min() == 5
    assert painting.labels[:, 45:].max() == 0
    painting.end()
    painting.fill([(0, 0), (70, 50)], 7)
    assert not painting.end()


def test_filling_stops_at_other_labels() -> None:
    painting = blank()
    painting.line((40, 0), (40, 59), 2, 1)
    painting.end()
    painting.flood((10, 10), 4)
    assert painting.labels[30, 10] == 4
    assert painting.labels[30, 70] == 0
    assert painting.labels[30, 40] == 1
    painting.end()
    painting.flood((-5, 400), 6)
    assert not painting.end()


def test_a_rough_lasso_snaps_to_the_edge_of_what_it_holds() -> None:
    rgb = np.full((120, 160, 3), (60, 90, 60), np.uint8)
    truth = np.zeros((120, 160), np.uint8)
    cv2.circle(truth, (80, 60), 30, 1, -1)
    rgb[truth > 0] = (200, 140, 110)
    noise = np.random.default_rng(0).normal(0, 6, rgb.shape)
    rgb = np.clip(rgb + noise, 0, 255).astype(np.uint8)
    painting = Painting(np.zeros((120, 160), np.uint8))
    turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    wobbly = 30 + 6 * np.sin(5 * turns)
    outline = [(80 + r * np.cos(t), 60 + r * np.sin(t)) for r, t in zip(wobbly, turns, strict=True)]
    painting.fill(outline, 1)

    def overlap() -> float:
        mine = painting.labels > 0
        return float((mine & (truth > 0)).sum() / (mine | (truth > 0)).sum())

    rough = overlap()
    painting.snap(rgb, 1, 9)
    assert rough < 0.9
    assert overlap() > 0.97
    painting.end()
    painting.undo()
    assert not painting.labels.any()


def test_an_item_shows_where_nothing_hides_it() -> None:
    rgb = np.full((2, 3, 3), 100, np.uint8)
    item = np.zeros((2, 3, 4), np.uint8)
    item[:, :2] = (10, 20, 30, 255)
    item[:, 1, 3] = 128
    hidden = np.zeros((2, 3), np.uint8)
    hidden[1] = 255
    seen = composite(rgb, item, hidden)
    np.testing.assert_array_equal(seen[0, 0], (10, 20, 30))
    np.testing.assert_allclose(seen[0, 1], (55, 60, 65), atol=1)
    np.testing.assert_array_equal(seen[0, 2], 100)
    np.testing.assert_array_equal(seen[1], 100)
