"""What is known of a wearer's body, as depths that hide items: the parametric head laid on the
face."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

from studio.core.closing import Closing
from studio.live.wearing.drawing import Crop
from studio.live.wearing.placing import Placed
from studio.perception.wearers.average import average_head
from studio.render.depths import DepthRenderer


class Proxies(Closing):
    """Draws what hides items. For one thread. Raises StudioError where OpenGL is missing."""

    def __init__(self) -> None:
        self._renderer = DepthRenderer()

    def close(self) -> None:
        """Free what OpenGL holds."""
        self._renderer.close()

    def depth(self, one: Placed, crop: Crop) -> Float32[np.ndarray, "height width"]:
        """How far the wearer's body is in an item's crop (metres), infinite where it is not."""
        head = one.wearer
        name = f"head {head.number}"
        self._renderer.send(name, head.shape.vertices_m, average_head().faces)
        return self._renderer.draw({name: head.carry}, crop.camera)
