"""Pairs for bodies: somebody in clothes in a picture, and what is true of points about them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from studio.core.types import Keypoints, Mesh
from studio.human.bodies.canonical import skin_faces
from studio.human.bodies.fitted import BodyFit, BodyPhoto, BodyView
from studio.human.design import Design
from studio.human.layouts import layout
from studio.human.person import PHENOTYPES, Shape
from studio.human.rig import BONE_PARENTS
from studio.human.segments import SEGMENT_NAMES
from studio.perception.bodies.crops import FINE, SIDE_PX
from studio.perception.bodies.template import SKIN
from studio.render.scene import vertex_normals
from studio.synth.actor import Actor, Choice
from studio.synth.bodies.errors import keep_errors, kept_errors
from studio.synth.bodies.pairs import ANYWHERE, GRID, NEAR, BodyFactory, spread
from studio.synth.bodies.people import Subject
from studio.synth.bodies.photograph import Photograph, begin_m
from studio.synth.bodies.shaken import shaken
from studio.synth.bodies.solid import enclosed, outer_surface
from studio.synth.figure import make_figure
from studio.synth.shapes import box
from studio.training.bodies import STEP_M, sample_of
from studio.vision.triangles import Triangles


def nearly(taken: Photograph, rng: np.random.Generator) -> BodyFit:
    """A fit that has the true build, 3 % larger, and a pose that is a little off."""
    shape, camera = taken.subject.shape, taken.camera
    design = Design(
        phenotypes=dict(zip(PHENOTYPES, shape.phenotypes.tolist(), strict=True)),
        scales=dict(zip(SEGMENT_NAMES, (1.03 * shape.scales).tolist(), strict=True)),
    )
    turns = camera.rotation.T @ taken.carried[:, :3, :3]
    own = turns.copy()
    for bone, parent in enumerate(BONE_PARENTS):
        if parent >= 0:
            own[bone] = turns[parent].T @ turns[bone]
    off = Rotation.from_rotvec(rng.normal(0, 0.01, (len(own), 3)))
    heads = taken.subject.figure.heads_m
    root = taken.carried[0, :3, :3] @ heads[0] + taken.carried[0, :3, 3]
    root = camera.rotation.T @ (1.03 * root - camera.translation_m)
    points = layout("whole_body")
    keypoints = Keypoints("", 0.0, points, np.zeros((len(points), 2)), np.zeros(len(points)))
    photo = BodyPhoto("", taken.rgb, taken.mask, keypoints)
    view = BodyView(photo, camera, root, (Rotation.from_matrix(own) * off).as_rotvec(),
                    np.zeros(52), 0.9, 0.8, 3.0)  # fmt: skip
    return BodyFit(design, (view,), np.full(19_158, 0.01), 1.03 * taken.height_m)


@pytest.fixture(scope="module")
def fitted():
    """The pair, the photograph that was fitted, and the fit's errors."""
    taken: list[Photograph] = []

    def fits(photograph: Photograph, rng: np.random.Generator) -> BodyFit:
        taken.append(photograph)
        return nearly(photograph, rng)

    with BodyFactory("train", 5, fits, step_m=0.03) as factory:
        return factory.pair(0), taken[-1], factory.errors


@pytest.fixture(scope="module")
def pair(fitted):
    return fitted[0]


def test_errors_of_a_fit_are_kept_and_shaken_over_somebody(fitted, tmp_path):
    _, taken, errors = fitted
    keep_errors(tmp_path / "errors.npz", errors)
    (one,) = kept_errors(tmp_path / "errors.npz")
    assert kept_errors(tmp_path / "none.npz") == []
    np.testing.assert_allclose(one.turns, errors[0].turns)
    assert np.median(np.exp(one.scales)) == pytest.approx(1.03, abs=1e-3)
    assert one.lens == pytest.approx(1)
    found = shaken(taken, [one], np.random.default_rng(1))
    assert found is not None
    view, template, scale = found
    assert 1.0 < scale < 1.05
    truth, own = (begin_m(*each) for each in (
        taken.scaled(scale, 1.0), (template.heads_m, template.carried)))  # fmt: skip
    off = np.linalg.norm(truth - truth[0] - (own - own[0]), axis=1)
    assert 1e-4 < off.mean() < 0.1
    assert template.offsets_m[:SKIN].std() > 1e-3  # clothes, by the outline
    assert (view.photo.mask != taken.mask).any()


def pixels(points_m, lens):
    return points_m[:, :2] / points_m[:, 2:] * lens[:2] + lens[2:]


def tube(radius: float, low: float, high: float) -> Mesh:
    """A tube without ends."""
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    points = np.concatenate([np.column_stack([ring, np.full(24, z)]) for z in (low, high)])
    k = np.arange(24)
    n = (k + 1) % 24
    faces = np.concatenate([np.column_stack([k, n, n + 24]), np.column_stack([k, n + 24, k + 24])])
    return Mesh(points, faces)


