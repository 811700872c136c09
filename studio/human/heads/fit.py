"""One head from the points of one photograph or several.

Build, face sliders, and for each photograph where the head is, the lens and the expression are
solved together (bounded least squares, the Jacobian in closed form), the face near the last numbers
taken as linear, a few times. What MediaPipe makes of depth is believed a little.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from studio.human.heads import model
from studio.human.heads.descent import STEPS, Block, descend
from studio.human.heads.model import Linear
from studio.human.heads.shown import Portrait
from studio.human.rig import ACTIONS
from studio.vision.rotations import cross_matrix, left_jacobian
from studio.vision.similarity import similarity

Held = Literal["expression", "eyelids", "pose", "neck"]
"""What of a fit can be held: all actions, those of the lids, where heads are and their lenses, the
neck's shape: its sliders, and the build, which shapes it too."""
ROUNDS = 3
SURE = 0.012
"""How far a point is off, usually, by the face's height in the picture."""
DEEP, DEEP_MATCHED = 0.05, 0.15
"""The same of MediaPipe's depths, after they are shifted and scaled as fits best: where nothing
else tells how deep a face is, and where photographs were matched."""
SIZE = 0.02
"""How much faces of heads of one size differ in theirs (of its logarithm). Photographs do not tell
how large a face is: without this, those seen from the side come out small on skulls too long."""
ACTION = 0.25
"""How strong facial actions usually are in photographs."""
_FAR = 3.0
_GENDER = model.BUILDS.index("gender")
_SHY = [ACTIONS.index(name) for name in ("tongueOut", "cheekPuff", "jawForward")]
_JAW = ACTIONS.index("jawOpen")
_LIDS = [
    k for k, name in enumerate(ACTIONS) if name.startswith(("eyeBlink", "eyeSquint", "eyeWide"))
]
_QUICK = 2


@dataclass(frozen=True, eq=False)
class View:
    """How a photograph was taken: from the head's frame into the camera's (``rotation``,
    ``translation_m``), the focal length in pixels, and the expression (52 actions, 0 to 1)."""

    rotation: Float[np.ndarray, "3 3"]
    translation_m: Float[np.ndarray, "3"]
    focal_px: float
    centre_px: tuple[float, float]
    actions: Float[np.ndarray, "52"]

    def camera_points(self, xyz_m: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, "points 3"]:
        """Points of the head's frame, as the camera has them: right, down, ahead (metres)."""
        return xyz_m @ self.rotation.T + self.translation_m

    @property
    def turned_deg(self) -> float:
        """How far the head is turned from looking into the camera (degrees)."""
        ahead = self.rotation @ np.array([0.0, -1.0, 0.0])
        return float(np.degrees(np.arccos(np.clip(-ahead[2], -1, 1))))

    def project(self, xyz_m: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, "points 2"]:
        """Where points of the head's frame are in the picture."""
        seen = self.camera_points(xyz_m)
        return self.focal_px * seen[:, :2] / seen[:, 2:] + self.centre_px


@dataclass(frozen=True, eq=False)
class FittedHead:
    """A head: its numbers (:func:`studio.human.heads.model.unknowns`), the photographs' views, how
    far points were off before the ears went back to where they usually are (pixels, root of mean
    squares a photograph), the face near these numbers: where the calm face's points are, and
    how numbers and actions move them, and the sliders of the neck
    (:data:`studio.human.heads.model.NECK`), which points of the face do not tell."""

    values: Float[np.ndarray, " unknowns"]
    views: tuple[View, ...]
    off_px: tuple[float, ...]
    near: Linear
    neck: Float[np.ndarray, " sliders"] = field(default_factory=lambda: np.zeros(len(model.NECK)))

    @property
    def points_m(self) -> Float[np.ndarray, "478 3"]:
        """The calm face's points (metres, in the head's frame)."""
        return self.near.points_m

    def acted(self, view: View) -> Float[np.ndarray, "478 3"]:
        """Where the points are with the expression of a photograph."""
        return self.near.acted(view.actions)


