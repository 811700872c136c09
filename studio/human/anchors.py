"""Where things to try on belong on the parametric person, and the sizes that they are fitted by.

The frames are those of :mod:`studio.core.items`: found on a person at rest, then carried by the
bones. Which vertices and which edges of the mesh tell them was chosen on the average adult.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float

from studio.core.items import ANCHOR_POINTS, AnchorPoint, Item, ItemKind
from studio.core.types import Posed
from studio.human.keypoints import SOLES
from studio.human.names import face_vertices
from studio.human.person import Rest, Shape, whole
from studio.human.rig import ARM, BONE_NAMES, bones_of
from studio.human.tape import MARKS

SizeName = Literal["head", "neck", "wrist", "foot"]
REFERENCE_M: dict[SizeName, float] = {
    "head": 0.14513, "neck": 0.11003, "wrist": 0.05489, "foot": 0.27779,
}  # fmt: skip
"""The average adult's sizes in metres: between the ears' tragi, the neck's and the forearm's width,
the foot's length. Things that are scaled to the wearer are modelled for them."""
SIZED_BY: dict[ItemKind, SizeName] = {
    "hat": "head", "ears": "head", "glasses": "head", "sunglasses": "head", "earrings": "head",
    "necklace": "neck", "watch": "wrist", "shoes": "foot", "top": "neck",
    "bag": "neck", "logo": "neck",
}  # fmt: skip
"""Which of the wearer's sizes a kind of thing goes with, where it goes with the wearer's."""
CARRIED_BY: dict[AnchorPoint, str] = {
    "eyes": "head", "head": "head", "ear.L": "head", "ear.R": "head", "neck": "spine01",
    "wrist.L": "lowerarm02.L", "wrist.R": "lowerarm02.R", "foot.L": "foot.L", "foot.R": "foot.R",
    "torso": "spine01",
}  # fmt: skip
"""The bone that carries each anchor point."""
BEFORE_WRIST_M = 0.025
_LOBES = {"ear.L": 12340, "ear.R": 5743}
_NOTCH, _NAPE = 1522, 1491
_SKIN = 13_380
Frame = Float[np.ndarray, "4 4"]


@dataclass(frozen=True, eq=False)
class Anchors:
    """A person's anchor points at rest: their frames (to the world) and the person's sizes."""

    frames: Mapping[AnchorPoint, Frame]
    sizes_m: Mapping[SizeName, float]

    def carried(self, moves: Float[np.ndarray, "bones 4 4"]) -> dict[AnchorPoint, Frame]:
        """The frames in a pose; ``moves`` carry each bone of the rig from rest into the pose
        (its world matrix times the inverse of the one at rest)."""
        found: dict[AnchorPoint, Frame] = {}
        for name, frame in self.frames.items():
            move = moves[BONE_NAMES.index(CARRIED_BY[name])]
            found[name] = hanging(move @ frame) if name.startswith("ear") else move @ frame
        return found


def hanging(frame: Frame) -> Frame:
    """A frame that is turned like this one about the world's up, and not otherwise."""
    turn = np.arctan2(frame[1, 0] - frame[0, 1], frame[0, 0] + frame[1, 1])
    c, s = np.cos(turn), np.sin(turn)
    return _frame(np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]]), frame[:3, 3])


def anchors(
    vertices_m: Float[np.ndarray, "vertices 3"], heads_m: Float[np.ndarray, "bones 3"]
) -> Anchors:
    """The anchor points of a person in the reference pose: the base mesh's vertices, of which the
    skin's 13,380 suffice, and the heads of the rig's bones."""
    skin = np.asarray(vertices_m, float)[:_SKIN]
    heads = np.asarray(heads_m, float)

    def mark(number: int) -> np.ndarray:
        return skin[list(face_vertices(f"mesh_{number}"))].mean(0)

    upright = np.eye(3)
    tragi = mark(454), mark(234)
    shoulders = heads[[BONE_NAMES.index(f"upperarm01.{side}") for side in "LR"]]
    neck = np.array([0.5 * (skin[_NOTCH, 0] + skin[_NAPE, 0]),
                     0.5 * (skin[_NOTCH, 1] + skin[_NAPE, 1]), skin[_NOTCH, 2]])  # fmt: skip
    frames: dict[AnchorPoint, Frame] = {
        "eyes": _frame(upright, mark(168)),
        "head": _frame(upright, 0.5 * (tragi[0] + tragi[1])),
        "neck": _frame(upright, neck),
        "torso": _frame(upright, shoulders.mean(0)),
    }
    wide: list[float] = []
    for side in ("L", "R"):
        ear: AnchorPoint = "ear.L" if side == "L" else "ear.R"
        wrist: AnchorPoint = "wrist.L" if side == "L" else "wrist.R"
        foot: AnchorPoint = "foot.L" if side == "L" else "foot.R"
        frames[ear] = _frame(upright, skin[_LOBES[ear]])
        frames[wrist], width = _wrist(skin, heads, side)
        frames[foot] = _foot(skin, heads, side)
        wide.append(width)
    around = _outline("neck").points(skin)
    feet = [
        np.linalg.norm(skin[MARKS[f"{s}_heel"], :2] - skin[MARKS[f"{s}_toe"], :2])
        for s in ("left", "right")
    ]
    sizes: dict[SizeName, float] = {
        "head": float(np.linalg.norm(tragi[0] - tragi[1])),
        "neck": float(np.ptp(around[:, 0])),
        "wrist": float(np.mean(wide)),
        "foot": float(np.mean(feet)),
    }
    return Anchors({name: frames[name] for name in ANCHOR_POINTS}, sizes)


