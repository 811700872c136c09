"""The 3D scene: values in, pixels out. The same on screen and off.

``scene.update(key, value)`` draws any value whose type an item accepts; callers know nothing of
VTK. The observer is a turntable, or one of the calibrated cameras.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyvista as pv
from vtkmodules.vtkRenderingCore import vtkLight

from studio.core.types import Camera, Frame, FrameSet
from studio.scene.camera import Orbit, View, lens_projection, orbit_projection
from studio.scene.items.base import DrawnItem, Eye, Pick, Role
from studio.scene.items.cameras import CamerasItem
from studio.scene.items.floor import FloorItem
from studio.scene.items.mesh import CharacterItem, MeshItem, SurfaceItem
from studio.scene.items.person import PersonItem
from studio.scene.items.skeleton import SkeletonItem
from studio.scene.items.trail import CloudItem, TrailItem
from studio.scene.items.trust import TrustItem
from studio.scene.palette import PALETTES, ThemeName
from studio.scene.photo import photograph
from studio.scene.surface import Shading

ITEMS: tuple[type[DrawnItem], ...] = (
    CamerasItem,
    SkeletonItem,
    PersonItem,
    CharacterItem,
    MeshItem,
    TrailItem,
    CloudItem,
    TrustItem,
)
PICK_PX = 12.0
PERSON_M = np.array([[x, y, z] for x in (-0.6, 0.6) for y in (-0.5, 0.5) for z in (0.0, 1.8)])
"""The corners of the space that a person takes."""


def item_for(value: object) -> type[DrawnItem] | None:
    """The kind of item that draws this value, or None if the scene cannot draw it."""
    return next((item for item in ITEMS if isinstance(value, item.accepts)), None)


class Scene:
    """Everything that is drawn in one plotter."""

    def __init__(self, plotter: Any | None = None, theme: ThemeName = "dark") -> None:
        self._own = plotter is None
        self.plotter: Any = plotter or pv.Plotter(off_screen=True, window_size=[960, 600])
        self.renderer: Any = self.plotter.renderer
        self.renderer.SetUseOIT(False)
        self.plotter.render_window.SetMultiSamples(0)
        self.renderer.RemoveAllLights()
        lamp = vtkLight()  # surfaces light themselves, but without a lamp VTK drops their normals
        lamp.SetLightTypeToHeadlight()
        self.renderer.AddLight(lamp)
        self.orbit = Orbit()
        self.shading: Shading = "studio"
        self.selected: Pick | None = None
        self.pixel_ratio = 1.0
        self._errors = False
        self._whole_px: tuple[int, int] | None = None
        self._values: dict[str, tuple[object, Role]] = {}
        self._pictures: dict[str, Frame] = {}
        self._through: Camera | None = None
        self._items: dict[str, DrawnItem] = {}
        self._hidden: set[str] = set()
        self._palette = PALETTES[theme]
        self._floor = FloorItem("floor", self._palette)
        self._exchange([], self._floor.all_actors())
        self.set_theme(theme)
        self._observer = self.renderer.AddObserver("StartEvent", self._before)

    # -- what is drawn

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._items)

    def item(self, key: str) -> DrawnItem | None:
        return self._items.get(key)

    def update(self, key: str, value: object, role: Role = "result") -> bool:
        """Draw a value under a key, in place if possible. False if no item draws its type."""
        kind = item_for(value)
        if kind is None:
            return False
        item = self._items.get(key)
        if item is None or type(item) is not kind or item.role != role:
            self.remove(key)
            item = kind(key, self._palette, role)
            if isinstance(item, SurfaceItem) and role != "ghost":
                item.shading = self.shading
            if isinstance(item, SkeletonItem):
                item.show_errors = self._errors
            self._items[key] = item
        before = item.all_actors() if key in self._values else []
        item.update(value)
        self._values[key] = (value, role)
        after = item.all_actors()
        if [id(actor) for actor in after] != [id(actor) for actor in before]:
            self._exchange(before, after)
            if key in self._hidden:
                item.show(False)
        return True

    def _exchange(self, before: list[Any], after: list[Any]) -> None:
        """Draw these actors in the place of those; who stays keeps what the graphics card holds."""
        new, old = {id(actor) for actor in after}, {id(actor) for actor in before}
        drawn = self.renderer.GetViewProps()
        for actor in before:
            if id(actor) in new:
                drawn.RemoveItem(actor)  # to be drawn in the new order
            else:
                self.renderer.RemoveViewProp(actor)
        for actor in after:
            if id(actor) in old:
                drawn.AddItem(actor)
            else:
                self.renderer.AddViewProp(actor)

    def pictures(self, frames: FrameSet | Frame | Mapping[str, Frame]) -> None:
        """Put camera pictures on the image planes of every rig that has those cameras."""
        if isinstance(frames, Frame):
            frames = {frames.camera: frames}
        elif isinstance(frames, FrameSet):
            frames = frames.frames
        self._pictures.update(frames)
        for item in self._items.values():
            if isinstance(item, CamerasItem):
                item.pictures(frames)

    def take_after(self, other: Scene, pixel_ratio: float) -> None:
        """Show what another scene shows, from the same place."""
        self.pixel_ratio = pixel_ratio
        self.orbit, self.shading, self._errors = other.orbit, other.shading, other._errors
        for key, (value, role) in other._values.items():
            self.update(key, value, role)
        self.pictures(other._pictures)
        for key in other._hidden:
            self.show(key, False)
        self.select(other.selected)
        self.look_through(other.through)

    def remove(self, key: str) -> None:
        item = self._items.pop(key, None)
        self._values.pop(key, None)
        if item is not None:
            for actor in item.all_actors():
                self.renderer.RemoveViewProp(actor)
            if self.selected is not None and self.selected.key == key:
                self.selected = None
            if isinstance(item, CamerasItem):
                self.look_through(None)

    def clear(self) -> None:
        """Remove everything but the floor."""
        for key in self.keys:
            self.remove(key)
        self._pictures.clear()

    def show(self, key: str, visible: bool) -> None:
        """Show or hide an item (``floor`` is one)."""
        (self._hidden.discard if visible else self._hidden.add)(key)
        item = self._floor if key == "floor" else self._items.get(key)
        if item is not None:
            item.show(visible)

    def fade(self, key: str, opacity: float) -> None:
        """Draw a skeleton fainter: it gives way to the avatar made of it."""
        item = self._items.get(key)
        if isinstance(item, SkeletonItem):
            item.fade(opacity)

    def set_theme(self, theme: ThemeName) -> None:
        self._palette = PALETTES[theme]
        self.renderer.SetBackground(self._palette.bottom)
        self.renderer.SetBackground2(self._palette.top)
        self.renderer.GradientBackgroundOn()
        for item in (self._floor, *self._items.values()):
            item.recolour(self._palette)

    @property
    def theme(self) -> ThemeName:
        return self._palette.name

    def shade(self, shading: Shading) -> None:
        """How surfaces are drawn (ghosts stay ghosts)."""
        self.shading = shading
        for item in self._items.values():
            if isinstance(item, SurfaceItem) and item.role != "ghost":
                item.shade(shading)

    def show_errors(self, shown: bool) -> None:
        """Draw a ball of one standard deviation around each joint."""
        self._errors = shown
        for item in self._items.values():
            if isinstance(item, SkeletonItem):
                item.errors(shown)

    # -- the observer

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the picture that is seen, however coarsely it is drawn."""
        width, height = self.plotter.render_window.GetSize()
        if self._whole_px is not None and (width, height) == _half(self._whole_px):
            return self._whole_px
        return (max(width, 1), max(height, 1))

    def eye(self) -> Eye:
        """The observer as it is now."""
        return self._eye(self.size_px, self.pixel_ratio)

    def _eye(self, size: tuple[int, int], pixel_ratio: float) -> Eye:
        if self._through is not None:
            view, clip = lens_projection(self._through, size, 0.05, 200.0)
            return Eye(view, clip, size, self._through.centre_m, pixel_ratio)
        near = max(0.01, self.orbit.distance_m * 0.02)
        view, clip = orbit_projection(
            self.orbit, size[0] / size[1], near, self.orbit.distance_m + 120.0
        )
        return Eye(view, clip, size, self.orbit.position_m, pixel_ratio)

    def _before(self, *_: object) -> None:
        width, height = self.plotter.render_window.GetSize()
        coarse = (width, height) != self.size_px
        eye = self._eye((max(width, 1), max(height, 1)), self.pixel_ratio * (0.5 if coarse else 1))
        camera = self.renderer.GetActiveCamera()
        forward, up = -eye.view[2, :3], eye.view[1, :3]
        camera.SetPosition(eye.position_m)
        camera.SetFocalPoint(eye.position_m + forward)
        camera.SetViewUp(up)
        camera.SetClippingRange(0.01, 200.0)
        camera.SetExplicitProjectionTransformMatrix(pv.vtkmatrix_from_array(eye.clip))
        camera.UseExplicitProjectionTransformMatrixOn()
        for item in (self._floor, *self._items.values()):
            item.seen_by(eye)
        self._floor.give_way(eye, [label for i in self._items.values() for label in i.labels])

    def view(self, view: View) -> None:
        """A named side; leaves a camera that was looked through."""
        self.look_through(None)
        self.orbit = self.orbit.looking(view)

    def _points_m(self, keys: tuple[str, ...] | None) -> list[np.ndarray]:
        """Points of some items, or of all that count: of people, else of cameras."""
        if keys is None:
            keys = tuple(key for key, item in self._items.items() if item.framed)
            people = tuple(k for k in keys if not isinstance(self._items[k], CamerasItem))
            keys = people or keys
        return [self._items[key].points_m() for key in keys if key in self._items]

    def outline_m(self, keys: tuple[str, ...] | None = None) -> np.ndarray:
        """Points (n, 3) of some items, or of all that count; a person's space if empty."""
        return _together(self._points_m(keys))

    def share_seen(self) -> float:
        """The share of the points of those who count that lies in the picture, 0 to 1.

        Of a few hundred points an item: it is asked before every drawing.
        """
        points = _together([p[:: max(len(p) // 200, 1)] for p in self._points_m(None)])
        eye = self.eye()
        clip = np.c_[points, np.ones(len(points))] @ (eye.clip @ eye.view).T
        return float(((np.abs(clip[:, :2]) < clip[:, 3:]).all(1) & (clip[:, 3] > 0)).mean())

    def frame(self, keys: tuple[str, ...] | None = None) -> None:
        """Fill the picture with some items, or with everybody (cameras only if nobody is there)."""
        self.look_through(None)
        width, height = self.size_px
        self.orbit = self.orbit.framing(self.outline_m(keys), width / height)

    def frame_on(self, points_m: np.ndarray) -> None:
        """Fill the picture with these points (n, 3)."""
        self.look_through(None)
        width, height = self.size_px
        self.orbit = self.orbit.framing(points_m, width / height)

    def turn(self, degrees: float) -> None:
        """Go round what is looked at, to the right."""
        self.orbit = self.orbit.turned(degrees, 0.0)

    def look_through(self, camera: str | None) -> bool:
        """See through a calibrated camera, its picture behind the scene; None leaves it.

        False if no rig has that camera.
        """
        self._through = None
        for item in self._items.values():
            if isinstance(item, CamerasItem):
                known = camera is not None and camera in item.rig.names
                item.look_through(camera if known else None)
                if known and camera is not None:
                    self._through = item.rig[camera]
        self._floor.show(self._through is None and "floor" not in self._hidden)
        return camera is None or self._through is not None

    @property
    def through(self) -> str | None:
        """The camera that is looked through."""
        return None if self._through is None else self._through.name

    # -- answers

    def pick(self, x_px: float, y_px: float) -> Pick | None:
        """What lies at a window pixel (y down): joints first, then surfaces, then cameras."""
        eye = self.eye()
        found = [
            item.pick(eye, (x_px, y_px), PICK_PX)
            for key, item in self._items.items()
            if key not in self._hidden
        ]
        order = {"joint": 0, "mesh": 1, "point": 2, "camera": 3}
        picks = [pick for pick in found if pick is not None]
        return min(picks, key=lambda pick: order[pick.kind], default=None)

    def select(self, pick: Pick | None) -> None:
        """Highlight what was picked."""
        self.selected = pick
        for key, item in self._items.items():
            item.select(pick if pick is not None and pick.key == key else None)

    @property
    def dragged(self) -> bool:
        """Whether somebody's shape changes under a hand."""
        return any(isinstance(i, SurfaceItem) and i.dragged for i in self._items.values())

    def render(self, fine: bool = False, coarse: bool = False) -> None:
        """Draw now; ``fine`` smooths the outlines of surfaces, at about twice the cost. ``coarse``
        draws every other pixel and a quarter of the triangles, at about a fifth of it."""
        self.renderer.SetUseFXAA(fine)
        whole = self.size_px
        self._whole_px = whole if coarse else None
        wanted = _half(whole) if coarse else whole
        if self.plotter.render_window.GetSize() != wanted:
            self.plotter.render_window.SetSize(*wanted)
        for item in self._items.values():
            if isinstance(item, SurfaceItem):
                item.thin(coarse)
        if self._own:
            self.plotter.render_window.Render()
        else:
            self.plotter.render()

    def screenshot(
        self, size_px: tuple[int, int] | None = None, transparent: bool = False
    ) -> np.ndarray:
        """A picture of any size, UInt8 (height, width, 3), with alpha if transparent.

        Drawn off screen at twice the size and averaged, so edges are smooth everywhere.
        """
        return photograph(self, size_px or self.size_px, transparent)

    def close(self) -> None:
        """Forget everything; an own plotter is closed."""
        self.renderer.RemoveObserver(self._observer)
        self.clear()
        if self._own:
            self.plotter.close()


def _half(size_px: tuple[int, int]) -> tuple[int, int]:
    return (max(size_px[0] // 2, 1), max(size_px[1] // 2, 1))


def _together(points: list[np.ndarray]) -> np.ndarray:
    found = np.concatenate([np.empty((0, 3)), *points])
    found = found[np.isfinite(found).all(1)]
    return found if len(found) else PERSON_M
