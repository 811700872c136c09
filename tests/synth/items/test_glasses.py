"""Glasses are even on both sides, one sees through them, and they reach over the ears."""

from __future__ import annotations

import numpy as np
import pytest

from studio.human import anchors
from studio.synth.items.glasses import FRAMES, SUNGLASSES, glasses

MODELS = {**FRAMES, **SUNGLASSES}


@pytest.mark.parametrize("name", MODELS)
def test_glasses(name: str) -> None:
    item = glasses(MODELS[name], name in SUNGLASSES)
    points = np.concatenate([part.mesh.vertices_m for part in item.character.parts])
    assert points[:, 0].max() == pytest.approx(-points[:, 0].min())
    lens = item.character.parts[-1]
    assert lens.material.base[3] < 1
    assert lens.material.texture is not None
    alpha = lens.material.texture[..., 3] / 255
    assert alpha.mean() > 0.4 if name in SUNGLASSES else alpha.max() < 0.2
    frames = anchors.average().frames
    ear = (np.linalg.inv(frames["eyes"]) @ frames["ear.L"])[:3, 3]
    assert points[:, 1].max() > ear[1] + 0.01, "the temples end behind the ears"
    behind = points[points[:, 1] > ear[1] + 0.01]
    assert behind[:, 2].min() < -0.015, "and bend down there"
    bridge = points[np.abs(points[:, 0]) < 0.002]
    assert len(bridge)
    assert bridge[:, 1].max() < 0.001, "the bridge lies before the skin"
