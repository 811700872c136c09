"""A design as a character: built, clothed, coloured; posed, or moving as somebody was filmed."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock

import numpy as np
import torch
from jaxtyping import Float
from scipy.sparse import csr_matrix

from studio.core.types import Animation, Armature, Character, Material, Mesh, Part, Posed
from studio.human.character import TOUCHED_M, armature, bones_world
from studio.human.design import GAZE_DEG, Design, Worn
from studio.human.designs import change_of, design_of, shape_of
from studio.human.fit import Fit
from studio.human.person import Rest, Shape, whole
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.human.wardrobe.asset import Binding
from studio.synth import closet, complexion
from studio.synth.figure import Figure, figure_of, make_figure, skin, strongest
from studio.synth.looks import TONGUE, body_parts

KEPT = 4
BODILY = frozenset({"eyes", "tongue", "lashes"})
"""Parts of the body for which something with a mesh of its own can be worn instead."""
USUAL = tuple(
    Worn(item=name) for name in ("side_part", "brows_soft", "tshirt", "jeans", "trainers")
)
"""What a filmed person wears until somebody chooses."""


@dataclass(frozen=True, eq=False)
class Built:
    """A designed person at rest, whose exact body is ``rest``. ``hangs`` says how each part hangs
    on it: by the base vertices that it consists of, or bound to them."""

    character: Character
    rest: Rest
    hangs: tuple[np.ndarray | Binding, ...]


def filmed(shape: Shape, clothed: bool = True) -> Design:
    """The design of somebody whose shape was found in films, while nobody has designed them:
    in their usual clothes, or in painted-on sportswear."""
    return design_of(shape, USUAL if clothed else ())


def key_of(design: Design) -> str:
    """Tells designs apart whose people at rest differ in more than their colours."""
    build = design.model_dump(include={"phenotypes", "scales", "local", "carved"})
    told = json.dumps([build, [one.item for one in design.worn]], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


@torch.no_grad()
def resting(design: Design, actions: bool = True) -> tuple[Rest, Armature]:
    """The person at rest, and their bones; the soles of the feet on z = 0."""
    rest = whole().rest(shape_of(design), actions, change_of(design))
    return rest, armature(rest)


_people: OrderedDict[str, Built] = OrderedDict()
_lock = Lock()


def person_of(design: Design, name: str = "Person") -> Character:
    """The designed person at rest in an A-pose, soles on z = 0; the last few are kept."""
    return replace(painted(kept(design).character, design), name=name)


def kept(design: Design) -> Built:
    """The designed person as :func:`built`, in whatever colours; the last few are kept."""
    key = key_of(design)
    with _lock:
        found = _people.pop(key, None) or built(design)
        _people[key] = found
        while len(_people) > KEPT:
            _people.popitem(last=False)
    return found


def painted(character: Character, design: Design) -> Character:
    """The same person in the colours of a design that wears the same."""
    paint = {**materials_of(design), **closet.materials(design.worn, design.hair, design.brows)}
    parts = tuple(
        part if paint.get(part.name, part.material) is part.material
        else replace(part, material=paint[part.name])
        for part in character.parts
    )  # fmt: skip
    return replace(character, parts=parts)


def built(design: Design) -> Built:
    """The designed person at rest, made anew and not kept."""
    rest, bones = resting(design)
    design = design.but(worn=closet.at_least(design.worn, closet.TEETH))
    figure = figure_of(rest, bones)
    moves = rest.actions_m.numpy()
    put = closet.put_on_body(figure, design.worn, design.hair, design.brows, moves)
    parts, ids = _bodily(design, figure, moves, put)
    character = Character("Person", bones, (*parts, *put.parts), ACTIONS)
    still = replace(rest, actions_m=rest.actions_m[:0])
    return Built(character, still, (*ids, *put.bindings))


def _bodily(
    design: Design, figure: Figure, actions: np.ndarray, put: closet.PutOn
) -> tuple[list[Part], list[np.ndarray]]:
    """The parts of the body that are seen, and the base vertices that each consists of."""
    found: list[Part] = []
    consists: list[np.ndarray] = []
    materials = {"tongue": TONGUE, **materials_of(design)}
    instead = {one.kind for one, _ in closet.pieces(design.worn)} - put.colours
    for name, (all_faces, uv) in body_parts().items():
        if name in instead & BODILY:
            continue
        if name == "body":
            seen = ~put.hidden[all_faces].all(axis=1)
            all_faces, uv = all_faces[seen], None if uv is None else uv[seen]
        ids, faces = np.unique(all_faces, return_inverse=True)
        joints, weights = strongest(figure.weights[ids])
        moves = actions[:, ids]
        morphs = {
            action: moves[k].astype(np.float32)
            for k, action in enumerate(ACTIONS)
            if np.abs(moves[k]).max() > TOUCHED_M
        }
        mesh = Mesh(figure.vertices_m[ids], faces.reshape(-1, 3), uv)
        found.append(Part(name, mesh, materials[name], joints, weights, morphs))
        consists.append(ids)
    return found, consists


def materials_of(design: Design) -> dict[str, Material]:
    """The materials of body, eyes and lashes in a design's colours."""
    worn = closet.pieces(design.worn)
    kinds = {one.kind for one, _ in worn}
    top, bottom = bool(kinds & closet.TOPS), bool(kinds & closet.BOTTOMS)
    brows = None if "brows" in kinds else design.brows
    found = {
        "eyes": eyes_of(design),
        "lashes": complexion.lashes(design.brows, design.skin),
    }
    for one, _ in worn:
        if one.kind == "skin" and closet.plain(one).texture is not None:
            found["body"] = complexion.worn_skin(closet.plain(one), top, bottom)
    if "body" not in found:
        found["body"] = complexion.skin(design.skin, brows, top, bottom)
    return found


