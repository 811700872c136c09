"""A head is fitted to the light and the outlines of skin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from studio.human.heads import model
from studio.human.heads.fit import FittedHead, View, fit
from studio.human.heads.model import NECK
from studio.human.heads.shown import Portrait
from studio.perception.portraits import Looked
from studio.render.environment import basis
from studio.render.scene import normal_sums
from studio.render.torch_raster import interpolate, rasterise
from studio.synth.heads.bust import bust
from studio.synth.heads.pixels import stage
from studio.synth.heads.pixels.colours import WAYS, colours
from studio.synth.heads.pixels.outlines import Outline
from studio.synth.heads.pixels.picture import Pictured
from studio.synth.heads.pixels.shading import Places, Shaded, basis_slopes
from studio.synth.heads.pixels.stage import Trust, to_pixels
from studio.synth.heads.pixels.surface import Skin, normal_slopes
from studio.vision.similarity import similarity

SIDE = 240
LIGHT = np.zeros((9, 3))
LIGHT[0], LIGHT[3], LIGHT[2], LIGHT[1] = 1.6, -0.55, 0.35, -0.3


def drawn(values: np.ndarray, view: View, neck: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A head in soft light before a blue ground, drawn without the stage's own code: its picture
    and where it is."""
    skin = bust().of(values, np.zeros((model.POINTS, 3)), neck).vertices_m.astype(np.float32)
    screen = np.column_stack([view.project(skin), view.camera_points(skin)[:, 2]])
    faces = torch.from_numpy(bust().faces)
    hits = rasterise(torch.from_numpy(screen.astype(np.float32))[None], faces, (SIDE, SIDE))
    normals = torch.from_numpy(normal_sums(skin, bust().faces) @ view.rotation.T).float()
    at = torch.nn.functional.normalize(interpolate(normals, faces, hits), dim=-1).numpy()
    colour = interpolate(torch.from_numpy(colours(np.zeros(WAYS))).float(), faces, hits).numpy()
    lit = 0.4 * colour * (basis(at) @ LIGHT)
    seen = np.full((SIDE * SIDE, 3), (0.02, 0.05, 0.4))
    seen[hits.where.numpy()] = lit
    there = np.zeros(SIDE * SIDE, bool)
    there[hits.where.numpy()] = True
    rgb = np.clip(255 * seen.clip(0, 1) ** (1 / 2.2), 0, 255).astype(np.uint8)
    return rgb.reshape(SIDE, SIDE, 3), there.reshape(SIDE, SIDE)


@pytest.fixture(scope="module")
def photo():
    """Somebody with a narrow nose and a wide chin and neck, photographed: what is true, what was
    looked at, and the points as they are found, all too calm."""
    values, neck = model.usual(), np.zeros(len(NECK))
    for name, value in (("nose-scale-horiz", -0.7), ("chin-width", 0.7), ("nose-hump", 0.7)):
        values[model.unknowns().index(name)] = value
    neck[0] = 0.6
    level = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
    turn = level @ Rotation.from_euler("z", 15, degrees=True).as_matrix()
    view = View(turn, np.array([0.0, 0.04, 0.9]), 620.0, (119.5, 119.5), np.zeros(52))
    rgb, there = drawn(model.with_usual_ears(values), view, neck)
    average = model.points_of(model.usual())
    deep = view.camera_points(average)[:, 2]
    deep = (deep - deep.mean()) * view.focal_px / deep.mean()
    halfway = (model.points_of(values) + average) / 2
    points = np.column_stack([view.project(halfway), deep])
    looked = Looked("drawn", rgb, points, np.zeros(52), there, np.zeros_like(there), ())
    return values, neck, view, looked, Portrait(points, (SIDE, SIDE), focal_px=620.0)


@pytest.fixture(scope="module")
def found(photo):
    """The head that the points tell, and the one that pixels do."""
    head = fit([photo[4]], gender=0.5, rounds=1)
    return head, *to_pixels([photo[3]], [photo[4]], head, trust=Trust(say=0.3, deep=0.3))


def off_mm(values: np.ndarray, head: FittedHead) -> float:
    """How far the points of the face are off, laid on the true ones as a whole."""
    ours, true = head.points_m, model.points_of(values)
    turn, scale, shift = similarity(ours, true)
    return 1000 * float(np.linalg.norm(scale * ours @ turn.T + shift - true, axis=1).mean())


def test_pixels_tell_more_than_points(photo, found):
    rough, _, fine = found
    assert off_mm(photo[0], fine) < 0.75 * off_mm(photo[0], rough)


def test_outlines_tell_how_wide_a_neck_is(found):
    assert found[0].neck[0] == 0
    assert found[2].neck[0] > 0.2


