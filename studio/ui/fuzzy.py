"""Fuzzy search: letters in order, better when they start words or stand together."""

from __future__ import annotations


def score(query: str, text: str) -> float | None:
    """How well ``query`` finds ``text``; None if its letters are not there in order."""
    wanted, have = query.casefold().split(), text.casefold()
    if not wanted:
        return 0.0
    parts = [_word(word, have) for word in wanted]
    if any(part is None for part in parts):
        return None
    return sum(part for part in parts if part is not None) - 0.01 * len(have)


def _word(word: str, text: str) -> float | None:
    whole = text.find(word)
    if whole >= 0:
        starts = whole == 0 or not text[whole - 1].isalnum()
        return 3.0 * len(word) + (4.0 if starts else 0.0) - 0.02 * whole
    total, place, together = 0.0, -1, False
    for letter in word:
        found = text.find(letter, place + 1)
        if found < 0:
            return None
        starts = found == 0 or not text[found - 1].isalnum()
        together = found == place + 1
        total += 1.5 if starts else 1.0 if together else 0.1
        place = found
    return total
