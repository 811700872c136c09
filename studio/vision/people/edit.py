"""Identities put right by hand: people exchanged, put together, taken apart."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Layout, Motion


def exchanged(one: Motion, other: Motion, from_s: float) -> tuple[Motion, Motion]:
    """Two people whose identities change places from a time on. Raises StudioError if either
    would be left with nothing."""
    a, b = _cut(one, from_s), _cut(other, from_s)
    return _together(a[0], b[1]), _together(b[0], a[1])


def split(one: Motion, at_s: float) -> tuple[Motion, Motion]:
    """A person taken apart: who was there before a time, and who from then on. Raises StudioError
    if one of them would be nobody."""
    before, after = _cut(one, at_s)
    if not (len(before) and len(after)):
        raise StudioError(
            "Nobody would be left on one side.", "Move the playhead into the person's motion."
        )
    return before, after


def joined(one: Motion, other: Motion) -> Motion:
    """Two motions of the same person as one; where both are there, the first counts."""
    if one.layout != other.layout:
        raise StudioError("These motions have different points.", "Choose two of one solution.")
    return _together(one, other)


def _cut(motion: Motion, at_s: float) -> tuple[Motion, Motion]:
    late = motion.times_s >= at_s - 1e-6
    return _only(motion, ~late), _only(motion, late)


def _only(motion: Motion, which: np.ndarray) -> Motion:
    return replace(motion, **{name: getattr(motion, name)[which] for name in _ARRAYS})


def _together(one: Motion, other: Motion) -> Motion:
    """Frames of both in order of time; of two at the same time, the first's."""
    if not (len(one) or len(other)):
        raise StudioError(
            "Nobody would be left of one of them.", "Move the playhead to where both are there."
        )
    every = {name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in _ARRAYS}
    _, first = np.unique(np.round(every["times_s"], 6), return_index=True)
    return Motion(one.layout, **{name: values[first] for name, values in every.items()})


_ARRAYS = tuple(f.name for f in fields(Motion) if f.type not in ("Layout", Layout))
