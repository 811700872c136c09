"""Calibration as an engine: look for the board, guide, solve, place in the world, judge."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Camera, FrameSet
from studio.document.project import Asset
from studio.features.calibrate.clicked import from_clicks
from studio.features.calibrate.each import each_alone, solve_each
from studio.features.calibrate.lenses import given_lenses
from studio.features.calibrate.look import Seen, Sightings, from_arrays, going, look, pace
from studio.features.calibrate.offsets import matched
from studio.features.calibrate.params import Params
from studio.features.calibrate.result import (
    OF_RIGS,
    Calibrated,
    Inputs,
    numbered,
    shots,
)
from studio.features.calibrate.sources import Clips, LiveCameras, Source, sources_of
from studio.features.calibrate.stillness import ask_background
from studio.features.calibrate.which import some_pictures
from studio.features.calibrate.world import measured, place
from studio.jobs import Context, Engine, run
from studio.media.cameras import match_cameras
from studio.perception.boards import Board, parse_board
from studio.perception.boards.which import which_board
from studio.vision.calibration.guidance import Guidance, Guide
from studio.vision.calibration.solve import solve
from studio.vision.calibration.trust.gates import judge
from studio.vision.calibration.trust.uncertainty import bars_of

_FOUND, _SOLVED = 0.7, 0.95
_PATIENCE_S = 6.0
_LONGEST = 400_000


def calibrate(params: Params, inputs: Inputs, context: Context) -> Engine[Seen, Calibrated]:
    """Calibrate cameras with a board. Yields pictures, points and guidance while it looks.

    Asked to finish early, it solves what it has. Raises StudioError if no board is found (saying
    which one would fit), if a camera never saw it, or if the pairs of cameras do not hang together.
    """
    if params.scene is not None:
        return from_clicks(params, params.scene)
    if params.found:
        return _solve_again(params, inputs, context)
    if inputs.live is not None:
        return (yield from _live(params, inputs, inputs.live, context))
    sources = _sources(params, inputs)
    context.report(0.0, "Opening the pictures")
    if params.lenses_only:
        return (yield from each_alone(params, sources, _board_of_sources(params, sources), context))
    with Clips(sources, unequal=params.unequal) as clips:
        board = board_of(params, clips)
        sizes = clips.sizes_px
        lenses = yield from given_lenses(params, sizes, board, context)
        guide = Guide(board.target, sizes, known_lenses=_fixed(params, lenses))
        seen = yield from look(
            board, going(clips, context, (0.0, _FOUND)), guide,
            every_s=pace(params.per_second, clips), numbers=clips.sets.plan(),
        )  # fmt: skip
        result = _solved(params, inputs, board, seen, lenses, guide.advice(), context)
        gates = result.gates
        if not clips.stills:
            gates = ask_background(gates, result.solution.rig, clips.clips)
        return replace(result, gates=gates, shots=shots(result.solution, clips))


def _sources(params: Params, inputs: Inputs) -> tuple[Source, ...]:
    sources = sources_of(params.paths) if params.paths else inputs.sources
    if not sources:
        raise StudioError(
            "Nothing was chosen to calibrate with.",
            "Choose videos or pictures of a board, one a camera, or use live cameras.",
        )
    names = match_cameras([s.camera for s in sources], inputs.names) if inputs.names else {}
    named = [replace(s, camera=names.get(s.camera, s.camera)) for s in sources]
    later = matched(inputs.offsets_s, [source.camera for source in named])
    named = [replace(s, offset_s=later.get(s.camera, s.offset_s)) for s in named]
    return tuple(source for source in named if source.camera not in params.drop)


def board_of(params: Params, clips: Clips | None = None) -> Board:
    """The board that was named. Raises StudioError, with what the pictures show if none was."""
    if params.board.strip():
        return parse_board(params.board)
    shown = which_board(some_pictures(clips)) if clips is not None else ()
    if shown:
        told = f"The pictures show {shown[0].text}."
        raise StudioError(
            f"Which board was filmed? {told}",
            f"Measure it, then name it: {shown[0].spec} with the length for SIZE.",
        )
    raise StudioError(
        "Which board was filmed?",
        "Name it with its size, such as charuco:4x5:54mm:DICT_4X4_1000.",
    )


def _board_of_sources(params: Params, sources: Sequence[Source]) -> Board:
    if params.board.strip():
        return parse_board(params.board)
    with Clips(sources[:1], unequal=True) as clips:
        return board_of(params, clips)


def _fixed(params: Params, lenses: Mapping[str, Camera]) -> frozenset[str]:
    return frozenset() if params.refine == "always" else frozenset(lenses)


def _live(
    params: Params, inputs: Inputs, cameras: LiveCameras, context: Context
) -> Engine[Seen, Calibrated]:
    board = board_of(params)
    first = _first_set(cameras, context)
    sizes = {
        name: (frame.rgb.shape[1], frame.rgb.shape[0])
        for name, frame in first.frames.items()
        if name not in params.drop
    }
    lenses = yield from given_lenses(params, sizes, board, context)
    guide = Guide(board.target, sizes, known_lenses=_fixed(params, lenses))

    def going() -> Iterator[FrameSet]:
        for one in cameras.frame_sets(lambda: context.finishing):
            context.check()
            frames = {name: f for name, f in one.frames.items() if name not in params.drop}
            if frames:
                yield FrameSet(one.number, one.time_s, frames)

    as_counted = np.arange(_LONGEST, dtype=np.int32)  # a set is a frame of every camera
    looking = look(
        board, going(), guide,
        every_s=1 / params.per_second, numbers=dict.fromkeys(sizes, as_counted),
    )  # fmt: skip
    while True:
        try:
            shown = next(looking)
        except StopIteration as stop:
            seen: Sightings = stop.value
            break
        guidance = guide.advice()
        context.report(_FOUND * guidance.progress, guidance.action)
        yield shown
    context.check()
    return _solved(params, inputs, board, seen, lenses, guide.advice(), context)


def _first_set(cameras: LiveCameras, context: Context) -> FrameSet:
    """The first moment that every camera shows, or what there is after a few seconds."""
    until = time.monotonic() + _PATIENCE_S
    most: FrameSet | None = None
    context.report(0.0, "Waiting for the cameras")
    for one in cameras.frame_sets(lambda: context.finishing or time.monotonic() > until):
        context.check()
        most = one if most is None or len(one.frames) > len(most.frames) else most
        if len(most.frames) >= max(len(cameras.sources), 1):
            break
    context.check()
    if most is None:
        raise StudioError(
            "No camera shows a picture.", "Open the cameras in “Cameras” first, then calibrate."
        )
    return most


def _solve_again(params: Params, inputs: Inputs, context: Context) -> Calibrated:
    """What was seen before, solved in another way."""
    if inputs.assets is None:
        raise StudioError("What was seen before lies in a project.", "Open the project.")
    board = board_of(params)
    seen = from_arrays(inputs.assets.arrays(Asset(sha256=params.found)))
    seen = seen.without(params.drop)
    if params.lenses_only:
        return solve_each(params, board, seen, context)
    lenses = run(given_lenses(params, seen.sizes_px, board, context))
    guide = Guide(board.target, seen.sizes_px, known_lenses=_fixed(params, lenses))
    for view in seen.views:
        guide.add(view)
    return _solved(params, inputs, board, seen, lenses, guide.advice(), context)


def _solved(
    params: Params,
    inputs: Inputs,
    board: Board,
    seen: Sightings,
    lenses: Mapping[str, Camera],
    guidance: Guidance,
    context: Context,
) -> Calibrated:
    """Solve, place and judge what was seen."""

    def report(fraction: float, text: str) -> None:
        context.check()
        context.report(_FOUND + (_SOLVED - _FOUND) * fraction, text)

    report(0.0, "Solving")
    solution = solve(
        board.target, seen.views, seen.sizes_px, intrinsics=lenses or None,
        refine=params.refine, lens=params.lens, report=report,
    )  # fmt: skip
    solution = replace(solution, dropped=numbered(solution.dropped, seen))
    placed = place(params, solution, seen.times_s, inputs.motion)
    context.report(_SOLVED, "Judging")
    tape = measured(params, placed.solution.rig)
    gates = judge(
        placed.solution, views=seen.views, times_s=seen.times_s, lengths=(tape,) if tape else (),
        floor_moment=placed.floor_moment, levelled=placed.levelled,
    )  # fmt: skip
    context.check()
    alone = len(solution.rig) == 1
    gates = tuple(gate for gate in gates if not (alone and gate.id in OF_RIGS))
    bars = () if alone else bars_of(placed.solution)
    context.report(1.0, "Done")
    return Calibrated(placed.solution, gates, bars, board, seen, guidance, placed.notes)
