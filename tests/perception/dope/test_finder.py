"""Parts in pictures of any size, and the second look at what is small."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from dope_people import parts, person_m, seen_px

from studio.perception.crops import Crop
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
    assert max(MODES["thorough"].sides_px) == 400
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


def test_hands_that_were_missed_are_looked_for_closer(monkeypatch: pytest.MonkeyPatch) -> None:
    finder = PoseFinder(DopeNetwork().eval(), mode="balanced", mirror=False)
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
            scale = MODES["balanced"].sides_px[0] / 640
            return [{k: [_with(p, (p.xy_px + 0.5) * scale - 0.5) for p in told]
                     for k, told in first.items()}]  # fmt: skip
        seen.append(len(rgb))
        out = []
        for to_crop, family in zip(crops, families, strict=True):
            hand = truth[family]
            xy = hand.xy_px @ to_crop[:, :2].T + to_crop[:, 2]
            out.append({"body": [], "hand": [_with(hand, xy)], "face": []})
        crops.clear()
        families.clear()
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
    assert seen == [0, 1, 2]  # the body, then the missing hand and the small face
    assert len(found["hand"]) == 2
    for hand in found["hand"]:
        off = np.linalg.norm(hand.xy_px - truth[hand.family].xy_px, axis=1).mean()
        assert off < 0.5 if hand.family else off == pytest.approx(np.hypot(4, 4))


@pytest.mark.parametrize(("width", "looks"), [(640, 1), (224, 0)])
def test_small_bodies_are_told_between_two_looks(
    width: int, looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second is larger, and of the same person; whoever stands beside them is not taken."""
    finder = PoseFinder(DopeNetwork().eval(), mode="balanced", mirror=False)
    picture = np.zeros((width * 3 // 4, width, 3), np.uint8)
    truth = parts(person_m())["body"][0]
    first = _with(truth, truth.xy_px + 3.0)
    stranger = replace(_with(truth, truth.xy_px + truth.size_px / 2), score=1.0)
    shown: list[tuple[int, ...]] = []
    crops: list[Crop] = []
    cut = Crop.around

    def around(centre: np.ndarray, side: float, *, side_px: int) -> Crop:
        crops.append(cut(centre, side, side_px=side_px))
        return crops[-1]

    def run(rgb: np.ndarray, proposed: object) -> list[dict[str, list[Part]]]:
        shown.append(rgb.shape)
        if len(shown) == 1:
            scale = MODES["balanced"].sides_px[0] / width
            return [{"body": [_with(first, (first.xy_px + 0.5) * scale - 0.5)]}]
        into = crops[-1].to_crop
        return [{"body": [_with(one, one.xy_px @ into[:, :2].T + into[:, 2])
                          for one in (replace(truth, score=0.8), stranger)]}]  # fmt: skip

    monkeypatch.setattr("studio.perception.dope.finder.Crop.around", around)
    monkeypatch.setattr(finder, "_run", run)
    (body,) = finder.find(picture)["body"]
    assert len(shown) == 1 + looks
    np.testing.assert_allclose(body.xy_px, truth.xy_px + (1.5 if looks else 3.0), atol=1e-6)
    if looks:
        scale = float(crops[0].to_crop[0, 0])
        assert scale > 1.5 * MODES["balanced"].sides_px[0] / width  # it is larger there
