"""One head from the points of one photograph or several.

Build, face sliders, and for each photograph where the head is, the lens and the expression are
solved together (bounded least squares, the Jacobian in closed form), the face near the last numbers
taken as linear, a few times. What MediaPipe makes of depth is believed a little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.transform import Rotation

from studio.core.types import Camera
from studio.human.heads import model
from studio.human.heads.descent import descend
from studio.human.heads.model import Linear
from studio.human.rig import ACTIONS
from studio.vision.similarity import similarity

ROUNDS = 3
SURE = 0.012
"""How far a point is off, usually, by the face's height in the picture."""
DEEP = 0.05
"""The same of MediaPipe's depths, after they are shifted and scaled as fits best."""
FOCAL_SPREAD = 0.35
FOCAL_TOLD = 0.04
"""How far focal lengths are off, usually, that are guessed and that are told by files."""
USUAL_FOCAL = 1.3
"""The usual focal length of portraits, by the picture's longer side."""
ACTION = 0.25
"""How strong facial actions usually are in photographs."""
PIN = 6.0
"""How many times as much a pin counts as a point that was found."""
_FAR = 3.0
_GENDER = model.BUILDS.index("gender")
_SHY = ("tongueOut", "cheekPuff", "jawForward")
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
_OVAL_SAY = 0.35
"""The edge of the face is where the picture ends it, not one place on the skin."""


