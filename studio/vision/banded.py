"""Banded systems solved by LAPACK without holding the interpreter.

SciPy's own wrappers keep Python's lock to the end: one solve of a whole take leaves a window
frozen for as long. Called through ctypes, which lets go of the lock, the same routine of the same
library gives the same numbers while everything else goes on.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

import numpy as np
from jaxtyping import Float
from scipy.linalg import cython_lapack  # pyright: ignore[reportAttributeAccessIssue]

_INT = ctypes.POINTER(ctypes.c_int)
_ARRAY = ctypes.c_void_p


@cache
def _routine(name: str, *arguments: object) -> Callable[..., None]:
    """A LAPACK routine, from the table that SciPy keeps of them for Cython."""
    capsule = cython_lapack.__pyx_capi__[name]
    python = ctypes.pythonapi
    python.PyCapsule_GetName.restype = ctypes.c_char_p
    python.PyCapsule_GetName.argtypes = [ctypes.py_object]
    python.PyCapsule_GetPointer.restype = ctypes.c_void_p
    python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    address = python.PyCapsule_GetPointer(capsule, python.PyCapsule_GetName(capsule))
    return ctypes.CFUNCTYPE(None, *arguments)(address)  # pyright: ignore[reportArgumentType]


def solveh_banded(
    bands: Float[np.ndarray, "bands n"], right: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Solve a symmetric positive definite banded system; ``bands`` is its upper form as SciPy's
    ``solveh_banded`` takes it, the diagonal last.

    Raises LinAlgError if the system is not positive definite.
    """
    factor = np.array(bands.T, np.float64, order="C")  # column by column, as Fortran wants it
    x = np.array(right, np.float64)
    n, rows = factor.shape
    info = ctypes.c_int(0)
    dpbsv = _routine("dpbsv", ctypes.c_char_p, _INT, _INT, _INT, _ARRAY, _INT, _ARRAY, _INT, _INT)
    dpbsv(
        b"U", _int(n), _int(rows - 1), _int(1), factor.ctypes.data, _int(rows), x.ctypes.data,
        _int(n), ctypes.byref(info),
    )  # fmt: skip
    if info.value:
        raise np.linalg.LinAlgError(f"not positive definite (row {info.value})")
    return x


def _int(value: int) -> object:
    return ctypes.byref(ctypes.c_int(value))
