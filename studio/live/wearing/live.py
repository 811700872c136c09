"""Whoever is before a live camera wears things, until somebody ends it; the newest picture wins."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
from jaxtyping import UInt8

from studio.core.items import ANCHORED, AnchorPoint, ItemKind
from studio.core.types import Frame, FrameSet
from studio.jobs import Context, Engine
from studio.live.lanes import Lanes, Lasted, lasting
from studio.live.outlets.frames import FrameOutlet, Picture
from studio.live.relay import Lane
from studio.live.wearing.wear_settings import WearSettings
from studio.live.wearing.worn import Worn
from studio.media.live.hub import Cameras

_WAIT_S = 10.0
_FOLLOWS = 0.25
_ROOM = 0.12
_AROUND = 1.3
"""How much of a picture is shown about what is compared, to its width."""


class Dresser(Protocol):
    """Who shows pictures in which things are worn (:class:`studio.live.wearing.tryon.TryOn`)."""

    nudges: Mapping[str, np.ndarray]

    def show(self, frame: Frame, settings: WearSettings) -> Worn: ...

    def close(self) -> None: ...


class WearControls:
    """Shared by a panel and a running try-on; for any number of threads.

    ``settings``, ``mirrored``, ``nudges`` (of what a hand holds) and ``outlets`` may be replaced at
    any time. ``size_px`` is the size of the pictures that come out.
    """

    def __init__(self, settings: WearSettings | None = None) -> None:
        self.settings = settings or WearSettings()
        self.mirrored = False
        self.nudges: Mapping[str, np.ndarray] = {}
        self.outlets: Mapping[str, FrameOutlet] = {}
        self.size_px = (640, 480)

    @property
    def clear(self) -> bool:
        """Whether the pictures are transparent where nothing is worn."""
        return self.settings.only_items


@dataclass(frozen=True, eq=False)
class WearNow:
    """A picture in which things are worn: ``rgba`` as it leaves (mirrored, compared side by side),
    what was found (``worn``), its camera's picture, and the kinds of things that could be worn by
    whoever is in it. ``done_s`` by ``time.monotonic``."""

    rgba: UInt8[np.ndarray, "height width 4"]
    worn: Worn
    frame: Frame
    kinds: frozenset[ItemKind]
    mirrored: bool
    done_s: float
    stages: Mapping[str, float] = field(default_factory=dict)

    @property
    def latency_ms(self) -> float:
        """From when the camera took the picture until it was ready."""
        return 1e3 * (self.done_s - self.frame.time_s)

    @property
    def stages_ms(self) -> Mapping[str, float]:
        """Milliseconds of each stage, grabbing first."""
        return self.stages


def wear(
    cameras: Cameras,
    make: Callable[[], Dresser],
    controls: WearControls,
    context: Context,
    *,
    seconds: float | None = None,
) -> Engine[WearNow, Lasted]:
    """Dress whoever the first open camera sees until asked to finish, for ``seconds``, or to the
    film's end. Yields the newest picture; the controls' outlets are shown every one.

    Raises StudioError if no camera opens, or where ``make`` does.
    """
    lasted = yield from lasting(
        cameras, lambda: _Lanes(cameras, make, controls), context,
        somebody=lambda made: bool(made.worn.wearers), words=_words, seconds=seconds,
    )  # fmt: skip
    return lasted


def kinds_of(worn: Worn) -> frozenset[ItemKind]:
    """The kinds of things for which at least one place of somebody is seen."""
    points: set[AnchorPoint] = {*worn.there}
    for wearer in worn.wearers:
        points.update(wearer.points)
    if "wrist.R" in points:  # a watch goes on either
        points.add("wrist.L")
    return frozenset(kind for kind, wanted in ANCHORED.items() if points & {*wanted})


def _words(made: WearNow) -> str:
    count = len(made.worn.wearers)
    return "nobody" if not count else "one person" if count == 1 else f"{count} people"


class _Lanes(Lanes[WearNow]):
    """Grabbing and dressing."""

    def __init__(
        self,
        cameras: Cameras,
        make: Callable[[], Dresser],
        controls: WearControls,
    ) -> None:
        super().__init__(cameras)
        self._make, self._controls = make, controls
        self._dresser: Dresser | None = None
        self._there: tuple[float, float] | None = None
        self._wear_lane: Lane[tuple[int, Frame]] = self.lane("wear", self._wearing, self._undress)

    @property
    def skipped(self) -> int:
        return self._wear_lane.skipped

    def grabbed(self, pictures: FrameSet) -> None:
        first = self._cameras.sources[0].name if self._cameras.sources else ""
        frame = pictures.frames.get(first)
        if frame is None or self._stopping:
            return
        self._wear_lane.put((pictures.number, frame))

    def close(self) -> None:
        """An item may just be read: that is waited for."""
        self._stopping = True
        self._wear_lane.close(_WAIT_S)
        super().close()

    def _undress(self) -> None:
        if self._dresser is not None:
            self._dresser.close()
            self._dresser = None

    def _wearing(self, found: tuple[int, Frame]) -> None:
        if self._dresser is None:
            self._dresser = self._make()
        number, frame = found
        controls = self._controls
        self.begin(number)
        mirrored = controls.mirrored
        self._dresser.nudges = controls.nudges
        worn = self._dresser.show(frame, controls.settings)
        rgba = worn.rgba if worn.compared is None else self._both(worn, mirrored)
        if mirrored:
            rgba = np.ascontiguousarray(rgba[:, ::-1])
        height, width = rgba.shape[:2]
        controls.size_px = width, height
        now = time.monotonic()
        stages = {"grab": self.grab_ms, **worn.stages_ms}
        made = WearNow(rgba, worn, frame, kinds_of(worn), mirrored, now, stages)
        picture = Picture(rgba, frame.time_s)
        for outlet in controls.outlets.values():
            outlet.show(picture)
        self.tell(number, made)

    def _both(self, worn: Worn, mirrored: bool) -> np.ndarray:
        """What the other way of hiding shows at the left, and this one at the right."""
        assert worn.compared is not None
        width = worn.rgba.shape[1]
        columns = np.flatnonzero(
            np.any([each.any(0) for each in worn.maps.values()], 0) if worn.maps else [False]
        )
        if len(columns):
            there = float(columns[0] + columns[-1]) / 2, float(columns[-1] - columns[0])
            before = there if self._there is None else self._there
            middle, wide = (
                old if abs(new - old) < _ROOM * width else old + _FOLLOWS * (new - old)
                for new, old in zip(there, before, strict=True)
            )
            self._there = middle, wide
        left, right = worn.compared, worn.rgba
        if mirrored:
            left, right = right, left
        return beside(left, right, *(self._there or (width / 2, 0.0)))


def beside(
    left: UInt8[np.ndarray, "height width channels"],
    right: UInt8[np.ndarray, "height width channels"],
    middle_px: float,
    wide_px: float = 0.0,
) -> UInt8[np.ndarray, "height width channels"]:
    """The same half of two pictures of one size, about a column, beside each other; a line
    between. What is ``wide_px`` wide is seen whole: where a half has no room for it both are made
    smaller, and there is nothing above and below."""
    height, width = left.shape[:2]
    half = width // 2
    part = int(min(max(half, _AROUND * wide_px), width))
    first = int(min(max(middle_px - part / 2, 0), width - part))
    out = np.zeros_like(left)
    if left.shape[2] == 4:
        out[..., 3] = left[..., 3].min()
    tall = max(round(height * half / part), 1)
    top = (height - tall) // 2
    for k, picture in enumerate((left, right)):
        cut = picture[:, first : first + part]
        if part > half:
            cut = cv2.resize(cut, (half, tall), interpolation=cv2.INTER_AREA)
        out[top : top + tall, k * half : (k + 1) * half] = cut
    out[:, 2 * half :] = out[:, 2 * half - 1 : 2 * half]
    cv2.line(out, (half, 0), (half, height - 1), (235, 235, 235, 255), 2)
    return out
