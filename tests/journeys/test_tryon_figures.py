"""The try-on's evaluation: what it measures, and the pictures that it shows."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from studio.core.items import AnchorPoint
from studio.core.types import Frame
from studio.journeys import tryon
from studio.journeys.figures import Figure, measure
from studio.journeys.tryon_bare import front_of
from studio.journeys.tryon_limbs import WATCHES, in_picture, off
from studio.journeys.tryon_sheet import TILES, around_head
from studio.live.wearing.tryon import TryOn
from studio.live.wearing.wear_settings import WearSettings
from studio.live.wearing.worn import Wearer, Worn
from studio.media.catalogue.catalogue import starter
from studio.perception.occluder.network import SIDE_PX
from studio.perception.occluder.predictor import OccluderInput
from studio.vision.one_view import assumed


def test_without_footage_what_needs_it_is_skipped(capsys: pytest.CaptureFixture[str]) -> None:
    needing = [part for part in tryon.parts(None, None, None) if "true to size" in part[0]]
    assert len(needing) == 2
    assert measure(needing, json=True) == 0
    told = json.loads(capsys.readouterr().out)["figures"]
    assert [one["value"][:7] for one in told] == ["skipped"] * 2


def test_the_table_is_kept_where_it_is_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "figures.json"
    measure([("one", lambda: [Figure("this", "5 px", "1 px", False)])], False, kept)
    assert json.loads(kept.read_text("utf-8"))["figures"][0]["value"] == "5 px"
    assert "5 px" in capsys.readouterr().out


def test_stages_are_told_by_the_clock_that_is_asked_for() -> None:
    frames = [Frame("cam", k / 30, np.full((48, 64, 3), 90, np.uint8)) for k in range(3)]
    ticks = iter(range(10_000))
    took = {}
    with TryOn(clock=lambda: float(next(ticks))) as shown:
        for frame in frames:
            took = shown.show(frame, WearSettings()).stages_ms
    # Each look at this clock takes a second: two around each stage, two around all.
    assert took["track"] == took["blend"] == 1000
    assert took["all"] == 5000
    busy = tryon.spent(frames * 10, WearSettings(), time.process_time)
    assert busy["all"] >= busy["track"] > 0


def test_the_square_around_a_head_follows_it() -> None:
    rgba = np.zeros((200, 300, 4), np.uint8)
    rgba[98:103, 218:223, :3] = 255
    camera = assumed("cam", (300, 200), 55.0)
    eyes = np.eye(4)
    focal = camera.matrix[0, 0]
    eyes[:3, 3] = (220 - 149.5) * 0.9 / focal, 0.9, -(100 - 99.5) * 0.9 / focal
    wearer = Wearer(0, ("eyes",), 0.15, 0.0, {"eyes": eyes})
    tile = around_head(Worn(rgba, 0.0, wearers=(wearer,), camera=camera), 64)
    row, column = (int(v) for v in np.argwhere(tile[..., 0] > 100).mean(0))
    assert abs(column - 32) < 3
    assert 30 < row < 40
    assert around_head(Worn(rgba, 0.0), 64).shape == (64, 64, 3)


def test_all_that_is_worn_on_the_sheet_is_in_the_starter_catalogue() -> None:
    assert len(TILES) == 24
    assert {tile.item for tile in TILES} <= {entry.id for entry in starter().entries()}


def test_a_watch_is_judged_by_how_far_off_it_is_in_the_picture_and_how_it_is_turned() -> None:
    true, found = np.eye(4), np.eye(4)
    true[:3, 3] = 0.0, 0.8, 0.1
    found[:3, 3] = 0.03 * 0.9 / 0.8, 0.9, 0.1 * 0.9 / 0.8  # farther, on a ray that is 3 cm off
    found[:2, :2] = [[0, -1.1], [1.1, 0]]
    found[2, 2] = 1.1
    mm, degrees = off(found, true)
    assert mm == pytest.approx(30, abs=0.1)
    assert degrees == pytest.approx(90)
    behind = np.eye(4)
    behind[1, 3] = -1
    frames: dict[AnchorPoint, np.ndarray] = {"wrist.L": true, "wrist.R": behind}
    assert list(in_picture(frames, WATCHES)) == ["wrist.L"]


def test_the_front_of_a_hat_is_what_lies_before_the_head_or_beside_it() -> None:
    side = (SIDE_PX, SIDE_PX)
    item = np.zeros((*side, 4), np.uint8)
    item[:200, :, 3] = 255
    head, depth = np.full(side, np.inf, np.float32), np.full(side, 0.6, np.float32)
    head[:, 50:] = 0.61  # the hat is before it,
    head[:, 150:] = 0.5  # and behind it
    depth[:20] = np.inf
    front = front_of(OccluderInput(item[..., :3], item, depth, head, 0.6))
    expected = np.zeros(side, bool)
    expected[20:200, :150] = True
    np.testing.assert_array_equal(front, expected)
