"""How somebody looks in a picture: the colours of patches of the body.

Where several cameras see several people, clothes tell who is who when geometry does not
(:mod:`studio.vision.people.looks`). Each patch is sampled on a grid inside the body, left and
right together, so that exchanged sides change nothing; its colour is the median, so that a few
samples of the background do not either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, UInt8

from studio.core.types import Layout
from studio.human.convert import conversion
from studio.human.layouts import layout as find_layout
from studio.perception.detector import Person2D

PATCHES = ("head", "chest", "belly", "upper_arms", "forearms", "thighs", "shins")
MIN_CONFIDENCE = 0.3
_POINTS = find_layout("coco_17")
_AT = {name: _POINTS.index(name) for name in _POINTS.points}
_LEAST = 0.3
"""A patch is known if so many of its samples lie in the picture, on nobody else."""
_LIMBS = (
    ("upper_arms", "shoulder", "elbow", 0.2, 0.85, 0.08),
    ("forearms", "elbow", "wrist", 0.15, 0.8, 0.06),
    ("thighs", "hip", "knee", 0.2, 0.85, 0.09),
    ("shins", "knee", "ankle", 0.1, 0.8, 0.07),
)
"""Patch, from joint to joint, the stretch that is sampled, how far aside (shares of the length)."""
_TRUNK = (("chest", 0.1, 0.45), ("belly", 0.5, 0.9))
_FACE = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
_THICK = 0.22
"""The radius of limbs by which somebody covers others, as a share of the trunk's length."""


def with_looks(
    rgb: UInt8[np.ndarray, "height width 3"], people: Sequence[Person2D]
) -> tuple[Person2D, ...]:
    """The same people with how they look in the picture they were found in."""
    told = looks_of(rgb, people)
    return tuple(replace(one, looks=look) for one, look in zip(people, told, strict=True))


def looks_of(
    rgb: UInt8[np.ndarray, "height width 3"], people: Sequence[Person2D]
) -> Float[np.ndarray, "people patches 3"]:
    """The colour of each of the :data:`PATCHES` of everybody in a picture: sRGB, 0 to 1.

    NaN where the joints about a patch were not found, where it lies outside of the picture or
    where another person is, before or behind.
    """
    points = np.array([_known(one) for one in people]).reshape(-1, len(_POINTS), 2)
    out = np.full((len(points), len(PATCHES), 3), np.nan)
    if not len(points):
        return out
    height, width = rgb.shape[:2]
    every = _samples(points)
    at = np.concatenate(list(every.values()), axis=1)
    column, row = np.nan_to_num(np.rint(at), nan=-1.0).astype(np.intp).transpose(2, 0, 1)
    good = (column >= 0) & (row >= 0) & (column < width) & (row < height)
    good &= ~_on_others(points, at)
    colour = rgb[np.where(good, row, 0), np.where(good, column, 0)].astype(np.float64) / 255
    colour[~good] = np.nan
    first = 0
    for number, name in enumerate(PATCHES):
        last = first + every[name].shape[1]
        out[:, number] = _median(colour[:, first:last])
        first = last
    return out


