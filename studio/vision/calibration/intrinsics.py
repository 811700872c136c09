"""One camera's lens from its own views of a target."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from studio.core.errors import StudioError
from studio.core.types import LensModel
from studio.vision.calibration import lens as optics
from studio.vision.calibration.bundle import Freedom, adjust, robust_adjust
from studio.vision.calibration.observations import Observations
from studio.vision.calibration.planar import Twins, twin_poses
from studio.vision.calibration.state import State, off_px

FEWEST_VIEWS = 3
_FOCALS = (0.4, 0.55, 0.75, 1.0, 1.35, 1.8, 2.5, 3.5)


@dataclass(frozen=True, eq=False)
class LensFit:
    """A lens, fitted to views of one camera; ``view_px`` is the root mean square of each."""

    state: State
    rms_px: float
    view_px: Float[np.ndarray, " views"]

    @property
    def lens(self) -> LensModel:
        return self.state.lenses[0]

    @property
    def terms(self) -> int:
        return self.state.terms[0]

    @property
    def values(self) -> Float[np.ndarray, "19"]:
        return self.state.values[0]


def lens_state(lens: LensModel, terms: int, values: Float[np.ndarray, "19"], views: int) -> State:
    """One camera at the origin, the target nowhere yet."""
    return State(
        (lens,), (terms,), values[None].copy(), np.eye(3)[None], np.zeros((1, 3)),
        np.tile(np.eye(3), (views, 1, 1)), np.zeros((views, 3)),
    )  # fmt: skip


def fit_lens(
    o: Observations,
    size_px: tuple[int, int],
    lens: LensModel,
    terms: int,
    *,
    start: State | None = None,
    robust: bool = True,
) -> LensFit:
    """Focal lengths, principal point and ``terms`` distortion terms from one camera's views.

    ``robust`` weighs down what does not fit (Huber); without it, plain least squares. Raises
    StudioError for fewer than three views.
    """
    if len(o) < FEWEST_VIEWS:
        raise StudioError(
            f"Camera {o.cameras[0]} saw the target in {len(o)} usable pictures.",
            "Its lens needs at least 3, better 20, with the target tilted each time.",
        )
    s = first_guess(o, size_px, lens) if start is None else start
    s = replace(s, lenses=(lens,), terms=(terms,))
    free = Freedom((False,), (optics.free_values(terms),))
    rounds = 3 if start is None else 1
    s = robust_adjust(o, s, free, rounds=rounds) if robust else adjust(o, s, free, steps=200)
    return _fitted(o, s)


def _fitted(o: Observations, s: State) -> LensFit:
    squares = np.square(off_px(o, s)).sum(-1)
    count = o.seen.sum(-1)
    return LensFit(s, float(np.sqrt(squares.sum() / count.sum())), np.sqrt(squares.sum(-1) / count))


def first_guess(o: Observations, size_px: tuple[int, int], lens: LensModel) -> State:
    """A focal length and poses to start from: the best of a ladder of focal lengths, the principal
    point in the middle, each view with the better of its twins; then one distortion term."""
    spread = o.take(np.unique(np.linspace(0, len(o) - 1, min(len(o), 12)).astype(int)))
    values = np.zeros(optics.SIZE)
    values[optics.CENTRE] = (size_px[0] - 1) / 2, (size_px[1] - 1) / 2
    best: tuple[float, State] | None = None
    for share in _FOCALS:
        values[optics.FOCAL] = share * max(size_px)
        s = _posed(spread, lens_state(lens, 0, values, len(spread)))
        off = np.linalg.norm(off_px(spread.apart(), s), axis=-1)[spread.seen]
        tried = float(np.median(off))
        if best is None or tried < best[0]:
            best = tried, s
    assert best is not None
    s = _posed(o, best[1])
    few = Freedom((False,), (np.array([0, 1]),))
    s = robust_adjust(o, s, few, rounds=1)
    return robust_adjust(o, s, Freedom((False,), (np.array([0, 1, 5]),)), rounds=2)


def _posed(o: Observations, s: State) -> State:
    """Every view's better pose with this lens; one that has none is far ahead and flat on."""
    found: Twins = twin_poses(o, s)
    poses = found.pose[:, 0].copy()
    lost = ~np.isfinite(found.rms_px[:, 0])
    poses[lost] = np.eye(4)
    poses[lost, 2, 3] = 3 * float(np.ptp(o.points_m[..., :2])) if len(o) else 1.0
    return s.with_targets(poses)


def representative(o: Observations, most: int) -> np.ndarray:
    """Rows of views that differ the most from each other: in place, size and foreshortening."""
    if len(o) <= most:
        return np.arange(len(o))
    count = o.seen.sum(-1, keepdims=True)
    mean = o.xy_px.sum(1) / count
    arm = np.where(o.seen[..., None], o.xy_px - mean[:, None], 0.0)
    square = np.einsum("vpi,vpj->vij", arm, arm) / count[..., None]
    size = np.sqrt(np.fmax(np.linalg.det(square), 1e-9)) ** 0.5
    shape = square / np.trace(square, axis1=1, axis2=2)[:, None, None]
    looks = np.column_stack(
        [mean / mean.std(0).max(), np.log(size), 4 * shape[:, 0, 0], 4 * shape[:, 0, 1]]
    )
    chosen = [int(count.ravel().argmax())]
    away = np.linalg.norm(looks - looks[chosen[0]], axis=1)
    while len(chosen) < most:
        chosen.append(int(away.argmax()))
        away = np.fmin(away, np.linalg.norm(looks - looks[chosen[-1]], axis=1))
    return np.sort(np.array(chosen))
