"""Calibrated cameras: thin frusta with their picture on the image plane, and their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyvista as pv
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from studio.core.types import Camera, CameraRig, Frame, FrameSet
from studio.scene.arrays import refill
from studio.scene.items.base import DrawnItem, Eye, Pick, Role
from studio.scene.labels import Label
from studio.scene.palette import Palette
from studio.scene.picking import hit, nearest_segment, ray
from studio.scene.rectify import rectified
from studio.scene.strokes import Strokes

WIDEST_PX, THROUGH_PX = 480, 1600


def corners_m(camera: Camera, depth_m: float) -> np.ndarray:
    """World corners (top left, top right, bottom right, bottom left) of the image plane."""
    width, height = camera.size_px
    uv = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1.0]])
    uv[:, :2] -= 0.5
    rays = uv @ np.linalg.inv(camera.matrix).T * depth_m
    return (rays - camera.translation_m) @ camera.rotation


class _Plane:
    """The image plane of one camera, with its picture as an unlit texture."""

    def __init__(self) -> None:
        self.poly = pv.PolyData(np.zeros((4, 3), np.float32), faces=[4, 0, 1, 2, 3])
        self.poly.active_texture_coordinates = np.array(
            [[0, 1], [1, 1], [1, 0], [0, 0]], np.float32
        )
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(self.poly)
        self.actor = vtkActor()
        self.actor.SetMapper(mapper)
        self.actor.GetProperty().LightingOff()
        self.actor.PickableOff()
        self.actor.VisibilityOff()
        self.image = pv.ImageData()
        self.texture: pv.Texture | None = None

    def place(self, corners: np.ndarray) -> None:
        refill(self.poly, corners)

    def show(self, rgb: np.ndarray) -> None:
        flipped = np.ascontiguousarray(rgb[::-1]).reshape(-1, 3)
        size = (rgb.shape[1], rgb.shape[0], 1)
        if self.texture is None or self.image.dimensions != size:
            self.image = pv.ImageData(dimensions=size)
            self.image.point_data["rgb"] = flipped
            self.texture = pv.Texture(self.image)
            self.texture.InterpolateOn()
            self.actor.SetTexture(self.texture)
        else:
            refill(self.image, rgb=flipped)
        self.actor.VisibilityOn()


class CamerasItem(DrawnItem):
    """A rig. Takes the rig itself, and then pictures: a FrameSet, a Frame or a dict of them."""

    accepts = (CameraRig,)

    def __init__(self, key: str, palette: Palette, role: Role = "result") -> None:
        super().__init__(key, palette, role)
        self._lines = Strokes()
        self.strokes = [self._lines]
        self.rig = CameraRig(())
        self.size_m, self._apart_m = 0.35, 2.0
        self._through: str | None = None
        self._selected: int | None = None
        self._visible = True
        self._planes: dict[str, _Plane] = {}
        self._labels: dict[str, Label] = {}
        self._frames: dict[str, Frame] = {}
        self._edges = np.empty((0, 2, 3))
        self.far_m = 40.0

    def update(self, value: Any) -> None:
        rig: CameraRig = value
        self.rig = rig
        centres = np.array([c.centre_m for c in rig.cameras]).reshape(-1, 3)
        self._apart_m = float(np.ptp(centres, axis=0).max()) if len(rig) > 1 else 2.0
        self.size_m = float(np.clip(0.09 * self._apart_m, 0.08, 0.6))
        self._planes = {c.name: self._planes.get(c.name) or _Plane() for c in rig.cameras}
        self._labels = {c.name: Label(c.name, (0, 0, 0), 12) for c in rig.cameras}
        self._frames = {name: f for name, f in self._frames.items() if name in self._planes}
        self.actors = [p.actor for p in self._planes.values()]
        self.actors += [label.actor for label in self._labels.values()]
        self._draw()

    def pictures(self, frames: FrameSet | Frame | Mapping[str, Frame]) -> None:
        """Put pictures on the image planes; cameras that the rig lacks are ignored."""
        if isinstance(frames, Frame):
            frames = {frames.camera: frames}
        elif isinstance(frames, FrameSet):
            frames = frames.frames
        for name, frame in frames.items():
            if name in self._planes:
                self._frames[name] = frame
                self._picture(name)

    def _picture(self, name: str) -> None:
        widest = THROUGH_PX if name == self._through else WIDEST_PX
        self._planes[name].show(rectified(self.rig[name], self._frames[name], widest))
        self._planes[name].actor.SetVisibility(self._shows(name))

    def look_through(self, name: str | None) -> None:
        """Push this camera's picture to the far background and hide the other frusta."""
        before, self._through = self._through, name
        for camera in self._frames:
            if camera in (before, name):
                self._picture(camera)
        self._draw()

    def _shows(self, name: str) -> bool:
        return self._visible if self._through is None else name == self._through

    def _draw(self) -> None:
        edges, colours = [], []
        for index, camera in enumerate(self.rig.cameras):
            through = camera.name == self._through
            corner = corners_m(camera, self.far_m if through else self.size_m)
            plane = self._planes[camera.name]
            plane.place(corner)
            plane.actor.SetVisibility(self._shows(camera.name) and plane.texture is not None)
            apex = np.tile(camera.centre_m, (4, 1))
            up = corner[[0, 1]].mean(0) + 0.22 * (corner[[0, 1]].mean(0) - corner.mean(0))
            wing = np.array([corner[0] * 0.6 + corner[1] * 0.4, corner[0] * 0.4 + corner[1] * 0.6])
            segments = np.concatenate(
                [
                    np.stack([apex, corner], 1),
                    np.stack([corner, np.roll(corner, -1, 0)], 1),
                    np.stack([wing, np.tile(up, (2, 1))], 1),
                ]
            )
            edges.append(segments)
            chosen = index == self._selected
            rgb = self.palette.accent if chosen else self.palette.camera
            alpha = 0.0 if self._through is not None else 1.0 if chosen else 0.85
            colours.append(np.tile([*rgb, alpha], (len(segments), 1)))
            label = self._labels[camera.name]
            label.move(tuple(float(x) for x in up))  # type: ignore[arg-type]
            label.colour(rgb if chosen else self.palette.text)
            label.actor.SetVisibility(self._visible and self._through is None)
        if edges:
            self._edges = np.array(edges)
            self._lines.update(self._edges.reshape(-1, 2, 3), np.concatenate(colours), 0.0, 0.75)

    def seen_by(self, eye: Eye) -> None:
        super().seen_by(eye)
        for label in self._labels.values():
            label.sized(eye.pixel_ratio)

    def show(self, visible: bool) -> None:
        self._visible = visible
        self._lines.actor.SetVisibility(visible)
        self._draw()

    def recolour(self, palette: Palette) -> None:
        super().recolour(palette)
        self._draw()

    @property
    def labels(self) -> tuple[Label, ...]:
        return tuple(self._labels.values())

    def points_m(self) -> np.ndarray:
        """The cameras, and what lies before them: half as far as they stand apart."""
        centres = np.array([c.centre_m for c in self.rig.cameras]).reshape(-1, 3)
        ahead = np.array([c.rotation[2] for c in self.rig.cameras]).reshape(-1, 3)
        planes = [corners_m(camera, self.size_m) for camera in self.rig.cameras]
        return np.concatenate([centres, centres + 0.5 * self._apart_m * ahead, *planes])

    def pick(self, eye: Eye, xy_px: tuple[float, float], within_px: float) -> Pick | None:
        if not len(self.rig) or self._through is not None:
            return None
        start, direction = ray(eye, xy_px)
        planes = self._edges[:, 4:8, 0].reshape(-1, 3)
        quads = np.arange(len(planes)).reshape(-1, 4)
        triangles = np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]])
        found = hit(planes, triangles, start, direction)
        if found is not None:
            index = found[0] % len(self.rig)
        else:
            edge = nearest_segment(self._edges.reshape(-1, 2, 3), eye, xy_px, within_px)
            if edge is None:
                return None
            index = edge // self._edges.shape[1]
        camera = self.rig.cameras[index]
        x, y, z = (float(c) for c in camera.centre_m)
        return Pick(self.key, "camera", camera.name, index, (x, y, z))

    def select(self, pick: Pick | None) -> None:
        self._selected = pick.index if pick is not None and pick.kind == "camera" else None
        self._draw()
