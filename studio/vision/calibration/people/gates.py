"""What a calibration from a person must pass, each with whom to blame and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
from jaxtyping import Bool

from studio.core.calibration import Gate, HeldOut, Spread, Verdict
from studio.core.types import CameraRig, Motion
from studio.vision.calibration.people.world import Ground

WALK = "Let the person walk the whole floor along both diagonals, for half a minute."
_OVERFIT = 1.4
_PROOF_S = 5.0


def _verdict(value: float, good: float, fair: float) -> Verdict:
    if value <= good:
        return "good"
    return "look" if value <= fair else "stop"


def judge_people(
    rig: CameraRig,
    motion: Motion,
    tests: tuple[HeldOut, HeldOut],
    spread: Mapping[str, Spread],
    share: float,
    bones: float,
    floor: Ground,
    *,
    second: float,
    given: bool,
    seen: Bool[np.ndarray, "views frames points"],
    focal_known: bool,
) -> tuple[Gate, ...]:
    """All gates, in the order in which they are read. ``tests`` are the same errors on moments
    that the fit never saw and on those that it saw."""
    return (
        *_common(rig, seen), *_parallax(rig, motion), _mirror(second, len(rig)), _bones(bones),
        _held_out(rig, *tests, float(np.ptp(motion.times_s))), *_certain(rig, spread, share),
        *_world(rig, floor, motion), _scale(share, given), *(() if focal_known else (_FOCAL,)),
    )  # fmt: skip


_FOCAL = Gate(
    "focal", "Lenses known", "look",
    "The focal lengths were solved from the person, without distortion.",
    remedy="Calibrate each lens with a board once; it stays valid while zoom and focus stay.",
)  # fmt: skip


def _common(rig: CameraRig, seen: np.ndarray) -> Iterator[Gate]:
    whole = seen.sum(2) >= 6
    for a, camera in enumerate(rig.cameras):
        share = max(float((whole[a] & whole[b]).mean()) for b in range(len(rig)) if b != a)
        moments = round(share * seen.shape[1])
        verdict = "good" if moments >= 60 else "look" if moments >= 25 else "stop"
        if verdict != "good":
            yield Gate(
                "common", "Seen together", verdict,
                f"Camera {camera.name} shares {moments} moments of the person with any other.",
                camera.name,
                f"Let the person walk where camera {camera.name} and its neighbour see the whole "
                "body.",
            )  # fmt: skip
            return
    yield Gate("common", "Seen together", "good", "Every camera shares the person with another.")


def _parallax(rig: CameraRig, motion: Motion) -> Iterator[Gate]:
    middle = np.nanmedian(motion.xyz_m.reshape(-1, 3), 0)
    ways = np.array([c.centre_m - middle for c in rig.cameras])
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    for a, camera in enumerate(rig.cameras):
        widest = max(
            float(np.degrees(np.arcsin(np.clip(np.linalg.norm(np.cross(ways[a], ways[b])), 0, 1))))
            for b in range(len(rig)) if b != a
        )  # fmt: skip
        if widest < 15:
            yield Gate(
                "parallax", "Angles between cameras", "look" if widest > 7 else "stop",
                f"Camera {camera.name} sees the person from within {widest:.0f}° of every other's "
                "line.",
                camera.name, f"Move camera {camera.name} at least 20° aside.",
            )  # fmt: skip
            return
    yield Gate("parallax", "Angles between cameras", "good", "Every camera has one well aside.")


def _mirror(second: float, views: int) -> Gate:
    if not np.isfinite(second):
        text = "No other way to place the cameras was found."
        return Gate("mirror", "No mirror twin", "good", text)
    return Gate(
        "mirror", "No mirror twin", "good" if second > 1.5 else "look" if second > 1.15 else "stop",
        f"The next best way to place the cameras explains the person {second:.1f} times worse.",
        remedy="" if second > 1.5 else WALK + " A third camera would decide." * (views == 2),
    )  # fmt: skip


def _bones(bones: float) -> Gate:
    return Gate(
        "bones", "Bones keep their length", _verdict(bones, 0.07, 0.15),
        f"Bone lengths vary by {100 * bones:.1f} %.",
        remedy="" if bones <= 0.07 else "Check that the cameras run in step, and the intrinsics.",
    )  # fmt: skip


def _held_out(rig: CameraRig, told: HeldOut, learnt: HeldOut, seconds: float) -> Gate:
    """Unseen moments prove a rig only if they differ from those of the fit."""
    title = "Moments it never saw"
    if not np.isfinite(told.px):
        return Gate("held-out", title, "plain", "They could not be tested.")
    diagonal = max(float(np.hypot(*c.size_px)) for c in rig.cameras)
    worst = max(told.camera_px, key=lambda name: np.nan_to_num(told.camera_px[name]))
    verdict = _verdict(told.px / diagonal, 0.010, 0.02)
    odd = told.camera_px[worst] > 1.6 * told.px and len(rig) > 2
    against = "the point that the others give" if len(rig) > 2 else "the other's rays"
    text = (
        f"Each camera is {told.px:.1f} px off {against}, on moments it never saw, most in camera "
        f"{worst} ({told.camera_px[worst]:.1f} px)."
    )
    over = {name: px / learnt.camera_px[name] for name, px in told.camera_px.items()}
    most = max(over, key=lambda name: np.nan_to_num(over[name]))
    if verdict != "stop" and over[most] > _OVERFIT:
        text = (
            f"Camera {most} is {told.camera_px[most]:.1f} px off on moments it never saw, but "
            f"{learnt.camera_px[most]:.1f} px on those of the fit: it learnt those by heart."
        )
        return Gate("held-out", title, "look", text, most, WALK)
    if verdict != "stop" and seconds < _PROOF_S:
        text += f" They prove little: all lie within the {seconds:.1f} s of the fit."
        return Gate("held-out", title, "look", text, worst if odd else "", WALK)
    return Gate(
        "held-out", title, verdict, text, worst if odd or verdict != "good" else "",
        "" if verdict == "good" else f"Check the intrinsics and the timing of camera {worst}.",
    )  # fmt: skip


def _certain(rig: CameraRig, spread: Mapping[str, Spread], share: float) -> Iterator[Gate]:
    first = rig.cameras[0].centre_m
    turns = {name: float(np.max(s.rotation_deg)) for name, s in spread.items()}
    shifts: dict[str, float] = {}
    for camera in rig.cameras[1:]:
        gap = max(float(np.linalg.norm(camera.centre_m - first)), 1e-6)
        off = float(np.linalg.norm(spread[camera.name].centre_mm)) / 1000 / gap
        shifts[camera.name] = float(np.sqrt(max(off * off - share * share, 0.0)))
    worst = max(turns, key=lambda name: turns[name])
    far = max(shifts, key=lambda name: shifts[name])
    both = {_verdict(turns[worst], 0.7, 2.0), _verdict(shifts[far], 0.015, 0.04)}
    verdict = "stop" if "stop" in both else "look" if "look" in both else "good"
    yield Gate(
        "certain", "Error bar", verdict,
        f"Within {turns[worst]:.2f}° ({worst}) and {100 * shifts[far]:.1f} % of the distance "
        f"({far}), one standard deviation, scale aside.",
        "" if verdict == "good" else far, "" if verdict == "good" else WALK,
    )  # fmt: skip


def _world(rig: CameraRig, floor: Ground, motion: Motion) -> Iterator[Gate]:
    under = [c.name for c in rig.cameras if c.centre_m[2] < -0.05]
    if under:
        yield Gate(
            "floor", "Cameras above the floor", "stop",
            f"Camera {under[0]} would stand under the floor.", under[0],
            "The solution may be mirrored, or this is no floor that the feet stood on. " + WALK,
        )  # fmt: skip
    elif not floor.from_feet:
        yield Gate(
            "floor", "Floor and up", "look",
            f"Up comes from the upright body, within {max(floor.spread_deg, 1.0):.0f}°: the feet "
            "did not stand in places that span a floor.",
            remedy=WALK,
        )  # fmt: skip
    else:
        verdict = _verdict(floor.tilt_deg, 4.0, 8.0)
        yield Gate(
            "floor", "Floor and up", verdict,
            f"The feet's floor is level within {floor.spread_deg:.1f}°, {floor.tilt_deg:.1f}° off "
            "the upright body.",
            remedy="" if verdict == "good" else "Is the floor level? Let the person stand upright.",
        )  # fmt: skip
    middle = np.nanmedian(motion.xyz_m, 1)
    middle = middle[np.isfinite(middle).all(1)]
    walked = np.ptp(middle[:, :2], axis=0) if len(middle) else np.zeros(2)
    reach = max(float(np.linalg.norm(a.centre_m - b.centre_m))
                for a, b in combinations(rig.cameras, 2))  # fmt: skip
    text = f"The person covered {walked[0]:.1f} x {walked[1]:.1f} m."
    if min(walked) > 0.12 * reach:
        yield Gate("walk", "The volume was walked", "good", text)
        return
    yield Gate(
        "walk", "The volume was walked", "look",
        f"{text[:-1]}, between cameras up to {reach:.1f} m apart: beyond that the rig is untested.",
        remedy=WALK,
    )  # fmt: skip


def _scale(share: float, given: bool) -> Gate:
    if not given:
        return Gate(
            "scale", "Scale", "look", f"An adult of 1.70 m was assumed: sizes within "
            f"{200 * share:.0f} %.", remedy="Say how tall the person is, or measure one distance "
            "between two cameras.",
        )  # fmt: skip
    return Gate("scale", "Scale", "good", f"Sizes within {200 * share:.1f} % (two sigma).")
