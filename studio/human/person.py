"""The parametric person: Anny's shapes and rig, posed by bone rotations. Torch, differentiable.

World axes, metres: Z up, the person faces -Y, their left is +X. In the *reference pose* every
bone has a fixed orientation whatever the shape, so a pose means the same for every person: the
rotation D of a bone is given in world axes of the reference pose, G = G(parent) · D carries
reference directions into the world, and a bone's world matrix is [G · U | head].

Source: Anny (https://github.com/naver/anny, Apache-2.0; MakeHuman data, CC0).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from studio.core import folders
from studio.core.errors import StudioError
from studio.human.compact import Change
from studio.human.mouth import laid
from studio.human.phenotypes import PHENOTYPES
from studio.human.rig import ACTIONS, BONE_NAMES, BONE_PARENTS
from studio.human.segments import SEGMENT_NAMES, SEGMENTS

PARENTS = np.array(BONE_PARENTS)


@dataclass(frozen=True, eq=False)
class Shape:
    """A person's build: phenotypes (0..1) and the scale of each segment (1 is unchanged)."""

    phenotypes: Float[Tensor, " phenotypes"]
    scales: Float[Tensor, " segments"]

    @classmethod
    def of(cls, scales: dict[str, float] | None = None, **phenotypes: float) -> Shape:
        """A shape by names; what is not named is in the middle. Age defaults to an adult's."""
        phenotypes = {"age": 0.66, **phenotypes}
        unknown = {*phenotypes} - {*PHENOTYPES} | {*(scales or {})} - {*SEGMENT_NAMES}
        if unknown:
            raise StudioError(
                f"A person has no shape parameter {', '.join(sorted(unknown))}.",
                f"There are: {', '.join(PHENOTYPES + SEGMENT_NAMES)}.",
            )
        return cls(
            torch.tensor([float(phenotypes.get(name, 0.5)) for name in PHENOTYPES]),
            torch.tensor([float((scales or {}).get(name, 1.0)) for name in SEGMENT_NAMES]),
        )


@dataclass(frozen=True, eq=False)
class Rest:
    """A person of one shape in the reference pose, the root at the origin.

    ``heads_m`` are the bones' heads, ``orientations`` their axes (Y along the bone),
    ``vertices_m`` the skin, and ``actions_m`` what each facial action adds to it.
    """

    heads_m: Float[Tensor, "bones 3"]
    orientations: Float[Tensor, "bones 3 3"]
    vertices_m: Float[Tensor, "vertices 3"]
    actions_m: Float[Tensor, "actions vertices 3"]

    @property
    def offsets_m(self) -> Float[Tensor, "bones 3"]:
        """From each bone's parent's head to its own; zero for the root."""
        parents = torch.as_tensor(PARENTS).clamp(min=0)
        return self.heads_m - self.heads_m[parents]


@dataclass(frozen=True, eq=False)
class PosedPerson:
    """People in poses: skin, bone-to-world matrices, and G, the bones' turn from the reference."""

    vertices_m: Float[Tensor, "batch vertices 3"]
    bones_world: Float[Tensor, "batch bones 4 4"]
    turns: Float[Tensor, "batch bones 3 3"]

    @property
    def joints_m(self) -> Float[Tensor, "batch bones 3"]:
        return self.bones_world[..., :3, 3]


