"""The network's shapes, its stored anchors, other kinds of parts."""

from __future__ import annotations

import torch

from studio.perception.dope.kinds import KINDS, Kind
from studio.perception.dope.network import DopeNetwork, decoded, likeliest
from studio.perception.own import placed, size_mb
from studio.perception.trunk import fused

FOOT = Kind("foot", 4, 3, 2, ((0, 1, 2, 3), (4, 5, 6, 7)), (0,), (0, 1, 2, 3))


def test_regions_and_heads_have_the_sizes_of_the_seed() -> None:
    network = DopeNetwork().eval()
    given = {"hand": torch.tensor([[[4.0, 4.0, 20.0, 24.0]]])}
    with torch.no_grad():
        found = network(torch.rand(1, 3, 64, 96), 3, given)
    assert found.regions["body"].centre.shape == (1, 8, 12)
    for name, kind in KINDS.items():
        boxes = 4 if name == "hand" else 3
        poses = found.poses[name]
        assert poses.logits.shape == (1, boxes, kind.classes + 1)
        assert poses.deltas.shape == (1, boxes, kind.classes, kind.points, 5)
        head = network.branch(name).pose
        assert head.out_features == 5 * kind.points * kind.classes
    assert found.poses["hand"].boxes_px[0, 0].tolist() == [4, 4, 20, 24]
    assert size_mb(network) < 16


def test_an_expert_knows_its_kind_and_another_kind_is_one_more_head() -> None:
    with torch.no_grad():
        alone = DopeNetwork([KINDS["face"]]).eval()(torch.rand(1, 3, 64, 64), 2)
        more = DopeNetwork([*KINDS.values(), FOOT]).eval()(torch.rand(1, 3, 64, 64), 2)
    assert list(alone.poses) == ["face"]
    assert more.poses["foot"].deltas.shape == (1, 2, 6, 4, 5)


def test_poses_are_decoded_from_anchors_in_their_boxes() -> None:
    boxes = torch.tensor([[[10.0, 20.0, 30.0, 60.0]]])
    deltas = torch.zeros(1, 1, 2, 1, 5)
    deltas[0, 0, 1, 0] = torch.tensor([0.5, 0.0, 0.0, 0.0, 1.0])
    flat = torch.tensor([[[0.5, 0.25]], [[0.0, 1.0]]])
    deep = torch.tensor([[[0.0, 0.0, 0.0]], [[0.1, 0.2, 0.3]]])
    xy, xyz = decoded(boxes, deltas, flat, deep)
    torch.testing.assert_close(xy[0, 0, :, 0], torch.tensor([[20.0, 30.0], [12.0, 60.0]]))
    torch.testing.assert_close(xyz[0, 0, 1, 0], torch.tensor([0.1, 0.2, 0.5]))


def test_the_likeliest_boxes_are_peaks() -> None:
    network = DopeNetwork([KINDS["body"]]).eval()
    with torch.no_grad():
        region = network(torch.rand(1, 3, 64, 96), 1).regions["body"]
    region.centre.fill_(-9.0)
    region.centre[0, 2, 3], region.centre[0, 2, 4], region.centre[0, 6, 9] = 3.0, 2.5, 1.0
    boxes, scores = likeliest(region, 2)
    torch.testing.assert_close(boxes[0], torch.stack([region.box_px[0, 2, 3],
                                                      region.box_px[0, 6, 9]]))  # fmt: skip
    assert scores[0, 0] > scores[0, 1] > 0.5


def test_anchors_stay_exact_in_half_precision_and_folded_norms_change_nothing() -> None:
    torch.manual_seed(0)
    network = DopeNetwork().eval()
    before = network.branch("face").flat.clone()
    rgb = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        told = network(rgb, 2).regions["face"].centre
        again = fused(network)(rgb, 2).regions["face"].centre
    torch.testing.assert_close(told, again, atol=1e-4, rtol=1e-4)
    half = placed(network, "cpu", torch.bfloat16)
    assert isinstance(half, DopeNetwork)
    assert half.branch("face").flat.dtype == torch.float32
    torch.testing.assert_close(half.branch("face").flat, before)
