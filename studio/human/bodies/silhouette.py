"""Rounds of refinement: the outline of the posed person is drawn to the photograph's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.spatial import KDTree

from studio.core.types import Camera
from studio.human.bodies.build import Builder
from studio.human.bodies.canonical import SKIN, skin_faces
from studio.human.bodies.outline import Edge, Window, edge_of, hits, matched, overlap
from studio.human.bodies.solve import Outline
from studio.human.person import Rest, whole
from studio.human.rig import BONE_NAMES
from studio.human.solver import Kinematics, Poses
from studio.human.twist import spread_twist
from studio.vision.camera import in_camera, project

PAIRS = 260
REACH = 0.06
"""How far, by the person's height in the picture, an outline is looked for."""
_CLOTH, _BARE = (0.014, 0.005), (0.007, 0.005)
_HAIR = (0.03, 0.006)
_WORN = 0.006
"""How far, by the person's height, skin lies usually within and outside of the outline: where
clothes may be, on hands, and on the head; and how much of the first clothes are, usually."""
_HAND_BONES = ("wrist", "finger", "metacarpal")


@dataclass(frozen=True, eq=False)
class Drawn:
    """A posed person as a photograph's window shows them; ``pixel_m`` is how large a pixel of the
    window is where they stand."""

    vertices_m: Float[np.ndarray, "vertices 3"]
    ahead_m: Float[np.ndarray, "rows columns"]
    face: Int[np.ndarray, "rows columns"]
    pixel_m: float

    @property
    def mask(self) -> Bool[np.ndarray, "rows columns"]:
        """Where the person is."""
        return np.isfinite(self.ahead_m)


@cache
def kinds_of_skin() -> Int[np.ndarray, " skin"]:
    """Of every vertex of the skin: 0 where clothes may be, 1 on hands, 2 on the head, where hair
    may be."""
    person = whole()
    main = person.bones.numpy()[np.arange(SKIN), person.weights.numpy()[:SKIN].argmax(1)]
    hands = [k for k, name in enumerate(BONE_NAMES) if name.startswith(_HAND_BONES)]
    return np.where(main == BONE_NAMES.index("head"), 2, np.isin(main, hands).astype(int))


@torch.no_grad()
def drawn(
    rest: Rest, kinematics: Kinematics, pose: Poses, camera: Camera, window: Window,
    spread: bool = True,
) -> Drawn:  # fmt: skip
    """A person (with all vertices) in a pose, as a window shows them: with twist ``spread`` along
    the limbs, or as the solver has it."""
    turns = kinematics.rotations(pose)
    if spread:
        turns = spread_twist(turns, kinematics.offsets_m)
    posed = whole().pose(
        rest, torch.from_numpy(turns).float(), torch.from_numpy(pose.root_m).float()
    )
    vertices = posed.vertices_m[0].double().numpy()
    ahead, face = hits(window, camera, vertices[:SKIN], skin_faces())
    pixel = float(np.median(in_camera(camera, vertices)[:, 2])) / float(camera.matrix[0, 0])
    return Drawn(vertices, ahead, face, pixel / window.scale)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Places of our outline with the vertices of the skin that they are nearest to, and how far
    each must move along which normal (pixels of the photograph)."""

    vertex: Int[np.ndarray, " pairs"]
    xy_px: Float[np.ndarray, "pairs 2"]
    normals: Float[np.ndarray, "pairs 2"]
    out_px: Float[np.ndarray, " pairs"]


def pairs(person: Drawn, wanted: Edge, window: Window, reach_px: float) -> Pairs:
    """What of our outline belongs to what of the photograph's."""
    own = edge_of(person.mask, window)
    to, at = matched(wanted, own, reach_px)
    normals = wanted.normals[to]
    out = ((wanted.xy_px[to] - own.xy_px[at]) * normals).sum(1)
    return beneath(person, window, own.xy_px[at], own.normals[at], normals, out)


def beneath(
    person: Drawn, window: Window, xy_px: np.ndarray, inwards: np.ndarray, normals: np.ndarray,
    out_px: np.ndarray,
) -> Pairs:  # fmt: skip
    """Pairs of places of our outline (``inwards``: their own normals) with the skin beneath."""
    inside = xy_px - (1.5 / window.scale) * inwards
    spot = np.rint(inside @ window.matrix[:, :2].T + window.matrix[:, 2]).astype(int)
    spot = spot.clip(0, np.array(person.mask.shape[::-1]) - 1)
    there = person.mask[spot[:, 1], spot[:, 0]]
    face = person.face[spot[there, 1], spot[there, 0]]
    return Pairs(skin_faces()[face][:, 0], xy_px[there], normals[there], out_px[there])


def outline(
    builder: Builder, person: Drawn, found: Pairs, camera: Camera, tall_px: float
) -> Outline:
    """What these pairs ask of the sampled vertices, the same for all parts of the outline."""
    skin = np.flatnonzero(builder.ids < SKIN)
    count = len(found.vertex)
    pick = np.arange(count) if count <= PAIRS else np.linspace(0, count - 1, PAIRS).astype(int)
    vertex = found.vertex[pick]
    places = KDTree(person.vertices_m[builder.ids[skin]])
    rows = skin[places.query(person.vertices_m[vertex])[1]]
    xy = project(camera, person.vertices_m[builder.ids[rows]])
    kinds = kinds_of_skin()[vertex]
    out = found.out_px[pick] - _WORN * tall_px * (kinds == 0)
    goal = xy + out[:, None] * found.normals[pick]
    usual = np.array([_CLOTH, _BARE, _HAIR])[kinds] * tall_px
    say = np.sqrt(min(1.0, 150 / max(len(pick), 1)))
    return Outline(rows, np.nan_to_num(goal), found.normals[pick], say / usual[:, 0],
                   say / usual[:, 1])  # fmt: skip


def covers(person: Drawn, mask: Bool[np.ndarray, "rows columns"]) -> float:
    """The intersection over union of a person with a mask of the window."""
    return overlap(person.mask, mask)
