"""A simulated person who walks, and a simulated detector that sees them as detectors do.

The body is a chain of segments, each about its usual share of the stature, a little different
from person to person.
The detector's errors are those that matter to a calibration: noise that lasts from frame to
frame, points that are off in the same direction for the whole take, points that are off in a
direction that depends on the side from which the person is seen, gross outliers, left taken for
right, and points hidden by the body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.core.types import CameraRig, Detections, Layout
from studio.vision import camera as lens

_SIDED = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "heel", "big_toe", "eye", "ear")
POINTS = ("nose", *(f"{side}_{stem}" for stem in _SIDED for side in ("left", "right")))
Many = float | int | np.ndarray
_MIRROR = (0, *(i + 1 if i % 2 else i - 1 for i in range(1, len(POINTS))))
WALKER = Layout("walker", POINTS, (), _MIRROR)


def walk(
    times_s: Float[np.ndarray, " frames"],
    *,
    height_m: float = 1.75,
    reach_m: float = 1.2,
    seed: int = 0,
) -> Float[np.ndarray, "frames points 3"]:
    """Somebody who walks loops over a floor at z = 0 and now and then raises the arms; metres."""
    rng = np.random.default_rng(seed)
    t, h = np.asarray(times_s, np.float64), height_m
    thigh, shin_, trunk, neck = np.array([0.232, 0.233, 0.296, 0.1145]) * rng.normal(1, 0.012, 4)
    turn, phase = rng.uniform(0, 2 * np.pi, 2)
    # A slow Lissajous loop crosses the floor along both diagonals.
    a, b = 2 * np.pi * t / 11.0 + turn, 2 * np.pi * t / 7.3 + turn
    place = reach_m * np.stack([np.sin(a), np.sin(b)], 1)
    way = np.stack([np.cos(a) / 11.0, np.cos(b) / 7.3], 1)
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    ahead = np.column_stack([way, np.zeros(len(t))])
    up = np.broadcast_to([0.0, 0.0, 1.0], ahead.shape)
    left = np.cross(up, ahead)
    beat = 2 * np.pi * 0.85 * t + phase
    lift = np.clip(np.sin(2 * np.pi * t / 9.0) * 4 - 2.4, 0, 1)
    hip = (
        np.column_stack([place, np.full(len(t), (0.05 + thigh + shin_) * h)])
        + 0.01 * h * np.cos(2 * beat)[:, None] * up
    )
    chest = hip + trunk * h * (up + 0.05 * ahead)
    head = chest + neck * h * up

    def add(a: np.ndarray, x: Many, y: Many, z: Many) -> np.ndarray:
        return a + h * (np.multiply(ahead.T, x) + np.multiply(left.T, y) + np.multiply(up.T, z)).T

    out: dict[str, np.ndarray] = {"nose": add(head, 0.06, 0, -0.01)}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        swing = 0.45 * np.sin(beat + (0 if sign > 0 else np.pi))
        bend = 0.25 + 0.35 * np.clip(np.sin(beat + (0.9 if sign > 0 else np.pi + 0.9)), 0, 1)
        out[f"{side}_eye"] = add(head, 0.05, 0.018 * sign, 0.006)
        out[f"{side}_ear"] = add(head, 0.0, 0.042 * sign, 0.0)
        shoulder = add(chest, 0, 0.115 * sign, 0)
        raised = lift * 2.6
        arm = -swing * (1 - lift)
        elbow = add(shoulder, 0.186 * np.sin(arm), 0.186 * np.sin(raised) * sign,
                    -0.186 * np.cos(arm) * np.cos(raised))  # fmt: skip
        fore = arm + 0.5
        wrist = add(elbow, 0.146 * np.sin(fore) * (1 - lift), 0.146 * np.sin(raised) * sign,
                    -0.146 * np.where(lift > 0, np.cos(raised), np.cos(fore)))  # fmt: skip
        socket = add(hip, 0, 0.052 * sign, 0)
        knee = add(socket, thigh * np.sin(swing), 0, -thigh * np.cos(swing))
        shin = swing - bend
        ankle = add(knee, shin_ * np.sin(shin), 0, -shin_ * np.cos(shin))
        out |= {f"{side}_shoulder": shoulder, f"{side}_elbow": elbow, f"{side}_wrist": wrist,
                f"{side}_hip": socket, f"{side}_knee": knee, f"{side}_ankle": ankle,
                f"{side}_heel": add(ankle, -0.025, 0, -0.035),
                f"{side}_big_toe": add(ankle, 0.1, 0.0, -0.035)}  # fmt: skip
    xyz = np.stack([out[name] for name in POINTS], 1)
    feet = [
        POINTS.index(f"{side}_{stem}") for side in ("left", "right") for stem in ("heel", "big_toe")
    ]
    xyz[..., 2] -= xyz[:, feet, 2].min(1)[:, None]
    return xyz


@dataclass(frozen=True)
class Detector:
    """How wrong a simulated detector is. Lengths in metres are on the person.

    ``noise_px`` lasts about ``memory_s``; ``lasting_m`` is a point's offset in the body's own
    axes, the same from every side; ``sided_m`` its offset in the picture, by the side from which
    the person is seen.
    """

    noise_px: float = 3.0
    memory_s: float = 0.1
    lasting_m: float = 0.02
    sided_m: float = 0.01
    outliers: float = 0.02
    swapped: float = 0.03
    hidden: float = 0.08


def detect(
    rig: CameraRig,
    times_s: Float[np.ndarray, " frames"],
    xyz_m: Float[np.ndarray, "frames points 3"],
    detector: Detector = Detector(),
    *,
    seed: int = 0,
) -> Detections:
    """What the cameras' detector reports of the walker: distorted pixels with confidences."""
    rng = np.random.default_rng(seed)
    frames, points = xyz_m.shape[:2]
    left, right = (xyz_m[:, POINTS.index(f"{s}_shoulder")] for s in ("left", "right"))
    axis = left - right
    facing = np.arctan2(-axis[:, 0], axis[:, 1])
    ahead = np.stack([np.cos(facing), np.sin(facing), np.zeros(frames)], 1)
    aside = np.stack([-np.sin(facing), np.cos(facing), np.zeros(frames)], 1)
    body = np.stack([ahead, aside, np.broadcast_to([0.0, 0.0, 1.0], ahead.shape)], 1)
    lasting = rng.normal(0, detector.lasting_m, (points, 3)) / np.sqrt(3)
    sided = rng.normal(0, detector.sided_m / np.sqrt(2), (points, 2, 4))
    seen_m = xyz_m + np.einsum("pk,fkj->fpj", lasting, body)
    step = float(np.median(np.diff(times_s))) if frames > 1 else 1.0
    keep = np.exp(-step / detector.memory_s)
    xy = np.full((frames, len(rig), points, 2), np.nan)
    confidence = np.zeros(xy.shape[:3])
    size = rng.uniform(0.6, 1.5, points)
    for view, camera in enumerate(rig.cameras):
        pixels = lens.project(camera, seen_m)
        depth = lens.in_camera(camera, seen_m)[..., 2]
        scale = camera.matrix[0, 0] / np.fmax(depth, 0.1)
        spot = camera.centre_m[:2] - xyz_m[:, :, :2].mean(1)
        angle = np.arctan2(spot[:, 1], spot[:, 0]) - facing
        waves = np.stack([np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)])
        pixels += scale[..., None] * np.einsum("pak,kf->fpa", sided, waves)
        noise = np.empty((frames, points, 2))
        fresh = rng.standard_normal((frames, points, 2))
        noise[0] = fresh[0]
        for frame in range(1, frames):
            noise[frame] = keep * noise[frame - 1] + np.sqrt(1 - keep * keep) * fresh[frame]
        pixels += detector.noise_px * size[:, None] * noise
        trust = np.clip(0.9 - 0.15 * np.abs(rng.standard_normal((frames, points))), 0.05, 1.0)
        wild = rng.random((frames, points)) < detector.outliers
        pixels[wild] += rng.normal(0, 60, (int(wild.sum()), 2))
        hidden = _stretches(rng, frames, points, detector.hidden, 8)
        pixels[hidden] += rng.normal(0, 12, (int(hidden.sum()), 2))
        trust = np.where(hidden, trust * 0.4, trust)
        behind = np.cos(angle) < 0
        turned = _stretches(rng, frames, 1, detector.swapped, 6)[:, 0] & behind
        pixels[turned] = pixels[turned][:, list(_MIRROR)]
        width, height = camera.size_px
        inside = (pixels[..., 0] >= 0) & (pixels[..., 0] < width)
        inside &= (pixels[..., 1] >= 0) & (pixels[..., 1] < height)
        xy[:, view] = np.where(inside[..., None], pixels, np.nan)
        confidence[:, view] = np.where(inside, trust, 0.0)
    return Detections(rig.names, np.asarray(times_s, np.float64), WALKER, xy, confidence)


def _stretches(
    rng: np.random.Generator, frames: int, points: int, share: float, length: int
) -> np.ndarray:
    """Random runs of about ``length`` frames that make up a ``share`` of all."""
    starts = rng.random((frames, points)) < share / length
    out = np.zeros((frames, points), bool)
    for shift in range(length):
        out[shift:] |= starts[: frames - shift]
    return out
