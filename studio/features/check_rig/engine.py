"""The check of a rig as an engine: today's person and the still scene against the calibration."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import CameraRig, Detections, Fact, Keypoints
from studio.features.check_rig.params import Params
from studio.jobs import Context
from studio.media.backdrop import read_backdrops
from studio.media.cameras import match_cameras
from studio.media.footage import Source, watch_people
from studio.perception.whole_body import Options
from studio.vision.calibration.check.people import RigCheck, check_people
from studio.vision.calibration.check.scenery import SceneShift, scene_shift
from studio.vision.calibration.check.verdicts import Verdicts, judge_cameras
from studio.weights.detectors import maker

HEAD_FACTS = 3
"""The facts before those of single cameras."""
_WALK = "Let a person walk through the view of at least two cameras, for half a minute."
_REFERENCE = "Give footage from the day of the calibration as the reference."


@dataclass(frozen=True, eq=False)
class Inputs:
    """The rig; today's clips or keypoints; and the scene as it was when the rig was calibrated:
    clips of then, or a folder of pictures."""

    rig: CameraRig
    sources: tuple[Source, ...] = ()
    detections: Detections | None = None
    reference: tuple[Source, ...] = ()
    reference_folder: Path | None = None
    in_s: float | None = None
    out_s: float | None = None
    name: str = "Rig"
    made_from: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Checked:
    """What was found. ``people`` is None where no person could be compared, ``why_not`` says why;
    ``backdrops`` are today's pictures of the empty scene."""

    rig: CameraRig
    verdicts: Verdicts
    people: RigCheck | None
    scenes: Mapping[str, SceneShift | None]
    why_not: str
    facts: tuple[Fact, ...]
    backdrops: Mapping[str, np.ndarray] = field(default_factory=dict)


def check(
    params: Params, inputs: Inputs, context: Context
) -> Generator[tuple[Keypoints, ...], None, Checked]:
    """Yields the newest keypoints, returns the verdicts.

    Raises StudioError if the footage and the rig have no two cameras in common, or if there is
    neither a person nor a reference to compare with.
    """
    found, today, why, remedy = inputs.detections, dict[str, np.ndarray](), "", _WALK
    if inputs.sources:
        options = Options(params.quality, True, False, False)
        wanted = params.person and found is None
        detector = maker(params.backend, options) if wanted else None
        watched = yield from watch_people(
            inputs.sources, detector, context, in_s=inputs.in_s, out_s=inputs.out_s,
            moments=params.moments,
        )  # fmt: skip
        found, today = watched.detections or found, watched.backdrops
    context.report(0.85, "Comparing the still scene")
    then = _reference(inputs, context)
    scenes = _scenes(inputs.rig, then, today)
    context.check()
    context.report(0.9, "Comparing the cameras")
    people: RigCheck | None = None
    rig = inputs.rig
    if found is not None and params.person:
        rig, own = _matched(inputs.rig, found)
        try:
            people = check_people(rig, own)
        except StudioError as error:
            why, remedy = error.message, error.hint
    elif params.person:
        why = "Nobody was found in the footage."
    else:
        why, remedy = "No person was looked for, and no still scene could be compared.", _REFERENCE
    if people is None and not any(scenes.values()):
        raise StudioError(f"There is nothing to check the rig by. {why}", remedy)
    verdicts = judge_cameras(rig, people, scenes)
    return Checked(rig, verdicts, people, scenes, why, facts(rig, verdicts, people, scenes), today)


def _matched(rig: CameraRig, found: Detections) -> tuple[CameraRig, Detections]:
    names = match_cameras(found.cameras, rig.names)
    if len(names) < 2:
        raise StudioError(
            "The footage and the rig do not have two cameras in common. "
            f"Footage: {', '.join(found.cameras)}. Rig: {', '.join(rig.names)}.",
            "Rename the videos, or choose the rig that filmed them.",
        )
    views = np.array([i for i, name in enumerate(found.cameras) if name in names])
    own = replace(
        found, cameras=tuple(names[found.cameras[i]] for i in views),
        xy_px=found.xy_px[:, views], confidence=found.confidence[:, views],
    )  # fmt: skip
    return CameraRig(tuple(rig[name] for name in own.cameras)), own


def _reference(inputs: Inputs, context: Context) -> dict[str, np.ndarray]:
    """Pictures of the empty scene on the day of the calibration."""
    if inputs.reference:
        watched = watch_people(inputs.reference, None, context)
        try:
            while True:
                next(watched)
        except StopIteration as stop:
            return stop.value.backdrops
    return read_backdrops(inputs.reference_folder) if inputs.reference_folder else {}


def _scenes(
    rig: CameraRig, then: Mapping[str, np.ndarray], now: Mapping[str, np.ndarray]
) -> dict[str, SceneShift | None]:
    old, new = (
        {own: pictures[name] for name, own in match_cameras(list(pictures), rig.names).items()}
        for pictures in (then, now)
    )
    return {
        camera.name: scene_shift(camera, old[camera.name], new[camera.name])
        for camera in rig.cameras
        if camera.name in old and camera.name in new
    }


def facts(
    rig: CameraRig, verdicts: Verdicts, people: RigCheck | None,
    scenes: Mapping[str, SceneShift | None],
) -> tuple[Fact, ...]:  # fmt: skip
    """The verdict with whom to blame, what it rests on, what would have been seen; then, one each,
    the verdicts on the cameras."""
    stopped = [gate for gate in verdicts.gates if gate.verdict == "stop"]
    looked = [gate for gate in verdicts.gates if gate.verdict == "look"]
    if verdicts.moved:
        head = f"{', '.join(verdicts.moved)} moved"
    elif stopped:
        head = "The cameras disagree"
    elif looked:
        head = "No movement was found, but not all can be told"
    else:
        head = f"All {len(rig)} cameras stand where they were calibrated"
    worst = (stopped or looked or [None])[0]
    blame = f"{worst.text} {worst.remedy}".strip() if worst else ""
    by_scene = sum(scene is not None for scene in scenes.values())
    rests = [f"the still scene of {by_scene} of {len(rig)} cameras"] if by_scene else []
    if people is not None:
        rests.append(f"a person in {len(rig)} cameras ({people.off_px:.1f} px apart)")
    sharp = "Turns from about 0.1° show in the still scene"
    if people is not None and by_scene < len(rig):
        sharp = f"Turns over {people.least_deg:.1f}° would surely have been seen"
        if len(rig) == 2:
            sharp = "Two cameras without a reference: only what parts their rays is seen"
    return (
        Fact("Rig", head, verdicts.verdict, blame),
        Fact("Judged by", " and ".join(rests), "good" if len(rests) > 1 else "plain"),
        Fact("Sharpness", sharp, "plain"),
        *(Fact(gate.title, gate.text, gate.verdict, gate.remedy) for gate in verdicts.gates),
    )
