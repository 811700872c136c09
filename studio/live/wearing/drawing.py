"""An item drawn into a part of the picture: colours, how much it covers, how far away it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32, UInt8

from studio.core.closing import Closing
from studio.core.items import AnchorPoint, Item, ItemKind
from studio.core.types import Camera, Character, Part, Posed
from studio.perception.occluder.rims import TEMPLES_M
from studio.perception.wearers.head_pose import projected
from studio.render.quick import QuickRenderer, Shine
from studio.render.thinning import thinned

MARGIN_PX = 10
STEP_PX = 32
"""Sizes of crops are multiples of this, so that few sizes are prepared."""
_NOWHERE = 1e-6
OFF_M, OFF_PX = 0.00015, 0.25
"""How far the surface of a thinned item is off, and how far it may be in the picture."""
GLASSES: tuple[ItemKind, ...] = ("glasses", "sunglasses")


@dataclass(frozen=True, eq=False)
class Crop:
    """A part of a picture: its first column and row, its size, and the camera that sees it."""

    left: int
    top: int
    camera: Camera

    @property
    def part(self) -> tuple[slice, slice]:
        """Rows and columns in the whole picture."""
        width, height = self.camera.size_px
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


@dataclass(frozen=True, eq=False)
class DrawnItem:
    """One item at one anchor point, as if nothing stood before it: sRGB with alpha multiplied in,
    depths along the camera's axis (metres, infinite where there is nothing), and where it hangs.
    """

    item: Item
    point: AnchorPoint
    frame: Float[np.ndarray, "4 4"]
    crop: Crop
    rgba: UInt8[np.ndarray, "height width 4"]
    depth_m: Float32[np.ndarray, "height width"]

    @property
    def inwards_m(self) -> Float32[np.ndarray, "height width"]:
        """How far behind its anchor point each pixel of the item lies, along the wearer's depth
        (y of the anchor's frame)."""
        return along(self.depth_m, self.crop, self.frame, 1)


def along(
    depth_m: Float32[np.ndarray, "height width"], crop: Crop, frame: np.ndarray, axis: int
) -> Float32[np.ndarray, "height width"]:
    """One coordinate of what is seen at each pixel, in an anchor's frame (metres)."""
    camera = crop.camera
    width, height = camera.size_px
    focal, (cx, cy) = float(camera.matrix[0, 0]), camera.matrix[:2, 2]
    scale = float(np.linalg.norm(frame[:3, axis]))
    x, y, z = frame[:3, axis] / scale
    across = (np.arange(width, dtype=np.float32) - cx) * (x / focal)
    down = (np.arange(height, dtype=np.float32) - cy) * (-z / focal)
    ray = across[None, :] + down[:, None] + y
    reach = float(frame[:3, axis] @ frame[:3, 3]) / scale
    return (depth_m * ray - reach).astype(np.float32)


class ItemDrawer(Closing):
    """Draws items, for one thread. ``swift`` draws with fewer triangles what is small in the
    picture. Raises StudioError where OpenGL is missing."""

    def __init__(self, *, swift: bool = False) -> None:
        self._renderer = QuickRenderer((STEP_PX, STEP_PX))
        self._swift = swift
        self._made: dict[tuple[int, bool], tuple[Character, Character]] = {}
        self._bounds: dict[int, tuple[Character, np.ndarray]] = {}

    def close(self) -> None:
        """Free what OpenGL holds."""
        self._renderer.close()

    def forget(self, keep: tuple[Character, ...]) -> None:
        """Let go of what is not worn any more."""
        wanted = {id(character) for character in keep}
        self._made = {k: v for k, v in self._made.items() if k[0] in wanted}
        self._renderer.forget([made for _, made in self._made.values()])
        self._bounds = {k: v for k, v in self._bounds.items() if k in wanted}

    def draw(
        self, item: Item, point: AnchorPoint, bone: int, frame: np.ndarray, camera: Camera,
        shine: Shine, room_px: int = 0,
    ) -> DrawnItem | None:  # fmt: skip
        """An item's part of one bone, hung at a frame (its scale included). None where it is not
        in the picture. ``room_px`` is added around it."""
        crop = self.crop(item.character, bone, frame, camera, room_px)
        if crop is None:
            return None
        world = np.tile(np.eye(4) * _NOWHERE, (len(item.character.armature.names), 1, 1))
        world[:, :3, 3] = frame[:3, 3]
        world[:, 3, 3] = 1
        world[bone] = frame
        few = self._swift and OFF_M * camera.matrix[0, 0] / frame[1, 3] < OFF_PX
        character = self._ready(item, few)
        posed = Posed(character, 0.0, world, np.zeros(len(character.morph_names)))
        self._renderer.resize(crop.camera.size_px)
        near, far = self._reach(item.character, bone, frame)
        rgba, depth = self._renderer.draw_deep(posed, crop.camera, shine, near, far)
        return DrawnItem(item, point, frame, crop, rgba, depth)

    def _ready(self, item: Item, few: bool) -> Character:
        """An item as it is drawn. A map by pixel cannot hide what is behind a lens that is seen:
        temples are not drawn through lenses, where the head stands before them."""
        key = id(item.character), few
        if key not in self._made:
            parts, last = item.character.parts, frozenset[str]()
            if few:
                parts = tuple(thinned(part, OFF_M) for part in parts)
            if item.kind in GLASSES and any(part.material.base[3] < 1 for part in parts):
                parts, last = _temples_apart(parts)
            made = replace(item.character, parts=parts)
            self._renderer.load(made, last)
            self._made[key] = item.character, made
        return self._made[key][1]

    def crop(
        self, character: Character, bone: int, frame: np.ndarray, camera: Camera, room_px: int = 0
    ) -> Crop | None:
        """The part of the picture in which an item is drawn, whole steps wide and tall."""
        at = self._corners(character)[bone] @ frame[:3, :3].T + frame[:3, 3]
        if (at[:, 1] < 0.03).any():
            return None
        pixels = projected(at, camera)
        room = MARGIN_PX + room_px
        width, height = camera.size_px
        low = np.floor(pixels.min(0)).astype(int) - room
        high = np.ceil(pixels.max(0)).astype(int) + room + 1
        low, high = np.maximum(low, 0), np.minimum(high, (width, height))
        if (high <= low).any():
            return None
        size = -(-(high - low) // STEP_PX) * STEP_PX
        size = np.minimum(size, (width, height))
        low = np.minimum(low, np.array([width, height]) - size)
        matrix = camera.matrix.copy()
        matrix[:2, 2] -= low
        part = Camera(camera.name, (int(size[0]), int(size[1])), matrix, camera.distortion,
                      camera.rotation, camera.translation_m)  # fmt: skip
        return Crop(int(low[0]), int(low[1]), part)

    def _reach(
        self, character: Character, bone: int, frame: np.ndarray
    ) -> tuple[float, float]:  # fmt: skip
        at = self._corners(character)[bone] @ frame[:3, :3].T + frame[:3, 3]
        return max(float(at[:, 1].min()) - 0.05, 0.02), float(at[:, 1].max()) + 0.05

    def _corners(self, character: Character) -> np.ndarray:
        """The corners of the box around each bone's vertices (bones, 8, 3), in its own axes."""
        key = id(character)
        if key not in self._bounds:
            count = len(character.armature.names)
            corners = np.zeros((count, 8, 3))
            for bone in range(count):
                points = [
                    part.mesh.vertices_m[
                        (np.where(part.joints == bone, part.weights, 0)).sum(1) > 0
                    ]
                    for part in character.parts
                ]
                every = np.concatenate([p for p in points if len(p)] or [np.zeros((1, 3))])
                low, high = every.min(0), every.max(0)
                grid = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, 8).T
                corners[bone] = low + grid * (high - low)
            self._bounds[key] = character, corners
        return self._bounds[key][1]


def _temples_apart(parts: tuple[Part, ...]) -> tuple[tuple[Part, ...], frozenset[str]]:
    """Parts of glasses, those that are not clear cut where the head begins, and the names of what
    is beside it."""
    found: list[Part] = []
    beside: set[str] = set()
    for part in parts:
        mesh = part.mesh
        behind = mesh.vertices_m[mesh.faces, 1].mean(1) > TEMPLES_M
        if part.material.base[3] < 1 or not behind.any():
            found.append(part)
            continue
        for faces, name in ((~behind, part.name), (behind, f"{part.name}, beside the head")):
            uv = None if mesh.uv is None else mesh.uv[faces]
            cut = replace(mesh, faces=mesh.faces[faces], uv=uv)
            found.append(replace(part, name=name, mesh=cut))
        beside.add(f"{part.name}, beside the head")
    return tuple(found), frozenset(beside)
