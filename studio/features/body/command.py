"""``doppel body``: a photograph of a person in, their rigged avatar out."""

from __future__ import annotations

import json as json_module
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro

from studio.core.errors import StudioError
from studio.core.pictures import write_picture
from studio.document.pins import PhotoPlace
from studio.features.body.engine import Body, Inputs, reconstruct, report
from studio.features.body.film_files import write_meshes, write_over
from studio.features.body.filmed import is_film
from studio.features.body.followed import Film
from studio.features.body.params import Params
from studio.jobs import Context, run
from studio.jobs.terminal import OnTerminal, show_made
from studio.media.formats.levels import check_levels, write_levels
from studio.media.formats.visemes import with_visemes
from studio.media.formats.whole import check_places


def main(
    photos: Annotated[tuple[Path, ...], tyro.conf.Positional],
    out: Path | None = None,
    overlay: Path | None = None,
    at_s: float | None = None,
    person_px: tuple[float, float] | None = None,
    name: str = "",
    height_m: float | None = None,
    gender: Literal["as the face", "woman", "man"] = "as the face",
    back: Literal["paint", "plain", "mirror"] = "paint",
    seed: int = 0,
    pose: Literal["T", "A"] = "T",
    triangles: int = 41_000,
    texture_px: int = 2048,
    networks: Literal["sequence", "parallel"] = "sequence",
    head: Path | None = None,
    hat: str = "",
    glasses: str = "",
    motion: Path | None = None,
    follow: bool = False,
    meshes: Path | None = None,
    visemes: bool = False,
    lods: int = 1,
    json: bool = False,
) -> None:
    """Make a rigged, clothed avatar from photographs of a whole person.

    Args:
        photos: Photographs of one person, standing; one is enough. Of a film the picture that
            shows them best is taken.
        out: Where to write the avatar: .glb or .vrm, with 52 facial actions.
        overlay: Where to write a picture of each photograph, the avatar over it as it was taken,
            and the avatar from behind: .png or .jpg; of a film that is followed also .mp4: its
            pictures, and beside them the avatar over them.
        at_s: The picture of films at so many seconds is taken.
        person_px: A place (across, down) on the one who is meant, of several people in the first
            photograph; otherwise the largest.
        name: What the person is called.
        height_m: The person's height in metres; usual for the build if not given.
        gender: A woman's build or a man's; otherwise as the face's proportions tell.
        back: What no photograph shows: even cloth with folds, plain cloth, or the front mirrored.
        seed: Another number gives other folds.
        pose: The avatar's rest pose.
        triangles: About how many triangles the avatar has, without hair.
        texture_px: Side of the texture in pixels, 512 to 4096.
        networks: Networks for body and head are asked one after the other, or at the same time;
            where hair hangs from the head by itself, the body's alone.
        head: A head by “doppel head” that the person gets, with its skin and hair: .glb or .json.
        hat: A hat of the wardrobe that the person wears, such as hat_cap.
        glasses: Glasses of the wardrobe that the person wears, such as sunglasses.
        motion: A motion that the avatar shall do: .bvh, .trc, .c3d or .csv; or a film, taken by a
            camera that stands still: the avatar does in each of its pictures what somebody does.
        follow: The film among the photographs is followed: one body for each of its pictures.
        meshes: A folder for a mesh of each moment of the motion: NAME_0001.ply and so on, with the
            same vertices, coloured.
        visemes: The 14 mouth shapes of lip sync, too (viseme_aa and so on): .glb.
        lods: So many levels of detail as files of their own, NAME_LOD0 the finest, each next one
            with half the triangles and half the texture's side: 1 to 5.
        json: Print one JSON object.
    """
    if out is None and overlay is None and meshes is None:
        raise StudioError("There is nothing to write.", "Give --out FILE.glb.")
    if follow:
        motion = _film_of(photos)
    filmed = motion is not None and is_film(motion)
    pictures = (".png", ".jpg", ".mp4") if filmed else (".png", ".jpg")
    check_places((out, (".glb", ".vrm")), (overlay, pictures))
    if meshes is not None and motion is None:
        raise StudioError("There is no motion to write meshes of.", "Give --follow or --motion F.")
    check_levels(lods)
    who = () if person_px is None else (_place(photos[0], person_px),)
    params = _params(photos=photos, at_s=at_s, who=who, name=name, height_m=height_m, gender=gender,
                     back=back, seed=seed, pose=pose, triangles=triangles, texture_px=texture_px,
                     networks=networks, head=head, hat=hat, glasses=glasses,
                     motion=motion)  # fmt: skip
    began = time.perf_counter()
    with OnTerminal("Body", quiet=json) as context:
        made = run(reconstruct(params, Inputs(), context))
        written: list[Path] = []
        if out is not None:
            written += _write(out, made, lods, visemes)
        if overlay is not None:
            written.append(_write_overlay(overlay, made, context))
        if meshes is not None:
            write_meshes(meshes, made.character, made.name, partial(report, context))
            written.append(meshes)
    _tell(made, written, time.perf_counter() - began, json)


