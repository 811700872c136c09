"""From views of a target to a calibrated rig, and what it is worth.

Lenses first (given, or each camera's from its own views), then where the cameras stand to each
other by consensus, bundle adjustment, bad views out, lenses freed where that is truer, and at the
end the same once more without part of the moments, for the held-out error.

The world has the first camera at its origin, looking along +Y with up in its picture along +Z,
until :mod:`studio.vision.calibration.world` gives it a floor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from studio.core.calibration import Dropped, Solution, Target, View
from studio.core.errors import StudioError
from studio.core.types import Camera, CameraRig
from studio.vision.calibration.choose_lens import plausible
from studio.vision.calibration.covariance import uncertainty
from studio.vision.calibration.crossval import cross_validate, paired_px
from studio.vision.calibration.first_rig import Solver, Work, first_rig, own_freedom
from studio.vision.calibration.heldout import summary
from studio.vision.calibration.outliers import drop_bad
from studio.vision.calibration.own_lenses import OwnLens, own_lenses
from studio.vision.calibration.planar import FEWEST, usable
from studio.vision.calibration.refinement import refine_lenses
from studio.vision.calibration.state import off_px
from studio.vision.rotations import rigid

Refine = Literal["auto", "never", "always"]
Lens = Literal["auto", "pinhole4", "pinhole5", "pinhole8", "fisheye"]
Report = Callable[[float, str], None]


def solve(
    target: Target,
    views: Sequence[View],
    sizes_px: Mapping[str, tuple[int, int]],
    *,
    intrinsics: Mapping[str, Camera] | CameraRig | None = None,
    refine: Refine = "auto",
    lens: Lens = "auto",
    report: Report | None = None,
) -> Solution:
    """Calibrate the cameras named in ``sizes_px`` (in this order; the first is the datum).

    ``intrinsics`` are the lenses already known, by name; other cameras' are measured from their
    own views with the model ``lens``, "auto" choosing it by held-out error, and solved once more
    with the rig. ``refine`` says whether given ones are too: "auto" where that is truer, "always"
    with a prior towards them. With one camera only its lens is solved. ``report`` hears of
    progress (share done, what is going on) and may raise to cancel.

    Raises StudioError for a camera that never saw enough of the target, for cameras that never
    saw it together, and for lenses measured in pictures of another shape.
    """
    tell = report or _silent
    names = tuple(sizes_px)
    given = _by_name(intrinsics)
    kept, dropped = _usable(target, views, names)
    tell(0.02, "Lenses")
    lenses = own_lenses(target, kept, sizes_px, {n: given[n] for n in names if n in given}, lens)
    gone = {(d.moment, d.camera) for own in lenses for d in own.dropped}
    kept = [v for v in kept if (v.moment, v.camera) not in gone]
    dropped += [d for own in lenses for d in own.dropped]
    tell(0.3, "Where the cameras stand")
    first, twins = first_rig(target, kept, sizes_px, lenses)
    tell(0.5, "Bad views")
    solve_first = Solver(first.freedom)
    cleaned = drop_bad(first.o, first.s, twins, solve_first)
    tell(0.6, "Held-out moments")
    errors = cross_validate(target, cleaned.o, cleaned.s, solve_first)
    taken = Work(cleaned.o, cleaned.s, first.freedom, errors)
    notes = [note for own in lenses for note in own.notes]
    told = [text for own in lenses for text in own.told]
    tell(0.75, "Lenses with the rig")
    if len(names) == 1:
        notes.append("One camera: its lens was calibrated; where it stands is not told by that.")
    else:
        taken = _refined(target, taken, lenses, sizes_px, refine, notes, told)
    if cleaned.corners:
        notes.append(f"{cleaned.corners} single corners far off in good views were left out.")
    if cleaned.left:
        notes.append(
            f"{cleaned.left} more views stand out; they were kept, since so many are no accident."
        )
    tell(0.95, "Uncertainty")
    dropped += [*cleaned.dropped, *cleaned.saved]
    return _solution(target, kept, dropped, lenses, sizes_px, taken, notes, told)


def _silent(_share: float, _text: str) -> None:
    pass


def _by_name(intrinsics: Mapping[str, Camera] | CameraRig | None) -> Mapping[str, Camera]:
    if isinstance(intrinsics, CameraRig):
        return {camera.name: camera for camera in intrinsics.cameras}
    return intrinsics or {}


def _usable(
    target: Target, views: Sequence[View], names: tuple[str, ...]
) -> tuple[list[View], list[Dropped]]:
    """Views that tell a pose, and those that do not."""
    kept: dict[tuple[str, int], View] = {}
    dropped: list[Dropped] = []
    for view in views:
        key = view.camera, view.moment
        finite = bool(np.isfinite(view.xy_px).all())
        if view.camera not in names:
            continue
        if not finite or not usable(target.points_m[view.points]):
            reason = f"fewer than {FEWEST} points, or all on a line"
            dropped.append(Dropped(view.moment, view.camera, reason, frame=view.frame, unfit=False))
        elif key not in kept or len(view) > len(kept[key]):
            kept[key] = view
    blind = [name for name in names if not any(camera == name for camera, _ in kept)]
    if blind:
        raise StudioError(
            f"Camera {', '.join(blind)} never saw enough of the {target.name}.",
            "Show it the whole target, at least a fifth of the picture wide, in good light.",
        )
    return list(kept.values()), dropped


def _refined(
    target: Target,
    work: Work,
    lenses: Sequence[OwnLens],
    sizes_px: Mapping[str, tuple[int, int]],
    refine: Refine,
    notes: list[str],
    told: list[str],
) -> Work:
    """Lenses measured here are solved with the rig unless that predicts worse; given ones as
    :func:`refine_lenses` says."""
    own = tuple(i for i, lens in enumerate(lenses) if not lens.given)
    if own:
        work = _jointly(target, work, own, lenses, sizes_px, told)
    known = tuple(i for i, lens in enumerate(lenses) if lens.given)
    if not known or refine == "never":
        return work
    sizes = np.array([sizes_px[name] for name in work.o.cameras], np.float64)
    tried = refine_lenses(
        target, work.o, work.s, work.errors, known, sizes, work.freedom, always=refine == "always"
    )
    notes += tried.notes
    told += tried.alternatives
    return Work(work.o, tried.s, tried.freedom, tried.errors, (*work.refined, *tried.cameras))


def _jointly(
    target: Target,
    work: Work,
    own: tuple[int, ...],
    lenses: Sequence[OwnLens],
    sizes_px: Mapping[str, tuple[int, int]],
    told: list[str],
) -> Work:
    freedom = own_freedom(work.o, work.s, lenses, sizes_px)
    solver = Solver(freedom)
    s = solver(work.o, work.s)
    errors = cross_validate(target, work.o, s, solver)
    worse, sigma = paired_px(work.errors, errors)
    bent = [
        n for i, n in enumerate(sizes_px) if i in own and not plausible(s.camera(i, n, sizes_px[n]))
    ]
    refused = f"refused: impossible for {', '.join(bent)}" if bent else "refused"
    told.append(
        f"Lenses solved with the rig, not each by itself: held-out error {worse:+.3f} ± "
        f"{sigma:.3f} px; {refused if bent or worse > sigma else 'taken'}."
    )
    if bent or worse > sigma:
        return work
    return Work(work.o, s, freedom, errors, own)


def _solution(
    target: Target,
    views: Sequence[View],
    dropped: Sequence[Dropped],
    lenses: Sequence[OwnLens],
    sizes_px: Mapping[str, tuple[int, int]],
    work: Work,
    notes: Sequence[str],
    told: Sequence[str],
) -> Solution:
    o, s = work.o, work.s
    rig = CameraRig(tuple(s.camera(i, n, sizes_px[n]) for i, n in enumerate(o.cameras)))
    squares, points = np.square(off_px(o, s)).sum((1, 2)), o.seen.sum(-1)

    def rms(rows: slice) -> float:
        return float(np.sqrt(squares[rows].sum() / max(points[rows].sum(), 1)))

    free = work.freedom
    if not work.refined and not all(own.given for own in lenses):
        free = own_freedom(o, s, lenses, sizes_px)
    sure = uncertainty(o, s, free)
    to_pivot = rigid(np.eye(3), -o.pivot_m)
    frame = {(v.camera, v.moment): v.frame for v in views}
    used = tuple(
        View(camera, moment, o.points[row][o.seen[row]], o.xy_px[row][o.seen[row]],
             frame.get((camera, moment), -1))
        for row, (camera, moment) in enumerate(
            (o.cameras[c], o.moments[m]) for c, m in zip(o.camera, o.moment, strict=True)
        )
    )  # fmt: skip
    measured = {o.cameras[i] for i, own in enumerate(lenses) if not own.given}
    refined = measured | {o.cameras[i] for i in work.refined}
    return Solution(
        rig,
        target,
        used,
        {m: s.targets[i] @ to_pivot for i, m in enumerate(o.moments) if np.any(o.moment == i)},
        rms(slice(None)),
        {name: rms(o.of_camera(i)) for i, name in enumerate(o.cameras)},
        summary(rig, work.errors),
        {name: sure.spread(i, s.terms[i]) for i, name in enumerate(o.cameras)},
        sure.poses(),
        tuple(replace(d, frame=frame.get((d.camera, d.moment), d.frame)) for d in dropped),
        tuple(notes),
        tuple(told),
        tuple(name for name in o.cameras if name in refined),
    )
