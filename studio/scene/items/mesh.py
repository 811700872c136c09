"""Surfaces: a mesh, or a character as it is posed, with its soft shadow on the floor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyvista as pv
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from studio.core.types import Character, Mesh, Posed
from studio.scene.arrays import refill
from studio.scene.items.base import DrawnItem, Eye, Pick, Role
from studio.scene.occlusion import floor_shadow
from studio.scene.palette import Palette
from studio.scene.picking import hit, ray
from studio.scene.posing import (
    PartPoser,
    alike,
    carried_alike,
    moves_of,
    part_alike,
    rest_posed,
    same,
    unrest_of,
)
from studio.scene.surface import Shading, Surface

SHADOW_M = 3.2
SHADOW_POINTS = 9000


class FloorShadow:
    """A soft dark spot on the floor under a body."""

    def __init__(self) -> None:
        self._image = pv.ImageData(dimensions=(96, 96, 1))
        self._rgba = np.zeros((96 * 96, 4), np.uint8)
        self._image.point_data["rgba"] = self._rgba.copy()
        texture = pv.Texture(self._image)
        texture.InterpolateOn()
        self._plane = pv.PolyData(np.zeros((4, 3), np.float32), faces=[4, 0, 1, 2, 3])
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
        self._plane.active_texture_coordinates = corners
        self._corners = np.column_stack([corners - 0.5, np.zeros(4)]) * SHADOW_M
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(self._plane)
        self.actor = vtkActor()
        self.actor.SetMapper(mapper)
        self.actor.SetTexture(texture)
        self.actor.GetProperty().LightingOff()
        self.actor.ForceTranslucentOn()
        self.actor.PickableOff()

    def update(self, vertices_m: np.ndarray, strength: float) -> None:
        dark, (x, y) = floor_shadow(vertices_m, SHADOW_M)
        self._rgba[:, 3] = dark.ravel() * strength * 255
        refill(self._image, rgba=self._rgba)
        refill(self._plane, self._corners + np.array([x, y, 0.002]))


class SurfaceItem(DrawnItem):
    """What a mesh and a character share: surfaces, shading, shadow, picking.

    ``dragged`` says that the newest value was one small step of many.
    """

    def __init__(self, key: str, palette: Palette, role: Role = "result") -> None:
        super().__init__(key, palette, role)
        self.surfaces: list[Surface] = []
        self.names: list[str] = []
        self.shading: Shading = "x-ray" if role == "ghost" else "studio"
        self._shadow = FloorShadow()
        self.dragged = False

    def thin(self, on: bool) -> None:
        """Draw a quarter of the triangles, or all."""
        for surface in self.surfaces:
            surface.thin(on)

    def _rebuild(self, surfaces: list[Surface], names: list[str]) -> None:
        self.surfaces, self.names = surfaces, names
        for surface in surfaces:
            surface.shade(self.shading)
        self.actors = [self._shadow.actor, *(surface.actor for surface in surfaces)]

    def _cast(self) -> None:
        if self.shading in ("studio", "flat") and self.surfaces:
            points = np.concatenate([surface.vertices_m for surface in self.surfaces])
            few = points[:: max(1, len(points) // SHADOW_POINTS)]
            self._shadow.update(few, self.palette.shadow)
            self._shadow.actor.VisibilityOn()
        else:
            self._shadow.actor.VisibilityOff()

    def shade(self, shading: Shading) -> None:
        """One of the five looks."""
        self.shading = shading
        for surface in self.surfaces:
            surface.shade(shading)
        self._cast()

    def recolour(self, palette: Palette) -> None:
        super().recolour(palette)
        self._cast()

    def seen_by(self, eye: Eye) -> None:
        super().seen_by(eye)
        for surface in self.surfaces:
            surface.seen_by(eye)

    def points_m(self) -> np.ndarray:
        if not self.surfaces:
            return np.empty((0, 3))
        return np.concatenate([surface.vertices_m for surface in self.surfaces])

    def pick(self, eye: Eye, xy_px: tuple[float, float], within_px: float) -> Pick | None:
        start, direction = ray(eye, xy_px)
        best: Pick | None = None
        nearest = np.inf
        for name, surface in zip(self.names, self.surfaces, strict=True):
            found = hit(surface.vertices_m, surface.faces, start, direction)
            if found is not None and found[1] < nearest:
                nearest = found[1]
                x, y, z = (float(c) for c in start + nearest * direction)
                best = Pick(self.key, "mesh", name, found[0], (x, y, z))
        return best


class MeshItem(SurfaceItem):
    """A triangle mesh; the same triangles with new vertices are moved in place."""

    accepts = (Mesh,)

    def update(self, value: Any) -> None:
        mesh: Mesh = value
        old = self.surfaces[0] if self.surfaces else None
        same = old is not None and len(old.vertices_m) == len(mesh.vertices_m)
        if old is not None and same and np.array_equal(old.faces, mesh.faces):
            old.move(mesh.vertices_m)
        else:
            self._rebuild([Surface(mesh, None, self.palette.skin)], [self.key])
        self._cast()


class CharacterItem(SurfaceItem):
    """A character at rest or posed. Parts are made once for each character."""

    accepts = (Character, Posed)

    def __init__(self, key: str, palette: Palette, role: Role = "result") -> None:
        super().__init__(key, palette, role)
        self._character: Character | None = None
        self._posers: list[PartPoser] = []
        self._unrest = np.zeros((0, 4, 4))
        self._cast_for: tuple[Character, np.ndarray | None] | None = None

    def update(self, value: Any) -> None:
        character: Character = value.character if isinstance(value, Posed) else value
        before, self._character = self._character, character
        dragged = self.dragged = False
        if before is None or before.armature is not character.armature:
            self._unrest = unrest_of(character)
        if before is not None and before is not character and alike(before, character):
            dragged = self.dragged = self._reshape(before, character)
        elif before is not character:
            self._change(before, character)
        if isinstance(value, Posed):
            bones, morphs = value.bones_world, value.morphs
        else:
            bones, morphs = rest_posed(character)
        moves = moves_of(bones, self._unrest)
        for poser, surface in zip(self._posers, self.surfaces, strict=True):
            surface.move(poser(moves, morphs), lit=not dragged)
        if not dragged and not self._has_cast(character, moves):
            self._cast_for = character, moves
            self._cast()

    def _change(self, before: Character | None, character: Character) -> None:
        """Other parts: only the surfaces of those that were not drawn before are made anew."""
        parts = () if before is None else before.parts
        known = dict(zip(self.names, zip(parts, self._posers, self.surfaces, strict=True),
                         strict=True))  # fmt: skip
        posers: list[PartPoser] = []
        surfaces: list[Surface] = []
        for part in character.parts:
            old = known.pop(part.name, None)
            if old is not None and part_alike(old[0], part):
                was, poser, surface = old
                if part.material is not was.material:
                    surface.paint(part.material)
                surface.settle(part.mesh)
                kept = carried_alike(was, part)
                posers.append(poser.reshaped(part) if kept else PartPoser(part, character))
            else:
                surface = Surface(part.mesh, part.material, self.palette.skin)
                if old is not None and old[0].material is part.material:
                    surface.share_picture(old[2])
                posers.append(PartPoser(part, character))
            surfaces.append(surface)
        self._posers = posers
        self._rebuild(surfaces, [part.name for part in character.parts])

    def _has_cast(self, character: Character, moves: np.ndarray | None) -> bool:
        """Whether the shadow on the floor is this one: a face's does not change."""
        if self._cast_for is None or self._cast_for[0] is not character:
            return False
        return same(self._cast_for[1], moves)

    def _reshape(self, before: Character, character: Character) -> bool:
        """The same person in another build or other colours: no surface is made anew.

        Whether it is one step of many: something has moved, and everything is carried as it was.
        """
        pairs = list(zip(before.parts, character.parts, strict=True))
        moved = any(new.mesh is not old.mesh for old, new in pairs)
        dragged = moved and all(carried_alike(old, new) for old, new in pairs)
        for k, (old, new) in enumerate(pairs):
            if not carried_alike(old, new):
                self._posers[k] = PartPoser(new, character)
            elif new.mesh is not old.mesh:
                self._posers[k] = self._posers[k].reshaped(new)
            if new.material is not old.material:
                self.surfaces[k].paint(new.material)
            if not dragged:
                self.surfaces[k].settle(new.mesh)
        return dragged
