"""Takes whose clocks are known: points that move, seen and filmed by cameras that started apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from scipy.interpolate import CubicSpline

from studio.core.types import CameraRig, Detections, Layout
from studio.vision import camera as lens
from studio.vision.ring import ring_rig

POINTS = 14
_SOUND_HZ = 16_000


@dataclass(frozen=True, eq=False)
class Scene:
    """Points of a person who moves about, and what happens: a lamp comes on, hands clap (s)."""

    paths: CubicSpline
    lamp_s: tuple[float, ...] = ()
    claps_s: tuple[float, ...] = ()

    def at(self, time_s: np.ndarray) -> np.ndarray:
        """World points (times, points, 3)."""
        return self.paths(time_s).reshape(len(time_s), POINTS, 3)


def make_scene(
    seconds: float,
    seed: int = 0,
    *,
    period_s: float | None = None,
    lamp_s: tuple[float, ...] = (),
    claps_s: tuple[float, ...] = (),
) -> Scene:
    """Limbs that swing about a body that walks around; with ``period_s`` over and over alike."""
    rng = np.random.default_rng(seed)
    knots = np.arange(-1.0, seconds + 1.2, 0.2)
    rest = np.linspace(0.1, 1.8, POINTS)[:, None] * [0, 0, 1] + rng.normal(0, 0.15, (POINTS, 3))
    if period_s is None:
        limbs = rng.normal(0, 0.12, (len(knots), POINTS, 3))
        walk = np.cumsum(rng.normal(0, 0.08, (len(knots), 1, 3)) * [1, 1, 0.3], 0)
        walk -= walk.mean(0)
    else:
        phase = 2 * np.pi * (knots[:, None, None] / period_s + rng.random((1, POINTS, 1)))
        limbs = 0.2 * np.sin(phase) * rng.normal(0, 1, (1, POINTS, 3))
        walk = 0.0
    places = (rest + limbs + walk).reshape(len(knots), -1)
    return Scene(CubicSpline(knots, places), lamp_s, claps_s)


@dataclass(frozen=True, eq=False)
class Clock:
    """A camera's own time u is the scene's time ``offset_s`` + ``pace`` · u."""

    offset_s: float = 0.0
    pace: float = 1.0
    rate_hz: float = 30.0

    def times_s(self, until_s: float) -> np.ndarray:
        """Own times of its frames until that time of the scene."""
        return np.arange(0, (until_s - self.offset_s) / self.pace, 1 / self.rate_hz)


def see(
    scene: Scene,
    clocks: Sequence[Clock],
    until_s: float,
    *,
    noise_px: float = 2.0,
    missing: float = 0.05,
    seed: int = 0,
) -> tuple[CameraRig, Detections]:
    """What a ring of cameras of one rate sees of a scene, frame i of each on its own clock."""
    rng = np.random.default_rng(seed + 1)
    rig = ring_rig(len(clocks))
    times = [clock.times_s(until_s) for clock in clocks]
    longest = max(times, key=len)
    shape = (len(longest), len(clocks), POINTS)
    xy, sure = np.full((*shape, 2), np.nan), np.zeros(shape)
    for view, (camera, clock, own) in enumerate(zip(rig.cameras, clocks, times, strict=True)):
        places = scene.at(clock.offset_s + clock.pace * own)
        pixels = lens.project(camera, places) + noise_px * rng.standard_normal(
            (len(own), POINTS, 2)
        )
        there = rng.random((len(own), POINTS)) > missing
        xy[: len(own), view] = np.where(there[..., None], pixels, np.nan)
        sure[: len(own), view] = np.where(there, rng.uniform(0.5, 1.0, there.shape), 0.0)
    names = tuple(f"point{i}" for i in range(POINTS))
    layout = Layout("simulated", names, (), tuple(range(POINTS)))
    return rig, Detections(rig.names, longest, layout, xy, sure)


def film(folder: Path, scene: Scene, clocks: Sequence[Clock], until_s: float) -> list[Path]:
    """Small videos of a scene, with sound where hands clap; the shutter is open all the time."""
    rig = ring_rig(len(clocks), size_px=(160, 120), focal_px=150.0)
    paths: list[Path] = []
    for number, (camera, clock) in enumerate(zip(rig.cameras, clocks, strict=True)):
        own = clock.times_s(until_s)
        taken = clock.offset_s + clock.pace * own
        pixels = lens.project(camera, scene.at(taken))
        light = _light(scene, taken, clock.pace / clock.rate_hz)
        pictures = [_picture(xy, level, number) for xy, level in zip(pixels, light, strict=True)]
        sound = _sound(scene, clock, until_s, number) if scene.claps_s else None
        paths.append(_write(folder / f"{camera.name}.mp4", pictures, clock.rate_hz, sound))
    return paths


def _light(scene: Scene, taken: np.ndarray, frame_s: float) -> np.ndarray:
    """How much of each frame the lamp was on; it stays on for a third of a second."""
    lit = np.zeros(len(taken))
    for on in scene.lamp_s:
        end = np.minimum(taken + frame_s, on + 0.33)
        lit += np.clip(end - np.maximum(taken, on), 0, frame_s) / frame_s
    return lit


def _picture(xy: np.ndarray, light: float, number: int) -> np.ndarray:
    level = 60 + 8 * number + 70 * light
    grey = np.full((120, 160), level, np.float32)
    for x, y in xy[np.isfinite(xy).all(-1)]:
        centre = round(float(x) * 16), round(float(y) * 16)
        cv2.circle(grey, centre, 6 * 16, float(level + 60), -1, cv2.LINE_AA, 4)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def _sound(scene: Scene, clock: Clock, until_s: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    count = int((until_s - clock.offset_s) / clock.pace * _SOUND_HZ)
    heard = 0.003 * rng.standard_normal(count)
    decay = np.exp(-np.arange(_SOUND_HZ // 20) / (0.008 * _SOUND_HZ))
    for clap in scene.claps_s:
        at = round((clap - clock.offset_s) / clock.pace * _SOUND_HZ)
        burst = 0.5 * decay * rng.standard_normal(len(decay))
        if 0 <= at < count - len(burst):
            heard[at : at + len(burst)] += burst
    return np.clip(heard, -1, 1)


def _write(
    path: Path, pictures: Sequence[np.ndarray], rate_hz: float, sound: np.ndarray | None
) -> Path:
    with av.open(str(path), "w") as container:
        video = container.add_stream("libvpx-vp9", rate=Fraction(rate_hz).limit_denominator(1001))
        video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
        video.options = {"deadline": "realtime", "cpu-used": "8", "crf": "20", "b": "0"}
        audio = (
            container.add_stream("aac", rate=_SOUND_HZ, layout="mono")
            if sound is not None
            else None
        )
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None and sound is not None:
            for start in range(0, len(sound), 1024):
                part = np.ascontiguousarray(sound[None, start : start + 1024], np.float32)
                frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
                frame.sample_rate, frame.pts = _SOUND_HZ, start
                frame.time_base = Fraction(1, _SOUND_HZ)
                container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
    return path
