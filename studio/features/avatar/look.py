"""How whoever was fitted looks in the films that the motion came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import CameraRig, Fact
from studio.human.design import Design
from studio.human.fit import Fit
from studio.media.films import Films, opened
from studio.synth.filmed_look import Sight, as_filmed

LOOSE_M = 0.035
"""A fit that is further off its keypoints, on average, lies beside the person in the pictures."""
_MOMENTS, _CAMERAS = 5, 6


@dataclass(frozen=True)
class Filmed:
    """The films of a take, and the rig that filmed it; the clock is the motion's."""

    films: Films
    rig: CameraRig


def looked_at(
    filmed: Filmed, fit: Fit, check: Callable[[], None]
) -> tuple[Design | None, Fact | None]:
    """The person's design as the films tell it (:func:`studio.synth.filmed_look.as_filmed`); none,
    and a note that says why, if they cannot be read or the fit does not lie well over them.
    ``check`` is called before each moment."""
    off_m = float(np.nanmean(fit.residual_m))
    if off_m > LOOSE_M:
        told = f"The usual ones: a fit that is {1000 * off_m:.0f} mm off shows not where they are."
        return None, Fact("Clothes", told)
    try:
        return as_filmed(fit, sights(filmed, fit, check)), None
    except StudioError as error:
        told = f"The usual ones, for the films could not be looked at. {error.message}"
        return None, Fact("Clothes", told, blame=error.hint)


def sights(filmed: Filmed, fit: Fit, check: Callable[[], None]) -> Iterator[Sight]:
    """Pictures of some moments by some cameras, spread over the take and around the person.

    ``check`` is called before each moment. Raises StudioError if a film cannot be read.
    """
    known = [film for film in filmed.films.films if film.camera in filmed.rig.names]
    chosen = [known[k] for k in _spread(len(known), _CAMERAS)]
    films = Films(tuple(chosen), filmed.films.in_s, filmed.films.out_s)
    with opened(films) as sets:
        for frame in _spread(len(fit), _MOMENTS):
            check()
            taken = sets.at(float(fit.times_s[frame]))
            nearest = int(np.abs(fit.times_s - taken.time_s).argmin())
            for name, one in taken.frames.items():
                yield Sight(np.asarray(one.rgb), filmed.rig[name], nearest)


def _spread(count: int, most: int) -> list[int]:
    """So many of ``count`` numbers at most, evenly, none at the very ends of many."""
    if count <= most:
        return list(range(count))
    return [int((k + 0.5) * count / most) for k in range(most)]
