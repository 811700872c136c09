"""How the system's allocator treats memory that was freed."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
KEPT_BYTES, OWN_BYTES = 256 << 20, 32 << 20


def keep_freed_memory() -> bool:
    """Let blocks that were freed be used again at once; False where the allocator is another one.

    glibc gives free memory back to the system as soon as there are some megabytes of it, and each
    page that is asked for anew costs a fault: for pictures and the maps of networks, which come and
    go with every frame, up to 2 ms of 10. Up to :data:`KEPT_BYTES` are kept for that; blocks above
    :data:`OWN_BYTES` are still given back each for itself.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    kept = mallopt(_TRIM_THRESHOLD, KEPT_BYTES)
    return bool(mallopt(_MMAP_THRESHOLD, OWN_BYTES) and kept)
