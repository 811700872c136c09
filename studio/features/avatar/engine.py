"""The avatar as an engine: the posed person while it works, then the whole take refined, dressed
like whoever was filmed."""

from __future__ import annotations

from dataclasses import dataclass

from studio.core.types import Character, Fact, Motion, Posed
from studio.features.avatar.look import Filmed, looked_at
from studio.features.avatar.params import Params
from studio.human.character import posed
from studio.human.design import Design
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
    """The motion to fit, in a layout of the catalogue or as loose markers with known names; and the
    films that it came from, where they are at hand."""

    motion: Motion
    origin: Origin | None = None
    filmed: Filmed | None = None


@dataclass(frozen=True, eq=False)
class Avatar:
    """The result: the fit, and the person as an animated character. ``design`` is their look as
    films told it; None: nobody looked."""

    fit: Fit
    character: Character
    design: Design | None = None
    note: Fact | None = None

    @property
    def facts(self) -> tuple[Fact, ...]:
        return self.fit.facts if self.note is None else (*self.fit.facts, self.note)


def avatar(params: Params, inputs: Inputs, context: Context) -> Engine[Posed, Avatar]:
    """Fit the parametric person to a motion. Yields the posed person, returns the avatar.

    Raises StudioError if the motion shows too little of a person or has the wrong size. Films that
    cannot be read leave the person in their usual clothes, and a note says so.
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
    context.report(0.94, "Looking at the clothes")
    look, note = None, None
    if inputs.filmed is not None and params.dressed and params.as_filmed:
        look, note = looked_at(inputs.filmed, fit, context.check)
    context.report(0.97, "Dressing the character")
    character = avatar_of(fit, look or filmed(fit.shape, params.dressed), name)
    context.report(1.0, "Done")
    return Avatar(fit, character, look, note)
