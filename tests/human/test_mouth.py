"""What is seen in an open mouth."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.human.character import PARTS
from studio.human.mouth import TONGUE
from studio.human.person import Shape, whole
from studio.human.rig import ACTIONS


def opened(jaw: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tongue, upper and lower teeth of the average person whose jaw is so far open (z up)."""
    with torch.no_grad():
        rest = whole().rest(Shape.of())
    skin = (rest.vertices_m + jaw * rest.actions_m[ACTIONS.index("jawOpen")]).numpy()
    (teeth,) = PARTS["teeth"]
    still = rest.vertices_m.numpy()[slice(*teeth), 2]
    upper = still > np.median(still)
    return skin[TONGUE], skin[slice(*teeth)][upper], skin[slice(*teeth)][~upper]


@pytest.mark.parametrize("jaw", [0.6, 1.0])
def test_a_tongue_lies_on_the_floor_of_an_open_mouth(jaw: float) -> None:
    tongue, _, lower = opened(jaw)
    front = tongue[tongue[:, 1] < np.percentile(tongue[:, 1], 30)]
    assert front[:, 2].max() < lower[:, 2].max() + 0.002, "it hides the lower teeth"
    assert front[:, 1].min() > lower[:, 1].min(), "it stays behind them"


def test_a_shut_mouth_is_annys() -> None:
    tongue, upper, lower = opened(0.0)
    assert tongue[:, 2].max() > lower[:, 2].max()
    assert upper[:, 2].min() < tongue[:, 2].max()
