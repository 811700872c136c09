"""Takes into a dataset: what each camera saw of a person, and the points that enough agree on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from studio.core.errors import StudioError
from studio.core.types import CameraRig, Crowd, Detections, Layout, Motion
from studio.features.dataset.params import Params
from studio.human.convert import conversion, convert
from studio.human.joint_centres import MEASURED, joint_centres
from studio.jobs import Context, Engine
from studio.media.formats.rigs import write_rig
from studio.perception.lifting.lifter import seen_of
from studio.perception.lifting.normalise import BODY, PELVIS, POINTS
from studio.training.pose_dataset import About, PoseDataset, Recording
from studio.vision.camera import normalise, project
from studio.vision.match import match_cameras

_SAME_PERSON = 0.12
"""A detection is another person's if half its points lie farther off, by the person's size."""
_LEAST_BODY = 8


@dataclass(frozen=True, eq=False)
class Take:
    """A person's motion under the name of its take."""

    name: str
    motion: Motion


@dataclass(frozen=True, eq=False)
class Inputs:
    """A rig, the 2D keypoints of everybody in its cameras, and the motions solved from them.

    ``items`` are the ids of the project's items that they came from.
    """

    rig: CameraRig
    detections: Detections
    takes: tuple[Take, ...]
    crowd: Crowd | None = None
    items: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Collected:
    """What was added, under which names; why takes were left out; what else to say."""

    dataset: PoseDataset
    added: tuple[tuple[str, About], ...]
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def collect(params: Params, inputs: Inputs, context: Context) -> Engine[str, Collected]:
    """Add takes to a dataset. Yields the name of each.

    Raises StudioError if the rig has too few cameras, if its cameras are not those of the
    detections, or if no take has a frame that can be learned from.
    """
    if not inputs.takes:
        raise StudioError("There is no motion to learn from.", "Triangulate a take first.")
    seen = inputs.crowd or _as_crowd(inputs.detections)
    rig, crowd, notes = match_cameras(inputs.rig, seen)
    if len(rig) < params.min_cameras:
        raise StudioError(
            f"{params.min_cameras} cameras must agree, and the rig has {len(rig)}.",
            "Film with more cameras, or set “min cameras” lower: two that agree may both be wrong.",
        )
    made: list[tuple[str, Recording]] = []
    left_out: list[str] = []
    for number, take in enumerate(inputs.takes):
        context.check()
        context.report(number / len(inputs.takes), f"Looking at {take.name}")
        recording = _recording(params, rig, crowd, take)
        if recording is None:
            left_out.append(
                f"{take.name}: in no frame do {params.min_cameras} cameras agree on a body."
            )
        else:
            made.append((take.name, recording))
    if not made:
        raise StudioError(
            f"Nothing could be added. {left_out[0]}",
            "Check the calibration and that the motion belongs to these detections.",
        )
    dataset = PoseDataset.create(params.place, params.origin)
    added: list[tuple[str, About]] = []
    for name, recording in made:
        context.check()
        added.append((dataset.add(name, recording), recording.about))
        write_rig(dataset.path / added[-1][0] / "rig.toml", rig)
        yield added[-1][0]
    context.report(1.0, "Done")
    return Collected(dataset, tuple(added), tuple(left_out), notes)


def _as_crowd(found: Detections) -> Crowd:
    """One person alone as a crowd of one."""
    xy, sure = found.xy_px[:, :, None], found.confidence[:, :, None]
    track = np.where((sure > 0).any(-1), 0, -1)
    return Crowd(found.cameras, found.times_s, found.layout, xy, sure, track)


def _recording(params: Params, rig: CameraRig, crowd: Crowd, take: Take) -> Recording | None:
    """A take as truth and what was seen of it; None if no frame can be learned from."""
    motion, crowd = _in_step(take.motion, crowd)
    motion = _named_alike(motion, crowd.layout)
    if not len(motion):
        return None
    xy, sure, off = _whose(rig, crowd, motion)
    size = _sizes(rig, motion)
    agree = (sure >= params.min_confidence) & (off <= params.agree_percent / 100 * size[..., None])
    views = agree.sum(1)
    true = np.isfinite(motion.xyz_m).all(-1) & ~motion.filled & (views >= params.min_cameras)
    centred = joint_centres(replace(motion, xyz_m=np.where(true[..., None], motion.xyz_m, np.nan)))
    xyz = convert(centred.xyz_m, motion.layout, POINTS)
    usable = np.isfinite(xyz[:, PELVIS]).all(-1)
    usable &= np.isfinite(xyz[:, :BODY]).all(-1).sum(1) >= _LEAST_BODY
    if not usable.any():
        return None
    xyz[~usable] = np.nan
    step = float(np.median(np.diff(motion.times_s))) if len(motion) > 1 else 1 / 30
    looks = [
        seen_of(crowd.layout.name, normalise(camera, xy[:, v]), sure[:, v], step,
                params.min_confidence)
        for v, camera in enumerate(rig.cameras)
    ]  # fmt: skip
    rays, confidence = (np.stack([getattr(look, name) for look in looks], 1)
                        for name in ("rays", "confidence"))  # fmt: skip
    seen = (confidence[..., :BODY] > 0).sum(-1) >= _LEAST_BODY
    errors = motion.error_m[true]
    about = About(
        person=params.person or take.name, held_out=params.held_out,
        mediapipe=crowd.layout.name in MEASURED, cameras=rig.names, frames=int(usable.sum()),
        poses=int((seen & usable[:, None]).sum()),
        reprojection_px=round(float(np.median(off[agree])), 3),
        error_mm=round(1000 * float(np.median(errors[np.isfinite(errors)])), 2)
        if np.isfinite(errors).any() else 0.0,
    )  # fmt: skip
    return Recording(
        about, motion.times_s, rays, confidence,
        np.stack([camera.rotation for camera in rig.cameras]),
        np.stack([camera.translation_m for camera in rig.cameras]), xyz,
        np.where(np.isfinite(xyz[..., 0]), _least(motion.layout, views), 0),
    )  # fmt: skip


