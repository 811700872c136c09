"""RoIAlign against a slow twin and finite differences; overlaps by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.perception.dope.boxes import giou, iou, roi_align


def _bilinear(map_: np.ndarray, x: float, y: float) -> np.ndarray:
    rows, columns = map_.shape[1:]
    x, y = float(np.clip(x, 0, columns - 1)), float(np.clip(y, 0, rows - 1))
    x0, y0 = min(int(x), columns - 2), min(int(y), rows - 2)
    u, v = x - x0, y - y0
    return (
        map_[:, y0, x0] * (1 - u) * (1 - v) + map_[:, y0, x0 + 1] * u * (1 - v)
        + map_[:, y0 + 1, x0] * (1 - u) * v + map_[:, y0 + 1, x0 + 1] * u * v
    )  # fmt: skip


def test_roi_align_is_the_mean_of_bilinear_samples() -> None:
    dice = np.random.default_rng(0)
    maps = dice.normal(size=(2, 3, 6, 9))
    boxes = np.array([[[3.0, 2.0, 30.5, 41.0], [-9.0, -4.0, 12.0, 17.0]],
                      [[20.0, 20.0, 25.0, 24.0], [0.0, 0.0, 71.0, 47.0]]])  # fmt: skip
    stride, size, samples = 8, 3, 2
    found = roi_align(torch.tensor(maps), torch.tensor(boxes), stride, size, samples).numpy()
    for b in range(2):
        for k, (left, top, right, bottom) in enumerate(boxes[b]):
            for i in range(size):
                for j in range(size):
                    values = []
                    for v in range(samples):
                        for u in range(samples):
                            x = left + (right - left) * (j + (u + 0.5) / samples) / size
                            y = top + (bottom - top) * (i + (v + 0.5) / samples) / size
                            # cell c of the map covers pixels c * stride - 0.5 on
                            values.append(_bilinear(maps[b], (x + 0.5) / stride - 0.5,
                                                    (y + 0.5) / stride - 0.5))  # fmt: skip
                    np.testing.assert_allclose(found[b, k, :, i, j], np.mean(values, 0), atol=1e-9)


def test_roi_align_of_a_slope_is_the_slope_at_each_cell() -> None:
    x = (torch.arange(20, dtype=torch.float64) + 0.5) * 4 - 0.5
    maps = x.expand(1, 1, 10, 20)
    found = roi_align(maps, torch.tensor([[[10.0, 8.0, 38.0, 22.0]]], dtype=torch.float64), 4, 7)
    middles = 10 + 28 * (torch.arange(7) + 0.5) / 7
    torch.testing.assert_close(found[0, 0, 0], middles.double().expand(7, 7))


def test_gradients_of_roi_align_are_those_of_finite_differences() -> None:
    torch.manual_seed(0)
    maps = torch.randn(1, 2, 5, 6, dtype=torch.float64, requires_grad=True)
    boxes = torch.tensor([[[4.3, 3.1, 21.7, 18.9]]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda m, b: roi_align(m, b, 4, 2), (maps, boxes))


def test_overlaps_by_hand() -> None:
    a = torch.tensor([[0.0, 0.0, 2.0, 2.0], [10.0, 10.0, 12.0, 12.0]])
    b = torch.tensor([[1.0, 0.0, 3.0, 2.0], [10.0, 10.0, 12.0, 12.0]])
    assert iou(a, b).tolist() == [[pytest.approx(1 / 3), 0.0], [0.0, 1.0]]
    assert giou(a[:1], a[:1] + 4).item() == pytest.approx(0 - (36 - 8) / 36)
    assert giou(a, a).tolist() == [1.0, 1.0]