def test_portraits_are_as_the_finer_head_has_them(photo, found):
    _, (portrait,), head = found
    here = head.views[0].project(head.acted(head.views[0]))
    assert np.abs(portrait.xyz_px[:468, :2] - here[:468]).max() < 1e-6
    assert portrait.xyz_px[468:, :2] == pytest.approx(photo[4].xyz_px[468:, :2])


def test_what_is_locked_stays_as_it_is(photo, found, monkeypatch):
    monkeypatch.setattr(stage, "ROUNDS", 1)
    rough = replace(found[0], neck=np.array([-0.3, 0.2, 0.1]))
    held = ("expression", "neck", "pose")
    _, fine = to_pixels([photo[3]], [photo[4]], rough, held=held)

    def locked(head):
        view = head.views[0]
        build = head.values[: len(model.BUILDS)]
        return np.array([*head.neck, *build, *view.actions, *view.rotation.ravel(), view.focal_px])

    assert locked(fine) == pytest.approx(locked(rough), abs=1e-9)
    assert np.abs(fine.values - rough.values).max() > 0.02
    assert found[2].views[0].focal_px != pytest.approx(rough.views[0].focal_px, abs=1e-3)


def test_light_is_found_where_the_head_is_known(photo):
    values, neck, view, looked, portrait = photo
    pictured = Pictured.of(looked, portrait)
    vertices = bust().of(model.with_usual_ears(values), np.zeros((478, 3)), neck).vertices_m
    places = Places.seen(pictured, view, vertices.astype(float))
    shaded = Shaded.of(places, view, vertices.astype(float), colours(np.zeros(WAYS)))
    light = shaded.light(pictured, np.ones(len(shaded.px)))
    off = shaded.off(pictured, light) / np.repeat(places.say, 3)
    assert np.abs(off).mean() < 0.02 * pictured.level


def test_hair_and_shade_under_a_chin_draw_no_outline(photo):
    values, neck, view, looked, portrait = photo
    vertices = bust().of(model.with_usual_ears(values), np.zeros((478, 3)), neck).vertices_m
    seen = Outline.seen(Pictured.of(looked, portrait), view, vertices.astype(float))
    assert len(seen.ends) > 20
    assert np.abs(seen.off(view.project(vertices)) / seen.say).max() < 2.5
    covered = replace(looked, hair=~looked.bare)
    assert not len(Outline.seen(Pictured.of(covered, portrait), view, vertices.astype(float)).ends)
    enclosed = replace(looked, bare=looked.bare.copy())
    enclosed.bare[[0, -1]] = enclosed.bare[:, [0, -1]] = True
    assert not Pictured.of(enclosed, portrait).ground.any()


def test_slopes_are_those_of_small_steps():
    rng = np.random.default_rng(3)
    n = rng.normal(size=(5, 3))
    step = 1e-6 * np.eye(3)
    by_hand = np.stack([(basis(n + s) - basis(n - s)) / 2e-6 for s in step], -1)
    assert basis_slopes(n) == pytest.approx(by_hand, abs=1e-8)
    faces = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1]])
    v = rng.normal(size=(4, 3))

    def unit(v):
        raw = normal_sums(v, faces)
        return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).ravel()

    moved = 1e-6 * np.eye(12).reshape(12, 4, 3)
    by_hand = np.stack([(unit(v + m) - unit(v - m)) / 2e-6 for m in moved], -1)
    assert normal_slopes(v, faces, np.arange(4)).toarray() == pytest.approx(by_hand, abs=1e-6)


def test_skin_near_a_head_is_that_head():
    values, neck = model.usual(), np.array([0.3, 0.0, 0.2])
    values[model.unknowns().index("age")] += 0.05
    values[model.unknowns().index("chin-width")] = 0.4
    actions = np.zeros(52)
    actions[3] = 0.6
    skin = Skin.near(model.usual(), np.zeros(len(NECK))).at(values, neck, actions)
    true = bust().of(values, np.zeros((478, 3)), neck).acted(actions)
    assert np.linalg.norm(skin - true, axis=1).max() < 5e-4


def test_a_photograph_without_skin_changes_nothing(photo, found):
    covered = replace(photo[3], bare=np.zeros_like(photo[3].bare))
    (portrait,), head = to_pixels([covered], [photo[4]], found[0])
    assert head is found[0]
    assert portrait is photo[4]


def test_work_can_be_stopped(photo, found):
    class Enough(Exception):
        pass

    def check():
        raise Enough

    with pytest.raises(Enough):
        to_pixels([photo[3]], [photo[4]], found[0], check=check, trust=Trust(say=0.5))
