"""Which lens model a camera needs: the one that predicts pictures it was not fitted to.

A model with more terms always fits better; only the error on held-out views tells whether it is
truer. Among those that predict equally well (within one standard error) the simplest is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.core.types import LensModel
from studio.vision.calibration.bundle import knee_of
from studio.vision.calibration.heldout import folds
from studio.vision.calibration.intrinsics import LensFit, fit_lens
from studio.vision.calibration.observations import Observations
from studio.vision.calibration.resect import resect
from studio.vision.calibration.state import off_px
from studio.vision.camera import normalise

MODELS: dict[str, tuple[LensModel, int]] = {
    "pinhole4": ("pinhole", 4),
    "fisheye": ("fisheye", 4),
    "pinhole5": ("pinhole", 5),
    "pinhole8": ("pinhole", 8),
}
"""The simplest first."""

_FEWEST = 6


@dataclass(frozen=True, eq=False)
class Choice:
    """The model taken, and the held-out error (median over views, px) of all that were tried."""

    name: str
    fit: LensFit
    held_out_px: dict[str, float]


def choose_lens(o: Observations, size_px: tuple[int, int], lens: str = "auto") -> Choice:
    """Fit one camera's lens; ``lens`` names a model or is "auto". Views are of one camera."""
    if lens != "auto" or len(o) < _FEWEST:
        name = "pinhole4" if lens == "auto" else lens
        return Choice(name, fit_lens(o, size_px, *MODELS[name]), {})
    fits: dict[str, LensFit] = {}
    errors: dict[str, np.ndarray] = {}
    start = None
    for name, (kind, terms) in MODELS.items():
        fit = fit_lens(o, size_px, kind, terms, start=start if kind == "pinhole" else None)
        if name == "pinhole4":
            start = fit.state
        if holds_in_picture(fit, o, size_px):
            fits[name], errors[name] = fit, _held_out(o, size_px, fit)
    if not fits:
        return Choice("pinhole4", fit_lens(o, size_px, "pinhole", 4), {})
    best = min(errors, key=lambda name: float(errors[name].mean()))
    for name, found in errors.items():
        worse = found - errors[best]
        if worse.mean() <= worse.std(ddof=1) / np.sqrt(len(worse)):
            best = name
            break
    medians = {name: float(np.median(found)) for name, found in errors.items()}
    return Choice(best, fits[best], medians)


def _held_out(
    o: Observations, size_px: tuple[int, int], fit: LensFit
) -> Float[np.ndarray, " views"]:
    """Root mean square error of each view with a lens fitted to the others, capped at three times
    their median so that one bad view does not choose the lens."""
    fold = folds(len(o))
    out = np.zeros(len(o))
    for number in range(int(fold.max()) + 1):
        inside = o.take(fold != number)
        s = fit_lens(inside.apart(), size_px, fit.lens, fit.terms, start=fit.state.with_targets(
            fit.state.targets[fold != number])).state  # fmt: skip
        outside = o.take(fold == number).apart()
        posed = s.with_targets(fit.state.targets[fold == number])
        posed = resect(outside, posed, knee_px=knee_of(outside, posed))
        squares = np.square(off_px(outside, posed)).sum((1, 2))
        out[fold == number] = np.sqrt(squares / outside.seen.sum(-1))
    return np.fmin(out, 3 * np.median(out))


def holds_in_picture(fit: LensFit, o: Observations, size_px: tuple[int, int]) -> bool:
    """Whether a pinhole model is one-to-one over all of the picture, not only where points were
    seen. (A fisheye lens may well not fill its picture.)"""
    if fit.lens == "fisheye":
        return True
    camera = fit.state.camera(0, o.cameras[0], size_px)
    w, h = size_px[0] - 1.0, size_px[1] - 1.0
    edge = np.linspace(0.0, 1.0, 9)
    border = np.concatenate([
        np.stack([edge * w, 0 * edge], -1), np.stack([edge * w, 0 * edge + h], -1),
        np.stack([0 * edge, edge * h], -1), np.stack([0 * edge + w, edge * h], -1),
    ])  # fmt: skip
    return bool(np.isfinite(normalise(camera, border)).all())
