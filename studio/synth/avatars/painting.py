"""A shell's texture: what the photographs show, completed where they show nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy.ndimage import distance_transform_edt
from scipy.spatial import KDTree

from studio.human.bodies.shell import Shell
from studio.human.bodies.surface import neighbours
from studio.human.heads.model import POINTS
from studio.human.heads.shown import OVAL
from studio.human.names import face_vertices
from studio.human.rig import HAND, bones_of
from studio.human.wardrobe.layers import vertex_normals
from studio.synth.avatars.completing import (
    BACKS,
    Back,
    Front,
    back_of,
    front_of,
    harmonic,
    shown_back,
)
from studio.synth.avatars.hairline import scalp_of, strands
from studio.synth.avatars.looking import Limbs, Seen, Texels, looked
from studio.synth.avatars.necks import necked
from studio.synth.avatars.sleeves import around
from studio.vision.sampling import sampled

_TURN_M = 0.35
"""Normals whose y is beyond this, either way, take all of the front or all of the back."""
_EVENED = 12
"""So often normals become the mean of their neighbours' before they tell front from back."""
_HAND_SEEN, _HANDS_M = 0.0, 0.25
_SHOWN_PX = 176
_FACE_M = 0.014
"""Vertices no further from the face's points are the face."""
_DETAIL = 0.7
_FORGET = 0.02
_OVER_EAR_M = 0.006
"""Where the surface lies so far outside an ear, hair hangs over it."""


@dataclass(frozen=True, eq=False)
class Painted:
    """A texture (sRGB), how surely each texel was seen (0 to 1), how rough it is (0 to 1), and
    whether the shell covers it; ``told`` says of each vertex how surely it was seen, and how surely
    only its place on the other side was (0 to 1); ``backs`` show the backs to choose from."""

    rgb: UInt8[np.ndarray, "size size 3"]
    sure: Float[np.ndarray, "size size"]
    rough: Float[np.ndarray, "size size"]
    covered: Bool[np.ndarray, "size size"]
    told: Float[np.ndarray, "vertices 2"]
    backs: Mapping[str, UInt8[np.ndarray, "tall wide 4"]]


