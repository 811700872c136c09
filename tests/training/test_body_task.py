"""Training of the networks for bodies and heads: shapes, losses that teach, mirrors."""

from __future__ import annotations

from dataclasses import fields
from typing import ClassVar

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.human.person import Shape, whole
from studio.perception.bodies.crops import FINE, SIDE_PX, edge_px, heat, square, window
from studio.perception.bodies.network import BodyNetwork, Seen, turned, within_m
from studio.perception.bodies.parts import (
    MARKS,
    PARTS,
    bones_of_parts,
    marks_m,
    mirrored,
    part_weights,
)
from studio.perception.bodies.template import SKIN, Template
from studio.render.scene import vertex_normals
from studio.synth.bodies.errors import Errors, keep_errors, kept_errors
from studio.training import bodies
from studio.training.bodies import STEP_M
from studio.training.small import steps
from studio.training.tasks import find_task
from studio.training.tasks.body import BodyTask, losses, posed
from studio.training.tasks.body_apart import ApartNetwork
from studio.training.tasks.body_figures import distances_mm, reconstructed
from studio.training.tasks.body_pictures import (
    Pairs,
    _framed,
    _lit,
    _mirror,
    _sized,
    plain,
    varied,
)


@pytest.fixture(scope="module")
def template() -> Template:
    with torch.no_grad():
        rest = whole().rest(Shape.of(), actions=False)
    to = np.tile(np.eye(4), (104, 1, 1))
    to[:, :3, :3] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
    to[:, :3, 3] = [0, 0, 4]
    return Template(rest.vertices_m.double().numpy(), rest.heads_m.double().numpy(), to,
                    np.full(19_158, 0.005))  # fmt: skip


