"""Items are worn at their size, where they belong, hidden by what is before; the show goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from wearers import (
    SIZE,
    VIEW_DEG,
    Crowd,
    Points,
    body_at,
    face_at,
    frame_of,
    glasses,
    grey,
    hand_at,
    item,
    watch,
)

from studio.core.errors import StudioError
from studio.core.items import Item
from studio.core.types import Frame
from studio.live.wearing.bodies import Bodies
from studio.live.wearing.tryon import TryOn
from studio.live.wearing.wear_settings import WearSettings
from studio.live.wearing.wearers import NO_FEET, NO_HAND, NOBODY
from studio.media.catalogue.catalogue import find as found
from studio.vision.one_view import assumed

PLAIN = WearSettings(items=("one",), occlusion="depth", view_deg=VIEW_DEG, shadow=0.0,
                     match_camera=False, edge_px=0)  # fmt: skip
TURNED = Rotation.from_euler("z", 40, degrees=True).as_matrix()


def wearing(*faces: np.ndarray, one: Callable[[str], Item] | None = None) -> TryOn:
    make: Any = lambda: Crowd(*faces)  # noqa: E731
    return TryOn(one or (lambda _: glasses()), make)


def red(rgba: np.ndarray) -> np.ndarray:
    """Where the picture shows the item."""
    return rgba[..., 0].astype(int) - rgba[..., 1] > 30


def test_glasses_are_worn_at_their_true_width() -> None:
    own = 62.5  # millimetres between the pupils of the head that is seen
    with wearing(face_at((0.0, 0.6, 0.0))) as tryon:
        wide = [
            tryon.show(grey(), PLAIN.model_copy(update={"pupil_mm": pupil}))
            for pupil in (own, 1.1 * own)
        ]
    columns = [np.flatnonzero(red(worn.rgba).any(0)) for worn in wide]
    spans = [c[-1] - c[0] + 1 for c in columns]
    # A face whose pupils are further apart is farther away, so that what it wears is smaller.
    assert spans[1] / spans[0] == pytest.approx(1 / 1.1, abs=0.03)
    camera = assumed("cam", SIZE, VIEW_DEG)
    away = 0.6 - 0.0775 - 0.0175
    assert spans[0] == pytest.approx(0.14 * camera.matrix[0, 0] / away, rel=0.02)


def test_what_is_behind_the_head_is_hidden_and_told_in_the_map() -> None:
    face = face_at((0.0, 0.6, 0.0), TURNED)
    with wearing(face) as tryon:
        shown = tryon.show(grey(), PLAIN)
        bare = tryon.show(grey(), PLAIN.model_copy(update={"only_items": True}))
    seen = shown.maps["one"]
    assert seen.shape == (SIZE[1], SIZE[0])
    assert red(shown.rgba)[seen > 200].mean() > 0.9
    assert not red(shown.rgba)[seen == 0].any()
    assert (bare.rgba[..., 3][seen > 250] > 40).mean() > 0.95
    assert bare.rgba[..., 3][seen == 0].max() == 0


def test_each_way_of_hiding_hides_something_else() -> None:
    with wearing(face_at((0.0, 0.6, 0.0), TURNED)) as tryon:
        both = PLAIN.model_copy(update={"occlusion": "static", "compare": "depth"})
        shown = tryon.show(grey(), both)
    assert shown.compared is not None
    assert (red(shown.rgba) != red(shown.compared)).sum() > 10


def test_nothing_hides_what_is_to_be_painted() -> None:
    with wearing(face_at((0.0, 0.6, 0.0), TURNED)) as tryon:
        whole, hidden = (
            tryon.show(grey(), PLAIN.model_copy(update={"occlusion": how}))
            for how in ("none", "depth")
        )
    assert red(whole.rgba).sum() > red(hidden.rgba).sum() + 20


def test_nobody_is_a_sentence_and_the_picture_is_shown_as_it_is() -> None:
    with wearing() as tryon:
        shown = tryon.show(grey(73), PLAIN)
    assert shown.notes == (NOBODY,)
    assert (shown.rgba[..., :3] == 73).all()
    assert shown.wearers == ()


def test_six_people_wear_it_and_keep_their_numbers() -> None:
    places = [(x, 1.4, z) for x in (-0.4, 0.0, 0.4) for z in (-0.2, 0.2)]
    faces = [face_at(place) for place in places]
    make: list[Crowd] = []

    def made() -> Any:
        make.append(Crowd(*faces))
        return make[0]

    with TryOn(lambda _: glasses(), made) as tryon:
        first = tryon.show(grey(), PLAIN)
        make[0].faces = tuple(reversed(faces))
        second = tryon.show(grey(time_s=0.03), PLAIN)
        two = tryon.show(grey(time_s=0.06), PLAIN.model_copy(update={"people": 2}))
    assert sorted(w.number for w in first.wearers) == list(range(6))
    assert sorted(w.number for w in second.wearers) == list(range(6))
    assert len(two.wearers) == 2
    assert make[0].closed


def test_a_broken_model_is_told_and_the_rest_is_worn(tmp_path: Path) -> None:
    broken = tmp_path / "broken.glb"
    broken.write_bytes(b"glTF and nothing else")

    def either(name: str) -> Item:
        return glasses() if name == "good" else found(name)

    with wearing(face_at((0.0, 0.6, 0.0)), one=either) as tryon:
        shown = tryon.show(grey(), PLAIN.model_copy(update={"items": (str(broken), "good")}))
    assert isinstance(shown.trouble, StudioError)
    assert shown.trouble.hint
    assert red(shown.rgba).sum() > 50


def test_a_head_that_is_lost_keeps_what_it_wears_for_a_moment() -> None:
    crowd = Crowd(face_at((0.0, 0.6, 0.0)))
    make: Any = lambda: crowd  # noqa: E731
    with TryOn(lambda _: glasses(), make) as tryon:
        tryon.show(grey(), PLAIN)
        crowd.faces = ()
        soon = tryon.show(grey(time_s=0.1), PLAIN)
        late = tryon.show(grey(time_s=1.0), PLAIN)
    assert len(soon.wearers) == 1
    assert late.wearers == ()
    assert late.notes == (NOBODY,)


def test_a_still_wearer_does_not_tremble_and_a_noisy_one_does() -> None:
    rng = np.random.default_rng(3)
    still = face_at((0.0, 0.6, 0.0))
    crowd = Crowd(still)
    make: Any = lambda: crowd  # noqa: E731
    told = []
    with TryOn(lambda _: glasses(), make) as tryon:
        for noise in (0.0, 0.5):
            for k in range(20):
                crowd.faces = (still + rng.normal(0, noise, still.shape),)
                told.append(tryon.show(grey(time_s=100 * noise + k / 30), PLAIN).jitter_px)
    assert told[19] < 0.02
    assert told[19] < told[39] < 0.3


def test_colours_are_as_wanted() -> None:
    with wearing(face_at((0.0, 0.6, 0.0))) as tryon:
        plain = tryon.show(grey(), PLAIN)
        bright = tryon.show(grey(), PLAIN.model_copy(update={"brightness": 0.3}))
        mapped = tryon.show(grey(), PLAIN.model_copy(update={"show_map": True}))
    at = plain.maps["one"] > 250
    assert bright.rgba[at].mean() > plain.rgba[at].mean() + 20
    assert (mapped.rgba[at][:, 1].astype(int) - plain.rgba[at][:, 1]).mean() > 20


def test_an_item_casts_a_shadow_on_what_is_below() -> None:
    with wearing(face_at((0.0, 0.6, 0.0))) as tryon:
        plain = tryon.show(grey(), PLAIN)
        dark = tryon.show(grey(), PLAIN.model_copy(update={"shadow": 1.0}))
    changed = (plain.rgba[..., 1].astype(int) - dark.rgba[..., 1]) > 5
    rows, item_rows = (np.flatnonzero(m.any(1)) for m in (changed, red(plain.rgba)))
    assert changed.any()
    assert rows.mean() > item_rows.mean()


def test_a_real_face_wears_real_glasses(footage: Callable[[str], Path]) -> None:
    from PIL import Image

    picture = footage("face_public_domain") / "astronaut.png"
    model = footage("tryon_khronos") / "SunglassesKhronos.glb"
    rgb = np.asarray(Image.open(picture).convert("RGB"))
    settings = WearSettings(items=(str(model),), view_deg=35)
    with TryOn() as tryon:
        shown = tryon.show(Frame("cam", 0.0, rgb), settings)
    assert shown.trouble is None
    assert len(shown.wearers) == 1
    rows, columns = np.nonzero(shown.maps[str(model)] > 128)
    # Her eyes are at (203, 100) and (246, 103) or so.
    assert 95 < np.median(rows) < 113
    assert 215 < np.median(columns) < 240
    assert 80 < np.ptp(columns) < 130


def with_limbs(one: Item, pose: Points, hands: Points) -> TryOn:
    make: Callable[[Any], Any] = lambda what: lambda: what  # noqa: E731
    return TryOn(lambda _: one, make(Crowd()), make_bodies=lambda: Bodies(make(pose), make(hands)))


def test_a_watch_is_worn_on_the_wrist_that_is_wanted_and_its_far_side_is_hidden() -> None:
    turn = Rotation.from_euler("x", 25, degrees=True).as_matrix()
    hand = hand_at(frame_of(turn, (0.0, 0.5, 0.0)))
    with with_limbs(watch(), Points(), Points(hand)) as tryon:
        shown = tryon.show(grey(), PLAIN)
        whole = tryon.show(grey(), PLAIN.model_copy(update={"occlusion": "static"}))
        other = tryon.show(grey(), PLAIN.model_copy(update={"wrist": "right"}))
    assert shown.notes == ()
    assert shown.wearers[0].points == ("wrist.L",)
    assert red(shown.rgba).sum() > 100
    camera = assumed("cam", SIZE, VIEW_DEG)
    columns = np.flatnonzero(red(shown.rgba).any(0))
    # True size: 68 mm across, in front of the wrist by half as much.
    wide = 0.068 * camera.matrix[0, 0] / (0.5 - 0.034)
    assert np.ptp(columns) + 1 == pytest.approx(wide, rel=0.12)
    assert columns.mean() == pytest.approx(SIZE[0] / 2, abs=3)
    far = whole.rgba[..., 0].astype(int) - shown.rgba[..., 0] > 30
    assert not far.any() or shown.maps["one"][far].max() < 128
    behind = (shown.maps["one"] < 60).sum()
    assert behind > 0
    assert other.notes == (NO_HAND.format("right"),)
    assert not red(other.rgba).any()


def test_shoes_are_worn_on_feet_that_are_seen_and_nowhere_else() -> None:
    shoe = ((-0.04, -0.2, 0.0), (0.04, 0.07, 0.08))
    pair = item("shoes", {"foot.L": [shoe], "foot.R": [shoe]})
    pose = Points(body_at((0.0, 3.0, -0.9)))
    with with_limbs(pair, pose, Points()) as tryon:
        shown = tryon.show(grey(), PLAIN)
        told = tryon.show(grey(time_s=1.0), PLAIN.model_copy(update={"foot_mm": 310.0}))
        pose.seen = ()
        bare = tryon.show(grey(time_s=5.0), PLAIN)
    assert shown.notes == ()
    assert set(shown.wearers[0].points) == {"foot.L", "foot.R"}
    assert told.wearers[0].sizes_m["foot"] == pytest.approx(0.31)
    rows, columns = np.nonzero(red(shown.rgba))
    assert rows.min() > 0.6 * SIZE[1]
    assert columns.min() < SIZE[0] / 2 - 8 < SIZE[0] / 2 + 8 < columns.max()
    assert bare.notes == (NO_FEET,)
    assert bare.trouble is None
    assert not red(bare.rgba).any()
