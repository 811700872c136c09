"""From a fitted body to an avatar: field, shell, rig, texture, character."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy.spatial.transform import Rotation

from studio.core.errors import StudioError
from studio.core.types import Character, Material
from studio.human.bodies.canonical import SKIN, Canonical, CanonicalPose, canonical
from studio.human.bodies.clothed import ClothedField, grown
from studio.human.bodies.field import Field, MergedField
from studio.human.bodies.fitted import BodyFit, BodyView
from studio.human.bodies.settling import UNDER_HAIR_M, ears, settled
from studio.human.bodies.shell import Shell, shell_of
from studio.human.bodies.surface import genus, neighbours
from studio.human.character import bones_world
from studio.human.person import Rest
from studio.perception.bodies.field import NOTHING_TOLD, Order, Told, person_field
from studio.perception.bodies.parts import Kind
from studio.synth import closet, designed
from studio.synth.avatars.assembling import Rigged, character_of, moves_of, reposed, rigged
from studio.synth.avatars.completing import Back
from studio.synth.avatars.layout import packed
from studio.synth.avatars.looking import Seen
from studio.synth.avatars.painting import Painted, painted
from studio.synth.avatars.unwrapping import unwrapped

_BLEED = 0.02
"""How far beyond hair pixels hold some of it, by its height in the picture."""
NOTE = (
    "the surface that the network sees cannot be joined to head and hands, or has holes through "
    "it: the fit's is used"
)
HEAD_TRIANGLES = 15_000
"""About how many triangles head and hands have, whatever the budget."""


@dataclass(frozen=True, eq=False)
class Look:
    """How the avatar shall be: what is on its back, its triangles, its texture's side (px), whether
    the photographs show its head, the spacing of the grid on which its surface is sought, and
    whether the networks for body and head are asked one after the other or at the same time."""

    back: Back = "paint"
    triangles: int = 41_000
    texture_px: int = 2048
    seed: int = 0
    head: bool = True
    spacing_m: float = 0.008
    networks: Order = "sequence"


@dataclass(frozen=True, eq=False)
class Made:
    """An avatar: its character in the rig's reference pose, the fit with the bones as outlines
    turned them, the canonical person, the person at rest, the rigged shell, how many holes run
    through it, how much of it the photographs show (0 to 1, by texels), and how it was painted;
    ``notes`` say what was not as it should be, ``asked`` what the networks told."""

    character: Character
    fit: BodyFit
    canonical: Canonical
    rest: Rest
    body: Rigged
    genus: int
    seen: float
    paint: Painted
    notes: tuple[str, ...] = ()
    asked: Told = NOTHING_TOLD


def made(
    fit: BodyFit,
    skin: UInt8[np.ndarray, "rows columns 3"],
    hair: Sequence[Bool[np.ndarray, "height width"] | None],
    look: Look = Look(),
    name: str = "Person",
    field: Field | None = None,
    report: Callable[[float, str], object] = lambda fraction, text: None,
) -> Made:
    """The avatar of a fitted person. ``skin`` is the wardrobe's skin nearest to theirs, ``hair``
    where each photograph shows hair, ``field`` the body where something knows it better than the
    fit and our networks, in the T. ``report`` is told a fraction and a text and may raise to stop
    the work.

    Raises StudioError if neck or wrists cannot be told from what is around them.
    """
    report(0.0, "Finding the surface")
    rest, _ = designed.resting(fit.design)
    still = canonical(rest, "T")
    clothed = ClothedField(still, fit.offsets_m)
    hangs = any(piece.kind == "hair" for piece, _ in closet.pieces(fit.design.worn))
    told = Told(field)
    if field is None:  # a head that is told with its hair would have it twice
        kinds: Sequence[Kind] = ("body",) if hangs else ("body", "head")
        told = person_field(fit, rest, still, kinds, look.networks)
    elif hangs and isinstance(field, MergedField):
        told = Told(field.body)
    if told.views:
        fit = replace(fit, views=told.views)
    shell, notes = _shell(told.field, clothed, still, fit.offsets_m, look)
    report(0.3, "Rigging")
    body = rigged(shell)
    uv = packed(shell, look.texture_px)
    moves = moves_of(shell, rest)
    hidden = [*hair, *[None] * (len(fit.views) - len(hair))]
    if hangs:
        hidden = [None if one is None else _around(one) for one in hidden]
    seen = [_seen(body, moves, view, one) for view, one in zip(fit.views, hidden, strict=True)]
    report(0.4, "Painting")
    paint = painted(shell, uv, seen, skin, look.back, look.texture_px, look.seed,
                    look.head, hangs)  # fmt: skip
    report(0.95, "Putting the avatar together")
    rough = cv2.resize(paint.rough, (512, 512), interpolation=cv2.INTER_AREA)
    orm = np.stack([np.ones_like(rough), rough, np.zeros_like(rough)], -1)
    material = Material("person", roughness=1.0, texture=paint.rgb,
                        orm_map=(255 * orm).astype(np.uint8))  # fmt: skip
    character = character_of(body, rest, fit.design, uv, material, name)
    share = float(paint.sure[paint.covered].mean())
    return Made(character, fit, still, rest, body, genus(shell.surface), share, paint, notes, told)


def _shell(
    field: Field | None, clothed: ClothedField, still: Canonical, offsets_m: np.ndarray, look: Look
) -> tuple[Shell, tuple[str, ...]]:
    """The shell of a field, or, where that cannot be joined to head and hands or has holes through
    it, of the fit; and a note then. What tells heads, too, moves the template's head."""
    triangles = max(look.triangles - HEAD_TRIANGLES, 4000)

    def found(one: Field, offsets: np.ndarray) -> Shell:
        grown_m = without_ears(grown(still.vertices_m, offsets), offsets, still)
        return shell_of(one, still, grown_m, unwrapped, triangles, look.spacing_m)

    tried = [] if field is None else [field]
    if isinstance(field, MergedField):
        tried = [field, field.body]
    for one in tried:
        knows = isinstance(one, MergedField)
        try:
            shell = found(one, settled(one, still, offsets_m) if knows else offsets_m)
        except StudioError:
            continue
        if genus(shell.surface) == 0:
            return shell, ()
    return found(clothed, offsets_m), () if field is None else (NOTE,)


