"""What detectors would make of a scene of several people: noise, occlusion, mix-ups, ghosts.

Points hidden by another person (capsules along limbs and trunk) are lost, guessed badly, or taken
from the one in front. Trackers of single cameras change numbers after losses and exchange people
who overlap. People that are not there are found for a while at a time, at one place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from scipy.ndimage import gaussian_filter1d

from studio.core.types import Camera, Crowd, Layout
from studio.perception.looks import PATCHES
from studio.synth.crowd import CrowdScene
from studio.synth.crowd_looks import Dress, Glimpse, ghostly, glimpsed, outfits
from studio.vision import camera as lens

_CAPSULES = (
    ("left_shoulder", "left_elbow", 0.055), ("right_shoulder", "right_elbow", 0.055),
    ("left_elbow", "left_wrist", 0.045), ("right_elbow", "right_wrist", 0.045),
    ("left_hip", "left_knee", 0.085), ("right_hip", "right_knee", 0.085),
    ("left_knee", "left_ankle", 0.06), ("right_knee", "right_ankle", 0.06),
    ("neck", "pelvis", 0.15), ("head_top", "neck", 0.10),
)  # fmt: skip


@dataclass(frozen=True)
class Faults:
    """How bad the detections are. Shares are of points, people or pictures.

    ``noise_px`` is the standard deviation of a point on a person 450 pixels tall; it grows with
    the person. ``bias_m`` is how far a detector's idea of a joint lies from the joint.
    """

    noise_px: float = 4.0
    lingering: float = 0.6
    bias_m: float = 0.008
    outliers: float = 0.015
    missing_points: float = 0.03
    missing_people: float = 0.03
    mirrored: float = 0.03
    hidden_lost: float = 0.5
    hidden_stolen: float = 0.25
    ghosts: float = 0.25
    exchanged: float = 0.5


def see(scene: CrowdScene, faults: Faults = Faults(), seed: int = 0, dress: Dress = "own") -> Crowd:
    """The detections of a scene in all of its cameras, with how people look who each wear their
    own or all the same; the same seed gives the same ones."""
    rng, taste = np.random.default_rng((991, seed)), np.random.default_rng((992, seed))
    people, frames, points = scene.xyz_m.shape[:3]
    views, places = len(scene.rig), people + 3
    xy = np.full((frames, views, places, points, 2), np.nan)
    confidence = np.zeros((frames, views, places, points))
    track = np.full((frames, views, places), -1)
    looks = np.full((frames, views, places, len(PATCHES), 3), np.nan)
    bias = faults.bias_m * rng.standard_normal((people, 1, points, 3))
    worn = outfits(people, dress, taste)
    for view, camera in enumerate(scene.rig.cameras):
        seen = [_one(scene, camera, who, bias, faults, rng) for who in range(people)]
        ids = _tracked(np.stack([one.confidence.any(1) for one in seen]),
                       np.stack([one.xy_px for one in seen]), faults, rng)  # fmt: skip
        look = [*glimpsed(scene, camera, seen, worn, taste)]
        found = [((one.xy_px, one.confidence), number)
                 for one, number in zip(seen, ids, strict=True)]  # fmt: skip
        found += [_ghost(scene, camera, 1000 + number, faults, rng) for number in range(2)]
        look += [ghostly(taste, frames) for _ in range(2)]
        for frame in range(frames):
            there = [i for i, ((_, sure), _) in enumerate(found) if sure[frame].any()]
            for place, i in enumerate(rng.permutation(there).tolist()):
                (at, sure), number = found[i]
                xy[frame, view, place] = np.where(sure[frame][:, None] > 0, at[frame], np.nan)
                confidence[frame, view, place] = sure[frame]
                track[frame, view, place] = number[frame]
                looks[frame, view, place] = look[i][frame]
    return Crowd(scene.rig.names, scene.times_s, scene.layout, xy, confidence, track, looks)


def hidden(
    scene: CrowdScene, camera: Camera, who: int
) -> tuple[Bool[np.ndarray, "frames points"], np.ndarray]:
    """Which points of a person another one covers, and who (frames, points; -1 for nobody)."""
    centre = camera.centre_m
    target = scene.xyz_m[who]
    way = target - centre
    far = np.linalg.norm(way, axis=-1)
    ray = way / far[..., None]
    by = np.full(far.shape, -1)
    nearest = far.copy()
    for other in range(len(scene.xyz_m)):
        if other == who:
            continue
        for first, last, radius in _CAPSULES:
            a = scene.xyz_m[other][:, None, scene.layout.index(first)]
            b = scene.xyz_m[other][:, None, scene.layout.index(last)]
            depth, off = _ray_to_segment(centre, ray, a, b)
            covers = (off < radius) & (depth < far - radius) & (depth > 0.1) & (depth < nearest)
            by = np.where(covers, other, by)
            nearest = np.where(covers, depth, nearest)
    return by >= 0, by


def _ray_to_segment(
    origin: np.ndarray, ray: np.ndarray, a: np.ndarray, b: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How far along rays they come nearest to a segment, and how near."""
    u, w = b - a, origin - a
    uu, ur = (u * u).sum(-1), (u * ray).sum(-1)
    uw, rw = (u * w).sum(-1), (ray * w).sum(-1)
    share = np.clip((uw - ur * rw) / np.fmax(uu - ur * ur, 1e-9), 0, 1)
    on = a + share[..., None] * u
    depth = ((on - origin) * ray).sum(-1)
    return depth, np.linalg.norm(origin + depth[..., None] * ray - on, axis=-1)


