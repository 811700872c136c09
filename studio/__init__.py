"""Doppel: an open desktop studio in which artists make avatars of real people."""

import os

# Before NumPy is loaded. The products and factorisations here are small and many: shared out among
# threads that wait for each other, the step that refines a take is twenty times slower on a busy
# machine. Work is spread over cores by whole cameras and jobs instead.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