def fit(
    portraits: Sequence[Portrait],
    *,
    expression: bool = True,
    start: FittedHead | None = None,
    gender: float | None = None,
    rounds: int = ROUNDS,
    held: Collection[Held] = (),
    about: FittedHead | None = None,
) -> FittedHead:
    """The head that the photographs show. ``expression`` off keeps every face calm; ``gender`` is
    held where it is known (0 to 1). ``start`` is a head of the same photographs to begin with, of
    which ``held`` stays as it is. No ``rounds`` take the face as linear near ``start``: quick, for
    as long as a pin is dragged. ``about`` is a head of which more is known than these points tell:
    numbers and actions stay near its, not near those of the average head."""
    values = model.usual() if start is None else start.values.copy()
    if gender is not None:
        values[_GENDER] = gender
    told = start is not None and bool(np.array_equal(values, start.values))
    near = start.near if start is not None and told else model.linear(values)
    views = [_placed(one, near) for one in portraits] if start is None else list(start.views)
    for _ in range(max(rounds, 1)):
        problem = Problem(portraits, near, values, expression, gender is not None, held, about)
        found, views = problem.solve(views, STEPS if rounds else _QUICK)
        near = model.linear(found) if rounds else near.moved(found)
        values = found
    off = tuple(
        float(np.sqrt((_off(one, view, near) ** 2).sum(1).mean()))
        for one, view in zip(portraits, views, strict=True)
    )
    values = model.with_usual_ears(values)
    near = near.moved(values)
    neck = {} if start is None else {"neck": start.neck}
    return FittedHead(values, tuple(views), off, near, **neck)


def residuals_of(
    one: Portrait, view: View, head: FittedHead
) -> tuple[Float[np.ndarray, "478 2"], Float[np.ndarray, " 478"]]:
    """How far the points of a photograph lie from where the fitted head has them (pixels), and how
    much each counts."""
    return -_off(one, view, head.near), one.say


@cache
def _usual_size() -> float:
    """The average face's size: its points' distances from their middle, together."""
    points = model.points_of(model.usual())
    return float(np.linalg.norm(points - points.mean(0)))


def _off(one: Portrait, view: View, near: Linear) -> np.ndarray:
    return view.project(near.acted(view.actions)) - one.wanted_px


def _placed(one: Portrait, near: Linear) -> View:
    """Where the head is about: MediaPipe's points as if they were a scan (Umeyama)."""
    turn, scale, shift = similarity(near.points_m, one.xyz_px.astype(float))
    middle = near.points_m.mean(0)
    centre = scale * turn @ middle + shift
    if one.camera is not None:
        focal = float(one.camera.matrix[[0, 1], [0, 1]].mean())
        at = one.camera.matrix[0, 2], one.camera.matrix[1, 2]
    else:
        focal = one.lens[0]
        at = (one.size_px[0] - 1) / 2, (one.size_px[1] - 1) / 2
    away = focal / scale
    ahead = np.array([*((centre[:2] - at) / scale), away])
    return View(turn, ahead - turn @ middle, focal, (float(at[0]), float(at[1])), np.zeros(52))


