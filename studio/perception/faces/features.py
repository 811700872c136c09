"""What of a face tells its expression: where points lie beyond the person's own calm face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.human.layouts import layout
from studio.human.rig import ACTIONS
from studio.perception.faces.head import in_space, laid_on, stored
from studio.perception.faces.tracker import SeenFace

_MESH = layout("whole_body")
_FIRST = _MESH.parts["face"][0]
TWINS = np.array([_MESH.mirror[_FIRST + k] - _FIRST for k in range(478)])
"""The mirror image of each point."""
_RIGHT = (
    55, 65, 105, 70, 107, 66, 63, 52, 33, 133, 159, 145, 158, 160, 153, 144, 61, 37, 84, 78, 39,
    181, 40, 91, 148, 176, 83, 98, 64, 50, 205, 187, 117, 119, 101, 129,
)  # fmt: skip
_MIDDLE = (13, 14, 0, 17, 152, 200, 18, 2, 1)
KEY = tuple(sorted({*_RIGHT, *(int(TWINS[k]) for k in _RIGHT), *_MIDDLE}))
"""The points that are looked at: brows, lids, cheeks, wings of the nose, lips and jaw."""
_KEY_TWINS = np.array([KEY.index(int(TWINS[k])) for k in KEY])
_LIDS = {
    "Left": ((386, 374), (385, 380), (387, 373)), "Right": ((159, 145), (158, 153), (160, 144)),
}  # fmt: skip
_IRISES = {"Left": 473, "Right": 468}
_CORNERS = {"Left": (362, 263), "Right": (33, 133)}
_FIRM = 0.02
"""About how far points move, in distances between the eyes; guesses move by a tenth."""
TURN_DEG = 20.0
_FAINT = 0.02
"""Guesses as small as this still tell something, by their ratio."""


@dataclass(frozen=True, eq=False)
class Look:
    """A face brought into the head's own axes.

    ``points`` (478, 3) lie on the average face (see :func:`studio.perception.faces.head.laid_on`),
    ``turn`` is how the head is turned before the camera by them, ``open`` how far the left and the
    right eye are open, in shares of their width, ``guesses`` (52,) are MediaPipe's.
    """

    points: Float[np.ndarray, "478 3"]
    turn: Float[np.ndarray, "3 3"]
    open: Float[np.ndarray, "2"]
    guesses: Float[np.ndarray, "52"]

    @classmethod
    def at(cls, seen: SeenFace) -> Look:
        """Of a face as it was seen."""
        turn, points = laid_on(in_space(seen.xyz_px), stored()["shape"])
        return cls(points, turn, np.array([_open(points, s) for s in _LIDS]), seen.guesses)


def _open(points: np.ndarray, side: str) -> float:
    a, b = _CORNERS[side]
    upper, lower = (points[[pair[k] for pair in _LIDS[side]]] for k in (0, 1))
    gap = float(np.linalg.norm(upper - lower, axis=1).mean())
    return gap / float(np.linalg.norm(points[a] - points[b]))


def angles(turn: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "3"]:
    """Yaw, pitch, roll in shares of a usual turn, small angles."""
    ahead, across = -turn[:, 1], turn[:, 0]
    yaw = np.degrees(np.arctan2(ahead[0], -ahead[1]))
    pitch = np.degrees(np.arcsin(np.clip(ahead[2], -1, 1)))
    roll = np.degrees(np.arctan2(-across[2], np.hypot(across[0], across[1])))
    return np.array([yaw, pitch, roll]) / TURN_DEG


@dataclass(frozen=True, eq=False)
class Rest:
    """A person's calm face, from which expressions are told."""

    points: Float[np.ndarray, "478 3"]
    open: Float[np.ndarray, "2"]
    guesses: Float[np.ndarray, "52"]
    angles: Float[np.ndarray, "3"]


def features(look: Look, rest: Rest) -> Float[np.ndarray, " features"]:
    """What the expression is told from; 0 for the calm face itself.

    Each feature's mirror image is a feature: see :func:`mirrored`.
    """
    moved = (look.points[list(KEY)] - rest.points[list(KEY)]).ravel() / _FIRM
    shut = 1 - look.open / np.maximum(rest.open, 0.05)
    now, calm = angles(look.turn), rest.angles
    even = [now[0] ** 2 - calm[0] ** 2, now[1] ** 2 - calm[1] ** 2, now[1] - calm[1]]
    odd = [now[0] - calm[0], now[2] - calm[2], now[0] * now[1] - calm[0] * calm[1]]
    guessed = 10 * (look.guesses - rest.guesses)
    faint = np.log((look.guesses + _FAINT) / (rest.guesses + _FAINT))
    return np.concatenate([moved, 5 * shut, 5 * shut * np.abs(shut), guessed, faint, even, odd])


def mirrored(
    found: Float[np.ndarray, "*batch features"], actions: np.ndarray
) -> Float[np.ndarray, "*batch features"]:
    """The features of the mirror image; ``actions`` are the numbers of the actions' twins."""
    k = len(KEY)
    batch = found.shape[:-1]
    moved = found[..., : 3 * k].reshape(*batch, k, 3)[..., _KEY_TWINS, :] * [-1.0, 1.0, 1.0]
    shut = found[..., 3 * k : 3 * k + 4][..., [1, 0, 3, 2]]
    first, count = 3 * k + 4, len(ACTIONS)
    guessed = found[..., first : first + count][..., actions]
    faint = found[..., first + count : first + 2 * count][..., actions]
    even, odd = found[..., -6:-3], -found[..., -3:]
    return np.concatenate([moved.reshape(*batch, -1), shut, guessed, faint, even, odd], axis=-1)


def iris(look: Look) -> Float[np.ndarray, "2"]:
    """How far the irises lie from the middle of their eyes, across (to the own left) and up, in
    shares of the eyes' width: the mean of both eyes."""
    off = []
    for side, centre in _IRISES.items():
        a, b = (look.points[k] for k in _CORNERS[side])
        off.append((look.points[centre] - (a + b) / 2) / np.linalg.norm(a - b))
    return np.mean(off, axis=0)[[0, 2]]


def lids(look: Look, rest: Rest, span: Float[np.ndarray, "2"]) -> Float[np.ndarray, "2"]:
    """How far the left and the right lid are shut, 0 to 1, by the gap between them. ``span`` are
    the shares by which the gap of open eyes trembles, and closes in a whole blink."""
    shut = 1 - look.open / np.maximum(rest.open, 0.05)
    return np.clip((shut - span[0]) / (span[1] - span[0]), 0, 1)