def without_ears(
    grown_m: Float[np.ndarray, "vertices 3"],
    offsets_m: Float[np.ndarray, " vertices"],
    still: Canonical,
) -> Float[np.ndarray, "vertices 3"]:
    """The grown base vertices, but that ears which lie under hair are even with it."""
    out = grown_m.copy()
    mean = neighbours(still.faces, SKIN)
    for ear in ears(still):
        if np.median(offsets_m[ear]) < UNDER_HAIR_M:
            continue
        for _ in range(200):
            out[ear] = mean[ear] @ out[:SKIN]
    return out


def _around(hair: Bool[np.ndarray, "height width"]) -> Bool[np.ndarray, "height width"]:
    """Hair with the pixels about it, which are half hair."""
    rows = np.flatnonzero(hair.any(1))
    radius = max(round(_BLEED * float(np.ptp(rows))), 1) if len(rows) else 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
    return cv2.dilate(hair.astype(np.uint8), kernel) > 0


def _seen(
    body: Rigged, moves: Float[np.ndarray, "actions vertices 3"], view: BodyView,
    hair: np.ndarray | None,
) -> Seen:  # fmt: skip
    bones = body.shell.canonical.armature
    world = bones_world(bones, view.turns_rad[None], view.root_m[None])[0]
    acted = np.einsum("a,avk->vk", view.actions, moves)
    posed = body.posed(world @ np.linalg.inv(bones.rest_world), acted)
    return Seen(view.photo.rgb, view.photo.mask, view.camera, posed, hair)


def canonical_turns(still: Canonical) -> Float[np.ndarray, "bones 3"]:
    """The bones' own turns, as rotation vectors, that stand the rig in the canonical pose."""
    G = still.carried[:, :3, :3]
    own = G.copy()
    for bone, parent in enumerate(still.armature.parents):
        if parent >= 0:
            own[bone] = G[parent].T @ G[bone]
    return Rotation.from_matrix(own).as_rotvec()


def in_pose(found: Made, pose: CanonicalPose) -> Character:
    """The character with a T or an A as its rest pose."""
    return found.character if pose == "A" else reposed(found.character, found.canonical)
