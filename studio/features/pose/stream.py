"""``doppel pose CAMERA --stream ADDRESS``: whoever a camera sees, told to other programs live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from studio.core.errors import StudioError
from studio.features.pose.engine import Params
from studio.jobs import Context, run
from studio.jobs.terminal import finish_on_interrupt
from studio.live.lanes import Lasted
from studio.live.moment import Moment
from studio.live.opening import opened
from studio.live.outlets.address import POSES, address_of
from studio.live.outlets.outlet import open_outlets
from studio.live.solving import LiftSolver, RigSolver, Solver
from studio.live.tracking import follow
from studio.weights.detectors import maker


def stream(
    places: Sequence[str],
    addresses: Sequence[str],
    params: Params,
    context: Context,
    *,
    other_hosts: bool = False,
    rig: Path | None = None,
    seconds: float | None = None,
    loop: bool = False,
    each: Callable[[Moment], object] = lambda moment: None,
) -> Lasted:
    """Follow people in cameras, films or network streams, and tell every moment to ``addresses``.

    One camera is lifted to 3D; several need their ``rig``, and are triangulated. Ends with the last
    film, after ``seconds``, or on Ctrl+C. Raises StudioError for what cannot be opened.
    """
    made = solver_of(places, rig)
    outlets = open_outlets([address_of(text, other_hosts, POSES) for text in addresses])
    try:
        with opened(places, context, loop=loop) as cameras, finish_on_interrupt(context):
            return run(
                follow(
                    cameras, maker(params.backend, params.options), context,
                    make_solver=made, outlets=lambda: outlets, seconds=seconds,
                ),
                each,
            )  # fmt: skip
    finally:
        for outlet in outlets:
            outlet.close()


def solver_of(places: Sequence[str], rig: Path | None) -> Callable[[], Solver]:
    """How skeletons are made of what these cameras see. Raises StudioError if they need a rig."""
    if rig is not None:
        from studio.media.formats.rigs import read_rig

        known = read_rig(rig).rig
        if len(places) > 1:
            return lambda: RigSolver(known)
        name = Path(places[0]).stem
        return lambda: LiftSolver(camera=known[name] if name in known.names else None)
    if len(places) > 1:
        raise StudioError(
            "Several cameras give one skeleton only if they are calibrated.",
            "Give their calibration with --rig, or one camera alone.",
        )
    return LiftSolver
