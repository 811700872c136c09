"""Lenses only: every camera by itself, from pictures that need not belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from studio.core.calibration import Dropped, Gate, HeldOut, Solution, View
from studio.core.types import CameraRig
from studio.features.calibrate.look import Seen, Sightings, going, look, pace
from studio.features.calibrate.params import Params
from studio.features.calibrate.result import OF_RIGS, Calibrated, Shot, numbered, shots
from studio.features.calibrate.sources import Clips, Source
from studio.jobs import Context, Engine
from studio.perception.boards import Board
from studio.vision.calibration.guidance import Guidance, Guide, spoken
from studio.vision.calibration.solve import solve
from studio.vision.calibration.trust.gates import judge

_RANK = {"stop": 0, "look": 1, "plain": 2, "good": 3}


def each_alone(
    params: Params, sources: Sequence[Source], board: Board, context: Context
) -> Engine[Seen, Calibrated]:
    """The lens of every source's camera. Raises StudioError as the solve does, naming the camera.

    The result's cameras all stand at one place: nothing is said of where they were.
    """
    found: list[Sightings] = []
    for number, source in enumerate(sources):
        context.report(0.7 * number / len(sources), f"Looking at camera {source.camera}")
        with Clips((source,), unequal=True) as clips:
            guide = Guide(board.target, clips.sizes_px)
            share = 0.7 * number / len(sources), 0.7 / len(sources)
            found.append(
                (yield from look(
                    board, going(clips, context, share), guide,
                    every_s=pace(params.per_second, clips), numbers=clips.sets.plan(),
                ))
            )  # fmt: skip
    seen = _joined(found)
    result = solve_each(params, board, seen, context)
    return replace(result, shots=_shots(result.solution, sources))


def solve_each(params: Params, board: Board, seen: Sightings, context: Context) -> Calibrated:
    """What every camera saw, solved camera by camera."""
    solutions: list[Solution] = []
    gates: list[Gate] = []
    guidance: list[Guidance] = []
    says = spoken(tuple(seen.sizes_px))
    for number, name in enumerate(seen.sizes_px):
        context.check()
        context.report(0.7 + 0.3 * number / len(seen.sizes_px), f"The lens of {says[name].long}")
        own = seen.without([other for other in seen.sizes_px if other != name])
        solution = solve(board.target, own.views, own.sizes_px, lens=params.lens)
        solutions.append(replace(solution, dropped=numbered(solution.dropped, own)))
        judged = judge(solutions[-1], views=own.views)
        gates += [replace(gate, camera=name) for gate in judged if gate.id not in OF_RIGS]
        guide = Guide(board.target, own.sizes_px)
        for view in own.views:
            guide.add(view)
        guidance.append(guide.advice())
    context.report(1.0, "Done")
    gates.sort(key=lambda gate: _RANK[gate.verdict])
    return Calibrated(
        _together(solutions), tuple(gates), (), board, seen, _side_by_side(guidance),
        ("Lenses only: nothing is told of where the cameras stood.",), lenses_only=True,
    )  # fmt: skip


def _joined(found: Sequence[Sightings]) -> Sightings:
    """All that was seen, with no two cameras at one moment."""
    views: list[View] = []
    times: dict[int, float] = {}
    dropped: list[Dropped] = []
    sizes: dict[str, tuple[int, int]] = {}
    first = 0
    for one in found:
        views += [replace(view, moment=view.moment + first) for view in one.views]
        times |= {moment + first: time_s for moment, time_s in one.times_s.items()}
        dropped += [replace(d, moment=d.moment + first) for d in one.dropped]
        sizes |= one.sizes_px
        first += max(one.times_s, default=0) + 1
    return Sightings(tuple(views), times, sizes, tuple(dropped))


def _together(solutions: Sequence[Solution]) -> Solution:
    """Solutions of one camera each, side by side."""

    def by_camera(part: str) -> Mapping[str, float]:
        return {name: value for one in solutions for name, value in getattr(one, part).items()}

    held = {name: px for one in solutions for name, px in one.held_out.camera_px.items()}
    points = [sum(len(view) for view in one.views) for one in solutions]
    common = set[str].intersection(*(set(one.notes) for one in solutions))
    rig = CameraRig(tuple(camera for one in solutions for camera in one.rig.cameras))
    return Solution(
        rig=rig,
        target=solutions[0].target,
        views=tuple(view for one in solutions for view in one.views),
        target_world={m: pose for one in solutions for m, pose in one.target_world.items()},
        rmse_px=_mean([one.rmse_px for one in solutions], points),
        camera_rmse_px=by_camera("camera_rmse_px"),
        held_out=HeldOut(
            _mean([one.held_out.px for one in solutions], points), float("nan"), held,
            tuple(m for one in solutions for m in one.held_out.moments),
        ),
        spread={name: spread for one in solutions for name, spread in one.spread.items()},
        pose_covariance=np.zeros((6 * len(rig), 6 * len(rig))),
        dropped=tuple(d for one in solutions for d in one.dropped),
        notes=tuple(dict.fromkeys(n for one in solutions for n in one.notes if n not in common)),
        alternatives=tuple(text for one in solutions for text in one.alternatives),
        refined=tuple(name for one in solutions for name in one.refined),
    )  # fmt: skip


def _mean(rms: Sequence[float], weights: Sequence[int]) -> float:
    return float(np.sqrt(np.average(np.square(rms), weights=weights)))


def _side_by_side(parts: Sequence[Guidance]) -> Guidance:
    least = min(parts, key=lambda one: one.progress)
    return replace(
        least,
        cameras=tuple(camera for one in parts for camera in one.cameras),
        pairs={},
        progress=float(np.mean([one.progress for one in parts])),
        ready=all(one.ready for one in parts),
        enough=all(one.enough for one in parts),
    )


def _shots(solution: Solution, sources: Sequence[Source]) -> tuple[Shot, ...]:
    left = {dropped.camera for dropped in solution.dropped}
    found: list[Shot] = []
    for source in sources:
        if source.camera in left:
            with Clips((source,), unequal=True) as clips:
                found += shots(solution, clips)
    return tuple(found)