def eyes_of(design: Design) -> Material:
    """The eyes' material: the worn eyes', or painted in the design's colour."""
    for one, _ in closet.pieces(design.worn):
        if one.kind == "eyes" and not closet.has_mesh(one):
            return closet.plain(one)
    return complexion.eyes(design.eyes)


# -- pose ------------------------------------------------------------------------------------------


def actions_of(design: Design) -> Float[np.ndarray, " actions"]:
    """The weights of the facial actions, the gaze among them."""
    wanted = dict(design.expression)
    left, up = (angle / GAZE_DEG for angle in design.gaze_deg)
    for name, amount in (
        ("eyeLookOutLeft", left), ("eyeLookInRight", left), ("eyeLookInLeft", -left),
        ("eyeLookOutRight", -left), ("eyeLookUpLeft", up), ("eyeLookUpRight", up),
        ("eyeLookDownLeft", -up), ("eyeLookDownRight", -up),
    ):  # fmt: skip
        wanted[name] = max(wanted.get(name, 0.0), amount, 0.0)
    return np.array([wanted.get(action, 0.0) for action in ACTIONS])


def turns_of(design: Design) -> Float[np.ndarray, "bones 3"]:
    """The bones' own turns as rotation vectors."""
    return np.array([design.pose.get(bone, (0.0, 0.0, 0.0)) for bone in BONE_NAMES])


def soles_m(character: Character) -> float:
    """How thick the soles are that somebody stands on (metres): 0 if they are barefoot."""
    return max(0.0, *(-float(part.mesh.vertices_m[:, 2].min()) for part in character.parts))


