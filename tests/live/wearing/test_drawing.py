"""Things are drawn as they look when somebody has them on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from wearers import SIZE, VIEW_DEG, item

from studio.core.items import Item, ItemKind
from studio.live.wearing.drawing import ItemDrawer
from studio.live.wearing.maps import unbroken, without_holes
from studio.render.quick import studio_light
from studio.vision.one_view import assumed

Box = tuple[tuple[float, ...], tuple[float, ...]]
PANE: Box = ((-0.06, -0.02, -0.03), (0.06, -0.018, 0.03))
AWAY = np.array([[1, 0, 0, 0], [0, 1, 0, 0.6], [0, 0, 1, 0], [0, 0, 0, 1.0]])


def with_lens(kind: ItemKind, box: Box) -> Item:
    """A clear pane and a red box."""
    thing = item(kind, {"eyes": [PANE, box]})
    pane, red = thing.character.parts
    grey = replace(pane.material, base=(0.5, 0.5, 0.5, 0.2))
    parts = replace(pane, material=grey), red
    return replace(thing, character=replace(thing.character, parts=parts))


@pytest.mark.parametrize(
    ("kind", "behind_m", "seen"),
    [("glasses", 0.09, False), ("glasses", 0.0, True), ("hat", 0.09, True)],
)
def test_what_lies_beside_the_head_is_not_seen_through_lenses(
    kind: ItemKind, behind_m: float, seen: bool
) -> None:
    bar = ((-0.02, behind_m, -0.01), (0.02, behind_m + 0.01, 0.01))
    camera = assumed("cam", SIZE, VIEW_DEG)
    with ItemDrawer() as drawer:
        drawn = drawer.draw(with_lens(kind, bar), "eyes", 0, AWAY, camera, studio_light())
    assert drawn is not None
    levels = drawn.rgba[..., :3].astype(int)
    assert (drawn.rgba[..., 3] > 20).sum() > 2000
    assert ((levels[..., 0] - levels[..., 1] > 30).sum() > 100) == seen


def test_rims_are_whole_where_the_lens_is_seen_and_hands_still_hide_them() -> None:
    rim = ((-0.06, -0.02, -0.037), (0.06, -0.018, -0.03))
    camera = assumed("cam", (640, 480), VIEW_DEG)
    with ItemDrawer() as drawer:
        drawn = drawer.draw(with_lens("glasses", rim), "eyes", 0, AWAY, camera, studio_light())
    assert drawn is not None
    alpha = drawn.rgba[..., 3]
    rows, columns = np.nonzero(alpha > 250)
    bottom, left, right = rows.max(), columns.min(), columns.max()
    seen = (alpha > 0).astype(np.float32)
    seen[rows.min() :, left + 20 : left + 60] = 0  # a bite out of the rim
    seen[:, right - 28 :] = 0  # a hand
    mended = unbroken(seen, drawn)
    assert mended[bottom - 1, left + 20 : left + 60].min() > 0.9
    assert mended[:, right - 24 :].max() < 0.1
    hat = replace(drawn, item=with_lens("hat", rim))
    assert (unbroken(seen, hat) == seen).all()


def test_hats_have_no_holes_and_what_comes_from_beside_them_stays() -> None:
    y, x = np.mgrid[:80, :80]
    alpha = np.where(np.hypot(x - 40, y - 40) < 30, 255, 0).astype(np.uint8)
    seen = np.ones((80, 80), np.float32)
    hole, hand = np.hypot(x - 34, y - 30) < 5, (np.abs(y - 50) < 5) & (x > 40)
    seen[hole | hand] = 0.1
    whole = without_holes(seen, alpha)
    assert (whole[hole] == 1).all()
    assert (whole[hand] == seen[hand]).all()
    cut = without_holes(seen[:, :38], alpha[:, :38])  # the picture ends in the hole: a hand may
    assert (cut[hole[:, :38]] == seen[:, :38][hole[:, :38]]).all()
