"""One camera's lens from its own views of a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from studio.core.errors import StudioError
from studio.core.types import LensModel
from studio.vision.calibration import lens as optics
from studio.vision.calibration.bundle import NEARLY, Freedom, adjust, robust_adjust, scale_px
from studio.vision.calibration.observations import Observations
from studio.vision.calibration.planar import Twins, twin_poses
from studio.vision.calibration.state import State, lengths_px, off_px

FEWEST_VIEWS = 3
_USUAL = {
    optics.SKEW: 1e-6,
    **dict.fromkeys(range(5, 17), 0.5),
    6: 0.3, 7: 0.004, 8: 0.004, 9: 0.2, 13: 0.01, 14: 0.01, 15: 0.01, 16: 0.01,
}  # fmt: skip
_USUAL_BENT = 0.1
_HEAD = np.arange(optics.SIZE) < optics.TERMS.start
_OFF_CENTRE = 0.02
_NOT_SQUARE = 0.005
_FOCALS = (0.4, 0.55, 0.75, 1.0, 1.35, 1.8, 2.5, 3.5)


@dataclass(frozen=True, eq=False)
class LensFit:
    """A lens, fitted to views of one camera; ``view_px`` is the root mean square of each, ``free``
    which of the lens's values were solved for."""

    state: State
    free: Int[np.ndarray, " free"]
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


def usual_lenses(
    free: Freedom, s: State, sizes_px: Float[np.ndarray, "cameras 2"], noise_px: float
) -> Freedom:
    """The same freedom with lenses drawn weakly to what is usual: the centre within 2 % of the
    width from the middle, pixels square within 0.5 %, moderate distortion.

    Twenty good views outweigh it a hundredfold. Where views do not tell a term, it stays near
    what is usual instead of serving the noise.
    """
    widths = np.full(s.values.shape, np.inf)
    towards = np.zeros(s.values.shape)
    towards[:, optics.CENTRE] = (sizes_px - 1) / 2
    widths[:, optics.CENTRE] = _OFF_CENTRE * sizes_px[:, :1]
    for camera, lens in enumerate(s.lenses):
        for value, width in _USUAL.items():
            widths[camera, value] = _USUAL_BENT if lens == "fisheye" else width
    square = np.square(noise_px / (_NOT_SQUARE * s.values[:, 0]))
    prior = np.square(noise_px / widths)
    return replace(free, prior=prior, towards=towards, square=square)


def fit_lens(
    o: Observations,
    size_px: tuple[int, int],
    lens: LensModel,
    terms: int,
    *,
    start: State | None = None,
    robust: bool = True,
    usual: bool = False,
    solved: Sequence[int] = (),
) -> LensFit:
    """Focal lengths, principal point and ``terms`` distortion terms from one camera's views.

    ``robust`` weighs down what does not fit (Huber); without it, plain least squares. ``usual``
    draws the lens weakly to what is usual (:func:`usual_lenses`). ``solved`` are the lens values to
    solve for, if not all of the model's. Raises StudioError for fewer than three views.
    """
    if len(o) < FEWEST_VIEWS:
        raise StudioError(
            f"Camera {o.cameras[0]} saw the target in {len(o)} usable pictures.",
            "Its lens needs at least 3, better 20, with the target tilted each time.",
        )
    s = first_guess(o, size_px, lens) if start is None else start
    s = replace(s, lenses=(lens,), terms=(terms,))
    which = np.array(solved, np.intp) if solved else optics.free_values(terms)
    s = replace(s, values=np.where(np.isin(np.arange(optics.SIZE), which) | _HEAD, s.values, 0.0))
    free = Freedom((False,), (which,))
    if usual:
        free = usual_lenses(free, s, np.array([size_px], np.float64), noise_of(o, s))
    rounds = 3 if start is None else 1
    s = robust_adjust(o, s, free, rounds=rounds) if robust else adjust(o, s, free, steps=200)
    return _fitted(o, s, which)


def noise_of(o: Observations, s: State) -> float:
    """What priors are weighed against: the noise of a coordinate (px), within reason."""
    off = lengths_px(o, s)[o.seen]
    return float(np.clip(scale_px(off), 0.05, 1.0))


def _fitted(o: Observations, s: State, free: np.ndarray) -> LensFit:
    squares = np.square(off_px(o, s)).sum(-1)
    count = o.seen.sum(-1)
    rms = float(np.sqrt(squares.sum() / count.sum()))
    return LensFit(s, free, rms, np.sqrt(squares.sum(-1) / count))


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
        off = lengths_px(spread.apart(), s)[spread.seen]
        tried = float(np.median(off))
        if best is None or tried < best[0]:
            best = tried, s
    assert best is not None
    s = _posed(o, best[1])
    few = Freedom((False,), (np.array([0, 1]),))
    s = robust_adjust(o, s, few, rounds=1, settled=NEARLY)
    more = Freedom((False,), (np.array([0, 1, 5]),))
    return robust_adjust(o, s, more, rounds=2, settled=NEARLY)


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
