"""A rig that plays turns told from T-pose, whatever pose it rests in.

Every bone's turn from rest is W, in world axes. In T-pose the rig has turned by T
(:func:`studio.human.tpose.turns_to_t`). A bone that turned by q relative to its parent,
told from T-pose, turns from rest relative to its parent by O = T_parent^-1 q T. What lies between
two bones of the humanoid takes its share: the spine and the neck bend evenly, the bone of the
shoulder's blade goes along with the arm, and the forearm takes half of the hand's twist.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from studio.core.types import Armature
from studio.human.tpose import SHOULDER_SHARE, turns_to_t
from studio.live.turning import EYE, about, part_of, twist_of, unit
from studio.media.formats.avatar.bones import parents_of

_KINDS = {"UpperArm": "arm", "Hand": "hand"}
_EVEN = ("spine", "chest", "upperChest", "neck", "head")


@dataclass(frozen=True)
class _Link:
    """A bone of the humanoid: its number, and the bones between it and the next one above."""

    name: str
    bone: int
    between: tuple[int, ...]
    kind: str


class Rig:
    """An armature that is posed by VRM's bones. ``bones`` maps them to the armature's."""

    def __init__(self, armature: Armature, bones: Mapping[str, int]) -> None:
        self.armature, self.bones = armature, dict(bones)
        self.above = parents_of(armature, bones)
        self._rest = armature.rest_world[:, :3, :3]
        heads = armature.rest_world[:, :3, 3]
        parents = armature.parents.tolist()
        self._parents: list[int] = parents
        self._offsets = np.array(
            [heads[k] - heads[p] if p >= 0 else heads[k] for k, p in enumerate(parents)]
        ).reshape(-1, 3)
        total = turns_to_t(armature, bones) if len(parents) else np.zeros((0, 3, 3))
        self._t = {name: total[bone] for name, bone in bones.items()}
        self._links = self._linked()
        self._axes = {
            side: unit(heads[bones[f"{side}Hand"]] - heads[bones[f"{side}LowerArm"]])
            for side in ("left", "right")
            if f"{side}Hand" in bones and f"{side}LowerArm" in bones
        }

    def own(self, name: str, turn: np.ndarray) -> np.ndarray:
        """A turn told from T-pose, relative to the parent, as a turn from the rig's own rest."""
        above = self._t.get(self.above.get(name, ""), EYE)
        return above.T @ turn @ self._t[name]

    def told(self, name: str, own: np.ndarray) -> np.ndarray:
        """The other way round of :meth:`own`."""
        above = self._t.get(self.above.get(name, ""), EYE)
        return above @ own @ self._t[name].T

    def posed(
        self, turns: Mapping[str, np.ndarray], moved_m: np.ndarray | None = None
    ) -> np.ndarray:
        """Bone-to-world matrices (bones, 4, 4). ``turns`` are the humanoid bones' own turns from
        rest relative to the bone above them; bones that are not named rest. ``moved_m`` is how far
        the hips moved."""
        count = len(self._parents)
        W: list[np.ndarray] = [EYE] * count
        places = np.zeros((count, 3))
        steps = {
            bone: step
            for name, turn in turns.items()
            if name in self.bones
            for bone, step in self._spread(name, turn)
        }
        hips = self.bones.get("hips", -1)
        for k, parent in enumerate(self._parents):
            if parent < 0:
                W[k], places[k] = EYE, self._offsets[k]
            else:
                W[k] = W[parent]
                places[k] = places[parent] + W[parent] @ self._offsets[k]
            if k == hips and moved_m is not None:
                places[k] = places[k] + moved_m
            if k in steps:
                W[k] = W[k] @ steps[k]
        world = np.zeros((count, 4, 4))
        world[:, 3, 3] = 1
        if count:
            world[:, :3, :3] = np.stack(W) @ self._rest
            world[:, :3, 3] = places
        return world

    def _spread(self, name: str, turn: np.ndarray) -> list[tuple[int, np.ndarray]]:
        """A bone's turn as steps of the bones between and its own, each relative to the last."""
        link = self._links[name]
        if not link.between or link.kind == "alone":
            return [(link.bone, turn)]
        count = len(link.between)
        if link.kind == "even":
            step = part_of(turn, 1 / (count + 1))
            return [(bone, step) for bone in (*link.between, link.bone)]
        if link.kind == "arm":
            step = part_of(turn, SHOULDER_SHARE / count)
            rest = part_of(turn, 1 - SHOULDER_SHARE)
            return [*((bone, step) for bone in link.between), (link.bone, rest)]
        axis = self._axes[link.name.removesuffix("Hand")]
        half = about(axis, 0.5 * twist_of(turn, axis))
        return [(link.between[-1], half), (link.bone, half.T @ turn)]

    def _linked(self) -> dict[str, _Link]:
        """What lies between two bones belongs to the lower one, unless others hang on it too."""
        known = set(self.bones.values())
        paths: dict[str, list[int]] = {}
        for name, bone in self.bones.items():
            path: list[int] = []
            above = self._parents[bone]
            while above >= 0 and above not in known:
                path.append(above)
                above = self._parents[above]
            paths[name] = path[::-1] if above >= 0 else []
        uses = Counter(bone for path in paths.values() for bone in path)
        links: dict[str, _Link] = {}
        for name, path in paths.items():
            plain = name.removeprefix("left").removeprefix("right")
            kind = "even" if name in _EVEN else _KINDS.get(plain, "alone")
            if kind == "hand" and self.above[name] != name.replace("Hand", "LowerArm"):
                kind = "alone"
            own = tuple(bone for bone in path if uses[bone] == 1)
            links[name] = _Link(name, self.bones[name], own, kind)
        return links


def turn_of(quaternion: tuple[float, float, float, float]) -> np.ndarray:
    """A quaternion (x, y, z, w) as a turn (3, 3)."""
    x, y, z, w = quaternion
    n = x * x + y * y + z * z + w * w
    s = 2.0 / n if n > 1e-12 else 0.0
    return np.array([
        [1 - s * (y * y + z * z), s * (x * y - z * w), s * (x * z + y * w)],
        [s * (x * y + z * w), 1 - s * (x * x + z * z), s * (y * z - x * w)],
        [s * (x * z - y * w), s * (y * z + x * w), 1 - s * (x * x + y * y)],
    ])  # fmt: skip


def mixed(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """A turn between two: ``a`` at 0, ``b`` at 1."""
    return a if share <= 0 else b if share >= 1 else a @ part_of(a.T @ b, share)
