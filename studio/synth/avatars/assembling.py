"""A shell as a character: bones, morph targets, eyes and teeth, in a T or an A."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from scipy.sparse import csr_matrix

from studio.core.types import Armature, Character, Material, Mesh, Part
from studio.human.bodies.canonical import Canonical, CanonicalPose, canonical
from studio.human.bodies.shell import Shell
from studio.human.character import TOUCHED_M
from studio.human.design import Design, Worn
from studio.human.person import Rest
from studio.human.rig import ACTIONS
from studio.synth import closet, designed
from studio.synth.figure import figure_of, skin, strongest
from studio.synth.looks import TONGUE, body_parts

BESIDES = ("eyes", "tongue")
"""Parts of the head that are the template's, beside the shell."""
ON_HEAD = frozenset({"hair", "hat", "glasses", "lashes", "teeth"})
"""The kinds of things of the wardrobe that are worn over the shell."""
LASHES = Worn(item="lashes")
"""What everybody's eyes wear who has no others."""


@dataclass(frozen=True, eq=False)
class Rigged:
    """A shell in the reference pose of its armature: ``vertices_m`` there, the four bones of each
    vertex and their weights."""

    shell: Shell
    vertices_m: Float[np.ndarray, "vertices 3"]
    joints: np.ndarray
    weights: np.ndarray

    def posed(
        self, carried: Float[np.ndarray, "bones 4 4"], moved_m: np.ndarray | None = None
    ) -> Float[np.ndarray, "vertices 3"]:
        """The vertices where bones carry them from the reference pose; ``moved_m`` is added
        before."""
        points = self.vertices_m if moved_m is None else self.vertices_m + moved_m
        return skin(points, self.matrix, carried)

    @property
    def matrix(self) -> csr_matrix:
        """The weights as a matrix (vertices, bones)."""
        rows = np.repeat(np.arange(len(self.joints)), self.joints.shape[1])
        bones = len(self.shell.canonical.armature.names)
        shape = (len(self.joints), bones)
        return csr_matrix((self.weights.ravel(), (rows, self.joints.ravel())), shape)


def rigged(shell: Shell) -> Rigged:
    """Bind a shell to its armature, four bones a vertex."""
    joints, weights = strongest(shell.weights)
    first = Rigged(shell, shell.vertices_m, joints, weights)
    back = shell.canonical.to_reference(shell.vertices_m, first.matrix)
    return replace(first, vertices_m=back)


def moves_of(shell: Shell, rest: Rest) -> Float[np.ndarray, "actions vertices 3"]:
    """How each facial action moves a shell's vertices (metres, in the reference pose)."""
    rows = np.repeat(np.arange(len(shell.base)), 3)
    shape = (len(shell.base), len(rest.vertices_m))
    mix = csr_matrix((shell.shares.ravel(), (rows, shell.base.ravel())), shape)
    near = shell.kept | (np.asarray(mix @ np.ones(shape[1])) < 0)
    found = np.stack([mix @ one for one in rest.actions_m.double().numpy()])
    found[:, ~near] = 0
    return found


@torch.no_grad()
def character_of(
    body: Rigged, rest: Rest, design: Design, uv: np.ndarray, material: Material,
    name: str = "Person", pose: CanonicalPose = "A",
) -> Character:  # fmt: skip
    """The character: the shell with 52 facial actions, eyes, teeth, tongue and what is worn on the
    head, its rest pose a T or an A."""
    bones = body.shell.canonical.armature
    moves = moves_of(body.shell, rest)
    mesh = Mesh(body.vertices_m, body.shell.faces, uv)
    shell = Part("person", mesh, material, body.joints, body.weights, _morphs(moves))
    found = Character(name, bones, (shell, *besides(rest, bones, design)), ACTIONS)
    return found if pose == "A" else reposed(found, canonical(rest, pose))


def besides(rest: Rest, bones: Armature, design: Design) -> tuple[Part, ...]:
    """Eyes and tongue of a person at rest, and what of the wardrobe is worn in and on the head,
    teeth and lashes too; other clothes are made for bare skin, and the shell has its own."""
    figure = figure_of(rest, bones)
    materials = {
        "eyes": designed.eyes_of(design),
        "tongue": TONGUE,
    }
    actions = rest.actions_m.numpy()
    parts: list[Part] = []
    for part, (all_faces, coordinates) in body_parts().items():
        if part not in BESIDES:
            continue
        ids, faces = np.unique(all_faces, return_inverse=True)
        joints, weights = strongest(figure.weights[ids])
        mesh = Mesh(figure.vertices_m[ids], faces.reshape(-1, 3), coordinates)
        moves = _morphs(actions[:, ids])
        parts.append(Part(part, mesh, materials[part], joints, weights, moves))
    names = {piece.name for piece, _ in closet.pieces(design.worn) if piece.kind in ON_HEAD}
    worn = tuple(one for one in design.worn if one.item in names)
    for usual in (LASHES, closet.TEETH):
        worn = closet.at_least(worn, usual)
    put = closet.put_on_body(figure, worn, design.hair, design.brows, actions)
    return (*parts, *put.parts)


def _morphs(moves: np.ndarray) -> dict[str, np.ndarray]:
    return {
        action: moves[k].astype(np.float32)
        for k, action in enumerate(ACTIONS)
        if np.abs(moves[k]).max() > TOUCHED_M
    }


def reposed(character: Character, still: Canonical) -> Character:
    """The same with the canonical pose as its rest pose; an animation stays as it is."""
    carried = still.carried
    parts: list[Part] = []
    for part in character.parts:
        blend = np.einsum("vi,vijk->vjk", part.weights, carried[part.joints])
        vertices = np.einsum("vij,vj->vi", blend[:, :3, :3], part.mesh.vertices_m)
        vertices += blend[:, :3, 3]
        morphs = {
            name: np.einsum("vij,vj->vi", blend[:, :3, :3], offset).astype(np.float32)
            for name, offset in part.morphs.items()
        }
        parts.append(replace(part, mesh=replace(part.mesh, vertices_m=vertices), morphs=morphs))
    bones = character.armature
    tails = np.einsum("bij,bj->bi", carried[:, :3, :3], bones.tails_m) + carried[:, :3, 3]
    armature = replace(bones, rest_world=still.bones_world, tails_m=tails)
    return replace(character, armature=armature, parts=tuple(parts))