class Problem:
    """The least squares of all photographs, linear about ``values`` in the head's numbers, which
    are usually near those of the average head, or of another that they are ``about``.

    The numbers are: the head's, then for each photograph a turn (3), a place (3), the focal
    length's logarithm (1), the depths' shift and scale (2) and the actions (52).
    """

    EACH = 9 + 52

    def __init__(
        self, portraits: Sequence[Portrait], near: Linear, values: np.ndarray, expression: bool,
        gendered: bool = False, held: Collection[Held] = (), about: FittedHead | None = None,
    ) -> None:  # fmt: skip
        self.usual = model.usual() if about is None else about.values
        self.acted = [np.zeros(52)] * len(portraits)
        if about is not None:
            self.acted = [view.actions for view in about.views]
        self.portraits, self.near, self.values, self.sure = portraits, near, values, SURE
        self.count = len(values)
        self.expression, self.gendered, self.held = expression, gendered, held
        moves = np.concatenate([near.moves_m, near.actions_m])
        self._moves = np.ascontiguousarray(moves.transpose(1, 2, 0))
        matched = any(one.matched is not None for one in portraits)
        self.deep = DEEP_MATCHED if matched else DEEP
        self._tall_m = float(np.ptp(near.points_m[:, 2]))
        firm = [np.zeros(self.count + 1, bool)]
        for one in portraits:
            rest = len(one.xyz_px) + 52 + (one.camera is None)
            firm += [np.repeat(one.pinned, 2), np.zeros(rest, bool)]
        self._firm = np.concatenate(firm)

    def solve(self, views: Sequence[View], steps: int = STEPS) -> tuple[np.ndarray, list[View]]:
        found = descend(
            self.residuals, self.jacobian, self.weights, *self.begun(views), steps
        )  # fmt: skip
        return self.told(found)

    def told(self, found: np.ndarray) -> tuple[np.ndarray, list[View]]:
        """The head's numbers and the views that all numbers tell."""
        return found[: self.count], [self._view(found, k) for k in range(len(self.views))]

    def begun(self, views: Sequence[View]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All numbers to begin with, the least that each may be, and the most."""
        self.views = list(views)
        low, high = model.bounds()
        if self.gendered:
            low[_GENDER] = high[_GENDER] = self.values[_GENDER]
        if "neck" in self.held:
            build = slice(len(model.BUILDS))
            low[build] = high[build] = self.values[build]
        start, least, most = [self.values], [low], [high]
        for view, one in zip(views, self.portraits, strict=True):
            pose, lens = np.full(6, np.inf), np.inf if one.camera is None else 0.0
            if "pose" in self.held:
                pose, lens = np.zeros(6), 0.0
            start.append(np.concatenate([np.zeros(7), [0.0, 1.0], view.actions]))
            low, top = self._reach(view, one.jaw)
            least.append(np.concatenate([-pose, [-lens, -np.inf, 0.0], low]))
            most.append(np.concatenate([pose, [lens, np.inf, np.inf], top]))
        return np.concatenate(start), np.concatenate(least), np.concatenate(most)

    def _reach(self, view: View, jaw: float) -> tuple[np.ndarray, np.ndarray]:
        """The least and the most that each action may be."""
        low, top = np.zeros(52), np.full(52, 1.0 if self.expression else 0.0)
        top[_SHY] = 0.0
        top[_JAW] = min(jaw, top[_JAW])
        still = np.zeros(52, bool)
        still[_LIDS] = "eyelids" in self.held
        still |= "expression" in self.held
        low[still] = top[still] = np.minimum(view.actions, top)[still]
        return low, top

    def weights(self, off: np.ndarray) -> np.ndarray:
        """How much each residual counts: less, the further beyond the usual a point is off; what a
        hand pinned is meant."""
        return np.where(self._firm, 1.0, 1 / np.sqrt(1 + np.square(off / _FAR)))

    def _of(self, x: np.ndarray, k: int) -> np.ndarray:
        first = self.count + k * self.EACH
        return x[first : first + self.EACH]

    def _view(self, x: np.ndarray, k: int) -> View:
        own, old = self._of(x, k), self.views[k]
        turn = Rotation.from_rotvec(own[:3]).as_matrix() @ old.rotation
        return View(turn, old.translation_m + own[3:6], old.focal_px * float(np.exp(own[6])),
                    old.centre_px, own[9:].copy())  # fmt: skip

    def _points(self, x: np.ndarray, k: int) -> np.ndarray:
        by = model.ends(x[: self.count]) - model.ends(self.values)
        moved = np.concatenate([by, self._of(x, k)[9:]])
        return self.near.points_m + self._moves @ moved

    def residuals(self, x: np.ndarray) -> np.ndarray:
        parts = [(x[: self.count] - self.usual) / model.spread(), [self._large(x)]]
        for k, one in enumerate(self.portraits):
            own, view, points = self._of(x, k), self._view(x, k), self._points(x, k)
            say = one.say / (self.sure * one.tall_px)
            off = (view.project(points) - one.wanted_px) * say[:, None]
            parts += [off.ravel(), self._depths(one, own, view.camera_points(points)),
                      (own[9:] - self.acted[k]) / ACTION]  # fmt: skip
            if one.camera is None:
                usual, spread = one.lens
                parts.append(np.array([np.log(view.focal_px / usual) / spread]))
        return np.concatenate(parts)

    def _calm(self, x: np.ndarray) -> np.ndarray:
        """The calm face's points about their middle."""
        by = model.ends(x[: self.count]) - model.ends(self.values)
        points = self.near.points_m + self._moves[:, :, : len(by)] @ by
        return points - points.mean(0)

    def _large(self, x: np.ndarray) -> float:
        """How large the face is."""
        return float(np.log(np.linalg.norm(self._calm(x)) / _usual_size()) / SIZE)

    def _larger(self, x: np.ndarray) -> np.ndarray:
        """How that changes with the head's numbers (1, numbers)."""
        calm = self._calm(x)
        moves = self._moves[:, :, model.sides(x[: self.count])]
        return np.einsum("pc,pcn->n", calm, moves)[None] / (np.square(calm).sum() * SIZE)

    def _depths(self, one: Portrait, own: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Depths against MediaPipe's, by the face's height."""
        told = one.xyz_px[:, 2] / one.tall_px
        deep = seen[:, 2] - seen[:, 2].mean()
        return (deep / self._tall_m - own[8] * (told - told.mean()) - own[7]) / self.deep

    def jacobian(self, x: np.ndarray) -> list[Block]:
        every = np.arange(self.count)
        blocks = [
            Block(0, every, np.diag(1 / model.spread())),
            Block(self.count, every, self._larger(x)),
        ]
        first = self.count + 1
        for k, one in enumerate(self.portraits):
            own = self.count + k * self.EACH + np.arange(self.EACH)
            slopes = self._slopes(x, k, one)
            blocks.append(Block(first, np.concatenate([every, own]), slopes))
            first += len(slopes)
        return blocks

    def _slopes(self, x: np.ndarray, k: int, one: Portrait) -> np.ndarray:
        """How a photograph's residuals change with the head's numbers and its own."""
        own, view, points = self._of(x, k), self._view(x, k), self._points(x, k)
        seen = view.camera_points(points)
        rows, at = len(points), self.count
        moved = np.zeros((rows, 3, at + self.EACH))
        ends = len(self.near.moves_m)
        used = np.concatenate([model.sides(x[:at]), np.arange(ends, ends + 52)])
        turned = view.rotation @ self._moves[:, :, used]
        moved[:, :, :at], moved[:, :, at + 9 :] = turned[:, :, :at], turned[:, :, at:]
        moved[:, :, at : at + 3] = -cross_matrix(seen - view.translation_m) @ left_jacobian(own[:3])
        moved[:, :, at + 3 : at + 6] = np.eye(3)
        lens = one.camera is None
        out = np.zeros((3 * rows + 52 + lens, at + self.EACH))
        z = seen[:, 2, None]
        weight = (one.say / (self.sure * one.tall_px))[:, None]
        for axis in (0, 1):
            flat = out[axis : 2 * rows : 2]
            np.multiply(moved[:, 2], -seen[:, axis, None] / z, out=flat)
            flat += moved[:, axis]
            flat[:, at + 6] = seen[:, axis]
            flat *= view.focal_px * weight / z
        deep = out[2 * rows : 3 * rows]
        np.multiply(moved[:, 2] - moved[:, 2].mean(0), 1 / self._tall_m, out=deep)
        told = one.xyz_px[:, 2] / one.tall_px
        deep[:, at + 7] -= 1.0
        deep[:, at + 8] -= told - told.mean()
        deep /= self.deep
        out[3 * rows : 3 * rows + 52, at + 9 :] = np.eye(52) / ACTION
        if lens:
            out[-1, at + 6] = 1 / one.lens[1]
        return out
