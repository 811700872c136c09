"""Parts in pictures of any size, and the second look at what is small."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from dope_people import parts, person_m, seen_px

from studio.perception.dope.finder import MODES, PoseFinder
from studio.perception.dope.network import DopeNetwork
from studio.perception.dope.ppi import Part


def _with(part: Part, xy_px: np.ndarray) -> Part:
    return Part(part.kind, xy_px, part.xyz_m, part.seen, part.score, part.family)


@pytest.mark.parametrize("mode", ["fast", "balanced"])
def test_a_fresh_network_looks_at_any_picture(mode: str) -> None:
    torch.manual_seed(0)
    finder = PoseFinder(DopeNetwork().eval(), mode=mode)
    found = finder.find(np.zeros((117, 201, 3), np.uint8))
    assert list(found) == ["body", "hand", "face"]
    for kind, told in found.items():
        assert all(part.kind == kind and np.isfinite(part.xy_px).all() for part in told)


def test_fifty_boxes_and_400_px_as_in_the_seed() -> None:
    assert MODES["thorough"].side_px == 400
    assert sum(MODES["thorough"].proposed.values()) == 50


def test_points_come_back_in_pixels_of_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    finder = PoseFinder(DopeNetwork().eval(), mode="fast")
    shown: list[tuple[int, ...]] = []

    def run(rgb: np.ndarray, _: object) -> list[dict[str, list[Part]]]:
        shown.append(rgb.shape)
        return [parts(person_m())]

    monkeypatch.setattr(finder, "_run", run)
    found = finder.find(np.zeros((480, 640, 3), np.uint8))
    assert shown == [(1, 192, 224, 3)]  # smaller, and filled up to sides that 32 divides
    expected = (seen_px(person_m())[:13] + 0.5) * 640 / 224 - 0.5
    np.testing.assert_allclose(found["body"][0].xy_px, expected)


def test_small_and_missing_hands_get_a_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    finder = PoseFinder(DopeNetwork().eval(), mode="balanced")
    picture = np.zeros((480, 640, 3), np.uint8)
    whole = parts(person_m())
    for kind, told in whole.items():
        whole[kind] = [_with(part, part.xy_px * 2) for part in told]
    truth = {hand.family: hand for hand in whole["hand"]}
    first = {**whole, "hand": [_with(truth[0], truth[0].xy_px + 4.0)]}  # the right one was missed
    seen: list[int] = []

    def run(rgb: np.ndarray, _: object) -> list[dict[str, list[Part]]]:
        if not seen:
            seen.append(0)
            scale = MODES["balanced"].side_px / 640
            return [{k: [_with(p, (p.xy_px + 0.5) * scale - 0.5) for p in told]
                     for k, told in first.items()}]  # fmt: skip
        seen.append(len(rgb))
        out = []
        for to_crop, family in zip(crops, families, strict=True):
            hand = truth[family]
            xy = hand.xy_px @ to_crop[:, :2].T + to_crop[:, 2]
            out.append({"body": [], "hand": [_with(hand, xy)], "face": []})
        return out

    crops: list[np.ndarray] = []
    families: list[int] = []
    from studio.perception.dope import finder as module

    around = module.Crop.around

    def watched(centre: np.ndarray, side: float, **how: object) -> module.Crop:
        crop = around(centre, side, **how)  # pyright: ignore
        wrists = {family: hand.xy_px.mean(0) for family, hand in truth.items()}
        crops.append(crop.to_crop)
        families.append(min(wrists, key=lambda f: float(np.linalg.norm(wrists[f] - centre))))
        return crop

    monkeypatch.setattr(module.Crop, "around", watched)
    monkeypatch.setattr(finder, "_run", run)
    found = finder.find(picture)
    assert seen[0] == 0
    assert seen[1] >= 2
    assert len(found["hand"]) == 2
    for hand in found["hand"]:
        off = np.linalg.norm(hand.xy_px - truth[hand.family].xy_px, axis=1).mean()
        assert off < 0.5
