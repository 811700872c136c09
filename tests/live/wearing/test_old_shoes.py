"""Shoes that somebody has on are painted out, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from wearers import SIZE, VIEW_DEG

from studio.core.items import ItemKind
from studio.core.types import Frame
from studio.human.anchors import REFERENCE_M
from studio.live.wearing.drawing import Crop
from studio.live.wearing.old_shoes import FootSeen, OldShoes, outlined
from studio.live.wearing.tryon import TryOn
from studio.live.wearing.wearers import WearerNow
from studio.vision.one_view import assumed

CAMERA = assumed("cam", SIZE, VIEW_DEG)
FLOOR, SHOE, LEG = (150, 140, 125), (40, 60, 140), (35, 35, 38)
AT = {True: -0.22, False: 0.22}
KEYS = {True: (1, "foot.L"), False: (1, "foot.R")}


def standing(left: bool, away_m: float = 1.5) -> FootSeen:
    """A foot that points to the camera, a little aside, below it."""
    turn = cv2.Rodrigues(np.array([0.0, 0.0, 0.5 if left else -0.5]))[0]
    frame = np.eye(4)
    frame[:3, :3], frame[:3, 3] = turn, (AT[left], away_m, -0.45)
    return FootSeen(frame, 1.0, left)


def drawn(feet: dict[bool, FootSeen], long: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Legs in shoes on a rough floor, and where the shoes are."""
    noise = np.random.default_rng(0).normal(0, 6, (SIZE[1], SIZE[0], 3))
    rgb = np.clip(noise + FLOOR, 0, 255).astype(np.uint8)
    shoes = np.zeros(rgb.shape[:2], np.uint8)
    focal, (u, v) = CAMERA.matrix[0, 0], CAMERA.matrix[:2, 2]
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    for foot in feet.values():
        points = [
            (0.045 * np.cos(a), -0.08 + long * 0.15 * np.sin(a), up)
            for a in turn for up in (0.0, 0.06)
        ]  # fmt: skip
        world = np.array(points) @ foot.frame[:3, :3].T + foot.frame[:3, 3]
        px = np.column_stack([u + focal * world[:, 0] / world[:, 1],
                              v - focal * world[:, 2] / world[:, 1]])  # fmt: skip
        top = px.min(0).astype(int)
        wide = int(0.04 * focal / foot.frame[1, 3])
        middle = int(px[:, 0].mean())
        cv2.rectangle(rgb, (middle - wide, 0), (middle + wide, int(top[1]) + wide), LEG, -1)
        cv2.fillConvexPoly(shoes, cv2.convexHull(np.rint(px).astype(np.int32)), 1)
    rgb[shoes > 0] = SHOE
    return rgb, shoes > 0


def off(rgb: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.abs(rgb.astype(int) - colour).max(-1)


@pytest.fixture(scope="module")
def both():
    return {left: standing(left) for left in (True, False)}


def feet_of(both):
    return {KEYS[left]: foot for left, foot in both.items()}


def test_shoes_become_floor_and_legs_stay(both) -> None:
    rgb, shoes = drawn(both)
    bare, gone = OldShoes().painted_out(rgb, feet_of(both), CAMERA, 0.0)
    assert (off(bare, SHOE)[shoes] < 40).mean() < 0.03
    elsewhere = ~cv2.dilate(shoes.astype(np.uint8), np.ones((13, 13))).astype(bool)
    assert (bare[elsewhere] == rgb[elsewhere]).all()
    assert gone[shoes].mean() > 0.95
    assert not gone[elsewhere].any()


def test_only_the_feet_that_are_named_are_touched(both) -> None:
    rgb, _ = drawn(both)
    own, other = (drawn({left: both[left]})[1] for left in (True, False))
    bare, _ = OldShoes().painted_out(rgb, {KEYS[True]: both[True]}, CAMERA, 0.0)
    changed = (bare != rgb).any(-1)
    assert changed[own].mean() > 0.95
    assert changed[other & ~own].mean() < 0.05
    assert OldShoes().painted_out(rgb, {}, CAMERA, 0.0)[0] is rgb


def test_what_is_nothing_like_a_shoe_is_left_alone(both) -> None:
    """The whole floor looks as what is at the foot."""
    rgb = np.full((SIZE[1], SIZE[0], 3), FLOOR, np.uint8)
    rgb[:, : SIZE[0] // 3] = SHOE
    assert OldShoes().painted_out(rgb, feet_of(both), CAMERA, 0.0)[0] is rgb


def test_feet_beyond_the_picture_or_behind_the_camera_do_no_harm(both) -> None:
    rgb, _ = drawn(both)
    away = standing(True)
    for place in ((30.0, 1.5, -0.4), (0.0, -1.0, -0.4), (-0.6, 1.0, -0.75)):
        away.frame[:3, 3] = place
        bare, _ = OldShoes().painted_out(rgb, {KEYS[True]: away}, CAMERA, 0.0)
        assert bare.shape == rgb.shape


def test_it_looks_now_and_then_and_forgets_who_left(both, monkeypatch) -> None:
    from studio.live.wearing import old_shoes

    looks = []
    monkeypatch.setattr(old_shoes, "outlined",
                        lambda *told: looks.append(1) or outlined(*told))  # fmt: skip
    rgb, _ = drawn(both)
    shoes, feet = OldShoes(), {KEYS[True]: both[True]}
    for time_s, count in ((0.0, 1), (0.1, 1), (0.3, 2), (0.1, 3)):  # the film begins again
        shoes.painted_out(rgb, feet, CAMERA, time_s)
        assert len(looks) == count
    shoes.painted_out(rgb, {}, CAMERA, 0.15)
    shoes.painted_out(rgb, feet, CAMERA, 0.2)
    assert len(looks) == 4


def test_the_same_picture_has_the_same_outline(both) -> None:
    rgb, _ = drawn(both)
    one, two = (OldShoes().painted_out(rgb, feet_of(both), CAMERA, 0.0)[0] for _ in range(2))
    assert (one == two).all()


@pytest.mark.parametrize("kind", ["shoes", "watch"])
def test_where_an_old_shoe_was_the_new_one_is_seen(both, kind: ItemKind) -> None:
    rgb, shoes = drawn(both)
    feet = {f"foot.{'L' if left else 'R'}": foot.frame for left, foot in both.items()}
    somebody = WearerNow(1, feet, REFERENCE_M, None, 1.0, 0.0, {})
    crop = Crop(10, 20, replace(CAMERA, size_px=(SIZE[0] - 10, SIZE[1] - 20)))
    new: Any = ("new", SimpleNamespace(item=SimpleNamespace(kind=kind)), SimpleNamespace(crop=crop))
    unsure = np.full((SIZE[1] - 20, SIZE[0] - 10), 0.4, np.float32)
    with TryOn() as tryon:
        bare, (seen,) = tryon._without_shoes(Frame("cam", 0.0, rgb), [new], [unsure], (somebody,),
                                             CAMERA)  # fmt: skip
    assert off(bare.rgb, SHOE)[shoes].mean() > 40
    where = shoes[20:, 10:]
    assert (seen[where].mean() > 0.95) == (kind == "shoes")
    assert np.allclose(seen[: SIZE[1] // 4], 0.4)
