"""Avatars of any origin: a character, which of its bones are which, and what its face can do."""

from studio.media.formats.avatar.avatar import Avatar, avatar_of, read_avatar

__all__ = ["Avatar", "avatar_of", "read_avatar"]
