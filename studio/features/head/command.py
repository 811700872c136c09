"""``doppel head``: photographs of a head in, a rigged person with that face out."""

from __future__ import annotations

import json as json_module
import time
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro

from studio.core.errors import StudioError
from studio.core.pictures import write_picture
from studio.features.head.engine import Head, Inputs, Params, reconstruct
from studio.features.head.layers_file import LAYERS, check_layers, read_layers, write_layers
from studio.features.head.pins_file import read_pins
from studio.human.heads.fit import Held
from studio.jobs import run
from studio.jobs.terminal import OnTerminal, finish_on_interrupt, show_made
from studio.media.formats.levels import check_levels
from studio.media.formats.visemes import with_visemes
from studio.media.formats.whole import check_places

LEAST_TRIANGLES = 5000


def main(
    photos: Annotated[tuple[Path, ...], tyro.conf.Positional],
    out: Path | None = None,
    design: Path | None = None,
    compare: Path | None = None,
    acted: Path | None = None,
    name: str = "",
    scan: Path | None = None,
    error_map: Path | None = None,
    pupils_mm: float | None = None,
    chin_mm: float | None = None,
    gender: Literal["as the face", "woman", "man"] = "as the face",
    pixels: bool = True,
    expression: bool = True,
    hair: bool = True,
    style: bool = False,
    pins: Path | None = None,
    held: tuple[Held, ...] = (),
    texture_px: int = 2048,
    triangles: int = 0,
    visemes: bool = False,
    lods: int = 1,
    seconds: float | None = None,
    layers: Path | None = None,
    seed: int = 0,
    wrap: bool = True,
    json: bool = False,
) -> None:
    """Make a rigged, animatable person from photographs of a head.

    Args:
        photos: Photographs of one person; one that looks ahead is enough, others from the sides
            make it better. Or a film around the head: the sharpest pictures of its sides are taken.
        out: Where to write the person: .glb, with 52 facial actions.
        design: Where to write the design, to go on from in the studio: .json.
        compare: Where to write a picture of each photograph beside the head made of it: its points
            and the head's, the head laid over it, and turned: .png or .jpg.
        acted: Where to write a picture of the head doing eleven facial actions: .png or .jpg.
        name: What the person is called.
        scan: A scan of the same head, upright, to measure the face against: .ply, .obj, .stl, .glb.
        error_map: Where to write the head in colours that tell how far it is off the scan, blue
            within, red outside, 5 mm at most: .ply.
        pupils_mm: Millimetres from pupil to pupil, for a true size (63 if not given).
        chin_mm: Millimetres from the bridge of the nose, between the eyes, to the chin, mouth
            closed, for a true size where the pupils' distance is not known.
        gender: A woman's build or a man's; otherwise as the face's proportions tell.
        pixels: Fit the head to the light and the outlines of skin, not only to points of the face;
            not where a surface is learned.
        expression: Faces may smile or frown in the photographs.
        hair: Give it hair, or what else covers the head.
        style: Take the wardrobe's style that fits best, not the photograph's own hair.
        pins: Points put where the photographs show them: a project in which that was done
            (.doppel), or .json with "pins" (photo, point of MediaPipe's 478, x_px, y_px), "held",
            "reach_mm".
        held: What pins leave as it was found: expression, eyelids, neck, pose.
        texture_px: Side of the skin's texture in pixels, 512 to 4096.
        triangles: About how many triangles the person has at most; 0 keeps all.
        visemes: The 14 mouth shapes of lip sync, too (viseme_aa and so on).
        lods: So many levels of detail as files of their own, NAME_LOD0 the finest, each next one
            with half the triangles and half the texture's side: 1 to 5.
        seconds: So long a neural surface is fitted to the photographs, which tells the shape of
            hair and face; Ctrl+C keeps it as it is.
        layers: Where what the surface learns is kept, to go on from at the next run: .npz. Of a
            project (.doppel) what its newest head has learned is gone on from.
        seed: Another number draws other places to learn the surface from.
        wrap: The face takes the learned surface's shape too, not only hair.
        json: Print one JSON object.
    """
    if (out, design, compare, acted, error_map) == (None,) * 5:
        raise StudioError("There is nothing to write.", "Give --out FILE.glb or --design F.json.")
    check_places((out, (".glb",)), (design, (".json",)), (compare, (".png", ".jpg")),
                 (acted, (".png", ".jpg")), (error_map, (".ply",)))  # fmt: skip
    if error_map is not None and scan is None:
        raise StudioError("There is no scan to be off.", "Give --scan S.ply, too.")
    check_levels(lods)
    if pupils_mm is not None and not 40 <= pupils_mm <= 80:
        raise StudioError(f"No pupils are {pupils_mm:g} mm apart.", "Give 40 to 80 mm.")
    if chin_mm is not None and not 80 <= chin_mm <= 160:
        raise StudioError(f"No chin is {chin_mm:g} mm below the bridge of the nose.",
                          "Give 80 to 160 mm.")  # fmt: skip
    if triangles and triangles < LEAST_TRIANGLES:
        raise StudioError(f"{triangles} triangles make no person.",
                          f"Give {LEAST_TRIANGLES} at least.")  # fmt: skip
    if not 512 <= texture_px <= 4096:
        raise StudioError(f"A texture of {texture_px} px cannot be had.", "Give 512 to 4096.")
    if seconds is not None and not 1 <= seconds <= 3600:
        raise StudioError(f"Nothing is learned in {seconds:g} s.", "Give 1 to 3600 seconds.")
    if seed < 0:
        raise StudioError(f"There is no seed {seed}.", "Give 0 or more.")
    if layers is not None:
        check_layers(layers)
        if seconds is None:
            raise StudioError("No surface is learned, so it has no layers.", "Give --seconds 60.")
    began = time.perf_counter()
    before = None if layers is None else read_layers(layers)
    told = {} if pins is None else read_pins(pins, photos)
    told["held"] = tuple(dict.fromkeys((*told.get("held", ()), *held)))
    params = Params(photos=photos, name=name, scan=scan, pupils_mm=pupils_mm, chin_mm=chin_mm,
                    gender=gender, pixels=pixels, expression=expression, hair=hair, style=style,
                    texture_px=texture_px, seconds=seconds, seed=seed, wrap=wrap,
                    **told)  # fmt: skip
    learns = finish_on_interrupt if seconds is not None else nullcontext
    with OnTerminal("Head", quiet=json) as context, learns(context):
        made = run(reconstruct(params, Inputs(layers=before), context))
    written: list[Path] = []
    if layers is not None and layers.suffix.lower() == LAYERS and made.learned is not None:
        write_layers(layers, made.learned.arrays())
        written.append(layers)
    if out is not None:
        from studio.media.formats.gltf import write_glb
        from studio.media.formats.levels import within, write_levels

        character = within(made.character, triangles) if triangles else made.character
        character = with_visemes(character) if visemes else character
        # Bodies take the head out of such a file (features/body/heads).
        write = partial(write_glb, notes={"doppel_design": made.design.text()})
        written += write_levels(out, character, lods, write)
    if design is not None:
        design.write_text(made.design.text(), "utf-8")
    if compare is not None:
        write_picture(compare, _sheet(made))
    if acted is not None:
        from studio.synth.heads import compared

        write_picture(acted, compared.acted(made.design))
    if error_map is not None and made.error_map is not None:
        from studio.media.formats.ply import write_ply

        write_ply(error_map, made.error_map)
    written += [path for path in (design, compare, acted, error_map) if path is not None]
    _tell(made, written, time.perf_counter() - began, json)


def _sheet(made: Head) -> np.ndarray:
    from studio.synth.heads.compared import compared

    return np.vstack([
        compared(made.design, seen, one.rgb, one.xyz_px[:, :2],
                 view.project(made.fitted.acted(view)))
        for one, seen, view in zip(made.looked, made.seen.views, made.fitted.views, strict=True)
    ])  # fmt: skip


def _tell(made: Head, written: Sequence[Path], seconds: float, as_json: bool) -> None:
    if as_json:
        told = {
            "name": made.name,
            "written": [str(path) for path in written],
            "pupils_mm": round(1e3 * made.seen.pupils_m, 2),
            "gender": made.seen.design.build("gender"),
            "focal_px": [round(view.focal_px, 1) for view in made.fitted.views],
            "off_px": [round(px, 3) for px in made.fitted.off_px],
            "hair": {one.name: round(one.fits, 3) for one in made.styles},
            "warnings": {one.name: list(one.warnings) for one in made.looked},
            "surface": None if made.learned is None else made.learned.told(),
            "facts": [vars(fact) for fact in made.facts],
            "seconds": round(seconds, 3),
        }
        print(json_module.dumps(told, ensure_ascii=False))
        return
    show_made(made.name, made.facts, written, seconds)
