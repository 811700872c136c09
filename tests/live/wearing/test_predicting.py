"""Predicted maps are shown as soon as there are any, moved along with what they are of."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest
from wearers import VIEW_DEG, Crowd, face_at, glasses, grey, item

from studio.core.errors import StudioError
from studio.live.wearing.maps import way_of
from studio.live.wearing.tryon import TryOn
from studio.live.wearing.wear_settings import WearSettings
from studio.perception.occluder.predictor import OccluderInput

PLAIN = WearSettings(items=("one",), view_deg=VIEW_DEG, shadow=0, match_camera=False, edge_px=0,
                     occlusion="predicted", smoothing_ms=0)  # fmt: skip


class Halves:
    """Hides the half of the item at the right of the square, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[OccluderInput] = []
        self.free = threading.Event()
        self.free.set()

    def predict(self, crop: OccluderInput) -> np.ndarray:
        self.asked.append(crop)
        self.free.wait(10)
        seen = np.ones((256, 256), np.float32)
        seen[:, 128:] = 0
        return seen

    def wait_for(self, count: int) -> int:
        """How often it was asked, once that is so often."""
        until_s = time.monotonic() + 10
        while len(self.asked) < count and time.monotonic() < until_s:
            time.sleep(0.005)
        return len(self.asked)


def trying(predictor: Any, *faces: np.ndarray, apart: bool = True) -> tuple[TryOn, Crowd]:
    crowd = Crowd(*faces)
    make: Any = lambda: crowd  # noqa: E731
    return TryOn(lambda _: glasses(), make, lambda: predictor, apart=apart), crowd


def columns(seen: np.ndarray) -> tuple[int, int]:
    where = np.flatnonzero((seen > 127).any(0))
    return int(where[0]), int(where[-1])


def test_a_predicted_map_hides_what_it_says() -> None:
    asked = Halves()
    tryon, _ = trying(asked, face_at((0.0, 0.6, 0.0)))
    with tryon:
        shown = tryon.show(grey(), PLAIN)
        static = tryon.show(grey(), PLAIN.model_copy(update={"occlusion": "static"}))
    whole, half = columns(static.maps["one"]), columns(shown.maps["one"])
    middle = (whole[0] + whole[1]) / 2
    assert abs(half[0] - whole[0]) <= 1
    assert abs(half[1] - middle) <= 2


def test_a_bag_which_the_network_has_not_learned_goes_by_depth() -> None:
    asked = Halves()
    assert [way_of("bag", how) for how in ("predicted", "static", "none")] == [
        "depth", "static", "none",
    ]  # fmt: skip
    bag = item("bag", {"eyes": [((-0.05, -0.1, -0.05), (0.05, -0.05, 0.05))]})
    crowd: Any = Crowd(face_at((0.0, 0.6, 0.0)))
    things = {"one": glasses(), "bag": bag}
    both = PLAIN.model_copy(update={"items": ("bag", "one")})
    with TryOn(things.__getitem__, lambda: crowd, lambda: asked, apart=False) as tryon:
        maps = tryon.show(grey(), both).maps
        alone = tryon.show(grey(), both.model_copy(update={"occlusion": "depth"})).maps
    assert len(asked.asked) == 1
    assert np.array_equal(maps["bag"], alone["bag"])
    assert not np.array_equal(maps["one"], alone["one"])


def test_the_network_sees_the_item_where_it_is_drawn() -> None:
    asked = Halves()
    tryon, _ = trying(asked, face_at((0.03, 0.6, 0.02)))
    with tryon:
        tryon.show(grey(90), PLAIN)
    given = asked.asked[0]
    assert (given.rgb == 90).all()
    solid = given.item[..., 3] > 250
    assert solid.sum() > 500
    assert (given.item[solid][:, 0] > given.item[solid][:, 1]).all()
    assert np.isfinite(given.item_depth_m[solid]).mean() > 0.98
    rows, cols = np.nonzero(solid)
    assert abs(cols.mean() - 127.5) < 8
    # The bar is 20 mm before the anchor point, the skin at the temples behind it.
    front = np.median(given.item_depth_m[solid]) - given.anchor_depth_m
    assert -0.025 < front < -0.01
    assert np.isfinite(given.proxy_depth_m[rows, cols]).mean() > 0.7
    assert given.previous is None


