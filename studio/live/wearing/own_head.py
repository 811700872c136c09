"""A head of one's own, made of photographs or designed: what hides items in place of the average
adult's, or beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from studio.core.errors import StudioError
from studio.document.project import AvatarItem, Project
from studio.human import design
from studio.human.character import PARTS
from studio.human.design import Design
from studio.human.heads import model
from studio.human.person import whole
from studio.human.rig import BONE_NAMES
from studio.perception.faces.head import RIGID
from studio.perception.wearers.average import average_head
from studio.render.thinning import collapsed
from studio.synth.designed import resting
from studio.vision.similarity import similarity

FindHead = Callable[[str], Design]
"""Finds designs by the names that settings give them."""
FACES = 3000
_BONES = ("head", "eye.L", "eye.R", "neck01", "neck02", "neck03")


@dataclass(frozen=True, eq=False)
class OwnHead:
    """A head's skin with ears and neck, laid on the average head by the marks that no expression
    moves: about the point midway between the tragi, as large as the average head is, metres."""

    vertices_m: Float[np.ndarray, "vertices 3"]
    faces: Int[np.ndarray, "faces 3"]


def design_file(name: str) -> Design:
    """The design in a file. Raises StudioError where it holds none."""
    path = Path(name)
    if path.suffix.lower() != ".json":
        raise StudioError(
            f"“{path.name}” is not a head's design.",
            "Make one of photographs: doppel head PHOTOS --design F.json.",
        )
    return design.read_file(path)


def of_project(project: Project) -> FindHead:
    """Finds designs by the ids of a project's people, and others as :func:`design_file` does."""

    def find(name: str) -> Design:
        item = project.get(name, AvatarItem)
        if item is None and Path(name).suffix:
            return design_file(name)
        if item is None or item.design is None:
            raise StudioError("This head is not in the project any more.", "Choose another.")
        return item.design

    return find


def head_of(own: Design) -> OwnHead:
    """The head of a designed person."""
    rest, _ = resting(own, actions=False)
    skin = rest.vertices_m.double().numpy()
    ids, means = model.marks()
    marks, average = means @ skin[ids], average_head()
    rigid = list(RIGID)
    turn, size, shift = similarity(marks[rigid], average.marks_m[rigid])
    kept, faces = head_topology()
    vertices = size * skin[kept] @ turn.T + shift
    return OwnHead(*collapsed(vertices, faces, min(FACES / len(faces), 1.0)))


def head_topology() -> tuple[np.ndarray, np.ndarray]:
    """The base mesh's vertices of head and neck, eyes too, and the faces between them."""
    person = whole()
    wanted = np.isin(person.bones.numpy(), [BONE_NAMES.index(bone) for bone in _BONES])
    share = (person.weights.numpy() * wanted).sum(1)
    drawn = np.zeros(len(share), bool)
    for part in ("body", "eyes"):
        for first, last in PARTS[part]:
            drawn[first:last] = True
    kept = np.flatnonzero(drawn & (share > 0.5))
    place = np.full(len(share), -1)
    place[kept] = np.arange(len(kept))
    faces = place[person.model.faces.numpy()]
    return kept, faces[(faces >= 0).all(1)]
