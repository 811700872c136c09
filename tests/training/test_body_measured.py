"""What bodies and heads are measured by: made people whose surface is known, photographs of people,
a rendered man whose mesh is known."""

from __future__ import annotations

import json
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
import trimesh
from scipy.spatial.transform import Rotation

from studio.core.errors import StudioError
from studio.core.types import Camera, Keypoints
from studio.human.bodies.canonical import canonical
from studio.human.bodies.clothed import ClothedField, grown
from studio.human.bodies.fitted import BodyFit, BodyPhoto, BodyView
from studio.human.design import Design
from studio.human.layouts import layout
from studio.human.wardrobe.layers import vertex_normals
from studio.perception.bodies import field as field_of
from studio.perception.bodies.field import CLOTHED, FIT, template_of
from studio.perception.bodies.network import UNIT_M, BodyNetwork
from studio.perception.bodies.template import SKIN
from studio.synth.designed import resting
from studio.training.task import Bench
from studio.training.tasks import body_figures, body_photographs, body_real
from studio.training.tasks.body_photographs import OURS, Truth, compared, rows

THICK_M = 0.01
"""How thick the suit is that everybody here wears."""


@pytest.fixture(scope="module")
def fit() -> BodyFit:
    """Somebody in a suit 3 m before a camera that sees nothing but them."""
    turn = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    matrix = np.array([[300.0, 0, 150], [0, 300, 200], [0, 0, 1]])
    camera = Camera("cam", (300, 400), matrix, np.zeros(0), turn, -turn @ [0, -3.0, 0.9])
    points = layout("whole_body")
    nothing = Keypoints("cam", 0.0, points, np.zeros((len(points), 2)), np.zeros(len(points)))
    photo = BodyPhoto("photo", np.full((400, 300, 3), 120, np.uint8),
                      np.full((400, 300), 255, np.uint8), nothing)  # fmt: skip
    view = BodyView(photo, camera, np.array([0, 0, 0.9]), np.zeros((104, 3)), np.zeros(52),
                    0.9, 0.7, 3.0)  # fmt: skip
    return BodyFit(Design(), (view,), np.full(19_158, THICK_M), 1.7)


