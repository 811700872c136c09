"""The ways to bring cameras into step, each as the lags between all pairs of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import CameraRig, Detections
from studio.features.synchronise.inputs import Source
from studio.media.cameras import match_cameras
from studio.media.clip import ClipReader
from studio.media.frame_times import frame_times
from studio.media.synchronise.sound import SOUND_S, onsets
from studio.media.synchronise.watched import Watched
from studio.vision.synchrony.epipolar import refine_lag, seen_by
from studio.vision.synchrony.events import flashes, match_events
from studio.vision.synchrony.graph import Clocks, apart, solve_clocks
from studio.vision.synchrony.lag import Lag, find_lag
from studio.vision.synchrony.motion import changes, vertical_speeds
from studio.vision.synchrony.track import Track

HOPELESS_S = 0.1
STAMPS = "the recorder's time stamps"


@dataclass(frozen=True, eq=False)
class Attempt:
    """What one way found. ``clocks`` is None where it does not join all cameras: ``why`` says
    what is missing. ``measure`` is what its standard deviations are called."""

    name: str
    tracks: tuple[Track, ...] = ()
    clocks: Clocks | None = None
    why: str = ""
    measure: str = "one standard deviation"


def joined(name: str, tracks: Sequence[Track], found: Sequence[Lag | None]) -> Attempt:
    """The clocks that the sure ones of these lags give."""
    cameras = [track.camera for track in tracks]
    lags = [lag for lag in found if lag is not None and lag.sure]
    groups = apart(cameras, lags)
    if len(groups) > 1:
        lonely = groups[-1]
        unsure = [lag for lag in found if lag is not None and not lag.sure]
        doubts = [lag.doubt for lag in unsure if {lag.first, lag.second}.intersection(lonely)]
        why = doubts[0] if doubts else f"{lonely[0]} shares nothing with the other cameras"
        return Attempt(name, tuple(tracks), why=why)
    clocks = solve_clocks(cameras, lags)
    if clocks.error_s > HOPELESS_S:
        why = f"by {name} the pairs of cameras contradict each other"
        return Attempt(name, tuple(tracks), why=why)
    return Attempt(name, tuple(tracks), clocks)


def by_timestamps(sources: Sequence[Source], clips: Sequence[ClipReader]) -> Attempt:
    """What a recorder wrote beside each video. Raises StudioError if that does not fit it."""
    told = [frame_times(s.path) if s.path.is_file() else None for s in sources]
    lacking = [s.camera for s, times in zip(sources, told, strict=True) if times is None]
    times = [t for t in told if t is not None]
    if lacking:
        return Attempt(STAMPS, why=f"{lacking[0]} has no time stamps beside its video")
    for source, clip, stamps in zip(sources, clips, times, strict=True):
        if len(stamps) != clip.frames:
            raise StudioError(
                f"{source.camera} has {clip.frames} frames, but {len(stamps)} time stamps.",
                "Copy both again from the recording, or synchronise by a clap or movement.",
            )
    if max(t[0] for t in times) >= min(t[-1] for t in times):
        raise StudioError(
            "By their time stamps the cameras never ran at the same time.",
            "Check that all videos are of one take, or synchronise by a clap or movement.",
        )
    tracks = [
        Track(s.camera, clip.times_s, _steps_ms(t), np.ones((len(t), 1)))
        for s, clip, t in zip(sources, clips, times, strict=True)
    ]
    first = np.array([t[0] for t in times])
    jitter = np.array([_jitter_s(t) for t in times])
    still = np.zeros(len(sources))
    clocks = Clocks(
        tuple(s.camera for s in sources), first - first.min(), np.ones(len(sources)), jitter,
        float("nan"), still, (),
    )  # fmt: skip
    return Attempt(STAMPS, tuple(tracks), clocks, measure="unevenness of the stamps")


def _steps_ms(times_s: np.ndarray) -> np.ndarray:
    steps = 1000 * np.diff(times_s, append=2 * times_s[-1] - times_s[-2])
    return (steps - np.median(steps))[:, None]


def _jitter_s(times_s: np.ndarray) -> float:
    """How far single stamps lie from an even beat: robust, so that missed frames do not count."""
    steps = np.diff(times_s)
    return float(1.4826 * np.median(np.abs(steps - np.median(steps))) / np.sqrt(2))


def by_flash(watched: Sequence[Watched]) -> Attempt:
    """A light that comes on."""
    tracks = [
        Track(w.camera, w.times_s, np.nan_to_num(w.level - np.nanmedian(w.level))[:, None],
              np.isfinite(w.level)[:, None].astype(float))
        for w in watched
    ]  # fmt: skip
    seen = [flashes(w.times_s, np.nan_to_num(w.level, nan=float(np.nanmedian(w.level))))
            for w in watched]  # fmt: skip
    blind = [w.camera for w, events in zip(watched, seen, strict=True) if not events]
    if blind:
        return Attempt("a flash", tuple(tracks), why=f"{blind[0]} saw no flash")
    lags = [
        match_events(tracks[i].camera, tracks[j].camera, seen[i], seen[j],
                     1 / min(tracks[i].rate_hz, tracks[j].rate_hz))
        for i, j in combinations(range(len(tracks)), 2)
    ]  # fmt: skip
    return joined("a flash", tracks, lags)


def by_sound(sources: Sequence[Source], max_shift_s: float) -> Attempt:
    """What all of them heard. A metre of way is 3 ms: that is added to the uncertainty."""
    heard = [onsets(s.path, s.camera) if s.path.is_file() else None for s in sources]
    deaf = [s.camera for s, track in zip(sources, heard, strict=True) if track is None]
    tracks = [track for track in heard if track is not None]
    if deaf:
        return Attempt("the sound", why=f"{deaf[0]} has no sound")
    lags = [
        lag and replace(lag, sd_s=float(np.hypot(lag.sd_s, SOUND_S)))
        for a, b in combinations(tracks, 2)
        for lag in (find_lag(a, b, max_shift_s=max_shift_s, glitches=False),)
    ]
    return joined("the sound", tracks, lags)


def by_changes(watched: Sequence[Watched], max_shift_s: float) -> Attempt:
    """How much of the picture moves."""
    tracks = [changes(w.camera, w.times_s, w.moved) for w in watched]
    return _by_curves("movement in the pictures", tracks, max_shift_s)


def by_keypoints(found: Detections, times_s: Mapping[str, np.ndarray], shift_s: float) -> Attempt:
    """How fast each point of the person rises and sinks."""
    points = _body(found)
    tracks = [
        vertical_speeds(
            camera, times_s[camera], found.xy_px[: len(times_s[camera]), view][:, points],
            found.confidence[: len(times_s[camera]), view][:, points],
        )
        for view, camera in enumerate(found.cameras)
    ]  # fmt: skip
    return _by_curves("the person's movement", tracks, shift_s)


def _body(found: Detections) -> list[int]:
    """The body's points; all where the layout names none."""
    return list(found.layout.parts.get("body", ())) or list(range(len(found.layout)))


