"""A whole take through a detector: cameras side by side, cached, left and right made steady."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from jaxtyping import Float, Int

from studio.core.errors import Cancelled, StudioError
from studio.core.types import Crowd, Detections, Frame, Keypoints, Layout, Monocular
from studio.perception.agreement import unswap
from studio.perception.cache import DetectionCache, content_key
from studio.perception.detector import Detector, Person2D
from studio.perception.looks import with_looks
from studio.perception.monocular import gather
from studio.vision.people.main import main_person

CHUNK = 16
_LOOK_S = 0.05
_IN_STEP_S = 2e-4
People = tuple[Person2D, ...]


class Watch(Protocol):
    """Who may stop the work and wants to know how far it is (a job's context)."""

    def check(self) -> None: ...

    def report(self, fraction: float, text: str = "") -> None: ...


class ClipLike(Protocol):
    """One camera's pictures: a file or folder that can be read from any frame on.

    ``run`` gives frames with their numbers; damaged ones may be missing.
    """

    @property
    def camera(self) -> str: ...

    @property
    def path(self) -> Path: ...

    def run(self, start: int = 0) -> Iterator[tuple[int, Frame]]: ...


@dataclass(frozen=True, eq=False)
class TakeDetections:
    """The detections of a take, and how they came about, per camera in order.

    ``found`` is the share of frames with the person in it, ``turned`` how often an arm or leg
    pair was turned round, ``reused`` the share of frames that came from the cache. ``crowd`` is
    everybody, where a camera saw more than one; ``detections`` are then the main person's.
    ``monocular`` is what the detector told of them in 3D, where its network does.
    """

    detections: Detections
    found: tuple[float, ...]
    turned: tuple[int, ...]
    reused: float
    crowd: Crowd | None = None
    monocular: Monocular | None = None


def detect_take(
    clips: Sequence[ClipLike],
    times_s: Float[np.ndarray, " moments"],
    plan: Mapping[str, Int[np.ndarray, " moments"]],
    make_detector: Callable[[], Detector],
    watch: Watch,
    *,
    early_s: Mapping[str, Float[np.ndarray, " moments"]] | None = None,
    cache: DetectionCache | None = None,
    workers: int = 2,
) -> Generator[tuple[Keypoints, ...], None, TakeDetections]:
    """Detect the people in every clip of a take: as many as the detector looks for.

    ``plan`` gives for every camera the frame number of each moment, -1 where it has none;
    ``early_s`` how long before the moment that frame was taken: points are carried to the moment.
    Yields the newest keypoints of all cameras; returns the whole. Each worker thread makes a
    detector of its own. Raises what a detector, a clip or ``watch`` raises; chunks that were
    finished until then stay in the cache.
    """
    if not clips:
        raise StudioError("There is no video to look at.", "Bring in at least one.")
    work = _Work(make_detector, watch, cache, sum(len(_wanted(plan[c.camera])) for c in clips))
    pool = ThreadPoolExecutor(max(1, min(workers, len(clips))), "detect")
    try:
        running = [pool.submit(work.clip, c, _wanted(plan[c.camera])) for c in clips]
        shown = 0
        while wait(running, timeout=_LOOK_S, return_when="FIRST_EXCEPTION").not_done:
            if any(r.done() and r.exception() for r in running):
                break
            watch.check()
            watch.report(0.98 * work.fraction, work.text())
            if work.done != shown:
                shown = work.done
                yield _all(work.newest.copy())
        results = {clip.camera: r.result() for clip, r in zip(clips, running, strict=True)}
    finally:
        work.stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
    if work.newest:
        yield _all(work.newest)
    return _gather(tuple(c.camera for c in clips), times_s, plan, results, work, early_s or {})


def _all(newest: Mapping[str, tuple[Keypoints, ...]]) -> tuple[Keypoints, ...]:
    return tuple(one for people in newest.values() for one in people)


def _wanted(numbers: np.ndarray) -> np.ndarray:
    return np.unique(numbers[numbers >= 0])


class _Work:
    """What the threads of one take share."""

    def __init__(
        self,
        make_detector: Callable[[], Detector],
        watch: Watch,
        cache: DetectionCache | None,
        total: int,
    ) -> None:
        self.make, self.watch, self.cache, self.total = make_detector, watch, cache, max(total, 1)
        self.stop = threading.Event()
        self.newest: dict[str, tuple[Keypoints, ...]] = {}
        self.done = self.reused = 0
        self.layout: Layout | None = None
        self._lock = threading.Lock()
        self._started_s = time.monotonic()

    @property
    def fraction(self) -> float:
        return self.done / self.total

    def text(self) -> str:
        fresh = self.done - self.reused
        rate = fresh / max(time.monotonic() - self._started_s, 1e-3)
        return f"Detecting: {self.done} of {self.total} pictures, {rate:.0f} a second"

    def clip(self, clip: ClipLike, numbers: np.ndarray) -> dict[int, People]:
        """Detect, or remember, the people in these frames of a clip."""
        with closing(self.make()) as detector:
            self.layout = detector.layout
            kept = None
            if self.cache is not None:
                kept = self.cache.open(content_key(clip.path), detector.identity)
            people: dict[int, People] = {}
            frames = _Forward(clip)
            with closing(frames):
                for chunk in _chunks(numbers):
                    known = kept.get(chunk, detector.layout) if kept else None
                    if known is not None:
                        people.update(zip(chunk.tolist(), known, strict=True))
                        self._count(len(chunk), reused=True)
                        detector.follow(known[-1])
                        continue
                    found = [self._one(detector, frames.at(number)) for number in chunk.tolist()]
                    people.update(zip(chunk.tolist(), found, strict=True))
                    if kept is not None:
                        kept.put(chunk, found, detector.layout)
        return people

    def _one(self, detector: Detector, frame: Frame | None) -> People:
        self.watch.check()
        if self.stop.is_set():
            raise Cancelled
        found = with_looks(frame.rgb, detector.detect(frame.rgb, frame.time_s)) if frame else ()
        if frame and found:
            self.newest[frame.camera] = tuple(
                person.keypoints(frame.camera, frame.time_s) for person in found
            )
        self._count(1, reused=False)
        return found

    def _count(self, frames: int, *, reused: bool) -> None:
        with self._lock:
            self.done += frames
            self.reused += frames if reused else 0


def _chunks(numbers: np.ndarray) -> list[np.ndarray]:
    """Runs of frames that lie in the same stretch of the clip, whatever the in point."""
    edges = np.flatnonzero(np.diff(numbers // CHUNK)) + 1
    return [chunk for chunk in np.split(numbers, edges) if len(chunk)]


class _Forward:
    """Frames of a clip, asked for in rising order; opened only when one is needed."""

    def __init__(self, clip: ClipLike) -> None:
        self._clip = clip
        self._frames: Iterator[tuple[int, Frame]] | None = None
        self._held: tuple[int, Frame] | None = None
        self._reached = 0

    def at(self, number: int) -> Frame | None:
        """Frame ``number``; None if it is damaged."""
        if self._frames is None or number > self._reached + CHUNK:
            self.close()
            self._frames = self._clip.run(number)
        while self._held is None or self._held[0] < number:
            self._held = next(self._frames, None)
            if self._held is None:
                return None
        self._reached = self._held[0]
        return self._held[1] if self._held[0] == number else None

    def close(self) -> None:
        if isinstance(self._frames, Generator):
            self._frames.close()
        self._frames, self._held = None, None


def _gather(
    cameras: tuple[str, ...],
    times_s: np.ndarray,
    plan: Mapping[str, np.ndarray],
    results: Mapping[str, Mapping[int, People]],
    work: _Work,
    early_s: Mapping[str, np.ndarray],
) -> TakeDetections:
    layout = work.layout
    assert layout is not None
    times = np.asarray(times_s, float)
    xy = np.full((len(times), len(cameras), len(layout), 2), np.nan)
    confidence = np.zeros(xy.shape[:3])
    several = any(len(people) > 1 for of in results.values() for people in of.values())
    every: list[_Places] = []
    seen: list[list[People]] = []
    found: list[float] = []
    turned: list[int] = []
    for view, camera in enumerate(cameras):
        people = [results[camera].get(n, ()) if n >= 0 else () for n in plan[camera].tolist()]
        seen.append(people)
        main = [next(iter(here), None) for here in people]
        early = early_s.get(camera)
        if several:
            every.append(_places(layout, people, times, early))
            main = _main(layout, people)
        xy[:, view], confidence[:, view], swaps = _steady(layout, main, times, early)
        found.append(sum(map(bool, people)) / max(int((plan[camera] >= 0).sum()), 1))
        turned.append(swaps)
    detections = Detections(cameras, times, layout, xy, confidence)
    crowd = _crowd(detections, every, seen) if several else None
    return TakeDetections(
        detections, tuple(found), tuple(turned), work.reused / work.total, crowd,
        gather(detections, seen, crowd),
    )  # fmt: skip


_Places = list[tuple[int, np.ndarray, np.ndarray]]
"""Somebody whom one camera followed: their number, pixels and confidence over the moments."""


def _steady(
    layout: Layout,
    person: Sequence[Person2D | None],
    times_s: np.ndarray,
    early_s: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray, int]:
    """One person in one camera over all moments, left and right steady, carried to the moments;
    and how often sides were turned round."""
    xy = np.full((len(times_s), len(layout), 2), np.nan)
    confidence = np.zeros(xy.shape[:2])
    for moment, seen in enumerate(person):
        if seen is not None:
            xy[moment], confidence[moment] = seen.xy_px, seen.confidence
    xy, confidence, swaps = unswap(layout, xy, confidence)
    if early_s is not None:
        xy = to_moments(xy, times_s, early_s)
    return xy, confidence, swaps


def _main(layout: Layout, people: Sequence[People]) -> list[Person2D | None]:
    """The main person of one camera at every moment."""
    most = max(map(len, people), default=0)
    xy = np.full((len(people), most, len(layout), 2), np.nan)
    confidence = np.zeros(xy.shape[:3])
    for moment, here in enumerate(people):
        for place, person in enumerate(here):
            xy[moment, place], confidence[moment, place] = person.xy_px, person.confidence
    chosen = main_person(xy, confidence)
    return [here[at] if at >= 0 else None for here, at in zip(people, chosen.tolist(), strict=True)]


def _places(
    layout: Layout, people: Sequence[People], times_s: np.ndarray, early_s: np.ndarray | None
) -> _Places:
    """Everybody whom one camera followed."""
    tracks = sorted({person.track for here in people for person in here})
    out: _Places = []
    for track in tracks:
        one = [next((p for p in here if p.track == track), None) for here in people]
        xy, confidence, _ = _steady(layout, one, times_s, early_s)
        out.append((track, xy, confidence))
    return out


def _crowd(like: Detections, every: Sequence[_Places], seen: Sequence[Sequence[People]]) -> Crowd:
    """All cameras' people; those who never meet share a place."""
    rows: list[list[list[int]]] = []
    for people in every:
        places: list[np.ndarray] = []
        members: list[list[int]] = []
        for index, (_, _, confidence) in enumerate(people):
            here = np.asarray((confidence > 0).any(1))
            at = next((i for i, taken in enumerate(places) if not (taken & here).any()), -1)
            if at < 0:
                places.append(here)
                members.append([index])
            else:
                places[at] = places[at] | here
                members[at].append(index)
        rows.append(members)
    most = max(map(len, rows), default=0)
    frames, views, points = like.confidence.shape
    xy = np.full((frames, views, most, points, 2), np.nan)
    confidence = np.zeros((frames, views, most, points))
    track = np.full((frames, views, most), -1)
    for view, (people, members) in enumerate(zip(every, rows, strict=True)):
        for place, indices in enumerate(members):
            for number, at, sure in (people[i] for i in indices):
                here = (sure > 0).any(1)
                xy[here, view, place], confidence[here, view, place] = at[here], sure[here]
                track[here, view, place] = number
    looks = _looks(seen, track)
    return Crowd(like.cameras, like.times_s, like.layout, xy, confidence, track, looks)


def _looks(seen: Sequence[Sequence[People]], track: np.ndarray) -> np.ndarray | None:
    """How everybody looks in their places; None if that was not told of anybody."""
    told = {
        (moment, view, person.track): person.looks
        for view, of in enumerate(seen) for moment, here in enumerate(of) for person in here
        if person.looks is not None
    }  # fmt: skip
    if not told:
        return None
    out = np.full((*track.shape, *next(iter(told.values())).shape), np.nan)
    for frame, view, place in np.argwhere(track >= 0).tolist():
        look = told.get((frame, view, int(track[frame, view, place])))
        if look is not None:
            out[frame, view, place] = look
    return out


def to_moments(
    xy_px: Float[np.ndarray, "moments points 2"],
    times_s: Float[np.ndarray, " moments"],
    early_s: Float[np.ndarray, " moments"],
) -> Float[np.ndarray, "moments points 2"]:
    """Tracks whose pictures were taken ``early_s`` before their moments, at the moments.

    Linear between the two pictures around a moment, if they are at most three moments apart;
    else, and at the ends of a track, points stay as seen.
    """
    off = np.nan_to_num(early_s)
    if len(times_s) < 2 or np.abs(off).max() < _IN_STEP_S:
        return xy_px
    taken, first = np.unique(np.round(times_s - off, 7), return_index=True)
    widest = 3.01 * float(np.median(np.diff(times_s)))
    out = xy_px.copy()
    for point in range(xy_px.shape[1]):
        seen = np.flatnonzero(np.isfinite(xy_px[first, point, 0]))
        if len(seen) < 2:
            continue
        at, track = taken[seen], xy_px[first[seen], point]
        after = np.clip(np.searchsorted(at, times_s), 1, len(at) - 1)
        between = (times_s >= at[after - 1]) & (times_s <= at[after])
        good = between & (at[after] - at[after - 1] <= widest) & np.isfinite(xy_px[:, point, 0])
        share = ((times_s - at[after - 1]) / (at[after] - at[after - 1]))[:, None]
        moved = track[after - 1] + share * (track[after] - track[after - 1])
        out[good, point] = moved[good]
    return out
