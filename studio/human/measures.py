"""What a tape measure says of a person: lengths, girths, volume and mass, in the reference pose.

A girth is the tape's: the perimeter of the convex hull of the skin's outline at an anatomical level
(those of ISO 8559). The levels are found once on the average adult and then go with the body: an
outline hangs on fixed edges of the mesh. Everything is differentiable in the shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.spatial import ConvexHull
from torch import Tensor

from studio.core.errors import StudioError
from studio.human import compact, compaction, sliders
from studio.human.compact import Change, CompactPerson, CompactRest
from studio.human.person import Shape
from studio.human.rig import BONE_NAMES
from studio.human.tape import COARSE, MARKS, Outline, coarse_body, outlines

GIRTHS = ("head", "neck", "chest", "waist", "hip", "thigh", "calf", "upper_arm", "wrist")
MEASURES = (
    "height", "inseam", "arm", "shoulders", "foot", *(f"{name}_girth" for name in GIRTHS),
    "volume", "mass",
)  # fmt: skip
"""Lengths and girths are in metres, ``volume`` in cubic metres, ``mass`` in kilograms."""
DENSITY = 985.0
"""Kilograms a cubic metre: a body with air in its lungs."""
Hulls = list[np.ndarray]


@dataclass(frozen=True, eq=False)
class Tape:
    """The person with only what some measures need, whose names are ``names``.

    Faces, edges and marks are rows of ``person``. ``faces`` are a coarse body, which is a little
    emptier than the whole one; there are none where neither volume nor mass is measured.
    """

    names: tuple[str, ...]
    person: CompactPerson
    outlines: tuple[Outline, ...]
    rows: dict[str, int]
    faces: Int[Tensor, "faces 3"]

    def measure(
        self,
        rest: CompactRest,
        fuller: float = 1.0,
        hulls: Hulls | None = None,
        alike: bool = False,
    ) -> Float[Tensor, "batch measures"]:
        """The measures of people, in the order of ``names``.

        ``fuller`` is how much more volume a body has than the coarse one (:func:`fullness`);
        ``hulls`` are those of similar people, to save time; the volumes of people who are
        ``alike`` are the first one's and what changes them to first order.
        """
        skin = self.person.reference_skin(rest)
        found = self._lengths(skin, rest.heads_m)
        for i, outline in enumerate(self.outlines):
            flat = outline.flat(skin)
            name = f"{outline.name}_girth"
            tape = outline.weight * _perimeter(flat, hulls[i] if hulls is not None else None)
            found[name] = found[name] + tape if name in found else tape
        if len(self.faces):
            found["volume"] = fuller * (_volumes if alike else volume)(skin, self.faces)
            found["mass"] = DENSITY * found["volume"]
        return torch.stack([found[name] for name in self.names], 1)

    def _lengths(self, skin: Tensor, heads: Tensor) -> dict[str, Tensor]:
        at = {name: skin[:, row] for name, row in self.rows.items()}
        joint = {name: heads[:, BONE_NAMES.index(name)] for name in _JOINTS}

        def apart(a: Tensor, b: Tensor, axes: Sequence[int] = (0, 1, 2)) -> Tensor:
            return (a - b)[:, list(axes)].norm(dim=1)

        floor = torch.minimum(at["left_sole"][:, 2], at["right_sole"][:, 2])
        arms = [
            apart(at[f"{side}_acromion"], joint[f"lowerarm01.{s}"])
            + apart(joint[f"lowerarm01.{s}"], joint[f"wrist.{s}"])
            for side, s in _SIDES
        ]
        feet = [apart(at[f"{side}_heel"], at[f"{side}_toe"], (0, 1)) for side, _ in _SIDES]
        return {
            "height": at["crown"][:, 2] - floor,
            "inseam": at["crotch"][:, 2] - floor,
            "arm": (arms[0] + arms[1]) / 2,
            "shoulders": apart(at["left_acromion"], at["right_acromion"]),
            "foot": (feet[0] + feet[1]) / 2,
        }

    def hulls(self, rest: CompactRest) -> Hulls:
        """Which points of every outline the tape touches, on the first of these people."""
        first = CompactRest(
            rest.modelled_m[:1], rest.modelled_heads_m[:1], rest.heads_m[:1], rest.frames[:1]
        )
        skin = self.person.reference_skin(first).detach()
        return [_hull(outline.flat(skin)[0].cpu().numpy()) for outline in self.outlines]


_SIDES = (("left", "L"), ("right", "R"))
_JOINTS = tuple(f"{bone}.{s}" for bone in ("lowerarm01", "wrist") for _, s in _SIDES)


def _hull(flat: Float[np.ndarray, "points 2"]) -> np.ndarray:
    return ConvexHull(flat).vertices


def _perimeter(flat: Float[Tensor, "batch points 2"], hull: np.ndarray | None) -> Tensor:
    if hull is None:
        still = flat.detach().cpu().numpy()
        return torch.cat([_perimeter(flat[i : i + 1], _hull(still[i])) for i in range(len(flat))])
    corners = flat[:, torch.as_tensor(hull, dtype=torch.long, device=flat.device)]
    return (corners - corners.roll(1, 1)).norm(dim=2).sum(1)


@cache
def _person() -> tuple[CompactPerson, tuple[Outline, ...], np.ndarray, CompactPerson, Tensor]:
    """The person, where the tape lies on them, their coarse body, and the body with its faces."""
    person = compact.load(compaction.stored())
    with torch.no_grad():
        skin = person.reference_skin(person.rest(person.phenotypes()))[0].numpy()
    end = person.parts["body"][0][1]
    body = person.faces[(person.faces < end).all(1)]
    lines, coarse = outlines(person, skin), coarse_body(person, skin, COARSE)
    return person, lines, coarse, person.subset(np.arange(end)), body


@lru_cache(maxsize=64)
def tape(names: tuple[str, ...] = MEASURES) -> Tape:
    """The tape for these measures. Raises StudioError for a name that is none."""
    unknown = sorted({*names} - {*MEASURES})
    if unknown:
        raise StudioError(
            f"There is no measure {', '.join(unknown)}.", f"There are: {', '.join(MEASURES)}."
        )
    person, lines, coarse, _, _ = _person()
    lines = [line for line in lines if f"{line.name}_girth" in names]
    if "volume" not in names and "mass" not in names:
        coarse = coarse[:0]
    marks = np.array(list(MARKS.values()))
    ids = np.unique(np.concatenate([coarse.ravel(), marks, *(li.edges.ravel() for li in lines)]))

    def rows(of: np.ndarray) -> np.ndarray:
        return np.searchsorted(ids, of)

    return Tape(
        names,
        person.subset(ids),
        tuple(line.with_edges(rows(line.edges)) for line in lines),
        {name: int(row) for name, row in zip(MARKS, rows(marks), strict=True)},
        torch.as_tensor(rows(coarse).astype(np.int64)),
    )


def volume(
    skin: Float[Tensor, "batch vertices 3"], faces: Int[Tensor, "faces 3"]
) -> Float[Tensor, " batch"]:
    """The volumes (cubic metres) of closed surfaces."""
    a, b, c = (skin[:, corner] for corner in faces.T)
    return (torch.linalg.cross(a, b) * c).sum((1, 2)) / 6


def _volumes(skin: Tensor, faces: Tensor) -> Tensor:
    """The volumes of surfaces that differ little from the first, to first order."""
    first = skin[0]
    a, b, c = (first[corner] for corner in faces.T)
    sides = [torch.linalg.cross(x, y) for x, y in ((b, c), (c, a), (a, b))]
    out = torch.zeros_like(first).index_add(0, faces.T.flatten(), torch.cat(sides)) / 6
    return (sides[2] * c).sum() / 6 + ((skin - first) * out).sum((1, 2))


def changes(person: CompactPerson, local: Mapping[str, float]) -> Change | None:
    """What local sliders change on these vertices of one person."""
    if not local:
        return None
    few = sliders.basis(tuple(local), person.ids.numpy())
    return few(torch.tensor([list(map(float, local.values()))]))


@lru_cache(maxsize=256)
def _fullness_near(names: tuple[str, ...], phenotypes: tuple[float, ...]) -> float:
    used, shape = tape(names), Shape.of()
    return fullness(used, Shape(torch.tensor(phenotypes), shape.scales), {})


def fullness_near(used: Tape, shape: Shape) -> float:
    """:func:`fullness` of a person of about this build, remembered: within 1 %."""
    steps = (shape.phenotypes * 8).round() / 8
    return _fullness_near(used.names, tuple(steps.tolist())) if len(used.faces) else 1.0


def fullness(used: Tape, shape: Shape, local: Mapping[str, float]) -> float:
    """Volume of the body of one person over that of the tape's coarse body; 1 without one."""
    if not len(used.faces):
        return 1.0
    *_, body, faces = _person()
    found = [
        volume(p.reference_skin(p.rest(shape.phenotypes[None], shape.scales[None],
                                       changes(p, local))), which)
        for p, which in ((body, faces), (used.person, used.faces))
    ]  # fmt: skip
    return float(found[0] / found[1])


@torch.no_grad()
def measures(
    shape: Shape, local: Mapping[str, float] | None = None, names: tuple[str, ...] = MEASURES
) -> dict[str, float]:
    """What the tape says of a person of this shape, with these local sliders (-1..1)."""
    used, local = tape(names), local or {}
    person = used.person
    rest = person.rest(shape.phenotypes[None], shape.scales[None], changes(person, local))
    found = used.measure(rest, fullness(used, shape, local))
    return dict(zip(names, found[0].tolist(), strict=True))
