"""Layers composed into a picture: camera, avatar, pictures and colours, each moment anew."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from studio.core.closing import Closing
from studio.core.errors import StudioError
from studio.core.pictures import read_picture
from studio.core.types import Frame, Posed
from studio.document.stage import AvatarLayer, CameraLayer, ColourLayer, PictureLayer, Stage
from studio.live.avatar.finding import FindAvatar, of_files
from studio.live.avatar.puppet import Puppet
from studio.live.performance import Performance
from studio.live.stage import blending
from studio.live.stage.light import LearnedLight, LightFinder
from studio.live.stage.matte import Matte
from studio.live.stage.placing import Head, eyes_in, face_camera, free_camera, head_of
from studio.render.quick import QuickRenderer, Shine, studio_light

FOLLOW_S = 0.05
"""How calmly an avatar's head follows a face's place."""
HOLD_S = 1.0
"""So long an avatar stays where the face was last seen before it fades."""


@dataclass(frozen=True, eq=False)
class Staged:
    """A finished picture, sRGB with alpha that is not multiplied in, and how long each part of the
    work took (milliseconds by the clock). ``posed`` are the avatars, in the layers' order."""

    rgba: UInt8[np.ndarray, "height width 4"]
    time_s: float
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    posed: tuple[Posed, ...] = ()


@dataclass
class _Actor:
    """An avatar on the stage."""

    puppet: Puppet
    head: Head


@dataclass
class _Place:
    """Where the face was last, on the stage."""

    eyes_px: np.ndarray
    apart_px: float
    time_s: float


