"""Where the camera stands for a kind of picture, and how far it zooms in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from studio.core.types import Camera, CameraRig
from studio.human.keypoints import SOLES, TIPS
from studio.synth.actor import Posed
from studio.synth.factory.recipe import Framing
from studio.synth.posing import INDEX
from studio.synth.rig import camera_at

Rng = np.random.Generator
_UP = np.array([0.0, 0.0, 1.0])
_NOSE, _EARS = 294, (12131, 5532)
_CLEAR_M = 0.22
"""How near to a person a close-up's camera may come: nothing is out of focus or cut then."""
_FINGERS = tuple(f"finger{k}-{j}" for k in range(1, 6) for j in (1, 2, 3))
BONES: Mapping[str, tuple[str, ...]] = {
    "left_hand": ("wrist.L", *(f"{f}.L" for f in _FINGERS)),
    "right_hand": ("wrist.R", *(f"{f}.R" for f in _FINGERS)),
}


def _unit(azimuth_deg: float, height_deg: float) -> np.ndarray:
    """Towards somebody's front (azimuth 0), to their left (90), upwards."""
    a, h = np.radians([azimuth_deg, height_deg])
    return np.array([np.sin(a) * np.cos(h), -np.cos(a) * np.cos(h), np.sin(h)])


def _azimuth(rng: np.random.Generator, frontal: float, wide: float) -> float:
    """Mostly from the front, else from anywhere."""
    if rng.random() < frontal:
        return float(rng.normal(0, wide))
    return float(rng.uniform(-180, 180))


def _within(centre: np.ndarray, target: np.ndarray, free_m: tuple[float, float]) -> np.ndarray:
    """A camera's place, drawn towards its target until it stands in the free space."""
    out = centre.copy()
    for _ in range(12):
        if abs(out[0]) < free_m[0] and abs(out[1]) < free_m[1] and 0.12 < out[2] < 2.4:
            return out
        out = target + 0.86 * (out - target)
    return out


def _unhindered(
    target: np.ndarray,
    way: np.ndarray,
    far_m: float,
    body_m: np.ndarray,
    free_m: tuple[float, float],
) -> np.ndarray:
    """A close-up's place: the way that was wished, or the first beside it or lower from where the
    camera stands in the free space and clear of the person."""
    level = np.hypot(way[0], way[1])
    azimuth, height = np.arctan2(way[1], way[0]), np.arctan2(way[2], level)
    tried: list[np.ndarray] = []
    for lower in (1.0, 0.5, 0.0, -0.5):
        for aside in (0.0, 0.6, -0.6, 1.2, -1.2):
            a, h = azimuth + aside, lower * height
            one = target + far_m * np.array([np.cos(a) * np.cos(h), np.sin(a) * np.cos(h),
                                             np.sin(h)])  # fmt: skip
            room = min(
                free_m[0] - abs(one[0]), free_m[1] - abs(one[1]), one[2] - 0.12, 2.4 - one[2]
            )
            clear = float(np.linalg.norm(body_m - one, axis=1).min())
            if room > 0 and clear > _CLEAR_M:
                return one
            tried.append(np.array([min(room, 0.0) + min(clear - _CLEAR_M, 0.0), *one]))
    return max(tried, key=lambda row: row[0])[1:]


def frame_points(
    camera: Camera, points_m: np.ndarray, share: float, rng: np.random.Generator, loose: float
) -> Camera:
    """The camera zoomed and turned so that points fill a share of the picture.

    ``loose`` moves them off the middle, as a share of the picture's side.
    """
    size = np.array(camera.size_px, float)
    for _ in range(3):
        local = points_m @ camera.rotation.T + camera.translation_m
        local = local[local[:, 2] > 0.05]
        flat = local[:, :2] / local[:, 2:]
        low, high = flat.min(axis=0), flat.max(axis=0)
        middle = np.array([*((low + high) / 2), 1.0])
        target = camera.centre_m + camera.rotation.T @ middle
        turned = camera_at(camera.name, tuple(camera.centre_m), tuple(target), camera.size_px, 1.0)
        camera = replace(
            camera, rotation=turned.rotation, translation_m=turned.translation_m
        )  # looks at the middle of what it films
    local = points_m @ camera.rotation.T + camera.translation_m
    local = local[local[:, 2] > 0.05]
    flat = np.abs(local[:, :2] / local[:, 2:]).max(axis=0)
    focal = float((share * size / 2 / np.maximum(flat, 1e-6)).min())
    focal = float(np.clip(focal, 0.55 * size.max(), 9 * size.max()))
    off = rng.uniform(-loose, loose, 2) * size
    roll = np.radians(rng.normal(0, 4))
    c, s = np.cos(roll), np.sin(roll)
    spin = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    matrix = np.array([[focal, 0, (size[0] - 1) / 2], [0, focal, (size[1] - 1) / 2], [0, 0, 1]])
    way = np.array([-off[0] / focal, -off[1] / focal, 1.0])
    way /= np.linalg.norm(way)
    side = np.cross([0, 1.0, 0], way)
    side /= np.linalg.norm(side)
    tilt = np.stack([side, np.cross(way, side), way])
    rotation = spin @ tilt @ camera.rotation
    return replace(
        camera, matrix=matrix, rotation=rotation, translation_m=-rotation @ camera.centre_m
    )


