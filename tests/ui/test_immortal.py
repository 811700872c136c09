"""A long session must not use up the interpreter's None."""

import os
import subprocess
import sys


def test_a_million_qt_calls_leave_none_alive():
    script = """
import studio.ui, sys
from PySide6.QtCore import QObject
thing = QObject()
for _ in range(1_000_000):
    thing.setObjectName("")
assert sys.getrefcount(None) > 1000
"""
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