class Stager(Closing):
    """Composes a stage's pictures. For one thread, which must also close it.

    ``live`` finds the person's outline on a thread of its own, a moment late; else every picture
    waits for its own. Raises StudioError where OpenGL is missing, and from :meth:`show` where an
    avatar or a picture cannot be read or a network is not installed.
    """

    def __init__(self, find: FindAvatar = of_files, *, live: bool = True) -> None:
        self._find, self._live = find, live
        self._renderer: QuickRenderer | None = None
        self._matte: Matte | None = None
        self._light = LightFinder(LearnedLight())
        self._actors: dict[str, _Actor] = {}
        self._pictures: dict[tuple[str, tuple[int, int]], np.ndarray] = {}
        self._place: _Place | None = None

    def close(self) -> None:
        """Free the networks and what OpenGL holds."""
        if self._renderer is not None:
            self._renderer.close()
        if self._matte is not None:
            self._matte.close()

    def notes(self, layer: AvatarLayer) -> tuple[str, ...]:
        """What an avatar cannot do; empty before it was shown."""
        actor = self._actors.get(layer.avatar)
        return () if actor is None else actor.puppet.avatar.notes

    def show(
        self, stage: Stage, one: Performance, frame: Frame | None, *, mirrored: bool = False
    ) -> Staged:
        """The stage at the moment of a performance. ``frame`` is the camera's picture as it was
        taken; with ``mirrored`` it is shown as a mirror shows it, as the performance is already."""
        spent: dict[str, float] = {}
        began_s = time.perf_counter()
        shown = [layer for layer in stage.layers if layer.visible and layer.opacity > 0]
        rgb = None if frame is None else frame.rgb[:, ::-1] if mirrored else frame.rgb
        if rgb is not None and not rgb.flags.c_contiguous:
            rgb = np.ascontiguousarray(rgb)
        face = one.face_px
        if face is not None and mirrored and rgb is not None:
            face = face * (-1.0, 1.0, 1.0) + (rgb.shape[1] - 1.0, 0.0, 0.0)
        canvas = blending.empty(stage.size_px)
        posed: list[Posed] = []
        pictured: np.ndarray | None = None
        self._follow(stage, rgb, face, one.time_s)
        for layer in shown:
            at_s = time.perf_counter()
            if isinstance(layer, CameraLayer):
                if rgb is None:
                    continue
                if pictured is None:
                    pictured = blending.fitted(rgb, stage.size_px)
                canvas = self._camera(canvas, layer, pictured)
                name = "camera"
            elif isinstance(layer, AvatarLayer):
                shine = self._shine(layer, rgb, face, one.time_s)
                canvas, moved = self._avatar(canvas, stage, layer, one, shine)
                posed.append(moved)
                name = "avatar"
            elif isinstance(layer, PictureLayer):
                picture = self._picture(layer.path, stage.size_px)
                canvas = blending.laid_over(canvas, blending.faded(picture, layer.opacity))
                name = "pictures"
            else:
                canvas = self._colour(canvas, layer, stage.size_px)
                name = "pictures"
            spent[name] = spent.get(name, 0.0) + 1e3 * (time.perf_counter() - at_s)
        rgba = blending.straight(canvas)
        spent["stage"] = 1e3 * (time.perf_counter() - began_s)
        return Staged(rgba, one.time_s, spent, tuple(posed))

    def _camera(
        self, canvas: np.ndarray, layer: CameraLayer, picture: np.ndarray
    ) -> np.ndarray:  # fmt: skip
        shown = blending.blurred(picture, layer.blur)
        front = blending.opaque(shown)
        if layer.cut_out:
            if self._matte is None:
                self._matte = Matte(live=self._live)
            front = blending.masked(front, self._matte.of(picture))
        front = blending.faded(front, layer.opacity)
        if layer.opacity >= 1 and not layer.cut_out:
            return front
        return blending.laid_over(canvas, front)

    def _colour(
        self, canvas: np.ndarray, layer: ColourLayer, size_px: tuple[int, int]
    ) -> np.ndarray:
        front = blending.filled(size_px, layer.rgb)
        if layer.opacity >= 1:
            return front
        return blending.laid_over(canvas, blending.faded(front, layer.opacity))

    def _avatar(
        self, canvas: np.ndarray, stage: Stage, layer: AvatarLayer, one: Performance, shine: Shine
    ) -> tuple[np.ndarray, Posed]:
        actor = self._actor(layer.avatar)
        posed = actor.puppet.pose(one)
        opacity = layer.opacity
        if layer.place == "face":
            place = self._place
            if place is None:
                return canvas, posed
            lost_s = one.time_s - place.time_s
            opacity *= float(np.clip(2 - lost_s / HOLD_S, 0, 1))
            u, v = (float(x) for x in place.eyes_px)
            camera = face_camera(actor.head, posed, (u, v), place.apart_px, layer, stage.size_px)
        else:
            camera = free_camera(actor.head, layer, stage.size_px)
        if self._renderer is None or self._renderer.size_px != stage.size_px:
            if self._renderer is not None:
                self._renderer.close()
            self._renderer = QuickRenderer(stage.size_px)
        drawn = self._renderer.draw(posed, camera, shine)
        return blending.laid_over(canvas, blending.faded(drawn, opacity)), posed

    def _shine(
        self, layer: AvatarLayer, rgb: np.ndarray | None, face: np.ndarray | None, time_s: float
    ) -> Shine:
        if not layer.lit or rgb is None:
            return studio_light()
        return self._light.find(rgb, face, time_s) or studio_light()

    def _actor(self, name: str) -> _Actor:
        if name not in self._actors:
            avatar = self._find(name)
            self._actors[name] = _Actor(Puppet(avatar), head_of(avatar))
        return self._actors[name]

    def _picture(self, path: str, size_px: tuple[int, int]) -> np.ndarray:
        key = path, size_px
        if key not in self._pictures:
            rgba = read_picture(Path(path), "rgba", "the picture of the stage")
            self._pictures[key] = blending.fitted(blending.multiplied(rgba), size_px)
        return self._pictures[key]

    def _follow(
        self, stage: Stage, rgb: np.ndarray | None, face: np.ndarray | None, time_s: float
    ) -> None:
        """Where the face is on the stage, calmly."""
        if face is None or rgb is None:
            return
        matrix = blending.cover((rgb.shape[1], rgb.shape[0]), stage.size_px)
        (u, v), apart = eyes_in(face)
        eyes = matrix @ (u, v, 1.0)
        apart *= float(matrix[0, 0])
        old = self._place
        step_s = FOLLOW_S if old is None else max(time_s - old.time_s, 0.0)
        share = 1.0 if old is None or step_s > HOLD_S else 1 - float(np.exp(-step_s / FOLLOW_S))
        if old is not None:
            eyes = old.eyes_px + share * (eyes - old.eyes_px)
            apart = old.apart_px + share * (apart - old.apart_px)
        self._place = _Place(eyes, apart, time_s)


def checked(stage: Stage) -> None:
    """Raise StudioError if a picture of the stage is missing: before long work."""
    for layer in stage.layers:
        if isinstance(layer, PictureLayer) and not Path(layer.path).is_file():
            raise StudioError(f"There is no picture “{layer.path}”.", "Choose another background.")
