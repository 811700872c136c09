"""A body for every picture of a film: the avatar does what somebody does in it."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from studio.core.percent import percent
from studio.core.types import Camera, Character, Fact, Frame, Posed
from studio.features.body.filmed import photograph_of
from studio.features.body.moving import like
from studio.human.bodies.following import Follower, Seen
from studio.human.character import bones_world
from studio.human.design import Design
from studio.human.fit import Fit
from studio.jobs import Context, Engine
from studio.media.clip import ClipReader
from studio.media.video import open_clip
from studio.perception.bodies_seen import NETWORKS, BodyLooker
from studio.weights.store import find

MOST_HZ = 30.0
"""Of quicker films not every picture is looked at."""
_PIECE = 24
_GOOD_PX, _SEEN = 0.02, 0.9


@dataclass(frozen=True, eq=False)
class Moment:
    """Somebody in one picture of a film, before the whole is calm: turns of the bones (rotation
    vectors) and where the root is (metres)."""

    time_s: float
    turns_rad: Float[np.ndarray, "bones 3"]
    root_m: Float[np.ndarray, " 3"]


@dataclass(frozen=True, eq=False)
class Film:
    """A person who does what was seen in a film: the motion, the camera that stood still, which of
    the film's pictures they are, how far points are off in them (pixels; NaN where nobody was
    seen), how large the person is there (pixels), and how long the work took."""

    path: Path
    fit: Fit
    camera: Camera
    numbers: Int[np.ndarray, " frames"]
    off_px: Float[np.ndarray, " frames"]
    tall_px: float
    seconds: float

    @property
    def facts(self) -> tuple[Fact, ...]:
        """In how many pictures the person was seen, how far off, and how quickly."""
        seen = np.isfinite(self.off_px)
        share, off = float(seen.mean()), float(np.nanmean(self.off_px))
        return (
            Fact("Film", f"a body in {seen.sum()} of {len(seen)} pictures",
                 "good" if share > _SEEN else "look",
                 "" if share > _SEEN else "where nobody is seen the body goes over or stays"),
            Fact("Its poses", f"points {off:.1f} px off",
                 "good" if off < _GOOD_PX * self.tall_px else "look",
                 f"{percent(off / self.tall_px, 1)} of the height; "
                 f"{len(seen) / self.seconds:.1f} pictures a second"),
        )  # fmt: skip


def followed(
    path: Path, at_s: float | None, design: Design, still: Fit, context: Context,
    share: tuple[float, float] = (0.0, 1.0),
) -> Engine[Moment, Film]:  # fmt: skip
    """Let a person of a design do what is seen in a film, whose camera stands still. Yields every
    picture's pose, forward from the picture in which they are best seen (or that at ``at_s``
    seconds), then backward from there.

    ``still`` is the person at rest, ``share`` from where to where progress is told. Raises
    StudioError if it is no film, or nobody is found in it.
    """
    began = time.perf_counter()
    first = photograph_of(path, at_s)
    with open_clip(path) as clip, BodyLooker({n: find(n) for n in NETWORKS}) as looker:
        context.check()
        photo = looker.file(first.path)
        follower = Follower(design, still.height_m, photo)
        step = max(round(clip.rate_hz / MOST_HZ), 1)
        numbers = np.arange(first.number % step, clip.frames, step)
        found: dict[int, Seen | None] = {}
        for pictures in (_forward(clip, first.number, step), _backward(clip, first.number, step)):
            last, before, lost = photo, follower.first, 0
            with closing(pictures):
                for number, frame in pictures:
                    context.check()
                    done = share[0] + (share[1] - share[0]) * len(found) / len(numbers)
                    context.report(done, f"Picture {len(found) + 1} of {len(numbers)}")
                    seen = looker.follow(str(number), np.ascontiguousarray(frame.rgb), last, lost)
                    lost = 0 if seen is not None else lost + 1
                    if seen is None:
                        found[number] = None
                        continue
                    last, before = seen, follower.find(seen, before)
                    found[number] = before
                    yield Moment(frame.time_s, before.turns_rad, before.poses.root_m[0])
    numbers = np.array(sorted(found))
    times = clip.times_s[numbers]
    calm = follower.calmed([found[int(k)] for k in numbers], times)
    fit = like(still, times - times[0], calm.turns_rad, calm.root_m, calm.actions)
    tall = float(np.ptp(photo.keypoints.xy_px[:33, 1]))
    return Film(path, fit, follower.camera, numbers, calm.off_px, tall,
                time.perf_counter() - began)  # fmt: skip


def as_drawn(steps: Engine[Moment, Film], character: Character) -> Engine[Posed, Film]:
    """What :func:`followed` yields on a character in the rig's reference pose."""
    bones, calm = character.armature, np.zeros(len(character.morph_names))
    with closing(steps):
        while True:
            try:
                now = next(steps)
            except StopIteration as end:
                return end.value
            world = bones_world(bones, now.turns_rad[None], now.root_m[None])[0]
            yield Posed(character, now.time_s, world, calm)


def _forward(clip: ClipReader, start: int, step: int) -> Generator[tuple[int, Frame]]:
    with closing(clip.run(start)) as pictures:
        for number, frame in pictures:
            if (number - start) % step == 0:
                yield number, frame


def _backward(clip: ClipReader, start: int, step: int) -> Generator[tuple[int, Frame]]:
    """Pictures before the first one, the last of them first; some are held at a time."""
    for last in range(start, 0, -_PIECE * step):
        low = max(last - _PIECE * step, 0)
        held: list[tuple[int, Frame]] = []
        with closing(clip.run(low)) as pictures:
            for number, frame in pictures:
                if number >= last:
                    break
                if (start - number) % step == 0:
                    held.append((number, frame))
        yield from reversed(held)