@pytest.fixture(scope="module")
def batch(template) -> dict[str, torch.Tensor]:
    """Somebody before the camera in a suit 2 cm thick."""
    rng = np.random.default_rng(0)
    heads, carried = template.heads_m, template.carried
    turns, root = carried[:, :3, :3], carried[0, :3, :3] @ heads[0] + carried[0, :3, 3]
    joints = np.einsum("bij,bj->bi", turns, heads) + carried[:, :3, 3]
    found = {
        "heads": heads, "joints": joints, "turns": turns, "carried": carried[:, :3],
        "build": np.full(11, 0.4), "grid": np.full((16, 32, 32), -0.1),
    }  # fmt: skip
    found = {key: value.astype(np.float32) for key, value in found.items()}
    found["skin"] = steps(template.vertices_m[:SKIN], STEP_M)
    for kind, end in (("body", ""), ("head", "_head")):
        side, skin = SIDE_PX[kind], template.vertices_m[:SKIN]
        if kind == "head":
            skin = skin[skin[:, 2] > np.quantile(skin[:, 2], 0.8)]
        points = skin[rng.integers(len(skin), size=300)] + rng.normal(0, 0.02, (300, 3))
        told = template.place(points)
        focal = 4 * side / (2.3 if kind == "body" else 0.5)
        middle = -focal * (-0.1 if kind == "body" else -skin[:, 2].mean()) / 4
        lens = np.array([focal, focal, side / 2, side / 2 + (middle if kind == "head" else 0)])
        lens[3] = side / 2 + focal / 4 * skin[:, 2].mean()
        mask = np.zeros((FINE * side, FINE * side), np.uint8)
        mask[side // 4 : -side // 4, 2 * side // 3 : -2 * side // 3] = 255
        own = {
            "rgb": rng.integers(0, 255, (side, side, 3)).astype(np.uint8), "mask": mask,
            "lens": lens.astype(np.float32), "points": steps(points, STEP_M),
            "placed": steps(told.placed_m - root, STEP_M), "near": told.near.astype(np.int16),
            "inside": (told.bare_m + 0.02).astype(np.float16),
            "bare": told.bare_m.astype(np.float16),
            "clothed": told.clothed_m.astype(np.float16),
            "normals": np.tile(np.int8([0, -127, 0]), (300, 1)),
            "facing": (127 * told.facing).astype(np.int8),
            "colours": np.tile(np.uint8([200, 90, 40]), (300, 1)),
        }  # fmt: skip
        found |= {key + end: value for key, value in own.items()}
    face = marks_m(template.vertices_m) @ carried[0, :3, :3].T + carried[0, :3, 3]
    lens = found["lens_head"]
    found["marks"] = (face[:, :2] / face[:, 2:] * lens[:2] + lens[2:]).astype(np.float32)
    return {key: torch.from_numpy(value[None]) for key, value in found.items()}


@torch.no_grad()
def _told(network, batch, kind) -> dict[str, float]:
    found = losses(network, plain(batch, kind, torch.arange(150)), kind)
    return {name: float(value) for name, value in found.items()}


@pytest.mark.parametrize(("kind", "rounds"), [("body", 7), ("head", 7)])
def test_both_models_learn_a_suit(batch, kind, rounds):
    torch.manual_seed(0)
    task = find_task("body" if kind == "body" else "body_head")
    network = task.network()
    assert isinstance(network, BodyNetwork)
    optimiser = task.optimiser(network, 0.0)
    for group in optimiser.param_groups:
        group["lr"] = 3e-3
    dice = torch.Generator().manual_seed(1)
    first = _told(network, batch, kind)
    for _ in range(rounds):
        terms = losses(network, varied(batch, kind, 150, dice), kind)
        optimiser.zero_grad()
        torch.stack([*terms.values()]).sum().backward()
        optimiser.step()
    last = _told(network, batch, kind)
    assert last["distance"] < 0.7 * first["distance"]
    assert last["normal"] < first["normal"]
    assert last["turns"] + last["joints"] < first["turns"] + first["joints"]
    weights = dict(network.named_parameters())
    for name in ("encoder.tensor.weight", "encoder.pose.2.weight", "classifier.layers.0.weight"):
        grad = weights[name].grad
        assert grad is not None
        assert grad.abs().sum() > 0


def test_the_posed_loss_moves_the_pose(batch):
    torch.manual_seed(0)
    network = BodyNetwork("body")
    torch.nn.init.normal_(network.classifier.last.weight, 0, 0.1)
    pairs = plain(batch, "body", torch.arange(100))
    slope = torch.linspace(-0.1, 0.1, 32).expand(1, 16, 32, 32)
    pairs = Pairs(**{f.name: getattr(pairs, f.name) for f in fields(pairs)} | {"grid_m": slope})
    terms = losses(network, pairs, "body")
    terms["posed"].backward()
    moved = network.encoder.pose[2].weight.grad
    assert moved is not None
    assert moved.abs().sum() > 0


def test_networks_that_learn_apart_move_nothing_of_each_other(batch):
    torch.manual_seed(0)
    network = BodyTask(apart=True).network()
    assert isinstance(network, ApartNetwork)
    torch.nn.init.normal_(network.classifier.last.weight, 0, 0.1)
    terms = losses(network, plain(batch, "body", torch.arange(60)), "body")
    assert "posed" not in terms
    own = {"encoder.turns": ("turns", "joints"), "encoder.volume": ("tensor",),
           "classifier": ("distance", "inside", "normal")}  # fmt: skip
    for whose, names in own.items():
        network.zero_grad()
        torch.stack([terms[name] for name in names]).sum().backward(retain_graph=True)
        moved = {n for n, p in network.named_parameters() if p.grad is not None and p.grad.any()}
        assert moved
        assert all(name.startswith((whose, "readout")) for name in moved)


def test_the_true_pose_carries_points_where_the_fit_does(batch):
    pairs = plain(batch, "body")
    network = BodyNetwork("body")
    seen = network.see(pairs.given(), pairs.lens)
    true = type(seen)(seen.tensor, pairs.turns, pairs.joints_m[:, 0], seen.build)
    torch.testing.assert_close(true.joints_m(pairs.asked.heads_m, "body"), pairs.joints_m,
                               atol=1e-4, rtol=0)  # fmt: skip
    carried = true.carried(pairs.asked, "body")
    assert (carried - pairs.placed_m).norm(dim=-1).median() < 1e-3


@pytest.mark.parametrize("kind", ["body", "head"])
def test_two_mirrors_change_nothing(batch, kind):
    pairs = plain(batch, kind)
    rows = torch.arange(1)
    once = _mirror(pairs, rows, kind)
    assert not torch.allclose(once.placed_m, pairs.placed_m)
    both = _mirror(once, rows, kind)
    for field in ("rgb", "placed_m", "turns", "joints_m", "lens", "grid_m"):
        torch.testing.assert_close(getattr(both, field), getattr(pairs, field))
    for field in ("points_m", "heads_m", "weights", "features_m"):
        torch.testing.assert_close(getattr(both.asked, field), getattr(pairs.asked, field))
    off = (once.asked.points_m - once.asked.weights @ once.asked.heads_m).norm(dim=-1)
    was = (pairs.asked.points_m - pairs.asked.weights @ pairs.asked.heads_m).norm(dim=-1)
    torch.testing.assert_close(off, was, atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", ["body", "head"])
@torch.no_grad()
def test_people_of_another_size_before_a_camera_askew_are_told_as_they_are_seen(batch, kind):
    was = plain(batch, kind)
    dice = torch.Generator().manual_seed(2)
    batch = batch | {"grid": torch.randn(1, 16, 32, 32, generator=dice)}
    found = plain(_framed(_sized(batch, kind, dice), kind, dice), kind)
    size = float(torch.linalg.det(found.to_grid)) ** (-1 / 3)
    assert abs(size - 1) > 0.01
    assert (found.turns - was.turns).abs().max() > 0.03
    edges = [within_m(one.edge, one.placed_m, one.lens)[0] for one in (found, was)]
    off = (edges[0] / size - edges[1]).abs()
    assert edges[1].std() > 0.01
    assert off.median() < 0.005
    for name in ("inside_m", "joints_m", "centre_m"):
        lengths = [getattr(one, name).abs().norm() for one in (found, was)]
        assert float(lengths[0] / lengths[1]) == pytest.approx(size, rel=1e-3)
    once = _mirror(found, torch.arange(1), kind)
    for one in (found, once):
        true = Seen(one.rgb, one.turns, one.joints_m[:, 0], one.build)
        there = true.carried(one.asked, kind)
        assert (there - one.placed_m).norm(dim=-1).median() < 1e-3
        about = (one.joints_m - one.centre_m[:, None]) @ one.to_grid.mT
        flip = torch.tensor([1.0 if one is found else -1.0, 1, 1])
        wanted = flip * (was.joints_m - was.centre_m[:, None])
        if one is once:
            about = about[:, mirrored(kind)]
        torch.testing.assert_close(about, wanted, atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", ["body", "head"])
def test_squares_cut_otherwise_show_the_same_people_in_the_same_places(batch, kind):
    def middle(pairs: Pairs) -> torch.Tensor:
        """Where before the camera the mask's middle is seen, that held as at first."""
        at = (pairs.mask[0, 0] > 0.5).nonzero().float().mean(0).flip(0)
        ray = torch.ones(3)
        ray[:2] = ((at + 0.5) / FINE - 0.5 - pairs.lens[0, 2:]) / pairs.lens[0, :2]
        return (pairs.to_grid[0] @ ray)[:2]

    was = plain(batch, kind)
    for seed in range(3):
        framed = _framed(batch, kind, torch.Generator().manual_seed(seed))
        found = plain(framed, kind)
        assert (found.lens - was.lens).abs().max() > 1
        half = 0.6 / float(was.lens[0, 0])
        torch.testing.assert_close(middle(found), middle(was), atol=half, rtol=0)
        shown = found.mask.sum() / found.lens[0, 0] ** 2
        assert float(shown * was.lens[0, 0] ** 2 / was.mask.sum()) == pytest.approx(1, abs=0.03)
        if kind == "head":
            rays = [
                (raw["marks"][..., :2] - one.lens[:, None, 2:])
                / one.lens[:, None, :2]
                @ one.to_grid[:, :2, :2].mT
                for raw, one in ((framed, found), (batch, was))
            ]
            torch.testing.assert_close(*rays, atol=1e-4, rtol=0)


def test_grey_stays_grey_in_other_colours_but_for_the_patches():
    grey = torch.full((2, 3, 64, 64), 0.5)
    found = _lit(grey, torch.Generator().manual_seed(0))
    tint = found.flatten(2).median(2).values
    assert (tint.amax(1) / tint.amin(1)).max() < 1.5
    red = torch.tensor([0.8, 0.2, 0.2])[:, None, None].expand(6, 3, 64, 64)
    colours = _lit(red, torch.Generator().manual_seed(0)).flatten(2).median(2).values
    assert colours.std(0).min() > 0.05


def test_turns_are_rotations_and_the_posed_truth_is_sampled_where_it_lies():
    turns = turned(torch.randn(4, 6, generator=torch.Generator().manual_seed(0)))
    eye = torch.eye(3).expand(4, 3, 3)
    torch.testing.assert_close(turns @ turns.transpose(1, 2), eye, atol=1e-5, rtol=0)
    assert (torch.linalg.det(turns) > 0.99).all()
    right = torch.linspace(-1.15, 1.15, 32).expand(1, 16, 32, 32)
    places = torch.tensor([[[0.5, 0.2, 0.1], [-0.8, 0.0, 0.0]]])
    torch.testing.assert_close(posed(right, places), torch.tensor([[0.5, -0.8]]))


def test_a_thicker_skin_is_measured_as_thick(template):
    mesh = reconstructed(lambda points: template.inside_m(points) + 0.01, template, "head", 0.02)
    skin = template.vertices_m[:SKIN]
    p2s, chamfer = distances_mm(
        mesh, skin, vertex_normals(skin, template.faces), np.random.default_rng(0)
    )
    assert 8 < p2s < 12
    assert chamfer > 50  # the rest of the body is far


def test_parts_squares_and_maps():
    for kind in ("body", "head"):
        weights = part_weights(kind)
        assert weights.shape[1] == len(PARTS[kind]) == len(bones_of_parts(kind))
        np.testing.assert_allclose(weights.sum(1), 1, atol=1e-5)
    left, top, side = square(np.array([[10.0, 20], [30, 60]]), 1.5)
    assert (left, top, side) == (-10.0, 10.0, 60.0)
    into = window(left, top, side, 120)
    assert (into @ [20, 40, 1])[:2] == pytest.approx([60, 60])
    mask = np.zeros((64, 64), np.uint8)
    mask[20:40, 20:40] = 255
    far = edge_px(mask)
    assert far[30, 20] == pytest.approx(0.25, abs=0.03)  # of a square half as fine
    assert far[30, 19] == pytest.approx(-0.25, abs=0.03)
    assert far[30, 30] > 4
    points = np.full((len(MARKS), 2), np.nan)
    points[0] = (10, 30)
    maps = heat(points, 64)
    assert maps[0, 30, 10] == 1
    assert maps[1:].max() == 0


def test_every_fourth_person_is_fitted_and_the_others_take_their_errors(tmp_path, monkeypatch):
    errors = [
        Errors(np.zeros(11), np.zeros(9), np.zeros((104, 3, 3)), np.zeros((104, 3)), np.zeros(3),
               np.array(1.0 + k)) for k in range(bodies.FEW - 1)
    ]  # fmt: skip
    keep_errors(tmp_path / "errors.npz", errors)

    class Factory:
        errors: ClassVar[list[Errors]] = []

        def pair(self, number):
            self.errors.append(errors[0])
            return "fitted", number

        def shaken(self, number):
            if number == 14:
                raise StudioError("none suits")
            return "shaken", number

    monkeypatch.setattr(bodies, "sample_of", lambda pair: pair)
    source = bodies.BodyPairs("train", 1, {}, tmp_path / "errors.npz")
    source._factory = Factory()
    made = [source[number] for number in (4, 5, 12, 13, 14)]
    assert made == [("fitted", 4), ("shaken", 5), ("fitted", 12), ("fitted", 13), ("fitted", 14)]
    assert len(kept_errors(tmp_path / "errors.npz")) == bodies.FEW + 3
    source = bodies.BodyPairs("train", 1, {})
    source._factory = Factory()
    assert source[5] == ("fitted", 5)
