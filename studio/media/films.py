"""The films of a take: where they lie, how their clocks run, and all of them opened in step."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from studio.media.sync import FrameSets
from studio.media.video import open_clip


@dataclass(frozen=True)
class Film:
    """One camera's video or picture folder. ``rate_hz`` is for pictures, which have no times;
    the clip's own time u is the take's offset_s + pace · u."""

    camera: str
    path: Path
    offset_s: float = 0.0
    rate_hz: float | None = None
    pace: float = 1.0


@dataclass(frozen=True)
class Films:
    """The films of a take, and its in and out points (s)."""

    films: tuple[Film, ...]
    in_s: float | None = None
    out_s: float | None = None


class Kept(Protocol):
    """A clip as a project keeps it; ``path`` may be relative to the project's folder."""

    @property
    def camera(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def rate_hz(self) -> float: ...
    @property
    def offset_s(self) -> float: ...
    @property
    def pace(self) -> float: ...


def films_of(clips: Sequence[Kept], home: Path) -> tuple[Film, ...]:
    """The films of a project's clips; ``home`` is the project's folder."""
    return tuple(
        Film(
            clip.camera,
            home / clip.path,
            clip.offset_s,
            clip.rate_hz if (home / clip.path).is_dir() else None,
            clip.pace,
        )
        for clip in clips
    )


@contextmanager
def opened(films: Films, *, prefetch: bool = False) -> Generator[FrameSets]:
    """All films opened, in step. Raises StudioError if one cannot be read."""
    with ExitStack() as stack:
        clips = [
            stack.enter_context(open_clip(film.path, camera=film.camera, rate_hz=film.rate_hz))
            for film in films.films
        ]
        yield FrameSets(
            clips, {film.camera: film.offset_s for film in films.films},
            in_s=films.in_s, out_s=films.out_s,
            paces={film.camera: film.pace for film in films.films}, prefetch=prefetch,
        )  # fmt: skip
