"""``doppel label``: add pictures to a folder of labels, and check what is in it."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from studio.core.errors import StudioError
from studio.features.label.engine import Inputs, collect
from studio.features.label.params import Params
from studio.features.label.pseudo import mark
from studio.jobs import run
from studio.jobs.terminal import OnTerminal
from studio.perception.person_mask import PersonMask
from studio.perception.whole_body import Options
from studio.training.labels import MAP_KINDS, LabelFolder
from studio.weights import find
from studio.weights.detectors import Backend, maker

_MOST = 4
"""How many people are marked in a picture."""


def main(
    folder: Annotated[Path, tyro.conf.Positional],
    add: tuple[Path, ...] = (),
    frames: int = 12,
    longest_px: int = 1280,
    origin: str = "",
    item: str = "",
    points: Backend | None = None,
    json: bool = False,
) -> None:
    """Add pictures to a folder of labels, and say what is labelled and what is wrong with it.

    Args:
        folder: The folder of labels; made if pictures are added and it is not there yet.
        add: Pictures, folders of pictures, or videos.
        frames: How many frames are taken from each video.
        longest_px: Larger pictures are made this long.
        origin: Whose pictures these are, and who agreed to their use.
        item: What whoever is seen wears, where no NAME.item.png lies beside a picture: what hides
            it is then painted, and learned from (“doppel train occluder --labels FOLDER”).
        points: Mark everybody's points in pictures where nobody did: by mediapipe, or by dope,
            Doppel's own. “doppel train dope --labels FOLDER” learns from them. MediaPipe's are
            looked at twice, and people are cut out where nobody painted a mask.
        json: Print one JSON object.
    """
    added: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    if add:
        params = Params(
            folder=folder, frames=frames, longest_px=longest_px, origin=origin, item=item
        )
        with OnTerminal("Label", quiet=json) as context:
            result = run(collect(params, Inputs(add), context))
        added, left_out = result.names, result.left_out
    labels = LabelFolder.open(folder)
    marked: tuple[str, ...] = ()
    if points is not None:
        look = maker(points, Options(people=_MOST))
        with OnTerminal("Mark", quiet=json) as context:
            again = _again if points == "mediapipe" else None
            marked = mark(labels, look, points, context, again)
    problems = labels.problems()
    done = {kind: len(labels.labelled(kind)) for kind in (*MAP_KINDS, "keypoints")}
    answer: dict[str, Any] = {
        "folder": str(folder),
        "origin": labels.origin,
        "pictures": len(labels.names()),
        "added": list(added),
        "left_out": list(left_out),
        "marked": list(marked),
        "labelled": done,
        "problems": [str(problem) for problem in problems],
    }
    if not json:
        console = Console()
        console.print(f"{len(labels.names())} pictures in {folder}", soft_wrap=True)
        for kind, count in done.items():
            console.print(f"{kind:<10} {count}")
        for line in (*left_out, *map(str, problems)):
            console.print(f"[yellow]look[/] {line}", soft_wrap=True)
    if problems:
        raise StudioError(
            f"{len(problems)} labels do not fit their pictures. {problems[0].message}",
            problems[0].hint,
            result=answer,
        )
    if json:
        print(json_module.dumps(answer, ensure_ascii=False))


def _again() -> PersonMask:
    return PersonMask(find("pose_landmarker_full"))
