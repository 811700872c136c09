"""Learnable triangulation: its geometry, exact and differentiable, and its networks' contracts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.core.types import Camera
from studio.perception.heatmaps.network import HEIGHT_PX, STRIDE_PX, WIDTH_PX
from studio.perception.views import geometry
from studio.perception.views.crop import crop_at
from studio.perception.views.network import solved
from studio.perception.views.seen import JOINTS, MIRROR, Seen
from studio.perception.views.sides import GROUPS, agreed
from studio.perception.views.viewer import Viewer, box_around
from studio.perception.views.volume import AGGREGATIONS, Aggregation, aggregated
from studio.perception.views.volumetric import STEP_M, VOXELS, VolumetricNetwork
from studio.synth.rig import camera_at
from studio.vision.camera import project

LENS = (-0.11, 0.04, 0.0007, -0.0005, 0.0)


def ring(count: int = 4, focal: float = 330.0) -> torch.Tensor:
    """Projections (1, views, 3, 4) of cameras 3.2 m around the origin; crops of 128 × 96."""
    rows = []
    for k in range(count):
        a = 2 * np.pi * k / count + 0.4
        place = (3.2 * np.sin(a), -3.2 * np.cos(a), 0.3 * k)
        camera = camera_at(f"c{k}", place, (0, 0, 0.1), (WIDTH_PX, HEIGHT_PX), 1.0)
        matrix = np.array([[focal / 2, 0, 47.5], [0, focal / 2, 63.5], [0, 0, 1]])
        rows.append(matrix @ np.column_stack([camera.rotation, camera.translation_m]))
    return torch.tensor(np.stack(rows))[None]


def places(count: int = JOINTS, seed: int = 0) -> torch.Tensor:
    return (torch.rand(1, count, 3, generator=torch.Generator().manual_seed(seed)) - 0.5).double()


def test_what_is_projected_is_triangulated_again() -> None:
    rig, points = ring(), places()
    xy, depth = geometry.projected(rig, points)
    assert depth.min() > 1
    found = geometry.triangulated(rig, xy, torch.rand(1, 4, JOINTS).double() + 0.1, robust=2)
    assert (found - points).norm(dim=-1).max() < 1e-4


def test_triangulation_has_the_gradient_of_finite_differences() -> None:
    rig, points = ring(3), places(4)
    xy = geometry.projected(rig, points)[0] + 2 * torch.randn(1, 3, 4, 2).double()
    weights = torch.rand(1, 3, 4).double() + 0.2

    def last(xy: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        scale = weights / 3.0
        return geometry.linear(rig, xy, scale)

    inputs = (xy.requires_grad_(), weights.requires_grad_())
    assert torch.autograd.gradcheck(last, inputs, eps=1e-6, atol=1e-6)


def test_weights_are_those_of_the_likeliest_point() -> None:
    rig, points = ring(), places()
    dice = torch.Generator().manual_seed(1)
    sigma = torch.tensor([1.0, 1.0, 8.0, 8.0]).double()[None, :, None].expand(1, 4, JOINTS)
    off: dict[str, list[float]] = {"even": [], "known": []}
    for _ in range(20):
        noise = torch.randn(1, 4, JOINTS, 2, generator=dice).double() * sigma[..., None]
        xy = geometry.projected(rig, points)[0] + noise
        for name, weights in (("even", torch.ones_like(sigma)), ("known", 1 / sigma)):
            found = geometry.triangulated(rig, xy, weights)
            off[name].append(float((found - points).norm(dim=-1).mean()))
    assert np.mean(off["known"]) < 0.5 * np.mean(off["even"])


def test_a_wild_view_is_outvoted() -> None:
    rig, points = ring(), places()
    xy = geometry.projected(rig, points)[0].clone()
    xy[:, 2] += 40.0
    weights = torch.ones(1, 4, JOINTS).double() / 2
    plain = (geometry.triangulated(rig, xy, weights) - points).norm(dim=-1)
    robust = (geometry.triangulated(rig, xy, weights, robust=6) - points).norm(dim=-1)
    assert robust.mean() < 0.2 * plain.mean()


def test_what_nobody_sees_stays_where_people_are_expected_and_teaches_nothing_wild() -> None:
    rig = ring()
    xy = geometry.projected(rig, places())[0].requires_grad_()
    weights = torch.zeros(1, 4, JOINTS).double().requires_grad_()
    found = geometry.triangulated(rig, xy, weights)
    assert found.abs().max() < 1e-6
    found.square().sum().backward()
    for told in (xy.grad, weights.grad):
        assert told is not None
        assert torch.isfinite(told).all()


def test_the_rays_through_the_crops_meet_at_the_person() -> None:
    rig = geometry.moved(ring(), -torch.tensor([[0.7, -0.4, 1.0]]).double())
    there = torch.ones(1, 4, dtype=torch.bool)
    middle = geometry.middle_of(rig, there, (WIDTH_PX, HEIGHT_PX))
    assert (middle - torch.tensor([0.7, -0.4, 1.1])).abs().max() < 0.02
    one = geometry.middle_of(
        rig, torch.tensor([[False, True, False, False]]), (WIDTH_PX, HEIGHT_PX)
    )
    at, depth = geometry.projected(rig, one[:, None])
    assert (at[0, 1, 0] - torch.tensor([47.5, 63.5])).abs().max() < 0.01
    assert depth[0, 1, 0] == pytest.approx(1.9 * 165 / 128, rel=0.2)


def test_unprojection_takes_exact_pixel_centres() -> None:
    """A map that holds, in each cell, the pixel at its middle, holds at a point its own pixel."""
    rig, points = ring(), 0.6 * places()
    rows, columns = HEIGHT_PX // STRIDE_PX, WIDTH_PX // STRIDE_PX
    x = (torch.arange(columns).double() + 0.5) * STRIDE_PX - 0.5
    y = (torch.arange(rows).double() + 0.5) * STRIDE_PX - 0.5
    maps = torch.stack([x.expand(rows, columns), y[:, None].expand(rows, columns)])
    maps = maps.expand(1, 4, 2, rows, columns)
    where, inside = geometry.in_maps(rig, points, STRIDE_PX, (rows, columns))
    at, _ = geometry.projected(rig, points)
    size = torch.tensor([WIDTH_PX, HEIGHT_PX])
    deep = inside & (at > 2).all(-1) & (at < size - 3).all(-1)
    assert deep.sum() > 40
    found = geometry.unprojected(maps, where).transpose(2, 3)
    assert (found - at)[deep].abs().max() < 1e-9
    total = geometry.unprojected_sum(maps, where).transpose(1, 2)
    assert torch.allclose(total, found.sum(1))


def test_unprojection_has_the_gradient_of_finite_differences() -> None:
    rig, points = ring(2), 0.5 * places(5)
    where, _ = geometry.in_maps(rig, points, 16, (8, 6))
    maps = torch.rand(1, 2, 2, 8, 6).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda m: geometry.unprojected_sum(m, where), (maps,))


def test_nothing_is_seen_behind_a_camera_or_beside_its_picture() -> None:
    rig = ring(1)
    centre = -torch.linalg.solve(rig[0, 0, :, :3], rig[0, 0, :, 3])
    behind = (centre * 1.5)[None, None]
    where, inside = geometry.in_maps(rig, torch.cat([behind, behind * 0], 1), 4, (32, 24))
    assert inside[0, 0].tolist() == [False, True]
    assert geometry.unprojected(torch.ones(1, 1, 1, 32, 24).double(), where)[0, 0, 0].tolist() == [
        0.0, 1.0,
    ]  # fmt: skip


def test_the_soft_square_does_not_jump_where_it_bends() -> None:
    error = torch.tensor([0.1, 0.2 - 1e-6, 0.2 + 1e-6, 2.0]).double().requires_grad_()
    told = geometry.capped(error)
    told.sum().backward()
    values, slope = told.tolist(), error.grad
    assert values[0] == pytest.approx(0.01)
    assert values[1] == pytest.approx(values[2], abs=1e-5)
    assert values[3] < 0.1
    assert slope is not None
    assert 0 < slope[3] < 0.1 * slope[0]


@pytest.mark.parametrize("how", AGGREGATIONS)
def test_a_view_that_does_not_count_changes_nothing(how: Aggregation) -> None:
    values = torch.rand(2, 3, 4, 5)
    weights = torch.rand(2, 3, 5) + 0.1
    weights[:, 1] = 0
    told = aggregated(values, weights, how)
    kept = aggregated(values[:, [0, 2]], weights[:, [0, 2]], how)
    assert torch.allclose(told, kept, atol=1e-5)
    wild = values.clone()
    wild[:, 1] = -50
    assert torch.allclose(told, aggregated(wild, weights, how), atol=1e-5)


def test_a_crop_is_a_pinhole_camera_of_its_own() -> None:
    camera = camera_at("c", (0.5, -3, 1.4), (0, 0, 1), (640, 480), 560.0, LENS, 3.0, (9, -6))
    crop = crop_at(camera, (240, 90, 400, 430), (WIDTH_PX, HEIGHT_PX), 1.2)
    world = np.random.default_rng(0).normal((0, 0, 1), 0.25, (40, 3))
    flat = world @ crop.projection[:, :3].T + crop.projection[:, 3]
    at = flat[:, :2] / flat[:, 2:]
    assert np.abs(crop.in_picture(at) - project(camera, world)).max() < 1e-6
    spot = crop.in_picture(np.array([[60.0, 40.0]]))[0]
    picture = np.zeros((480, 640), np.float32)
    yy, xx = np.mgrid[:480, :640]
    picture = np.exp(-((xx - spot[0]) ** 2 + (yy - spot[1]) ** 2) / 60)
    shown = crop.take(np.repeat((255 * picture)[..., None], 3, 2).astype(np.uint8))[..., 0]
    weight = shown.astype(float)
    ys, xs = np.mgrid[: shown.shape[0], : shown.shape[1]]
    middle = (weight * xs).sum() / weight.sum(), (weight * ys).sum() / weight.sum()
    assert middle == pytest.approx((60.0, 40.0), abs=0.05)


def test_a_crop_stands_upright_however_the_camera_is_held() -> None:
    camera = camera_at("c", (0.5, -3, 1.4), (0, 0, 1), (640, 480), 560.0, LENS, 35.0)
    crop = crop_at(camera, (220, 150, 420, 330), (WIDTH_PX, HEIGHT_PX), 1.2, upright=True)
    world = np.array([[0, 0, 0.8], [0, 0, 1.2], [0.2, 0.1, 1.0]])
    flat = world @ crop.projection[:, :3].T + crop.projection[:, 3]
    at = flat[:, :2] / flat[:, 2:]
    assert np.abs(crop.in_picture(at) - project(camera, world)).max() < 1e-6
    low, high = at[:2]
    assert abs(high[0] - low[0]) < 0.05 * (low[1] - high[1])
    assert np.linalg.det(crop.matrix) > 0


def seen_exactly(rig: torch.Tensor, points: torch.Tensor) -> Seen:
    """What a perfect network would see of points: bells in the heatmaps, 2 pixels off."""
    xy, _ = geometry.projected(rig, points)
    at = geometry.cells(xy, STRIDE_PX).float()
    rows, columns = HEIGHT_PX // STRIDE_PX, WIDTH_PX // STRIDE_PX
    x = (torch.arange(columns) - at[..., :1]).square()
    y = (torch.arange(rows) - at[..., 1:]).square()
    maps = -0.5 * (x[..., None, :] + y[..., :, None])
    views = rig.shape[1]
    features = torch.zeros(1, views, 64, rows, columns)
    return Seen(features, maps, xy.float(), torch.full((1, views, JOINTS), 2.0))


@pytest.mark.parametrize("count", [3, 4, 6])
def test_untrained_the_volumetric_network_finds_what_all_views_agree_on(count: int) -> None:
    rig, points = ring(count), 0.8 * places()
    network = VolumetricNetwork().eval()
    seen = seen_exactly(rig, points)
    there = torch.ones(1, count, dtype=torch.bool)
    with torch.inference_mode():
        for angle in (0.0, 1.1):
            told = network.solve(seen, rig.float(), there, torch.tensor([angle]))
            off = (told.xyz_m - points).norm(dim=-1)
            assert off.mean() < 0.03, angle
        assert (solved(seen, rig.float(), there) - points).norm(dim=-1).max() < 0.002


def test_the_second_look_reads_what_was_learned_where_it_lies() -> None:
    """A volume that likes one place, in a grid that is turned, draws every joint there."""
    network, points = VolumetricNetwork().eval(), 0.7 * places().float()
    turn, centre = torch.tensor([0.8]), torch.tensor([[0.1, -0.2, 0.05]])
    grid, turns = geometry.grid_axes(VOXELS, STEP_M, turn)
    off = (grid + centre[:, None])[:, None] - points[:, :, None]
    learned = -off.square().sum(-1) / (2 * 0.05**2)
    told = torch.zeros(1, 4, JOINTS, HEIGHT_PX // STRIDE_PX, WIDTH_PX // STRIDE_PX)
    coarse = points + 0.04
    found = network.again(coarse, learned, told, ring().float(), centre, turns)
    before = (coarse - points).norm(dim=-1).mean()
    assert (found - points).norm(dim=-1).mean() < 0.15 * before


def test_legs_that_one_view_exchanged_are_turned_round() -> None:
    rig, points = ring(4), 0.8 * places()
    right = seen_exactly(rig, points)
    wrong = Seen(*(part.clone() for part in vars(right).values()))
    legs = list(GROUPS[1])
    for part, was in ((wrong.xy_px, right.xy_px), (wrong.maps, right.maps)):
        part[:, 2, legs] = was[:, 2][:, [MIRROR[joint] for joint in legs]]
    there = torch.ones(1, 4, dtype=torch.bool)
    told = agreed(wrong, rig, there)
    assert torch.equal(told.xy_px, right.xy_px)
    assert torch.equal(told.maps, right.maps)
    assert agreed(right, rig, there) is right
    two = there.clone()
    two[:, :2] = False
    assert agreed(wrong, rig, two) is wrong


def test_an_absent_view_is_as_none() -> None:
    rig, points = ring(4).float(), 0.8 * places()
    seen = seen_exactly(rig.double(), points)
    seen.maps[:, 1], seen.xy_px[:, 1] = torch.rand_like(seen.maps[:, 1]), 5.0
    there = torch.tensor([[True, False, True, True]])
    others = [0, 2, 3]
    fewer = Seen(*(part[:, others] for part in vars(seen).values()))
    network = VolumetricNetwork().eval()
    with torch.inference_mode():
        centre = torch.zeros(1, 3)
        all_views = network.solve(seen, rig, there, centre=centre).xyz_m
        told = network.solve(fewer, rig[:, others], there[:, others], centre=centre).xyz_m
    one, other = solved(seen, rig, there), solved(fewer, rig[:, others], there[:, others])
    assert (one - other).abs().max() < 1e-4
    assert (all_views - told).abs().max() < 0.01


def cameras() -> list[Camera]:
    return [
        camera_at(f"c{k}", place, (0, 0, 1), (320, 240), 280.0, LENS)
        for k, place in enumerate(((2.5, -2, 1.4), (-2, -2.5, 1.2), (0.3, 3, 1.6)))
    ]


def test_weights_are_used_as_their_card_says_that_views_become_one(tmp_path, monkeypatch) -> None:
    from studio.core.card import Card
    from studio.perception.own import pack
    from studio.perception.views import viewer

    (tmp_path / "weights.safetensors").write_bytes(pack(VolumetricNetwork("sum"), {}))
    for told, how in (("sum", "sum"), ("confidence", "confidence"), ("none of them", "softmax")):
        card = Card("volumetric", "Apache-2.0", {"aggregation": told}, folder=tmp_path)
        monkeypatch.setattr(viewer, "find_card", lambda way, card=card: card)
        network = Viewer.load("volumetric")._network._network
        assert network.aggregation == how


def test_a_viewer_looks_through_the_cameras_that_see_somebody() -> None:
    torch.manual_seed(0)
    viewer = Viewer(VolumetricNetwork())
    picture = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    box = (120.0, 30.0, 200.0, 210.0)
    sight = viewer.look(cameras(), [picture, None, picture], [box, box, box])
    assert np.isfinite(sight.xyz_m).all()
    assert np.abs(sight.xyz_m - [0, 0, 1]).max() < 2.5
    assert np.isnan(sight.xy_px[1]).all()
    assert (sight.confidence[1] == 0).all()
    assert ((sight.confidence[[0, 2]] > 0) & (sight.confidence[[0, 2]] < 1)).all()
    nobody = viewer.look(cameras(), [picture] * 3, [None] * 3)
    assert np.isnan(nobody.xyz_m).all()
    alone = viewer.look(cameras(), [picture] * 3, [box, None, None])
    assert np.isfinite(alone.xyz_m).all()


def test_a_box_is_that_of_sure_points() -> None:
    points = np.array([[10.0, 20], [50, 20], [30, 90], [20, 60], [500, 500], [np.nan, 0]])
    sure = np.array([True, True, True, True, False, True])
    left, top, right, bottom = box_around(points, sure) or (0, 0, 0, 0)
    assert (left, top, right, bottom) == pytest.approx((7.9, 17.9, 52.1, 92.1))
    assert box_around(points, np.array([True, True, False, False, False, True])) is None
