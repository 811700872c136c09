"""What colours skin has, place by place: the mean of painted skins and how they differ.

Measured by ``installer/measure_skins.py`` on the skins of the starter wardrobe.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float
from safetensors.numpy import load_file

WAYS = 5
"""In how many ways skins differ, but for how bright they are and of what colour."""
_PATH = Path(__file__).parent / "skins.safetensors"


@cache
def _stored() -> dict[str, np.ndarray]:
    return {name: value.astype(float) for name, value in load_file(_PATH).items()}


def ways() -> Float[np.ndarray, "ways vertices 3"]:
    """How the logarithms of the colours differ, each way by one standard deviation."""
    return _stored()["ways"]


def colours(told: Float[np.ndarray, " ways"]) -> Float[np.ndarray, "vertices 3"]:
    """How much light (linear, of red, green and blue) each vertex of the bust sends back, about its
    mean; ``told`` says how this skin differs."""
    return np.exp(_stored()["mean"] + np.tensordot(told, ways(), 1))