@lru_cache(maxsize=16)
def _conversion(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    matrix = conversion(layout, _POINTS)
    return np.nan_to_num(matrix), np.asarray(np.isnan(matrix).any(1))


def _known(person: Person2D) -> Float[np.ndarray, "points 2"]:
    """The points about which patches lie; NaN where not found."""
    matrix, lacks = _conversion(person.layout)
    unsure = ~(person.confidence >= MIN_CONFIDENCE) | ~np.isfinite(person.xy_px).all(-1)
    out = matrix @ np.where(unsure[:, None], 0.0, person.xy_px)
    out[lacks | (matrix[:, unsure] > 0).any(1)] = np.nan
    return out


def _samples(
    points: Float[np.ndarray, "people points 2"],
) -> dict[str, Float[np.ndarray, "people samples 2"]]:
    """Where each patch is sampled, by its name in the order of :data:`PATCHES`."""
    out: dict[str, np.ndarray] = {"head": _head(points)}
    corner = {
        f"{side}_{name}": points[:, _AT[f"{side}_{name}"]]
        for side in ("left", "right") for name in ("shoulder", "hip")
    }  # fmt: skip
    across = np.linspace(0.25, 0.75, 5)[None, :, None]
    for name, start, end in _TRUNK:
        down = np.linspace(start, end, 5)[:, None, None]
        left, right = (
            corner[f"{side}_shoulder"][:, None, None] * (1 - down)
            + corner[f"{side}_hip"][:, None, None] * down
            for side in ("left", "right")
        )
        out[name] = (left * (1 - across) + right * across).reshape(len(points), -1, 2)
    for name, upper, lower, start, end, aside in _LIMBS:
        sides: list[np.ndarray] = []
        for side in ("left", "right"):
            a, b = points[:, _AT[f"{side}_{upper}"]], points[:, _AT[f"{side}_{lower}"]]
            along = (b - a)[:, None, None]
            beside = along[..., ::-1] * np.array([-1.0, 1.0])
            share = np.linspace(start, end, 6)[:, None, None]
            off = aside * np.array([-1.0, 0.0, 1.0])[None, :, None]
            sides.append((a[:, None, None] + share * along + off * beside).reshape(len(a), -1, 2))
        out[name] = np.concatenate(sides, axis=1)
    return out


def _head(points: Float[np.ndarray, "people points 2"]) -> Float[np.ndarray, "people samples 2"]:
    """Samples about the middle of the face or of the back of the head."""
    face = points[:, [_AT[name] for name in _FACE]]
    known = np.isfinite(face[..., 0])
    count = known.sum(1)[:, None]
    middle = np.where(known[..., None], face, 0.0).sum(1) / np.where(count > 0, count, np.nan)
    neck = (points[:, _AT["left_shoulder"]] + points[:, _AT["right_shoulder"]]) / 2
    size = 0.25 * np.linalg.norm(neck - middle, axis=-1)[:, None, None]
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 5)), -1).reshape(-1, 2)
    return middle[:, None] + size * grid


def _on_others(
    points: Float[np.ndarray, "people points 2"], at: Float[np.ndarray, "people samples 2"]
) -> Bool[np.ndarray, "people samples"]:
    """Which samples lie where another person's limbs or trunk are."""
    out = np.zeros(at.shape[:2], bool)
    if len(points) < 2:
        return out
    pairs = [(f"{s}_{a}", f"{s}_{b}") for s in ("left", "right") for _, a, b, *_ in _LIMBS]
    pairs += [("left_shoulder", "right_hip"), ("right_shoulder", "left_hip")]
    first, last = np.array([(_AT[a], _AT[b]) for a, b in pairs]).T
    trunk = [np.linalg.norm(points[:, _AT[f"{s}_shoulder"]] - points[:, _AT[f"{s}_hip"]], axis=-1)
             for s in ("left", "right")]  # fmt: skip
    radius = _THICK * np.fmax(*trunk)
    known = np.isfinite(points[..., 0])[..., None]
    low = np.where(known, points, np.inf).min(1) - np.nan_to_num(radius)[:, None]
    high = np.where(known, points, -np.inf).max(1) + np.nan_to_num(radius)[:, None]
    for other in range(len(points)):
        a, b = points[other, first], points[other, last]
        u = b - a
        for one in range(len(points)):
            if one == other or (low[one] > high[other]).any() or (low[other] > high[one]).any():
                continue
            w = at[one][:, None] - a
            share = np.clip((w * u).sum(-1) / np.fmax((u * u).sum(-1), 1e-9), 0, 1)
            off = np.linalg.norm(w - share[..., None] * u, axis=-1)
            with np.errstate(invalid="ignore"):
                out[one] |= (off < radius[other]).any(-1)
    return out


def _median(
    colour: Float[np.ndarray, "people samples 3"],
) -> Float[np.ndarray, "people 3"]:
    """The median of the samples that are known (channel by channel), NaN where they are few."""
    count = np.isfinite(colour[..., 0]).sum(1)
    middle = np.maximum(count - 1, 0) // 2
    ordered = np.sort(colour, axis=1)
    out = np.take_along_axis(ordered, middle[:, None, None], 1)[:, 0]
    return np.where((count >= _LEAST * colour.shape[1])[:, None], out, np.nan)
