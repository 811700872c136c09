"""Places: the same every time, and seen where they are from anywhere in them."""

from __future__ import annotations

import numpy as np
import pytest

from studio.render.environment import directions
from studio.synth.factory.places.outdoors import make_outdoors
from studio.synth.factory.places.panorama import EYE_M, Panorama, look_around, tone
from studio.synth.factory.places.place import BANK
from studio.synth.factory.places.rooms import make_room
from studio.synth.factory.places.scenery import Scenery
from studio.synth.rig import camera_at
from studio.vision.camera import project

REACH = (3.0, 4.0, 2.8)


def _checked() -> Panorama:
    """A panorama that holds, as colours, where on the box each direction ends."""
    way = directions(512, 1024)
    low, high = np.array([-3.0, -4.0, 0.0]), np.array([3.0, 4.0, 2.8])
    with np.errstate(divide="ignore"):
        along = np.maximum((low - EYE_M) / way, (high - EYE_M) / way).min(axis=-1)
    share = (EYE_M + way * along[..., None] - low) / (high - low)
    return Panorama(lambda: (255 * share.clip(0, 1)).astype(np.uint8), REACH)


@pytest.mark.parametrize("centre", [(0.0, 0.0, 1.35), (1.8, -2.5, 0.9), (-2.0, 3.0, 2.2)])
def test_what_lies_on_the_walls_is_seen_where_it_is(centre: tuple[float, float, float]) -> None:
    camera = camera_at("c", centre, (0.3, 0.2, 1.0), (160, 120), 110.0)
    seen = _checked().seen_by(camera, (160, 120)).astype(float) / 255
    place = seen * [6.0, 8.0, 2.8] - [3.0, 4.0, 0.0]
    at = project(camera, place)
    v, u = np.mgrid[:120, :160]
    off = np.linalg.norm(at - np.stack([u, v], axis=-1), axis=-1)
    assert np.median(off) < 1.5  # a colour holds a place within 3 cm


@pytest.mark.parametrize("make", [make_room, make_outdoors])
def test_a_place_is_the_same_every_time(make) -> None:
    one, two = (make(np.random.default_rng(4)) for _ in range(2))
    assert isinstance(one, Scenery)
    assert one.name == two.name
    np.testing.assert_array_equal(one.lighting.towards, two.lighting.towards)
    for a, b in zip(one.shown, two.shown, strict=True):
        np.testing.assert_array_equal(a.mesh.vertices_m, b.mesh.vertices_m)
    other = make(np.random.default_rng(5))
    assert not np.array_equal(one.lighting.towards, other.lighting.towards)


def test_the_floor_in_the_panorama_is_the_floor_under_the_people() -> None:
    """Below the middle the panorama shows the colours of the floor's own picture, lit."""
    scenery = make_room(np.random.default_rng(11))
    around = look_around(scenery)
    below = around[-around.shape[0] // 8 :].reshape(-1, 3).mean(axis=0)
    texture = scenery.floors[-1].material.texture
    assert texture is not None
    own = texture.reshape(-1, 3).mean(axis=0)
    assert np.corrcoef(below, own)[0, 1] > 0.5 or np.ptp(own) < 12
    assert 25 < below.mean() < 235


def test_splits_share_no_place() -> None:
    ranges = [set(range(*bounds)) for bounds in BANK.values()]
    assert sum(len(r) for r in ranges) == len(set().union(*ranges))


def test_tone_is_the_rasterisers() -> None:
    from studio.render.programs import display

    for value in (0.0, 0.1, 0.5, 2.0):
        shown = 255 * display(np.full(3, value))[0]
        assert tone(np.full(3, value)) == pytest.approx(round(shown), abs=1)
