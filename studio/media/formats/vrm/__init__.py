"""VRM 1.0 avatars and VRMA animations, on top of glTF: https://vrm.dev."""

from studio.media.formats.vrm.animation import write_vrma
from studio.media.formats.vrm.avatar import Permissions, write_vrm

__all__ = ["Permissions", "write_vrm", "write_vrma"]