def test_a_map_moves_with_its_item_until_the_next_one() -> None:
    asked = Halves()
    faces = [face_at((x, 0.8, 0.0)) for x in (-0.2, 0.2)]
    tryon, crowd = trying(asked, *faces)
    with tryon:
        tryon.show(grey(time_s=0.0), PLAIN)
        both = tryon.show(grey(time_s=0.03), PLAIN)
        crowd.faces = tuple(face + np.array([6.0, 4.0, 0.0]) for face in faces)
        moved = tryon.show(grey(time_s=0.06), PLAIN)
        assert asked.wait_for(3) == 3  # one a picture, whoever waited longest
    again = np.roll(both.maps["one"], (4, 6), (0, 1))
    assert (np.abs(again.astype(int) - moved.maps["one"]) > 100).sum() < 60


class Ever(Halves):
    """Hides all but the first time, when nothing is hidden."""

    def predict(self, crop: OccluderInput) -> np.ndarray:
        super().predict(crop)
        return np.full((256, 256), 1.0 if len(self.asked) == 1 else 0.0, np.float32)


def test_pictures_wait_for_no_map_but_the_first() -> None:
    asked = Ever()
    tryon, _ = trying(asked, face_at((0.0, 0.6, 0.0)))
    with tryon:
        first = tryon.show(grey(time_s=0.0), PLAIN)
        asked.free.clear()
        again = tryon.show(grey(time_s=0.1), PLAIN)
        busy = tryon.show(grey(time_s=0.2), PLAIN)
        assert asked.wait_for(2) == 2  # and none is asked for beside it
        asked.free.set()
        last = busy
        for k in range(100):
            last = tryon.show(grey(time_s=0.21 + k / 1000), PLAIN)
            if not (last.maps["one"] > 127).any():
                break
            time.sleep(0.01)
    for shown in (first, again, busy):
        assert (shown.maps["one"] > 127).any()
    assert not (last.maps["one"] > 127).any()


def test_a_broken_network_is_told() -> None:
    class Broken(Halves):
        def predict(self, crop: OccluderInput) -> np.ndarray:
            if self.asked:
                raise ValueError("broken")
            return super().predict(crop)

    tryon, _ = trying(Broken(), face_at((0.0, 0.6, 0.0)))

    def show() -> None:
        for k in range(400):
            tryon.show(grey(time_s=0.1 * k), PLAIN)
            time.sleep(0.005)

    with tryon, pytest.raises(ValueError, match="broken"):
        show()


def test_films_and_photographs_have_time_for_every_map() -> None:
    asked = Halves()
    faces = (face_at((-0.12, 0.7, 0.0)), face_at((0.12, 0.7, 0.0)))
    tryon, _ = trying(asked, *faces, apart=False)
    with tryon:
        tryon.show(grey(), PLAIN)
        tryon.show(grey(time_s=0.02), PLAIN)
    assert len(asked.asked) == 4


def test_without_its_weights_the_static_map_is_shown_and_it_is_said() -> None:
    def missing() -> Any:
        raise StudioError("The network “occluder” is not there.", "Train it.")

    crowd = Crowd(face_at((0.0, 0.6, 0.0)))
    make: Any = lambda: crowd  # noqa: E731
    with TryOn(lambda _: glasses(), make, missing) as tryon:
        shown = tryon.show(grey(), PLAIN)
        static = tryon.show(grey(), PLAIN.model_copy(update={"occlusion": "static"}))
    assert shown.trouble is not None
    assert "occluder" in shown.trouble.message
    assert (shown.maps["one"] == static.maps["one"]).all()