def film(
    framing: Framing,
    posed: Posed,
    yaw_deg: float,
    size_px: tuple[int, int],
    free_m: tuple[float, float],
    rng: np.random.Generator,
) -> Camera:
    """A camera for a kind of picture of somebody who is turned by ``yaw_deg``."""
    vertices_m, bones_world = posed.vertices_m, posed.bones_world
    heads = bones_world[:, :3, 3]
    turn = bones_world[INDEX["head"], :3, 3]
    body = vertices_m[:13380]
    if framing == "full_body":
        points, target = body[::17], (body.min(axis=0) + body.max(axis=0)) / 2
        way = _unit(_azimuth(rng, 0.65, 45) + yaw_deg, rng.normal(6, 9))
        far, share, loose = rng.uniform(2.2, 4.5), rng.uniform(0.66, 0.94), 0.03
    elif framing == "upper_body":
        hip = heads[INDEX["root"], 2]
        upright = body[:, 2] > hip - 0.1 - rng.uniform(0, 0.2)
        points, target = body[upright][::17], heads[INDEX["spine02"]]
        way = _unit(_azimuth(rng, 0.8, 40) + yaw_deg, rng.normal(3, 9))
        far, share, loose = rng.uniform(1.1, 2.8), rng.uniform(0.8, 1.08), 0.05
    elif framing == "head":
        near = np.linalg.norm(body - turn - _UP * 0.06, axis=1) < 0.19
        points, target = body[near][::5], turn + _UP * 0.06
        ahead = vertices_m[_NOSE] - vertices_m[list(_EARS)].mean(axis=0)
        level = np.degrees(np.arctan2(ahead[0], -ahead[1]))
        way = _unit(_azimuth(rng, 0.85, 28) + level, rng.normal(2, 10))
        far, share, loose = rng.uniform(0.5, 1.7), rng.uniform(0.5, 0.85), 0.06
    elif framing == "hand":
        side = "left" if rng.random() < 0.5 else "right"
        ids = [INDEX[bone] for bone in BONES[f"{side}_hand"]]
        points = np.concatenate([heads[ids], vertices_m[list(TIPS[side])]])
        target = points.mean(axis=0)
        out = target - heads[INDEX["spine03"]]
        way = out / np.linalg.norm(out) + rng.normal(0, 0.45, 3)
        way += 0.5 * _unit(yaw_deg, 5)
        far, share, loose = rng.uniform(0.4, 1.1), rng.uniform(0.45, 0.8), 0.08
    elif framing == "foot":
        side = "L" if rng.random() < 0.5 else "R"
        ids = SOLES["left" if side == "L" else "right"]
        ankle = heads[INDEX[f"foot.{side}"]]
        points = np.concatenate([vertices_m[list(ids)], [ankle, ankle + _UP * 0.1]])
        target = points.mean(axis=0)
        way = _unit(_azimuth(rng, 0.6, 60) + yaw_deg, rng.uniform(8, 55))
        far, share, loose = rng.uniform(0.6, 1.6), rng.uniform(0.45, 0.8), 0.08
    else:
        raise ValueError(f"a {framing} has cameras of its own")
    way = way / np.linalg.norm(way)
    if framing == "hand":
        centre = _unhindered(target, way, far, body[::3], free_m)
    else:
        centre = _within(target + far * way, target, free_m)
    x, y, z = (float(v) for v in centre)
    a, b, c = (float(v) for v in target)
    camera = camera_at("camera", (x, y, z), (a, b, c), size_px, 1.0)
    return frame_points(camera, points, share, rng, loose)


def film_group(
    points_m: np.ndarray, size_px: tuple[int, int], free_m: tuple[float, float], rng: Rng
) -> Camera:
    """A camera that has all of some points in the picture, near or far, mostly level."""
    target = (points_m.min(axis=0) + points_m.max(axis=0)) / 2
    way = _unit(_azimuth(rng, 0.5, 60), rng.normal(6, 10))
    centre = _within(target + rng.uniform(2.4, 5.5) * way, target, free_m)
    (x, y, z), (a, b, c) = centre.tolist(), target.tolist()
    camera = camera_at("camera", (x, y, z), (a, b, c), size_px, 1.0)
    return frame_points(camera, points_m, rng.uniform(0.4, 0.96), rng, 0.06)


def ring(
    count: int,
    size_px: tuple[int, int],
    points_m: np.ndarray,
    free_m: tuple[float, float],
    rng: np.random.Generator,
) -> CameraRig:
    """Calibrated cameras around the people, as a technician would put them, with real lenses."""
    low, high = points_m.min(axis=0), points_m.max(axis=0)
    middle = (low + high) / 2
    start = rng.uniform(0, 360)
    arc = 360 if rng.random() < 0.6 else rng.uniform(120, 220)
    lens = rng.uniform(-0.16, 0.02)
    cameras: list[Camera] = []
    for k in range(count):
        azimuth = start + arc * (k + rng.uniform(-0.25, 0.25)) / count
        way = _unit(azimuth, 0.0)
        centre = middle * [1, 1, 0] + rng.uniform(2.6, 3.5) * way + [0, 0, rng.uniform(0.7, 2.4)]
        centre = _within(centre, middle, free_m)
        aim = middle + rng.normal(0, 0.08, 3)
        x, y, z = (float(v) for v in centre)
        a, b, c = (float(v) for v in aim)
        camera = camera_at(f"cam{k + 1}", (x, y, z), (a, b, c), size_px, 1.0)
        camera = frame_points(camera, points_m, rng.uniform(0.7, 0.9), rng, 0.02)
        shift = rng.normal(0, 0.008, 2) * size_px
        matrix = camera.matrix.copy()
        matrix[:2, 2] += shift
        k1 = lens + rng.normal(0, 0.01)
        terms = np.array([k1, -0.35 * k1, *rng.normal(0, 0.0006, 2), 0.0])
        cameras.append(replace(camera, matrix=matrix, distortion=terms))
    return CameraRig(tuple(cameras))
