"""A film of the avatar, made while somebody performs."""

from __future__ import annotations

from pathlib import Path

from studio.core.errors import StudioError
from studio.core.types import Frame
from studio.document.stage import Stage, stage_of
from studio.live.avatar.finding import of_files
from studio.live.outlets.frames import FrameOutlet, FrameSink, Picture, Wish
from studio.live.performance import Performance
from studio.live.stage.film import SUFFIXES, film_sink
from studio.live.stage.lane import StageLane
from studio.live.stage.stage import Stager, checked
from studio.media.formats.whole import check_place

LARGEST_PX = 1280
RATE_HZ = 30.0


class Filming:
    """Hears of every performance with its picture (see :data:`studio.live.performing.live.Told`).

    Of a film every picture is drawn in turn; with ``live`` the newest are, on a thread of their
    own. The avatar is read at once. Raises StudioError for what cannot be read or written.
    """

    def __init__(
        self,
        out: Path,
        avatar: str,
        background: str,
        *,
        live: bool,
        mirrored: bool = False,
        rate_hz: float = RATE_HZ,
    ) -> None:
        try:
            self._plain = stage_of(background, avatar)
        except ValueError as error:
            raise StudioError(f"“{background}” is no background.", "Write #rrggbb.") from error
        checked(self._plain)
        if out.suffix:
            check_place(out, *SUFFIXES)
        found = of_files(avatar)
        self.notes = found.notes
        self._out, self._live, self._rate_hz = out, live, rate_hz
        self._mirrored = mirrored
        self._find = lambda _: found
        self._stage: Stage | None = None
        self._stager: Stager | None = None
        self._sink: FrameSink | None = None
        self._lane: StageLane | None = None

    def __call__(self, one: Performance, frame: Frame) -> None:
        """Draw a performance."""
        if self._stage is None:
            self._stage = self._plain.model_copy(update={"size_px": _size(frame)})
            wish = Wish(self._stage.size_px, self._rate_hz)
            if self._live:
                self._lane = StageLane(self._stage, self._find, mirrored=self._mirrored)
                film = FrameOutlet("film", lambda: film_sink(self._out, wish), every=True)
                self._lane.outlets = {"film": film}
            else:
                self._stager = Stager(self._find, live=False)
                self._sink = film_sink(self._out, wish)
        if self._lane is not None:
            self._lane(one, frame)
        elif self._stager is not None and self._sink is not None:
            staged = self._stager.show(self._stage, one, frame, mirrored=self._mirrored)
            self._sink.write(Picture(staged.rgba, one.time_s))

    def close(self) -> None:
        """Finish the film. Raises what its writing failed with."""
        if self._stager is not None:
            self._stager.close()
        if self._sink is not None:
            self._sink.close()
        if self._lane is not None:
            film = self._lane.outlets["film"]
            self._lane.close()
            film.close()
            for error in (self._lane.error, film.error):
                if error is not None:
                    raise error


def _size(frame: Frame) -> tuple[int, int]:
    """The film's size: the picture's, even, and no larger than is of use."""
    height, width = frame.rgb.shape[:2]
    shrink = min(LARGEST_PX / max(height, width), 1.0)
    return int(width * shrink) // 2 * 2, int(height * shrink) // 2 * 2
