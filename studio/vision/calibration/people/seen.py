"""Which keypoints and moments of a take a calibration rests on, and how far each is trusted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from studio.core.errors import StudioError
from studio.core.types import CameraRig, Detections, Layout
from studio.vision.calibration.people.bundle import residuals
from studio.vision.sightings import Sightings, sight
from studio.vision.swaps import disagreeing_swaps, exchange, find_swaps

LEAST_CONFIDENCE = 0.3
MOST_MOMENTS = 300
_HELD_EVERY, _HELD_S = 5, 0.5
_STEMS = (
    "nose", "eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle", "heel",
    "big_toe", "small_toe", "foot_index", "upper_neck", "head_top",
)  # fmt: skip
_BONES = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))


@dataclass(frozen=True, eq=False)
class Chosen:
    """Body points of some moments of a take. ``columns`` are their places in ``original``."""

    rig: CameraRig
    layout: Layout
    original: Layout
    columns: np.ndarray
    times_s: Float[np.ndarray, " frames"]
    sightings: Sightings
    bones: tuple[tuple[int, int], ...]

    @property
    def points(self) -> int:
        return len(self.layout)

    @classmethod
    def of(cls, detections: Detections, rig: CameraRig) -> Chosen:
        """The points of the body that a person's joints move, where two cameras see them.

        Raises StudioError if that is too little to work with.
        """
        original = detections.layout
        columns = np.array([i for i, name in enumerate(original.points) if _stem(name) in _STEMS])
        if len(columns) < 8:
            raise StudioError(
                f"The layout {original.name} has too few points of the body to place cameras by.",
                "Detect the whole body, for example with doppel pose.",
            )
        layout = _reduced(original, columns)
        views = len(rig)
        seen = (detections.confidence >= LEAST_CONFIDENCE) & np.isfinite(detections.xy_px[..., 0])
        frames = np.flatnonzero((seen[:, :, columns].sum(2) >= 4).sum(1) >= 2)
        if len(frames) < 10:
            raise StudioError(
                "There are too few moments at which two cameras see the person.",
                "Film somebody who walks through the whole volume for half a minute, and check "
                "that the videos run in step.",
            )
        if len(frames) > MOST_MOMENTS:
            frames = frames[np.linspace(0, len(frames) - 1, MOST_MOMENTS).astype(int)]
        xy = np.moveaxis(detections.xy_px[frames][:, :, columns], 1, 0).reshape(views, -1, 2)
        trust = np.moveaxis(detections.confidence[frames][:, :, columns], 1, 0).reshape(views, -1)
        s = sight(rig, xy, np.clip(trust, 0, 1), min_confidence=LEAST_CONFIDENCE)
        s = replace(s, scale_px=np.broadcast_to(s.scale_px, s.u.shape))
        at = {name: i for i, name in enumerate(layout.points)}
        pairs = [(f"{side}_{a}", f"{side}_{b}") for a, b in _BONES for side in ("left", "right")]
        bones = tuple((at[a], at[b]) for a, b in pairs if a in at and b in at)
        return cls(rig, layout, original, columns, detections.times_s[frames], s, bones)

    def clusters(self) -> tuple[np.ndarray, np.ndarray]:
        """For every point: the second it was seen in, and which kind of joint it is (left and
        right are wrong alike)."""
        second = np.floor(self.times_s - self.times_s[0]).astype(np.intp)
        stems = np.unique([_stem(name) for name in self.layout.points], return_inverse=True)[1]
        return np.repeat(second, self.points), np.tile(stems.ravel(), len(self.times_s))

    def swapped(self, s: Sightings) -> Float[np.ndarray, " views"]:
        """The share of points that ``s`` has exchanged left for right, by camera."""
        was, now = self.sightings.u * self.sightings.scale_px, s.u * s.scale_px
        changed = np.abs(was - now) > 1e-6 * np.fmax(np.abs(was), 1.0)
        seen = np.fmax(s.seen.sum(1), 1)
        return (changed & s.seen).sum(1) / seen


def choose(chosen: Chosen, *, held: bool | None = None, most: int | None = None) -> Chosen:
    """Some of the moments: those held out, those not, or at most so many, evenly."""
    keep = np.arange(len(chosen.times_s))
    if held is not None:
        since = chosen.times_s - chosen.times_s[0]
        block = np.floor(since / min(_HELD_S, max(since[-1] / 15, 1e-6))).astype(int)
        keep = keep[(block % _HELD_EVERY == _HELD_EVERY - 1) == held]
    if most is not None and len(keep) > most:
        keep = keep[np.linspace(0, len(keep) - 1, most).astype(int)]
    columns = (keep[:, None] * chosen.points + np.arange(chosen.points)).ravel()
    return replace(chosen, times_s=chosen.times_s[keep], sightings=chosen.sightings.take(columns))


def with_focal(s: Sightings, factor: Float[np.ndarray, " views"]) -> Sightings:
    """The same pixels, if every focal length is longer by a factor."""
    k = factor[:, None]
    return replace(s, u=s.u / k, v=s.v / k, scale_px=s.scale_px * k)


def straight(s: Sightings, xyz: Float[np.ndarray, "points 3"], layout: Layout) -> Sightings:
    """Left and right exchanged where the cameras then agree."""
    if len(s.u) >= 3:
        s = exchange(s, disagreeing_swaps(s, layout.mirror, limit_px=20.0), layout.mirror)
    return exchange(s, find_swaps(s, xyz, layout.mirror, limit_px=20.0), layout.mirror)


def learnt(s: Sightings, xyz: Float[np.ndarray, "points 3"], points: int) -> Sightings:
    """Sightings whose weight is one over their noise: a joint's in a camera, as its residuals show
    (median, so that outliers do not count), narrowed towards the camera's own."""
    plain = replace(s, weight=s.seen.astype(float))
    off, _, _, good = residuals(plain, xyz, np.ones(len(s.u)))
    size = np.where(good, np.hypot(off[0], off[1]), np.nan).reshape(len(s.u), -1, points)
    views = len(s.u)
    sigma = np.full((views, points), 5.0)
    for view in range(views):
        known = size[view][np.isfinite(size[view])]
        if len(known) < 10:
            continue
        overall = float(np.median(known)) / 1.18
        for point in range(points):
            own = size[view, :, point]
            own = own[np.isfinite(own)]
            middle = float(np.median(own)) / 1.18 if len(own) else overall
            sigma[view, point] = np.sqrt((len(own) * middle**2 + 10 * overall**2) / (len(own) + 10))
    # Residuals are smaller than the noise, for they were fitted; never trust below a pixel.
    sigma = np.fmax(1.2 * sigma, 1.0)
    trust = np.where(s.seen, np.sqrt(np.clip(s.weight, 0.05, 1.0)), 0.0)
    return replace(s, weight=trust / np.tile(sigma, s.u.shape[1] // points))


def _stem(name: str) -> str:
    for side in ("left_", "right_"):
        if name.startswith(side):
            return name.removeprefix(side)
    return name


def _reduced(layout: Layout, columns: np.ndarray) -> Layout:
    at = {int(c): i for i, c in enumerate(columns)}
    bones = tuple((at[a], at[b]) for a, b in layout.bones if a in at and b in at)
    mirror = tuple(at[layout.mirror[int(c)]] for c in columns)
    return Layout(
        f"{layout.name} body", tuple(layout.points[int(c)] for c in columns), bones, mirror
    )
