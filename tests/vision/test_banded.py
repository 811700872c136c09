"""The solve that lets go of the interpreter, against SciPy's."""

import threading
import time

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

from studio.vision.banded import solveh_banded


def system(n: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    bands = rng.normal(size=(width + 1, n))
    bands[-1] = 4 * (width + 1)
    return bands, rng.normal(size=n)


@given(st.integers(1, 40), st.integers(0, 5), st.integers(0, 99))
def test_same_numbers(n, width, seed):
    bands, right = system(n, min(width, n - 1), seed)
    kept = bands.copy(), right.copy()
    theirs = scipy.linalg.solveh_banded(bands, right)
    assert np.allclose(solveh_banded(bands, right), theirs, rtol=1e-12, atol=1e-14)
    assert np.array_equal(bands, kept[0])
    assert np.array_equal(right, kept[1])


def test_not_positive_definite():
    bands, right = system(30, 3)
    bands[-1, 7] = -1
    with pytest.raises(np.linalg.LinAlgError, match="row 8"):
        solveh_banded(bands, right)


def test_others_go_on_meanwhile():
    """While it solves, this thread is awake at least every few milliseconds."""
    bands, right = system(16_000, 140)

    def longest_nap(solve) -> tuple[float, float]:
        worker = threading.Thread(target=solve, args=(bands, right))
        started = last = time.perf_counter()
        worker.start()
        worst = 0.0
        while worker.is_alive():
            time.sleep(0.0005)
            now = time.perf_counter()
            worst, last = max(worst, now - last), now
        return worst, last - started

    shares = []
    for _ in range(5):
        worst, whole = longest_nap(solveh_banded)
        shares.append(worst / whole)
    assert min(shares) < 0.5
