"""Which board do these pictures show? A quick look, before anything is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from studio.features.calibrate.sources import Clips, sources_of
from studio.perception.boards.views import grey
from studio.perception.boards.which import Suggestion, which_board


def some_pictures(clips: Clips) -> list[np.ndarray]:
    """A few grey pictures out of every clip."""
    return [
        grey(clip.frame(int(number)).rgb)
        for clip in clips.clips
        for number in np.linspace(0, clip.frames - 1, 5).round()[1:4]
    ]


def which_of(paths: Sequence[Path]) -> Suggestion | None:
    """The likeliest board in videos or picture folders, if there is any. Raises StudioError."""
    with Clips(sources_of(paths), unequal=True) as clips:
        found = which_board(some_pictures(clips))
    return found[0] if found else None
