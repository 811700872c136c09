"""The bare head of a fit, quick enough to follow a hand: skin and eyes down to the neck."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Float, Int

from studio.human.heads import model
from studio.human.heads.carving import IRISES, field_at
from studio.synth.figure import make_figure

_BELOW_M, _FADE_M = 0.015, 0.05
"""How far below the neck's lower joint the bust is cut, and over how much it fades out."""


@dataclass(frozen=True, eq=False)
class Shaped:
    """A bust of one person, calm, and what each facial action does to it (metres, in the head's
    frame of the fit)."""

    vertices_m: Float[np.ndarray, "vertices 3"]
    actions_m: Float[torch.Tensor, "52 vertices 3"]

    def acted(self, actions: Float[np.ndarray, "52"]) -> Float[np.ndarray, "vertices 3"]:
        """With an expression."""
        strong = torch.from_numpy(np.asarray(actions, np.float32))
        return self.vertices_m + torch.einsum("a,avk->vk", strong, self.actions_m).numpy()


class Bust:
    """The vertices and triangles of a bust, the same for everybody. ``ids`` are the base vertices
    that it is made of, ``kept`` which of them are its own (after the last: where edges are cut);
    ``eyes`` are the last triangles; ``clear`` says how solid each is (0 to 1): towards its end the
    neck fades."""

    def __init__(self) -> None:
        figure = make_figure()
        level = figure.head("neck01")[2] - _BELOW_M
        high = figure.vertices_m[:, 2] - level
        skin, eyes = figure.surface.faces["skin"], figure.surface.faces["eyes"]
        skin, self._ends, share = _cut(skin[(high[skin] > 0).any(1)], high)
        faces = np.concatenate([skin, eyes])
        whole = faces[faces < len(high)]
        self.ids = np.unique(np.concatenate([whole, self._ends.ravel()]))
        place = np.full(len(high) + len(self._ends), -1)
        place[self.ids] = np.arange(len(self.ids))
        place[len(high) :] = len(self.ids) + np.arange(len(self._ends))
        above = np.concatenate([high[self.ids], np.zeros(len(share))])
        self._ends, self._share = place[self._ends], torch.from_numpy(share.astype(np.float32))
        self.kept, used = np.unique(place[faces], return_inverse=True)
        self.faces: Int[np.ndarray, "faces 3"] = used.reshape(-1, 3)
        self.eyes = len(eyes)
        self.clear = np.clip(above[self.kept][self.faces].mean(1) / _FADE_M, 0, 1)
        self.region = model.Region.of(self.ids)
        rest = self.region.rest(model.usual())
        at = (rest.vertices_m - rest.heads_m[model.HEAD]).numpy()
        pulls = field_at(at)
        balls = np.flatnonzero(np.isin(self.ids, eyes))
        left = at[balls, 0] > 0
        marks = field_at(model.points_of(model.usual())[list(IRISES)])
        for mine, pull in zip((left, ~left), marks, strict=True):
            pulls[balls[mine]] = pull
        self._pulls = torch.from_numpy(pulls.astype(np.float32))

    def of(
        self, values: Float[np.ndarray, " unknowns"], carved_m: Float[np.ndarray, "478 3"],
        neck: Float[np.ndarray, " sliders"] | None = None,
    ) -> Shaped:  # fmt: skip
        """The bust of a head's numbers, with what is carved."""
        rest = self.region.rest(values, actions=True, neck=neck)
        carved = self._pulls @ torch.from_numpy(carved_m.astype(np.float32))
        vertices = rest.vertices_m - rest.heads_m[model.HEAD] + carved
        return Shaped(self.closed(vertices).numpy(), self.closed(rest.actions_m))

    def closed(self, at: torch.Tensor) -> torch.Tensor:
        """What the base vertices ``ids`` (..., ids, 3) have, as the bust's own vertices have it:
        with the places where edges are cut, and without what lies below."""
        a, b = at[..., self._ends[:, 0], :], at[..., self._ends[:, 1], :]
        return torch.cat([at, a + self._share[:, None] * (b - a)], dim=-2)[..., self.kept, :]


def _cut(faces: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Triangles without what lies below zero: of the cut edges, their ends and where on the way
    from the first to the second they are cut; new vertices count on from those that there are."""
    cuts: dict[tuple[int, int], int] = {}

    def cut(a: int, b: int) -> int:
        key = min(a, b), max(a, b)
        return cuts.setdefault(key, len(high) + len(cuts))

    kept: list[tuple[int, int, int]] = []
    for corners in faces.tolist():
        up = [bool(high[k] > 0) for k in corners]
        if all(up):
            kept.append(tuple(corners))
            continue
        lone = up.index(up.count(True) == 1)  # the corner that is alone on its side
        a, b, c = corners[lone], corners[(lone + 1) % 3], corners[(lone + 2) % 3]
        ab, ac = cut(a, b), cut(a, c)
        kept += [(a, ab, ac)] if up[lone] else [(ab, b, c), (ab, c, ac)]
    ends = np.array(list(cuts))
    share = high[ends[:, 0]] / (high[ends[:, 0]] - high[ends[:, 1]])
    return np.array(kept), ends, share


@cache
def bust() -> Bust:
    """The one bust."""
    return Bust()
