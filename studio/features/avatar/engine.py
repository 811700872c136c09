"""The avatar as an engine: the posed person while it works, then the whole take refined."""

from __future__ import annotations

from dataclasses import dataclass

from studio.core.types import Character, Fact, Motion, Posed
from studio.features.avatar.params import Params
from studio.human.character import posed
from studio.human.fit import Fit, fit_motion
from studio.jobs import Context, Engine
from studio.synth.designed import avatar_of, filmed, person_of


@dataclass(frozen=True)
class Origin:
    """The project's item that the motion came from, by id, and its name."""

    name: str
    motion: str


@dataclass(frozen=True, eq=False)
class Inputs:
    """The motion to fit, in a layout of the catalogue or as loose markers with known names."""

    motion: Motion
    origin: Origin | None = None


@dataclass(frozen=True, eq=False)
class Avatar:
    """The result: the fit, and the person as an animated character."""

    fit: Fit
    character: Character

    @property
    def facts(self) -> tuple[Fact, ...]:
        return self.fit.facts


def avatar(params: Params, inputs: Inputs, context: Context) -> Engine[Posed, Avatar]:
    """Fit the parametric person to a motion. Yields the posed person, returns the avatar.

    Raises StudioError if the motion shows too little of a person or has the wrong size.
    """

    def report(fraction: float, text: str) -> None:
        context.check()
        context.report(fraction, text)

    work = fit_motion(inputs.motion, params.options(), report)
    rest: Character | None = None
    name = inputs.origin.name if inputs.origin else "Avatar"
    while True:
        try:
            shape, live = next(work)
        except StopIteration as stop:
            fit: Fit = stop.value
            break
        rest = rest or person_of(filmed(shape, params.dressed), name)
        yield posed(rest, live)
    context.report(0.97, "Dressing the character")
    result = Avatar(fit, avatar_of(fit, filmed(fit.shape, params.dressed), name))
    context.report(1.0, "Done")
    return result