@pytest.fixture(scope="module")
def truth(fit: BodyFit) -> Truth:
    space = canonical(resting(fit.design)[0], "A")
    suit = ClothedField(space, fit.offsets_m)
    rng = np.random.default_rng(0)
    surface = grown(space.vertices_m, fit.offsets_m)[:SKIN]
    skin = space.vertices_m[:SKIN]
    near = skin[rng.integers(SKIN, size=3000)] + rng.normal(0, 0.03, (3000, 3))
    inside = suit.inside(near) > 0
    return Truth(fit, surface, vertex_normals(surface, space.faces), near, inside, {})


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a network says is asked coarsely and stays as it is: nothing is moved to outlines."""

    def outlined(field, fit, rest, space):
        poses = [template_of(rest, view, fit.offsets_m).carried for view in fit.views]
        return SimpleNamespace(inside=field.inside,
                               sights=[SimpleNamespace(carried=one) for one in poses])  # fmt: skip

    monkeypatch.setattr(field_of, "SPACING_M", 0.035)
    monkeypatch.setitem(body_figures._STEP_M, "body", 0.02)
    for module in (body_photographs, body_real):
        monkeypatch.setattr(module, "outlined", outlined)
    monkeypatch.setattr(body_photographs, "better_than_the_fit", lambda kind: False)


def _network(further_m: float = 0.0) -> BodyNetwork:
    """One that says of every point that it is so much further inside than the fit has it."""
    network = BodyNetwork("body").eval()
    with torch.no_grad():
        network.classifier.last.bias[0] = further_m / UNIT_M
    return network


def test_each_way_is_as_far_from_the_true_surface_as_it_is(plain: None, truth: Truth) -> None:
    learned = compared(_network(), truth)
    assert learned[FIT][0] == pytest.approx(1000 * THICK_M, abs=1.5)
    assert learned[CLOTHED][0] < 4  # the mouth's inside is of the truth here
    assert learned[CLOTHED][1] < 2
    assert learned[CLOTHED][2] == 1 > learned[FIT][2]
    assert learned[OURS][0] < 4  # nothing learned is the suit, as coarsely as it is looked for
    assert learned[OURS][2] > 0.97
    wrong = compared(_network(0.012), truth)
    assert 7 < wrong[OURS][0] < 13
    assert wrong[OURS][2] < learned[OURS][2] - 0.1
    assert wrong[FIT] == learned[FIT]
    assert wrong[CLOTHED] == learned[CLOTHED]


def test_rows_are_means_over_people_and_heads_have_no_overlap(monkeypatch) -> None:
    found = iter([(10.0, 8.0, 0.7), (20.0, 12.0, 0.9)])

    def made(network, one):
        own = next(found)
        return {OURS: own, FIT: (30.0, 28.0, 0.5), CLOTHED: (25.0, 24.0, 0.6)}

    monkeypatch.setattr(body_photographs, "compared", made)
    told: list[str] = []
    chamfer, p2s, overlap = rows(_network(), [1, 2], told.append)  # pyright: ignore
    assert (chamfer.value, p2s.value, overlap.value) == pytest.approx((15, 10, 0.8))
    assert (chamfer.better, overlap.better) == ("lower", "higher")
    assert overlap.baselines == {FIT: pytest.approx(0.5), CLOTHED: pytest.approx(0.6)}
    assert [line.split(":")[0] for line in told] == ["1 of 2", "2 of 2"]
    for kind, many in (("body", 3), ("head", 2)):
        nobody = rows(BodyNetwork(kind), [], told.append)
        assert [row.value for row in nobody] == [None] * many
        assert all("nobody" in row.note for row in nobody)


def test_who_cannot_be_fitted_is_left_out(monkeypatch, fit: BodyFit) -> None:
    class Nobody:
        def __init__(self, *_):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def look(self, name, rgb, focal_px):
            if name == "1":
                raise StudioError("Nobody is seen.")
            return name

        def photograph(self, number):
            camera = SimpleNamespace(matrix=np.eye(3))
            return SimpleNamespace(camera=camera, rgb=None, height_m=1.5 + number / 8, subject=None)

    asked: list[tuple[str, float]] = []

    def fitted(photos, told):
        asked.append((photos[0], told.height_m))
        return fit

    monkeypatch.setattr(body_photographs, "BodyFactory", Nobody)
    monkeypatch.setattr(body_photographs, "BodyLooker", Nobody)
    monkeypatch.setattr(body_photographs, "fit_body", fitted)
    monkeypatch.setattr(body_photographs, "true_surface", lambda *_: (np.zeros((1, 3)),) * 2)
    monkeypatch.setattr(body_photographs, "true_inside", lambda *_: (np.zeros((1, 3)), None))
    monkeypatch.setattr(body_photographs, "pair_of", lambda *_: None)
    monkeypatch.setattr(body_photographs, "sample_of", lambda _: {})
    found = list(body_photographs.fitted(lambda name: name, 3, "validation"))  # pyright: ignore
    assert len(found) == 2
    assert asked == [("0", 1.5), ("2", 2.0)]  # each is told their height, one photograph of each


def test_a_rendered_man_is_measured_wherever_he_stands(
    tmp_path, monkeypatch, plain: None, fit: BodyFit
) -> None:
    rest = resting(fit.design)[0]
    template = template_of(rest, fit.main, fit.offsets_m)
    suit = ClothedField(canonical(rest, "A"), fit.offsets_m).vertices_m[:SKIN]
    turn, shift = Rotation.from_euler("xyz", [1.2, 0.4, -2]).as_matrix(), np.array([5.0, -2, 1])

    def put(points: np.ndarray) -> np.ndarray:
        return (points @ template.carried[0, :3, :3].T + template.carried[0, :3, 3]) @ turn + shift

    names = body_real._JOINTS
    bones = [body_real.BONE_NAMES.index(bone) for bone in names.values()]
    places = put(template.heads_m[bones])
    (tmp_path / "joints_gt.json").write_text(
        json.dumps({name: list(at) for name, at in zip(names, places, strict=True)})
    )
    (tmp_path / "cameras.json").write_text(json.dumps({"height_m": 1.7}))
    trimesh.Trimesh(put(suit), canonical(rest, "A").faces, process=False).export(
        tmp_path / "mesh_gt.ply"
    )
    for number in ("00", "01", "03"):
        (tmp_path / f"view_{number}.png").write_bytes(b"")
    looked: list[list[str]] = []

    def fitted(photos, told):
        assert (told.height_m, told.gender) == (1.7, 0.0)
        looked.append(list(photos))
        return fit

    monkeypatch.setattr(body_real, "fit_body", fitted)
    monkeypatch.setattr(body_real, "_STEP_M", 0.02)
    monkeypatch.setattr(body_real, "SURFACE_POINTS", 20_000)
    monkeypatch.setattr(body_real, "SIDES", {"one view": ("00",)})
    looker = SimpleNamespace(file=lambda path: path.name)
    chamfer, joints = body_real._dressed(_network(), tmp_path, looker)  # pyright: ignore
    assert looked == [["view_00.png"]]
    assert joints.value == pytest.approx(0, abs=0.1)
    assert chamfer.baselines[CLOTHED] < 1
    assert chamfer.baselines[FIT] == pytest.approx(1000 * THICK_M, abs=1.5)
    assert chamfer.value is not None
    assert chamfer.value < 3
    assert list(body_real._dressed(_network(), tmp_path / "none", looker)) == []  # pyright: ignore


def test_an_avatar_that_cannot_be_made_is_not_watertight(
    tmp_path, monkeypatch, fit: BodyFit
) -> None:
    (tmp_path / "images").mkdir()
    for name in "abcd":
        cv2.imwrite(str(tmp_path / "images" / f"{name}.png"), np.zeros((2, 2), np.uint8))
    holes, jumps = iter([0, 2, 0]), iter([4.0, 9.0, 6.0])
    made = iter([True, True, False, True])

    def shell(*_):
        if not next(made):
            raise StudioError("No surface.")
        return SimpleNamespace(surface=None)

    overlaps = iter([(0.97, 0.95), (0.95, 0.93), (0.96, 0.94), (0.96, 0.94)])
    monkeypatch.setattr(body_real, "fit_body", lambda photos, told: fit)
    monkeypatch.setattr(body_real, "_met", lambda *_: next(overlaps))
    monkeypatch.setattr(body_real, "shell_of", shell)
    monkeypatch.setattr(body_real, "genus", lambda surface: next(holes))
    monkeypatch.setattr(body_real, "neck_jump_deg", lambda shell: next(jumps))
    looker = SimpleNamespace(file=lambda path: path)
    met, closed, jump = body_real._photographs(_network(), tmp_path, looker)  # pyright: ignore
    assert met.value == pytest.approx(0.96)
    assert met.baselines == pytest.approx({FIT: 0.7, CLOTHED: 0.9, "before": 0.94})
    assert closed.value == 0.5  # of four, one has holes and one is nobody
    assert jump.value == 9
    assert list(body_real.rows(_network(), Bench(tmp_path, None))) == []
