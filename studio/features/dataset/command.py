"""``doppel dataset``: triangulated takes in, truth to learn from out."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from tyro.conf import Positional

from studio.core.errors import StudioError
from studio.core.types import Crowd, Detections, Fact
from studio.features.dataset.engine import Inputs, Take, collect
from studio.features.dataset.facts import facts_of, held
from studio.features.dataset.params import Params, Truth
from studio.jobs import run
from studio.jobs.terminal import OnTerminal, show_facts
from studio.training.pose_dataset import PoseDataset


def main(
    folder: Positional[Path],
    rig: Path | None = None,
    detections: Path | None = None,
    motions: tuple[Path, ...] = (),
    layout: str | None = None,
    rate_hz: float | None = None,
    truth: Annotated[Truth, tyro.conf.arg(name="")] = Truth(),  # noqa: B008
    json: bool = False,
) -> None:
    """Add triangulated takes to a pose dataset, or say what it holds.

    ``doppel pose`` gives the detections, ``doppel triangulate`` the motions, and ``doppel train
    lift --labels FOLDER`` learns from what is here.

    Args:
        folder: The folder of the dataset; made if takes are added and it is not there yet.
        rig: The calibration of the cameras: TOML, JSON, YAML, XML or .qca.txt.
        detections: The detections.npz of ``doppel pose``, or a folder of OpenPose JSON.
        motions: What was triangulated from them: .c3d, .trc or .csv, a file for each person.
        layout: Keypoint layout (body_25, halpe_26 ...) of the JSON, in place of the one that fits.
        rate_hz: Frames a second of the JSON (30).
        truth: Which points are truth.
        json: Print one JSON object.
    """
    if not (rig or detections or motions):
        _say(held(PoseDataset.open(folder)), PoseDataset.open(folder), {}, json)
        return
    if not (rig and detections and motions):
        raise StudioError(
            "A take needs its calibration, its detections and its motion.",
            "Give --rig FILE, --detections FILE and --motions FILE ..., or none of them to see "
            "what the dataset holds.",
        )
    from studio.media.formats.motions import read_motion
    from studio.media.formats.rigs import read_rig

    cameras = read_rig(rig).rig
    found, crowd = _read(detections, layout, rate_hz)
    takes = tuple(Take(path.stem, read_motion(path)) for path in motions)
    with OnTerminal("Dataset", quiet=json) as context:
        params = Params(**truth.model_dump(), folder=folder)
        result = run(collect(params, Inputs(cameras, found, takes, crowd), context))
    told: dict[str, Any] = {
        "added": [{"name": name, **asdict(about)} for name, about in result.added],
        "left_out": list(result.left_out),
        "notes": list(result.notes),
    }
    _say(facts_of(result), result.dataset, told, json)


def _read(path: Path, layout: str | None, rate_hz: float | None) -> tuple[Detections, Crowd | None]:
    if path.suffix.lower() == ".npz":
        from studio.media.formats.detections_npz import read_npz

        return read_npz(path), None
    from studio.media.formats.openpose import read_people

    people = read_people(path, layout, rate_hz=rate_hz or 30.0)
    return people.main(), people.crowd()


def _say(facts: tuple[Fact, ...], dataset: PoseDataset, told: dict[str, Any], json: bool) -> None:
    if json:
        answer = {"folder": str(dataset.path), "origin": dataset.origin, **told,
                  "takes": {name: asdict(dataset.about(name)) for name in dataset.names()},
                  "facts": [asdict(fact) for fact in facts]}  # fmt: skip
        print(json_module.dumps(answer, ensure_ascii=False))
        return
    console = Console()
    show_facts(console, facts, 10)
    console.print(f"In {dataset.path}", soft_wrap=True)
