"""The engine of heads: photographs in, a rigged person with that face out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from studio.core.errors import StudioError
from studio.core.percent import percent
from studio.core.pictures import read_picture
from studio.core.types import Character, Fact, Mesh, Posed
from studio.features.head.filmed import is_film, photographs_of
from studio.features.head.fitting import GENDERS, build_of, fitted, sized
from studio.features.head.measuring import error_map
from studio.features.head.neural import LEAST_ALIKE, Learned, learned
from studio.features.head.params import Params
from studio.human.design import Design, Worn
from studio.human.fit import Fit
from studio.human.heads.fit import FittedHead
from studio.human.photographs import check_photographs
from studio.human.wardrobe.asset import Asset, AssetMaterial, Card, Picture
from studio.human.wardrobe.writing import write_asset
from studio.jobs import Context, Engine
from studio.perception.portraits import Looked, Looker
from studio.synth import closet, designed
from studio.synth.heads import eyes, hairdo
from studio.synth.heads.baking import bake
from studio.synth.heads.dressing import Styled, coloured, hair_of, nearest_skin
from studio.synth.heads.grown import grown
from studio.synth.heads.scanned import read_scan
from studio.synth.heads.seen import SeenHead, frontal_of, seen_head
from studio.synth.heads.undertone import shade_of
from studio.weights.store import find

NETWORKS = ("face_landmarker", "pose_landmarker_lite")
NO_FACE = 0.035
"""A fit that is further off, by the face's height, is of no human face."""
TURNED_DEG = 40.0
CLOSE_M = 0.0025
"""A face that is no further off a scan, on the mean, is a good one."""
DRESSED = (Worn(item="teeth"), Worn(item="lashes"), Worn(item="tshirt"))
"""What everybody wears besides what photographs show."""
PHOTOGRAPHED = "as_photographed"
"""What hair is called that is no style of the wardrobe."""
_SURE = 0.8
_ROUGH = 0.7
"""How rough photographed skin is: what shone of it is in its picture already."""


@dataclass(frozen=True)
class Inputs:
    """Photographs of the params that were looked at already, and the layers of a neural surface to
    go on from."""

    looked: Mapping[Path, Looked] = field(default_factory=dict)
    layers: Mapping[str, np.ndarray] | None = None


@dataclass(frozen=True, eq=False)
class Head:
    """A reconstructed person: the design that wears the photographs' skin, the character in its
    pose, the same as a fit of one frame, how the photographs were understood, the styles of hair
    that fit, facts, the neural surface, if one was learned, and, where it was compared with a scan,
    its bust in the colours of how far that is off."""

    name: str
    design: Design
    character: Character
    fit: Fit
    looked: tuple[Looked, ...]
    seen: SeenHead
    fitted: FittedHead
    styles: tuple[Styled, ...]
    facts: tuple[Fact, ...]
    learned: Learned | None = None
    error_map: Mesh | None = None


