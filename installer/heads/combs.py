"""Where hair is combed to: vector fields on the average person."""

from __future__ import annotations

import numpy as np

from studio.synth.solids import unit

from .grow import DOWN, Flow

CROWN = np.array([0.0, 0.012, 0.8])
MIDDLE = np.array([0.0, -0.05, 0.735])


def _steps(x: np.ndarray, low: float, high: float) -> np.ndarray:
    t = np.clip((x - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t))[:, None]


def _front(root: np.ndarray) -> np.ndarray:
    """How much roots belong to the forehead, where back leads into the skin."""
    middle = 1 - _steps(np.abs(root[:, 0]), 0.046, 0.058)
    return middle * (1 - _steps(root[:, 1], -0.125, -0.09))


def ruffled(flow: Flow, share: float, seed: int) -> Flow:
    """A flow in which every strand goes a little its own way."""

    def way(p: np.ndarray, t: np.ndarray, root: np.ndarray) -> np.ndarray:
        spin = np.random.default_rng(seed).normal(0, 1, (len(p), 3))
        return unit(flow(p, t, root)) + share * spin

    return way


def from_crown(forward: float = 0.35, fall: float = 0.35) -> Flow:
    """Out of the whorl at the crown to all sides, ``forward`` on top, falling at the sides."""

    def way(p: np.ndarray, t: np.ndarray, root: np.ndarray) -> np.ndarray:
        out = unit(p - CROWN + np.array([0, 0, 0.02]))
        top = _steps(root[:, 2], 0.755, 0.795)
        return out + forward * top * [0, -1.0, 0] + fall * (1 - top) * DOWN

    return way


def swept(over: float, back: float, part_x: float | None = None) -> Flow:
    """The top to the right (``over`` > 0 is towards -x) from a part at ``part_x``, and back."""

    def way(p: np.ndarray, t: np.ndarray, root: np.ndarray) -> np.ndarray:
        x = root[:, 0]
        line = 0.036 if part_x is None else part_x
        right = 1 - _steps(x, line - 0.001, line + 0.001)
        top = np.maximum(_steps(root[:, 2], 0.748, 0.778), _front(root))
        across = right * [-over, 0, 0] + (1 - right) * [0.9 * abs(over), 0, 0]
        behind = _steps(root[:, 1], -0.02, 0.02)
        combed = across + np.array([0, back, 0.0]) - 0.15 * back * np.array([0, 0, 1.0])
        combed = combed + 0.75 * _front(root) * (1 - t[:, None]) * [0, 0, 1.0]
        side = np.array([0, 0.25, -1.0])
        return top * (1 - behind) * combed + (1 - top * (1 - behind)) * side

    return way


def swept_back() -> Flow:
    """The top back over the head, the sides back and down."""

    def way(p: np.ndarray, t: np.ndarray, root: np.ndarray) -> np.ndarray:
        top = np.maximum(_steps(root[:, 2], 0.745, 0.775), _front(root))
        behind = _steps(root[:, 1], 0.0, 0.03)
        side = np.array([0, 0.6, -1.0]) + behind * [0, -0.6, 0]
        back = np.array([0, 1.0, 0.0]) + 1.2 * _front(root) * (1 - t[:, None]) * [0, 0, 1.0]
        return top * (1 - behind) * back + (1 - top * (1 - behind)) * side

    return way


def parted(part_x: float = 0.0, back: float = 0.15, fall: float = 0.9, face: float = 0.0) -> Flow:
    """Away from a part to both sides, then down; ``face`` keeps it out of the face."""

    def way(p: np.ndarray, t: np.ndarray, root: np.ndarray) -> np.ndarray:
        side = np.where(root[:, 0] > part_x, 1.0, -1.0)[:, None]
        high = _steps(p[:, 2], 0.72, 0.79)
        behind = _steps(root[:, 1], -0.01, 0.035)
        across = side * [1.0, 0, 0] * high * (1 - 0.75 * behind)
        front = 1 - _steps(p[:, 1], -0.16, -0.075)
        away = front * (side * [0.55, 0, 0] + np.array([0, 0.75, 0]))
        to_back = np.array([0, 1.0, 0]) * (back + 0.9 * behind * high)
        low = 1 - _steps(p[:, 2], 0.56, 0.61)
        ahead = np.where(root[:, 1] < -0.075, -1.0, 1.0)[:, None]
        shoulder = low * (ahead * [0, 0.7, 0] - side * [0.35, 0, 0])
        return across + to_back + fall * (1 - 0.55 * high) * DOWN + face * away + shoulder

    return way


def gathered(knot: np.ndarray, reach_m: float = 0.018) -> Flow:
    """To a knot at the back of the head, over the head's surface."""

    def way(p: np.ndarray, t: np.ndarray, root: np.ndarray) -> np.ndarray:
        return unit(knot - p)

    return way


def waved(
    path: np.ndarray,
    amount_m: float,
    length_m: float,
    rng: np.random.Generator,
    from_t: float = 0.2,
):
    """Curves swung from side to side, each in its own phase, more towards the tips."""
    count, rows = path.shape[:2]
    away = np.linalg.norm(np.diff(path, axis=1), axis=-1).cumsum(axis=1)
    away = np.concatenate([np.zeros((count, 1)), away], axis=1)
    t = np.linspace(0, 1, rows)
    grown = amount_m * np.clip((t - from_t) / 0.4, 0, 1)
    place = path[:, 0] @ np.array([60.0, 47.0, 31.0])
    phase = (place + rng.normal(0, 0.7, count))[:, None]
    turn = 2 * np.pi * away / length_m + phase
    way = unit(np.gradient(path, axis=1))
    out = unit(path - (MIDDLE + np.array([0, 0, -0.1]) * np.clip(t, 0, 1)[None, :, None]))
    side = unit(np.cross(way, out))
    return path + grown[None, :, None] * (
        side * np.sin(turn)[..., None] + 0.7 * out * np.cos(turn)[..., None]
    )
