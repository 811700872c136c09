"""BVH, the motion format of Biovision: a tree of joints with offsets, and angles a frame.

In a BVH every joint is aligned with the file's axes in rest pose, so an angle is what a joint has
turned from there. Files state neither unit nor up axis: the caller does.
"""

from studio.media.formats.bvh.read import joints_motion, read_bvh
from studio.media.formats.bvh.write import write_bvh

__all__ = ["joints_motion", "read_bvh", "write_bvh"]
