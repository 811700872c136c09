"""Where the tape measure lies: outlines, marked vertices and a coarse body of the average adult."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.spatial import ConvexHull, KDTree
from torch import Tensor

from studio.human.compact import CompactPerson
from studio.human.keypoints import HEAD_TOP, SOLES
from studio.human.names import face_vertices
from studio.human.rig import BONE_NAMES

COARSE = 0.05
"""Share of the body's triangles on which volume is measured."""
MARKS = {
    "crown": HEAD_TOP, "crotch": 4372,
    "left_acromion": 8236, "right_acromion": 1558,
    "left_toe": 11551, "right_toe": 4933, "left_heel": 12453, "right_heel": 5856,
    "left_sole": SOLES["left"][0], "right_sole": SOLES["right"][0],
}  # fmt: skip
_ARMS = ("upperarm", "lowerarm", "wrist", "metacarpal", "finger")
_NIPPLE = (8459, 8460)


@dataclass(frozen=True, eq=False)
class Outline:
    """A line around a part of the body: points on edges of the mesh, ``share`` of the way.

    ``plane`` holds two directions of the reference pose between which the tape lies, ``weight``
    how much the line counts (half for what there is twice).
    """

    name: str
    weight: float
    edges: Int[np.ndarray, "points 2"]
    share: Float[Tensor, " points"]
    plane: Float[Tensor, "3 2"]

    def with_edges(self, edges: np.ndarray) -> Outline:
        """The same line where the vertices have other numbers."""
        return replace(self, edges=edges)

    def flat(self, skin: Float[Tensor, "batch vertices 3"]) -> Float[Tensor, "batch points 2"]:
        """The line's points on people, seen along the tape's axis."""
        first, second = (skin[:, end] for end in torch.as_tensor(self.edges.T))
        way = self.share.to(skin)[:, None]
        return (first + way * (second - first)) @ self.plane.to(skin)


@dataclass(frozen=True, eq=False)
class _Body:
    skin: np.ndarray
    edges: np.ndarray
    bones: np.ndarray
    heads: np.ndarray

    def head(self, bone: str) -> np.ndarray:
        return self.heads[BONE_NAMES.index(bone)]

    def among(self, stems: tuple[str, ...], side: str = "") -> np.ndarray:
        """Which vertices hang most on bones whose names begin so (and are of that side)."""
        ok = [b.startswith(stems) and (not side or b.endswith(f".{side}")) for b in BONE_NAMES]
        return np.array(ok)[self.bones]

    def cut(self, name: str, weight: float, there: np.ndarray, point: np.ndarray,
            normal: np.ndarray) -> Outline:  # fmt: skip
        height = (self.skin - point) @ normal
        a, b = self.edges.T
        crosses = (height[a] * height[b] < 0) & there[a] & there[b]
        edges = self.edges[crosses]
        from_a, from_b = height[edges[:, 0]], height[edges[:, 1]]
        helper = np.eye(3)[np.abs(normal).argmin()]
        u = np.cross(normal, helper)
        u /= np.linalg.norm(u)
        return Outline(
            name, weight, edges, torch.tensor(from_a / (from_a - from_b)).float(),
            torch.tensor(np.stack([u, np.cross(normal, u)], 1)).float(),
        )  # fmt: skip

    def girth(self, line: Outline) -> float:
        flat = line.flat(torch.tensor(self.skin)[None].float())[0].numpy()
        return float(ConvexHull(flat).area) if len(flat) > 8 else np.nan

    def chosen(self, name: str, weight: float, there: np.ndarray, a: np.ndarray, b: np.ndarray,
               pick: Callable[[list[float]], np.intp], normal: np.ndarray | None = None
               ) -> Outline:  # fmt: skip
        """The narrowest or widest line between two points, across the way from one to the other."""
        way = b - a if normal is None else normal
        normal = way / np.linalg.norm(way)
        lines = [
            self.cut(name, weight, there, a + t * (b - a), normal) for t in np.linspace(0, 1, 25)
        ]
        return lines[int(pick([self.girth(line) for line in lines]))]


def outlines(person: CompactPerson, skin: np.ndarray) -> tuple[Outline, ...]:
    """The tape's lines on the average adult, whose skin this is (in the reference pose)."""
    with torch.no_grad():
        heads = person.rest(person.phenotypes()).heads_m[0].numpy()
    faces = person.faces.numpy()
    faces = faces[(faces < person.parts["body"][0][1]).all(1)]
    edges = np.unique(
        np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1), axis=0
    )
    body = _Body(skin, edges, person.weights.argmax(1).numpy(), heads)
    up = np.array((0.0, 0.0, 1.0))
    trunk = ~body.among(_ARMS)
    chest = skin[list(_NIPPLE)].mean(0)
    crotch = skin[MARKS["crotch"]]
    brow = skin[list(face_vertices("mesh_9"))].mean(0)
    lines = [
        body.cut("head", 1.0, body.among(("head",)), brow + 0.012 * up, up),
        body.chosen("neck", 1.0, body.among(("neck", "head")), body.head("neck01"),
                    body.head("neck03"), np.nanargmin),
        body.cut("chest", 1.0, trunk, chest, up),
        body.chosen("waist", 1.0, trunk, body.head("spine04"), chest - 0.1 * up, np.nanargmin, up),
        body.chosen("hip", 1.0, trunk, crotch + 0.02 * up, body.head("spine04"), np.nanargmax, up),
    ]  # fmt: skip
    for side in "LR":
        thigh, knee, foot = (body.head(f"{b}.{side}") for b in ("upperleg01", "lowerleg01", "foot"))
        shoulder, elbow, wrist = (
            body.head(f"{b}.{side}") for b in ("upperarm01", "lowerarm01", "wrist")
        )
        leg, arm = body.among(("upperleg", "lowerleg"), side), body.among(_ARMS, side)
        under = thigh + (crotch[2] - 0.03 - thigh[2]) / (knee[2] - thigh[2]) * (knee - thigh)
        lines += [
            body.cut("thigh", 0.5, leg, under, (knee - thigh) / np.linalg.norm(knee - thigh)),
            body.chosen("calf", 0.5, leg, 0.8 * knee + 0.2 * foot, 0.4 * knee + 0.6 * foot,
                        np.nanargmax),
            body.chosen("upper_arm", 0.5, arm, 0.55 * shoulder + 0.45 * elbow,
                        0.4 * shoulder + 0.6 * elbow, np.nanargmax),
            body.chosen("wrist", 0.5, arm, 0.2 * elbow + 0.8 * wrist, wrist, np.nanargmin),
        ]  # fmt: skip
    return tuple(lines)


def coarse_body(person: CompactPerson, skin: np.ndarray, share: float) -> np.ndarray:
    """Triangles of a coarser body between some of its own vertices."""
    import pyvista

    faces = person.faces.numpy()
    faces = faces[(faces < person.parts["body"][0][1]).all(1)]
    mesh = pyvista.PolyData.from_regular_faces(skin.astype(np.float64), faces).clean()
    few = mesh.decimate_pro(1 - share, preserve_topology=True)
    used = np.unique(faces)
    away, nearest = KDTree(skin[used]).query(few.points)
    assert away.max() < 1e-6
    return used[nearest][few.regular_faces]
