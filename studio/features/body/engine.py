"""The engine of bodies: photographs of a person in, their clothed, rigged avatar out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.percent import percent
from studio.core.types import Character, Fact, Posed
from studio.document.pins import PhotoPin
from studio.features.body.filmed import is_film, photograph_of
from studio.features.body.followed import Film, as_drawn, followed
from studio.features.body.heads import Given, given_head, with_head
from studio.features.body.moving import as_animation, moved
from studio.features.body.params import Params
from studio.features.body.points import key_of
from studio.features.body.staging import standing
from studio.human.bodies.fit import Told, fitting
from studio.human.bodies.fitted import BodyFit, BodyPhoto
from studio.human.character import bones_world
from studio.human.design import Design, Worn
from studio.human.fit import Fit
from studio.human.photographs import check_photographs
from studio.jobs import Context, Engine
from studio.perception.bodies_seen import NETWORKS, BodyLooker, put_right
from studio.perception.portraits import Looked, Looker
from studio.synth import closet, designed
from studio.synth.avatars.hair import bared, hair_of, wearing
from studio.synth.avatars.making import Look, Made, in_pose, made
from studio.synth.heads import eyes
from studio.synth.heads.dressing import eye_colour, hair_colour, nearest_skin
from studio.synth.heads.hairdo import slug_of
from studio.weights.store import find

FACES = ("face_landmarker", "pose_landmarker_lite")
GENDERS = {"woman": 1.0, "man": 0.0}
_MADE = 0.6
"""How far the work is when an avatar is made and a film is followed yet."""
GOOD_IOU, GOOD_PX = 0.93, 0.012
"""What outlines and points (by the person's height) of a good fit reach."""


@dataclass(frozen=True)
class Inputs:
    """What is known already of the params' photographs: what was seen in them, and a whole fit to
    them with what was put right; and the designs of the project's heads, by their items' ids."""

    looked: Mapping[Path, BodyPhoto] = field(default_factory=dict)
    fit: BodyFit | None = None
    heads: Mapping[str, Design] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Body:
    """A person reconstructed: the character in its rest pose, the same as a project's avatar holds
    it, how it was fitted and made, facts, and how a film was followed, where it was."""

    name: str
    character: Character
    design: Design
    still: Fit
    fit: BodyFit
    made: Made
    facts: tuple[Fact, ...]
    film: Film | None = None


def reconstruct(params: Params, inputs: Inputs, context: Context) -> Engine[Posed, Body]:
    """Make the avatar of the person whom the photographs show. Yields the bare body as soon as its
    points are fitted, then as the outline refines it, then the avatar.

    Raises StudioError if there is no photograph, one cannot be read or shows nobody, what is found
    is no human body, or a network is not installed.
    """
    check_photographs(params.photos, "Choose one that shows the whole person.")
    worn = _worn(params)
    head = given_head(params, inputs.heads)
    name = params.name or params.photos[0].stem
    stills = {path: photograph_of(path, params.at_s) for path in params.photos if is_film(path)}
    photos = [stills[path].path if path in stills else path for path in params.photos]
    params = params.model_copy(update={"photos": tuple(photos)})
    fit = inputs.fit
    if fit is None:
        photos = _looked(params, inputs, context)
        told = Told(params.height_m, GENDERS.get(params.gender))
        steps = fitting(photos, told, lambda f, text: report(context, 0.12 + 0.33 * f, text))
        while True:
            try:
                yield _bare(next(steps), name)
            except StopIteration as end:
                fit = end.value
                break
        assert fit is not None
    rest = 1.0 if params.motion is None or not is_film(params.motion) else _MADE
    report(context, 0.45 * rest, "Looking at the face")
    faces = _faces([view.photo for view in fit.views])
    fit, skin, hair = _dressed(fit, faces, head, name)
    fit = replace(fit, design=fit.design.but(worn=(*fit.design.worn, *worn)))
    look = Look(params.back, params.triangles, params.texture_px, params.seed, head is None,
                networks=params.networks)  # fmt: skip
    found = made(
        fit, skin, hair, look, name,
        report=lambda f, text: report(context, rest * (0.47 + 0.5 * f), text),
    )  # fmt: skip
    fit, character = found.fit, in_pose(found, params.pose)
    still = standing(designed.still(fit.design), fit.design, params.pose)
    still = replace(still, height_m=fit.height_m)
    bones, film = found.character.armature, None
    if params.motion is not None and is_film(params.motion):
        at_s = stills[params.motion].time_s if params.motion in stills else None
        steps = followed(params.motion, at_s, fit.design, still, context, (_MADE, 1.0))
        film = yield from as_drawn(steps, found.character)
        still = film.fit
    elif params.motion is not None:
        report(context, 0.97, "Moving")
        still = moved(params.motion, bones, still)
    if params.motion is not None:
        character = replace(character, animation=as_animation(still, bones))
    yield _shown(character)
    context.report(1.0, "Done")
    facts = (*facts_of(params, fit, found, faces), *(() if film is None else film.facts))
    return Body(name, character, fit.design, still, fit, found, facts, film)


def report(context: Context, fraction: float, text: str) -> None:
    """Say how far a job is; it ends here where it is stopped."""
    context.report(fraction, text)
    context.check()


def _looked(params: Params, inputs: Inputs, context: Context) -> list[BodyPhoto]:
    files = {name: find(name) for name in NETWORKS}
    photos: list[BodyPhoto] = []
    with BodyLooker(files) as looker:
        for path in params.photos:
            report(context, 0.12 * len(photos) / len(params.photos), f"Looking at {path.name}")
            known = inputs.looked.get(path)
            found = looker.file(path, at_px=params.at_px(path)) if known is None else known
            photos.append(corrected(found, path, params.pins))
    return photos


def corrected(photo: BodyPhoto, path: Path, pins: Sequence[PhotoPin]) -> BodyPhoto:
    """A photograph with those points put right that are pinned in it."""
    mine = {key_of(pin.point): (pin.x_px, pin.y_px) for pin in pins if pin.photo == path}
    return put_right(photo, mine)


def _faces(photos: Sequence[BodyPhoto]) -> list[Looked | None]:
    """Each photograph's face, None where none can be told."""
    files = {name: find(name) for name in FACES}
    found: list[Looked | None] = []
    with Looker(files) as looker:
        for one in photos:
            try:
                found.append(looker.look(one.name, one.rgb))
            except StudioError:
                found.append(None)
    return found


def _dressed(
    fit: BodyFit, faces: Sequence[Looked | None], head: Given | None, name: str
) -> tuple[BodyFit, np.ndarray, list[np.ndarray | None]]:
    """The fit with the colours of the photographs' eyes and hair, or with another head; the skin
    under it; and where each photograph shows hair. Eyes and hair are kept in the user's wardrobe
    and worn."""
    face = next((one for one in faces if one is not None), None)
    woman = fit.design.build("gender") > 0.5
    worn: tuple[Worn, ...] = ()
    hair = [None if one is None else one.hair for one in faces]
    if face is None:
        named = "woman_fair" if woman else "man_fair"
        skin = closet.piece(named) or next(p for p in closet.catalogue() if p.kind == "skin")
        design = fit.design
    else:
        skin = nearest_skin(face, woman)
        design = fit.design.but(eyes=eye_colour(face))
        if head is None:
            worn = (Worn(item=eyes.keep(name, slug_of(name), face, design.eyes)),)
        colour = hair_colour(face)
        if colour is not None:
            design = design.but(hair=colour, brows=tuple(0.7 * c for c in colour))
    texture = closet.plain(skin).texture
    assert texture is not None
    if head is None:
        fit = replace(fit, design=design.but(worn=(Worn(item=skin.name), *worn)))
        own = hair_of(fit, faces)
        return (fit if own is None else wearing(fit, own, name)), texture, hair
    changed = replace(
        fit, design=with_head(design, head, skin.name), offsets_m=bared(fit.offsets_m)
    )
    return changed, texture if head.skin is None else head.skin, [None for _ in hair]


def _worn(params: Params) -> tuple[Worn, ...]:
    """What of the wardrobe the avatar wears, too. Raises StudioError where it is not there."""
    found: list[Worn] = []
    for kind, name in (("hat", params.hat), ("glasses", params.glasses)):
        there = [piece.name for piece in closet.catalogue() if piece.kind == kind]
        if name and name not in there:
            raise StudioError(
                f"There is nothing of the kind “{kind}” that is called “{name}”.",
                f"There are: {', '.join(there)}.",
            )
        found += [Worn(item=name)] if name else []
    return tuple(found)


def _bare(fit: BodyFit, name: str) -> Posed:
    """The body as fitted so far, without clothes, as it stands in the first photograph."""
    character = designed.person_of(fit.design, name)
    view = fit.main
    world = bones_world(character.armature, view.turns_rad[None], view.root_m[None])[0]
    return Posed(character, 0.0, world, view.actions)


def _shown(character: Character) -> Posed:
    """The character at rest."""
    morphs = np.zeros(len(character.morph_names))
    return Posed(character, 0.0, character.armature.rest_world, morphs)


def facts_of(
    params: Params, fit: BodyFit, found: Made, faces: Sequence[Looked | None]
) -> tuple[Fact, ...]:
    """How well the body fits the photographs, how tall it is, what was guessed."""
    tall = float(np.mean([np.ptp(np.flatnonzero((v.photo.mask > 127).any(1))) for v in fit.views]))
    share = fit.reprojection_px / max(tall, 1.0)
    said = [f"{v.photo.name}: {text}" for v in fit.views for text in v.photo.warnings]
    said = list(dict.fromkeys([*said, *fit.notes]))
    unseen = [v.photo.name for v, one in zip(fit.views, faces, strict=True) if one is None]
    closed = found.genus == 0
    return (
        Fact("Outline", f"{percent(fit.silhouette_iou, 1)} alike",
             "good" if fit.silhouette_iou >= GOOD_IOU else "look"),
        Fact("Pose", f"points {fit.reprojection_px:.1f} px off",
             "good" if share < GOOD_PX else "look"),
        Fact("Height", f"{fit.height_m:.2f} m", "good" if fit.height_told else "look",
             "" if fit.height_told else "usual for the build: tell it for a true size"),
        Fact("Seen", f"{percent(found.seen)} of the surface, the rest is guessed",
             "plain", f"back: {params.back}"),
        Fact("Surface", "closed" if closed else f"closed, {found.genus} holes run through it",
             "good" if closed and not found.notes else "look", "; ".join(found.notes)),
        *_asked(found, params),
        Fact("Photographs", "; ".join(said) or f"{len(fit.views)}", "look" if said else "good",
             f"no face in {', '.join(unseen)}" if unseen else ""),
    )  # fmt: skip


def _asked(found: Made, params: Params) -> tuple[Fact, ...]:
    """Which networks told the surface, and how long they took."""
    took = found.asked.took_s
    if not took:
        return ()
    each = ", ".join(f"{kind} {seconds:.1f} s" for kind, seconds in took.items())
    if len(took) == 1:
        return (Fact("Networks", each, "plain"),)
    how = "at the same time" if params.networks == "parallel" else "one after the other"
    return (Fact("Networks", f"{each}; {how} {found.asked.all_s:.1f} s", "plain"),)
