"""Doppel: an open desktop studio in which artists make avatars of real people."""

__version__ = "0.1.0"
