"""Which lens model a camera needs: the one that predicts pictures it was not fitted to.

A model with more terms always fits better; only the error on held-out views tells whether it is
truer. Among those that predict equally well (within one standard error) the simplest is taken; a
fisheye only where it predicts clearly better than a pinhole: by two standard errors, and by 2 %.
All are drawn weakly to what is usual, and none that folds back within the picture is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.core.errors import StudioError
from studio.core.types import Camera, LensModel
from studio.vision.calibration.bundle import knee_of
from studio.vision.calibration.heldout import folds
from studio.vision.calibration.intrinsics import LensFit, fit_lens
from studio.vision.calibration.observations import Observations
from studio.vision.calibration.resect import resect
from studio.vision.calibration.state import State, off_px
from studio.vision.camera import field_radius, normalise


@dataclass(frozen=True)
class Model:
    """A lens model, how many terms it has, and which values are solved for (empty: all)."""

    lens: LensModel
    terms: int
    solved: tuple[int, ...] = ()


MODELS = {
    "one term": Model("pinhole", 4, (0, 1, 2, 3, 5)),
    "pinhole4": Model("pinhole", 4),
    "pinhole5": Model("pinhole", 5),
    "fisheye": Model("fisheye", 4),
    "pinhole8": Model("pinhole", 8),
}
"""The simplest first."""

_FOCAL = 0.2, 8.0
_GRAZING = 5.67
_FEWEST = 6
_CLEAR_ERRORS, _CLEAR_SHARE = 2.0, 0.02


@dataclass(frozen=True, eq=False)
class Choice:
    """The model taken, and the held-out error (median over views, px) of all that were tried."""

    name: str
    fit: LensFit
    held_out_px: dict[str, float]


def choose_lens(
    o: Observations, size_px: tuple[int, int], lens: str = "auto", near: State | None = None
) -> Choice:
    """Fit one camera's lens; ``lens`` names a model or is "auto". Views are of one camera.
    ``near`` is a solution to start from."""
    start: dict[LensModel, State] = {} if near is None else {near.lenses[0]: near}
    if lens != "auto" or len(o) < _FEWEST:
        name = "one term" if lens == "auto" else lens
        return Choice(name, fit_model(o, size_px, name, start.get(MODELS[name].lens)), {})
    fits: dict[str, LensFit] = {}
    errors: dict[str, np.ndarray] = {}
    for name, model in MODELS.items():
        fit = fit_model(o, size_px, name, start.get(model.lens))
        start.setdefault(model.lens, fit.state)
        if plausible(fit.state.camera(0, o.cameras[0], size_px)):
            fits[name], errors[name] = fit, _held_out(o, size_px, fit)
    if not fits:
        raise StudioError(
            f"No lens explains what camera {o.cameras[0]} saw of the target.",
            "Show it nearer, tilted and all over the picture, check the board's size and squares, "
            "or give the intrinsics.",
        )
    best = simplest(errors)
    medians = {name: float(np.median(found)) for name, found in errors.items()}
    return Choice(best, fits[best], medians)


def simplest(errors: Mapping[str, Float[np.ndarray, " views"]]) -> str:
    """The simplest of :data:`MODELS` that predicts as well as the best; from the held-out errors
    of the same views, the simplest first."""
    best = min(errors, key=lambda name: float(errors[name].mean()))
    for name, found in errors.items():
        worse = found - errors[best]
        noise = float(worse.std(ddof=1) / np.sqrt(len(worse)))
        if MODELS[best].lens == "fisheye":
            noise = max(_CLEAR_ERRORS * noise, _CLEAR_SHARE * float(errors[best].mean()))
        if worse.mean() <= noise:
            return name
    return best


def _held_out(
    o: Observations, size_px: tuple[int, int], fit: LensFit
) -> Float[np.ndarray, " views"]:
    """Root mean square error of each view with a lens fitted to the others, capped at three times
    their median so that one bad view does not choose the lens."""
    fold = folds(len(o))
    out = np.zeros(len(o))
    for number in range(int(fold.max()) + 1):
        inside = o.take(fold != number)
        s = fit_lens(
            inside.apart(), size_px, fit.lens, fit.terms, usual=True, solved=fit.free.tolist(),
            start=fit.state.with_targets(fit.state.targets[fold != number]),
        ).state  # fmt: skip
        outside = o.take(fold == number).apart()
        posed = s.with_targets(fit.state.targets[fold == number])
        posed = resect(outside, posed, knee_px=knee_of(outside, posed))
        squares = np.square(off_px(outside, posed)).sum((1, 2))
        out[fold == number] = np.sqrt(squares / outside.seen.sum(-1))
    return np.fmin(out, 3 * np.median(out))


def fit_model(
    o: Observations, size_px: tuple[int, int], name: str, start: State | None = None
) -> LensFit:
    """One of :data:`MODELS`, drawn weakly to what is usual."""
    model = MODELS[name]
    return fit_lens(
        o, size_px, model.lens, model.terms, start=start, usual=True, solved=model.solved
    )


def plausible(camera: Camera) -> bool:
    """Whether a lens is one-to-one over all of its picture, not only where points were seen, and
    of a focal length that is made. A fisheye lens need not fill its picture, but must reach 80
    degrees from its axis."""
    share = np.diag(camera.matrix)[:2] / max(camera.size_px)
    if not ((share > _FOCAL[0]) & (share < _FOCAL[1])).all():
        return False
    if camera.lens == "fisheye" and field_radius(camera) >= _GRAZING:
        return True
    w, h = camera.size_px[0] - 1.0, camera.size_px[1] - 1.0
    edge = np.linspace(0.0, 1.0, 9)
    border = np.concatenate([
        np.stack([edge * w, 0 * edge], -1), np.stack([edge * w, 0 * edge + h], -1),
        np.stack([0 * edge, edge * h], -1), np.stack([0 * edge + w, edge * h], -1),
    ])  # fmt: skip
    return bool(np.isfinite(normalise(camera, border)).all())
