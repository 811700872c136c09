"""Video frames of a take, decoded off the main thread; the newest request wins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from studio.core.types import Frame
from studio.document.moved import FootageMoved, is_there
from studio.document.project import Clip, TakeItem
from studio.media.video import ClipReader, open_clip

Submit = Callable[[Callable[[], Any]], "Future[Any]"]
Done = Callable[[Any], object]
Lost = Callable[[BaseException, str], object]
Times = float | Mapping[str, float]
_Request = tuple[Times, Callable[[], object] | None]
Deliver = Callable[["Future[Any]", Done, Lost], object]


class FrameFeed:
    """Asks for the pictures of a moment. One request runs at a time, one waits, others are dropped.

    ``submit`` starts work on a lane, ``deliver`` brings its end to the main thread.
    """

    def __init__(
        self,
        submit: Submit,
        deliver: Deliver,
        show: Callable[[dict[str, Frame]], object],
        failed: Callable[[BaseException, str], object],
        prepare: Callable[[Frame], object] = lambda _: None,
    ) -> None:
        """``prepare`` is called with every frame on the lane, before it is shown."""
        self._prepare = prepare
        self._submit, self._deliver = submit, deliver
        self._show, self._failed = show, failed
        self._take: TakeItem | None = None
        self._folder = Path()
        self._clips: dict[Path, ClipReader] = {}
        self._working = False
        self._waiting: _Request | None = None
        self._closed = False

    def set_take(self, take: TakeItem | None, folder: Path) -> bool:
        """Whose pictures are wanted; True if that changed."""
        if take == self._take and folder == self._folder:
            return False
        self._take, self._folder, self._waiting = take, folder, None
        return True

    def ask(self, times_s: Times, then: Callable[[], object] | None = None) -> bool:
        """Want the pictures nearest to a time of the take, or to a time of each camera.

        ``then`` is called once they are on show. False if there is no take to show.
        """
        if self._take is None or self._closed:
            return False
        if self._working:
            self._waiting = (times_s, then)
            return True
        self._working = True
        take, folder = self._take, self._folder
        future = self._submit(lambda: self._decode(take, folder, times_s))
        self._deliver(
            future,
            lambda frames: self._there(take, frames, then),
            lambda error, details: self._lost(take, error, details),
        )
        return True

    def _decode(self, take: TakeItem, folder: Path, times_s: Times) -> dict[str, Frame]:
        wanted = {_path(clip, folder) for clip in take.clips}
        for path in set(self._clips) - wanted:
            self._clips.pop(path).close()
        lost = {path for path in wanted - self._clips.keys() if not is_there(path)}
        if lost and lost == wanted:
            raise FootageMoved(
                f"The videos of “{take.name}” are not where they were.",
                "Find them by “Find moved footage…” in the menu File.",
            )
        found = {}
        for clip in take.clips:
            time_s = times_s.get(clip.camera) if isinstance(times_s, Mapping) else times_s
            if time_s is None:
                continue
            path = _path(clip, folder)
            if path in lost:
                continue
            if path not in self._clips:
                self._clips[path] = open_clip(path, camera=clip.camera, rate_hz=clip.rate_hz)
            reader = self._clips[path]
            own_s = clip.own_s(time_s)
            if -0.5 / reader.rate_hz <= own_s <= reader.duration_s + 0.5 / reader.rate_hz:
                frame = reader.frame_at(own_s)
                found[clip.camera] = Frame(clip.camera, clip.take_s(frame.time_s), frame.rgb)
                self._prepare(found[clip.camera])
        return found

    def _there(
        self, take: TakeItem, frames: dict[str, Frame], then: Callable[[], object] | None
    ) -> None:
        self._working = False
        if take == self._take and not self._closed:
            self._show(frames)
            if then is not None:
                then()
        self._next()

    def _lost(self, take: TakeItem, error: BaseException, details: str) -> None:
        self._working = False
        if take == self._take and not self._closed:
            self._take = self._waiting = None
            self._failed(error, details)
        self._next()

    def _next(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.ask(*waiting)

    def close(self) -> None:
        """Take no more requests and let go of the files (on the lane, after what still runs)."""
        if not self._closed:
            self._closed = True
            clips, self._clips = self._clips, {}
            for clip in clips.values():
                clip.close()


def _path(clip: Clip, folder: Path) -> Path:
    path = Path(clip.path)
    return path if path.is_absolute() else folder / path