@dataclass(frozen=True, eq=False)
class Portrait:
    """What one photograph shows: MediaPipe's points (pixels across and down, and their depth in the
    same unit, away from the camera), the picture's size, the camera if it is calibrated, what was
    ``pinned`` by hand: points put elsewhere (NaN: not pinned), and the focal length that the
    photograph's file tells, None if it tells none."""

    xyz_px: Float[np.ndarray, "478 3"]
    size_px: tuple[int, int]
    camera: Camera | None = None
    pinned_px: Float[np.ndarray, "478 2"] | None = None
    focal_px: float | None = None

    @property
    def lens(self) -> tuple[float, float]:
        """The focal length to expect (pixels), and how far it may be off (of its logarithm)."""
        if self.focal_px is not None:
            return self.focal_px, FOCAL_TOLD
        return USUAL_FOCAL * max(self.size_px), FOCAL_SPREAD


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
    far points are off (pixels, root of mean squares a photograph), and where the calm face's points
    are (metres, in the head's frame)."""

    values: Float[np.ndarray, " unknowns"]
    views: tuple[View, ...]
    off_px: tuple[float, ...]
    points_m: Float[np.ndarray, "478 3"]
    actions_m: Float[np.ndarray, "52 478 3"]

    def acted(self, view: View) -> Float[np.ndarray, "478 3"]:
        """Where the points are with the expression of a photograph."""
        return self.points_m + np.tensordot(view.actions, self.actions_m, 1)


def fit(
    portraits: Sequence[Portrait],
    *,
    expression: bool = True,
    start: np.ndarray | None = None,
    gender: float | None = None,
    rounds: int = ROUNDS,
) -> FittedHead:
    """The head that the photographs show. ``expression`` off keeps every face calm; ``start`` are
    numbers to begin with, such as those of the last fit while a pin is dragged; ``gender`` is held
    where it is known (0 to 1)."""
    values = model.usual() if start is None else start.copy()
    if gender is not None:
        values[_GENDER] = gender
    near = model.linear(values)
    views = [_placed(one, near) for one in portraits]
    for _ in range(rounds):
        problem = _Problem(portraits, near, values, expression, gender is not None)
        values, views = problem.solve(views)
        near = model.linear(values)
    off = tuple(
        float(np.sqrt((_off(one, view, near) ** 2).sum(1).mean()))
        for one, view in zip(portraits, views, strict=True)
    )
    return FittedHead(values, tuple(views), off, near.points_m, near.actions_m)


def _acted(near: Linear, actions: np.ndarray) -> np.ndarray:
    return near.points_m + np.tensordot(actions, near.actions_m, 1)


def residuals_of(
    one: Portrait, view: View, head: FittedHead
) -> tuple[Float[np.ndarray, "478 2"], Float[np.ndarray, " 478"]]:
    """How far the points of a photograph lie from where the fitted head has them (pixels), and how
    much each counts."""
    wanted, say = _wanted(one)
    return wanted - view.project(head.acted(view)), say


def _off(one: Portrait, view: View, near: Linear) -> np.ndarray:
    return view.project(_acted(near, view.actions)) - _wanted(one)[0]


def _wanted(one: Portrait) -> tuple[np.ndarray, np.ndarray]:
    """Where the points are in a photograph, and how much each counts."""
    xy, say = one.xyz_px[:, :2].copy(), np.ones(len(one.xyz_px))
    say[list(OVAL)] = _OVAL_SAY
    if one.pinned_px is not None:
        held: Bool[np.ndarray, " points"] = np.isfinite(one.pinned_px[:, 0])
        xy[held], say[held] = one.pinned_px[held], PIN
    return xy, say


def _tall(one: Portrait) -> float:
    return float(np.ptp(one.xyz_px[:, :2], axis=0).max())


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


class _Problem:
    """The least squares of all photographs, linear about ``values`` in the head's numbers.

    The numbers are: the head's, then for each photograph a turn (3), a place (3), the focal
    length's logarithm (1), the depths' shift and scale (2) and the actions (52).
    """

    EACH = 9 + 52

    def __init__(
        self, portraits: Sequence[Portrait], near: Linear, values: np.ndarray, expression: bool,
        held: bool = False,
    ) -> None:  # fmt: skip
        self.portraits, self.near, self.values = portraits, near, values
        self.count = len(values)
        self.expression, self.held = expression, held

    def solve(self, views: Sequence[View]) -> tuple[np.ndarray, list[View]]:
        self.views = list(views)
        low, high = model.bounds()
        if self.held:
            low[_GENDER] = high[_GENDER] = self.values[_GENDER]
        start, least, most = [self.values], [low], [high]
        for view, one in zip(views, self.portraits, strict=True):
            free = np.inf if one.camera is None else 0.0
            start.append(np.concatenate([np.zeros(7), [0.0, 1.0], view.actions]))
            top = np.full(52, 1.0 if self.expression else 0.0)
            top[[ACTIONS.index(a) for a in _SHY]] = 0.0
            least.append(np.concatenate([np.full(6, -np.inf), [-free, -np.inf, 0.0], np.zeros(52)]))
            most.append(np.concatenate([np.full(6, np.inf), [free, np.inf, np.inf], top]))
        lower, upper = np.concatenate(least), np.concatenate(most)
        found = descend(
            self.residuals, self.jacobian, self.weights, np.concatenate(start), lower, upper
        )
        return found[: self.count], [self._view(found, k) for k in range(len(views))]

    def weights(self, off: np.ndarray) -> np.ndarray:
        """How much each residual counts: less, the further beyond the usual a point is off."""
        return 1 / np.sqrt(1 + np.square(off / _FAR))

    def _of(self, x: np.ndarray, k: int) -> np.ndarray:
        first = self.count + k * self.EACH
        return x[first : first + self.EACH]

    def _view(self, x: np.ndarray, k: int) -> View:
        own, old = self._of(x, k), self.views[k]
        turn = Rotation.from_rotvec(own[:3]).as_matrix() @ old.rotation
        return View(turn, old.translation_m + own[3:6], old.focal_px * float(np.exp(own[6])),
                    old.centre_px, own[9:].copy())  # fmt: skip

    def _points(self, x: np.ndarray, k: int) -> np.ndarray:
        calm = self.near.points_m + np.tensordot(
            x[: self.count] - self.values, self.near.moves_m, 1
        )
        return calm + np.tensordot(self._of(x, k)[9:], self.near.actions_m, 1)

    def residuals(self, x: np.ndarray) -> np.ndarray:
        parts = [(x[: self.count] - model.usual()) / model.spread()]
        for k, one in enumerate(self.portraits):
            own, view, points = self._of(x, k), self._view(x, k), self._points(x, k)
            xy, say = _wanted(one)
            tall = _tall(one)
            off = (view.project(points) - xy) * (say / (SURE * tall))[:, None]
            parts += [off.ravel(), self._depths(one, own, view.camera_points(points)),
                      own[9:] / ACTION]  # fmt: skip
            if one.camera is None:
                usual, spread = one.lens
                parts.append(np.array([np.log(view.focal_px / usual) / spread]))
        return np.concatenate(parts)

    def _depths(self, one: Portrait, own: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Depths against MediaPipe's, by the face's height."""
        tall = float(np.ptp(self.near.points_m[:, 2]))
        told = one.xyz_px[:, 2] / _tall(one)
        deep = seen[:, 2] - seen[:, 2].mean()
        return (deep / tall - own[8] * (told - told.mean()) - own[7]) / DEEP

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        blocks = [
            np.hstack([np.diag(1 / model.spread()), np.zeros((self.count, len(x) - self.count))])
        ]
        for k, one in enumerate(self.portraits):
            own, view, points = self._of(x, k), self._view(x, k), self._points(x, k)
            seen = view.camera_points(points)
            rows = len(points)
            moved = np.zeros((rows, 3, len(x)))
            at = self.count + k * self.EACH
            moved[:, :, : self.count] = np.einsum("ij,upj->piu", view.rotation, self.near.moves_m)
            moved[:, :, at + 9 : at + self.EACH] = np.einsum(
                "ij,apj->pia", view.rotation, self.near.actions_m)  # fmt: skip
            turned = seen - view.translation_m
            moved[:, :, at : at + 3] = _cross(turned) @ _left(own[:3])
            moved[:, :, at + 3 : at + 6] = np.eye(3)
            say = _wanted(one)[1]
            weight = say / (SURE * _tall(one))
            z = seen[:, 2]
            flat = np.zeros((rows, 2, 3))
            flat[:, 0, 0] = flat[:, 1, 1] = view.focal_px / z
            flat[:, :, 2] = -view.focal_px * seen[:, :2] / z[:, None] ** 2
            off = flat @ moved
            off[:, :, at + 6] = view.focal_px * seen[:, :2] / z[:, None]
            blocks.append((off * weight[:, None, None]).reshape(2 * rows, -1))
            tall = float(np.ptp(self.near.points_m[:, 2]))
            told = one.xyz_px[:, 2] / _tall(one)
            deep = (moved[:, 2] - moved[:, 2].mean(0)) / tall
            deep[:, at + 7] -= 1.0
            deep[:, at + 8] -= told - told.mean()
            blocks.append(deep / DEEP)
            calm = np.zeros((52, len(x)))
            calm[:, at + 9 : at + self.EACH] = np.eye(52) / ACTION
            blocks.append(calm)
            if one.camera is None:
                row = np.zeros((1, len(x)))
                row[0, at + 6] = 1 / one.lens[1]
                blocks.append(row)
        return np.vstack(blocks)


def _cross(v: np.ndarray) -> np.ndarray:
    """How points (n, 3) move when they are turned a little: the matrices of -v × (n, 3, 3)."""
    x, y, z = v.T
    o = np.zeros_like(x)
    return np.stack([o, z, -y, -z, o, x, y, -x, o], 1).reshape(-1, 3, 3)


def _left(turn: np.ndarray) -> np.ndarray:
    """The left Jacobian of a rotation vector."""
    angle = float(np.linalg.norm(turn))
    x, y, z = turn
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    if angle < 1e-6:
        return np.eye(3) + k / 2
    return (
        np.eye(3) + (1 - np.cos(angle)) / angle**2 * k + (angle - np.sin(angle)) / angle**3 * k @ k
    )