def of_rest(rest: Rest) -> Anchors:
    """The anchor points of a whole person in the reference pose."""
    return anchors(rest.vertices_m.detach().numpy(), rest.heads_m.detach().numpy())


@cache
def average() -> Anchors:
    """The anchor points of the average adult, the root at the origin."""
    with torch.no_grad():
        return of_rest(whole().rest(Shape.of(), actions=False))


def growth(item: Item, sizes_m: Mapping[SizeName, float]) -> float:
    """By how much a thing is scaled for a wearer of these sizes; one that is not known is taken for
    the average adult's."""
    if item.fit == "true":
        return 1.0
    name = SIZED_BY[item.kind]
    return sizes_m.get(name, REFERENCE_M[name]) / REFERENCE_M[name]


def placed(
    item: Item,
    frames: Mapping[AnchorPoint, Frame],
    sizes_m: Mapping[SizeName, float],
    time_s: float = 0.0,
    instead: Mapping[str, AnchorPoint] | None = None,
) -> Posed:
    """A thing where it is worn, ready to be drawn. ``instead`` names other anchor points than its
    bones do (a watch on the other wrist)."""
    scale = np.diag([growth(item, sizes_m)] * 3 + [1.0])
    names = [(instead or {}).get(name, name) for name in item.character.armature.names]
    world = np.stack([frames[name] @ scale for name in names])  # pyright: ignore[reportArgumentType]
    return Posed(item.character, time_s, world, np.zeros(len(item.character.morph_names)))


def _frame(turn: np.ndarray, place_m: np.ndarray) -> Frame:
    frame = np.eye(4)
    frame[:3, :3], frame[:3, 3] = turn, place_m
    return frame


def _unit(way: np.ndarray) -> np.ndarray:
    return way / np.linalg.norm(way)


def _wrist(skin: np.ndarray, heads: np.ndarray, side: str) -> tuple[Frame, float]:
    """The frame, and how wide the forearm is there."""
    at = {bone: heads[BONE_NAMES.index(f"{bone}.{side}")] for bone in _ARM_BONES}
    up = _unit(at["lowerarm01"] - at["wrist"])
    along = 0.5 * (at["finger2-1"] + at["finger5-1"]) - at["wrist"]
    back = np.cross(at["finger2-1"] - at["finger5-1"], along) * (1 if side == "L" else -1)
    y = _unit(-(back - (back @ up) * up))
    turn = np.stack([np.cross(y, up), y, up], axis=1)
    around = _outline(f"wrist.{side}").points(skin) @ turn
    low, high = around.min(0), around.max(0)
    return _frame(turn, turn @ (0.5 * (low + high))), float(high[0] - low[0])


_ARM_BONES = ("lowerarm01", "wrist", "finger2-1", "finger5-1")


def _foot(skin: np.ndarray, heads: np.ndarray, side: str) -> Frame:
    name = "left" if side == "L" else "right"
    ankle, toe = (heads[BONE_NAMES.index(f"{b}.{side}")] for b in ("foot", "toe2-1"))
    heel = skin[MARKS[f"{name}_heel"]]
    y = _unit((heel - toe) * [1, 1, 0])
    turn = np.stack([np.cross(y, [0, 0, 1.0]), y, [0, 0, 1.0]], axis=1)
    return _frame(turn, np.array([ankle[0], ankle[1], skin[list(SOLES[name]), 2].min()]))


@dataclass(frozen=True, eq=False)
class _Outline:
    edges: np.ndarray
    share: np.ndarray

    def points(self, skin: np.ndarray) -> np.ndarray:
        a, b = skin[self.edges[:, 0]], skin[self.edges[:, 1]]
        return a + self.share[:, None] * (b - a)


@cache
def _outline(name: str) -> _Outline:
    """Where the skin is cut across the neck's middle or before a wrist, on the average adult."""
    person = whole()
    with torch.no_grad():
        rest = person.rest(Shape.of(), actions=False)
    skin, heads = rest.vertices_m.numpy()[:_SKIN], rest.heads_m.numpy()
    if name == "neck":
        low, high = (heads[BONE_NAMES.index(b)] for b in ("neck01", "neck03"))
        point, normal = 0.5 * (low + high), np.array([0.0, 0.0, 1.0])
        there = [k for k, b in enumerate(BONE_NAMES) if b.startswith(("neck", "head"))]
    else:
        elbow, wrist = (heads[BONE_NAMES.index(f"{b}.{name[-1]}")] for b in ("lowerarm01", "wrist"))
        normal = _unit(elbow - wrist)
        point = wrist + BEFORE_WRIST_M * normal
        there = bones_of(ARM, name[-1])
    strongest = person.bones.numpy()[np.arange(_SKIN), person.weights.numpy()[:_SKIN].argmax(1)]
    faces = person.model.faces.numpy()
    faces = faces[(faces < _SKIN).all(1)]
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    a, b = (edges := np.unique(edges, axis=0)).T
    height = (skin - point) @ normal
    own = np.isin(strongest, there)
    edges = edges[(height[a] * height[b] < 0) & own[a] & own[b]]
    from_a, from_b = height[edges[:, 0]], height[edges[:, 1]]
    return _Outline(edges, from_a / (from_a - from_b))
