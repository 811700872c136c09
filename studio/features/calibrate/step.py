"""Calibration, as a project sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel

from studio.document.data import motion_of
from studio.document.folder import Assets
from studio.document.project import (
    FileItem,
    MotionItem,
    Project,
    Recipe,
    RigItem,
    TakeItem,
    traces,
)
from studio.document.step import Missing, Offer, Packed
from studio.document.trust import Trust
from studio.features.calibrate.floor import posed
from studio.features.calibrate.look import as_arrays
from studio.features.calibrate.params import Params
from studio.features.calibrate.report import page
from studio.features.calibrate.result import Calibrated, Inputs, Origin
from studio.features.calibrate.sources import Source
from studio.media.formats.rigs import write_rig
from studio.vision.calibration.guidance import spoken

BOARD_WORDS = ("board", "charuco", "checker", "calib")


def board_take(project: Project, chosen: tuple[str, ...]) -> TakeItem | None:
    """The take that shows the board: the selected one, one named like it, one without a rig."""
    picked = next((take for id in chosen if (take := project.get(id, TakeItem))), None)
    takes = project.all(TakeItem)[::-1]
    named = (t for t in takes if any(word in t.name.lower() for word in BOARD_WORDS))
    return picked or next(named, None) or next((t for t in takes if t.rig is None), None)


class Step:
    """Clips of a board in, a rig out that waits to be accepted."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        """Nothing: files may be named in the params, and cameras may be live."""
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        take = board_take(project, chosen)
        sources = tuple(
            Source(clip.camera, Path(clip.path), clip.offset_s) for clip in take.clips
        ) if take else ()  # fmt: skip
        other = next((t for t in project.all(TakeItem)[::-1] if t is not take), None)
        names = tuple(clip.camera for clip in other.clips) if other else ()
        origin = Origin(take.name, take.id) if take else None
        moved = project.newest(MotionItem)
        motion = motion_of(moved, assets) if moved else None
        return Inputs(sources, None, names, motion, assets, origin)

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not (
            isinstance(inputs, Inputs)
            and isinstance(params, Params)
            and isinstance(result, Calibrated)
        ):
            raise TypeError("this step packs calibrations")
        origin = inputs.origin
        recipe = Recipe.of(
            "calibrate",
            params,
            seconds,
            (origin.take,) if origin and origin.take and not params.paths else (),
        )
        if result.lenses_only:
            return _lenses(result, assets, recipe)
        seen, trust = (
            assets.put_arrays({**as_arrays(result.seen), **posed(result.solution)}),
            trust_of(result),
        )
        item = RigItem.of(
            f"{origin.name} cameras" if origin and not params.paths else "Cameras",
            result.solution.rig,
        ).model_copy(
            update={
                "trust": trust,
                "accepted": False,
                "views": seen,
                "report": assets.put(page(result, trust).encode(), ".html"),
                "facts": traces(result.facts),
                "recipe": recipe,
            }
        )
        offers = tuple(_offers(params.model_copy(update={"found": seen.sha256}), result))
        return Packed("Calibrate", (item,), result.facts, offers)


def _lenses(result: Calibrated, assets: Assets, recipe: Recipe) -> Packed:
    """Lenses are a file that a later calibration is given: they are no rig."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lenses.toml"
        write_rig(path, result.solution.rig, "Pose2Sim TOML")
        data = assets.put_file(path)
    item = FileItem(
        name="Lenses", role="lenses", data=data, facts=traces(result.facts), recipe=recipe
    )
    return Packed("Calibrate lenses", (item,), result.facts)


def trust_of(result: Calibrated) -> Trust:
    """What a calibration is worth, as it is kept with its rig."""
    return Trust.of(result.solution, result.gates, result.bars, result.board.spec)


def _offers(params: Params, result: Calibrated) -> Iterator[Offer]:
    """Ways to mend a calibration that does not stand, without looking again."""
    stopped, rig = result.stopped, result.solution.rig
    blamed = [gate for gate in stopped if gate.camera in rig.names]
    if len({gate.camera for gate in blamed}) == 1 and len(rig) > 2:
        name, gate = blamed[0].camera, blamed[0]
        said = spoken(rig.names)[name].long
        yield Offer(
            f"{said.capitalize()} alone is why this calibration does not stand: {gate.text}",
            f"Solve without {said}",
            params.model_copy(update={"drop": (*params.drop, name)}),
        )
    freed = {gate.id for gate in stopped} & {"depth", "intrinsics", "tilts", "coverage"}
    if freed and params.intrinsics is not None and params.refine != "never":
        yield Offer(
            "The pictures do not support solving the lenses again.",
            "Keep the lenses of the file",
            params.model_copy(update={"refine": "never"}),
        )
    if (
        any(gate.id == "scale" for gate in stopped)
        and params.measured_m
        and params.scale == "board"
    ):
        yield Offer(
            "The board's squares and the measured distance do not agree.",
            "Trust the measured distance",
            params.model_copy(update={"scale": "measured"}),
        )
