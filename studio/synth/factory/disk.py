"""Shots as files that any program reads: PNG pictures and maps, and one JSON line a shot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from studio.core.errors import StudioError
from studio.core.parts import PART_TITLES
from studio.core.types import Camera
from studio.synth.factory.factory import Factory
from studio.synth.factory.sheet import save
from studio.synth.factory.shot import PersonTruth, Shot

_ABOUT = """# Synthetic people

Made by `doppel synth write`: recipe {recipe} (version {version}), split {split}, seed {seed}.
Nobody shown exists. CC0: use them for anything.

- `NNNNNN.png`: the picture.
- `NNNNNN_parts.png`: a label a pixel ({parts}).
- `NNNNNN_instances.png`: 0, or the number of the person.
- `NNNNNN_depth.png`: millimetres along the optical axis, 16 bit, 0 where nothing is near.
- `NNNNNN_normal.png`: the world normal, -1 to 1 as 0 to 255, x y z as red green blue.
- `NNNNNN_uv.png`: place in the skin's atlas, 16 bit, u v as red green; blue is 65535 on skin.
- `NNNNNN_item.png`, `NNNNNN_occlusion.png`: the worn item alone, and where it is hidden (255).
- `truth.jsonl`: one JSON object a picture. `camera` is OpenCV's: x = K distort(R X + t). Points
  are [x px, y px, X m, Y m, Z m, visible], in the order of the layout named; the world is in
  metres, Z up. Pixel centres lie at integers.
"""


def write(factory: Factory, count: int, folder: Path, start: int = 0) -> Iterator[Shot]:
    """Write shots ``start`` to ``start + count`` into a folder; gives each once it is written.

    Raises StudioError if the folder holds something else already or cannot be written.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "truth.jsonl").is_file():
        raise StudioError(f"“{folder}” holds other things already.", "Give an empty folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        recipe = factory.recipe
        parts = ", ".join(f"{label.value} {title.lower()}" for label, title in PART_TITLES.items())
        about = _ABOUT.format(recipe=recipe.name, version=recipe.version, split=factory.split,
                              seed=factory.seed, parts=parts)  # fmt: skip
        (folder / "README.md").write_text(about, "utf-8")
        with (folder / "truth.jsonl").open("a", encoding="utf-8") as lines:
            for number in range(start, start + count):
                shot = factory.shot(number)
                for ending, picture in pictures(shot).items():
                    save(picture, folder / f"{number:06d}{ending}.png")
                lines.write(json.dumps(told(shot)) + "\n")
                yield shot
    except OSError as error:
        raise StudioError(
            f"The folder “{folder}” cannot be written ({error}).", "Give another folder."
        ) from error


def pictures(shot: Shot) -> dict[str, np.ndarray]:
    """A shot's picture and maps as 8 or 16 bit pictures, by the ending of the file's name."""
    out: dict[str, np.ndarray] = {"": shot.rgb}
    for name, plane in (("_parts", shot.parts), ("_instances", shot.instances),
                        ("_occlusion", shot.occlusion)):  # fmt: skip
        if plane is not None:
            out[name] = plane[..., None]
    if shot.depth_m is not None:
        deep = np.where(np.isfinite(shot.depth_m), 1000 * shot.depth_m, 0)
        out["_depth"] = np.clip(deep + 0.5, 0, 65535).astype(np.uint16)[..., None]
    if shot.normal is not None:
        out["_normal"] = np.clip(127.5 * (shot.normal + 1) + 0.5, 0, 255).astype(np.uint8)
    if shot.uv is not None:
        skin = np.isfinite(shot.uv).all(axis=-1, keepdims=True)
        uv = np.clip(65535 * np.nan_to_num(shot.uv) + 0.5, 0, 65535)
        out["_uv"] = np.concatenate([uv, 65535 * skin], axis=-1).astype(np.uint16)
    if shot.item is not None:
        out["_item"] = cv2.cvtColor(shot.item, cv2.COLOR_RGBA2BGRA)[..., ::-1]
    return out


def told(shot: Shot) -> dict[str, Any]:
    """A shot's truth as plain values."""
    return {
        "number": shot.number, "moment": shot.moment, "framing": shot.framing,
        "place": shot.place, "camera": _camera(shot.camera),
        "rig": [_camera(camera) for camera in shot.rig.cameras],
        "people": [_person(person) for person in shot.people],
    }  # fmt: skip


def _camera(camera: Camera) -> dict[str, Any]:
    return {
        "name": camera.name, "size_px": list(camera.size_px), "lens": camera.lens,
        "matrix": np.round(camera.matrix, 4).tolist(),
        "distortion": np.round(camera.distortion, 6).tolist(),
        "rotation": np.round(camera.rotation, 7).tolist(),
        "translation_m": np.round(camera.translation_m, 6).tolist(),
    }  # fmt: skip


def _person(person: PersonTruth) -> dict[str, Any]:
    points: dict[str, Any] = {}
    for name, of in person.points.items():
        table = np.column_stack([of.xy_px, of.xyz_m]).round(4)
        points[name] = [
            [None if np.isnan(v) else round(float(v), 4) for v in row] + [bool(seen)]
            for row, seen in zip(table, of.visible, strict=True)
        ]
    boxes = {
        name: None if np.isnan(box).any() else np.round(box, 2).tolist()
        for name, box in person.boxes_px.items()
    }
    return {
        "number": person.number, "identity": person.identity, "motion": person.motion,
        "points": points, "boxes_px": boxes, "phenotype": dict(person.phenotype),
        "bones_world": np.round(person.bones_world, 5).tolist(),
        "actions": {name: round(weight, 4) for name, weight in person.actions.items() if weight},
        "looks": dict(person.looks),
    }  # fmt: skip
