"""The parametric head as few numbers: builds and face sliders in, MediaPipe's 478 points out.

The numbers are phenotypes (0 to 1) and local sliders (-1 to 1), those of both sides as one, so that
a fitted head is a :class:`~studio.human.design.Design` that can be changed like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from io import BytesIO

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.sparse import csr_matrix

from studio.core.errors import StudioError
from studio.core.files import write_whole
from studio.human.design import ADULT
from studio.human.names import face_vertices
from studio.human.person import Person, Rest, Shape, cache_folder, whole
from studio.human.rig import BONE_NAMES
from studio.human.sliders import FACE, VERTICES, Basis, basis, sliders

POINTS = 478
BUILDS = ("gender", "age", "african", "asian", "caucasian")
"""The phenotypes that faces show."""
NECK = ("neck-scale-horiz", "neck-back-scale-depth", "neck-double")
"""The sliders of the neck that photographs can tell and that leave the face alone."""
USUAL = {"gender": 0.5, "age": ADULT}
_MIDDLE = 0.5
_SPREAD = {"age": 0.12}
_BUILD_SPREAD, _SLIDER_SPREAD = 0.3, 0.3
_SLIDER_SPREAD_M = 0.004
_STEP = 0.05
HEAD = BONE_NAMES.index("head")
_ONE_SIDED = ("head-trans-out", "head-trans-up", "head-trans-forward", "nose-trans-out",
              "mouth-trans-out", "head-angle-out")  # fmt: skip
"""Sliders that would move or bend the whole head aside."""
_SKULL = ("head", "forehead")
_HIGH = ("head-scale-vert", "forehead-scale-vert")
_EARS, _EARS_UP = "ears", ("l-ear-trans-up", 0.22)
"""MediaPipe has no points of ears. The face's edge beside them, which it sees elsewhere than the
template has it, drags them 6 mm ahead and 4 mm down while a face is fitted: then they go back to
the build's, a little higher, as beside the fitted faces of made-up people and of a scanned one."""


@cache
def face_sliders() -> tuple[str, ...]:
    """The sliders of the face: of those that there are twice, the left one's name."""
    return tuple(
        s.name
        for s in sliders().values()
        if s.group in FACE and s.side != "right" and s.name not in _ONE_SIDED
    )


@cache
def unknowns() -> tuple[str, ...]:
    """The names of a head's numbers."""
    return (*BUILDS, *face_sliders())


def usual() -> Float[np.ndarray, " unknowns"]:
    """The numbers of the average head."""
    build = [USUAL.get(name, _MIDDLE) for name in BUILDS]
    return np.array([*build, *[0.0] * len(face_sliders())])


@cache
def spread() -> Float[np.ndarray, " unknowns"]:
    """How far people differ in each number (one standard deviation, judged by eye)."""
    build = [_SPREAD.get(name, _BUILD_SPREAD) for name in BUILDS]
    reach = np.linalg.norm(_slid(), axis=-1).max((0, 2))
    return np.array([*build, *np.minimum(_SLIDER_SPREAD, _SLIDER_SPREAD_M / np.fmax(reach, 1e-6))])


def bounds() -> tuple[Float[np.ndarray, " unknowns"], Float[np.ndarray, " unknowns"]]:
    """The least and the most that each number may be."""
    low = np.array([*[0.0] * len(BUILDS), *[-1.0] * len(face_sliders())])
    return low, np.ones_like(low)


@cache
def skull() -> Int[np.ndarray, " skull"]:
    """Which numbers are the skull's, of which photographs of faces show the forehead at most."""
    groups = [sliders()[name].group for name in face_sliders()]
    return len(BUILDS) + np.flatnonzero([group in _SKULL for group in groups])


@cache
def hidden() -> Int[np.ndarray, " hidden"]:
    """Which numbers photographs of faces do not show: how high skulls are, and the ears'."""
    high = [face_sliders().index(name) for name in _HIGH]
    return np.concatenate([len(BUILDS) + np.array(high), ears()])


