"""The stage: one renderer, and pictures with their maps as a lens and a sensor give them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.core.closing import Closing
from studio.core.types import Camera
from studio.render.lens import Lens
from studio.render.raster import Renderer
from studio.synth.factory.eye import Eye
from studio.synth.factory.scene import Moment

_MARGIN = 1.25


@dataclass(frozen=True, eq=False)
class Filmed:
    """A picture and its maps, lens and all."""

    rgb: np.ndarray
    depth_m: np.ndarray
    normal: np.ndarray
    xyz_m: np.ndarray
    parts: np.ndarray
    instances: np.ndarray
    uv: np.ndarray
    item: np.ndarray | None = None
    item_depth_m: np.ndarray | None = None
    occlusion: np.ndarray | None = None


class Stage(Closing):
    """Films scenes; a context manager, to be used on one thread."""

    def __init__(self, size_px: tuple[int, int], lenses: bool) -> None:
        grow = _MARGIN if lenses else 1.0
        self._size = int(np.ceil(grow * size_px[0])), int(np.ceil(grow * size_px[1]))
        self._renderer = Renderer(self._size)

    def close(self) -> None:
        """Free the renderer."""
        self._renderer.close()

    def film(
        self,
        moment: Moment,
        camera: Camera,
        eye: Eye,
        rng: np.random.Generator,
    ) -> Filmed:
        """One camera's picture of a moment."""
        lens = Lens(camera) if np.any(camera.distortion) else None
        ideal = camera if lens is None else lens.ideal
        scene, behind = moment.scene, moment.around.seen_by(ideal, self._size)
        seen = self._renderer.render(
            scene, ideal, moment.lighting, geometry=True, far_m=60.0, backdrop=behind
        )
        assert seen.depth_m is not None
        assert seen.normal is not None
        assert seen.xyz_m is not None
        assert seen.parts is not None
        assert seen.instances is not None
        assert seen.uv is not None
        assert seen.drawn is not None
        skin = np.array([*(d.material.name == "skin" for d in scene), False])  # -1 is nothing
        uv = np.where(skin[seen.drawn][..., None], seen.uv, np.float32(np.nan))
        people = seen.instances.astype(np.uint8)
        maps = (seen.depth_m, seen.normal, seen.xyz_m, seen.parts, people, uv)
        if lens is None:
            rgb, bent = seen.rgb, maps
        else:
            rgb, bent = lens.bend(seen.rgb), tuple(lens.pick(plane) for plane in maps)
        taken = eye.take(rgb, bent[4] > 0, rng)
        if not moment.item:
            return Filmed(taken, *bent)
        layer = self._renderer.item_layer(scene, moment.item, ideal, moment.lighting, far_m=60.0)
        worn = (layer.rgba, layer.depth_m, layer.occlusion)
        if lens is not None:
            worn = tuple(lens.pick(plane) for plane in worn)
        return Filmed(taken, *bent, *worn)
