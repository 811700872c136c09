"""Shapes and types are checked at a function's first calls, and not at each of a million.

pytest's option ``--jaxtyping-packages`` puts ``jaxtyping.jaxtyped`` on every function of the
numerical rooms. Each check costs more than many a function does, and making one costs
milliseconds: so it is made when the function is first called, and rests after some calls.
Functions within functions are born at each call of their parents and are not checked at all.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

import jaxtyping

CALLS = 50
"""At so many calls of a function, in one process, its shapes and types are checked."""

_strict: Callable[..., Any] = jaxtyping.jaxtyped


def at_first(fn: Any = None, **how: Any) -> Any:
    """What ``jaxtyping.jaxtyped`` does, for functions at their first ``CALLS`` calls only."""
    if fn is None:
        return functools.partial(at_first, **how)
    if isinstance(fn, types.FunctionType) and "<locals>" in fn.__qualname__:
        return fn
    if not isinstance(fn, types.FunctionType) or inspect.isgeneratorfunction(fn):
        return _strict(fn, **how)
    left = CALLS

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        if not left:
            return fn(*args, **kwargs)
        left -= 1
        return checked()(*args, **kwargs)

    @functools.cache
    def checked() -> Any:
        return _strict(fn, **how)

    return call


def install() -> None:
    """Take jaxtyping's place. Call it before any of the checked modules is imported."""
    jaxtyping.jaxtyped = at_first
