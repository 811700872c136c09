"""The template's face wrapped to what a neural head has learned: its points go along the skin's
normals to the learned surface, the skin between them with them. Topology, facial actions, eyes and
texture coordinates stay the template's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from scipy.linalg import cho_factor, cho_solve

from studio.human.heads.carving import IRISES, face_kernel
from studio.perception.neural_heads.fitting import NeuralHead
from studio.perception.neural_heads.space import asked
from studio.synth.heads.seen import SeenHead

MOST_M = 0.006
"""No point goes further."""
_NOISE_M = 0.002
_ROUNDS = 2
_LEAST_M = 0.0001


def wrapping(head: NeuralHead, marks_m: Float[np.ndarray, "478 3"]) -> Float[np.ndarray, "478 3"]:
    """How far the face's points, which lie at ``marks_m`` on the fit's skin, go to lie on the
    learned surface: along the skin's normals, smoothly (metres)."""
    places = marks_m.copy()
    ways = _normals(head, marks_m)
    for _ in range(_ROUNDS):
        places -= head.outside_m(places)[:, None] * ways
    along = np.einsum("ij,ij->i", places - marks_m, ways).clip(-MOST_M, MOST_M)
    held = np.setdiff1d(np.arange(len(marks_m)), _eyes())
    alike = face_kernel()
    gram = alike[np.ix_(held, held)] + _NOISE_M**2 * np.eye(len(held))
    smooth = alike[:, held] @ cho_solve(cho_factor(gram), along[held])
    smooth[_eyes()] = 0.0
    return smooth[:, None] * ways


def wrapped(seen: SeenHead, moved_m: Float[np.ndarray, "478 3"]) -> SeenHead:
    """A head whose face's points are moved so far, besides what was carved before."""
    before = np.zeros_like(moved_m)
    for point, move in seen.design.carved.items():
        before[point] = move
    found = {
        point: (round(float(x), 5), round(float(y), 5), round(float(z), 5))
        for point, (x, y, z) in enumerate(np.clip(before + moved_m, -0.03, 0.03))
        if max(abs(x), abs(y), abs(z)) > _LEAST_M
    }
    return replace(seen, design=seen.design.but(carved=found))


def _normals(head: NeuralHead, places_m: np.ndarray) -> np.ndarray:
    points = torch.from_numpy(places_m.astype(np.float32))[None]
    ways = asked(head.fields.outside, points)[0, :, 1:].double().numpy()
    return ways / np.fmax(np.linalg.norm(ways, axis=1, keepdims=True), 1e-9)


def _eyes() -> list[int]:
    return [k for iris in sorted(IRISES) for k in range(iris, iris + 5)]