@dataclass(frozen=True, eq=False)
class Person:
    """Anny with every phenotype and the 52 ARKit actions; possibly only some of its vertices."""

    model: Any
    weights: Float[Tensor, "vertices influences"]
    bones: Int[Tensor, "vertices influences"]
    template_m: Float[Tensor, "vertices 3"]
    blendshapes_m: Float[Tensor, "shapes vertices 3"]
    ids: Int[np.ndarray, " vertices"] = field(default_factory=lambda: np.arange(0))

    def subset(self, ids: Sequence[int] | np.ndarray) -> Person:
        """The same person with only these vertices (for fast fitting)."""
        keep = torch.as_tensor(np.asarray(ids, np.int64))
        return replace(
            self,
            weights=self.weights[keep],
            bones=self.bones[keep],
            template_m=self.template_m[keep],
            blendshapes_m=self.blendshapes_m[:, keep],
            ids=self.ids[keep.numpy()],
        )

    def rest(self, shape: Shape, actions: bool = True, change: Change | None = None) -> Rest:
        """The person of this shape in the reference pose. Differentiable in the shape.

        Without ``actions`` there are none in the result, and it takes half the time. ``change`` is
        what local sliders add (:func:`studio.human.sliders.change`).
        """
        m = self.model
        coefficients = m._get_phenotype_blendshape_coefficients(
            shape.phenotypes[None], torch.zeros(1, 0), torch.zeros(1, len(ACTIONS))
        )
        to_reference, poses = m.get_bone_transforms(None, _rest_poses(m, coefficients, change))
        to_reference, poses = to_reference[0], poses[0]
        vertices = self.template_m + torch.einsum("a,avk->vk", coefficients[0], self.blendshapes_m)
        if change is not None:
            vertices = vertices + change.skin_m[0, torch.as_tensor(self.ids)]
        heads, stretch = _scaled(poses[:, :3, 3], shape.scales)
        # Skin: to the reference pose, then stretched with its bones, in one blend of matrices.
        linear = stretch @ to_reference[:, :3, :3]
        shift = heads + (stretch @ (to_reference[:, :3, 3] - poses[:, :3, 3])[..., None])[..., 0]
        blended = torch.einsum("vi,vijk->vjk", self.weights, linear[self.bones])
        moved = torch.einsum("vi,vij->vj", self.weights, shift[self.bones])
        skin = (blended @ vertices[..., None])[..., 0] + moved
        first = coefficients.shape[1] - len(ACTIONS) if actions else coefficients.shape[1]
        moves = torch.einsum("vjk,avk->avj", blended, self.blendshapes_m[first:])
        return Rest(heads, poses[:, :3, :3], skin, moves)

    def pose(
        self,
        rest: Rest,
        turns: Float[Tensor, "batch bones 3 3"],
        root_m: Float[Tensor, "batch 3"],
        actions: Float[Tensor, "batch actions"] | None = None,
    ) -> PosedPerson:
        """Pose a person: ``turns`` are the bones' rotations D, ``root_m`` where the root is."""
        G, heads = forward(rest.offsets_m, turns, root_m)
        shift = heads - (G @ rest.heads_m[..., None])[..., 0]
        skin = rest.vertices_m.expand(len(turns), -1, -1)
        if actions is not None:
            skin = skin + torch.einsum("ba,avk->bvk", actions, rest.actions_m)
        blended = torch.einsum("vi,bvijk->bvjk", self.weights, G[:, self.bones])
        moved = torch.einsum("vi,bvij->bvj", self.weights, shift[:, self.bones])
        world = torch.zeros(*G.shape[:2], 4, 4, dtype=G.dtype)
        world[..., :3, :3] = G @ rest.orientations
        world[..., :3, 3] = heads
        world[..., 3, 3] = 1
        return PosedPerson((blended @ skin[..., None])[..., 0] + moved, world, G)


def forward(
    offsets_m: Tensor, turns: Tensor, root_m: Tensor
) -> tuple[Float[Tensor, "batch bones 3 3"], Float[Tensor, "batch bones 3"]]:
    """Forward kinematics: every bone's turn G from the reference and where its head is."""
    G, heads = [turns[:, 0]], [root_m]
    for bone in range(1, len(PARENTS)):
        parent = PARENTS[bone]
        G.append(G[parent] @ turns[:, bone])
        heads.append(heads[parent] + (G[parent] @ offsets_m[bone]))
    return torch.stack(G, 1), torch.stack(heads, 1)


