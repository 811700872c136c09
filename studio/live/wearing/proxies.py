"""What is known of a wearer's body, as depths that hide items: the parametric head laid on the
face; the average adult's chest, forearm, or foot and shank under what is worn there."""

from __future__ import annotations

from functools import cache

import numpy as np
from jaxtyping import Float32

from studio.core.closing import Closing
from studio.core.items import AnchorPoint
from studio.core.types import Mesh
from studio.human.anchors import REFERENCE_M
from studio.human.beneath import BENEATH, beneath
from studio.live.wearing.drawing import Crop
from studio.live.wearing.own_head import OwnHead
from studio.live.wearing.placing import Placed
from studio.live.wearing.wear_settings import Occluder
from studio.perception.wearers.average import average_head
from studio.render.depths import DepthRenderer

_UNDER_HEAD: frozenset[AnchorPoint] = frozenset(("neck", "torso"))


class Proxies(Closing):
    """Draws what hides items. For one thread. Raises StudioError where OpenGL is missing."""

    def __init__(self) -> None:
        self._renderer = DepthRenderer()

    def close(self) -> None:
        """Free what OpenGL holds."""
        self._renderer.close()

    def depth(
        self, one: Placed, crop: Crop, own: OwnHead | None = None, which: Occluder = "own"
    ) -> Float32[np.ndarray, "height width"]:
        """How far the wearer's body is in an item's crop (metres), infinite where it is not.
        ``own`` is the wearer's own head, which hides in place of the fitted one, or beside it."""
        wearer, meshes = one.wearer, dict[str, np.ndarray]()
        part, size = BENEATH[one.point]
        if wearer.head is not None and (part == "head" or one.point in _UNDER_HEAD):
            if own is None or which != "own":
                name = f"head {wearer.number}"
                self._renderer.send(name, wearer.head.shape.vertices_m, average_head().faces)
                meshes[name] = wearer.head.carry
            if own is not None and which != "fitted":
                self._renderer.send("own head", own.vertices_m, own.faces)
                meshes["own head"] = wearer.head.carry
        at = wearer.frames.get(part)
        if part != "head" and at is not None:
            mesh = _beneath(part)
            self._renderer.send(part, mesh.vertices_m, mesh.faces)
            grown = wearer.sizes_m[size] / REFERENCE_M[size]
            meshes[part] = at @ np.diag([grown, grown, grown, 1.0])
        return self._renderer.draw(meshes, crop.camera)


@cache
def _beneath(point: AnchorPoint) -> Mesh:
    return beneath(point)