def reconstruct(params: Params, inputs: Inputs, context: Context) -> Engine[Posed, Head]:
    """Make the person whom the photographs show. Yields the person as soon as the face is fitted,
    then with skin and hair.

    Raises StudioError if there is no photograph, one cannot be read, shows no face or no human
    one, or a network is not installed.
    """
    check_photographs(params.photos, "Choose one in which the face looks ahead.")
    files = {name: find(name) for name in NETWORKS}
    with Looker(files) as looker:
        known = dict(inputs.looked)
        params = filmed(params, known, looker, context)
        looked: list[Looked] = []
        for path in params.photos:
            context.report(0.2 * len(looked) / len(params.photos), f"Looking at {path.name}")
            context.check()
            if path not in known:
                known[path] = looker.look(path.name, read_rgb(path))
            looked.append(known[path])
        scan = None if params.scan is None else read_scan(params.scan, looker)
    context.report(0.2, "Fitting the face")
    fitting = fitted(looked, params.photos, params)
    check_human(fitting.found, looked)
    context.check()
    scale = sized(params, fitting.head, fitting.portraits)
    seen = seen_head(fitting.head, fitting.portraits, scale=scale)
    name = params.name or params.photos[0].stem
    base = nearest_skin(looked[0], woman=build_of(looked, params) > 0.5)
    first = seen.design.but(worn=(Worn(item=base.name), *DRESSED))
    yield _posed(first, name)[0]
    if params.fine:
        context.report(0.3, "Fitting the face to the pixels")
        fitting = fitted(looked, params.photos, params, fitting, fine=True, check=context.check)
        seen = seen_head(fitting.head, fitting.portraits,
                         scale=sized(params, fitting.head, fitting.portraits))  # fmt: skip
    main = frontal_of(seen.views)
    view, facing = seen.views[main], looked[main]
    shade = shade_of(facing)
    context.report(0.5, "Shaping hair")
    shaped = params.hair and not params.style
    cover = hairdo.covered(seen, looked, main, shade) if shaped else None
    neural = None
    if params.seconds is not None:
        layers = inputs.layers if params.go_on else None
        lenses = {k for k, one in enumerate(fitting.portraits) if one.focal_px is not None}
        neural = yield from learned(seen, view, looked, params.seconds, context, layers, lenses,
                                    params.seed)  # fmt: skip
        if cover is not None and neural.alike > LEAST_ALIKE:
            cover = grown(cover, neural.head)
        if params.wrap:
            seen = neural.wrapped(seen)
    styles: tuple[Styled, ...] = ()
    if params.hair and params.style:
        styles = hair_of(seen, view, facing)
    elif cover is not None:
        styles = (Styled(PHOTOGRAPHED, cover.fits),)
    context.check()
    context.report(0.7, "Painting the skin")
    texture = closet.plain(base).texture
    assert texture is not None
    skin, _ = bake(seen, [one.rgb for one in looked], texture, [one.bare for one in looked],
                   params.texture_px, shade)  # fmt: skip
    context.check()
    design = coloured(seen.design, facing, shade)
    worn = [Worn(item=eyes.keep(name, hairdo.slug_of(name), facing, design.eyes)), *DRESSED]
    if cover is not None:
        skin = hairdo.painted(skin, seen, view, cover)
        item, colour = hairdo.keep(name, hairdo.slug_of(name), seen, cover)
        worn.append(Worn(item=item))
        design = design.but(hair=colour)
    elif styles:
        worn.append(Worn(item=styles[0].name))
    design = design.but(worn=(Worn(item=kept_skin(name, skin)), *worn))
    context.report(0.9, "Dressing")
    made, still = _posed(design, name)
    yield made
    context.report(1.0, "Done")
    facts = facts_of(looked, fitting.head, seen, styles, params)
    if neural is not None:
        facts = (*facts, neural.fact())
    told = None
    if scan is not None:
        off, told = error_map(fitting, params, scan)
        verdict = "good" if off.mean_m < CLOSE_M else "look"
        facts = (Fact("Scan", off.text, verdict, f"face against {scan.name}"), *facts)
    return Head(name, design, made.character, still, tuple(looked), seen, fitting.head,
                styles, facts, neural, told)  # fmt: skip


def filmed(
    params: Params, known: dict[Path, Looked], looker: Looker, context: Context
) -> Params:  # fmt: skip
    """Params in which films are what they show best; that joins what is ``known``."""
    if not any(is_film(path) for path in params.photos):
        return params
    photos: list[Path] = []
    for path in params.photos:
        found = photographs_of(path, looker, context) if is_film(path) else {}
        known |= found
        photos += found or [path]
    name = params.name or params.photos[0].stem
    return params.model_copy(update={"photos": tuple(photos), "name": name})


def read_rgb(path: Path) -> np.ndarray:
    """A photograph's pixels."""
    return np.ascontiguousarray(read_picture(path)[..., :3])