def _by_curves(name: str, tracks: Sequence[Track], max_shift_s: float) -> Attempt:
    lags = [find_lag(a, b, max_shift_s=max_shift_s) for a, b in combinations(tracks, 2)]
    return joined(name, tracks, lags)


def by_rays(
    rig: CameraRig, found: Detections, times_s: Mapping[str, np.ndarray], start: Attempt
) -> Attempt:
    """The clocks of ``start`` made exact: shifted until rays to the same point meet."""
    if start.clocks is None:
        return start
    names = match_cameras(found.cameras, rig.names)
    points = _body(found)
    seen = {
        camera: seen_by(
            rig[names[camera]], times_s[camera],
            found.xy_px[: len(times_s[camera]), view][:, points],
            found.confidence[: len(times_s[camera]), view][:, points],
        )
        for view, camera in enumerate(found.cameras)
        if camera in names
    }  # fmt: skip
    clocks = start.clocks
    at = {camera: i for i, camera in enumerate(clocks.cameras)}
    within = min(0.5, max(0.1, 4 * clocks.error_s))
    lags = [
        refine_lag(seen[a], seen[b], _between(clocks, at[a], at[b], times_s[a]), within)
        for a, b in combinations(found.cameras, 2)
        if a in seen and b in seen
    ]
    exact = joined(f"{start.name}, then the rig's rays", start.tracks, lags)
    return exact if exact.clocks is not None else start


def _between(clocks: Clocks, a: int, b: int, times_s: np.ndarray) -> Lag:
    """The lag that two clocks mean, about the middle of the first one's take."""
    middle = float(times_s.mean())
    shared = clocks.offsets_s[a] + clocks.pace[a] * middle
    own = (shared - clocks.offsets_s[b]) / clocks.pace[b]
    return Lag(
        clocks.cameras[a], clocks.cameras[b], float(own - middle), float(clocks.error_s), middle,
        float(clocks.pace[a] / clocks.pace[b] - 1),
    )  # fmt: skip
