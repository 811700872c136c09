"""The bust is the fitted head: its points lie where the fit has them, and its neck is cut level."""

from __future__ import annotations

import numpy as np
import pytest

from studio.human.heads import model
from studio.human.heads.carving import skin_offsets
from studio.synth.figure import make_figure
from studio.synth.heads.bust import bust


def test_a_bust_is_the_persons_head_with_what_is_carved():
    values = model.usual()
    values[5 + 20] = 0.6
    carved = np.zeros((478, 3))
    carved[4] = (0.0, -0.004, 0.001)
    figure = bust()
    shaped = figure.of(values, carved)
    own = figure.ids[figure.kept[figure.kept < len(figure.ids)]]
    place = {int(vertex): row for row, vertex in enumerate(own)}
    ids, means = model.marks()
    rows = [place[int(vertex)] for vertex in ids]
    calm = figure.of(values, np.zeros((478, 3)))
    assert means @ calm.vertices_m[rows] == pytest.approx(model.points_of(values), abs=1e-5)
    moved = shaped.vertices_m[: len(own)] - calm.vertices_m[: len(own)]
    told = skin_offsets({point: tuple(carved[point]) for point in range(468)})[own]
    assert moved[rows] == pytest.approx(told[rows], abs=6e-4)
    smile = np.zeros(52)
    smile[24] = 1.0
    assert shaped.acted(smile) == pytest.approx(
        shaped.vertices_m + shaped.actions_m[24].numpy(), abs=1e-6
    )


def test_the_neck_ends_in_a_straight_cut():
    figure = bust()
    at = figure.of(model.usual(), np.zeros((478, 3))).vertices_m
    skin = figure.faces[: -figure.eyes]
    edges = np.sort(np.concatenate([skin[:, [0, 1]], skin[:, [1, 2]], skin[:, [2, 0]]]), axis=1)
    lone, count = np.unique(edges, axis=0, return_counts=True)
    rim = np.unique(lone[count == 1])
    rim = rim[at[rim, 2] < at[:, 2].min() + 0.01]
    assert len(rim) > 30
    assert np.ptp(at[rim, 2]) < 0.006
    whole = make_figure().surface.faces["skin"]
    assert len(skin) < 0.5 * len(whole)
    assert figure.clear.min() < 0.1
    assert figure.clear[-1] == 1.0
