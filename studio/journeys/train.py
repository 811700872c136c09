"""``doppel train``: train a network, go on with it, prepare its samples, publish it."""

from __future__ import annotations

import json as json_module
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from tyro.conf import Positional

from studio.core.card import own_models
from studio.core.errors import StudioError
from studio.jobs import run
from studio.jobs.terminal import OnTerminal
from studio.perception.neural_heads.layers import Kind
from studio.perception.neural_heads.network import Placement
from studio.training import checkpoint
from studio.training.launch import choose_device
from studio.training.loop import Control, Outcome, Progress, train
from studio.training.many import train_together
from studio.training.plan import Optimiser, Plan, Precision, Schedule
from studio.training.publish import publish as publish_run
from studio.training.runs import keep_picture, run_folder
from studio.training.task import Bench, Split
from studio.training.tasks import find_task
from studio.weights.store import find, finder

_PICTURE_S = 120.0
_SPLITS: tuple[tuple[Split, int, float], ...] = (("validation", 0, 0.125), ("test", 0, 0.25))
_OF_SCENES = ("algebraic", "volumetric", "volumetric_refiner")
_OF_ITEMS = "occluder"
_OF_BODIES = ("body", "body_head")
_OF_HEADS = "neus"
_OF_LIGHT = "face_light"
_OF_FEET = "feet"


