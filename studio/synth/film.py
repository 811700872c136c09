"""Filming: a scene seen by every camera of a rig, through its lens, on its sensor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from studio.core.closing import Closing
from studio.core.types import Camera, CameraRig
from studio.render.lens import Lens, Sensor
from studio.render.raster import Renderer
from studio.render.scene import Drawable, Lighting


@dataclass(frozen=True, eq=False)
class Crew:
    """Cameras and how each one's sensor answers; one sensor a camera."""

    rig: CameraRig
    sensors: Sequence[Sensor]


def sample_sensors() -> tuple[Sensor, ...]:
    """Four sensors that do not quite agree on exposure and white, as real ones do not."""
    return (
        Sensor((1.0, 1.0, 1.0), 0.12, 0.45, (1.1, 1.6)),
        Sensor((1.05, 1.03, 0.99), 0.10, 0.55, (1.0, 1.5)),
        Sensor((0.93, 0.95, 0.97), 0.14, 0.5, (1.3, 1.8)),
        Sensor((1.0, 0.98, 0.94), 0.13, 0.6, (1.2, 1.7)),
    )


class Camerawork(Closing):
    """Films actors in a set that stands still; a context manager, to be used on one thread.

    The set is rendered once a camera; of each frame only what the actors and their shadows can
    reach is rendered again.
    """

    def __init__(
        self,
        crew: Crew,
        backdrop: tuple[Drawable, ...],
        lighting: Lighting,
        oversample: float = 1.0,
        samples: int = 4,
    ) -> None:
        self.crew = crew
        self._backdrop, self._lighting = backdrop, lighting
        self._lenses = [Lens(camera, oversample) for camera in crew.rig.cameras]
        width = max(lens.ideal.size_px[0] for lens in self._lenses)
        height = max(lens.ideal.size_px[1] for lens in self._lenses)
        self._renderer = Renderer((width, height), samples)
        self._empty = [
            self._renderer.render(backdrop, lens.ideal, lighting).rgb for lens in self._lenses
        ]

    def close(self) -> None:
        """Free the renderer."""
        self._renderer.close()

    def shoot(self, actors: tuple[Drawable, ...], seed: int) -> Iterator[np.ndarray]:
        """The frame of each camera, in the rig's order. The same seed gives the same noise."""
        reach = _reach(actors, self._lighting)
        scene = (*actors, *self._backdrop)
        for number, (lens, sensor) in enumerate(zip(self._lenses, self.crew.sensors, strict=True)):
            ideal = self._empty[number].copy()
            for points in reach:
                left, top, width, height = region = self._region(lens.ideal, points)
                part = np.s_[top : top + height, left : left + width]
                seen = self._renderer.render(scene, lens.ideal, self._lighting, region_px=region)
                ideal[part] = seen.rgb[part]
            yield sensor.expose(lens.bend(ideal), np.random.default_rng((seed, number)))

    def _region(self, ideal: Camera, points_m: np.ndarray) -> tuple[int, int, int, int]:
        """The rectangle of a picture that holds the points, or all of it."""
        size = self._renderer.size_px
        local = points_m @ ideal.rotation.T + ideal.translation_m
        if local[:, 2].min() < 0.1:
            return (0, 0, *size)
        at = (local / local[:, 2:]) @ ideal.matrix.T
        low = np.clip(np.floor(at.min(axis=0)[:2]).astype(int) - 12, 0, np.array(size) - 1)
        high = np.clip(np.ceil(at.max(axis=0)[:2]).astype(int) + 12, low + 1, size)
        return int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])


def _reach(actors: tuple[Drawable, ...], lighting: Lighting) -> tuple[np.ndarray, np.ndarray]:
    """Two groups of points, around which everything lies that the actors cover or shade
    noticeably: themselves with some floor around their feet, and the main light's shadow."""
    shapes = [drawable.mesh.vertices_m for drawable in actors]
    points = np.concatenate([shape[:: 7 if len(shape) > 700 else 1] for shape in shapes])
    towards = lighting.towards[0]
    shadow = points - points[:, 2:] / towards[2] * towards
    around = np.array([[x, y, 0.0] for x in (-0.25, 0.25) for y in (-0.25, 0.25)])
    floor = points[points[:, 2] < 0.3] * [1, 1, 0]
    return np.concatenate([points, (floor[:, None] + around).reshape(-1, 3)]), shadow
