"""Pins: what was found nearby goes with them, locks hold, and a drag is followed quickly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from studio.human.heads import model
from studio.human.heads.carving import carve
from studio.human.heads.fit import View, fit
from studio.human.heads.named import PLACES, name_of
from studio.human.heads.pins import pulled
from studio.human.heads.shown import Portrait
from studio.human.rig import ACTIONS

CHIN = 152


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    """Somebody who smiles a little, seen exactly."""
    near = model.linear(model.usual())
    actions = np.zeros(52)
    actions[[ACTIONS.index(f"mouthSmile{side}") for side in ("Left", "Right")]] = 0.4
    level = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
    turn = level @ Rotation.from_euler("z", 8, degrees=True).as_matrix()
    view = View(turn, np.array([0.0, 0.0, 0.7]), 900.0, (319.5, 319.5), actions)
    points = near.acted(actions)
    seen = view.camera_points(points)
    deep = (seen[:, 2] - seen[:, 2].mean()) * view.focal_px / seen[:, 2].mean()
    return Portrait(np.column_stack([view.project(points), deep]), (640, 640))


@pytest.fixture(scope="module")
def found(portrait):
    return fit([portrait])


def pinned(portrait: Portrait, **off_px: tuple[float, float]) -> Portrait:
    put = np.full((478, 2), np.nan)
    for point, off in off_px.items():
        put[int(point[1:])] = portrait.xyz_px[int(point[1:]), :2] + off
    return replace(portrait, pinned_px=put)


def test_neighbours_go_with_a_pin_and_other_pins_hold(portrait):
    found = portrait.xyz_px[:, :2]
    one = pinned(portrait, p152=(0, 20)).wanted_px - found
    assert one[CHIN] == pytest.approx([0, 20])
    assert 5 < one[175, 1] < 20  # just above the chin
    assert abs(one[10, 1]) < 0.01  # the forehead
    held = pinned(portrait, p152=(0, 20), p175=(0, 0)).wanted_px - found
    assert held[175] == pytest.approx([0, 0], abs=1e-9)
    wide = pulled(found, pinned(portrait, p152=(0, 20)).pinned_px, 0.04) - found
    assert wide[175, 1] > one[175, 1]
    assert pulled(found, np.full((478, 2), np.nan)) is found


def test_a_dragged_head_is_where_the_finished_one_is(portrait, found):
    put = pinned(portrait, p152=(0, 18), p61=(-6, 2))
    quick, exact = (fit([put], start=found, rounds=rounds) for rounds in (0, 2))
    (a, b) = (h.views[0].project(h.acted(h.views[0]) + carve(h, [put])) for h in (quick, exact))
    assert np.abs(a - put.wanted_px)[CHIN].max() < 1.0
    assert np.linalg.norm(a - b, axis=1).mean() < 0.5
    before = found.views[0].project(found.acted(found.views[0]))
    assert (b - before)[CHIN, 1] > 14


@pytest.mark.parametrize("held", ["expression", "eyelids", "pose"])
def test_what_is_locked_stays_as_it_was_found(portrait, found, held):
    put = pinned(portrait, p61=(-9, -9), p291=(9, -9), p159=(0, 6), p386=(0, 6))
    free, locked = (fit([put], start=found, rounds=1, held=h).views[0] for h in ((), (held,)))
    was = found.views[0]
    lids = [k for k, name in enumerate(ACTIONS) if name.startswith("eyeBlink")]
    told = {
        "expression": lambda view: view.actions,
        "eyelids": lambda view: view.actions[lids],
        "pose": lambda view: np.array([*view.rotation.ravel(), *view.translation_m, view.focal_px]),
    }[held]
    assert told(locked) == pytest.approx(told(was), abs=1e-12)
    assert not np.allclose(told(free), told(was), atol=1e-4)


def test_a_locked_neck_stays_as_it_is(portrait, found):
    put = pinned(portrait, p61=(-9, -9), p291=(9, -9), p159=(0, 6), p386=(0, 6))
    was = replace(found, neck=np.array([0.3, -0.2, 0.1]))
    free, locked = (fit([put], start=was, rounds=1, held=h) for h in ((), ("neck",)))
    assert locked.neck.tolist() == free.neck.tolist() == was.neck.tolist()
    assert np.abs(locked.values - was.values).max() > 0.05
    region = model.Region.of(np.arange(13380))

    def skin(head):
        rest = region.rest(head.values, neck=head.neck)
        return (rest.vertices_m - rest.heads_m[model.HEAD]).numpy()

    at = skin(was)
    neck = (at[:, 2] > -0.12) & (at[:, 2] < -0.09) & (np.abs(at[:, 0]) < 0.09)
    moved = [np.linalg.norm((skin(h) - at)[neck], axis=1).mean() for h in (locked, free)]
    assert moved[0] < 0.0003 < 0.001 < moved[1]


def test_a_finer_head_keeps_what_points_do_not_tell(portrait, found):
    name = model.unknowns().index("forehead-nubian")
    values = found.values.copy()
    values[name] = 0.5
    fine = replace(found, values=values, near=model.linear(values))
    put = pinned(portrait, p152=(0, 12))
    kept, lost = (fit([put], start=fine, rounds=1, about=about) for about in (fine, None))
    assert abs(kept.values[name] - 0.5) < abs(lost.values[name] - 0.5)


def test_every_point_has_a_name():
    assert name_of(CHIN) == "chin"
    assert {name_of(point) for point in range(478)} == set(PLACES.values())
