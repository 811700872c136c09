"""``doppel segment``: people and their parts, cut out of pictures and videos."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from studio.features.segment.engine import Inputs, Params, Part, facts, segment
from studio.jobs import run
from studio.jobs.terminal import OnTerminal


def main(
    pictures: Annotated[tuple[Path, ...], tyro.conf.Positional],
    out: Path,
    part: Part = "person",
    cut_outs: bool = True,
    labels: bool = True,
    colours: bool = False,
    every: int = 1,
    weights: Path | None = None,
    json: bool = False,
) -> None:
    """Cut people, or one of their parts, out of pictures and videos.

    Args:
        pictures: Pictures, folders of pictures, or videos.
        out: The folder to write to: cut_outs/ with transparent background, and labels/.
        part: What is cut out: all of a person, or a part.
        cut_outs: Write pictures whose background is transparent.
        labels: Write the label of each pixel (0 background, 1 hair, 2 face, 3 hands, 4 skin, 5 top,
            6 bottom, 7 shoes, 8 items) into a folder that “Label pictures” opens.
        colours: Write the labels as colours to look at too.
        every: Of a video, take every n-th frame.
        weights: Other weights of the network, in place of the published ones.
        json: Print one JSON object.
    """
    params = Params(
        folder=out, part=part, cut_outs=cut_outs, labels=labels, colours=colours, every=every
    )
    with OnTerminal("Cut out", quiet=json) as context:
        result = run(segment(params, Inputs(pictures, out, weights=weights), context))
    if json:
        told = {
            "written": str(out), "pictures": result.pictures, "found": result.found,
            "shares": {name: round(value, 5) for name, value in result.shares.items()},
            "network_ms": round(result.each_s * 1000, 1),
            "facts": [asdict(fact) for fact in facts(result)],
        }  # fmt: skip
        print(json_module.dumps(told, ensure_ascii=False))
        return
    console = Console(highlight=False)
    for fact in facts(result):
        console.print(f"{fact.label:<15} {fact.text}  {fact.blame}".rstrip(), soft_wrap=True)
    console.print(f"Written: {out}")
