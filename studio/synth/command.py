"""``doppel synth preview | write``."""

from __future__ import annotations

import json as json_format
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console
from rich.progress import track

from studio.core.errors import StudioError
from studio.synth.factory.disk import write as write_shots
from studio.synth.factory.factory import Factory
from studio.synth.factory.recipe import Recipe, find_recipe
from studio.synth.factory.sheet import contact_sheet, labelled, pointed, save
from studio.synth.factory.streams import Split


def main(
    action: Annotated[Literal["preview", "write"], tyro.conf.Positional],
    recipe: str = "parts",
    split: Split = "train",
    seed: int = 0,
    count: int = 24,
    out: Path | None = None,
    size: int | None = None,
    columns: int = 6,
    show: Literal["pictures", "parts", "points"] = "pictures",
    json: bool = False,
) -> None:
    """Synthetic people: a contact sheet of them, or pictures and truth in a folder.

    Args:
        action: What to do.
        recipe: whole_body, parts, heads, hands, tryon or rig.
        split: Which people, motions and places: train, validation or test.
        seed: Another seed gives other pictures, the same one the same.
        count: How many pictures.
        out: The sheet's file, or the folder to write to.
        size: Pixels a side, if other than the recipe's.
        columns: Pictures in a row of the sheet.
        show: What the sheet shows: the pictures, their parts or their points.
        json: Print one JSON object.
    """
    if count < 1 or columns < 1:
        raise StudioError("There is nothing to make.", "Give --count and --columns above 0.")
    of = find_recipe(recipe)
    if size is not None:
        of = replace(of, size_px=(size, size))
    if action == "preview":
        path = Path("sheet.png") if out is None else out
        _preview(of, split, seed, count, path, columns, show, json)
        told = {"sheet": str(path)}
    else:
        path = Path(f"{recipe}_{split}") if out is None else out
        with Factory(of, split, seed) as factory:
            for _ in track(write_shots(factory, count, path), total=count, disable=json,
                           console=Console(stderr=True)):  # fmt: skip
                pass
        told = {"folder": str(path)}
    told |= {"recipe": recipe, "split": split}
    print(json_format.dumps(told, ensure_ascii=False) if json else f"{count} pictures in {path}")


def _preview(
    recipe: Recipe,
    split: Split,
    seed: int,
    count: int,
    path: Path,
    columns: int,
    show: Literal["pictures", "parts", "points"],
    quiet: bool,
) -> None:
    varied = replace(recipe, views=1, block=1, cast=3, places=1) if not recipe.rig else recipe
    seen = {"pictures": lambda shot: shot.rgb, "parts": labelled, "points": pointed}[show]
    with Factory(varied, split, seed) as factory:
        numbers = track(range(count), disable=quiet, console=Console(stderr=True))
        pictures = [seen(factory.shot(number)) for number in numbers]
    save(contact_sheet(pictures, min(columns, count)), path)