def test_what_cloth_surrounds_is_inside_and_the_surface_is_closed():
    body = box((-0.05, -0.05, 0.0), (0.05, 0.05, 1.0), (200, 100, 100))
    skirt = tube(0.2, 0.3, 0.7)
    scene = Triangles([body, skirt])
    asked = np.array([[0, 0, 0.5], [0.12, 0, 0.4], [0.12, 0, 0.15], [0.3, 0, 0.5]])
    assert enclosed(scene, asked[[0, 2, 3]]).tolist() == [True, False, False]
    surface = outer_surface([body, skirt, tube(0.2, 0.3, 0.31)], 0.02)
    edges = np.sort(surface.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), 1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    assert (counts == 2).mean() > 0.995
    points, normals = spread(surface, 2000, np.random.default_rng(0))
    far = scene.distance_m(points)
    assert np.median(far) < 0.004
    middle = np.abs(points[:, 2] - 0.5) < 0.1
    out = points[middle] * [1, 1, 0]
    assert (np.einsum("ij,ij->i", out, normals[middle]) > 0).mean() > 0.9


def test_what_is_hidden_under_an_open_jacket_is_inside():
    figure = make_figure()
    names = ("man_fair", "tank_top", "wide_trousers", "cardigan")
    actor = Actor(figure, tuple(Choice(name) for name in names))
    someone = Subject(Shape.of({}), figure, actor, {}, 0.025)
    skin = figure.vertices_m[:SKIN]
    deep = (skin - 0.03 * vertex_normals(skin, skin_faces()))[::9]
    deep = deep[Triangles([Mesh(skin, skin_faces())]).inside_m(deep) > 0.02]
    assert len(deep) > 300
    assert (someone.inside.inside_m(deep) > 0).mean() > 0.99


def test_points_lie_where_the_person_is_seen(pair):
    for kind, view in pair.views.items():
        side = SIDE_PX[kind]
        square = view.square
        assert square.rgb.shape == (side, side, 3)
        assert square.mask.shape == (FINE * side, FINE * side)
        points = view.points
        count = sum(many for _, many in NEAR[kind]) + ANYWHERE[kind]
        assert points.points_m.shape == points.normals.shape == (count, 3)
        deep = points.inside_m > 0.015
        at = np.round(pixels(points.told.placed_m[deep], square.lens)).astype(int)
        within = ((at >= 0) & (at < side)).all(1)
        at = FINE * at[within]
        assert (square.mask[at[:, 1], at[:, 0]] > 0).mean() > 0.75  # fits are off
    body = pair.views["body"].square
    share = (body.mask > 127).mean()
    assert 0.05 < share < 0.6
    ys, xs = np.nonzero(body.mask > 127)
    assert min(xs.min(), ys.min()) > 0
    assert max(xs.max(), ys.max()) < FINE * SIDE_PX["body"] - 1


def test_clothes_lie_outside_the_skin(pair):
    points = pair.views["body"].points
    truly, bare = points.inside_m > 0, points.told.bare_m > 0
    assert (truly & bare).sum() > 0.75 * bare.sum()
    assert truly.sum() > bare.sum()
    off = points.told.clothed_m - points.told.bare_m
    assert np.median(off[np.abs(points.told.bare_m) < 0.03]) == pytest.approx(0.01, abs=0.002)
    near = np.abs(points.inside_m) < 0.01
    assert points.colours[near].std() > 10
    np.testing.assert_allclose(np.linalg.norm(points.normals, axis=1), 1, atol=0.01)


def test_the_posed_truth_lies_about_the_root(pair):
    assert pair.grid_m.shape == GRID
    middle = pair.grid_m[GRID[0] // 2, GRID[1] // 2 - 4 : GRID[1] // 2 + 4, GRID[2] // 2]
    assert (middle > 0).any()
    assert pair.grid_m[0].max() < 0
    root = pair.joints_m[0]
    assert abs(pixels(root[None], pair.views["body"].square.lens)[0] - 128).max() < 80
    assert 1.5 < root[2] < 9


def test_a_sample_keeps_what_the_pair_has(pair):
    sample = sample_of(pair)
    points = pair.views["body"].points
    np.testing.assert_allclose(sample["points"] * STEP_M, points.points_m, atol=6e-5)
    np.testing.assert_allclose(sample["inside"], points.inside_m, atol=1e-4)
    assert sample["rgb_head"].shape == (SIDE_PX["head"], SIDE_PX["head"], 3)
    template = pair.template
    again = template.place(template.vertices_m[:SKIN:97])
    np.testing.assert_allclose(again.placed_m, template.posed_m[::97], atol=1e-6)
    assert np.abs(again.bare_m).max() < 1e-4