def _rest_poses(model: Any, coefficients: Tensor, change: Change | None) -> Tensor:
    import roma

    heads = model.template_bone_heads + torch.einsum(
        "ba,akj->bkj", coefficients, model.bone_heads_blendshapes
    )
    covariances = model.bone_template_orientation_matrices + torch.einsum(
        "ba,akij->bkij", coefficients, model.bone_orientation_blendshapes
    )
    if change is not None:
        heads, covariances = heads + change.heads_m, covariances + change.axes
    axes: Any = roma.special_procrustes(covariances)
    axes = torch.cat([torch.eye(3).expand_as(axes[:, :1]), axes[:, 1:]], 1)
    return roma.Rigid(axes, heads).to_homogeneous()


def _scaled(heads: Tensor, scales: Tensor) -> tuple[Tensor, Tensor]:
    """Heads moved by the segments' scales, and each bone's stretch (bones, 3, 3)."""
    eye = torch.eye(3)
    stretch = [eye] * len(PARENTS)
    child = {int(p): i for i, p in reversed(list(enumerate(PARENTS)))}
    for segment, scale in zip(SEGMENTS, scales, strict=True):
        for bone in segment.bones():
            if segment.along == "all":
                stretch[bone] = eye * scale
                continue
            if segment.along == "bone":
                way = torch.nn.functional.normalize(heads[child[bone]] - heads[bone], dim=0)
            else:
                way = eye["xyz".index(segment.along)]
            stretch[bone] = eye + (scale - 1) * torch.outer(way, way)
    moved = [heads[0]]
    for bone in range(1, len(PARENTS)):
        parent = PARENTS[bone]
        moved.append(moved[parent] + stretch[parent] @ (heads[bone] - heads[parent]))
    return torch.stack(moved), torch.stack(stretch)


def cache_folder() -> Path:
    """Where the prepared person is kept: ``DOPPEL_CACHE_DIR`` or the user's cache folder."""
    return folders.cache_folder("anny")


def cached() -> bool:
    """Whether the person has been prepared (see :func:`build_cache`)."""
    return any(cache_folder().rglob("build_compact_*.safetensors"))


def build_cache(progress: Callable[[float, str], object] = lambda fraction, text: None) -> None:
    """Prepare the person, once: about a minute. ``progress`` is told a fraction and a text."""
    if not cached():
        progress(0.0, "Preparing the parametric person")
    whole()
    progress(1.0, "The parametric person is ready")


_loading = threading.Lock()
_loaded: list[Person] = []


def whole() -> Person:
    """The person with all 19,158 vertices, loaded once per process."""
    with _loading:
        if not _loaded:
            _loaded.append(_load())
        return _loaded[0]


def _load() -> Person:
    cache_folder().mkdir(parents=True, exist_ok=True)
    os.environ["ANNY_CACHE_DIR"] = str(cache_folder())
    try:
        import anny.paths
        from anny import Anny

        anny.paths.set_anny_cache_path(cache_folder())
        with torch.no_grad():
            model: Any = Anny(
                topology="anny-full", phenotypes="all", facial_actions="all", skinning_method="lbs"
            ).float()
    except (ImportError, OSError) as error:
        raise StudioError(
            f"The parametric person could not be loaded ({error}).",
            "Run “doppel doctor”, or reinstall the package “anny”.",
        ) from error
    if tuple(model.bone_labels) != BONE_NAMES or tuple(model.facial_action_labels) != ACTIONS:
        raise StudioError(
            "This version of the package “anny” has another rig.", "Reinstall Doppel."
        )
    opens = ACTIONS.index("jawOpen") - len(ACTIONS)
    model.blendshapes[opens] = laid(model.template_vertices, model.blendshapes[opens])
    return Person(
        model,
        model.vertex_bone_weights,
        model.vertex_bone_indices,
        model.template_vertices,
        model.blendshapes,
        np.arange(len(model.template_vertices)),
    )