def standing(
    design: Design, bones: Armature, body_m: np.ndarray, soles_m: float = 0.0
) -> np.ndarray:
    """World matrices (bones, 4, 4) of the posed person, who stands on z = 0 with ``soles_m``
    beneath.

    ``body_m`` are the base vertices at rest, in the armature's frame.
    """
    world = bones_world(bones, turns_of(design)[None], bones.rest_world[:1, :3, 3])[0]
    if design.pose:
        few, weights = _few()
        carried = world @ np.linalg.inv(bones.rest_world)
        world[:, 2, 3] -= float(skin(body_m[few], weights, carried)[:, 2].min())
    world[:, 2, 3] += soles_m
    return world


@lru_cache(maxsize=1)
def _few() -> tuple[np.ndarray, csr_matrix]:
    """Vertices enough to find the lowest of the body, and their skin weights."""
    figure = make_figure()
    used = np.unique(figure.surface.faces["skin"])
    low = figure.template_m[used, 2] < figure.head("foot.L")[2]
    few = np.unique(np.concatenate([used[::9], used[low][::2]]))
    return few, csr_matrix(figure.weights[few])


def posed(design: Design, character: Character, body_m: np.ndarray, time_s: float = 0.0) -> Posed:
    """The person as designed, in their pose."""
    world = standing(design, character.armature, body_m, soles_m(character))
    return Posed(character, time_s, world, actions_of(design))


def carried_over(
    fit: Fit, bones: Armature, soles_m: float = 0.0, filmed: Armature | None = None
) -> Animation:
    """A filmed motion on a designed build: the same turns, on legs of another length.

    Above the floor the root goes as much higher as the new hips are, so that feet which stood
    still stand; across the floor it stays where the person was filmed. ``soles_m`` lift it as
    soles do: feet that were found at their height over the world's z = 0 already stand on such.
    ``filmed`` are the filmed person's bones, where they are known.
    """
    old = armature_of(fit.shape) if filmed is None else filmed
    floor = fit.floor_m or 0.0
    ratio = bones.rest_world[0, 2, 3] / old.rest_world[0, 2, 3]
    root = fit.root_m.copy()
    root[:, 2] = floor + (root[:, 2] - floor) * ratio
    root[:, 2] += soles_m - floor if 0 <= floor <= soles_m else soles_m
    return Animation(fit.times_s, bones_world(bones, fit.turns_rad, root), fit.actions)


@torch.no_grad()
def armature_of(shape: Shape) -> Armature:
    """The bones of a person of that shape, at rest."""
    return armature(whole().rest(shape, actions=False))


def still(wanted: Design) -> Fit:
    """A design as a fit of one frame: nothing was measured, so nothing is off."""
    rest, bones = resting(wanted, actions=False)
    body_m = body_of(rest, bones)
    world = standing(wanted, bones, body_m)
    skin = np.unique(make_figure().surface.faces["skin"])
    height = float(body_m[skin, 2].max())
    return Fit(
        shape=shape_of(wanted),
        times_s=np.zeros(1),
        turns_rad=turns_of(wanted)[None],
        root_m=world[None, 0, :3, 3],
        actions=actions_of(wanted)[None],
        points=(),
        residual_m=np.zeros((1, 0)),
        floor_m=0.0,
        height_m=height,
        slide_mm=0.0,
        swapped=False,
    )


def avatar_of(fit: Fit, design: Design, name: str = "Avatar") -> Character:
    """The designed person, moving as the fit does; without a motion, in the design's pose."""
    made = kept(design)
    character = replace(painted(made.character, design), name=name)
    if len(fit) > 1:
        moved = carried_over(fit, character.armature, soles_m(character))
        return replace(character, animation=moved)
    still = posed(design, character, body_of(made.rest, character.armature))
    return replace(
        character,
        animation=Animation(np.zeros(1), still.bones_world[None], still.morphs[None]),
    )


def body_of(rest: Rest, bones: Armature) -> Float[np.ndarray, "vertices 3"]:
    """All base vertices at rest in the armature's frame, which has the soles on z = 0."""
    up = bones.rest_world[0, :3, 3] - rest.heads_m[0].numpy()
    return rest.vertices_m.double().numpy() + up
