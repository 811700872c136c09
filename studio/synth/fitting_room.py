"""A design measured with a tape, and made to have wanted measures."""

from __future__ import annotations

from collections.abc import Mapping

from studio.human.design import Design
from studio.human.measures import measures
from studio.human.phenotypes import PHENOTYPES
from studio.human.segments import SEGMENT_NAMES
from studio.human.sizing import solve
from studio.synth.designed import shape_of


def sizes(design: Design, names: tuple[str, ...]) -> dict[str, float]:
    """What the tape says of a designed person (metres)."""
    return measures(shape_of(design), design.local, names)


def sized(design: Design, wanted: Mapping[str, float], thorough: bool = True) -> Design:
    """The person with these measures (metres), as little changed as can be; pinned ones stay.

    Without ``thorough`` one step is made towards them: enough while a slider is dragged. Raises
    StudioError for a measure that there is not.
    """
    pinned = {name: value for name, value in design.pins.items() if name not in wanted}
    found = solve(wanted, pinned, shape_of(design), design.local, 12 if thorough else 1)
    build = {
        name: round(min(max(float(value), 0.0), 1.0), 4)
        for name, value in zip(PHENOTYPES, found.shape.phenotypes, strict=True)
        if abs(float(value) - design.build(name)) > 1e-4
    }
    scales = {
        name: round(float(value), 4)
        for name, value in zip(SEGMENT_NAMES, found.shape.scales, strict=True)
        if abs(float(value) - 1) > 5e-4
    }
    local = {
        name: round(min(max(value, -1.0), 1.0), 4)
        for name, value in found.local.items()
        if abs(value) > 5e-4
    }
    pins = {name: round(wanted.get(name, value), 4) for name, value in design.pins.items()}
    return design.but(
        phenotypes={**design.phenotypes, **build}, scales=scales, local=local, pins=pins
    )
