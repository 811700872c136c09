"""Through a take for its board: every moment worth a look is searched, the worthwhile are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

import cv2
import numpy as np
from jaxtyping import UInt8

from studio.core.calibration import Dropped, View
from studio.core.errors import StudioError
from studio.core.types import Frame, FrameSet
from studio.perception.boards.board import Board, Found
from studio.perception.boards.charuco import CharucoBoard
from studio.perception.boards.choice import Seen, choose
from studio.perception.boards.which import explain, goes_on

_SAMPLES = 16
_CHECKED, _LARGER = 8, 2
_IDLE = 2.0


@dataclass(frozen=True, eq=False)
class Sighting:
    """One picture that was searched: what a screen shows while the take is gone through."""

    moment: int
    frame: int
    picture: Frame
    found: Found | None


@dataclass(frozen=True, eq=False)
class Views:
    """The views worth solving, in order of time, and why others were left out.

    ``searched`` and ``found`` count pictures by camera; ``sizes_px`` are the pictures' sizes.
    """

    views: tuple[View, ...]
    dropped: tuple[Dropped, ...]
    searched: Mapping[str, int]
    found: Mapping[str, int]
    sizes_px: Mapping[str, tuple[int, int]]

    @property
    def unseen(self) -> tuple[str, ...]:
        """Cameras that never saw the board."""
        return tuple(camera for camera in self.searched if not self.found.get(camera))


def grey(rgb: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width"]:
    """A picture without its colours."""
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)


def apart(frames: Iterable[Frame]) -> Iterator[FrameSet]:
    """Pictures that were not taken together, each as a moment of its own."""
    for number, frame in enumerate(frames):
        yield FrameSet(number, float(number), {frame.camera: frame})


def views_of(
    sets: Iterable[FrameSet],
    board: Board,
    *,
    numbers: Mapping[str, np.ndarray] | None = None,
    every_s: float = 0.15,
    most: int = 120,
    threads: int = 2,
) -> Generator[Sighting, None, Views]:
    """Find the board in synchronised pictures. Yields every picture searched; returns the views.

    ``numbers`` gives each camera's own frame number for every set (``FrameSets.plan``). Moments
    are ``every_s`` apart while the board is seen and twice that while it is not; smeared views
    and those of a board that flies by are dropped, a resting board counts once, and of more than
    ``most`` moments those are kept that add places, tilts, distances and pairs of cameras.
    Raises StudioError if no picture shows the board, or they show a larger one, saying which; or
    if a camera's pictures change size.
    """
    told = _Told()
    next_s = -np.inf
    seen: list[Seen] = []
    with ThreadPoolExecutor(threads, "board") as pool:
        for moment in sets:
            if moment.time_s < next_s - 1e-6:
                continue
            frames = list(moment.frames.values())
            for frame in frames:
                told.picture(frame)
            shown = list(pool.map(lambda frame: board.find(grey(frame.rgb)), frames))
            for frame, found in zip(frames, shown, strict=True):
                number = told.count(frame.camera) if numbers is None else _number(
                    numbers, frame.camera, moment.number
                )  # fmt: skip
                told.searched[frame.camera] += 1
                if found is None:
                    told.sample(frame)
                else:
                    told.found[frame.camera] += 1
                    told.whole(frame, board)
                    seen.append(Seen(frame.camera, moment.number, moment.time_s, number, found))
                yield Sighting(moment.number, number, frame, found)
            next_s = moment.time_s + every_s * (1.0 if any(shown) else _IDLE)
    if not seen:
        raise _nothing(board, told)
    kept, dropped = choose(seen, board.target, told.sizes, most)
    views = tuple(one.found.view(one.camera, one.moment, one.frame) for one in kept)
    return Views(views, dropped, dict(told.searched), dict(told.found), told.sizes)


@dataclass(eq=False)
class _Told:
    """What the pictures have told so far."""

    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    searched: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    samples: list[np.ndarray] = field(default_factory=list)
    larger: list[np.ndarray] = field(default_factory=list)
    _missed: int = 0
    _chance: Random = field(default_factory=lambda: Random(0))

    def picture(self, frame: Frame) -> None:
        size = frame.rgb.shape[1], frame.rgb.shape[0]
        first = self.sizes.setdefault(frame.camera, size)
        if first != size:
            raise StudioError(
                f"The pictures of {frame.camera} change from {first[0]} x {first[1]} to "
                f"{size[0]} x {size[1]} pixels.",
                "A calibration holds for one size: keep the pictures of one recording.",
            )

    def count(self, camera: str) -> int:
        """The number of the camera's next picture, if nobody else counts."""
        return self.searched[camera]

    def whole(self, frame: Frame, board: Board) -> None:
        """Raises StudioError if the pictures show more of the board than was named. The first
        few that show it are checked, then ever fewer."""
        count = self.found.total()
        if not isinstance(board, CharucoBoard) or (count > _CHECKED and count & (count - 1)):
            return
        gray = grey(frame.rgb)
        if goes_on(gray, board):
            self.larger.append(gray)
        if len(self.larger) == _LARGER:
            raise StudioError(
                f"The board in the pictures goes on beyond the named one: {board.name}.",
                explain(self.larger, board),
            )

    def sample(self, frame: Frame) -> None:
        """Keep a few pictures without a board, any of them as likely as another."""
        self._missed += 1
        if len(self.samples) < _SAMPLES:
            self.samples.append(grey(frame.rgb))
        elif (place := self._chance.randrange(self._missed)) < _SAMPLES:
            self.samples[place] = grey(frame.rgb)


def _number(numbers: Mapping[str, np.ndarray], camera: str, moment: int) -> int:
    known = numbers.get(camera)
    return -1 if known is None or moment >= len(known) else int(known[moment])


def _nothing(board: Board, told: _Told) -> StudioError:
    count = sum(told.searched.values())
    if not count:
        return StudioError("There are no pictures to look for a board in.", "Bring in videos.")
    return StudioError(
        f"None of {count} pictures shows the board: {board.name}.",
        explain(told.samples, board),
    )
