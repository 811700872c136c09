"""A head is as large as what was measured on the person says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from studio.features.head.fitting import sized
from studio.features.head.params import Params
from studio.human.heads import model
from studio.human.heads.fit import View, fit
from studio.human.heads.shown import Portrait
from studio.human.rig import ACTIONS
from studio.synth.heads.seen import apart_m, scale_of, seen_head

NOSE, CHIN, PUPILS = 168, 152, [468, 473]


@pytest.fixture(scope="module")
def portrait():
    """Somebody with an open mouth, seen exactly."""
    near = model.linear(model.usual())
    actions = np.zeros(52)
    actions[ACTIONS.index("jawOpen")] = 0.3
    level = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
    turn = level @ Rotation.from_euler("z", 6, degrees=True).as_matrix()
    view = View(turn, np.array([0.0, 0.0, 0.7]), 900.0, (319.5, 319.5), actions)
    points = near.acted(actions)
    deep = view.camera_points(points)[:, 2]
    deep = (deep - deep.mean()) * view.focal_px / deep.mean()
    return Portrait(np.column_stack([view.project(points), deep]), (640, 640))


@pytest.mark.parametrize("told", [{"pupils_mm": 66}, {"chin_mm": 104}])
def test_a_length_makes_the_head_true_to_a_millimetre(portrait, told):
    head = fit([portrait], gender=0.5)
    made = seen_head(head, [portrait], scale=sized(Params(**told), head, [portrait]))
    ids, means = model.marks()
    calm = View(np.eye(3), np.zeros(3), 1.0, (0.0, 0.0), np.zeros(52))
    points = means @ made.skin(calm)[ids]
    ends = PUPILS if "pupils_mm" in told else [NOSE, CHIN]
    found = np.linalg.norm(np.diff(points[ends], axis=0))
    assert 1000 * found == pytest.approx(next(iter(told.values())), abs=1.0)


def test_lips_may_be_apart_with_teeth_on_teeth(portrait):
    jaw = ACTIONS.index("jawOpen")
    assert fit([portrait]).views[0].actions[jaw] > 0.1
    shut = Portrait(portrait.xyz_px, portrait.size_px, jaw=0.05)
    assert fit([shut]).views[0].actions[jaw] <= 0.05 + 1e-9


def test_pupils_say_less_of_the_size_the_further_a_face_is_turned(portrait):
    head = fit([portrait], gender=0.5)
    plain = apart_m(head, [portrait])
    by = []
    for turn_deg in (0, 35):
        turn = Rotation.from_euler("z", turn_deg - 6, degrees=True).as_matrix()
        view = replace(head.views[0], rotation=head.views[0].rotation @ turn)
        away = apart_m(replace(head, views=(view,)), [portrait])
        by.append(scale_of(replace(head, views=(view,)), [portrait], 1.2 * away))
    assert plain > 0.05
    assert by[0] == pytest.approx(1.2, abs=0.002)
    assert 1.02 < by[1] < 1.15
