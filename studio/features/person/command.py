"""``doppel person``: a preset, a design or a stranger in, a rigged person out."""

from __future__ import annotations

import json as json_module
import time
from pathlib import Path

from rich.console import Console

from studio.core.errors import StudioError
from studio.features.person import engine
from studio.features.person.engine import Inputs, Made
from studio.features.person.params import Params
from studio.human.design import read_file
from studio.jobs import run
from studio.jobs.terminal import OnTerminal
from studio.media.formats.whole import check_places
from studio.synth import people, poses


def main(
    preset: str = "",
    design: Path | None = None,
    seed: int | None = None,
    pose: str = "",
    variety: float = 1.0,
    seconds: float = 0.0,
    motion: int = 1,
    out: Path | None = None,
    save: Path | None = None,
    json: bool = False,
) -> None:
    """Make a person: clothed, rigged, with 52 facial actions.

    Args:
        preset: Somebody to begin with: Mara, Jonas, Amara, Kofi ...
        design: A design that was saved: FILE.json.
        seed: A stranger; the same for the same number.
        pose: How they stand: a pose by name (Walk, Wave ...), or a number for one by chance; the
            same for the same number.
        variety: How far poses and motions by chance are from the usual: 0.2 to 1.4.
        seconds: They move by chance for so long, up to 60; the pose does not count then.
        motion: Which motion by chance; the same for the same number.
        out: Where to write the person: .glb.
        save: Where to write the design: .json.
        json: Print one JSON object.
    """
    if out is None and save is None:
        raise StudioError("There is nothing to write.", "Give --out FILE.glb or --save FILE.json.")
    if sum(one is not None and one != "" for one in (preset, design, seed)) > 1:
        raise StudioError(
            "A person is made from one thing.", "Give one of --preset, --design and --seed."
        )
    check_places((out, (".glb",)), (save, (".json",)))
    began = time.perf_counter()
    if not 0.2 <= variety <= 1.4:
        raise StudioError(f"A variety of {variety:g} cannot be had.", "Give 0.2 to 1.4.")
    if not 0 <= seconds <= 60 or motion < 0:
        raise StudioError("Such a motion cannot be had.", "Give --seconds 0 to 60, --motion 0 ...")
    params = _posed(_params(preset, design, seed), pose, variety)
    moves = {"seconds": seconds, "motion": motion, "variety": variety}
    params = params.model_copy(update=moves)
    with OnTerminal("Person", quiet=json) as context:
        made = run(engine.design(params, Inputs(), context))
    if out is not None:
        from studio.media.formats.gltf import write_glb

        write_glb(out, made.character)
    if save is not None:
        save.write_text(made.design.text(), "utf-8")
    _tell(made, out, save, time.perf_counter() - began, json)


def _params(preset: str, design: Path | None, seed: int | None) -> Params:
    if design is not None:
        return Params(design=read_file(design), name=design.stem)
    if seed is not None:
        return Params(design=people.stranger(seed), name=f"Stranger {seed}")
    people.preset(preset or people.FIRST)
    return Params(preset=preset or people.FIRST)


def _posed(params: Params, pose: str, variety: float) -> Params:
    """The same person in a pose. Raises StudioError for a pose that does not exist."""
    if not pose:
        return params
    now = params.design or people.preset(params.preset)
    by_name = {name.lower(): name for name in poses.NAMES}
    if pose.lower() in by_name:
        now = now.but(pose=dict(poses.pose(by_name[pose.lower()])))
    elif pose.isdecimal():
        from studio.synth.prior.sampled import posed_by_chance

        now = posed_by_chance(now, int(pose), variety)
    else:
        raise StudioError(
            f"There is no pose “{pose}”.",
            f"Give a number for one by chance, or one of: {', '.join(poses.NAMES)}.",
        )
    return params.model_copy(update={"design": now, "name": params.name or params.preset})


def _tell(made: Made, out: Path | None, save: Path | None, seconds: float, as_json: bool) -> None:
    if as_json:
        told = {
            "name": made.name,
            "out": str(out) if out else None,
            "design": str(save) if save else None,
            "height_m": round(made.fit.height_m, 4),
            "parts": [part.name for part in made.character.parts],
            "facts": [vars(fact) for fact in made.facts],
            "seconds": round(seconds, 3),
        }
        print(json_module.dumps(told, ensure_ascii=False))
        return
    console = Console()
    for fact in made.facts:
        console.print(f"{fact.label}: {fact.text}", highlight=False, soft_wrap=True)
    written = " and ".join(str(path) for path in (out, save) if path is not None)
    console.print(f"{made.name} in {seconds:.1f} s: {written}", soft_wrap=True)
