"""Gates over the cameras themselves: plausible lenses, no two the same, all facing the volume."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from studio.core.calibration import Gate, Solution, View
from studio.core.types import Camera
from studio.vision.calibration.guidance import spoken
from studio.vision.calibration.trust.limits import Limits, spaced, verdict_above
from studio.vision.calibration.trust.uncertainty import volume_of
from studio.vision.camera import normalise
from studio.vision.rotations import angle_deg

_COMPARED = 9
_SAME_PX, _SAME_M, _SAME_DEG = 0.02, 0.02, 0.5


def rig_gates(solution: Solution, views: Sequence[View], limits: Limits) -> Iterator[Gate]:
    """Lenses, duplicates and directions."""
    says = {name: one.long for name, one in spoken(solution.rig.names).items()}
    yield from _or_good(
        _lenses(solution, says, limits),
        "intrinsics",
        "Plausible lenses",
        "Focal lengths, centres and distortions are those of real lenses.",
    )
    yield from _or_good(
        _duplicates(solution, views, says),
        "duplicate",
        "No camera twice",
        "No two cameras share a place or a video.",
    )
    yield from _or_good(
        _facing(solution, says, limits),
        "facing",
        "Facing the volume",
        "Every camera looks at the volume.",
    )


def _or_good(gates: Iterator[Gate], id: str, title: str, text: str) -> Iterator[Gate]:
    found = [Gate(id, title, g.verdict, g.text, g.camera, g.remedy) for g in gates]
    yield from found or [Gate(id, title, "good", text)]


def _lenses(solution: Solution, says: Mapping[str, str], limits: Limits) -> Iterator[Gate]:
    for camera in solution.rig.cameras:
        name = says[camera.name]
        odd = _odd_lens(camera)
        if odd:
            yield Gate(
                "",
                "",
                "stop",
                f"The lens of {name} {odd}.",
                camera.name,
                f"Calibrate {name} alone with the target all over its picture, or give "
                "the intrinsics of this lens and zoom.",
            )
            continue
        spread = solution.spread.get(camera.name)
        if spread is None or not np.isfinite(spread.focal_px).any():
            continue
        share = float(np.nanmax(spread.focal_px / np.diag(camera.matrix)[:2]))
        verdict = verdict_above(share, limits.focal)
        if verdict != "good":
            yield Gate(
                "",
                "",
                verdict,
                f"The focal length of {name} is known to {100 * share:.1f} % only: the target was "
                "shown too flat, or at one distance.",
                camera.name,
                f"Tilt the target before {name} and show it near and far, or give its intrinsics.",
            )


def _odd_lens(camera: Camera) -> str:
    """What no real lens does; empty if all is plausible."""
    width, height = camera.size_px
    fx, fy = camera.matrix[0, 0], camera.matrix[1, 1]
    wide = np.degrees(2 * np.arctan(max(width, height) / 2 / max(fx, 1e-9)))
    if not 0.9 < fx / fy < 1.1:
        return f"has pixels {fx / fy:.2f} times as high as wide"
    if camera.lens == "pinhole" and not 5 < wide < 150:
        return f"would see {wide:.0f} degrees"
    off = np.abs(camera.matrix[:2, 2] - (np.array(camera.size_px) - 1) / 2) / max(width, height)
    if off.max() > 0.15:
        return f"has its centre {100 * off.max():.0f} % of the picture beside the middle"
    edge = np.array([[0, height / 2], [width - 1, height / 2], [width / 2, 0]])
    if not np.isfinite(normalise(camera, edge)).all():
        return "folds back within the picture: its distortion cannot be right"
    return ""


def _duplicates(
    solution: Solution, views: Sequence[View], says: Mapping[str, str]
) -> Iterator[Gate]:
    by = {name: {v.moment: v for v in views if v.camera == name} for name in says}
    for a, b in combinations(solution.rig.cameras, 2):
        common = sorted(by[a.name].keys() & by[b.name].keys())
        off = [_apart_px(by[a.name][m], by[b.name][m]) for m in spaced(common, _COMPARED)]
        names = f"{says[a.name]} and {says[b.name]}"
        if len(off) >= 3 and np.median(off) < _SAME_PX:
            yield Gate(
                "",
                "",
                "stop",
                f"{_upper(names)} saw the target at the very same pixels: one video was "
                "given twice.",
                b.name,
                f"Choose the right video for {says[b.name]}.",
            )
            continue
        near = float(np.linalg.norm(a.centre_m - b.centre_m))
        turn = float(angle_deg(a.rotation, b.rotation))
        if near < _SAME_M and turn < _SAME_DEG:
            yield Gate(
                "",
                "",
                "stop",
                f"{_upper(names)} stand at one place ({1000 * near:.0f} mm apart) and look "
                "the same way.",
                b.name,
                f"Check that {says[b.name]} has its own video, and calibrate again.",
            )


def _apart_px(a: View, b: View) -> float:
    common, i, j = np.intersect1d(a.points, b.points, return_indices=True)
    if len(common) < 4:
        return np.inf
    return float(np.linalg.norm(a.xy_px[i] - b.xy_px[j], axis=1).mean())


def _facing(solution: Solution, says: Mapping[str, str], limits: Limits) -> Iterator[Gate]:
    middle = volume_of(solution).middle_m
    for camera in solution.rig.cameras:
        way = middle - camera.centre_m
        cosine = camera.rotation[2] @ way / max(float(np.linalg.norm(way)), 1e-9)
        angle = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
        if angle > limits.facing_deg:
            yield Gate(
                "",
                "",
                "stop" if angle > 95 else "look",
                f"{_upper(says[camera.name])} looks {angle:.0f} degrees away from the "
                "middle of the volume.",
                camera.name,
                f"Turn {says[camera.name]} towards the volume, or calibrate again if it "
                "already is: its pose may be mirrored.",
            )


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
