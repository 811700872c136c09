"""The lenses a rig starts from: those given, or each camera's from its own views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from studio.core.calibration import Dropped, Target, View
from studio.core.errors import StudioError
from studio.core.types import Camera, LensModel
from studio.vision.calibration import lens as optics
from studio.vision.calibration.choose_lens import choose_lens, fit_model
from studio.vision.calibration.intrinsics import LensFit, fit_lens, representative
from studio.vision.calibration.observations import Observations, observe
from studio.vision.calibration.outliers import drop_bad
from studio.vision.calibration.planar import twin_poses
from studio.vision.calibration.refinement import support
from studio.vision.calibration.state import State

_VIEWS = 60


@dataclass(frozen=True, eq=False)
class OwnLens:
    """A camera's lens; ``free`` are its values to solve for (none of a given one's), ``dropped``
    its views that fit no lens, ``told`` what else was tried."""

    lens: LensModel
    terms: int
    values: Float[np.ndarray, "19"]
    given: bool
    dropped: tuple[Dropped, ...] = ()
    told: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    free: tuple[int, ...] = ()


def given_lens(camera: Camera, size_px: tuple[int, int]) -> OwnLens:
    """A known lens, scaled to the size of today's pictures.

    Raises StudioError where the shapes of the pictures differ: that is a crop, and where it was
    cut cannot be told.
    """
    scale = np.array(size_px) / np.array(camera.size_px)
    values = optics.values_of(camera)
    if abs(scale[0] / scale[1] - 1) > 0.01:
        raise StudioError(
            f"The lens of camera {camera.name} was measured in pictures of "
            f"{camera.size_px[0]}x{camera.size_px[1]}, and these are {size_px[0]}x{size_px[1]}.",
            "Film in the shape the lens was measured in, or leave its intrinsics out.",
        )
    if camera.size_px == size_px:
        return OwnLens(camera.lens, len(camera.distortion), values, True)
    values[optics.FOCAL] *= scale
    values[optics.SKEW] *= scale[0]
    values[optics.CENTRE] = (values[optics.CENTRE] + 0.5) * scale - 0.5
    note = (
        f"The lens of camera {camera.name} was scaled from {camera.size_px[0]}x"
        f"{camera.size_px[1]} to {size_px[0]}x{size_px[1]}."
    )
    return OwnLens(camera.lens, len(camera.distortion), values, True, notes=(note,))


def measured_lens(
    target: Target, views: Sequence[View], name: str, size_px: tuple[int, int], lens: str
) -> OwnLens:
    """A lens from a camera's own views: bad views out, then the model chosen by held-out error."""
    o = observe(target, views, (name,)).apart()
    moments = tuple(v.moment for v in sorted(views, key=lambda v: v.moment))
    o = replace(o, moments=moments)
    o = _renumbered(o.take(representative(o, _VIEWS)))
    first = fit_model(o, size_px, "one term" if lens == "auto" else lens)
    twins = twin_poses(o, first.state)
    cleaned = drop_bad(
        o, first.state, twins,
        lambda part, s: _refitted(part, s, size_px, first),
    )  # fmt: skip
    near = cleaned.s.with_targets(cleaned.s.targets[cleaned.o.moment])
    o = _renumbered(cleaned.o)
    choice = choose_lens(o, size_px, lens, near)
    told: tuple[str, ...] = ()
    if choice.held_out_px:
        errors = ", ".join(f"{key} {value:.3f}" for key, value in choice.held_out_px.items())
        told = (f"Lens of {name}: {choice.name}, by held-out error in px ({errors}).",)
    lacking = support(o, choice.fit.state, 0, size_px).lacking
    notes: tuple[str, ...] = ()
    if lacking:
        kind = "with one distortion term, " if choice.name == "one term" else ""
        notes = (
            f"The views of {name} tell its lens only in part ({', '.join(lacking)}): it was solved "
            f"{kind}drawn to what is usual. Its intrinsics from a film of its own would be truer.",
        )
    return OwnLens(
        choice.fit.lens, choice.fit.terms, choice.fit.values, False, cleaned.dropped, told, notes,
        tuple(choice.fit.free.tolist()),
    )  # fmt: skip


def _renumbered(o: Observations) -> Observations:
    """The same single-camera views with moments numbered without gaps."""
    return replace(
        o, moments=tuple(o.moments[m] for m in o.moment), moment=np.arange(len(o), dtype=np.intp)
    )


def _refitted(o: Observations, s: State, size_px: tuple[int, int], as_in: LensFit) -> State:
    free = as_in.free.tolist()
    return fit_lens(o, size_px, as_in.lens, as_in.terms, start=s, usual=True, solved=free).state


def own_lenses(
    target: Target,
    views: Sequence[View],
    sizes_px: Mapping[str, tuple[int, int]],
    given: Mapping[str, Camera],
    lens: str,
) -> tuple[OwnLens, ...]:
    """By camera, in the order of ``sizes_px``."""
    return tuple(
        given_lens(given[name], size)
        if name in given
        else measured_lens(target, [v for v in views if v.camera == name], name, size, lens)
        for name, size in sizes_px.items()
    )
