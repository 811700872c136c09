"""The head of photographs that were looked at, as the params have it: found, then pinned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from studio.core.exif import focal_px
from studio.features.head.params import Params
from studio.human.heads.fit import FittedHead, fit
from studio.human.heads.proportions import womanly
from studio.human.heads.shown import Portrait, jaw_of
from studio.perception.correspondence import fit_together
from studio.perception.portraits import Looked
from studio.synth.heads.pixels.stage import to_pixels
from studio.synth.heads.seen import scale_of, tall_m

GENDERS = {"woman": 1.0, "man": 0.0}
"""How builds are called that are known, and where their slider is."""
_FILM_MM = 36.0
_PINNED_ROUNDS = 2


@dataclass(frozen=True, eq=False)
class Fitting:
    """A head as it was ``found``, and with what was put right by hand; ``portraits`` are the
    photographs with their pins. ``fine`` says that it was found by pixels, not only by points."""

    portraits: tuple[Portrait, ...]
    found: FittedHead
    head: FittedHead
    fine: bool = False


def build_of(looked: Sequence[Looked], params: Params) -> float:
    """Whether it is a woman's build or a man's, 1 to 0."""
    return GENDERS.get(params.gender, womanly([one.xyz_px for one in looked]))


def portraits_of(
    looked: Sequence[Looked], paths: Sequence[Path], params: Params, last: Fitting | None = None
) -> tuple[Portrait, ...]:
    """The photographs as the fit takes them, with their pins; what was matched of the ``last`` fit
    of the same ones is kept."""
    known = [_portrait(one, path, params) for one, path in zip(looked, paths, strict=True)]
    if last is not None:
        known = list(last.portraits)
    return tuple(_pinned(one, path, params) for one, path in zip(known, paths, strict=True))


def _portrait(one: Looked, path: Path, params: Params) -> Portrait:
    size = one.rgb.shape[1], one.rgb.shape[0]
    focal = focal_px(path) if params.lens_mm is None else params.lens_mm / _FILM_MM * max(size)
    return Portrait(one.xyz_px, size, focal_px=focal, jaw=jaw_of(one.guesses))


def _pinned(one: Portrait, path: Path, params: Params) -> Portrait:
    pins = [pin for pin in params.pins if pin.photo == path]
    put = None
    if pins:
        put = np.full((len(one.xyz_px), 2), np.nan)
        for pin in pins:
            put[pin.point] = pin.x_px, pin.y_px
    return replace(one, pinned_px=put, reach_m=params.reach_mm / 1000)


def fitted(
    looked: Sequence[Looked], paths: Sequence[Path], params: Params, last: Fitting | None = None,
    fine: bool = False, check: Callable[[], object] = lambda: None,
) -> Fitting:  # fmt: skip
    """The head, without pins (as the ``last`` fit of the same photographs found it, where there is
    one) and with them; ``fine``, if the params want it, by pixels. ``check`` is called often and
    may raise to stop the work."""
    gender = build_of(looked, params)
    if last is None:
        pictures = [one.rgb for one in looked]
        free = portraits_of(looked, paths, params.model_copy(update={"pins": ()}))
        if params.seconds is None:
            free, found = fit_together(pictures, free, gender, params.expression)
        else:  # neural heads learned from photographs that were not matched
            found = fit(free, expression=params.expression, gender=gender)
        last = Fitting(free, found, found)
    if fine and params.fine and not last.fine:
        free = portraits_of(looked, paths, params.model_copy(update={"pins": ()}), last)
        free, found = to_pixels(looked, free, last.found, params.expression, check=check)
        last = Fitting(free, found, found, fine=True)
    portraits, head = portraits_of(looked, paths, params, last), last.found
    if params.pins:
        head = fit(portraits, expression=params.expression, start=head, gender=gender,
                   rounds=_PINNED_ROUNDS, held=params.held, about=_known(last))  # fmt: skip
    return Fitting(portraits, last.found, head, last.fine)


def _known(last: Fitting) -> FittedHead | None:
    """The head that pins change, where more is known of it than points tell."""
    return last.found if last.fine else None


def sized(
    params: Params, head: FittedHead, portraits: Sequence[Portrait], pupils_m: float | None = None
) -> float:
    """How many times as large as it was fitted the head is: by what was measured on the person, or
    else by a scan's pupils (metres apart), or by usual ones."""
    if params.pupils_mm is None and params.chin_mm is not None:
        return params.chin_mm / 1000 / tall_m(head, portraits)
    if params.pupils_mm is not None:
        pupils_m = params.pupils_mm / 1000
    return scale_of(head, portraits, pupils_m)


def followed(
    looked: Sequence[Looked], paths: Sequence[Path], params: Params, last: Fitting
) -> Fitting:
    """The head while a pin is dragged: begun where the ``last`` one was."""
    portraits = portraits_of(looked, paths, params, last)
    head = fit(portraits, expression=params.expression, start=last.head,
               gender=build_of(looked, params), rounds=0, held=params.held,
               about=_known(last))  # fmt: skip
    return Fitting(portraits, last.found, head, last.fine)