def _lingering(rng: np.random.Generator, shape: tuple[int, ...], share: float) -> np.ndarray:
    """Noise of unit variance, of which a share goes on from frame to frame."""
    slow = gaussian_filter1d(rng.standard_normal(shape), 3, axis=0, mode="wrap")
    slow /= max(float(slow.std()), 1e-9)
    return np.sqrt(share) * slow + np.sqrt(1 - share) * rng.standard_normal(shape)


def _bursts(rng: np.random.Generator, frames: int, share: float, length: float) -> np.ndarray:
    """Frames during which something lasts: in all a share, in runs of about a length."""
    out = np.zeros(frames, bool)
    for start in np.flatnonzero(rng.random(frames) < share / length):
        out[start : start + 1 + int(rng.exponential(length))] = True
    return out


def _one(
    scene: CrowdScene,
    camera: Camera,
    who: int,
    bias: np.ndarray,
    faults: Faults,
    rng: np.random.Generator,
) -> Glimpse:
    """One person as one camera's detector finds them."""
    layout, frames, points = scene.layout, *scene.xyz_m.shape[1:3]
    every = np.stack([lens.project(camera, xyz) for xyz in scene.xyz_m + bias])
    at = every[who]
    rows = np.where(np.isfinite(at[..., 1]), at[..., 1], 0.0)
    tall = rows.max(1) - rows.min(1)
    noise = faults.noise_px * np.fmax(tall, 60.0)[:, None] / 450
    covered, by = hidden(scene, camera, who)
    noise = np.where(covered, 3 * noise, noise)
    noise = np.where(rng.random((frames, points)) < faults.outliers, 6 * noise, noise)
    out = at + noise[..., None] * _lingering(rng, (frames, points, 2), faults.lingering)
    stolen = np.repeat(_bursts(rng, frames, faults.hidden_stolen, 6)[:, None], points, 1) & covered
    theirs = every[np.clip(by, 0, None), np.arange(frames)[:, None], np.arange(points)]
    out = np.where(stolen[..., None], theirs + out - at, out)
    sure = np.clip(rng.normal(0.85, 0.06, (frames, points)), 0.05, 1)
    sure = np.where(covered, np.clip(rng.normal(0.45, 0.12, (frames, points)), 0.05, 1), sure)
    lost = rng.random((frames, points)) < faults.missing_points
    lost |= covered & (rng.random((frames, points)) < faults.hidden_lost)
    width, height = camera.size_px
    with np.errstate(invalid="ignore"):
        inside = (out >= 0).all(-1) & (out[..., 0] < width) & (out[..., 1] < height)
    sure = np.where(lost | ~inside, 0.0, sure)
    mirror = _bursts(rng, frames, faults.mirrored, 5)
    twin = np.array(layout.mirror)
    out[mirror], sure[mirror] = out[mirror][:, twin], sure[mirror][:, twin]
    gone = _bursts(rng, frames, faults.missing_people, 4)
    gone |= (covered.mean(1) > 0.65) & (rng.random(frames) < 0.7)
    gone |= (sure > 0).sum(1) < 5
    sure[gone] = 0.0
    return Glimpse(out, sure, covered, by, stolen)