def _in_step(motion: Motion, crowd: Crowd) -> tuple[Motion, Crowd]:
    """The moments that both have, in both."""
    if not len(motion) or not len(crowd.times_s):
        return _some(motion, np.zeros(0, int)), crowd
    off = np.abs(crowd.times_s[None] - motion.times_s[:, None])
    nearest = off.argmin(1)
    steps = np.diff(crowd.times_s)
    both = off.min(1) <= (0.25 * float(np.median(steps)) if len(steps) else 1e-3)
    at = nearest[both]
    part = replace(crowd, times_s=crowd.times_s[at], xy_px=crowd.xy_px[at],
                   confidence=crowd.confidence[at], track=crowd.track[at], looks=None)  # fmt: skip
    return _some(motion, np.flatnonzero(both)), part


def _some(motion: Motion, at: Int[np.ndarray, " some"]) -> Motion:
    values = {name: value[at] for name, value in vars(motion).items() if name != "layout"}
    return replace(motion, **values)


def _named_alike(motion: Motion, layout: Layout) -> Motion:
    """A motion from a file has its points under the names of the detections, if it has those.

    Raises StudioError if they are other points: then it was solved from something else.
    """
    if motion.layout == layout:
        return motion
    at = {name: place for place, name in enumerate(motion.layout.points)}
    if missing := [name for name in layout.points if name not in at]:
        raise StudioError(
            f"The motion has other points than the detections: it lacks {missing[0]}.",
            "Triangulate these detections, and give the file that comes of it.",
        )
    order = np.array([at[name] for name in layout.points])
    values = {name: value[:, order] for name, value in vars(motion).items()
              if name not in ("layout", "times_s")}  # fmt: skip
    return replace(motion, layout=layout, **values)


def _sizes(rig: CameraRig, motion: Motion) -> Float[np.ndarray, "frames views"]:
    """The diagonal of what is known of the body in each picture (px), 0 where that is nothing."""
    body = list(motion.layout.parts.get("body", range(len(motion.layout))))
    views = np.stack([project(camera, motion.xyz_m[:, body]) for camera in rig.cameras], 1)
    known = np.isfinite(views).all(-1, keepdims=True)
    low = np.where(known, views, np.inf).min(2)
    high = np.where(known, views, -np.inf).max(2)
    return np.linalg.norm(np.maximum(high - low, 0), axis=-1)


def _whose(
    rig: CameraRig, crowd: Crowd, motion: Motion
) -> tuple[
    Float[np.ndarray, "frames views points 2"],
    Float[np.ndarray, "frames views points"],
    Float[np.ndarray, "frames views points"],
]:
    """Of everybody whom a camera saw, whoever this motion is: points, how sure, how far off (px).

    Where it is nobody, nothing is seen.
    """
    shape = (len(motion), len(rig), len(crowd.layout))
    xy, sure = np.full((*shape, 2), np.nan), np.zeros(shape)
    off = np.full(shape, np.inf)
    size = _sizes(rig, motion)
    rows = np.arange(len(motion))
    for view, camera in enumerate(rig.cameras):
        place = project(camera, motion.xyz_m)[:, None]
        known = crowd.confidence[:, view] > 0
        away = np.linalg.norm(crowd.xy_px[:, view] - place, axis=-1)
        away = np.where(known & np.isfinite(away), away, np.inf)
        middle = _half(away)
        best = middle.argmin(1)
        mine = middle[rows, best] <= _SAME_PERSON * size[:, view]
        xy[mine, view] = crowd.xy_px[rows, view, best][mine]
        sure[mine, view] = crowd.confidence[rows, view, best][mine]
        off[mine, view] = away[rows, best][mine]
    return xy, sure, off


def _half(away: Float[np.ndarray, "frames places points"]) -> Float[np.ndarray, "frames places"]:
    """How far off half of the points are at most that could be compared; infinite if few were."""
    compared: Bool[np.ndarray, "frames places points"] = np.isfinite(away)
    count = compared.sum(-1)
    ordered = np.sort(away, -1)
    middle = np.take_along_axis(ordered, np.maximum(count // 2 - 1, 0)[..., None], -1)[..., 0]
    return np.where(count >= _LEAST_BODY, middle, np.inf)


def _least(
    layout: Layout, views: Int[np.ndarray, "frames source"]
) -> Int[np.ndarray, "frames target"]:
    """How many cameras agree on the points that each point is made of, at least."""
    made_of = np.nan_to_num(conversion(layout, POINTS)) > 0
    return np.stack([views[:, row].min(1) if row.any() else np.zeros(len(views), int)
                     for row in made_of], 1)  # fmt: skip