@cache
def ears() -> Int[np.ndarray, " ears"]:
    """Which numbers are the ears'."""
    groups = [sliders()[name].group for name in face_sliders()]
    return len(BUILDS) + np.array([k for k, group in enumerate(groups) if group == _EARS])


def with_usual_ears(values: Float[np.ndarray, " unknowns"]) -> Float[np.ndarray, " unknowns"]:
    """The numbers of the same head with the ears where they usually are beside a fitted face."""
    out = values.copy()
    out[ears()] = 0.0
    out[unknowns().index(_EARS_UP[0])] = _EARS_UP[1]
    return out


@cache
def marks() -> tuple[np.ndarray, csr_matrix]:
    """The vertices that MediaPipe's points hang on, and the points as their means."""
    each = [face_vertices(f"mesh_{point}") for point in range(POINTS)]
    ids = np.unique(np.concatenate([np.array(vertices) for vertices in each]))
    place = {int(vertex): column for column, vertex in enumerate(ids)}
    rows = np.repeat(np.arange(POINTS), [len(vertices) for vertices in each])
    columns = np.array([place[int(v)] for vertices in each for v in vertices])
    shares = np.concatenate([np.full(len(vertices), 1 / len(vertices)) for vertices in each])
    return ids, csr_matrix((shares, (rows, columns)), (POINTS, len(ids)))


def ends(values: Float[np.ndarray, " unknowns"]) -> Float[np.ndarray, " ends"]:
    """The numbers with sliders in two: how far each is up, and how far down (0 or less)."""
    slid = values[len(BUILDS) :]
    return np.concatenate([values[: len(BUILDS)], np.fmax(slid, 0.0), np.fmin(slid, 0.0)])


def sides(values: Float[np.ndarray, " unknowns"]) -> Int[np.ndarray, " unknowns"]:
    """Which of the :func:`ends` each number is at."""
    slid = values[len(BUILDS) :]
    at = len(BUILDS) + np.arange(len(slid)) + np.where(slid < 0, len(slid), 0)
    return np.concatenate([np.arange(len(BUILDS)), at])


@dataclass(frozen=True, eq=False)
class Linear:
    """A head near some numbers: its points at rest (metres, in the head's frame: its bone's head,
    axes of the world), how each of their :func:`ends` moves them, and each facial action."""

    values: Float[np.ndarray, " unknowns"]
    points_m: Float[np.ndarray, "points 3"]
    moves_m: Float[np.ndarray, "ends points 3"]
    actions_m: Float[np.ndarray, "actions points 3"]

    def acted(self, actions: Float[np.ndarray, " actions"]) -> Float[np.ndarray, "points 3"]:
        """The points with an expression."""
        return self.points_m + np.tensordot(actions, self.actions_m, 1)

    def moved(self, values: Float[np.ndarray, " unknowns"]) -> Linear:
        """The head of these numbers, as far as builds are linear and sliders do not mix."""
        moved = np.tensordot(ends(values) - ends(self.values), self.moves_m, 1)
        return replace(self, values=values, points_m=self.points_m + moved)


@dataclass(frozen=True, eq=False)
class Region:
    """Some vertices of the person, as a head's numbers shape them; asked again it is quick."""

    person: Person
    parts: Basis

    @classmethod
    def of(cls, ids: Int[np.ndarray, " vertices"]) -> Region:
        """The base vertices ``ids``."""
        names = [n for name in face_sliders() for n in dict.fromkeys((name, sliders()[name].twin))]
        return cls(whole().subset(ids), basis([*names, *NECK], ids))

    @torch.no_grad()
    def rest(
        self, values: Float[np.ndarray, " unknowns"], actions: bool = False,
        neck: Float[np.ndarray, " sliders"] | None = None,
    ) -> Rest:  # fmt: skip
        """The person of these numbers, as far as the region goes."""
        told = sliders_of(values, neck)
        change = self.parts(torch.tensor([[told.get(name, 0.0) for name in self.parts.names]]))
        skin = torch.zeros(1, VERTICES, 3)
        skin[:, torch.as_tensor(self.person.ids)] = change.skin_m
        return self.person.rest(shape_of(values), actions, replace(change, skin_m=skin))


