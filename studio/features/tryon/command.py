"""``doppel tryon``: a film or a picture in, somebody who wears things out."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import tyro
from pydantic import Field
from rich.console import Console

from studio.core.errors import StudioError
from studio.features.tryon.dressing import dress, facts_of
from studio.jobs.terminal import OnTerminal, finish_on_interrupt, plain, show_facts
from studio.live.wearing.wear_settings import WearSettings
from studio.media.catalogue.catalogue import find


class Wanted(WearSettings):
    """What is worn, and how it is laid into the picture."""

    items: Annotated[tuple[str, ...], tyro.conf.arg(name="item")] = Field(
        default=(), description="What is worn: ids of the catalogue, or models (.glb, .gltf)"
    )
    own_head: Annotated[str, tyro.conf.arg(name="head")] = Field(
        default="", description=str(WearSettings.model_fields["own_head"].description)
    )


def main(
    source: Annotated[Path, tyro.conf.Positional],
    out: Path,
    maps: Path | None = None,
    params: Annotated[Wanted, tyro.conf.arg(name="")] = Wanted(),  # noqa: B008
    json: bool = False,
) -> None:
    """Let whoever is seen wear glasses, hats, watches, shoes or jewellery.

    Args:
        source: A film, of which every frame is dressed, or a picture.
        out: A film of .mp4, .webm or .mov (these keep transparency, with --only-items), a folder
            of PNG pictures, or a picture where the source is one.
        maps: A folder for the maps: for each item and frame a PNG picture, white where it is seen.
        params: What is worn, and how it is laid into the picture.
        json: Print one JSON object.
    """
    if not params.items:
        raise StudioError("What is to be worn?", "Give --item a model's file.")
    with OnTerminal("Try on", quiet=json) as context, finish_on_interrupt(context):
        result = dress(source, out, params, find, context, maps)
    facts = facts_of(result)
    if json:
        answer = {**asdict(result), "facts": [asdict(fact) for fact in facts]}
        print(json_module.dumps(plain(answer), ensure_ascii=False))
        return
    console = Console()
    show_facts(console, facts)
    console.print(f"Written: {', '.join(result.written)}", soft_wrap=True)
