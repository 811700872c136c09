"""How the skin lies around the neck, for things that rest on it, in the neck's anchor frame."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from scipy.interpolate import RegularGridInterpolator

from studio.human import anchors
from studio.human.anchors import REFERENCE_M
from studio.human.person import Shape, whole

_SKIN = 13_380
_BUILDS: tuple[dict[str, float], ...] = (
    {}, {"gender": 0.0, "muscle": 0.6}, {"gender": 1.0, "weight": 0.4}
)  # fmt: skip
_TURNS = np.radians(np.arange(0, 361, 6.0))
_HIGH = np.linspace(-0.09, 0.075, 34)
_MOST_M = 0.17


@cache
def _skin() -> RegularGridInterpolator:
    """How far from the neck's axis the outermost skin of several builds is, each scaled to the
    reference size, by turn and height."""
    person = whole()
    faces = person.model.faces.numpy()
    faces = faces[(faces < _SKIN).all(1)]
    found = np.zeros((len(_TURNS), len(_HIGH)))
    for build in _BUILDS:
        with torch.no_grad():
            rest = person.rest(Shape.of(None, **build), actions=False)
        there = anchors.of_rest(rest)
        skin = rest.vertices_m.numpy()[:_SKIN] - there.frames["neck"][:3, 3]
        skin = skin * REFERENCE_M["neck"] / there.sizes_m["neck"]
        corners = skin[faces]
        near = (np.abs(corners[..., 2]).min(1) < 0.12) & (
            np.linalg.norm(corners[..., :2], axis=-1).min(1) < _MOST_M
        )  # fmt: skip
        found = np.maximum(found, _first(corners[near]))
    return RegularGridInterpolator((_TURNS, _HIGH), found)


def _first(corners: np.ndarray) -> np.ndarray:
    """Where level rays from the axis first leave the skin (turns, heights), by Möller and
    Trumbore; no farther than is of use."""
    a, b, c = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    out = np.full((len(_TURNS), len(_HIGH)), _MOST_M)
    for i, turn in enumerate(_TURNS):
        way = np.array([np.sin(turn), -np.cos(turn), 0.0])
        p = np.cross(way, c)
        det = (p * b).sum(1)
        det = np.where(np.abs(det) < 1e-15, np.inf, det)
        for k, high in enumerate(_HIGH):
            s = np.array([0.0, 0.0, high]) - a
            q = np.cross(s, b)
            u, v, t = (s * p).sum(1) / det, (q @ way) / det, (q * c).sum(1) / det
            hit = (u >= -1e-6) & (v >= -1e-6) & (u + v <= 1 + 1e-6) & (t > 0.02)
            out[i, k] = min(float(t[hit].min(initial=_MOST_M)), _MOST_M)
    return out


def neck_reach(turn: np.ndarray, high_m: np.ndarray) -> np.ndarray:
    """How far the skin is from the neck's axis at these turns (0 is in front, the left comes after
    it) and heights over its base, for a neck of the reference width."""
    return _skin()(np.stack([np.mod(turn, 2 * np.pi), high_m], axis=-1))