def _tracked(
    there: np.ndarray, at: np.ndarray, faults: Faults, rng: np.random.Generator
) -> np.ndarray:
    """The numbers (people, frames) under which a camera's own tracker follows people."""
    people, frames = there.shape
    ids = np.full((people, frames), -1)
    now, gone, fresh = np.arange(people), np.zeros(people, int), people
    middle = np.median(at, axis=2)  # NaN, and so nobody's neighbour, where a point is nowhere
    close = np.zeros((people, people), bool)
    for frame in range(frames):
        for who in range(people):
            gone[who] = 0 if there[who, frame] else gone[who] + 1
            if gone[who] == 4:  # lost for too long: a new number
                now[who], fresh = fresh, fresh + 1
        for a in range(people):
            for b in range(a):
                near = np.linalg.norm(middle[a, frame] - middle[b, frame]) < 45
                if near and not close[a, b] and rng.random() < faults.exchanged:
                    now[[a, b]] = now[[b, a]]
                close[a, b] = near
        ids[there[:, frame], frame] = now[there[:, frame]]
    return ids


def _ghost(
    scene: CrowdScene, camera: Camera, number: int, faults: Faults, rng: np.random.Generator
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Somebody who is not there: a picture on the wall, a coat on a hook."""
    frames, points = scene.xyz_m.shape[1:3]
    pose = scene.xyz_m[rng.integers(len(scene.xyz_m)), rng.integers(frames)]
    flat = lens.project(camera, pose)
    known = np.isfinite(flat).all(-1)
    flat = flat - (flat[known].mean(0) if known.any() else 0.0)
    width, height = camera.size_px
    spot = rng.uniform([0.1 * width, 0.3 * height], [0.9 * width, 0.7 * height])
    at = spot + rng.uniform(0.4, 1.0) * flat
    at = at + faults.noise_px * _lingering(rng, (frames, points, 2), faults.lingering)
    sure = np.clip(rng.normal(0.55, 0.12, (frames, points)), 0.05, 1)
    sure[~_bursts(rng, frames, faults.ghosts / 2, 25)] = 0.0
    sure[~np.isfinite(at).all(-1)] = 0.0
    return (at, sure), np.full(frames, number)


def limbs_of(layout: Layout) -> tuple[tuple[int, int], ...]:
    """The ten parts by which people are judged: arms and legs, upper and lower; trunk; head."""
    names = [pair[:2] for pair in _CAPSULES]
    return tuple((layout.index(a), layout.index(b)) for a, b in names)


def in_view(scene: CrowdScene, share: float = 0.5) -> Bool[np.ndarray, "people frames"]:
    """When at least two cameras have that share of a person in their pictures, hidden or not."""
    count = np.zeros(scene.xyz_m.shape[:2], int)
    for camera in scene.rig.cameras:
        xy = np.stack([lens.project(camera, person) for person in scene.xyz_m])
        width, height = camera.size_px
        with np.errstate(invalid="ignore"):
            inside = (xy >= 0).all(-1) & (xy[..., 0] < width) & (xy[..., 1] < height)
        count += inside.mean(-1) >= share
    return count >= 2
