"""Whether lenses may be solved together with the rig.

Freed lenses always lower the pixel error, and may bend the rig to do so. They are kept only where
the views can tell a lens (depth, coverage, tilt), where held-out error falls by more than its own
standard error, and where no camera moves further than its uncertainty explains.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from studio.core.calibration import Target
from studio.core.percent import percent
from studio.vision.calibration import lens as optics
from studio.vision.calibration.bundle import Freedom, rig_freedom, robust_adjust, scale_px
from studio.vision.calibration.covariance import uncertainty
from studio.vision.calibration.crossval import cross_validate, paired_px
from studio.vision.calibration.heldout import Errors
from studio.vision.calibration.observations import Observations
from studio.vision.calibration.state import State, in_cameras, lengths_px, off_px
from studio.vision.rotations import angle_deg

DEPTH_RATIO = 1.5
COVERAGE = 0.35
TILT_DEG = 20.0
FEWEST_VIEWS = 10
SIGMAS = 3.0
MOST_DEG = 0.5
MOST_SHARE = 0.01
_CELLS = 6
_PRIORS = (1.0, 0.3, 0.1, 0.03)


@dataclass(frozen=True)
class Support:
    """What a camera's views tell about its lens: farthest over nearest distance of the target,
    the share of the picture covered, the range of tilts (90th percentile, degrees), the views."""

    depth_ratio: float
    coverage: float
    tilt_deg: float
    views: int

    @property
    def lacking(self) -> tuple[str, ...]:
        """What there is too little of; empty where a lens can be told."""
        said = (
            (self.views >= FEWEST_VIEWS, f"{self.views} views"),
            (self.depth_ratio >= DEPTH_RATIO, f"distances within 1:{self.depth_ratio:.1f}"),
            (self.coverage >= COVERAGE, f"{percent(self.coverage)} of the picture covered"),
            (self.tilt_deg >= TILT_DEG, f"tilts up to {self.tilt_deg:.0f} deg"),
        )  # fmt: skip
        return tuple(text for enough, text in said if not enough)


def support(o: Observations, s: State, camera: int, size_px: tuple[int, int]) -> Support:
    """Judge one camera's views at a state."""
    rows = o.of_camera(camera)
    if rows.start == rows.stop:
        return Support(1.0, 0.0, 0.0, 0)
    depth = in_cameras(o, s, rows)[1][:, 2]
    near, far = np.percentile(depth, [2, 98])
    xy = o.xy_px[rows][o.seen[rows]]
    cells = np.clip(xy / np.array(size_px) * _CELLS, 0, _CELLS - 1).astype(int)
    covered = len(np.unique(cells[:, 0] * _CELLS + cells[:, 1])) / _CELLS**2
    turn = s.rotation[camera] @ s.turn[o.moment[rows]]
    tilt = np.degrees(np.arccos(np.clip(np.abs(turn[:, 2, 2]), 0.0, 1.0)))
    return Support(
        float(far / max(near, 1e-9)),
        covered,
        float(np.percentile(tilt, 90)),
        rows.stop - rows.start,
    )


@dataclass(frozen=True, eq=False)
class Refined:
    """The state taken, its freedom, and what is to be said of it."""

    s: State
    freedom: Freedom
    errors: tuple[Errors, ...]
    cameras: tuple[int, ...]
    notes: tuple[str, ...]
    alternatives: tuple[str, ...]


def moves(a: State, b: State) -> tuple[np.ndarray, np.ndarray]:
    """By how much cameras turned against the first (deg), and moved (as a share of their distance
    from it)."""
    turned = angle_deg(
        a.rotation @ np.swapaxes(a.rotation[:1], -1, -2),
        b.rotation @ np.swapaxes(b.rotation[:1], -1, -2),
    )
    before = (a.rotation[0] @ (a.centre_m - a.centre_m[0]).T).T
    after = (b.rotation[0] @ (b.centre_m - b.centre_m[0]).T).T
    away = np.fmax(np.linalg.norm(before, axis=-1), 1e-9)
    return turned, np.linalg.norm(after - before, axis=-1) / away


def unexplained(o: Observations, fixed: State, freed: State, freedom: Freedom) -> dict[int, str]:
    """Cameras that moved further than the freed solution's own uncertainty explains, or by more
    than half a degree or 1 % whatever it says, and how far."""
    turned, shifted = moves(fixed, freed)
    sure = uncertainty(o, freed, freedom)
    out: dict[int, str] = {}
    for camera in range(1, len(o.cameras)):
        spread = sure.spread(camera, 0)
        away = float(np.linalg.norm(freed.centre_m[camera] - freed.centre_m[0]))
        turn = SIGMAS * float(np.linalg.norm(spread.rotation_deg))
        shift = SIGMAS * float(np.linalg.norm(spread.centre_mm)) / 1000 / max(away, 1e-9)
        if turned[camera] > min(turn, MOST_DEG) or shifted[camera] > min(shift, MOST_SHARE):
            out[camera] = (
                f"{o.cameras[camera]} by {turned[camera]:.2f} deg and "
                f"{percent(shifted[camera], 1)} of its distance (explained: "
                f"{min(turn, MOST_DEG):.2f} deg, {percent(min(shift, MOST_SHARE), 1)})"
            )
    return out


