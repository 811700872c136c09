"""Synchronisation as an engine: the ways that may tell, from the cheapest on, until one is sure."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Detections
from studio.features.synchronise import methods
from studio.features.synchronise.facts import CLAP, GOOD_S, facts_of, missed_frames
from studio.features.synchronise.inputs import Inputs, Synchronised
from studio.features.synchronise.methods import Attempt
from studio.features.synchronise.params import Params
from studio.jobs import Context, Engine
from studio.media.cameras import match_cameras
from studio.media.clip import ClipReader
from studio.media.synchronise.watched import Watched, watch
from studio.media.video import open_clip
from studio.perception.cache import DetectionCache
from studio.perception.take import detect_take
from studio.perception.whole_body import Options
from studio.weights.detectors import Backend, maker

_Trying = Generator[Any, None, Attempt]


def synchronise(params: Params, inputs: Inputs, context: Context) -> Engine[Any, Synchronised]:
    """Bring the clips of a take onto one clock. Yields pictures and keypoints as they are seen.

    Raises StudioError if there are fewer than two cameras, a clip cannot be read, or nothing
    tells beyond doubt which pictures belong together.
    """
    cameras = (
        inputs.detections.cameras if inputs.detections else tuple(s.camera for s in inputs.sources)
    )
    if len(cameras) < 2:
        raise StudioError(
            "One camera is always in step with itself.", "Bring in two or more videos of a take."
        )
    with ExitStack() as stack:
        clips = [
            stack.enter_context(open_clip(s.path, camera=s.camera, rate_hz=s.rate_hz))
            for s in inputs.sources
        ]
        short = next((clip.camera for clip in clips if clip.frames < 2), None)
        if short:
            raise StudioError(f"{short} is a single picture.", "Bring in videos of a take.")
        search = _Search(params, inputs, clips, context)
        best = yield from search.run()
    assert best.clocks is not None
    missed = {clip.camera: missed_frames(clip.times_s) for clip in clips}
    seconds = max(float(t[-1]) for t in search.times_s.values())
    context.report(1.0, "Done")
    notes = tuple(search.notes)
    if inputs.stale:
        notes += ("What was computed from this take before is as it was: detect people again.",)
    facts = facts_of(best.clocks, best.name, best.measure, seconds, missed)
    return Synchronised(best.clocks, best.name, best.tracks, facts, notes)


class _Search:
    """What is known so far about one take; pictures and keypoints are looked at only once."""

    def __init__(
        self, params: Params, inputs: Inputs, clips: Sequence[ClipReader], context: Context
    ) -> None:
        self.params, self.inputs, self.clips, self.context = params, inputs, clips, context
        self.notes: list[str] = []
        self.found = inputs.detections
        self.times_s: dict[str, np.ndarray] = {clip.camera: clip.times_s for clip in clips}
        if self.found is not None and not clips:
            self.times_s = dict.fromkeys(self.found.cameras, self.found.times_s)
        self._watched: list[Watched] = []

    def run(self) -> _Trying:
        """The first way that is good, else the best. Raises StudioError if none tells."""
        attempts: list[Attempt] = []
        for way in self._ways():
            attempt = yield from way
            attempts.append(attempt)
            if attempt.clocks is not None and (
                attempt.clocks.error_s <= GOOD_S or attempt.name == methods.STAMPS
            ):
                break
        known = [a for a in attempts if a.clocks is not None]
        if not known:
            why = "; ".join(dict.fromkeys(a.why for a in attempts if a.why))
            raise StudioError(f"The cameras could not be brought into step: {why}.", CLAP)
        best = min(known, key=lambda a: a.clocks.error_s if a.clocks else np.inf)
        return (yield from self._refined(best))

    def _ways(self) -> Sequence[_Trying]:
        method, files = self.params.method, bool(self.clips)
        ways: list[_Trying] = []
        if method in ("auto", "timestamps") and files:
            ways.append(self._by_timestamps())
        if method in ("auto", "clap") and files:
            ways.append(self._by_sound())
        if method in ("auto", "flash") and files:
            ways.append(self._by_flash())
        if method in ("auto", "clap", "motion") and files:
            ways.append(self._by_changes())
        if method in ("auto", "motion") and (self.found is not None or self.params.keypoints):
            ways.append(self._by_keypoints())
        if not ways:
            raise StudioError(
                f"Keypoints alone cannot be synchronised by {method}.", "Give the videos too."
            )
        return ways

    def _by_timestamps(self) -> _Trying:
        yield from ()
        return methods.by_timestamps(self.inputs.sources, self.clips)

    def _by_sound(self) -> _Trying:
        self.context.report(0.0, "Listening")
        yield from ()
        return methods.by_sound(self.inputs.sources, self.params.max_shift_s)

    def _by_flash(self) -> _Trying:
        watched = yield from self._watch()
        return methods.by_flash(watched)

    def _by_changes(self) -> _Trying:
        watched = yield from self._watch()
        return methods.by_changes(watched, self.params.max_shift_s)

    def _by_keypoints(self) -> _Trying:
        found = yield from self._detect()
        return methods.by_keypoints(found, self.times_s, self.params.max_shift_s)

    def _refined(self, best: Attempt) -> _Trying:
        rig = self.inputs.rig
        if rig is None or not self.params.refine or best.clocks is None:
            return best
        if len(match_cameras(tuple(self.times_s), rig.names)) < len(self.times_s):
            self.notes.append("The rig lacks some of these cameras: their rays were not used.")
            return best
        if self.found is None and not self.params.keypoints:
            return best
        found = yield from self._detect()
        self.context.report(0.95, "Laying the rays over each other")
        return methods.by_rays(rig, found, self.times_s, best)

    def _watch(self) -> Generator[Any, None, list[Watched]]:
        """Look through all clips, once."""
        if not self._watched:
            total = sum(clip.frames for clip in self.clips)
            done = 0
            for clip in self.clips:
                looking = watch(clip)
                while True:
                    try:
                        number, frame = next(looking)
                    except StopIteration as end:
                        self._watched.append(end.value)
                        break
                    self.context.check()
                    self.context.report(0.4 * (done + number) / total, f"Watching {clip.camera}")
                    yield frame
                done += clip.frames
        return self._watched

    def _detect(self) -> Generator[Any, None, Detections]:
        """The person in every picture of every clip, frame by frame of its own."""
        if self.found is None:
            self.found = yield from _detect(self.clips, self.params.backend, self.context)
        return self.found


def _detect(
    clips: Sequence[ClipReader], backend: Backend, context: Context
) -> Generator[Any, None, Detections]:
    longest = max(clip.frames for clip in clips)
    plan: Mapping[str, np.ndarray] = {
        clip.camera: np.where(np.arange(longest) < clip.frames, np.arange(longest), -1)
        for clip in clips
    }
    options = Options("fast", body=True, hands=False, face=False)
    take = yield from detect_take(
        clips, np.arange(longest) / clips[0].rate_hz, plan, maker(backend, options), context,
        cache=DetectionCache(), workers=os.cpu_count() or 2,
    )  # fmt: skip
    if not any(take.found):
        raise StudioError("Nobody was found in any picture.", CLAP)
    return replace(take.detections, cameras=tuple(clip.camera for clip in clips))
