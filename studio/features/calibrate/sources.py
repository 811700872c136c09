"""The pictures in which the board is looked for: clips of one take, or live cameras."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from studio.core.errors import StudioError
from studio.core.files import IMAGE_SUFFIXES, picture_series
from studio.core.types import FrameSet
from studio.media.clip import ClipReader, ImageClip
from studio.media.sync import FrameSets
from studio.media.video import open_clip


@dataclass(frozen=True)
class Source:
    """One camera's file or picture folder, and how much later than the others it began."""

    camera: str
    path: Path
    offset_s: float = 0.0
    rate_hz: float | None = None


class LiveCameras(Protocol):
    """Cameras that are open and show the board now."""

    @property
    def sources(self) -> Sequence[object]:
        """Those that are to show a picture."""
        ...

    def frame_sets(self, stop: Callable[[], bool]) -> Iterator[FrameSet]: ...


def sources_of(paths: Sequence[Path]) -> tuple[Source, ...]:
    """A source a path; a folder of pictures of several cameras, or loose pictures, are parted.

    Raises StudioError if two cameras would have one name.
    """
    loose = [p for p in paths if p.suffix.lower() in IMAGE_SUFFIXES and not p.is_dir()]
    found = [Source(_name(p), p) for p in paths if p not in loose and not p.is_dir()]
    for folder in (p for p in paths if p.is_dir()):
        inside = sorted(f for f in folder.iterdir() if f.is_dir() and any(_pictures(f)))
        series = inside or picture_series(folder)
        found += [Source(_name(p), p) for p in series]
    for pattern in dict.fromkeys(_pattern(p) for p in loose):
        found.append(Source(_name(pattern), pattern))
    names = [source.camera for source in found]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise StudioError(
            f"Two of these belong to one camera, “{twice}”.",
            "Give one video or picture folder a camera, each with its own name.",
        )
    return tuple(found)


def _pictures(folder: Path) -> Iterator[Path]:
    return (p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)


def _pattern(picture: Path) -> Path:
    """The pattern of the series a picture belongs to: ``left*.jpg`` of ``left03.jpg``."""
    word = re.sub(r"\d+$", "", picture.stem)
    return picture.with_name(f"{word}*{picture.suffix}") if word != picture.stem else picture


def _name(path: Path) -> str:
    return path.name.split("*")[0].rstrip("_-. ") or path.parent.name if "*" in path.name else (
        path.name if path.is_dir() else path.stem
    )  # fmt: skip


class Clips:
    """Clips opened together: their sizes, and their pictures moment by moment (``sets``)."""

    def __init__(self, sources: Sequence[Source], *, unequal: bool) -> None:
        """Raises StudioError for files that cannot be read, and for clips of unequal length
        unless ``unequal`` says that they start together."""
        self._stack = ExitStack()
        try:
            self.clips: tuple[ClipReader, ...] = tuple(
                self._stack.enter_context(
                    open_clip(s.path, camera=s.camera, rate_hz=_rate(s))
                )
                for s in sources
            )  # fmt: skip
            self.stills = all(isinstance(clip, ImageClip) for clip in self.clips)
            paired = self.stills and _number(self.clips)
            if not (unequal or paired):
                self._check(sources)
        except BaseException:
            self._stack.close()
            raise
        offsets = {source.camera: source.offset_s for source in sources}
        self.sets = FrameSets(self.clips, offsets, rate_hz=1.0 if self.stills else None)

    def __enter__(self) -> Clips:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def sizes_px(self) -> dict[str, tuple[int, int]]:
        return {clip.camera: clip.size_px for clip in self.clips}

    def _check(self, sources: Sequence[Source]) -> None:
        """Clips that nobody synchronised and that end apart may have begun apart as well."""
        if any(source.offset_s for source in sources):
            return
        lengths = {clip.camera: float(clip.times_s[-1]) for clip in self.clips}
        short, long = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
        if lengths[long] - lengths[short] <= max(0.5, 0.02 * lengths[long]):
            return
        if self.stills:
            counts = {clip.camera: clip.frames for clip in self.clips}
            told = f"{short} has {counts[short]} pictures, {long} {counts[long]}"
        else:
            told = f"{short} lasts {lengths[short]:.1f} s, {long} {lengths[long]:.1f} s"
        raise StudioError(
            f"The {'picture series' if self.stills else 'videos'} differ in length: {told}. "
            "They may not show the same moments.",
            "Synchronise them first (--offsets), or say that they start together (--unequal).",
        )


def _number(clips: Sequence[ClipReader]) -> bool:
    """Let pictures whose names end in numbers belong together by number; whether they do."""
    numbered: list[tuple[ImageClip, np.ndarray]] = []
    for clip in clips:
        assert isinstance(clip, ImageClip)
        found = [re.search(r"(\d+)$", file.stem) for file in clip.files]
        numbers = np.array([int(match[1]) if match else -1 for match in found])
        if (numbers < 0).any() or (np.diff(numbers) <= 0).any():
            return False
        numbered.append((clip, numbers))
    first = min(int(numbers[0]) for _, numbers in numbered)
    for clip, numbers in numbered:
        clip.times_s = (numbers - first).astype(np.float64)
    return True


def _rate(source: Source) -> float | None:
    """Pictures are counted, not timed: one a second, so that seconds are numbers."""
    stills = source.path.is_dir() or "*" in source.path.name
    return source.rate_hz or (
        1.0 if stills or source.path.suffix.lower() in IMAGE_SUFFIXES else None
    )
