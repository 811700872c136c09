"""Somebody of no colour who tries things on where no camera is open: drawn from any side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.closing import Closing
from studio.core.items import ANCHORED, Item, ItemKind
from studio.core.types import Armature, Camera, Character, Material, Mesh, Part, Posed
from studio.human.anchors import Anchors, anchors
from studio.human.design import Design
from studio.render.quick import QuickRenderer, studio_light
from studio.synth.designed import resting
from studio.synth.figure import figure_of
from studio.synth.looks import body_parts

CLAY = Material("clay", (0.62, 0.61, 0.60, 1.0), 0.0, 0.75)
BACKDROP = (206, 208, 212)
FOCAL = 2.2
"""In heights of the picture."""
_SEEN_M: dict[ItemKind, float] = {
    "glasses": 0.26, "sunglasses": 0.26, "hat": 0.42, "ears": 0.62, "earrings": 0.30,
    "necklace": 0.50, "watch": 0.26, "shoes": 0.52, "top": 0.95,
    "bag": 1.2, "logo": 0.7,
}  # fmt: skip
"""How much of the world is seen, top to bottom."""
_TURN_DEG: dict[ItemKind, tuple[float, float]] = {
    "watch": (60.0, 15.0), "shoes": (35.0, 25.0), "earrings": (40.0, 0.0), "hat": (25.0, 8.0)
}  # fmt: skip


@dataclass(frozen=True)
class View:
    """From where somebody looks: degrees to the figure's left and up, and how near."""

    yaw_deg: float
    pitch_deg: float
    zoom: float = 1.0


@dataclass(frozen=True, eq=False)
class Fitted:
    """A picture of the mannequin with something on, the camera that saw it, and the anchor frame
    at which it hangs (to the world, metres)."""

    rgb: UInt8[np.ndarray, "height width 3"]
    camera: Camera
    frame: Float[np.ndarray, "4 4"]


def usual_view(kind: ItemKind) -> View:
    """From where a kind of thing is seen best."""
    yaw, pitch = _TURN_DEG.get(kind, (25.0, 0.0))
    return View(yaw, pitch)


class Mannequin(Closing):
    """Draws things on a figure of clay. For one thread. Raises StudioError where OpenGL is
    missing."""

    def __init__(self, size_px: tuple[int, int]) -> None:
        self._renderer = QuickRenderer(size_px)
        self._dressed: tuple[Item, Character] | None = None

    def close(self) -> None:
        """Free what OpenGL holds."""
        self._renderer.close()

    def draw(self, item: Item, placed: Float[np.ndarray, "4 4"], view: View) -> Fitted:
        """The figure with ``item``, whose bones are moved by ``placed`` in their points' axes."""
        body, frames = clay()
        if self._dressed is None or self._dressed[0] is not item:
            self._dressed = item, dressed(body, item)
        character = self._dressed[1]
        self._renderer.forget([character])
        own = [frames.frames[point] @ placed for point in ANCHORED[item.kind]]
        world = np.concatenate([body.armature.rest_world, np.stack(own)])
        posed = Posed(character, 0.0, world, np.zeros(0))
        frame = frames.frames[ANCHORED[item.kind][0]]
        camera = camera_of(item.kind, frame, view, self._renderer.size_px)
        rgba = self._renderer.draw(posed, camera, studio_light()).astype(np.float32)
        behind = np.array(BACKDROP, np.float32) * (1 - rgba[..., 3:] / 255)
        rgb = np.clip(rgba[..., :3] + behind, 0, 255).astype(np.uint8)
        return Fitted(rgb, camera, frame)


def camera_of(
    kind: ItemKind, frame: Float[np.ndarray, "4 4"], view: View, size_px: tuple[int, int]
) -> Camera:
    """A camera that looks at an anchor point."""
    width, height = size_px
    yaw, pitch = np.radians((view.yaw_deg, view.pitch_deg))
    away = FOCAL * _SEEN_M[kind] / view.zoom
    ahead = -np.array([np.sin(yaw) * np.cos(pitch), -np.cos(yaw) * np.cos(pitch), np.sin(pitch)])
    right = np.cross(ahead, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(ahead, right), ahead])
    at = frame[:3, 3] - away * ahead
    focal = FOCAL * height
    matrix = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])
    return Camera("mannequin", size_px, matrix, np.zeros(5), rotation, -rotation @ at)


@cache
def clay() -> tuple[Character, Anchors]:
    """The average adult at rest, of one colour and one bone, and where their anchor points are."""
    rest, bones = resting(Design(), actions=False)
    figure = figure_of(rest, bones)
    parts: list[Part] = []
    for name in ("body", "eyes"):
        ids, faces = np.unique(body_parts()[name][0], return_inverse=True)
        mesh = Mesh(figure.vertices_m[ids], faces.reshape(-1, 3))
        all_first = np.tile([1.0, 0.0, 0.0, 0.0], (len(ids), 1))
        parts.append(Part(name, mesh, CLAY, np.zeros((len(ids), 4), np.int64), all_first))
    one = Armature(("clay",), np.array([-1]), np.eye(4)[None], np.zeros((1, 3)))
    heads = bones.rest_world[:, :3, 3]
    return Character("Mannequin", one, tuple(parts)), anchors(figure.vertices_m, heads)


def dressed(body: Character, item: Item) -> Character:
    """One figure of both: the item's bones follow the body's."""
    first, own = len(body.armature.names), item.character.armature
    armature = Armature(
        (*body.armature.names, *own.names),
        np.concatenate([body.armature.parents, np.full(len(own.names), -1)]),
        np.concatenate([body.armature.rest_world, own.rest_world]),
        np.concatenate([body.armature.tails_m, own.tails_m]),
    )
    parts = tuple(
        Part(part.name, part.mesh, part.material, part.joints + first, part.weights)
        for part in item.character.parts
    )
    return Character(item.name, armature, (*body.parts, *parts))
