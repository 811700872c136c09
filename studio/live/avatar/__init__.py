"""Avatars that play a performance."""

from studio.live.avatar.puppet import Puppet

__all__ = ["Puppet"]
