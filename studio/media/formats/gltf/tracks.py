"""Animation tracks of a glTF: one clock, linear keys."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.media.formats.gltf.binary import Binary

_KIND = {"translation": "VEC3", "rotation": "VEC4", "scale": "VEC3", "weights": "SCALAR"}


class Tracks:
    """One animation under construction; all its tracks share the same times, starting at 0."""

    def __init__(self, file: Binary, times_s: np.ndarray) -> None:
        self._file = file
        self._clock = file.accessor((times_s - times_s[0]).astype("<f4"), "SCALAR", bounds=True)
        self._samplers: list[dict[str, Any]] = []
        self._channels: list[dict[str, Any]] = []

    def add(self, node: int, path: str, values: np.ndarray) -> None:
        """A track (frames, width) of a node's translation, rotation, scale or weights."""
        output = self._file.accessor(values.astype("<f4"), _KIND[path])
        sampler = {"input": self._clock, "output": output, "interpolation": "LINEAR"}
        self._samplers.append(sampler)
        target = {"node": node, "path": path}
        self._channels.append({"sampler": len(self._samplers) - 1, "target": target})

    def finish(self, name: str) -> None:
        """Write the animation."""
        self._file.add(
            "animations",
            {"name": name, "samplers": self._samplers, "channels": self._channels},
        )
