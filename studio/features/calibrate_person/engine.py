"""Calibration from a person as an engine: keypoints while it looks, then the rig."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import CameraRig, Detections, Fact, Keypoints
from studio.features.calibrate_person.params import Params
from studio.human.joint_centres import joint_centres
from studio.jobs import Context
from studio.media.cameras import match_cameras
from studio.media.footage import Source, watch_people
from studio.perception.whole_body import Options
from studio.vision.calibration.guidance import Guidance
from studio.vision.calibration.people.guide import guide_of
from studio.vision.calibration.people.solve import PeopleSolution, solve_people
from studio.weights.detectors import maker


@dataclass(frozen=True, eq=False)
class Inputs:
    """A take's clips, or keypoints found before; the lenses; and the items they came from."""

    sources: tuple[Source, ...] = ()
    detections: Detections | None = None
    sizes_px: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    intrinsics: CameraRig | None = None
    in_s: float | None = None
    out_s: float | None = None
    name: str = "Rig"
    made_from: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Calibrated:
    """The rig with what it is worth, what the person covered, and the scene without them."""

    solution: PeopleSolution
    detections: Detections
    guidance: Guidance
    backdrops: Mapping[str, np.ndarray]
    facts: tuple[Fact, ...]


def calibrate_person(
    params: Params, inputs: Inputs, context: Context
) -> Generator[tuple[Keypoints, ...], None, Calibrated]:
    """Yields the newest keypoints of every camera, returns the calibrated rig.

    Raises StudioError if nobody is seen, lenses are missing, or a camera cannot be placed.
    """
    found, sizes = inputs.detections, dict(inputs.sizes_px)
    backdrops: Mapping[str, np.ndarray] = {}
    looked = 0.0
    if found is None:
        options = Options(params.quality, True, False, False)
        watched = yield from watch_people(
            inputs.sources, maker(params.backend, options), context,
            in_s=inputs.in_s, out_s=inputs.out_s, moments=params.moments,
        )  # fmt: skip
        found, backdrops, looked = watched.detections, watched.backdrops, 0.8
        sizes.update(watched.sizes_px)
        if found is None:
            raise StudioError(
                "Nobody was found in any picture.",
                "Let one person walk through the view of all cameras, not smaller than a tenth of "
                "the picture.",
            )
    found, lenses = _with_lenses(found, None if params.solve_focal else inputs.intrinsics, sizes,
                                 params.solve_focal)  # fmt: skip

    def report(fraction: float, text: str) -> None:
        context.check()
        context.report(looked + (1 - looked) * fraction, text)

    solution = solve_people(
        found, lenses, params.scale(), sizes_px=sizes, joints=joint_centres, report=report
    )
    seen = {camera.name: camera.size_px for camera in solution.rig.cameras}
    return Calibrated(solution, found, guide_of(found, seen), backdrops, facts(solution))


def _with_lenses(
    found: Detections, intrinsics: CameraRig | None, sizes: Mapping[str, tuple[int, int]],
    solve_focal: bool,
) -> tuple[Detections, CameraRig | None]:  # fmt: skip
    """Cameras named as their lenses are, and the lenses at the size of the pictures."""
    if intrinsics is None:
        if solve_focal:
            return found, None
        raise StudioError(
            "The lenses of the cameras are not known.",
            "Give a file with their intrinsics, or say that the lenses are unknown: focal lengths "
            "are found too then, less exactly.",
        )
    names = match_cameras(found.cameras, intrinsics.names)
    missing = [name for name in found.cameras if name not in names]
    if missing:
        raise StudioError(
            f"There are no intrinsics for {', '.join(missing)}.",
            f"The file holds {', '.join(intrinsics.names)}: rename the videos or the cameras.",
        )
    for name, own in names.items():
        if name in sizes and tuple(sizes[name]) != tuple(intrinsics[own].size_px):
            (w, h), (ow, oh) = sizes[name], intrinsics[own].size_px
            raise StudioError(
                f"The video of {name} is {w} x {h}, its intrinsics are for {ow} x {oh}.",
                "Use the mode of the camera that was calibrated, or bring the calibration in with "
                "doppel capture --mend.",
            )
    return replace(found, cameras=tuple(names[name] for name in found.cameras)), intrinsics


def facts(solution: PeopleSolution) -> tuple[Fact, ...]:
    """Agreement on unseen moments, the error bar, the scale; each with its verdict."""
    gates = {gate.id: gate for gate in solution.gates}
    certain, scale = gates["certain"], gates["scale"]
    stopped = [gate for gate in solution.gates if gate.verdict == "stop"]
    worry = stopped or [gate for gate in solution.gates if gate.verdict == "look"]
    told = solution.held_out
    verdict = "stop" if stopped else "look" if worry else "good"
    blame = f"{worry[0].text} {worry[0].remedy}".strip() if worry else ""
    return (
        Fact(
            "Calibration",
            f"{len(solution.rig)} cameras, {told.px:.1f} px on unseen moments "
            f"({told.mm:.0f} mm at the body)",
            verdict, blame,
        ),
        Fact("Error bar", certain.text, certain.verdict),
        Fact("Scale", scale.text, scale.verdict, scale.remedy),
        *(Fact("Note", note, "look") for note in solution.notes),
    )  # fmt: skip


def intrinsics_from(path: Path) -> CameraRig:
    """The lenses of a calibration file; poses in it are not used."""
    from studio.media.formats.rigs import read_rig

    return read_rig(path).provisional
