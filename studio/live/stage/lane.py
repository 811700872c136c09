"""The stage on a thread of its own: the newest performance is composed, whoever wants it has it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Frame
from studio.document.stage import AvatarLayer, Stage
from studio.human.rig import ACTIONS
from studio.live.avatar.finding import FindAvatar, of_files
from studio.live.outlets.frames import FrameOutlet, Picture
from studio.live.performance import Performance
from studio.live.relay import Lane
from studio.live.stage.stage import Staged, Stager

_WAIT_S = 10.0


@dataclass(frozen=True, eq=False)
class Shown:
    """A composed picture, of which performance it is, and when it was ready
    (``time.monotonic``)."""

    staged: Staged
    one: Performance
    done_s: float
    number: int

    @property
    def latency_ms(self) -> float:
        """From when the camera took the picture until it was composed."""
        return 1e3 * (self.done_s - self.one.taken_s)


class StageLane:
    """Composes the newest performance; never keeps anybody waiting. For any number of threads.

    ``stage``, ``mirrored`` and ``outlets`` may be replaced at any time. ``trouble`` says what is
    wrong with the stage, in the user's words; the avatar is left out then. Loading an avatar takes
    place on the lane's thread: ``loading`` tells.
    """

    def __init__(
        self, stage: Stage, find: FindAvatar = of_files, *, mirrored: bool = False
    ) -> None:
        self.stage, self.mirrored = stage, mirrored
        self.outlets: Mapping[str, FrameOutlet] = {}
        self.trouble: StudioError | None = None
        self.loading = True
        self.newest: Shown | None = None
        self._find = find
        self._stager: Stager | None = None
        self._lane: Lane[tuple[Performance, Frame | None]] = Lane("stage", self._work, self._end)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the stage."""
        return self.stage.size_px

    @property
    def clear(self) -> bool:
        """Whether something of the stage may be transparent."""
        for layer in self.stage.layers:
            whole = layer.visible and layer.opacity >= 1
            if whole and (layer.kind == "colour" or (layer.kind == "camera" and not layer.cut_out)):
                return False
        return True

    @property
    def error(self) -> BaseException | None:
        """What ended the lane, if anything did."""
        return self._lane.error

    @property
    def spent_ms(self) -> float:
        """Milliseconds by the clock that a picture usually takes."""
        return self._lane.spent_ms

    @property
    def skipped(self) -> int:
        """How many performances made way for newer ones."""
        return self._lane.skipped

    def __call__(self, one: Performance, frame: Frame | None) -> None:
        """Compose this next (see :data:`studio.live.performing.live.Told`). Returns at once."""
        self._lane.put((one, frame))

    def notes(self) -> tuple[str, ...]:
        """What the avatars on the stage cannot do."""
        stager = self._stager
        if stager is None:
            return ()
        layers = [layer for layer in self.stage.layers if isinstance(layer, AvatarLayer)]
        return tuple(dict.fromkeys(note for layer in layers for note in stager.notes(layer)))

    def close(self, wait_s: float = _WAIT_S) -> None:
        """End; what OpenGL holds is freed on the thread that made it."""
        self._lane.close(wait_s)

    def _end(self) -> None:
        if self._stager is not None:
            self._stager.close()
            self._stager = None

    def _work(self, found: tuple[Performance, Frame | None]) -> None:
        if self._stager is None:
            self._stager = Stager(self._find)
        one, frame = found
        try:
            staged = self._stager.show(self.stage, one, frame, mirrored=self.mirrored)
            self.trouble = None
        except StudioError as error:
            self.trouble = error
            staged = self._stager.show(_without_avatars(self.stage), one, frame,
                                       mirrored=self.mirrored)  # fmt: skip
        self.loading = False
        number = 0 if self.newest is None else self.newest.number + 1
        self.newest = Shown(staged, one, time.monotonic(), number)
        picture = Picture(staged.rgba, one.taken_s or self.newest.done_s)
        for outlet in self.outlets.values():
            outlet.show(picture)


def _without_avatars(stage: Stage) -> Stage:
    """The stage's cameras and colours alone."""
    layers = tuple(layer for layer in stage.layers if layer.kind in ("camera", "colour"))
    return stage.model_copy(update={"layers": layers})


def idle(time_s: float) -> Performance:
    """Nobody performs: the avatar rests, and breathes."""
    rest = np.zeros(len(ACTIONS))
    return Performance(time_s, rest, taken_s=time_s, solved_s=time_s)
