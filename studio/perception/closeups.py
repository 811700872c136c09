"""Second looks at hands and faces: where to look, and whose they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, UInt8

from studio.perception.agreement import combine
from studio.perception.crops import Crop, bounds, upright_angle
from studio.perception.landmarkers import Found, Landmarker

Where = tuple[Float[np.ndarray, " 2"], float, float]
"""Centre (px), size (px) and lean (radians, clockwise) of a square to look at."""

_SIDE_PX = 288
_SHARP_PX = 48.0
_TOO_SMALL_PX = 12.0

# MediaPipe's body points.
_NOSE, _FACE_POINTS = 0, slice(0, 11)
_SHOULDERS, _HIPS = (11, 12), (23, 24)
_ARM = {"left": (13, 15, 17, 19), "right": (14, 16, 18, 20)}
_MESH_NOSE = 1


def hand_square(body: Float[np.ndarray, "33 2"], side: str) -> Where:
    """Where a hand must be: around the palm, as large as the forearm, fingers up."""
    elbow, wrist, pinky, index = body[list(_ARM[side])]
    palm = (pinky + index) / 2
    forearm = float(np.linalg.norm(wrist - elbow))
    torso = float(np.linalg.norm(body[list(_SHOULDERS)].mean(0) - body[list(_HIPS)].mean(0)))
    size = max(1.1 * forearm, 4.0 * float(np.linalg.norm(palm - wrist)), 0.45 * torso)
    return wrist + 1.1 * (palm - wrist), size, upright_angle(palm - elbow)


def head_square(body: Float[np.ndarray, "33 2"]) -> Where:
    """Where the face must be: around eyes, ears and mouth, chin down."""
    centre, extent = bounds(body[_FACE_POINTS])
    shoulders, hips = body[list(_SHOULDERS)], body[list(_HIPS)].mean(0)
    torso = float(np.linalg.norm(shoulders.mean(0) - hips))
    eyes, mouth = body[1:7].mean(0), body[9:11].mean(0)
    return centre, max(2.6 * extent, 0.6 * torso), upright_angle(eyes - mouth)


def around(xy: Float[np.ndarray, "points 2"], up: tuple[int, int], margin: float) -> Where:
    """Where to look again for what was just there; ``up`` are a low and a high point."""
    centre, extent = bounds(xy)
    return centre, margin * extent, upright_angle(xy[up[1]] - xy[up[0]])


def hand(
    network: Landmarker,
    rgb: UInt8[np.ndarray, "height width 3"],
    where: Where,
    wrist: Float[np.ndarray, " 2"],
    looks: int,
) -> Found | None:
    """The hand in a square whose wrist is nearest to ``wrist``, if there is one near enough."""
    return _nearest(network, rgb, where, (0, wrist, 0.25), looks, None)


def face(
    network: Landmarker,
    rgb: UInt8[np.ndarray, "height width 3"],
    where: Where,
    nose: Float[np.ndarray, " 2"],
    looks: int,
    mirror: Int[np.ndarray, "478"],
) -> Found | None:
    """The face in a square whose nose is nearest to ``nose``, if there is one near enough."""
    return _nearest(network, rgb, where, (_MESH_NOSE, nose, 0.2), looks, mirror)


def _nearest(
    network: Landmarker,
    rgb: np.ndarray,
    where: Where,
    target: tuple[int, np.ndarray, float],
    looks: int,
    mirror: np.ndarray | None,
) -> Found | None:
    centre, size, lean = where
    point, at, reach = target
    inside = (np.array([0, 0]) <= centre) & (centre < np.array(rgb.shape[1::-1]))
    if size < _TOO_SMALL_PX or not inside.all():
        return None
    seen: list[Found] = []
    for mirrored, tilt in ((False, 0.0), (True, 0.0), (False, 0.25), (True, -0.25))[:looks]:
        crop = Crop.around(centre, size, angle=lean + tilt, mirror=mirrored, side_px=_SIDE_PX)
        there = [_back(found, crop, mirrored, mirror) for found in network.find(crop.cut(rgb))]
        there = [f for f in there if np.linalg.norm(f.xy_px[point] - at) < reach * size]
        if there:
            seen.append(min(there, key=lambda f: float(np.linalg.norm(f.xy_px[point] - at))))
    if not seen:
        return None
    xy, score = combine(
        np.stack([f.xy_px for f in seen]), np.stack([f.confidence for f in seen]), ()
    )
    away = float(np.linalg.norm(xy[point] - at)) / (reach * size)
    sharp = min(1.0, bounds(xy)[1] / _SHARP_PX)
    agreed = len(seen) / looks
    return Found(xy, score * sharp * np.sqrt(agreed) / (1 + away**2), seen[0].side)


def _back(found: Found, crop: Crop, mirrored: bool, mirror: np.ndarray | None) -> Found:
    xy = crop.back(found.xy_px)
    side = found.side
    if mirrored:
        side = {"left": "right", "right": "left"}.get(side, side)
        if mirror is not None:
            xy = xy[mirror]
    return Found(xy, found.confidence, side)


def same_hand(one: Found, other: Found) -> bool:
    """Whether two findings are one hand."""
    apart = np.linalg.norm(one.xy_px - other.xy_px, axis=1).mean()
    return bool(apart < 0.3 * bounds(one.xy_px)[1])


def drop_twin(hands: dict[str, Found], wrists: dict[str, np.ndarray]) -> dict[str, Found]:
    """If both sides found the same hand, leave it to the nearer wrist."""
    if len(hands) < 2 or not same_hand(hands["left"], hands["right"]):
        return hands
    away = {s: float(np.linalg.norm(f.xy_px[0] - wrists[s])) for s, f in hands.items()}
    keep = min(away, key=lambda s: away[s])
    return {keep: hands[keep]}


def surer_twin(hands: dict[str, Found]) -> dict[str, Found]:
    """If both sides follow the same hand, leave it to the surer."""
    if len(hands) < 2 or not same_hand(hands["left"], hands["right"]):
        return hands
    keep = max(hands, key=lambda side: float(hands[side].confidence.mean()))
    return {keep: hands[keep]}


def by_side(found: Sequence[Found]) -> dict[str, Found]:
    """Hands seen without a body, told apart by the network's own idea of left and right."""
    hands: dict[str, Found] = {}
    for one in sorted(found, key=lambda f: -float(f.confidence.mean())):
        other = "left" if one.side == "right" else "right"
        hands.setdefault(one.side if one.side not in hands else other, one)
    return hands