def prior_of(
    s: State, sizes_px: Float[np.ndarray, "cameras 2"], noise_px: float, strength: float
) -> Float[np.ndarray, "cameras 19"]:
    """How firmly lens values are drawn to those given: one percent of focal length and of the
    picture's width, 0.02 of distortion terms, times ``strength``."""
    widths = np.full((len(s.lenses), optics.SIZE), 0.02)
    widths[:, optics.FOCAL] = 0.01 * s.values[:, optics.FOCAL]
    widths[:, optics.CENTRE] = 0.01 * sizes_px[:, :1]
    return np.square(noise_px / (strength * widths))


def refine_lenses(
    target: Target,
    o: Observations,
    s: State,
    errors: tuple[Errors, ...],
    cameras: tuple[int, ...],
    sizes_px: Float[np.ndarray, "cameras 2"],
    base: Freedom,
    *,
    always: bool,
) -> Refined:
    """Try to solve the lenses of ``cameras`` jointly with the rig of ``s``, whose held-out errors
    and freedom ``base`` are known.

    Freed, they are taken only if all agrees. ``always`` keeps them near what was given by a prior,
    tightened until no camera moves unexplained.
    """
    count = len(o.cameras)
    notes: list[str] = []
    eligible: list[int] = []
    for camera in cameras:
        size = int(sizes_px[camera, 0]), int(sizes_px[camera, 1])
        lacking = support(o, s, camera, size).lacking
        if lacking and not always:
            notes.append(
                f"The lens of {o.cameras[camera]} was kept: the views cannot tell it "
                f"({', '.join(lacking)})."
            )
        else:
            eligible.append(camera)
    if not eligible:
        return Refined(s, base, errors, (), tuple(notes), ())
    values = [
        optics.free_values(s.terms[c]) if c in eligible else base.values[c] for c in range(count)
    ]
    plain = rig_freedom(count, values)
    if always:
        return _regularised(target, o, s, errors, eligible, sizes_px, base, plain, notes)
    freed = robust_adjust(o, s, plain)
    before, after = (_rms(o, state) for state in (s, freed))
    bent = unexplained(o, s, freed, plain)
    tale = f"Lenses freed: {before:.3f} to {after:.3f} px on the views themselves"
    if bent:
        tale += f"; refused, for it moves {'; '.join(bent.values())}."
        notes.append("The given lenses were kept: freeing them bends the rig.")
        return Refined(s, base, errors, (), tuple(notes), (tale,))
    tried = cross_validate(target, o, freed, lambda part, start: robust_adjust(part, start, plain))
    worse, sigma = paired_px(errors, tried)
    tale += f"; held-out error {worse:+.3f} ± {sigma:.3f} px"
    if not worse < -sigma:
        notes.append("The given lenses were kept: freeing them predicts new views no better.")
        return Refined(s, base, errors, (), tuple(notes), (tale + "; refused.",))
    return Refined(freed, plain, tried, tuple(eligible), tuple(notes), (tale + "; taken.",))


def _regularised(
    target: Target,
    o: Observations,
    s: State,
    errors: tuple[Errors, ...],
    eligible: list[int],
    sizes_px: np.ndarray,
    base: Freedom,
    plain: Freedom,
    notes: list[str],
) -> Refined:
    noise = scale_px(lengths_px(o, s)[o.seen])
    told: list[str] = []
    for strength in _PRIORS:
        freedom = replace(
            plain, prior=prior_of(s, sizes_px, noise, strength), towards=s.values.copy()
        )
        freed = robust_adjust(o, s, freedom)
        bent = unexplained(o, s, freed, freedom)
        if not bent:
            tried = cross_validate(
                target, o, freed, lambda part, start, free=freedom: robust_adjust(part, start, free)
            )
            worse, sigma = paired_px(errors, tried)
            notes.append(
                "Lenses were solved with the rig, held to those given within "
                f"{percent(strength / 100, 2)} of focal length: held-out error {worse:+.3f} ± "
                f"{sigma:.3f} px."
            )
            return Refined(freed, freedom, tried, tuple(eligible), tuple(notes), tuple(told))
        told.append(
            f"Lenses held to those given within {percent(strength / 100, 2)} of focal length: "
            f"refused, for it moves {'; '.join(bent.values())}."
        )
    notes.append("The given lenses were kept: freeing them at all bends the rig.")
    return Refined(s, base, errors, (), tuple(notes), tuple(told))


def _rms(o: Observations, s: State) -> float:
    return float(np.sqrt(np.square(off_px(o, s)).sum() / o.seen.sum()))
