"""A body's surface that is moved onto a photograph's outline."""

from __future__ import annotations

import numpy as np
import torch

from studio.core.types import Camera, Keypoints
from studio.human.bodies import hanging, meeting
from studio.human.bodies.canonical import SKIN, canonical
from studio.human.bodies.clothed import ClothedField
from studio.human.bodies.fitted import BodyFit, BodyPhoto
from studio.human.bodies.hanging import Hung, Sight
from studio.human.bodies.meeting import MetField
from studio.human.bodies.outline import Window, hits, overlap
from studio.human.bodies.shell import beyond
from studio.human.bodies.surface import Surface
from studio.human.design import Design
from studio.human.layouts import layout
from studio.human.person import Shape, whole

WIDE, TALL = 420, 400


def test_a_thin_body_is_thickened_to_the_outline(monkeypatch):
    for name, value in {"SPACING_M": 0.025, "_GRID_M": 0.03, "_ROUNDS": 2}.items():
        monkeypatch.setattr(meeting, name, value)
    monkeypatch.setattr(hanging, "_CALM", 1.0)
    with torch.no_grad():
        space = canonical(whole().rest(Shape.of(), actions=False), "A")
    thin, thick = (ClothedField(space, np.full(19_158, far)) for far in (0.004, 0.016))
    matrix = np.array([[600.0, 0, WIDE / 2], [0, 600.0, TALL / 2], [0, 0, 1]])
    camera = Camera("ahead", (WIDE, TALL), matrix, np.zeros(0), np.eye(3), np.zeros(3))
    carried = np.tile(np.eye(4), (104, 1, 1))
    carried[:, :3, :3] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
    carried[:, :3, 3] = [0, 0.85, 3.2]
    posed = thick.vertices_m[:SKIN] @ carried[0, :3, :3].T + carried[0, :3, 3]
    everything = Window(0, 0, WIDE, TALL, 1.0)
    mask = 255 * np.isfinite(hits(everything, camera, posed, space.faces)[0]).astype(np.uint8)
    points = layout("whole_body")
    nothing = Keypoints("p", 0.0, points, np.zeros((len(points), 2)), np.zeros(len(points)))
    photo = BodyPhoto("p", np.zeros((TALL, WIDE, 3), np.uint8), mask, nothing)
    sight = Sight.of(photo, camera, carried)
    fit = BodyFit(Design(), (), np.full(19_158, 0.004), 1.7)
    found = MetField(thin, space, fit, [sight])
    skin = thin.vertices_m[:SKIN]

    def covers(vertices_m: np.ndarray) -> float:
        return overlap(Hung(Surface(vertices_m, space.faces), space, skin).shown(sight), sight.mask)

    normals = (thick.vertices_m[:SKIN] - skin) / 0.012
    rim = (beyond(space, skin) < -0.1) & (np.abs(normals[:, 1]) < 0.15)
    moved = found.more_m[rim]
    assert 0.003 < np.quantile(moved, 0.9) < 0.02
    assert np.median(np.abs(found.more_m[np.abs(normals[:, 1]) > 0.8])) < 0.002
    assert np.abs(found.more_m[beyond(space, skin) > 0.02]).max() < 0.003
    assert covers(skin) < 0.95
    assert covers(skin + found.more_m[:, None] * normals) > covers(skin) + 0.01
    most = np.flatnonzero(rim)[moved > 0.004]
    more = found.inside(skin[most]) - thin.inside(skin[most])
    np.testing.assert_allclose(np.median(more), np.median(found.more_m[most]), atol=0.003)
