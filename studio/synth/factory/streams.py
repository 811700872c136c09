"""Chance that can be asked for by name: every decision has a stream of its own.

A stream depends on what it is for and on nothing that was drawn before, so picture n is the same
whatever was made before it, and a new kind of decision does not change the old ones.
"""

from __future__ import annotations

import hashlib
from typing import Literal, get_args

import numpy as np

from studio.core.errors import StudioError

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
_DIGITS: dict[str, tuple[int, ...]] = {
    "train": (0, 1, 2, 3, 4, 5, 6, 7), "validation": (8,), "test": (9,),
}  # fmt: skip


def check_split(split: str) -> Split:
    """The split of that name. Raises StudioError if there is none."""
    for known in SPLITS:
        if known == split:
            return known
    raise StudioError(f"There is no split “{split}”.", f"There are: {', '.join(SPLITS)}.")


def stream(*what_for: str | int) -> np.random.Generator:
    """The random numbers for one purpose: the same words and numbers give the same stream."""
    digest = hashlib.sha256("/".join(map(str, what_for)).encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, np.uint32))


def identity(rng: np.random.Generator, split: Split) -> int:
    """The number of a person, a place or a rig of a split. No two splits share a number."""
    digits = _DIGITS[split]
    return 10 * int(rng.integers(0, 2**40)) + digits[int(rng.integers(len(digits)))]