def painted(
    shell: Shell,
    uv: Float[np.ndarray, "faces 3 2"],
    photos: Sequence[Seen],
    skin: UInt8[np.ndarray, "rows columns 3"],
    back: Back = "paint",
    size_px: int = 2048,
    seed: int = 0,
    head: bool = True,
    hangs: bool = False,
) -> Painted:
    """Paint a shell. ``skin`` is the wardrobe's skin that is nearest to the person's (in the
    template's layout); the ``head`` has that skin alone if it is not the photographs'. Hair that
    ``hangs`` over the shell is painted where it grows alone: what it hides is not seen."""
    texels, limbs = Texels.of(uv, size_px), limbs_of(shell)
    seen = looked(photos, shell.faces, texels, limbs)
    colour, say = seen.colour, seen.sure
    at = texels.at(shell.faces, shell.vertices_m.astype(np.float32))
    out = texels.at(shell.faces, _even_normals(shell).astype(np.float32))
    out /= np.fmax(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    own = shell.part[texels.face] == 1
    if hangs:
        say = np.where(own, say, say * (1 - seen.hair))
    if not head:
        say = np.where(own & (np.abs(at[:, 0]) < _HANDS_M), 0, say)
    say = np.where(own, say, _softened(shell, texels, say))
    texture, sure = _square(texels, colour, say)
    front = front_of(shell, uv, _gutters(texture, sure > 0.02), sure, shell.part != 1)
    behind = back_of(front, back, seed)
    body = ~own
    shoulder = float(shell.canonical.head_m("upperarm01.L")[0])
    sleeves = around(colour[body], say[body], at[body], limbs.arms[texels.face[body]], shoulder)
    colour[body] = _body(colour[body], say[body], at[body], out[body], front, behind, sleeves)
    few, laid = texels.some(own), strands(shell, at[own])
    scalp, ear = scalp_of(shell, few, laid)
    colour[own] = _template(shell, few, colour[own], say[own], seen.hair[own], at[own], skin,
                            hangs, scalp.copy(), ear, laid)  # fmt: skip
    if not head:
        other = own & (np.abs(at[:, 0]) < _HANDS_M)
        colour[other] = _under(shell, texels.face[other], texels.share[other], skin)[0]
    colour = necked(shell, texels, colour, say, at, own, scalp)
    texture, covered = _square(texels, colour, np.ones(len(colour), np.float32))
    texture = _gutters(texture, covered > 0)
    _, bare = _square(texels, colour, own.astype(np.float32))
    rough = np.where(bare > 0, 0.75, 0.95).astype(np.float32)
    told = np.column_stack([say, _mirrored(say, at, out, front, back) * body])
    told, _ = texels.gathered(
        shell.faces, len(shell.vertices_m), np.ones(len(say), bool), np.ones(len(say)), told
    )
    backs = {how: shown_back(front, how, seed, _SHOWN_PX) for how in BACKS}
    return Painted(texture.clip(0, 255).astype(np.uint8), sure, rough, covered > 0, told, backs)


def _even_normals(shell: Shell) -> np.ndarray:
    """A shell's normals without its folds: front and back meet along a line that is no zigzag."""
    mean = neighbours(shell.faces, len(shell.vertices_m))
    out = vertex_normals(shell.vertices_m, shell.faces)
    for _ in range(_EVENED):
        out = mean @ out
    return out


def _softened(shell: Shell, texels: Texels, say: np.ndarray) -> np.ndarray:
    """How surely texels were seen, fading towards where they were not: the edge of what is seen
    follows pixels, step by step."""
    some = np.ones(len(say), bool)
    mean, _ = texels.gathered(
        shell.faces, len(shell.vertices_m), some, np.ones(len(say)), say[:, None]
    )
    near = texels.at(shell.faces, neighbours(shell.faces, len(mean)) @ mean)[:, 0]
    return say * np.clip(2 * near - 0.6, 0, 1)


def _mirrored(
    say: np.ndarray, at: np.ndarray, out: np.ndarray, front: Front, back: Back
) -> np.ndarray:
    """How surely texels that were not seen show what was seen on the body's other side."""
    xy = front.pixels(at)
    ahead = _ahead(out)
    found = ahead * sampled(front.mirrored.astype(np.float32), xy)
    if back == "mirror":
        found += (1 - ahead) * sampled(front.sure.astype(np.float32), xy)
    return (1 - say) * np.clip(found, 0, 1)


def _ahead(out: np.ndarray) -> np.ndarray:
    """How far normals look ahead, 0 to 1."""
    return np.clip(0.5 - out[:, 1] / (2 * _TURN_M), 0, 1)


def limbs_of(shell: Shell) -> Limbs:
    """Head, arms and hands of a shell, by the bones on which its vertices hang most."""
    strongest = np.asarray(shell.weights.argmax(1)).ravel()
    starts = {"head": ("neck", "head", "eye"), "arms": ("upperarm", "lowerarm", *HAND)}
    of = {name: np.isin(strongest, bones_of(start)) for name, start in starts.items()}
    hands = tuple(np.flatnonzero(np.isin(strongest, bones_of(HAND, side))) for side in "LR")
    low = tuple(np.flatnonzero(np.isin(strongest, bones_of(("lowerarm",), side))) for side in "LR")
    head, arms = of["head"][shell.faces], of["arms"][shell.faces]
    return Limbs(np.any(head, axis=1), np.all(arms, axis=1), _face_of(shell), hands, low)


def _face_of(shell: Shell) -> np.ndarray:
    """Which vertices lie on the face, among MediaPipe's points."""
    points = shell.canonical.vertices_m
    inner = [k for k in range(POINTS) if k not in OVAL]
    marks = np.array([points[list(face_vertices(f"mesh_{k}"))].mean(0) for k in inner])
    off, _ = KDTree(marks).query(shell.vertices_m, distance_upper_bound=_FACE_M)
    return np.isfinite(off) & shell.kept


def _square(texels: Texels, colour: np.ndarray, say: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    side = texels.size_px
    texture = np.zeros((side, side, 3), np.float32)
    sure = np.zeros((side, side), np.float32)
    texture[texels.rows, texels.columns] = colour
    sure[texels.rows, texels.columns] = say
    return texture, sure


def _gutters(texture: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The texture with the nearest known texel's colour in every other."""
    near = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return texture[near[0], near[1]]  # pyright: ignore[reportOptionalSubscript, reportIndexIssue]


def _body(
    colour: np.ndarray, say: np.ndarray, at: np.ndarray, out: np.ndarray, front: Front,
    behind: np.ndarray, sleeves: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:  # fmt: skip
    """The body's colours: as seen, else as before or behind at that place, arms as around it."""
    xy = front.pixels(at)
    ahead, rear = sampled(front.rgb.astype(np.float32), xy), sampled(behind.astype(np.float32), xy)
    share = _ahead(out)[:, None]
    guessed = share * ahead + (1 - share) * rear
    guessed += sleeves[1][:, None] * (sleeves[0] - guessed)
    whole = np.clip(say * 1.6, 0, 1)[:, None]
    return whole * colour + (1 - whole) * guessed


def _template(
    shell: Shell, few: Texels, colour: np.ndarray, say: np.ndarray, hair: np.ndarray,
    at: np.ndarray, skin: np.ndarray, hangs: bool, scalp: np.ndarray, ear: np.ndarray,
    laid: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Head and hands: the photographs' colours on the detail of the wardrobe's skin, bent to meet
    them where nothing is seen; hair where hair is, or, if it hangs over the skin, where it
    grows."""
    under, fine = _under(shell, few.face, few.share, skin)
    hand = np.abs(at[:, 0]) > _HANDS_M
    bare_m = np.einsum("vc,vck->vk", shell.shares, shell.canonical.vertices_m[shell.base])
    off_m = np.linalg.norm(shell.vertices_m - bare_m, axis=1, keepdims=True)
    grown = few.at(shell.faces, off_m)[:, 0]
    for side in (at[:, 0] < 0, at[:, 0] >= 0):  # hair may hang over an ear
        if np.median(grown[side & (ear > 0.5)]) > _OVER_EAR_M:
            scalp[side] = np.fmax(scalp[side], ear[side])
            ear[side] = 0
    if hangs:
        say = say * (1 - hair * (1 - scalp))
        hair = hair * scalp
    seen = np.where(hand, _HAND_SEEN, say) * (1 - ear)
    ratio = np.log1p(colour) - np.log1p(under)
    bare = (hair < 0.2) & (scalp < 0.3) & (ear < 0.5)
    told = np.where(hand, 0.3 * say, say)
    bent = _bent(shell, few, np.clip(ratio, -1.6, 1.2), told, bare)
    plain = np.expm1(np.log1p(under) + bent)
    shown = colour + _DETAIL * fine * (1 - hair)[:, None]
    whole = np.clip(seen * 1.5, 0, 1)[:, None]
    skinned = whole * shown + (1 - whole) * plain
    return _haired(shell, few, laid, colour, say, hair, scalp, ear, skinned)


def _under(
    shell: Shell, face: np.ndarray, share: np.ndarray, skin: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The wardrobe's skin at places of the template, and its fine detail alone."""
    place = np.einsum("tc,tck->tk", share, shell.texture[face])
    tall, wide = skin.shape[:2]
    xy = np.stack([place[:, 0] * wide - 0.5, (1 - place[:, 1]) * tall - 0.5], 1).astype(np.float32)
    picture = skin[..., :3].astype(np.float32)
    under = sampled(picture, xy)
    return under, under - sampled(cv2.GaussianBlur(picture, (0, 0), 0.0022 * wide), xy)


def _bent(
    shell: Shell, few: Texels, ratio: np.ndarray, say: np.ndarray, where: np.ndarray
) -> np.ndarray:
    """A change of colour known at some texels, spread over all the skin of head and hands."""
    count = len(shell.vertices_m)
    value, weight = few.gathered(shell.faces, count, where & (say > 0.2), say, ratio)
    mean = neighbours(shell.faces, count)
    known = weight > 0.5
    middle = np.median(value[known], axis=0) if known.any() else np.zeros(3)
    value[~known] = middle
    found = harmonic(mean, value, np.where(known, 0.9, _FORGET))
    return few.at(shell.faces, found)


def _haired(
    shell: Shell, few: Texels, laid: np.ndarray, colour: np.ndarray, say: np.ndarray,
    hair: np.ndarray, scalp: np.ndarray, ear: np.ndarray, skinned: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Hair where hair grows: as seen, else in the colours of what is seen around, in strands that
    run down from the crown."""
    known = (hair > 0.8) & (say > 0.3)
    if known.sum() < 400:
        return skinned
    value, weight = few.gathered(
        shell.faces, len(shell.vertices_m), known, say, np.log1p(np.fmax(colour, 0))
    )
    there = weight > 0.3
    value[~there] = np.median(value[there], axis=0)
    mean = neighbours(shell.faces, len(value))
    soft = few.at(shell.faces, harmonic(mean, value, np.where(there, 0.5, 0.02)))
    light = np.log1p(np.fmax(colour[known], 0)).mean(1) - soft[known].mean(1)
    strong = float(np.clip(light.std(), 0.06, 0.22))
    guessed = np.expm1(soft + strong * laid[:, None])
    whole = np.clip(say * 1.6, 0, 1)[:, None]
    haired = whole * colour + (1 - whole) * guessed
    # Where the head is seen the photograph itself says where hair ends.
    told = np.clip(say * 2, 0, 1) * (1 - ear)
    cover = told * hair + (1 - told) * scalp
    return cover[:, None] * haired + (1 - cover[:, None]) * skinned
