"""Keeps None, True and False alive on Python 3.11.

PySide6 6.12 is built for interpreters where these three are immortal (Python 3.12 and later): each
Qt call that returns one of them drops a reference to it. On 3.11 the count reaches zero after some
ten thousand calls, and the interpreter stops with “deallocating None”. Starting from a very large
count has the same effect as being immortal.
"""

from __future__ import annotations

import ctypes
import sys

_LARGE = 1 << 60


def immortalise() -> None:
    """Give None, True and False so many references that they cannot run out. Once is enough."""
    if sys.version_info >= (3, 12) or sys.implementation.name != "cpython":
        return
    for value in (None, True, False, NotImplemented):
        if sys.getrefcount(value) < _LARGE // 2:
            ctypes.c_ssize_t.from_address(id(value)).value += _LARGE