@cache
def _face() -> Region:
    return Region.of(marks()[0])


def shape_of(values: Float[np.ndarray, " unknowns"]) -> Shape:
    """The build that a head's numbers tell."""
    return Shape.of(None, **dict(zip(BUILDS, values.tolist(), strict=False)))


def sliders_of(
    values: Float[np.ndarray, " unknowns"], neck: Float[np.ndarray, " sliders"] | None = None
) -> dict[str, float]:
    """The sliders that a head's numbers tell, both sides of the face and the ``neck``; those that
    are set."""
    told = dict(zip(face_sliders(), values[len(BUILDS) :].tolist(), strict=True))
    told |= {} if neck is None else dict(zip(NECK, neck.tolist(), strict=True))
    return {
        name: round(value, 4)
        for left, value in told.items()
        for name in dict.fromkeys((left, sliders()[left].twin))
        if abs(value) > 1e-3
    }  # fmt: skip


def points_of(values: Float[np.ndarray, " unknowns"]) -> Float[np.ndarray, "points 3"]:
    """The calm face's points (metres, in the head's frame)."""
    rest = _face().rest(values)
    return marks()[1] @ (rest.vertices_m - rest.heads_m[HEAD]).double().numpy()


@cache
def _slid() -> Float[np.ndarray, "ends sliders points 3"]:
    """How each slider moves the average face's points at its high end and at its low one."""
    points = points_of(usual())
    shape = (2, len(face_sliders()), *points.shape)
    return kept(f"{face_sliders()}", points, shape, lambda: slid(points_of, points))


def slid(
    of: Callable[[Float[np.ndarray, " unknowns"]], Float[np.ndarray, "points 3"]],
    points: Float[np.ndarray, "points 3"],
) -> Float[np.ndarray, "ends sliders points 3"]:
    """How each slider moves the ``points`` of the average head at its high end and at its low one;
    ``of`` tells those of a head's numbers."""
    middle = usual()
    moves = np.empty((2, len(face_sliders()), *points.shape))
    for row, sign in enumerate((1.0, -1.0)):
        for k in range(len(face_sliders())):
            other = middle.copy()
            other[len(BUILDS) + k] = sign
            moves[row, k] = sign * (of(other) - points)
    return moves


def kept(
    what: str, points: np.ndarray, shape: tuple[int, ...], make: Callable[[], np.ndarray]
) -> np.ndarray:
    """How sliders move points, which takes longer than a fit: as the cache has it, of ``what`` and
    of this person, whose ``points`` are these; made and kept there if it has not."""
    known = f"{version('anny')} {what}".encode() + points.round(6).tobytes()
    path = cache_folder() / "faces" / f"{sha256(known).hexdigest()[:16]}.npy"
    with suppress(OSError, ValueError):
        found = np.load(path)
        if found.shape == shape:
            return found
    moves = make()
    data = BytesIO()
    np.save(data, moves)
    with suppress(StudioError):
        write_whole(path, data.getvalue())
    return moves


def linear(values: Float[np.ndarray, " unknowns"]) -> Linear:
    """The head near these numbers. Builds are tried anew, sliders as on the average head."""
    rest = _face().rest(values, actions=True)
    means = marks()[1]
    points = means @ (rest.vertices_m - rest.heads_m[HEAD]).double().numpy()
    actions = np.stack([means @ moved for moved in rest.actions_m.double().numpy()])
    high, low = _slid()
    moves = np.empty((len(BUILDS) + 2 * len(high), *points.shape))
    moves[len(BUILDS) :] = np.concatenate([high, low])
    for k in range(len(BUILDS)):
        step = _STEP if values[k] + _STEP <= 1 else -_STEP
        other = values.copy()
        other[k] += step
        moves[k] = (points_of(other) - points) / step
    return Linear(values, points, moves, actions)
