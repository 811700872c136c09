"""Light is told by a face's shading and taken out of its colours."""

from __future__ import annotations

import numpy as np
import pytest

from studio.synth.facelight import (
    EXPOSED,
    Light,
    gain,
    harmonics,
    light_of,
    scene_linear,
    stored,
)


@pytest.fixture(scope="module")
def normals():
    out = np.random.default_rng(3).normal(size=(4000, 3))
    out[:, 1] = -np.abs(out[:, 1])
    return out / np.linalg.norm(out, axis=1, keepdims=True)


def test_pictures_become_light_and_back_by_the_rasterisers_curve():
    light = np.array([0.01, 0.1, 0.3, 0.8])
    seen = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)
    np.testing.assert_allclose(scene_linear(stored(seen)), light, rtol=1e-3)


def test_light_from_one_side_is_taken_out_and_spots_stay(normals):
    skin = np.array([0.35, 0.22, 0.16])
    albedo = np.tile(skin, (len(normals), 1))
    albedo[::10] *= 0.4  # brows, moles
    side = np.clip(0.55 + 0.45 * normals[:, 0], 0.05, None)
    seen = albedo * side[:, None]
    light = light_of(seen, normals, np.ones(len(normals)))
    found = seen / light.on(normals)
    bare = np.ones(len(normals), bool)
    bare[::10] = False

    def uneven(colours):
        return float(np.std(np.log(colours[bare].mean(1))))

    assert uneven(found) < 0.35 * uneven(seen)
    ratio = np.median(found[::10].mean(1)) / np.median(found[bare].mean(1))
    assert ratio == pytest.approx(0.4, abs=0.06)


def test_next_to_nothing_seen_tells_even_light(normals):
    light = light_of(np.full((50, 3), 0.2), normals[:50], np.ones(50))
    np.testing.assert_allclose(light.on(normals), 1.0, atol=1e-6)
    assert isinstance(light, Light)
    assert harmonics(normals, 1).shape == (len(normals), 4)


def test_skin_is_as_bright_as_in_the_photograph_within_what_skin_is():
    assert gain(np.full(3, 0.3)) == pytest.approx(1 / EXPOSED)
    assert gain(np.full(3, 2.0)) * 2.0 <= 0.47
    assert gain(np.full(3, 0.01)) * 0.01 >= 0.06
    assert gain(np.full(3, 0.1), 2.0) == pytest.approx(2 / EXPOSED)
