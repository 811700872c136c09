"""How far a solved camera may be off: the inverse of the reduced normal equations.

Corners of one picture err together (blur, a bent board, cameras not quite in time), and so do
pictures that follow each other (an arm over the board, a grazing angle), so their number says
little. The noise is therefore taken from how much whole moments disagree about the cameras, those
that follow each other counted together (the clustered "sandwich" with the kernel of Newey and West
1987, its directions pooled into one factor), and is never less than what the residuals say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.core.calibration import Spread
from studio.vision.calibration import lens as optics
from studio.vision.calibration.bundle import Freedom, Normals, huber, knee_of, normal_equations
from studio.vision.calibration.observations import Observations
from studio.vision.calibration.state import State, lengths_px

_TOGETHER = 6
"""Over how many moments errors may go on."""


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Covariance of all unknowns of a :class:`Freedom`, and the pixel noise it rests on."""

    freedom: Freedom
    covariance: Float[np.ndarray, "n n"]
    noise_px: float

    def poses(self) -> Float[np.ndarray, "n6 n6"]:
        """Six a camera in the rig's order; zeros where a camera is the datum."""
        count = len(self.freedom.poses)
        out = np.zeros((6 * count, 6 * count))
        held = [
            (6 * i + np.arange(6), p) for i, (p, _) in enumerate(self.freedom.columns) if len(p)
        ]
        for into, source in held:
            for into_too, source_too in held:
                out[np.ix_(into, into_too)] = self.covariance[np.ix_(source, source_too)]
        return out

    def values(self, camera: int) -> Float[np.ndarray, "19"]:
        """One standard deviation of a camera's lens values; NaN where held."""
        out = np.full(optics.SIZE, np.nan)
        _, columns = self.freedom.columns[camera]
        out[self.freedom.values[camera]] = np.sqrt(np.diag(self.covariance)[columns])
        return out

    def spread(self, camera: int, terms: int) -> Spread:
        """One camera's standard deviations."""
        pose, _ = self.freedom.columns[camera]
        six = np.sqrt(np.diag(self.covariance)[pose]) if len(pose) else np.zeros(6)
        values = self.values(camera)
        return Spread(
            six[3:] * 1000,
            np.degrees(six[:3]),
            values[optics.FOCAL],
            values[optics.CENTRE],
            values[optics.TERMS][:terms],
        )


def uncertainty(o: Observations, s: State, freedom: Freedom) -> Uncertainty:
    """At a solution of Huber's loss."""
    knee = knee_of(o, s)
    normals = normal_equations(o, s, freedom, knee)
    off = lengths_px(o, s)[o.seen]
    weight = huber(off, knee)[1]
    unknowns = len(freedom) + 6 * len(o.moments)
    degrees = max(2 * off.size - unknowns, 1)
    bent = max(float((off <= knee).mean()), 0.1)
    floor = float(np.square(weight * off).sum() / degrees) / bent
    n = len(freedom)
    if not n:
        return Uncertainty(freedom, np.zeros((0, 0)), float(np.sqrt(floor)))
    schur, _ = normals.reduced()
    scale = 1 / np.sqrt(np.fmax(np.diag(schur), 1e-30))
    inverse = np.linalg.pinv(schur * scale[:, None] * scale, rcond=1e-13, hermitian=True)
    inverse = inverse * scale[:, None] * scale
    variance = max(floor, _clustered(normals, inverse))
    return Uncertainty(freedom, inverse * variance, float(np.sqrt(variance)))


def _clustered(normals: Normals, inverse: np.ndarray) -> float:
    """Pixel variance that explains how much the moments' pulls on the rig differ."""
    moments = len(normals.by_moment)
    if moments < 3:
        return 0.0
    pulls = normals.by_moment - normals.by_moment.mean(0)
    pulled = pulls @ inverse
    alike = [
        float(np.einsum("mi,mi->", pulled[: moments - lag], pulls[lag:]))
        for lag in range(min(_TOGETHER, moments // 8) + 1)
    ]
    fading = 1 - np.arange(1, len(alike)) / len(alike)
    spread = alike[0] + max(2 * float(fading @ alike[1:]), 0.0)
    return spread / max(len(inverse) - _absorbed(pulls, inverse), 0.5 * len(inverse))


def _absorbed(pulls: np.ndarray, inverse: np.ndarray) -> float:
    """How many of the unknowns bend so far towards a few strong stretches of the session that
    these hide their own errors: the sum of squared leverages, told from the pulls themselves."""
    starts = np.arange(0, len(pulls), _TOGETHER // 2)
    stretches = np.add.reduceat(pulls, starts)
    strength = np.einsum("bi,ij,bj->b", stretches, inverse, stretches)
    if not strength.any():
        return 0.0
    leverage = strength * len(inverse) / strength.sum()
    return float((np.square(leverage) / ((stretches != 0).sum(1) + 2)).sum())