def main(
    name: Positional[str],
    minutes: float | None = None,
    steps: int | None = None,
    epochs: float | None = None,
    threshold: float | None = None,
    patience: int | None = None,
    device: str = "auto",
    resume: bool = False,
    afresh: bool = False,
    workers: int = 0,
    devices: int = 1,
    nodes: int = 1,
    batch: int = 32,
    learning_rate: float = 2e-3,
    optimiser: Optimiser = "own",
    schedule: Schedule = "cosine",
    precision: Precision = "auto",
    deterministic: bool = False,
    seed: int = 1,
    data: Path | None = None,
    labels: Path | None = None,
    share: float = 0.2,
    trunk: Path | None = None,
    known: int = 0,
    rank: int | None = None,
    kind: Kind | None = None,
    placement: Placement | None = None,
    experts: Path | None = None,
    annotated: Literal["all", "one"] = "all",
    critic: float = 0.0,
    aggregation: Literal["sum", "confidence", "softmax"] = "softmax",
    out: Path | None = None,
    prepare: int = 0,
    surroundings: Path | None = None,
    takes: tuple[Path, ...] = (),
    publish: bool = False,
    models: Path | None = None,
    footage: Path | None = None,
    json: bool = False,
) -> None:
    """Train a network. It is kept as it goes: end it with Ctrl+C, go on with --resume.

    Args:
        name: parts, heatmaps, feet, dope, dope_body, dope_hand, dope_face, pose_prior, lift,
            algebraic or volumetric.
        minutes: End after so many minutes of training, those of resumed runs included.
        steps: End after so many steps; only such a run repeats itself exactly.
        epochs: End after the samples were gone through so many times.
        threshold: End once the score is reached.
        patience: End after so many validations without a better score.
        device: auto, cpu or cuda.
        resume: Go on from the last checkpoint.
        afresh: Begin again, though there is a checkpoint.
        workers: Processes that make samples ahead.
        devices: Devices of this machine to train on together.
        nodes: Machines to train on together; MASTER_ADDR, MASTER_PORT and NODE_RANK tell them.
        batch: Samples in a step, over all devices.
        learning_rate: The highest, after the warm-up.
        optimiser: own is that of the network (Muon or AdamW); sgd has momentum (0.9), and wants a
            learning rate about ten times as high.
        schedule: How the learning rate falls: as a cosine, or in two steps to a tenth each.
        precision: auto takes bfloat16 where the device is quick in it.
        deterministic: Use only operations that repeat themselves exactly.
        seed: Of the network, the order and the variations.
        data: A folder of packed samples; without, they come live from the factory.
        labels: A folder of labelled pictures to learn from too.
        share: How much of what is learned from are labelled pictures.
        trunk: Weights to start from: those of a parts network (of heatmaps), of heatmaps or its own
            (of dope, feet and algebraic), of algebraic or its own (of volumetric), or its own (of
            lift, neus).
        known: Of neus: so many of the first heads that are packed are those of the trunk; what is
            the others' own is learned beside them, and all else held.
        rank: Of neus: of how many copies, which all heads share, low-rank layers are mixed for each
            head (32; where there is a trunk, as many as its own).
        kind: Of neus: how layers are each head's own: low-rank ones are mixed of shared copies,
            independent ones have all weights anew (low-rank; else as the trunk's).
        placement: Of neus: which layers are each head's own (usual: all but the last of the surface
            and of the colour; else as the trunk's).
        experts: A folder with the runs dope_body, dope_hand and dope_face for dope to learn from.
        annotated: Of dope: one keeps the truth of one kind of part a picture, as where bodies and
            hands and faces have data sets of their own; experts complete it.
        critic: Of lift: the weight of a critic that learns to tell lifted people from true ones.
        aggregation: Of volumetric: how views become one: their sum, their sum by their own
            confidence, or the softmax of what each shows.
        out: The folder of the run, instead of one in the cache.
        prepare: Only pack so many samples into --data (and a part of it for validation and test);
            of algebraic and volumetric: scenes of four cameras, the held-out ones of eight; of
            occluder: pictures of people with two items each; of feet: legs and feet from near; of
            body and body_head: clothed people with points about them (every fourth is fitted, the
            others take these fits' errors); of neus: heads filmed around.
        surroundings: Only pack pieces of the pictures in this folder into --data: photographs or
            panoramas without people, which people are then put before.
        takes: Motion files or folders of them to pack for the pose prior; --prepare then says how
            many moments of each of the factory's motions go with them.
        publish: Only measure the best weights, and put them in place if they are better.
        models: Where to publish, instead of the user's own models.
        footage: The folder of real takes, for the published figures.
        json: Print one JSON object at the end.
    """
    if prepare and name == "pose_prior":
        _prepare_poses(data, takes, prepare, json)
        return
    if prepare or surroundings is not None:
        _prepare(name, data, prepare, surroundings, seed, json)
        return
    options: dict[str, Any] = {}
    if data is not None:
        options["data"] = str(data)
    if labels is not None:
        options |= {"labels": str(labels), "share": share}
    if trunk is not None:
        options["trunk"] = str(trunk)
    if known:
        options["known"] = known
    layers = {"rank": rank, "kind": kind, "placement": placement}
    options |= {name: value for name, value in layers.items() if value is not None}
    if experts is not None:
        options["experts"] = str(experts)
    if annotated != "all":
        options["annotated"] = annotated
    if aggregation != "softmax":
        options["aggregation"] = aggregation
    if critic:
        options["critic"] = critic
    folder = out or run_folder(name)
    if publish:
        _publish(
            name, options, folder, models or own_models(), footage, choose_device(device), json
        )
        return
    if (folder / checkpoint.CHECKPOINT).is_file() and not resume and not afresh:
        raise StudioError(
            f"There is a run of “{name}” already.",
            "Go on with it with --resume, or begin again with --afresh.",
        )
    plan = Plan(
        steps=steps, minutes=minutes, epochs=epochs, threshold=threshold, patience=patience,
        batch=batch, learning_rate=learning_rate, precision=precision, seed=seed,
        optimiser=optimiser, schedule=schedule,
        deterministic=deterministic, workers=workers, picture_s=_PICTURE_S,
    )  # fmt: skip
    with OnTerminal(f"Train {name}", quiet=json) as context:
        if devices * nodes > 1:
            engine = train_together(
                name, options, plan, folder, context,
                resume=resume, device=device, devices=devices, nodes=nodes,
            )  # fmt: skip
        else:
            engine = _alone(name, options, plan, folder, context, resume=resume, device=device)
        outcome = run(engine, partial(keep_picture, folder))
    told = {
        "name": name, "step": outcome.step, "spent_s": round(outcome.spent_s, 1),
        "why": outcome.why, "score": outcome.score, "figures": dict(outcome.figures),
        "folder": str(folder),
    }  # fmt: skip
    if json:
        print(json_module.dumps(told, ensure_ascii=False))
        return
    figures = "  ".join(f"{what} {value:.4f}" for what, value in outcome.figures.items())
    console = Console(highlight=False)
    console.print(f"{name}: {outcome.step} steps, ended by {outcome.why}. {figures}")
    console.print(f"Kept in {folder}; publish with: doppel train {name} --publish")