def check_human(fitted: FittedHead, looked: Sequence[Looked]) -> None:
    """Raises StudioError if a photograph shows no human face, or somebody else's."""
    for one, off_px in zip(looked, fitted.off_px, strict=True):
        share = off_px / float(np.ptp(one.xyz_px[:, :2], axis=0).max())
        if share > NO_FACE:
            raise StudioError(
                f"What is found in “{one.name}” is no human face, or not the same person's "
                f"(points {percent(share, 1)} of its height off).",
                "Leave it out, or take a photograph in which the whole face is seen.",
            )


def _posed(design: Design, name: str) -> tuple[Posed, Fit]:
    still = designed.still(design)
    character = designed.avatar_of(still, design, name)
    animation = character.animation
    assert animation is not None
    return Posed(character, 0.0, animation.bones_world[0], animation.morphs[0]), still


def kept_skin(name: str, skin: np.ndarray) -> str:
    """Keep a painted skin in the user's wardrobe; its name there."""
    done, data = cv2.imencode(".webp", skin[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, 92])
    if not done:
        raise StudioError("The skin's picture cannot be written.", "Choose a smaller texture.")
    item = f"skin_{hairdo.slug_of(name)}_{hashlib.sha256(data.tobytes()).hexdigest()[:8]}"
    picture = Picture(f"{item}_diffuse.webp", data.tobytes())
    material = AssetMaterial(item, roughness=_ROUGH, specular=(0.3, 0.3, 0.3),
                             pictures={"diffuse": picture})  # fmt: skip
    card = Card(f"Skin of {name}", "skin", source="photographs")
    write_asset(Asset(item, card, (material,)), closet.own_folder() / "skin" / item)
    closet.forget()
    return item


def _build_of(seen: SeenHead, params: Params) -> Fact:
    woman = seen.design.build("gender")
    told = "a woman's" if woman > 0.5 else "a man's"
    if params.gender in GENDERS:
        return Fact("Build", told, "good")
    unsure = max(woman, 1 - woman) < _SURE
    blame = "the face does not tell surely: choose it" if unsure else "by its proportions"
    return Fact("Build", told, "look" if unsure else "plain", blame)


def facts_of(
    looked: Sequence[Looked],
    fitted: FittedHead,
    seen: SeenHead,
    styles: Sequence[Styled],
    params: Params,
) -> tuple[Fact, ...]:
    """How well the head fits the photographs, how large it is, what was guessed."""
    off = [
        px / float(np.ptp(one.xyz_px[:, :2], axis=0).max())
        for px, one in zip(fitted.off_px, looked, strict=True)
    ]
    worst = max(off)
    said = [f"{one.name}: {text}" for one in looked for text in one.warnings]
    said += [
        f"{one.name}: turned away by {view.turned_deg:.0f}°"
        for one, view in zip(looked, seen.views, strict=True)
        if view.turned_deg > TURNED_DEG
    ]
    told = params.pupils_mm is not None or params.chin_mm is not None
    return (
        Fact("Face", f"points {percent(float(np.mean(off)), 1)} of its height off",
             "good" if worst < 0.016 else "look",
             "" if worst < 0.016 else f"most in {looked[int(np.argmax(off))].name}"),
        _build_of(seen, params),
        Fact("Size", f"{1e3 * seen.pupils_m:.0f} mm between the pupils",
             "good" if told else "look", "" if told else "guessed: measure it for a true size"),
        Fact("Hair", f"{styles[0].name.replace('_', ' ')}, covers {percent(styles[0].fits)} alike"
             if styles else "none seen" if params.hair else "left out",
             "look" if params.style and styles else "plain",
             "the nearest of the wardrobe" if params.style and styles else ""),
        Fact("Photographs", f"{len(looked)}" if not said else "; ".join(said),
             "look" if said else "good"),
    )  # fmt: skip
