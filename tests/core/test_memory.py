"""Freed memory is used again without faults."""

from __future__ import annotations

import subprocess
import sys

import pytest

_FAULTS = """
import resource, sys
import numpy as np
from studio.core.memory import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def frame():
    return [np.ones(1 << 20) for _ in range(4)]
frame()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    frame()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator alone")
def test_pictures_that_come_and_go_cost_no_page_faults() -> None:
    plain, kept = (
        int(subprocess.run([sys.executable, "-c", _FAULTS, how], check=True, capture_output=True,
                           text=True).stdout)
        for how in ("plain", "kept")
    )  # fmt: skip
    assert kept < 0.1 * plain