def _alone(
    name: str, options: dict[str, Any], plan: Plan, folder: Path, control: Control,
    *, resume: bool, device: str,
) -> Generator[Progress, None, Outcome]:  # fmt: skip
    task = find_task(name, **options)
    return train(task, plan, folder, control, resume=resume, device=device)


def _prepare(
    name: str, data: Path | None, count: int, surroundings: Path | None, seed: int, json: bool
) -> None:
    from studio.training import bodies, feet, heads, lit, multiview, people, tryon
    from studio.training.surroundings import FLOORS_DEG, LEVEL_DEG, pack

    if data is None:
        raise StudioError("There is no place for the samples.", "Give a folder with --data.")
    find_task(name)
    recipe = people.WHOLE if name.startswith(people.WHOLE) else "parts"
    packed: dict[str, int] = {}
    if surroundings is not None:
        packed["surroundings"] = pack(
            surroundings, data, seed, pitch_deg=FLOORS_DEG if name == _OF_FEET else LEVEL_DEG
        )
    splits: list[tuple[Split, int, float]] = []
    if count:
        splits = [*_SPLITS, ("train", seed, 1.0)]
    with OnTerminal("Pack samples", quiet=json, keep=True) as context:
        for split, dice, part in splits:
            wanted = max(int(count * part), 1)

            def told(done: int, wanted: int = wanted, split: str = split) -> None:
                context.report(done / wanted, f"{split}: {done} of {wanted}")
                context.check()

            place = data / split
            if name in _OF_SCENES:
                packed[split] = multiview.pack(place, split, dice, wanted, told)
            elif name == _OF_ITEMS:
                packed[split] = tryon.pack(place, split, dice, wanted, told)
            elif name == _OF_HEADS:
                packed[split] = heads.pack(place, split, dice, wanted, told, finder())
            elif name == _OF_LIGHT:
                packed[split] = lit.pack(place, split, dice, wanted, told, finder())
            elif name == _OF_FEET:
                packed[split] = feet.pack(place, split, dice, wanted, told)
            elif name in _OF_BODIES:
                packed[split] = bodies.pack(place, split, dice, wanted, told, bodies.lookers(find))
            else:
                packed[split] = people.pack(place, split, dice, wanted, told, recipe)
    if json:
        print(json_module.dumps({"packed": packed, "folder": str(data)}))


def _prepare_poses(data: Path | None, takes: tuple[Path, ...], each: int, json: bool) -> None:
    from studio.journeys.poses import pack

    if data is None:
        raise StudioError("There is no place for the poses.", "Give a folder with --data.")

    def told(share: float, text: str) -> None:
        context.report(share, text)
        context.check()

    with OnTerminal("Pack poses", quiet=json, keep=True) as context:
        packed = pack(data, takes, each, told)
    if json:
        print(json_module.dumps({"packed": packed, "folder": str(data)}))


def _publish(
    name: str, options: dict[str, Any], folder: Path, models: Path, footage: Path | None,
    device: str, json: bool,
) -> None:  # fmt: skip
    task = find_task(name, **options)
    pictures = "data" in options and name != "pose_prior"
    packed = {"packed_samples": len(task.data("train", 0))} if pictures else {}
    bench = Bench(footage, finder())
    done = publish_run(task, folder, models, bench, device=device, facts=packed)
    if json:
        told = {"replaced": done.replaced, "why": done.why, "folder": str(models / task.name)}
        print(json_module.dumps(told, ensure_ascii=False))
        return
    verb = "published" if done.replaced else "not published"
    Console(highlight=False).print(f"{name}: {verb}; {done.why}", soft_wrap=True)
