"""Shares as people read them."""

from __future__ import annotations


def percent(share: float, digits: int = 0) -> str:
    """A share of 1 as “69 %”."""
    return f"{100 * share:.{digits}f} %"