def _place(photo: Path, at_px: tuple[float, float]) -> PhotoPlace:
    if is_film(photo):
        raise StudioError("In films people are not chosen.", "Give one of its pictures instead.")
    return PhotoPlace(photo=photo, x_px=at_px[0], y_px=at_px[1])


def _film_of(photos: Sequence[Path]) -> Path:
    films = [path for path in photos if is_film(path)]
    if len(films) != 1:
        count = "no film" if not films else f"{len(films)} films"
        raise StudioError(f"There is {count} to follow.", "Give one, or --motion FILM.")
    return films[0]


def _write_overlay(path: Path, made: Body, context: Context) -> Path:
    if path.suffix.lower() == ".mp4" and made.film is not None:
        return write_over(path, made.film, made.made.character, partial(report, context))
    from studio.synth.avatars.compared import compared

    rows = [compared(made.made, made.fit.design, view) for view in made.fit.views]
    write_picture(path, np.vstack(rows))
    return path


def _params(**told: object) -> Params:
    from pydantic import ValidationError

    try:
        return Params.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        raise StudioError(
            f"{first['loc'][0]}: {str(first['msg']).lower()}.".replace("_", " "),
            "See “doppel body --help”.",
        ) from error


def _write(out: Path, made: Body, lods: int, visemes: bool) -> Sequence[Path]:
    if out.suffix.lower() == ".vrm":
        from studio.media.formats.vrm import write_vrm

        return write_levels(out, made.made.character, lods, write_vrm)
    from studio.media.formats.gltf import write_glb

    character = with_visemes(made.character) if visemes else made.character
    return write_levels(out, character, lods, write_glb)


def _tell(made: Body, written: Sequence[Path], seconds: float, as_json: bool) -> None:
    if as_json:
        told = {
            "name": made.name,
            "written": [str(path) for path in written],
            "height_m": round(made.fit.height_m, 3),
            "silhouette_iou": round(made.fit.silhouette_iou, 4),
            "reprojection_px": round(made.fit.reprojection_px, 2),
            "triangles": sum(len(part.mesh.faces) for part in made.character.parts),
            "genus": made.made.genus,
            "seen": round(made.made.seen, 3),
            "notes": [*made.fit.notes, *made.made.notes],
            **_film_told(made.film),
            "networks_s": {kind: round(s, 2) for kind, s in made.made.asked.took_s.items()},
            "facts": [vars(fact) for fact in made.facts],
            "seconds": round(seconds, 3),
        }
        print(json_module.dumps(told, ensure_ascii=False))
        return
    show_made(made.name, made.facts, written, seconds)


def _film_told(film: Film | None) -> dict[str, object]:
    if film is None:
        return {}
    seen = np.isfinite(film.off_px)
    return {"pictures": len(seen), "pictures_seen": int(seen.sum()),
            "film_px": round(float(film.off_px[seen].mean()), 2)}  # fmt: skip
